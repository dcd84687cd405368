"""The table of experiments for a terminal, and for the README (``python -m darkmoment.listing``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from darkmoment.experiments import Card, Dataset
from darkmoment.experiments.curve import Curve
from darkmoment.experiments.region import Region
from darkmoment.experiments.shapes import shapes_of
from darkmoment.model import Model
from darkmoment.parameters import PARAMETERS

MARKDOWN = ("name", "experiment", "limits", "dataset", "result", "status", "where", "reference")
"""Columns of the table in the README."""


_DECAYS = {"BR_invisible": "invisible decays", "BR_visible": "visible decays"}
"""Branching fraction that a limit goes with -> what the table calls it."""


def rows(cards: Mapping[str, Card]) -> Iterator[dict[str, str]]:
    """Yield one row per dataset: what it measures, its number, where it applies, and where it is from."""
    for name, card in sorted(cards.items()):
        for key, dataset in card.datasets.items():
            yield {
                "experiment": name,
                "title": card.title,
                "dataset": key,
                "default": "yes" if key == card.default else "",
                "measures": dataset.limits or card.limits,
                "limit": number_of(dataset, unit_of(dataset.limits or card.limits)),
                "CL": f"{dataset.cl:.0%}" if dataset.cl else "",
                "status": card.status if card.applies else "does not apply",
                "where": where_of(card, dataset),
                "reference": reference_of(dataset),
                "verified": "yes" if dataset.verified else "no",
            }


@cache
def unit_of(quantity: str) -> str:
    """Return the unit of a parameter or observable; empty where it has none or is that of another package."""
    known = PARAMETERS if quantity in PARAMETERS else Model().table
    return known[quantity].unit if quantity in known else ""


def number_of(d: Dataset, unit: str = "") -> str:
    """Return a dataset's number in words: limit, value and error, curve or closed region."""
    if d.region is not None:
        return "closed region"
    if d.value is not None and d.sigma is not None:
        number = f"{d.value:.4g} +- {d.sigma:.2g}"
    elif d.limit is not None:
        number = f"{'>' if d.lower else '<'} {d.limit:.4g}"
    else:
        return "curve" if d.curve is not None else "no number"
    return f"{number} {unit}".rstrip()


def facts(card: Card, d: Dataset) -> dict[str, str]:
    """Return what a dataset says, for the record of a run: quantity, number, level, status, default shape."""
    quantity = d.limits or card.limits
    return {
        "limits": quantity,
        "result": number_of(d, unit_of(quantity)) + (f" @ {d.cl:.0%} CL" if d.cl else ""),
        "status": card.status if card.applies else "does not apply",
        "verified": "yes" if d.verified else "no",
        "shape": next(iter(shapes_of(d)), ""),
    }


def where_of(card: Card, d: Dataset) -> str:
    """Return the dark-photon masses at which a dataset says something, and for which decays."""
    if not card.applies:
        return "nowhere"
    ranges = [Curve.read(card.folder / name).range for name in (d.curve, d.curve_below) if name is not None]
    if d.region is not None:
        ranges.append(Region.read(card.folder / d.region).range)
    if not ranges:
        return "any mass"
    lower, upper = min(r[0] for r in ranges), max(r[1] for r in ranges)
    decays = next((words for branching, words in _DECAYS.items() if branching in card.closure.at), "")
    return ", ".join(part for part in (f"{lower:.3g} to {upper:.3g} GeV", decays) if part)


def reference_of(d: Dataset) -> str:
    """Return where a dataset was published."""
    return ", ".join([*(f"arXiv:{a}" for a in d.arxiv), *([d.doi] if d.doi else [])]) or d.journal


def as_text(cards: Mapping[str, Card]) -> str:
    """Return the table for a terminal."""
    shown = [{**row, "dataset": row["dataset"] + ("*" if row["default"] else "")} for row in rows(cards)]
    columns = [name for name in shown[0] if name not in ("title", "default")]
    lines = [columns, *([row[name] for name in columns] for row in shown)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    return f"{table}\n* default dataset; `darkmoment experiments NAME` prints a card"


def as_markdown(cards: Mapping[str, Card]) -> str:
    """Return the table for the README."""
    lines = [f"| {' | '.join(MARKDOWN)} |", "|" + "---|" * len(MARKDOWN)]
    last = ""
    for row in rows(cards):
        head = [f"`{row['experiment']}`", row["title"], f"`{row['measures']}`"]
        if row["experiment"] == last:
            head = ["", "", "" if row["measures"] == cards[last].limits else head[2]]
        last = row["experiment"]
        default = " (default)" if row["default"] else ""
        result = row["limit"] + (f" @ {row['CL']} CL" if row["CL"] else "")
        cells = [row["dataset"] + default, result, row["status"], row["where"], row["reference"]]
        lines.append(f"| {' | '.join([*head, *cells])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    from darkmoment.experiments.discovery import shipped

    print(as_markdown(shipped()))
