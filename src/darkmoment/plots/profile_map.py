"""The profile likelihood in two dimensions: Delta chi2, named contours, and the limit at each x."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from darkmoment.levels import delta_chi2
from darkmoment.plots.axis import Array, Axis
from darkmoment.plots.canvas import settle
from darkmoment.plots.drawing import Drawing
from darkmoment.plots.legend import place_legend
from darkmoment.plots.overlay import Overlay, draw_overlays
from darkmoment.plots.plane import Plane, draw_limit, mark_plane
from darkmoment.plots.style import COLUMN, printed, style

LEVELS = (0.68, 0.90, 0.95)
_CAP = 12.0
"""Delta chi2 above which cells look alike: well beyond every contour."""

_FROM_RGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _FROM_RGB.sum(axis=1)
"""Linear sRGB to XYZ, and its white (IEC 61966-2-1)."""

_LEAST, _MOST = 0.02, 1e4
"""Delta chi2 between which contours are interpolated."""

_FLAT = 0.02
"""Delta chi2 below which two cells are equally good: what two searches agree within."""

_DASHES: Sequence[tuple[int, tuple[float, ...]] | str] = ("solid", (0, (5, 1.5)), (0, (1.2, 1.2)))
_CONTOUR = "#C2410C"


def profile_map_figure(
    table: pd.DataFrame,
    x: Axis,
    y: Axis,
    title: str,
    levels: Sequence[float] = LEVELS,
    limits: pd.DataFrame | None = None,
    level: float = 0.90,
    note: str = "",
    overlays: Sequence[Overlay] = (),
) -> Figure:
    """Draw Delta chi2 over two parameters or observables.

    Parameters
    ----------
    table : DataFrame
        Result of `profile_map`, one row per cell: columns `x.name`, `y.name`, `delta_chi2` and where
        present `status`.
    title : str
        Printed above the axes.
    levels : sequence of float
        Confidence levels of the contours, for two parameters of interest.
    limits : DataFrame, optional
        Upper limit on y at each x, for one parameter of interest: columns `x.name`, ``<y.name>_max``.
    level : float
        Its confidence level.
    note : str
        Printed below the axes.
    overlays : sequence of Overlay
        Curves of the user's own.
    """
    plane = Plane.of(table, x, y)
    rise = plane.numbers("delta_chi2")
    with style():
        fig = Drawing(figsize=(COLUMN, 2.9), layout="constrained")
        ax = fig.add_subplot()
        plane.frame(ax)
        seen = np.ma.masked_invalid(np.where(rise == np.inf, _CAP, rise))
        # the root of Delta chi2 counts standard deviations
        norm = PowerNorm(0.5, 0, _CAP)
        mesh = ax.pcolormesh(*plane.edges, seen, cmap=shades(), norm=norm, rasterized=True, zorder=0.5)
        bar = fig.colorbar(mesh, ax=ax, extend="max", pad=0.02, aspect=28, ticks=[0, 1, 2, 4, 6, 9, _CAP])
        bar.set_label(r"$\Delta\chi^2$")
        handles = contours(ax, plane, rise, levels)
        bar.ax.tick_params(direction="out")
        if limits is not None:
            name = f"{level:.0%} limit at each {printed(f'${x.label}$')}"
            handles |= draw_limit(ax, plane, limits, name)
        handles |= mark_plane(ax, plane) | _star(ax, plane, rise)
        handles |= draw_overlays(ax, overlays, x, y)
        ax.set_title(printed(title), loc="left")
        _add_note(fig, note)
        place_legend(fig, ax, list(handles.values()), list(handles), [], inside=False)
        settle(fig)
    return fig


def shades(steps: int = 256) -> ListedColormap:
    """Return a colour map from almost white to dark blue, even to the eye: a straight line in CIELAB."""
    ends = np.array([[98.5, -0.5, 1.0], [26.0, 12.0, -42.0]])
    lab = ends[0] + np.linspace(0, 1, steps)[:, None] * (ends[1] - ends[0])
    fy = (lab[:, 0] + 16) / 116
    f = np.column_stack([fy + lab[:, 1] / 500, fy, fy - lab[:, 2] / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _WHITE
    linear = np.clip(xyz @ np.linalg.inv(_FROM_RGB).T, 0, 1)
    rgb = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    return ListedColormap(rgb, "shades")


def contours(ax: Axes, plane: Plane, rise: Array, levels: Sequence[float]) -> dict[str, Artist]:
    """Draw contours for two parameters of interest; return what the legend shows."""
    handles: dict[str, Artist] = {}
    if min(rise.shape) < 2:
        return handles
    # chi2 grows by powers: between cells its logarithm is closer to a straight line
    height = np.log(np.clip(np.where(np.isnan(rise), _MOST, rise), _LEAST, _MOST))
    for k, level in enumerate(sorted(levels)):
        threshold = np.log(delta_chi2(level, dof=2))
        dashes = _DASHES[k % len(_DASHES)]
        if height.min() < threshold < height.max():
            ax.contour(
                plane.at_x,
                plane.at_y,
                height,
                [threshold],
                colors=_CONTOUR,
                linewidths=0.9,
                linestyles=[dashes],
                zorder=4.5,
            )
        handles[f"{level:.0%} (2 parameters)"] = Line2D(
            [], [], color=_CONTOUR, linewidth=0.9, linestyle=dashes
        )
    return handles


def _star(ax: Axes, plane: Plane, rise: Array) -> dict[str, Artist]:
    """Mark the smallest chi2 where it is one place: on a plateau the mark would say nothing."""
    at = sharp_minimum(rise)
    if at is None:
        return {}
    (star,) = ax.plot(
        plane.at_x[at[1]],
        plane.at_y[at[0]],
        "*",
        ms=8,
        color="white",
        markeredgecolor="black",
        markeredgewidth=0.7,
        ls="none",
        zorder=5,
    )
    return {r"smallest $\chi^2$": star}


def sharp_minimum(rise: Array) -> tuple[int, int] | None:
    """Return the cell (row, column) of the minimum, None where cells further off are as good."""
    if not np.isfinite(rise).any():
        return None
    row, column = np.unravel_index(np.nanargmin(rise), rise.shape)
    good: NDArray[np.intp] = np.argwhere(rise - rise[row, column] <= _FLAT)
    near = np.abs(good - [row, column]).max(axis=1) <= 1
    return (int(row), int(column)) if near.all() else None


def _add_note(fig: Figure, note: str) -> None:
    if note:
        lines = wrap(note, 76)
        fig.supxlabel("\n".join(lines), x=0.02, ha="left", fontsize=7.0)
        fig.set_figheight(fig.get_figheight() + len(lines) * 1.2 * 7.0 / 72)
