"""A posterior limit under other priors, one change per line."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from darkmoment.plots.axis import Axis
from darkmoment.plots.canvas import SHADE, frame, settle, span
from darkmoment.plots.corner_plot import scientific
from darkmoment.plots.drawing import Drawing
from darkmoment.plots.style import COLUMN, CYCLE, printed, style

_LINE, _MARGINS = 0.2, 1.35
"""Height of a line, and of everything else, inches."""

_FAR = 30.0
"""Limits further than this factor from the one with the prior as it is are drawn as an arrow."""

_BAND = 2.0
_STAR_MEANS = "see the table's note"
_MARKS = (
    (">", CYCLE[0], "lower end raised"),
    ("<", CYCLE[3], "lower end lowered"),
    ("D", CYCLE[4], "flat prior"),
)


def sensitivity_figure(
    table: pd.DataFrame,
    limit: float,
    quantity: Axis,
    level: float,
    title: str,
    labels: Mapping[str, str],
) -> Figure:
    """Draw the limit for each change of the prior, beside the limit with the prior as it is.

    Parameters
    ----------
    table : DataFrame
        Result of `prior_sensitivity`: columns `parameter`, `change`, `edge`, `limit`, `limit_low`,
        `limit_high`, `note`; changes without a limit are left out.
    limit : float
        With the prior as it is.
    quantity : Axis
        What is limited.
    level : float
        Level of the limits.
    title : str
        Printed above the axes.
    labels : mapping
        Parameter name -> LaTeX symbol without dollar signs.
    """
    drawn = table[np.isfinite(table["limit"].astype(float)) & (table["limit"] > 0)]
    with style():
        fig = Drawing(figsize=(COLUMN, _MARGINS + _LINE * max(len(drawn), 1)), layout="constrained")
        ax = fig.add_subplot()
        near = drawn["limit"][np.abs(np.log(drawn["limit"] / limit)) < np.log(_FAR)] if limit > 0 else []
        edges = [limit / (_BAND * 1.2), limit * _BAND * 1.2]
        lines = Axis("", "", "", False)
        frame(ax, quantity, lines, span(np.append(near, edges), quantity), (len(drawn) - 0.4, -0.6))
        ax.axvspan(limit / _BAND, limit * _BAND, color=SHADE, linewidth=0, zorder=0.5)
        line = ax.axvline(limit, color="black", linewidth=1.0)
        handles: dict[str, Artist] = {
            "prior as it is": line,
            "within a factor 2 of it": Patch(color=SHADE),
        }
        for y, row in enumerate(drawn.itertuples()):
            _draw(ax, y, row, handles)
        ax.set_yticks(range(len(drawn)), [_name(row, labels) for row in drawn.itertuples()], fontsize=8)
        ax.tick_params(axis="y", which="both", length=0)
        ax.set_ylabel("")
        ax.set_xlabel(printed(f"{level:.0%} posterior limit on {quantity.text}"))
        if any(row.note for row in drawn.itertuples() if np.isfinite(float(row.edge))):  # type: ignore[arg-type]
            handles[_STAR_MEANS] = Line2D([], [], marker="$*$", ls="none", ms=5, color="black")
        ax.set_title(printed(title), loc="left")
        fig.legend(
            handles.values(), handles.keys(), loc="outside lower center", ncols=2, frameon=False, fontsize=7.5
        )
        settle(fig)
    return fig


def _name(row: object, labels: Mapping[str, str]) -> str:
    symbol = labels.get(row.parameter, row.parameter)  # type: ignore[attr-defined]
    edge = float(row.edge)  # type: ignore[attr-defined]
    if not np.isfinite(edge):
        return printed(f"flat in ${symbol}$")
    star = "*" if row.note else ""  # type: ignore[attr-defined]
    return printed(f"${symbol}$ from ${_edge(edge)}${star}")


def _edge(value: float) -> str:
    """Format the end of a range: ``10^{-4}``, ``127``."""
    exponent = np.log10(abs(value)) if value else 0.0
    if abs(exponent) >= 2 and abs(exponent - round(exponent)) < 1e-9:
        return rf"10^{{{round(exponent)}}}"
    return f"{value:.3g}" if 0.01 <= abs(value) < 1000 else scientific(value)


def _draw(ax: Axes, y: int, row: object, handles: dict[str, Artist]) -> None:
    """Draw one change: a mark with its error, or an arrow out of the axes with the value."""
    change, value = str(row.change), float(row.limit)  # type: ignore[attr-defined]
    which = 2 if not np.isfinite(float(row.edge)) else (1 if "/" in change else 0)  # type: ignore[attr-defined]
    marker, color, words = _MARKS[which]
    lower, upper = ax.get_xlim()
    if lower <= value <= upper:
        error = [[value - row.limit_low], [row.limit_high - value]]  # type: ignore[attr-defined]
        drawn = ax.errorbar(value, y, xerr=error, fmt=marker, ms=4, color=color, elinewidth=0.8)
        handles.setdefault(words, drawn[0])
        return
    right = value > upper
    end, away = (1.0, 0.86) if right else (0.0, 0.14)
    transform = ax.get_yaxis_transform()
    arrow = {"arrowstyle": "->", "color": color, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (end, y), (away, y), xycoords=transform, textcoords=transform, arrowprops=arrow)
    ax.text(
        away - 0.02 if right else away + 0.02,
        y,
        f"${scientific(value)}$",
        transform=transform,
        ha="right" if right else "left",
        va="center",
        color=color,
        fontsize=7.5,
    )
