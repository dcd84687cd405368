"""The largest allowed values of a run: each the row of a table, with the question that it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from darkmoment.inference.search import CHI2_TOLERANCE
from darkmoment.levels import delta_chi2
from darkmoment.saved import SavedRun, SavedTable
from darkmoment.tasks.summary import CERTIFIED, STATUS

SAME = 1.001
"""Factor below which two values are one: searches agree no better."""
_MAXIMA = ("maximise", "compare")


@dataclass(frozen=True)
class Answer:
    """The largest allowed value of a quantity in one variant.

    Attributes
    ----------
    along : str or None
        Parameter that was held at values in turn; None where every parameter was free in its range.
    row : mapping
        The row of the table it stands in: the maximising point.
    counted_from : str
        What Delta chi2 counts from; empty for the smallest chi2.
    drawn : tuple of float
        The values of `along` that were asked for.
    """

    variant: str
    quantity: str
    along: str | None
    level: float
    row: Mapping[Any, Any]
    counted_from: str = ""
    drawn: tuple[float, ...] = ()

    @property
    def value(self) -> float:
        """Largest value of the table."""
        return float(self.row[f"{self.quantity}_max"])

    @property
    def question(self) -> tuple[str, float, str]:
        """What answers of different variants have to share to be compared."""
        return self.quantity, self.level, self.counted_from

    @property
    def at(self) -> float | None:
        """Value of `along` where it is reached."""
        return float(self.row[self.along]) if self.along and self.along in self.row else None

    @property
    def leading(self) -> str:
        """What forbids more; empty where the table does not say."""
        return str(self.row.get("leading_experiment") or "").replace("nan", "")


def all_answers(run: SavedRun) -> list[Answer]:
    """Return the largest value for every variant, quantity, parameter and level, whatever table holds it."""
    found: dict[tuple[object, ...], Answer] = {}
    for saved in run.tables.values():
        if saved.task in _MAXIMA and not (saved.slug and saved.task == "compare"):
            for answer in _tops(run, saved, saved.table):
                _keep(found, answer)
    for saved in run.of("leave_one_out"):
        # its reference asks the same, at values of its own
        if "without" in saved.table:
            for answer in _tops(run, saved, saved.table[saved.table["without"] == "none"]):
                if _key(answer) in found:
                    _keep(found, answer)
    return list(found.values())


def _key(answer: Answer) -> tuple[object, ...]:
    return answer.variant, answer.along, answer.question


def _keep(found: dict[tuple[object, ...], Answer], answer: Answer) -> None:
    """Keep the higher of two answers to one question, with the values that were asked for in either."""
    other = found.setdefault(_key(answer), answer)
    drawn = tuple(sorted({*other.drawn, *answer.drawn}))
    found[_key(answer)] = replace(max(other, answer, key=lambda a: a.value), drawn=drawn)


def _tops(run: SavedRun, saved: SavedTable, table: pd.DataFrame) -> Iterator[Answer]:
    about = saved.about
    quantity, column = str(about.get("quantity")), f"{about.get('quantity')}_max"
    along, level = about.get("along"), float(about.get("level") or 0.90)
    if not {column, "leading_experiment"} <= set(table):
        return
    parts = table.groupby("variant", sort=False) if "variant" in table else [(run.label(saved.slug), table)]
    for label, part in parts:
        known = part[part[column].notna()]
        if len(known):
            row = known.iloc[int(known[column].to_numpy(dtype=float).argmax())].to_dict()
            drawn = tuple(sorted({float(v) for v in part[along]})) if along in part else ()
            counted = str(about.get("counted_from") or "")
            yield Answer(str(label), quantity, along, level, row, counted, drawn)


def answers(run: SavedRun) -> list[Answer]:
    """Return one answer per variant to the question that the run answers first.

    That is the first quantity and level; what counts from the Standard Model is another question and comes
    second. Over all ranges is preferred to the highest of some values of a parameter, unless the
    search over all ranges has missed that.
    """
    every = sorted(all_answers(run), key=lambda a: bool(a.counted_from))
    best: dict[str, Answer] = {}
    for answer in every:
        if answer.question == every[0].question:
            other = best.setdefault(answer.variant, answer)
            best[answer.variant] = _preferred(other, answer)
    # what has been observed first, then what would be
    return sorted(best.values(), key=lambda answer: bool(data_of(run, answer.variant)))


def _preferred(one: Answer, other: Answer) -> Answer:
    if bool(one.along) == bool(other.along):
        return max(one, other, key=lambda a: a.value)
    overall, drawn = (other, one) if one.along else (one, other)
    return drawn if _missed(overall, drawn) else overall


def _missed(overall: Answer, drawn: Answer) -> bool:
    """Return True where a drawn value is higher and allowed over all ranges as well.

    Along a parameter Delta chi2 counts from the smallest chi2 at the same value, which is no smaller than
    that of all: what is allowed there need not be allowed over all ranges.
    """
    if not drawn.value > SAME * overall.value:
        return False
    try:
        chi2 = float(drawn.row["chi2_min"]) + float(drawn.row["delta_chi2"])
        allowed = float(overall.row["chi2_min"]) + delta_chi2(overall.level)
    except KeyError:
        return True  # both count from the Standard Model
    return not chi2 > allowed + CHI2_TOLERANCE


def beside(run: SavedRun, answer: Answer) -> list[Answer]:
    """Return the other answers on the same quantity of the same variant at the same level."""
    asked = answer.variant, answer.quantity, answer.level
    found = (a for a in all_answers(run) if (a.variant, a.quantity, a.level) == asked)
    return [a for a in found if _key(a) != _key(answer)]


def over_all_ranges(run: SavedRun, answer: Answer) -> tuple[float, bool] | None:
    """Return the profile limit of the summary at the level of an answer, and whether it is certified."""
    summary, column = run.tables.get("summary"), f"profile_{100 * answer.level:g}"
    if summary is None or answer.counted_from or not {"variant", "name", column} <= set(summary.table):
        return None
    found = summary.table
    found = found[(found["variant"] == answer.variant) & (found["name"] == answer.quantity)]
    values = pd.to_numeric(found[column], errors="coerce").dropna()
    if not len(values):
        return None
    return float(values.iloc[0]), STATUS not in found or found[STATUS].iloc[0] in CERTIFIED


def data_of(run: SavedRun, label: str) -> str:
    """Return the Asimov data of a variant in words; empty for what has been published."""
    return next((run.data(slug) for slug in run.slugs if run.label(slug) == label), "")


def projected(run: SavedRun, label: str) -> bool:
    """Return True where a variant has an experiment that has not measured yet."""
    return any(run.projected(slug) for slug in run.slugs if run.label(slug) == label)
