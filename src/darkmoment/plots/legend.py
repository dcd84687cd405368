"""A legend that covers no curve: in a corner of the axes where there is room, else outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.transforms import Bbox

from darkmoment.plots.axis import Array
from darkmoment.plots.clipping import clipped

_CORNERS = (
    "upper left",
    "upper right",
    "lower right",
    "lower left",
    "center left",
    "center right",
    "upper center",
    "lower center",
)
_MOST_COLUMNS = 3
_CLEARANCE = 4.0
_STEP = 2.0

Curve = tuple[Array, Array]
"""x and y in data coordinates; NaN where the curve has a gap."""


def on_paper(ax: Axes, curve: Curve) -> Array:
    """Return what of a curve lies within the axes, in display coordinates (n, 2).

    Dense enough that no legend fits between two points; a value far beyond the axes costs nothing.
    """
    x, y = np.broadcast_arrays(*map(np.asarray, curve))
    known = np.isfinite(x) & np.isfinite(y)
    points = np.full((len(x), 2), np.nan)
    points[known] = ax.transData.transform(np.column_stack([x, y])[known])
    box = ax.bbox.padded(_CLEARANCE)
    pieces = [points[((points >= box.min) & (points <= box.max)).all(axis=1)]]
    for a, b in zip(*clipped(points, box.min, box.max), strict=True):
        count = 2 + int(np.hypot(*(b - a)) / _STEP)
        pieces.append(a + np.linspace(0, 1, count)[:, None] * (b - a))
    return np.concatenate(pieces)


def covers(box: Bbox, points: Array) -> bool:
    """Tell whether a box in display coordinates, with some clearance, holds any of the points (n, 2)."""
    low, high = np.array(box.min) - _CLEARANCE, np.array(box.max) + _CLEARANCE
    return bool(((points > low) & (points < high)).all(axis=1).any())


def place_legend(
    fig: Figure,
    ax: Axes,
    handles: Sequence[Any],
    labels: Sequence[str],
    curves: Sequence[Curve],
    title: str | None = None,
    outside: Literal["above", "right"] = "above",
    inside: bool = True,
) -> Legend:
    """Put the legend into the first corner where it covers no curve, or outside the axes.

    Parameters
    ----------
    curves : sequence of (x, y)
        What must stay visible, in data coordinates.
    outside : str
        Where it goes when no corner is free; above, the figure grows by its height.
    inside : bool
        False to go outside in any case.
    """
    engine = fig.get_layout_engine()
    if engine:
        engine.execute(fig)
    points = np.concatenate([on_paper(ax, c) for c in curves]) if curves else np.empty((0, 2))
    for corner in _CORNERS if inside else ():
        legend = ax.legend(handles, labels, loc=corner, title=title, alignment="left")
        legend.set_in_layout(False)
        box = legend.get_window_extent()
        fits = box.width < 0.9 * ax.bbox.width and box.height < 0.6 * ax.bbox.height
        if fits and not covers(box, points):
            return legend
        legend.remove()
    if outside == "right":
        return _outside(fig, handles, labels, title, "outside right center", 1)
    for columns in range(_MOST_COLUMNS, 0, -1):
        legend = _outside(fig, handles, labels, title, "outside upper center", columns)
        box = legend.get_window_extent()
        if box.width < fig.bbox.width or columns == 1:
            break
        legend.remove()
    # the axes keep their height
    width, height = fig.get_size_inches()
    fig.set_size_inches(width, height + box.height / fig.dpi)
    return legend


def _outside(
    fig: Figure, handles: Sequence[Any], labels: Sequence[str], title: str | None, where: str, columns: int
) -> Legend:
    return fig.legend(
        handles,
        labels,
        loc=where,
        ncols=columns,
        title=title,
        alignment="left",
        frameon=False,
        columnspacing=1.2,
    )
