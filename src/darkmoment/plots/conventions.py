"""The same limit with every shape: the limits, and their ratio to the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from darkmoment.plots.axis import Axis
from darkmoment.plots.canvas import frame, lone, mark_cells, settle, span, text_column
from darkmoment.plots.drawing import Drawing
from darkmoment.plots.legend import place_legend
from darkmoment.plots.overlay import Overlay, draw_overlays, seen
from darkmoment.plots.style import COLUMN, CYCLE, printed, style

_RATIO = Axis("ratio_to_default", r"\mathrm{ratio\ to\ default}", logarithmic=False)
_Look = tuple[str, str | tuple[int, tuple[float, ...]], float]

_LOOKS: Mapping[str, _Look] = {
    "as_it_is": ("black", (0, (1, 1.5)), 2.6),
    "half_gaussian": (CYCLE[0], "-", 1.4),
    "limit_and_sensitivity": (CYCLE[2], "--", 1.4),
    "counting": (CYCLE[1], "-.", 1.4),
    "step": (CYCLE[3], (0, (5, 1, 1, 1, 1, 1)), 1.4),
}
_NAMES = {"as_it_is": "fit as it is", "half_gaussian": "half_gaussian (default)"}


def conventions_figure(
    table: pd.DataFrame,
    quantity: Axis,
    along: Axis | None,
    level: float,
    title: str = "",
    overlays: Sequence[Overlay] = (),
) -> Figure:
    """Draw the answers of `compare_conventions`.

    Parameters
    ----------
    table : DataFrame
        Columns `convention`, `ratio_to_default`, `status`, `<quantity>_max` and the along parameter.
    quantity, along : Axis
        Without `along`, or with a single value of it, the answers are drawn as points, one line each.
    title : str
        The fit, as its label.
    overlays : sequence of Overlay
        Curves of the user's own, beside the limits.

    Returns
    -------
    Figure
        One column wide.
    """
    with style():
        if along is None:
            return _points(table, quantity, level, title)
        if len(set(table[along.name])) == 1:
            held = "".join(f"${along.label}$ = {x:.4g} {along.printed_unit}" for x in table[along.name][:1])
            return _points(table, quantity, level, ", ".join(filter(None, (title, held.rstrip()))))
        return _curves(table, quantity, along, level, title, overlays)


def _curves(
    table: pd.DataFrame,
    quantity: Axis,
    along: Axis,
    level: float,
    title: str,
    overlays: Sequence[Overlay],
) -> Figure:
    fig = Drawing(figsize=(COLUMN, 4.2), layout="constrained")
    top, bottom = fig.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    column = f"{quantity.name}_max"
    names = list(dict.fromkeys(table["convention"]))
    x_limits = span(table[along.name], along, 0, 0)
    values = seen(table[column], overlays, along, quantity, table[along.name])
    frame(top, along, quantity, x_limits, span(values, quantity, 0.06, 0.06))
    frame(bottom, along, _RATIO, x_limits, _ratio_limits(table["ratio_to_default"]))
    top.set_xlabel("")
    bottom.yaxis.set_major_locator(MaxNLocator(5))
    handles: dict[str, Artist] = {}
    drawn = []
    for name in names:
        part = table[table["convention"] == name].sort_values(along.name)
        x, y = along.drawable(part[along.name]), quantity.drawable(part[column])
        color, line, width = _look(name, names)
        for ax, values in ((top, y), (bottom, _RATIO.drawable(part["ratio_to_default"]))):
            (handle,) = ax.plot(x, values, color=color, linestyle=line, linewidth=width)
            ax.plot(x[lone(values)], values[lone(values)], ".", color=color)
        handles[_NAMES.get(name, name)] = handle
        handles |= mark_cells(top, x, y, text_column(part, "status"))
        drawn.append((x, y))
    handles |= draw_overlays(top, overlays, along, quantity)
    drawn += [o.path(along, quantity) for o in overlays]
    heading = f"{title}, {level:.0%} CL" if title else f"upper limits, {level:.0%} CL"
    place_legend(fig, top, list(handles.values()), list(handles), drawn, printed(heading))
    settle(fig)
    return fig


def _points(table: pd.DataFrame, quantity: Axis, level: float, title: str) -> Figure:
    """Draw one answer per line: what has no curve."""
    values = quantity.drawable(table[f"{quantity.name}_max"])
    names = list(table["convention"])
    fig = Drawing(figsize=(COLUMN, 0.9 + 0.24 * len(table)), layout="constrained")
    ax = fig.add_subplot()
    rows = Axis("row", "", logarithmic=False)
    frame(ax, quantity, rows, span(values, quantity, 0.08, 0.08), (len(table) - 0.5, -0.5))
    status = text_column(table, "status")
    remarks = {"uncertified": " (not certified)", "failed": " (no allowed point)"}
    for i, (name, value) in enumerate(zip(names, values, strict=True)):
        color, _, _ = _look(name, names)
        face = "white" if status[i] in remarks else color
        ax.plot([value], [i], "o", ms=5, color=color, markerfacecolor=face)
    labels = [_NAMES.get(name, name) + remarks.get(s, "") for name, s in zip(names, status, strict=True)]
    ax.set_yticks(range(len(table)), labels)
    ax.tick_params(axis="y", which="both", length=0)
    ax.grid(axis="y", color="0.9", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_ylabel("")
    ax.set_title(printed(f"{title}, {level:.0%} CL" if title else f"upper limits, {level:.0%} CL"))
    settle(fig)
    return fig


def _look(name: str, names: list[str]) -> _Look:
    spare = CYCLE[4 + names.index(name) % (len(CYCLE) - 4)]
    return _LOOKS.get(name, (spare, "-", 1.4))


def _ratio_limits(ratio: pd.Series) -> tuple[float, float]:
    found = ratio[np.isfinite(ratio)]
    low, high = min(0.9, found.min() if len(found) else 1), max(1.1, found.max() if len(found) else 1)
    margin = 0.08 * (high - low)
    return low - margin, high + margin
