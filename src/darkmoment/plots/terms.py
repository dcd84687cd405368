"""chi2 of each experiment at a point: what objects to it, and how much."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from darkmoment.levels import delta_chi2
from darkmoment.plots.axis import Axis
from darkmoment.plots.canvas import frame, settle
from darkmoment.plots.drawing import Drawing
from darkmoment.plots.style import COLUMN, CYCLE, printed, style

_LEVEL = 0.90
_LEAST = 1e-4
"""chi2 below which nothing is said to object."""

_CAP = 25.0
"""chi2 at which bars are cut, five standard deviations: the number beside one says how much it is."""


def terms_figure(chi2: Mapping[str, float], title: str, labels: Mapping[str, str] | None = None) -> Figure:
    """Draw chi2 of each term at one point as bars, with its value beside it.

    Parameters
    ----------
    chi2 : mapping of str to float
        Term -> -2 ln(L/L_best), inf where a hard limit is broken.
    title : str
        Printed above the axes.
    labels : mapping, optional
        Experiment name -> name to print.
    """
    names, values = list(chi2), np.array(list(chi2.values()), dtype=float)
    seen = np.where(np.isnan(values), 0.0, np.minimum(values, _CAP))
    rows = np.arange(len(names), dtype=float)
    top = max(1.2 * float(seen.max(initial=0.0)), 1.2 * delta_chi2(_LEVEL))
    x, y = Axis("chi2", r"\chi^2", logarithmic=False), Axis("term", "", logarithmic=False)
    with style():
        fig = Drawing(figsize=(COLUMN, 0.9 + 0.24 * max(len(names), 1)), layout="constrained")
        ax = fig.add_subplot()
        frame(ax, x, y, (0.0, top), (len(names) - 0.4, -0.6))
        ax.barh(rows, seen, height=0.6, color=CYCLE[0])
        ax.axvline(delta_chi2(_LEVEL), color="0.4", linestyle=(0, (3, 2)), linewidth=0.8)
        for row, value in zip(rows, values, strict=True):
            ax.annotate(
                _spoken(float(value)),
                (1, row),
                (4, 0),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
        ax.set_yticks(rows, [printed((labels or {}).get(name, name)) for name in names])
        ax.tick_params(axis="y", length=0, which="both")
        ax.set_ylabel("")
        ax.set_xlabel(rf"$\chi^2$ (dashed: {_LEVEL:.0%} CL of one experiment alone)")
        ax.set_title(printed(title), loc="left")
        settle(fig)
    return fig


def _spoken(value: float) -> str:
    if np.isnan(value):
        return "not known"
    if value == np.inf:
        return "excluded"
    return f"{value:.0f}" if 100 <= value < 1e6 else f"{value:.3g}" if value >= _LEAST else "0"
