"""Limits from several datasets of one experiment, and how far they lie apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from darkmoment.plots.axis import Axis
from darkmoment.plots.canvas import frame, settle, shade_above, span
from darkmoment.plots.legend import place_legend
from darkmoment.plots.recast import looks_of
from darkmoment.plots.style import COLUMN, printed, style

_VEIL = 0.16
_WIDE = 10.0


def datasets_figure(
    mass: ArrayLike,
    limits: Mapping[str, ArrayLike],
    labels: Mapping[str, str],
    quantity: Axis,
    along: Axis,
    level: float,
    title: str = "",
) -> Figure:
    """Draw the limits, the excluded side of the first, and below them each over the last.

    Parameters
    ----------
    mass : array_like (n,)
        In the unit of `along`.
    limits : mapping of str to array_like (n,)
        Dataset, as experiment or experiment/dataset -> limit in the unit of `quantity`.
    labels : mapping
        Dataset -> name to print.
    level : float
        Confidence level.
    title : str
        Printed above the axes.
    """
    x = along.drawable(mass)
    y = {name: quantity.drawable(limit) for name, limit in limits.items()}
    first, *_, last = y
    ratios = {name: curve / y[last] for name, curve in y.items()}
    together = np.concatenate(list(ratios.values()))
    wide = bool(np.nanmax(together, initial=1.0) > _WIDE or np.nanmin(together, initial=1.0) < 1 / _WIDE)
    ratio = Axis("ratio", r"\mathrm{ratio}", logarithmic=wide)
    with style():
        fig = Figure(figsize=(COLUMN, 3.6), layout="constrained")
        top, below = fig.subplots(2, 1, sharex=True, height_ratios=[2.2, 1])
        ends = span(x, along, 0, 0)
        frame(top, along, quantity, ends, span(np.concatenate(list(y.values())), quantity, 0.06, 0.06))
        frame(below, along, ratio, ends, span(together, ratio, 0.15, 0.15))
        below.set_ylabel(
            f"ratio to\n{printed(labels[last].partition(' (')[2].rstrip(')') or last)}", fontsize=8
        )
        top.set_xlabel("")
        top.tick_params(labelbottom=False)
        looks = looks_of(list(y))
        for name, curve in y.items():
            top.plot(x, curve, **looks[name])
            below.plot(x, ratios[name], **looks[name])
        color = looks[first]["color"]
        shade_above(top, x, y[first], color, _VEIL)
        handles: list[Artist] = [Line2D([], [], **looks[name]) for name in y]
        handles.append(Patch(color=color, alpha=_VEIL, linewidth=0))
        names = [*(printed(labels[name]) for name in y), f"excluded by the first, {level:.0%} CL"]
        top.set_title(printed(title), loc="left", fontsize=8.5)
        place_legend(fig, top, handles, names, [(x, curve) for curve in y.values()])
        settle(fig)
    return fig
