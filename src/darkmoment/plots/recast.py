"""An experiment's limit for a massive mediator beside that for a massless one (arXiv:2603.25704, Fig. 6)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from darkmoment.plots.axis import Axis
from darkmoment.plots.canvas import frame, settle, shade_above, span
from darkmoment.plots.legend import place_legend
from darkmoment.plots.style import COLUMN, CYCLE, style

_COLOUR = CYCLE[4]


def recast_figure(
    mass: ArrayLike,
    limit: ArrayLike,
    massless_limit: float,
    quantity: Axis,
    along: Axis,
    experiment: str,
    level: float,
) -> Figure:
    """Draw a recast limit with its excluded side, and the limit for a massless mediator dashed.

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
    """
    x, y = along.drawable(mass), quantity.drawable(limit)
    with style():
        fig = Figure(figsize=(COLUMN, 2.7), layout="constrained")
        ax = fig.add_subplot()
        baseline = quantity.drawable([massless_limit])
        frame(ax, along, quantity, span(x, along, 0, 0), span(np.append(y, baseline), quantity, 0.10, 0.08))
        shade_above(ax, x, y, _COLOUR, 0.15)
        (curve,) = ax.plot(x, y, color=_COLOUR)
        flat = ax.axhline(float(baseline[0]), color="0.45", linestyle=(0, (4, 2)), linewidth=1.2, zorder=1.5)
        handles = [curve, flat, Patch(color=_COLOUR, alpha=0.15, linewidth=0)]
        labels = [experiment, "massless mediator", f"excluded, {level:.0%} CL"]
        ends = np.array(ax.get_xlim())
        place_legend(fig, ax, handles, labels, [(x, y), (ends, np.full(2, baseline[0]))])
        settle(fig)
    return fig
