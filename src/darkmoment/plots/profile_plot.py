"""The profile likelihood of a parameter or observable, in one dimension."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from darkmoment.levels import delta_chi2
from darkmoment.plots.axis import Axis
from darkmoment.plots.canvas import frame, lone, mark_cells, settle, span, text_column
from darkmoment.plots.drawing import Drawing
from darkmoment.plots.legend import place_legend
from darkmoment.plots.overlay import Overlay, draw_overlays
from darkmoment.plots.style import COLUMN, CYCLE, printed, style

LEVELS = (0.68, 0.90, 0.95)
_TOP = 10.0
DELTA_CHI2 = Axis("delta_chi2", r"\Delta\chi^2", logarithmic=False)


def shown(table: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis of Delta chi2: only the part near the minimum decides an interval."""
    rise = DELTA_CHI2.drawable(table["delta_chi2"])
    top = min(_TOP, max(float(np.nanmax(rise, initial=0.0)), delta_chi2(LEVELS[-1])) * 1.1)
    return -0.03 * top, top


def profile_figure(table: pd.DataFrame, x: Axis, title: str = "", overlays: Sequence[Overlay] = ()) -> Figure:
    """Draw Delta chi2 against x with the thresholds of 68, 90 and 95%.

    Parameters
    ----------
    table : DataFrame
        Result of `profile`: columns `x.name`, `delta_chi2` and where present `status`.
    title : str
        Printed above the axes.
    overlays : sequence of Overlay
        Curves of the user's own.
    """
    table = table.sort_values(x.name)
    at, rise = x.drawable(table[x.name]), DELTA_CHI2.drawable(table["delta_chi2"])
    with style():
        fig = Drawing(figsize=(COLUMN, 2.6), layout="constrained")
        ax = fig.add_subplot()
        frame(ax, x, DELTA_CHI2, span(at, x, 0.02, 0.02), shown(table))
        for level in LEVELS:
            ax.axhline(delta_chi2(level), color="0.6", linewidth=0.7, zorder=1)
            ax.annotate(
                f"{level:.0%}",
                (1, delta_chi2(level)),
                (-10, 1.5),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="right",
                fontsize=7.5,
                color="0.35",
            )
        (line,) = ax.plot(at, rise, color=CYCLE[0])
        ax.plot(at[lone(rise)], rise[lone(rise)], ".", color=CYCLE[0])
        marks = mark_cells(ax, at, rise, text_column(table, "status"))
        marks |= draw_overlays(ax, overlays, x, DELTA_CHI2)
        if marks:
            handles = {"profile likelihood": line, **marks}
            place_legend(
                fig,
                ax,
                list(handles.values()),
                list(handles),
                [(at, rise), *(o.path(x, DELTA_CHI2) for o in overlays)],
            )
        ax.set_title(printed(title), loc="left")
        settle(fig)
    return fig
