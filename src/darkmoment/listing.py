"""The table of experiments for a terminal, and for the README (``python -m darkmoment.listing``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from darkmoment.experiments import Card, Dataset
from darkmoment.experiments.curve import Curve
from darkmoment.experiments.region import Region

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
                "limit": number_of(dataset),
                "CL": f"{dataset.cl:.0%}" if dataset.cl else "",
                "status": card.status if card.applies else "does not apply",
                "where": where_of(card, dataset),
                "reference": reference_of(dataset),
                "verified": "yes" if dataset.verified else "no",
            }


def number_of(d: Dataset) -> str:
    """Return a dataset's number in words: limit, value and error, curve or closed region."""
    if d.value is not None and d.sigma is not None:
        return f"{d.value:.4g} +- {d.sigma:.2g}"
    if d.region is not None:
        return "closed region"
    if d.limit is not None:
        return f"{'>' if d.lower else '<'} {d.limit:.4g}"
    return "curve" if d.curve is not None else "no number"


def result_of(d: Dataset) -> str:
    """Return a dataset's number in words with its level."""
    return number_of(d) + (f" @ {d.cl:.0%} CL" if d.cl else "")


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
    table = pd.DataFrame(shown).drop(columns=["title", "default"]).to_string(index=False, justify="left")
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
