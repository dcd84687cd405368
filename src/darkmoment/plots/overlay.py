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
from darkmoment.plots.style import printed

_INK = "0.1"
_DASHES = ((0, (6, 1.6)), (0, (1, 1.2)), (0, (6, 1.6, 1, 1.6)), (0, (3, 1)))
_WIDTH, _HALO = 1.3, 2.8


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
