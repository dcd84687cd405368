"""The posterior, pair by pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from math import floor, log10

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from darkmoment.plots.axis import Array, Axis
from darkmoment.plots.drawing import Drawing
from darkmoment.plots.style import COLUMN, CYCLE, printed, style

_CONTOURS = (0.68, 0.95)
_FILLS = ("#FFFFFF", "#C9DFEF", "#74ADD3")
"""Outside 95%, outside 68%, inside."""

_DASHES = (0, (3, 2))

_FEW = 6
"""Axes up to which panels are large enough for more bins and ticks."""

# inches
_LARGEST = 11.0
_MARGIN = 0.6
_LABEL = 0.36
_TOP = 0.36
_RIGHT = 0.2


def corner_figure(
    samples: Mapping[str, Array],
    axes: Sequence[Axis],
    level: float = 0.90,
    one_sided: AbstractSet[str] = frozenset(),
    limits: Mapping[str, float] | None = None,
) -> Figure:
    """Draw one- and two-dimensional marginal posteriors; contours hold 68% and 95%.

    Parameters
    ----------
    samples : mapping
        Name -> equally weighted samples, (n,); must hold every axis.
    axes : sequence of Axis
        What to draw, in this order; the logarithm where logarithmic.
    level : float
        Credible level of one-sided limits.
    one_sided : set of str
        Quantities quoted as an upper limit; all others as median and central 68%.
    limits : mapping, optional
        Upper limits known from more samples than these.

    Raises
    ------
    ValueError
        If no sample is drawable on every axis, or there are fewer than axes.
    """
    # corner imports arviz, which takes a second
    from corner import corner

    drawn = _drawable(samples, axes)
    n = len(axes)
    size = min(max(COLUMN, _MARGIN + 1.15 * n), _LARGEST)
    with style():
        fig = Drawing(figsize=(size, size))
        corner(
            drawn,
            bins=30 if n <= _FEW else 20,
            range=[_range(x) for x in drawn.T],
            fig=fig,
            color=CYCLE[0],
            levels=_CONTOURS,
            smooth=1.0,
            plot_datapoints=False,
            plot_density=False,
            fill_contours=True,
            hist_kwargs={"linewidth": 1.0},
            contour_kwargs={"linewidths": 0.6},
            contourf_kwargs={"colors": _FILLS},
            quiet=True,
        )
        grid = np.array(fig.axes, dtype=object).reshape(n, n)
        _lay_out(fig, grid, axes, size)
        for i, a in enumerate(axes):
            x, known = np.asarray(samples[a.name], dtype=float), (limits or {}).get(a.name)
            _quote(grid[i, i], a, x, level, a.name in one_sided, known)
        if n > 1:
            _explain(fig, level, bool(one_sided & {a.name for a in axes}))
        # ticks are made when first drawn: made here, they have this style
        fig.draw_without_rendering()
    return fig


def _drawable(samples: Mapping[str, Array], axes: Sequence[Axis]) -> Array:
    """Return the coordinates (n, number of axes) of samples that have a place on every axis."""
    drawn = np.column_stack([a.coordinate(samples[a.name]) for a in axes])
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    if len(drawn) < max(2, len(axes)):
        raise ValueError(
            f"{len(drawn)} of {len(samples[axes[0].name])} samples can be drawn on all {len(axes)} axes"
        )
    return drawn


def _range(x: Array) -> tuple[float, float]:
    """Return the drawn range: all but a sample in a thousand at either end; some width for a constant."""
    lower, upper = map(float, np.quantile(x, [0.001, 0.999]))
    if upper - lower > 1e-9 * max(abs(lower), abs(upper)):
        return lower, upper
    pad = max(0.5, 0.05 * abs(lower))
    return lower - pad, upper + pad


def _lay_out(fig: Figure, grid: NDArray[np.object_], axes: Sequence[Axis], size: float) -> None:
    """Set margins, ticks and labels in inches: corner's own are fractions of a panel."""
    n, few = len(axes), len(axes) <= _FEW
    left = _MARGIN if n > 1 else _RIGHT
    fig.subplots_adjust(
        left=left / size,
        bottom=_MARGIN / size,
        right=1 - _RIGHT / size,
        top=1 - _TOP / size,
        wspace=0.06,
        hspace=0.06,
    )
    for i in range(n):
        for j in range(i + 1):
            grid[i, j].tick_params(labelsize=7.5 if few else 6.5, length=2)
            grid[i, j].xaxis.set_major_locator(MaxNLocator(4 if few else 3, prune="both"))
            if i != j:
                grid[i, j].yaxis.set_major_locator(MaxNLocator(4 if few else 3, prune="both"))
    from_panel = -_LABEL * n / (size - _MARGIN)
    for i, axis in enumerate(axes):
        label = printed(axis.coordinate_text)
        grid[-1, i].set_xlabel(label, fontsize=9 if few else 8)
        grid[-1, i].xaxis.set_label_coords(0.5, from_panel)
        if i:
            grid[i, 0].set_ylabel(label, fontsize=9 if few else 8)
            grid[i, 0].yaxis.set_label_coords(from_panel, 0.5)


def _explain(fig: Figure, level: float, limits: bool) -> None:
    """Say in the empty corner what is drawn."""
    lines = [f"regions of {_CONTOURS[0]:.0%} and {_CONTOURS[1]:.0%}", "median and central 68%"]
    lines += [f"upper limit, {level:.0%}"] if limits else []
    handles = [
        Patch(facecolor=_FILLS[2], edgecolor=CYCLE[0], linewidth=0.6),
        Line2D([], [], color=CYCLE[0], linestyle=_DASHES, linewidth=0.7),
        Line2D([], [], color=CYCLE[3], linestyle=_DASHES, linewidth=0.7),
    ]
    fig.legend(
        handles[: len(lines)],
        lines,
        loc="upper right",
        title="posterior (depends on priors)",
        alignment="left",
        frameon=False,
    )


def _quote(ax: Axes, axis: Axis, x: Array, level: float, one_sided: bool, known: float | None = None) -> None:
    """Title and mark a diagonal panel: an upper limit, or the median with its central 68%."""
    x = x[~np.isnan(x)]
    if x.min() == x.max():
        ax.set_title(printed(f"${axis.label}$\n$={scientific(x[0])}$"), fontsize=7.5, pad=3)
        return
    if one_sided:
        limit = float(np.quantile(x, level)) if known is None else known
        text = f"${axis.label}$\n$<{scientific(limit)}$ ({level:.0%})"
        marks = axis.coordinate([limit])
    else:
        low, middle, high = marks = np.nanquantile(axis.coordinate(x), [0.16, 0.5, 0.84])
        digits = _decimals(high - low)
        log = r"\log_{10}" if axis.logarithmic else ""
        value, minus, plus = (f"{u:z.{digits}f}" for u in (middle, middle - low, high - middle))
        text = f"${log}{axis.label}$\n$={value}_{{-{minus}}}^{{+{plus}}}$"
    ax.set_title(printed(text), fontsize=7.5, pad=3)
    for u in marks[np.isfinite(marks)]:
        ax.axvline(u, color=CYCLE[3] if one_sided else CYCLE[0], linestyle=_DASHES, linewidth=0.7)


def _decimals(width: float) -> int:
    """Return how many decimals show a width to two digits."""
    return min(max(1 - floor(log10(width)), 0), 6) if width > 0 else 3


def scientific(value: float) -> str:
    r"""Format to two digits as mathematics: ``3.1\times10^{-14}``."""
    if value == 0 or 0.01 <= abs(value) < 1000:
        # 127 to two digits is 130, not 1.3e+02
        return f"{float(f'{value:.2g}'):g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return rf"{mantissa}\times10^{{{int(exponent)}}}"
