"""The card of an experiment: what was published, where, and how it enters a fit.

A card is ``card.yaml`` in the experiment's folder, beside ``likelihood.py`` and the curves it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Literal, get_args

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from darkmoment.experiments.dataset import KEYS as DATASET_KEYS
from darkmoment.experiments.dataset import Dataset, Status, arxiv_identifiers, read_dataset
from darkmoment.experiments.errors import CardError, unknown
from darkmoment.experiments.section import Section

ClosureMethod = Literal["delta_chi2", "bayes_flat", "interval", "region", "median"]
OptionValue = float | str

_CARD_KEYS = [
    "name",
    "title",
    "limits",
    "status",
    "applies",
    "supersedes",
    "formulas",
    "default",
    "datasets",
    "options",
    "closure",
    "notes",
]
_OPTION_KEYS = ["type", "default", "choices", "minimum", "maximum", "help"]


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
        `delta_chi2`, `bayes_flat` (90% of a flat-prior posterior), `interval` (measurements), `region`
        (both edges) or `median` (`bayes_flat` with the median observation: projections).
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


_HOW_TO_CLOSE = (
    "it says how the published number is asked back, by one of "
    f"{', '.join(get_args(ClosureMethod))}, and how well; for example "
    "closure: {method: delta_chi2, tolerance: 0.005}"
)

NO_CLOSURE = ClosureCheck("delta_chi2", 0.005, {}, {})
"""Of a card that does not apply to the model, and so is never asked."""


@dataclass(frozen=True)
class Card:
    """Everything known of an experiment before a point is evaluated.

    Attributes
    ----------
    limits : str
        The observable or parameter it constrains; a dataset may have another of its own.
    supersedes : tuple of str
        Experiments whose data it contains or outdates: asking for both counts the same events twice.
    formulas : tuple of str
        arXiv identifiers of spectra, parametrisations and the like that its likelihood is built on.
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
    supersedes: tuple[str, ...] = ()
    formulas: tuple[str, ...] = ()

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
    def read(cls, folder: Traversable, name: str = "") -> Card:
        """Read ``card.yaml`` of an experiment's folder; its name has to be `name`, or the folder's.

        Raises
        ------
        CardError
            If the file is missing or not YAML, or a key is unknown, missing or has a bad value.
        """
        file = folder / "card.yaml"
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError as problem:
            raise CardError(file, "", "there is no card.yaml in this folder") from problem
        except UnicodeDecodeError as problem:
            raise CardError(file, "", f"not readable as YAML: {problem}") from problem
        return cls.parse(text, file, folder, name or folder.name)

    @classmethod
    def parse(cls, text: str, file: object, folder: Traversable, name: str = "") -> Card:
        """Read a card given as text.

        Parameters
        ----------
        file : object
            What the errors call the card.
        folder : Traversable
            Where the curves are.
        name : str
            What it has to be called; empty where any name will do.

        Raises
        ------
        CardError
            As `read`.
        """
        card = Section(file, "", _load(text, file), _CARD_KEYS)
        own = card.text("name")
        if name and own != name:
            raise card.error("name", f"'{own}' differs from that of its folder or entry point, '{name}'")
        card.section("datasets")  # a list in its place is told before what else is missing
        status: Status = (
            "measured" if card.choice("status", ["measured", "projected"]) == "measured" else "projected"
        )
        applies = card.flag("applies") if "applies" in card else True
        datasets = _datasets(card, folder, status, applies)
        default = str(card.raw("default"))
        if default not in datasets:
            raise card.error("default", str(unknown("dataset", default, datasets)))
        return cls(
            name=own,
            title=card.text("title"),
            limits=card.text("limits"),
            status=status,
            default=default,
            datasets=datasets,
            options={
                name: _option(name, card.section("options").section(name, _OPTION_KEYS))
                for name in card.section("options")
            },
            closure=_closure(card) if applies or "closure" in card else NO_CLOSURE,
            notes=card.text("notes"),
            applies=applies,
            folder=folder,
            supersedes=card.texts("supersedes"),
            formulas=arxiv_identifiers(card, "formulas"),
        )


def _load(text: str, file: object) -> object:
    yaml = YAML(typ="safe", pure=True)  # YAML 1.2: 1e-4 is a number; pure: duplicate keys are errors
    try:
        return yaml.load(text)
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        where = f"line {mark.line + 1}: " if mark is not None else ""
        said = ", ".join(part for part in (problem.context, problem.problem) if part)
        raise CardError(file, "", f"not readable as YAML: {where}{said}") from problem
    except YAMLError as problem:
        raise CardError(file, "", f"not readable as YAML: {' '.join(str(problem).split())}") from problem


def _datasets(card: Section, folder: Traversable, status: Status, applies: bool) -> dict[str, Dataset]:
    names = card.section("datasets")
    datasets = {
        name: read_dataset(name, names.section(name, DATASET_KEYS), status, applies) for name in names
    }
    if not datasets:
        raise card.error("datasets", "at least one dataset is needed")
    for name, dataset in datasets.items():
        for key in ("curve", "curve_below", "region"):
            curve = getattr(dataset, key)
            if curve is not None and not folder.joinpath(curve).is_file():
                raise card.error(f"datasets.{name}.{key}", f"there is no file '{curve}' beside the card")
    return datasets


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
    if "closure" not in card:
        raise card.error("closure", f"is missing: {_HOW_TO_CLOSE}")
    section = card.section("closure", ["method", "tolerance", "at", "options"])
    options = section.section("options")
    method: dict[str, ClosureMethod] = {m: m for m in get_args(ClosureMethod)}
    return ClosureCheck(
        method=method[section.choice("method", list(method))],
        tolerance=section.positive("tolerance"),
        at=section.numbers("at"),
        options={name: options.raw(name) for name in options},
    )
