"""What every answer can do: say itself in words, show itself in a notebook, name its fit."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd

    from darkmoment.fit import Fit
    from darkmoment.plots.axis import Axis

SHOWN_WARNINGS = 4
"""Warnings that a representation lists; it says how many more there are."""

SHOWN_ROWS = 12
"""Rows of the table that a representation shows."""

_WIDTH = 110
_DOUBT = "border-left: 3px solid #D55E00; padding-left: 0.6em; margin: 0.4em 0"


class Answer(Protocol):
    """What a representation is made of."""

    @property
    def answer(self) -> str:
        """The answer in a sentence."""

    @property
    def warnings(self) -> Sequence[str]:
        """What a reader has to know before quoting it."""

    def brief(self) -> pd.DataFrame:
        """Return the columns of its table that matter first."""


class Result:
    """Text and HTML of an answer: the sentence, the start of its table, warnings."""

    def __repr__(self: Answer) -> str:
        return as_text(self)

    def _repr_html_(self: Answer) -> str:
        return as_html(self)


def as_text(found: Answer) -> str:
    """Return an answer as text of several lines."""
    table = found.brief()
    lines = [f"{type(found).__name__}: {found.answer}"]
    if len(table):
        shown = table.head(SHOWN_ROWS)
        look: dict[str, Any] = {"float_format": _number, "na_rep": "", "line_width": _WIDTH}
        lines.append(shown.to_string(index=False, **look))
    if len(table) > SHOWN_ROWS:
        lines.append(f"... and {len(table) - SHOWN_ROWS} more rows: .table")
    warnings, rest = _first(found.warnings)
    return "\n".join([*lines, *(f"warning: {text}" for text in warnings), *([rest] if rest else [])])


def as_html(found: Answer) -> str:
    """Return an answer as HTML, without scripts or styles of its own but for the mark of warnings."""
    table, (shown, rest) = found.brief(), _first(found.warnings)
    parts = [f"<p><strong>{escape(found.answer)}</strong></p>"]
    if shown:
        listed = "".join(f"<li>{escape(text)}</li>" for text in [*shown, *([rest] if rest else [])])
        parts.append(f'<div style="{_DOUBT}">Before quoting it:<ul>{listed}</ul></div>')
    if len(table):
        parts.append(table_html(table))
    return f"<div>{''.join(parts)}</div>"


def table_html(table: pd.DataFrame) -> str:
    """Return the first rows of a table as HTML, saying how many there are."""
    shown = table.head(SHOWN_ROWS).to_html(index=False, border=0, float_format=_number, na_rep="")
    rest = len(table) - SHOWN_ROWS
    more = f"<p>and {rest} more rows: <code>.table</code></p>" if rest > 0 else ""
    return shown + more


def _number(value: float) -> str:
    return f"{value:.4g}"


def _first(warnings: Sequence[str]) -> tuple[list[str], str]:
    """Return the warnings to list, and words for those that are not."""
    # one more takes no more room than the words for it
    if len(warnings) <= SHOWN_WARNINGS + 1:
        return list(warnings), ""
    return list(warnings[:SHOWN_WARNINGS]), f"and {len(warnings) - SHOWN_WARNINGS} more: .warnings"


def headed(fit: Fit | None, text: str) -> str:
    """Return a sentence with the label of its fit before it, as the command line prints it."""
    return text if fit is None else f"{fit.label}: {text}"


def unit_of(fit: Fit | None, name: str) -> str:
    """Return the unit of a parameter or observable; empty where the fit is not known."""
    from darkmoment.axes import axis

    return "" if fit is None else axis(fit, name).unit


def drawable(fit: Fit | None, *names: str) -> tuple[Fit, list[Axis]]:
    """Return the fit and the axes of a figure.

    Raises
    ------
    ValueError
        If the result does not know its fit: it was made by hand, or read from a file without it.
    """
    from darkmoment.axes import axis

    if fit is None:
        raise ValueError("this result does not know its fit, so its figure has no labels: give it as fit=...")
    return fit, [axis(fit, name) for name in names]


def labels_of(fit: Fit) -> dict[str, str]:
    """Return what experiments are called in legends."""
    return {name: e.label for name, e in fit.experiments.items()}


def chosen(what: str, value: Any, choices: Sequence[str]) -> None:
    """Raise ValueError with the nearest choice where a value is none of them."""
    from darkmoment.inference.asked import hint

    if value not in choices:
        raise ValueError(f"{what} = {value!r}{hint(str(value), choices)}")
