"""An experiment's limit for a massive mediator beside that for a massless one (arXiv:2603.25704, Fig. 6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from darkmoment.plots.axis import Array, Axis
from darkmoment.plots.canvas import frame, runs, settle, shade_above, span
from darkmoment.plots.legend import place_legend
from darkmoment.plots.style import COLUMN, CYCLE, PAGE, colours, printed, style

_COLOUR = CYCLE[4]


def recast_figure(
    mass: ArrayLike,
    limit: ArrayLike,
    massless_limit: float,
    quantity: Axis,
    along: Axis,
    experiment: str,
    level: float,
    linestyle: str = "-",
) -> Figure:
    """Draw a recast limit with its excluded side, and the limit for a massless mediator, grey and dashed.

    Parameters
    ----------
    mass, limit : array_like (n,)
        Curve in the units of `along` and `quantity`; gaps where the limit is not finite.
    massless_limit : float
        Limit for a massless mediator.
    experiment : str
        Name to print.
    level : float
        Confidence level.
    linestyle : str
        Of the recast limit: dashed where it is projected.
    """
    x, y = along.drawable(mass), quantity.drawable(limit)
    with style():
        fig = Figure(figsize=(COLUMN, 2.7), layout="constrained")
        ax = fig.add_subplot()
        baseline = quantity.drawable([massless_limit])
        frame(ax, along, quantity, span(x, along, 0, 0), span(np.append(y, baseline), quantity, 0.10, 0.08))
        shade_above(ax, x, y, _COLOUR, 0.15)
        (curve,) = ax.plot(x, y, color=_COLOUR, linestyle=linestyle)
        flat = ax.axhline(float(baseline[0]), color="0.45", linestyle=(0, (4, 2)), linewidth=1.2, zorder=1.5)
        handles = [curve, flat, Patch(color=_COLOUR, alpha=0.15, linewidth=0)]
        labels = [experiment, "massless mediator", f"excluded, {level:.0%} CL"]
        ends = np.array(ax.get_xlim())
        place_legend(fig, ax, handles, labels, [(x, y), (ends, np.full(2, baseline[0]))])
        settle(fig)
    return fig


_THIN, _THICK = 1.0, 2.4
_DOTTED = ("-", (0, (1, 1.2)), "-.")
"""Datasets of one experiment share its colour."""


def recasts_figure(
    mass: ArrayLike,
    limits: Mapping[str, ArrayLike],
    leading: Sequence[str],
    labels: Mapping[str, str],
    quantity: Axis,
    along: Axis,
    level: float,
    projected: Collection[str] = (),
    changes: Sequence[tuple[float, str]] = (),
    title: str = "",
) -> Figure:
    """Draw the limits of several experiments; the strongest at each mass is thick, with its excluded side.

    Parameters
    ----------
    mass : array_like (n,)
        In the unit of `along`.
    limits : mapping of str to array_like (n,)
        Experiment, or experiment/dataset -> limit in the unit of `quantity`; gaps where it is not finite.
    leading : sequence of str
        The experiment with the strongest limit at each mass, empty where there is none.
    labels : mapping
        Experiment -> name to print.
    level : float
        Confidence level.
    projected : collection of str
        Experiments that have not measured yet: drawn dashed.
    changes : sequence of (float, str)
        Where another experiment takes over, and that mass in words; where `leading` changes for none given.
    title : str
        Printed above the axes.
    """
    x = along.drawable(mass)
    y = {name: quantity.drawable(limit) for name, limit in limits.items()}
    with style():
        fig = Figure(figsize=(PAGE, 3.6), layout="constrained")
        ax = fig.add_subplot()
        lowest = np.array([y[name][i] if name else np.nan for i, name in enumerate(leading)])
        every = np.concatenate(list(y.values()))
        frame(ax, along, quantity, span(x, along, 0, 0), span(every, quantity, 0.16, 0.04))
        looks = looks_of(list(y), projected)
        for name, curve in y.items():
            ax.plot(x, _followed(curve, name, leading), linewidth=_THIN, **looks[name])
        _stretches(ax, x, y, leading, looks)
        marks = changes or [(x[first], "") for first, _ in runs(leading) if first]
        handles: list[Artist] = [Line2D([], [], **looks[name]) for name in y]
        handles.append(Patch(color="0.5", alpha=_VEIL, linewidth=0))
        names = [*(printed(labels[name]) for name in y), f"excluded, {level:.0%} CL"]
        ax.set_title(printed(title), loc="left", fontsize=8.5)
        paths = [(x, curve) for curve in (*y.values(), lowest)]
        paths += _kept_free(ax, [value for value, _ in marks])
        place_legend(fig, ax, handles, names, paths, None, "right")
        _mark(ax, marks)
        _name(ax, x, leading, looks, labels)
        settle(fig)
    return fig


def looks_of(names: Sequence[str], projected: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """Return how each name is drawn: a colour for each experiment, dashes for its further datasets."""
    owners = [name.partition("/")[0] for name in names]
    colour_of = colours(list(dict.fromkeys(owners)))
    looks: dict[str, dict[str, Any]] = {}
    for i, (name, owner) in enumerate(zip(names, owners, strict=True)):
        dashes = "--" if name in projected else _DOTTED[owners[:i].count(owner) % len(_DOTTED)]
        looks[name] = {"color": colour_of[owner], "linestyle": dashes}
    return looks


_VEIL = 0.16
_GAP, _WIDE, _LONG = 0.003, 0.025, 0.2
"""Of the masses at the top, as shares of the axes: beside their line, height and length of the text."""

_ROW, _APART = 0.06, 6.0
"""Rows of names at the bottom, as share of the axes; least distance of names, in dots."""


def _followed(y: Array, name: str, leading: Sequence[str]) -> Array:
    """Return a curve without what is drawn thick: dashes of two widths would fill each other's gaps."""
    ahead = np.array([who == name for who in leading])
    before = np.concatenate([ahead[:1], ahead[:-1]])
    return np.where(ahead & before, np.nan, y)


def _stretches(
    ax: Axes,
    x: Array,
    y: Mapping[str, Array],
    leading: Sequence[str],
    looks: Mapping[str, Mapping[str, Any]],
) -> None:
    """Draw the strongest limit thick in its own colour and dashes, and what it excludes in its colour."""
    for first, end in runs(leading):
        name = leading[first]
        if name:
            part = slice(first, end + 1)  # up to the first point of the next
            ax.plot(x[part], y[name][part], linewidth=_THICK, **looks[name])
            shade_above(ax, x[part], y[name][part], looks[name]["color"], _VEIL)


def _kept_free(ax: Axes, values: Sequence[float]) -> list[tuple[Array, Array]]:
    """Return what a legend must not cover besides the curves: names at the bottom, masses at the top."""
    at = ax.transAxes + ax.transData.inverted()
    lines = [at.transform([(0.0, 0.06), (1.0, 0.06)])]
    bottom, top = at.transform([(0.0, 1 - _LONG), (0.0, 1.0)])[:, 1]
    lines += [np.array([(value, bottom), (value, top)]) for value in values]
    return [(line[:, 0], line[:, 1]) for line in lines]


def _mark(ax: Axes, changes: Sequence[tuple[float, str]]) -> None:
    """Draw a line where another experiment takes over, and the mass to its left where there is room."""
    before = -np.inf
    for value, words in changes:
        ax.axvline(value, color="0.5", linestyle=(0, (1, 2)), linewidth=0.8, zorder=0.8)
        if not words:
            continue
        place = ax.transAxes.inverted().transform(ax.transData.transform((value, ax.get_ylim()[0])))[0]
        left = place - before > _WIDE
        ax.text(
            place + (-_GAP if left else _GAP),
            0.98,
            words,
            rotation=90,
            fontsize=7.5,
            color="0.25",
            ha="right" if left else "left",
            va="top",
            transform=ax.transAxes,
        )
        before = place if left else place + _WIDE


def _name(
    ax: Axes,
    x: Array,
    leading: Sequence[str],
    looks: Mapping[str, Mapping[str, Any]],
    labels: Mapping[str, str],
) -> None:
    """Write at the bottom who is the strongest where, in the lowest row that is free."""
    owners = [name.partition("/")[0] for name in labels]
    rows: list[float] = [-np.inf]
    for first, end in runs(leading):
        name = leading[first]
        if not name:
            continue
        several = owners.count(name.partition("/")[0]) > 1
        text = ax.text(
            np.sqrt(x[first] * x[min(end, len(x) - 1)]),
            0.02,
            printed(labels[name] if several else labels[name].partition(" (")[0]),
            color=looks[name]["color"],
            fontsize=7.5,
            ha="center",
            bbox={"facecolor": "white", "alpha": 0.8, "pad": 0.6, "linewidth": 0},
            transform=ax.get_xaxis_transform(),
        )
        box = text.get_window_extent()
        row = next((k for k, used in enumerate(rows) if box.x0 > used), len(rows))
        rows[row : row + 1] = [box.x1 + _APART]
        text.set_y(0.02 + _ROW * row)
