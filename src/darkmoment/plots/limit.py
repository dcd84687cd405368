"""The largest allowed value of a quantity along a parameter: who forbids more, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from darkmoment.plots.axis import Array, Axis
from darkmoment.plots.canvas import (
    SHADE,
    frame,
    lone,
    mark_cells,
    runs,
    settle,
    shade_above,
    span,
    text_column,
)
from darkmoment.plots.legend import place_legend
from darkmoment.plots.style import COLUMN, colours, printed, style

_BOUND = re.compile(
    r"(?P<name>\S+) (?P<end>min|max) (?P<value>\S+) \((?P<by>[^ )]+)(?P<convention> convention)?\)"
)
_NOTE_WIDTH = 76
_NOTE_SIZE = 7.0
_NOTED_BOUNDS = 4


def limit_figure(
    table: pd.DataFrame,
    quantity: Axis,
    along: Axis,
    level: float,
    title: str,
    labels: Mapping[str, str] | None = None,
    projected: bool = False,
) -> Figure:
    """Draw the upper limit along a parameter, coloured by what forbids more.

    Parameters
    ----------
    table : DataFrame
        Result of `maximise`: columns `along.name`, ``<quantity.name>_max``, and where present
        `leading_experiment`, `status` and `at_bound`.
    level : float
        Confidence level.
    title : str
        Printed above the axes.
    labels : mapping, optional
        Experiment name -> name to print.
    projected : bool
        True where the fit holds an experiment that has not measured yet: the legend says so, as dashes mean
        something else here.

    Returns
    -------
    Figure
        One column wide. Dashed where the answer leans on parameter ranges, open markers where it is not
        certified, ticks at the bottom where no allowed point was found.
    """
    table = table.sort_values(along.name)
    x, y = along.drawable(table[along.name]), quantity.drawable(table[f"{quantity.name}_max"])
    leading, status = text_column(table, "leading_experiment"), text_column(table, "status")
    with style():
        fig = Figure(figsize=(COLUMN, 2.9), layout="constrained")
        ax = fig.add_subplot()
        y_limits = span(y, quantity, 0.08, 0.14)
        frame(ax, along, quantity, span(x, along, 0, 0), y_limits)
        shade_above(ax, x, y)
        known = np.isfinite(x) & np.isfinite(y)
        handles = _segments(ax, x, y, leading, status == "range", (quantity, along), labels or {})
        handles |= mark_cells(ax, x, y, status)
        if (known & ~lone(y)).any():
            what = "excluded (projected)" if projected else "excluded"
            handles[f"{what}, {level:.0%} CL"] = Patch(color=SHADE)
        ax.set_title(printed(title), loc="left")
        note = range_note(status, text_column(table, "at_bound"))
        if note:
            lines = wrap(note, _NOTE_WIDTH)
            fig.supxlabel("\n".join(lines), x=0.02, ha="left", fontsize=_NOTE_SIZE)
            fig.set_figheight(fig.get_figheight() + len(lines) * 1.2 * _NOTE_SIZE / 72)
        place_legend(fig, ax, list(handles.values()), list(handles), [(x, y)])
        settle(fig)
    return fig


def _segments(
    ax: Axes,
    x: Array,
    y: Array,
    leading: np.ndarray,
    leans: np.ndarray,
    axes: tuple[Axis, Axis],
    labels: Mapping[str, str],
) -> dict[str, Artist]:
    """Draw the curve in stretches that meet halfway between cells; return what the legend shows."""
    quantity, along = axes
    known = np.isfinite(x) & np.isfinite(y)
    names = list(dict.fromkeys(leading[known]))
    colour_of = colours(names)
    u, v = along.coordinate(x), quantity.coordinate(y)
    # halfway points are NaN beside a gap and then end the stretch at the cell itself
    middle_x, middle_y = along.value((u[:-1] + u[1:]) / 2), quantity.value((v[:-1] + v[1:]) / 2)
    for first, end in runs(list(zip(leading, leans, known, strict=True))):
        if known[first]:
            part_x = np.concatenate(
                [middle_x[first - 1 : first] if first else [], x[first:end], middle_x[end - 1 : end]]
            )
            part_y = np.concatenate(
                [middle_y[first - 1 : first] if first else [], y[first:end], middle_y[end - 1 : end]]
            )
            dashes = (0, (3, 1)) if leans[first] else "solid"
            ax.plot(part_x, part_y, color=colour_of[leading[first]], linestyle=dashes)
    for i in np.flatnonzero(lone(np.where(known, y, np.nan))):
        ax.plot(x[i], y[i], ".", color=colour_of[leading[i]])
    handles: dict[str, Artist] = {
        _spoken(name, labels): Line2D([], [], color=colour_of[name]) for name in names
    }
    if leans[known].any():
        handles["dashed: leans on ranges"] = Line2D([], [], color="0.3", linestyle=(0, (3, 1)))
    return handles


def _spoken(name: str, labels: Mapping[str, str]) -> str:
    if name == "range":
        return "ranges alone"
    return " + ".join(labels.get(part, part) for part in name.split("+")) or "not named"


def range_note(status: np.ndarray, at_bound: np.ndarray) -> str:
    """Say which ranges the answer leans on, where most answered cells do; empty otherwise.

    Parameters
    ----------
    status, at_bound : ndarray (n,) of str
        Columns of the table of `maximise`; a bound reads ``m_E max 1e+04 (+2.00)``.
    """
    answered = (status != "failed") & (status != "")
    leans = status == "range"
    if not leans.any() or 2 * leans.sum() <= answered.sum():
        return ""
    found: dict[tuple[str, str], list[float]] = {}
    for text in at_bound[leans]:
        for match in _BOUND.finditer(text):
            key = (
                f"{match['name']} {match['end']} {match['value']}",
                ", convention" if match["convention"] else "",
            )
            found.setdefault(key, []).append(float(match["by"]))
    parts = []
    for (bound, convention), by in sorted(found.items(), key=lambda item: -max(map(abs, item[1])))[
        :_NOTED_BOUNDS
    ]:
        low, high = f"{min(by):+.2f}", f"{max(by):+.2f}"
        parts.append(f"{bound} ({low if low == high else f'{low} to {high}'}{convention})")
    leaned_on = f": leans on {'; '.join(parts)}" if parts else ""
    more = " ..." if len(found) > _NOTED_BOUNDS else ""
    return f"Range-driven in {leans.sum()} of {len(status)} cells{leaned_on}{more}"
