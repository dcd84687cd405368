"""An experiment's limit for a massive mediator beside that for a massless one (arXiv:2603.25704, Fig. 6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

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


def recasts_figure(
    mass: ArrayLike,
    limits: Mapping[str, ArrayLike],
    leading: Sequence[str],
    labels: Mapping[str, str],
    quantity: Axis,
    along: Axis,
    level: float,
    projected: Collection[str] = (),
) -> Figure:
    """Draw the limits of several experiments; the strongest at each mass is thick, with its excluded side.

    Parameters
    ----------
    mass : array_like (n,)
        In the unit of `along`.
    limits : mapping of str to array_like (n,)
        Experiment -> limit in the unit of `quantity`; gaps where it is not finite.
    leading : sequence of str
        The experiment with the strongest limit at each mass, empty where there is none.
    labels : mapping
        Experiment -> name to print.
    level : float
        Confidence level.
    projected : collection of str
        Experiments that have not measured yet: drawn dashed.
    """
    x = along.drawable(mass)
    y = {name: quantity.drawable(limit) for name, limit in limits.items()}
    with style():
        fig = Figure(figsize=(PAGE, 3.6), layout="constrained")
        ax = fig.add_subplot()
        lowest = np.array([y[name][i] if name else np.nan for i, name in enumerate(leading)])
        every = np.concatenate(list(y.values()))
        frame(ax, along, quantity, span(x, along, 0, 0), span(every, quantity, 0.08, 0.04))
        colour_of = colours(list(y))
        for name, curve in y.items():
            dashes = "--" if name in projected else "-"
            ax.plot(x, curve, color=colour_of[name], linewidth=_THIN, linestyle=dashes)
        _stretches(ax, x, y, leading, colour_of, labels)
        shade_above(ax, x, lowest, "0.5", 0.12)
        handles: list[Artist] = [Line2D([], [], color=colour_of[name]) for name in y]
        handles.append(Patch(color="0.5", alpha=0.12, linewidth=0))
        names = [printed(labels[name]) for name in y]
        paths = [(x, curve) for curve in y.values()]
        place_legend(fig, ax, handles, [*names, f"excluded, {level:.0%} CL"], paths, None, "right")
        settle(fig)
    return fig


def _stretches(
    ax: Axes,
    x: Array,
    y: Mapping[str, Array],
    leading: Sequence[str],
    colour_of: Mapping[str, str],
    labels: Mapping[str, str],
) -> None:
    """Draw the strongest limit thick, a line where another takes over, and its name at the bottom."""
    for first, end in runs(leading):
        name = leading[first]
        if not name:
            continue
        last = min(end, len(x) - 1)  # up to the first point of the next
        ax.plot(x[first : last + 1], y[name][first : last + 1], color=colour_of[name], linewidth=_THICK)
        if first:
            ax.axvline(x[first], color="0.6", linestyle=(0, (1, 2)), linewidth=0.8, zorder=0.8)
        ax.text(
            np.sqrt(x[first] * x[last]),
            0.02,
            printed(labels[name].partition(" (")[0]),
            color=colour_of[name],
            fontsize=7.5,
            ha="center",
            bbox={"facecolor": "white", "alpha": 0.8, "pad": 0.6, "linewidth": 0},
            transform=ax.get_xaxis_transform(),
        )
