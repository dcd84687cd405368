"""The card of an experiment: what was published, where, and how it enters a fit.

A card is ``card.yaml`` in the experiment's folder, beside ``likelihood.py`` and the curves it names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from darkmoment.experiments.errors import CardError, unknown
from darkmoment.experiments.published import parse_limit, parse_measurement
from darkmoment.experiments.section import Section

Status = Literal["measured", "projected"]
ClosureMethod = Literal["delta_chi2", "bayes_flat", "interval"]
OptionValue = float | str

_CARD_KEYS = [
    "name",
    "title",
    "limits",
    "status",
    "applies",
    "default",
    "datasets",
    "options",
    "closure",
    "notes",
]
_DATASET_KEYS = [
    *["limit", "sensitivity", "value", "curve", "curve_below", "cl", "observed", "background", "numbers"],
    *["arxiv", "doi", "journal", "where", "obtained", "verified", "notes"],
]
_OPTION_KEYS = ["type", "default", "choices", "minimum", "maximum", "help"]
_ARXIV = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}")


@dataclass(frozen=True)
class Dataset:
    """One published result. Exactly one of `limit`, `value` and `curve` is there.

    Attributes
    ----------
    limit, sensitivity : float or None
        Upper limit and median expected limit, in the unit of the card's `limits`.
    cl : float or None
        Confidence level of `limit` or `curve`; None for a measurement.
    value, sigma : float or None
        A measurement.
    curve, curve_below : str or None
        CSV file of the limit, and the one that continues it to lower masses.
    observed, background, background_sigma : number or None
        Events seen and expected where the result is a counting experiment.
    numbers : mapping
        Further numbers the likelihood reads, unit in the name (``E_keV``).
    arxiv : tuple of str
        arXiv identifiers.
    where, obtained : str
        Figure, table or abstract, and how the number was taken from it.
    verified : bool
        False where a number was quoted from memory; `notes` says which.
    """

    name: str
    verified: bool
    limit: float | None = None
    cl: float | None = None
    sensitivity: float | None = None
    value: float | None = None
    sigma: float | None = None
    curve: str | None = None
    curve_below: str | None = None
    observed: int | None = None
    background: float | None = None
    background_sigma: float | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    arxiv: tuple[str, ...] = ()
    doi: str = ""
    journal: str = ""
    where: str = ""
    obtained: str = ""
    notes: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Option:
    """A choice the user has within one experiment: a number within bounds, or one of `choices`."""

    name: str
    default: OptionValue
    help: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    def refusal(self, value: object) -> str | None:
        """Say why a value cannot be taken, or None where it can."""
        if self.choices:
            return None if value in self.choices else f"expected one of {', '.join(self.choices)}"
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            return "expected a number"
        if self.minimum is not None and value < self.minimum:
            return f"must be at least {self.minimum:g}"
        if self.maximum is not None and value > self.maximum:
            return f"must be at most {self.maximum:g}"
        return None


@dataclass(frozen=True)
class ClosureCheck:
    """How the published number is asked back from the likelihood.

    Attributes
    ----------
    method : str
        `delta_chi2`, `bayes_flat` (90% of a flat-prior posterior) or `interval` (measurements).
    tolerance : float
        Largest relative deviation (for `interval`: in standard deviations).
    at : mapping
        Values of the other quantities the likelihood reads.
    options : mapping
        Options under which the likelihood speaks of the published quantity itself.
    """

    method: ClosureMethod
    tolerance: float
    at: Mapping[str, float]
    options: Mapping[str, OptionValue]


@dataclass(frozen=True)
class Card:
    """Everything known of an experiment before a point is evaluated.

    Attributes
    ----------
    limits : str
        The observable or parameter it constrains.
    applies : bool
        False for a published result that says nothing about this model; `notes` says why.
    folder : Traversable
        Where the card and its curves are.
    """

    name: str
    title: str
    limits: str
    status: Status
    default: str
    datasets: Mapping[str, Dataset]
    options: Mapping[str, Option]
    closure: ClosureCheck
    notes: str
    applies: bool
    folder: Traversable = field(compare=False, repr=False)

    @property
    def short_title(self) -> str:
        """The title up to its first comma, for labels."""
        return self.title.partition(",")[0]

    def dataset(self, name: object = None) -> Dataset:
        """Return a dataset by name (compared as text), the default one for None.

        Raises
        ------
        ExperimentError
            If there is none of that name.
        """
        key = self.default if name is None else str(name)
        if key not in self.datasets:
            raise unknown(f"dataset of {self.name}", key, self.datasets)
        return self.datasets[key]

    @classmethod
    def read(cls, folder: Traversable) -> Card:
        """Read ``card.yaml`` of an experiment's folder.

        Raises
        ------
        CardError
            If the file is missing or not YAML, or a key is unknown, missing or has a bad value.
        """
        file = folder / "card.yaml"
        card = Section(file, "", _load(file), _CARD_KEYS)
        if card.text("name") != folder.name:
            raise card.error("name", f"'{card.text('name')}' differs from the folder's, '{folder.name}'")
        datasets = _datasets(card, folder)
        default = str(card.raw("default"))
        if default not in datasets:
            raise card.error("default", str(unknown("dataset", default, datasets)))
        return cls(
            name=folder.name,
            title=card.text("title"),
            limits=card.text("limits"),
            status="measured"
            if card.choice("status", ["measured", "projected"]) == "measured"
            else "projected",
            default=default,
            datasets=datasets,
            options={
                name: _option(name, card.section("options").section(name, _OPTION_KEYS))
                for name in card.section("options")
            },
            closure=_closure(card),
            notes=card.text("notes"),
            applies=card.flag("applies") if "applies" in card else True,
            folder=folder,
        )


def _load(file: Traversable) -> object:
    yaml = YAML(typ="safe", pure=True)  # YAML 1.2: 1e-4 is a number; pure: duplicate keys are errors
    try:
        return yaml.load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as problem:
        raise CardError(file, "", "there is no card.yaml in this folder") from problem
    except (YAMLError, UnicodeDecodeError) as problem:
        raise CardError(file, "", f"not readable as YAML: {problem}") from problem


def _datasets(card: Section, folder: Traversable) -> dict[str, Dataset]:
    names = card.section("datasets")
    datasets = {name: _dataset(name, names.section(name, _DATASET_KEYS)) for name in names}
    if not datasets:
        raise card.error("datasets", "at least one dataset is needed")
    for name, dataset in datasets.items():
        for key, curve in (("curve", dataset.curve), ("curve_below", dataset.curve_below)):
            if curve is not None and not folder.joinpath(curve).is_file():
                raise card.error(f"datasets.{name}.{key}", f"there is no file '{curve}' beside the card")
    return datasets


def _dataset(name: str, section: Section) -> Dataset:
    limit, cl = _upper_limit(section)
    value, sigma = section.read("value", parse_measurement) if "value" in section else (None, None)
    background, background_sigma = _background(section)
    dataset = Dataset(
        name=name,
        verified=section.flag("verified"),
        limit=limit,
        cl=cl,
        sensitivity=section.positive("sensitivity") if "sensitivity" in section else None,
        value=value,
        sigma=sigma,
        curve=section.text("curve") if "curve" in section else None,
        curve_below=section.text("curve_below") if "curve_below" in section else None,
        observed=section.count("observed") if "observed" in section else None,
        background=background,
        background_sigma=background_sigma,
        numbers=section.numbers("numbers"),
        arxiv=section.texts("arxiv"),
        doi=section.optional_text("doi"),
        journal=section.optional_text("journal"),
        where=section.text("where"),
        obtained=section.optional_text("obtained"),
        notes=section.optional_text("notes"),
    )
    _refuse_inconsistent(dataset, section)
    return dataset


def _upper_limit(section: Section) -> tuple[float | None, float | None]:
    """Return limit and level: `limit` carries its own level, a curve has it in `cl`."""
    if "limit" in section:
        if "cl" in section:
            raise section.error("cl", "the limit carries its own confidence level; leave this key out")
        return section.read("limit", parse_limit)
    if "curve" not in section:
        if "cl" in section:
            raise section.error("cl", "belongs to a curve, and there is none")
        return None, None
    cl = section.number("cl")
    if not 0 < cl < 1:
        raise section.error("cl", f"a confidence level lies between 0 and 1, found {cl:g}")
    return None, cl


def _background(section: Section) -> tuple[float | None, float | None]:
    if "background" not in section:
        return None, None
    if isinstance(section.raw("background"), str):
        background, sigma = section.read("background", parse_measurement)
    else:
        background, sigma = section.number("background"), None
    if background < 0:
        raise section.error("background", f"must not be negative, found {background:g}")
    return background, sigma


def _refuse_inconsistent(dataset: Dataset, section: Section) -> None:
    kinds = [key for key in ("limit", "value", "curve") if key in section]
    if len(kinds) != 1:
        raise section.error("", f"exactly one of limit, value and curve is needed, found {kinds or 'none'}")
    if dataset.sensitivity is not None and dataset.limit is None:
        raise section.error("sensitivity", "belongs to a limit, and there is none")
    if dataset.curve_below is not None and dataset.curve is None:
        raise section.error("curve_below", "continues a curve, and there is none")
    if (dataset.observed is None) != (dataset.background is None):
        raise section.error("observed", "observed and background are needed together")
    if not (dataset.arxiv or dataset.doi or dataset.journal):
        raise section.error("arxiv", "a reference is missing: give arxiv, doi or journal")
    for identifier in dataset.arxiv:
        if not _ARXIV.fullmatch(identifier):
            raise section.error("arxiv", f"'{identifier}' is not an arXiv identifier such as '2504.15711'")
    if not dataset.verified and not dataset.notes:
        raise section.error("notes", "verified: no needs a note saying which number is from memory")


def _option(name: str, section: Section) -> Option:
    kind = section.choice("type", ["number", "choice"])
    allowed = ("minimum", "maximum") if kind == "number" else ("choices",)
    for key in {"minimum", "maximum", "choices"} - set(allowed):
        if key in section:
            raise section.error(key, f"has no meaning for an option of type {kind}")
    if kind == "choice" and "choices" not in section:
        raise section.error("choices", "is missing")
    option = Option(
        name=name,
        default=section.number("default") if kind == "number" else section.text("default"),
        help=section.text("help"),
        choices=section.texts("choices"),
        minimum=section.number("minimum") if "minimum" in section else None,
        maximum=section.number("maximum") if "maximum" in section else None,
    )
    if refusal := option.refusal(option.default):
        raise section.error("default", refusal)
    return option


def _closure(card: Section) -> ClosureCheck:
    section = card.section("closure", ["method", "tolerance", "at", "options"])
    options = section.section("options")
    method: dict[str, ClosureMethod] = {m: m for m in ("delta_chi2", "bayes_flat", "interval")}
    return ClosureCheck(
        method=method[section.choice("method", list(method))],
        tolerance=section.positive("tolerance"),
        at=section.numbers("at"),
        options={name: options.raw(name) for name in options},
    )
