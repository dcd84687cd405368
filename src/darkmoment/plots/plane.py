"""A table over two axes seen as a plane of cells: what the figures of a profile map share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from darkmoment.plots.axis import Array, Axis
from darkmoment.plots.canvas import frame, lone

FAILED = "#D8D8D8"
"""Cells without an allowed point."""

_INK = "0.15"


@dataclass(frozen=True)
class Plane:
    """Cells over two axes, from a long table; cells that are missing are NaN, or empty text.

    Attributes
    ----------
    x, y : Axis
    at_x : ndarray (n,)
        Values along x, rising; `at_y` (m,) likewise. Those without a place on the axis are left out.
    """

    x: Axis
    y: Axis
    at_x: Array
    at_y: Array
    table: pd.DataFrame

    @classmethod
    def of(cls, table: pd.DataFrame, x: Axis, y: Axis) -> Plane:
        """Lay out a table that has a row per cell and columns of the names of both axes."""
        at_x, at_y = (np.unique(a.drawable(table[a.name])) for a in (x, y))
        # an empty table gives one empty cell
        at_x, at_y = (v[np.isfinite(v)] if np.isfinite(v).any() else np.ones(1) for v in (at_x, at_y))
        return cls(x, y, at_x, at_y, table)

    def numbers(self, column: str) -> Array:
        """Return a column as cells, shape (m, n)."""
        return self._cells(column).to_numpy(dtype=float, na_value=np.nan)

    def words(self, column: str) -> NDArray[np.object_]:
        """Return a column of text as cells, shape (m, n)."""
        cells = self._cells(column)
        return cells.astype(object).where(cells.notna(), "").to_numpy()

    def _cells(self, column: str) -> pd.DataFrame:
        if column not in self.table or self.table.empty:
            return pd.DataFrame(np.nan, self.at_y, self.at_x)
        cells = self.table.pivot_table(
            index=self.y.name, columns=self.x.name, values=column, aggfunc="first", dropna=False
        )
        return cells.reindex(index=self.at_y, columns=self.at_x)

    @property
    def edges(self) -> tuple[Array, Array]:
        """Edges of the cells along x (n + 1,) and y (m + 1,), halfway between values on paper."""
        return _edges(self.x, self.at_x), _edges(self.y, self.at_y)

    def frame(self, ax: Axes) -> None:
        """Set scales, limits, ticks and labels: the axes end where the outermost cells do."""
        x, y = self.edges
        frame(ax, self.x, self.y, (float(x[0]), float(x[-1])), (float(y[0]), float(y[-1])))
        # ticks have to be seen on dark cells too
        ax.tick_params(which="both", direction="out", top=False, right=False)


def _edges(axis: Axis, values: Array) -> Array:
    u = axis.coordinate(values)
    if len(u) < 2:
        middle = u[0] if len(u) else 0.0
        return axis.value(np.array([middle - 0.5, middle + 0.5]))
    middles = (u[:-1] + u[1:]) / 2
    return axis.value(
        np.concatenate([[u[0] - (middles[0] - u[0])], middles, [u[-1] + (u[-1] - middles[-1])]])
    )


def draw_limit(
    ax: Axes, plane: Plane, limits: pd.DataFrame, name: str, veil: bool = True
) -> dict[str, Artist]:
    """Draw the upper limit on y at each x and hatch what it excludes; return what the legend shows.

    Parameters
    ----------
    limits : DataFrame
        Columns of the names of x, and ``<name of y>_max``; NaN where no limit is reached.
    name : str
        What the legend calls it.
    veil : bool
        False to leave the excluded side as it is.
    """
    limits = limits.sort_values(plane.x.name)
    x = plane.x.drawable(limits[plane.x.name])
    y = plane.y.drawable(limits[f"{plane.y.name}_max"])
    if not (np.isfinite(x) & np.isfinite(y)).any():
        return {}
    ax.plot(x, y, color="black", linewidth=1.6, zorder=4, scalex=False, scaley=False)
    if lone(y).any():
        ax.plot(x[lone(y)], y[lone(y)], "D", ms=3, color="black", zorder=4, scalex=False, scaley=False)
    curve = Line2D([], [], color="black", linewidth=1.6)
    if not veil:
        return {name: curve}
    ax.fill_between(
        x, y, ax.get_ylim()[1], facecolor="none", edgecolor="white", hatch="////", linewidth=0, zorder=2
    )
    excluded = Patch(facecolor="0.55", edgecolor="white", hatch="////", linewidth=0)
    return {name: curve, "excluded by it": excluded}


def mark_plane(ax: Axes, plane: Plane, taken: NDArray[np.bool_] | None = None) -> dict[str, Artist]:
    """Mark cells that are not certified, and those without an allowed point; return what the legend shows.

    Parameters
    ----------
    taken : ndarray (m, n) of bool, optional
        Cells without an allowed point that are coloured already.
    """
    status, (x, y) = plane.words("status"), plane.edges
    handles: dict[str, Artist] = {}
    doubtful = np.argwhere(status == "uncertified")
    if len(doubtful):
        # cells are too small for hatches
        (handles["not certified"],) = ax.plot(
            plane.at_x[doubtful[:, 1]],
            plane.at_y[doubtful[:, 0]],
            "o",
            ms=2.6,
            color=_INK,
            markerfacecolor="white",
            markeredgewidth=0.6,
            zorder=3,
        )
    failed = status == "failed" if taken is None else (status == "failed") & ~taken
    if failed.any():
        cells = np.ma.masked_not_equal(failed.astype(float), 1.0)
        ax.pcolormesh(x, y, cells, cmap=ListedColormap([FAILED]), rasterized=True, zorder=1)
        handles["no allowed point"] = Patch(facecolor=FAILED, edgecolor="0.6", linewidth=0.4)
    return handles
