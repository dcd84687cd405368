"""Several limits on one quantity, on the same axes (arXiv:2603.25704, Fig. 7; any comparison of variants)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from darkmoment.plots.axis import Array, Axis
from darkmoment.plots.canvas import frame, lone, settle, shade_above, span
from darkmoment.plots.legend import place_legend
from darkmoment.plots.style import COLUMN, CYCLE, PAGE, printed, style

Handle = Artist | tuple[Artist, ...]

_FEW = 4
_SHADE = 0.15
_TOGETHER = 0.005
"""Relative distance at which two curves cannot be told apart on paper."""


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
    projected : bool
        True where it is dashed because something in it has not been measured: the legend says so.
    """

    label: str
    x: ArrayLike
    y: ArrayLike
    color: str | None = None
    linestyle: str = "-"
    linewidth: float = 1.6
    shaded: bool = False
    projected: bool = False


def comparison_figure(curves: Sequence[Curve], quantity: Axis, along: Axis, level: float) -> Figure:
    """Draw curves of one quantity along one parameter.

    Returns
    -------
    Figure
        One column wide for a few curves; for more, both columns with the legend at the right. Of curves that
        are the same within 0.5% the first is drawn, and the legend names the others below it.
    """
    return _figure(curves, quantity, along, f"upper limits, {level:.0%} CL")


def gain_figure(curves: Sequence[Curve], quantity: Axis, along: Axis, over: str, level: float) -> Figure:
    """Draw by which factor limits on a quantity are lower than those of one variant, along one parameter.

    Parameters
    ----------
    curves : sequence of Curve
        y: limit of the variant `over` divided by that of the curve.

    Returns
    -------
    Figure
        Sized as by `comparison_figure`; a thin line at 1.
    """
    symbol = rf"{quantity.label}^{{\mathrm{{max}}}}"
    gain = Axis("gain", rf"\mathrm{{gain\ in\ }}{symbol}")
    figure = _figure(curves, gain, along, f"gain over {over}, {level:.0%} CL")
    with style():
        figure.axes[0].axhline(1.0, color="0.5", linewidth=0.6, zorder=0.8)
    return figure


def _figure(curves: Sequence[Curve], quantity: Axis, along: Axis, title: str) -> Figure:
    with style():
        few = len(curves) <= _FEW
        fig = Figure(figsize=(COLUMN, 2.9) if few else (PAGE, 3.6), layout="constrained")
        ax = fig.add_subplot()
        paths = [(along.drawable(c.x), quantity.drawable(c.y)) for c in curves]
        every_x = np.concatenate([x for x, _ in paths]) if paths else np.empty(0)
        every_y = np.concatenate([y for _, y in paths]) if paths else np.empty(0)
        frame(ax, along, quantity, span(every_x, along, 0, 0), span(every_y, quantity, 0.06, 0.06))
        handles: dict[int, Handle] = {}
        same = _same(curves, paths)
        colours = colours_of([c.color for c in curves])
        for i, (c, color, (x, y)) in enumerate(zip(curves, colours, paths, strict=True)):
            if i in same:
                continue
            (line,) = ax.plot(x, y, color=color, linestyle=c.linestyle, linewidth=c.linewidth)
            ax.plot(x[lone(y)], y[lone(y)], ".", color=color)
            if c.shaded:
                shade_above(ax, x, y, color, _SHADE)
            handles[i] = (Patch(color=color, alpha=_SHADE, linewidth=0), line) if c.shaded else line
        shown, texts = _legend(handles, [printed(c.label) for c in curves], same)
        if any(c.projected for c in curves):
            shown.append(Line2D([], [], color="0.3", linestyle="--"))
            texts.append("dashed: projected")
        place_legend(fig, ax, shown, texts, paths, title, "above" if few else "right", few)
        settle(fig)
    return fig


def _same(curves: Sequence[Curve], paths: Sequence[tuple[Array, Array]]) -> dict[int, int]:
    """Return curve -> an earlier one that would be drawn over it."""
    found: dict[int, int] = {}
    for i, (x, y) in enumerate(paths):
        for k in range(i):
            if k in found or curves[i].shaded or curves[k].shaded or not np.isfinite(y).any():
                continue
            other_x, other_y = paths[k]
            if (
                x.shape == other_x.shape
                and np.allclose(x, other_x, rtol=_TOGETHER, atol=0.0, equal_nan=True)
                and np.allclose(y, other_y, rtol=_TOGETHER, atol=0.0, equal_nan=True)
            ):
                found[i] = k
                break
    return found


def _legend(
    handles: Mapping[int, Handle], labels: Sequence[str], same: Mapping[int, int]
) -> tuple[list[Handle], list[str]]:
    """Return the legend's handles and texts: below each curve those that are the same."""
    shown: list[Handle] = []
    texts: list[str] = []
    for i, handle in handles.items():
        others = [other for other, k in same.items() if k == i]
        shown += [handle, *(Line2D([], [], linestyle="none") for _ in others)]
        texts += [labels[i], *(f"= {labels[other]}" for other in others)]
    return shown, texts


def colours_of(wanted: Sequence[str | None]) -> list[str]:
    """Return a colour per curve: the one it wants, else the next of the cycle that no curve wants."""
    with style():
        # C0 .. C9 become numbers here, while the package's colours are in force
        asked = [to_hex(color) if color else "" for color in wanted]
    spare = cycle([c for c in CYCLE if c.lower() not in asked] or CYCLE)
    return [color or next(spare) for color in asked]
