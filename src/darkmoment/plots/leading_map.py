"""Which experiment objects most, over two parameters or observables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from darkmoment.plots.axis import Axis
from darkmoment.plots.canvas import settle
from darkmoment.plots.drawing import Drawing
from darkmoment.plots.legend import place_legend
from darkmoment.plots.overlay import Overlay, draw_overlays
from darkmoment.plots.plane import Plane, draw_limit, mark_plane
from darkmoment.plots.style import COLUMN, colours, printed, style

NOTICED = 0.1
"""Delta chi2 below which no experiment is said to object."""

_NONE, _NOTHING = "none", "#F7F7F5"
_OTHER, _MIXED = "other combinations", "#B5A48B"
_RARE = 0.005
"""Share of the coloured cells below which a combination of experiments gets no colour of its own."""

_NAMED = 9
_JOINED = r"\\\\\\"


def leading_map_figure(
    table: pd.DataFrame,
    x: Axis,
    y: Axis,
    title: str,
    limits: pd.DataFrame | None = None,
    level: float = 0.90,
    labels: Mapping[str, str] | None = None,
    overlays: Sequence[Overlay] = (),
) -> Figure:
    """Colour each cell by the experiment whose chi2 grows most above the smallest at the same x.

    Parameters
    ----------
    table : DataFrame
        Result of `profile_map`: columns `x.name`, `y.name`, `leading_experiment` (names joined with '+'),
        `delta_chi2_at_x` and where present `status`.
    title : str
        Printed above the axes.
    limits : DataFrame, optional
        Upper limit on y at each x: columns `x.name`, ``<y.name>_max``.
    level : float
        Its confidence level.
    labels : mapping, optional
        Experiment name -> name to print.
    overlays : sequence of Overlay
        Curves of the user's own.
    """
    plane = Plane.of(table, x, y)
    names, kinds = _categories(plane)
    with style():
        fig = Drawing(figsize=(COLUMN, 2.9), layout="constrained")
        ax = fig.add_subplot()
        plane.frame(ax)
        handles = _paint(ax, plane, names, kinds, labels or {})
        if limits is not None:
            name = f"{level:.0%} limit at each {printed(f'${x.label}$')}"
            handles |= draw_limit(ax, plane, limits, name, veil=False)
        handles |= mark_plane(ax, plane, kinds >= 0)
        handles |= draw_overlays(ax, overlays, x, y)
        ax.set_title(printed(title), loc="left")
        legend = rf"largest rise of $\chi^2$ above the smallest at the same {printed(f'${x.label}$')}"
        place_legend(fig, ax, list(handles.values()), list(handles), [], legend, inside=False)
        settle(fig)
    return fig


def _paint(
    ax: Axes, plane: Plane, names: list[str], kinds: np.ndarray, labels: Mapping[str, str]
) -> dict[str, Artist]:
    """Colour the cells by their category; return what the legend shows."""
    colour_of = {**colours([n for n in names if n not in ("", _OTHER)]), "": _NOTHING, _OTHER: _MIXED}
    palette = ListedColormap([colour_of[name] for name in names] or [_NOTHING])
    drawn, norm = np.ma.masked_less(kinds, 0), Normalize(-0.5, len(names) - 0.5)
    ax.pcolormesh(*plane.edges, drawn, cmap=palette, norm=norm, rasterized=True, zorder=0.5)
    # hatches tell several experiments from one where colours are hard to tell apart
    joined = np.isin(kinds, [k for k, name in enumerate(names) if "+" in name])
    hatches: dict[str, Any] = {"facecolor": "none", "edgecolor": "white", "linewidth": 0, "hatch": _JOINED}
    if joined.any():
        cells = np.ma.masked_where(~joined, kinds)
        ax.pcolor(*plane.edges, cells, rasterized=True, zorder=0.6, **hatches)
    handles: dict[str, Artist] = {}
    for name in names:
        look: dict[str, Any] = {"edgecolor": "0.6", "linewidth": 0.4} if name == "" else {"linewidth": 0}
        look |= hatches if "+" in name else {}
        handles[_spoken(name, labels)] = Patch(**(look | {"facecolor": colour_of[name]}))
    return handles


def _categories(plane: Plane) -> tuple[list[str], np.ndarray]:
    """Return the categories, most frequent first, and each cell's (-1 where there is none), shape (m, n)."""
    leading, rise = plane.words("leading_experiment"), plane.numbers("delta_chi2_at_x")
    # beyond a hard limit nothing is allowed, and yet it is known what forbids it
    named = ~np.isin(leading, ["", _NONE, "range"])
    known = (np.isfinite(rise) & (plane.words("status") != "failed")) | ((rise == np.inf) & named)
    sorted_names = np.vectorize(lambda name: "+".join(sorted(str(name).split("+"))), otypes=[object])
    kind = np.where(rise > NOTICED, sorted_names(leading) if leading.size else leading, "")
    kind = np.where(kind == _NONE, "", kind)
    counts = pd.Series(kind[known & (kind != "")]).value_counts()
    kept = counts[counts > _RARE * counts.sum()].index[:_NAMED].tolist()
    names = [*kept]
    if len(kept) < len(counts):
        kind = np.where((kind != "") & ~np.isin(kind, kept), _OTHER, kind)
        names.append(_OTHER)
    if (known & (kind == "")).any():
        names.append("")
    index = {name: k for k, name in enumerate(names)}
    cells = [
        [index.get(name, -1) if ok else -1 for name, ok in zip(*row, strict=True)]
        for row in zip(kind, known, strict=True)
    ]
    return names, np.array(cells, dtype=float).reshape(kind.shape)


def _spoken(name: str, labels: Mapping[str, str]) -> str:
    special = {"": "nothing objects", "range": "ranges alone", _OTHER: _OTHER}
    return special.get(name) or " + ".join(labels.get(part, part) for part in name.split("+"))
