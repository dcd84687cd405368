"""Axes, shading and layout that the figures share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import TICKUP
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import ArrayLike, NDArray

from darkmoment.plots.axis import Array, Axis
from darkmoment.plots.style import printed

SHADE = "#EBEBEB"
"""Excluded regions."""

_INK = "0.15"

_LABELLED_DECADES = 9
_LABELLED_TIGHTLY = 8
_NARROW = 3.0
"""Inches of a horizontal axis that cannot hold as many labels."""

_WELL_LABELLED = 1.5


def span(values: ArrayLike, axis: Axis, below: float = 0.05, above: float = 0.05) -> tuple[float, float]:
    """Return axis limits around the drawable values, margins as fractions of the length on paper.

    One value, none, or less than a decade of a logarithmic axis still give limits that can be read.
    """
    u = axis.coordinate(values)
    u = u[np.isfinite(u)]
    if not u.size:
        return (1e-3, 1.0) if axis.logarithmic else (0.0, 1.0)
    lower, upper = float(u.min()), float(u.max())
    least = 1.0 if axis.logarithmic else 1e-6 * max(abs(lower), abs(upper)) or 1.0
    if upper - lower < least:
        lower, upper = (lower + upper - least) / 2, (lower + upper + least) / 2
    length = upper - lower
    ends = axis.value([lower - below * length, upper + above * length])
    return float(ends[0]), float(ends[1])


def frame(ax: Axes, x: Axis, y: Axis, x_limits: tuple[float, float], y_limits: tuple[float, float]) -> None:
    """Set scales, limits, ticks and labels of both axes."""
    ax.set_xlim(x_limits)
    ax.set_ylim(y_limits)
    for axis, limits, which in ((x, x_limits, ax.xaxis), (y, y_limits, ax.yaxis)):
        if axis.logarithmic:
            (ax.set_xscale if which is ax.xaxis else ax.set_yscale)("log")
            decades = np.log10(limits[1] / limits[0])
            tight = which is ax.xaxis and ax.bbox.width < _NARROW * ax.figure.dpi
            labelled = _LABELLED_TIGHTLY if tight else _LABELLED_DECADES
            which.set_major_locator(LogLocator(numticks=labelled + 1))
            subs = tuple(range(2, 10)) if decades <= _LABELLED_DECADES else (1,)
            which.set_minor_locator(LogLocator(subs=subs, numticks=400))
            few = decades < _WELL_LABELLED
            which.set_minor_formatter(FuncFormatter(_two_and_five) if few else NullFormatter())
    ax.set_xlabel(printed(x.text))
    ax.set_ylabel(printed(y.text))


def _two_and_five(value: float, position: int | None = None) -> str:
    """Label 2 and 5 between decades: all digits would run into each other."""
    exponent = int(np.floor(np.log10(value) + 1e-9))
    digit = round(value / 10.0**exponent)
    return rf"${digit}\times10^{{{exponent}}}$" if digit in (2, 5) else ""


def shade_above(ax: Axes, x: Array, y: Array, color: str = SHADE, alpha: float = 1.0) -> None:
    """Fill from a curve to the top of the axes; gaps stay white."""
    ax.fill_between(x, y, ax.get_ylim()[1], color=color, alpha=alpha, linewidth=0, zorder=0.5)


def runs(key: Sequence[object]) -> list[tuple[int, int]]:
    """Return (first, last + 1) of each stretch of equal keys."""
    starts = [i for i in range(len(key)) if i == 0 or key[i] != key[i - 1]]
    return list(pairwise([*starts, len(key)]))


def lone(y: Array) -> NDArray[np.bool_]:
    """Return where a drawable value has no drawable neighbour: a line would not show it."""
    known = np.isfinite(np.concatenate([[np.nan], y, [np.nan]]))
    return known[1:-1] & ~known[:-2] & ~known[2:]


def text_column(table: pd.DataFrame, column: str) -> NDArray[np.object_]:
    """Return a column of text, empty where it or an entry is missing."""
    if column not in table:
        return np.full(len(table), "", dtype=object)
    return np.array(["" if pd.isna(entry) else str(entry) for entry in table[column]], dtype=object)


def mark_cells(ax: Axes, x: Array, y: Array, status: NDArray[np.object_]) -> dict[str, Artist]:
    """Mark cells that are not certified, and cells without an allowed point; return what the legend shows."""
    handles: dict[str, Artist] = {}
    doubtful = (status == "uncertified") & np.isfinite(y)
    if doubtful.any():
        (handles["not certified"],) = ax.plot(
            x[doubtful], y[doubtful], "o", ms=4, color=_INK, markerfacecolor="white", markeredgewidth=0.8
        )
    failed = (status == "failed") & np.isfinite(x)
    if failed.any():
        bottom = np.zeros(failed.sum())
        ax.plot(
            x[failed], bottom, marker=TICKUP, ls="none", ms=6, color=_INK, transform=ax.get_xaxis_transform()
        )
        handles["no allowed point"] = Line2D([], [], marker="|", ls="none", ms=6, color=_INK)
    return handles


def settle(fig: Figure) -> None:
    """Lay the figure out once and keep it so: a second pass would move it by fractions of a pixel."""
    fig.draw_without_rendering()
    fig.set_layout_engine("none")
