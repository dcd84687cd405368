"""Profile limit and posterior in one plane: what the data forbid, and what the priors make of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from darkmoment.plots.axis import Array, Axis
from darkmoment.plots.canvas import SHADE, frame, lone, settle, shade_above, span
from darkmoment.plots.drawing import Drawing
from darkmoment.plots.legend import place_legend
from darkmoment.plots.style import COLUMN, CYCLE, printed, style

_BINS = 15
_CELLS = 50
_FEWEST_ABOVE = 5
"""Samples above a quantile below which it is not drawn."""

_DENSITY = LinearSegmentedColormap.from_list("density", ["#EAF3FA", "#5B9BD0", "#08306B"])


def profile_and_posterior_figure(
    table: pd.DataFrame,
    samples_along: Array,
    samples_quantity: Array,
    quantity: Axis,
    along: Axis,
    level: float,
    title: str,
) -> Figure:
    """Draw the profile limit, the posterior density, and the posterior limit in bins of `along`.

    Parameters
    ----------
    table : DataFrame
        Result of `maximise`: columns `along.name` and ``<quantity.name>_max``.
    samples_along, samples_quantity : ndarray (n,)
        Equally weighted posterior samples in physical units.
    level : float
        Level of both limits.
    title : str
        Printed above the axes.
    """
    table = table.sort_values(along.name)
    x, y = along.drawable(table[along.name]), quantity.drawable(table[f"{quantity.name}_max"])
    u, v = along.coordinate(samples_along), quantity.coordinate(samples_quantity)
    bulk = quantity.value(np.nanquantile(v, [0.01, 0.999])) if np.isfinite(v).any() else np.empty(0)
    with style():
        fig = Drawing(figsize=(COLUMN, 3.3), layout="constrained")
        ax = fig.add_subplot()
        x_limits = span(np.append(x, along.drawable(samples_along)), along, 0, 0)
        frame(ax, along, quantity, x_limits, span(np.append(y, bulk), quantity, 0.05, 0.1))
        shade_above(ax, x, y)
        _density(ax, u, v, quantity, along)
        (curve,) = ax.plot(x, y, color="black")
        ax.plot(x[lone(y)], y[lone(y)], ".", color="black")
        edges, steps = conditional_quantile(u, np.asarray(samples_quantity, dtype=float), level)
        stairs = ax.stairs(
            quantity.drawable(steps), along.value(edges), baseline=None, color=CYCLE[3], linewidth=1.4
        )
        handles = [curve, Patch(color=SHADE), stairs, Patch(color=_DENSITY(0.5))]
        labels = [
            f"profile likelihood, {level:.0%} CL",
            "excluded by it",
            f"posterior, {level:.0%} in each bin (depends on priors and ranges)",
            "posterior density",
        ]
        ax.set_title(printed(title), loc="left")
        place_legend(fig, ax, handles, labels, [], inside=False)
        settle(fig)
    return fig


def _density(ax: Axes, u: Array, v: Array, quantity: Axis, along: Axis) -> None:
    """Shade the density of samples per unit area on paper, logarithmically."""
    u_ends, v_ends = along.coordinate(ax.get_xlim()), quantity.coordinate(ax.get_ylim())
    known = np.isfinite(u) & np.isfinite(v)
    counts, u_edges, v_edges = np.histogram2d(u[known], v[known], bins=_CELLS, range=[u_ends, v_ends])
    if counts.any():
        ax.pcolormesh(
            along.value(u_edges),
            quantity.value(v_edges),
            np.ma.masked_equal(counts.T, 0),
            cmap=_DENSITY,
            norm=LogNorm(1, max(counts.max(), 2)),
            rasterized=True,
            zorder=0.8,
        )


def conditional_quantile(u: Array, values: Array, level: float, bins: int = _BINS) -> tuple[Array, Array]:
    """Return bin edges of u (bins + 1,) and the quantile of the values in each bin (bins,).

    NaN in bins with too few samples for the quantile to mean anything.
    """
    known = np.isfinite(u) & ~np.isnan(values)
    u, values = u[known], values[known]
    if not u.size:
        return np.linspace(0, 1, bins + 1), np.full(bins, np.nan)
    edges = np.histogram_bin_edges(u, bins)
    which = np.clip(np.searchsorted(edges, u, side="right") - 1, 0, bins - 1)
    found = [values[which == i] for i in range(bins)]
    return edges, np.array(
        [np.quantile(f, level) if len(f) * (1 - level) >= _FEWEST_ABOVE else np.nan for f in found]
    )
