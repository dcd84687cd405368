"""Several limits on one quantity, on the same axes (arXiv:2603.25704, Fig. 7; any comparison of variants)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from darkmoment.plots.axis import Axis
from darkmoment.plots.canvas import frame, lone, settle, shade_above, span
from darkmoment.plots.legend import place_legend
from darkmoment.plots.style import COLUMN, CYCLE, PAGE, printed, style

_FEW = 4
_SHADE = 0.15


@dataclass(frozen=True)
class Curve:
    """One curve of a comparison.

    Attributes
    ----------
    x, y : array_like (n,)
        In the units of the axes; NaN makes a gap.
    color : str, optional
        Any matplotlib colour; C0 .. C9 are those of the package. The next of them by default.
    shaded : bool
        True to fill the excluded side, above.
    """

    label: str
    x: ArrayLike
    y: ArrayLike
    color: str | None = None
    linestyle: str = "-"
    linewidth: float = 1.6
    shaded: bool = False


def comparison_figure(curves: Sequence[Curve], quantity: Axis, along: Axis, level: float) -> Figure:
    """Draw curves of one quantity along one parameter.

    Returns
    -------
    Figure
        One column wide for a few curves; for more, both columns with the legend at the right.
    """
    with style():
        few = len(curves) <= _FEW
        fig = Figure(figsize=(COLUMN, 2.9) if few else (PAGE, 3.6), layout="constrained")
        ax = fig.add_subplot()
        paths = [(along.drawable(c.x), quantity.drawable(c.y)) for c in curves]
        every_x = np.concatenate([x for x, _ in paths]) if paths else np.empty(0)
        every_y = np.concatenate([y for _, y in paths]) if paths else np.empty(0)
        frame(ax, along, quantity, span(every_x, along, 0, 0), span(every_y, quantity, 0.06, 0.06))
        handles: list[Artist | tuple[Artist, ...]] = []
        for c, color, (x, y) in zip(curves, _colours(curves), paths, strict=True):
            (line,) = ax.plot(x, y, color=color, linestyle=c.linestyle, linewidth=c.linewidth)
            ax.plot(x[lone(y)], y[lone(y)], ".", color=color)
            if c.shaded:
                shade_above(ax, x, y, color, _SHADE)
            handles.append((Patch(color=color, alpha=_SHADE, linewidth=0), line) if c.shaded else line)
        title = f"upper limits, {level:.0%} CL"
        place_legend(
            fig,
            ax,
            handles,
            [printed(c.label) for c in curves],
            paths,
            title,
            "above" if few else "right",
            few,
        )
        settle(fig)
    return fig


def _colours(curves: Sequence[Curve]) -> list[str]:
    """Return a colour per curve: its own, else the next of the cycle that no curve has asked for."""
    # C0 .. C9 become numbers here, while the package's colours are in force
    asked = [to_hex(c.color) if c.color else "" for c in curves]
    spare = cycle([c for c in CYCLE if c.lower() not in asked] or CYCLE)
    return [color or next(spare) for color in asked]
