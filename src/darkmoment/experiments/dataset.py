"""One published result of an experiment, as its card gives it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from darkmoment.experiments.counting import median_limit
from darkmoment.experiments.published import is_lower_limit, parse_limit, parse_measurement
from darkmoment.experiments.section import Section

Status = Literal["measured", "projected"]

SINGLE = "single_event_sensitivity"
KEYS = [
    *[
        "limits",
        "limit",
        "sensitivity",
        "value",
        "curve",
        "curve_below",
        "region",
        "cl",
        SINGLE,
        "observed",
        "background",
        "numbers",
    ],
    *["arxiv", "doi", "journal", "where", "obtained", "verified", "notes"],
]

_ARXIV = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}")


@dataclass(frozen=True)
class Dataset:
    """One published result. Exactly one of `limit`, `value`, `curve` and `region` is there.

    Only where the card does not apply to the model all four may be missing.

    A projection of a counting experiment has `limit` and `single_event_sensitivity`, whichever was given, and
    has observed what it expects.

    Attributes
    ----------
    limit, sensitivity : float or None
        Limit and median expected limit, in the unit of the quantity limited.
    cl : float or None
        Confidence level of `limit`, `curve` or `region`; None for a measurement.
    lower : bool
        True where `limit` is a lower one: the quantity is allowed at and above it.
    limits : str
        The quantity it constrains; empty where that is the card's `limits`.
    value, sigma : float or None
        A measurement.
    curve, curve_below : str or None
        CSV file of the limit, and the one that continues it to lower masses.
    region : str or None
        CSV file of a closed excluded region: its lower and upper edge.
    single_event_sensitivity : float or None
        Value at which one signal event is expected, in the unit of the card's `limits`.
    observed, background, background_sigma : float or None
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
    lower: bool = False
    limits: str = ""
    sensitivity: float | None = None
    value: float | None = None
    sigma: float | None = None
    curve: str | None = None
    curve_below: str | None = None
    region: str | None = None
    single_event_sensitivity: float | None = None
    observed: float | None = None
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


def read_dataset(name: str, section: Section, status: Status, applies: bool = True) -> Dataset:
    """Read one dataset of a card; raises CardError where a key is missing, wrong or out of place."""
    limit, cl = _upper_limit(section)
    value, sigma = section.read("value", parse_measurement) if "value" in section else (None, None)
    background, background_sigma = _background(section)
    dataset = Dataset(
        name=name,
        verified=section.flag("verified"),
        limit=limit,
        cl=cl,
        lower="limit" in section and is_lower_limit(section.text("limit")),
        limits=section.optional_text("limits"),
        sensitivity=section.positive("sensitivity") if "sensitivity" in section else None,
        value=value,
        sigma=sigma,
        curve=section.text("curve") if "curve" in section else None,
        curve_below=section.text("curve_below") if "curve_below" in section else None,
        region=section.text("region") if "region" in section else None,
        single_event_sensitivity=section.positive(SINGLE) if SINGLE in section else None,
        observed=section.count("observed") if "observed" in section else None,
        background=background,
        background_sigma=background_sigma,
        numbers=section.numbers("numbers"),
        arxiv=arxiv_identifiers(section, "arxiv"),
        doi=section.optional_text("doi"),
        journal=section.optional_text("journal"),
        where=section.text("where"),
        obtained=section.optional_text("obtained"),
        notes=section.optional_text("notes"),
    )
    if applies or limit is not None:
        _refuse_a_wrong_kind(section, status)
    _refuse_inconsistent(dataset, section, status)
    if status == "projected" and dataset.background is not None:
        return _expected(dataset)
    return dataset


def _expected(dataset: Dataset) -> Dataset:
    """Return a projection that observes what it expects, with limit and sensitivity to single events."""
    cl, background = dataset.cl, dataset.background
    if cl is None or background is None:
        return dataset
    limit, one = dataset.limit, dataset.single_event_sensitivity
    if limit is None and one is not None:
        limit = one * median_limit(background, cl)
    elif one is None and limit is not None:
        one = limit / median_limit(background, cl)
    return replace(dataset, limit=limit, single_event_sensitivity=one, observed=background)


def arxiv_identifiers(section: Section, key: str) -> tuple[str, ...]:
    """Return the arXiv identifiers at a key, none where it is absent; raises CardError for another text."""
    found = section.texts(key)
    for identifier in found:
        if not is_arxiv(identifier):
            raise section.error(key, f"'{identifier}' is not an arXiv identifier such as '2504.15711'")
    return found


def is_arxiv(text: str) -> bool:
    """Return True for an arXiv identifier, new or old."""
    return _ARXIV.fullmatch(text) is not None


def _upper_limit(section: Section) -> tuple[float | None, float | None]:
    """Return limit and level: `limit` carries its own level, a curve or region has it in `cl`."""
    if "limit" in section:
        if "cl" in section:
            raise section.error("cl", "the limit carries its own confidence level; leave this key out")
        return section.read("limit", parse_limit)
    if not any(key in section for key in ("curve", "region", SINGLE)):
        if "cl" in section:
            raise section.error(
                "cl", "belongs to a curve, region or single_event_sensitivity, and there is none"
            )
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


def _refuse_a_wrong_kind(section: Section, status: Status) -> None:
    kinds = [key for key in ("limit", "value", "curve", "region") if key in section]
    if len(kinds) != 1 and not (status == "projected" and SINGLE in section and not kinds):
        raise section.error(
            "", f"exactly one of limit, value, curve and region is needed, found {kinds or 'none'}"
        )


def _refuse_inconsistent(dataset: Dataset, section: Section, status: Status) -> None:
    if dataset.sensitivity is not None and dataset.limit is None:
        raise section.error("sensitivity", "belongs to a limit, and there is none")
    if dataset.curve_below is not None and dataset.curve is None:
        raise section.error("curve_below", "continues a curve, and there is none")
    if status == "projected" and dataset.observed is not None:
        raise section.error("observed", "a projection has observed nothing yet: leave this key out")
    if status == "measured" and (dataset.observed is None) != (dataset.background is None):
        raise section.error("observed", "observed and background are needed together")
    if dataset.background is None and (
        SINGLE in section or (status == "projected" and dataset.limit is not None)
    ):
        raise section.error("background", f"is missing: {SINGLE} and projected limits count events above one")
    if not (dataset.arxiv or dataset.doi or dataset.journal):
        raise section.error("arxiv", "a reference is missing: give arxiv, doi or journal")
    if not dataset.verified and not dataset.notes:
        raise section.error("notes", "verified: no needs a note saying which number is from memory")
