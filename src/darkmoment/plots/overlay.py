"""Curves of the user's own, drawn over a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import patheffects
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from darkmoment.plots.axis import Array, Axis
from darkmoment.plots.clipping import clipped
from darkmoment.plots.style import printed

_INK = "0.1"
_DASHES = ((0, (6, 1.6, 1, 1.6)), (0, (1, 1.2)), (0, (6, 1.6)), (0, (3, 1)))
"""Projections are dashed: what is not one begins with another line."""
_WIDTH, _HALO = 1.3, 2.8
_PREFIXES = (1e-3, 1e3, 1e-6, 1e6, 1e-9, 1e9)
"""Ratios of units that are taken for one another."""


@dataclass(frozen=True)
class Overlay:
    """A curve in the units of the axes; its points are joined in their order, so it may be closed.

    Attributes
    ----------
    label : str
        For the legend.
    x, y : array_like (n,)
    """

    label: str
    x: ArrayLike
    y: ArrayLike

    def path(self, x: Axis, y: Axis) -> tuple[Array, Array]:
        """Return its points, NaN where they have no place on the axes."""
        return x.drawable(self.x), y.drawable(self.y)

    def missing(
        self, x: Axis, y: Axis, x_limits: tuple[float, float], y_limits: tuple[float, float] | None = None
    ) -> str:
        """Say that no part of the curve lies within a figure; empty where some does.

        Parameters
        ----------
        x_limits, y_limits : (float, float)
            Ends of the axes; without `y_limits` the figure is taken to reach as far as the curve.
        """
        paper = (
            x.coordinate(self.x),
            y.coordinate(self.y) if y_limits else np.zeros(len(np.atleast_1d(self.y))),
        )
        ends = np.sort([x.coordinate(x_limits), y.coordinate(y_limits) if y_limits else [0.0, 0.0]], axis=1)
        if len(clipped(np.column_stack(paper), *ends.T)[0]):
            return ""
        within = (paper[0] >= ends[0, 0]) & (paper[0] <= ends[0, 1])
        axis, values, limits = (y, self.y, y_limits) if y_limits and within.any() else (x, self.x, x_limits)
        return f"no point of overlay {self.label!r} lies within the figure: {_apart(axis, values, limits)}"


def _apart(axis: Axis, values: ArrayLike, limits: tuple[float, float]) -> str:
    """Say where values lie and where an axis does, and whether another unit would bring them there."""
    known = axis.drawable(values)
    low, high = np.nanmin(known), np.nanmax(known)
    said = f"{axis.name} {_span(low, high, axis)} beside {_span(*limits, axis)}"
    for factor in _PREFIXES:
        if limits[0] <= low * factor and high * factor <= limits[1]:
            how = f"{factor:g} times larger" if factor > 1 else f"{1 / factor:g} times smaller"
            return f"{said} ({how} it would: is the unit right?)"
    return said


def _span(low: float, high: float, axis: Axis) -> str:
    return f"{low:.4g} .. {high:.4g} {axis.unit}".rstrip()


def seen(values: ArrayLike, overlays: Sequence[Overlay], x: Axis, y: Axis, at: ArrayLike) -> Array:
    """Return what an axis has to show: values, and of the overlays what lies between the ends of x.

    Parameters
    ----------
    at : array_like
        Values along x that the figure itself has.
    """
    inside = [np.asarray(values, dtype=float).ravel()]
    known = x.drawable(at)
    low, high = np.nanmin(known, initial=np.inf), np.nanmax(known, initial=-np.inf)
    for overlay in overlays:
        px, py = overlay.path(x, y)
        inside.append(py[(px >= low) & (px <= high)])
    return np.concatenate(inside)


def draw_overlays(ax: Axes, overlays: Sequence[Overlay], x: Axis, y: Axis) -> dict[str, Artist]:
    """Draw the curves, dashed and with a thin white edge; return what the legend shows."""
    handles: dict[str, Artist] = {}
    for k, overlay in enumerate(overlays):
        (line,) = ax.plot(
            *overlay.path(x, y),
            color=_INK,
            linestyle=_DASHES[k % len(_DASHES)],
            linewidth=_WIDTH,
            zorder=4.6,
            scalex=False,
            scaley=False,
            path_effects=[patheffects.withStroke(linewidth=_HALO, foreground="white")],
        )
        handles[printed(overlay.label)] = line
    return handles
