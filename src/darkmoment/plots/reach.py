"""How small a quantity each experiment alone can see: one bar for each, over what it forbids."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from darkmoment.levels import delta_chi2
from darkmoment.plots.axis import Axis
from darkmoment.plots.canvas import frame, settle, span
from darkmoment.plots.legend import place_legend
from darkmoment.plots.style import CYCLE, PAGE, printed, style

_HEIGHT = 0.62
_MEASURED, _PROJECTED = CYCLE[0], CYCLE[3]
_NOTE_WIDTH, _NOTE_SIZE = 105, 7.5


def reach_figure(table: pd.DataFrame, quantity: Axis, by: Axis, level: float) -> Figure:
    """Draw what each experiment forbids, from its reach up; projections hatched.

    Parameters
    ----------
    table : DataFrame
        Result of `tasks.reach.reach_table`: columns `label`, `status`, `outcome`, ``limit_<quantity>`` and
        ``level_<quantity>``.
    by : Axis
        The parameter that is moved.
    level : float
        Confidence level of the marks.

    Returns
    -------
    Figure
        The bar that begins lowest on top; what reaches nothing is named below.
    """
    limit, mark = (quantity.drawable(table[f"{edge}_{quantity.name}"]) for edge in ("limit", "level"))
    start = np.where(np.isfinite(limit), limit, mark)
    order = np.argsort(start, kind="stable")
    order = order[np.isfinite(start[order])]
    with style():
        fig = Figure(figsize=(0.75 * PAGE, 1.0 + 0.22 * max(len(order), 2)), layout="constrained")
        ax = fig.add_subplot()
        rank = np.arange(len(order))
        x_limits = span(np.concatenate([limit[order], mark[order]]), quantity, 0.08, 0.12)
        rows = Axis("row", "", logarithmic=False)
        frame(ax, quantity, rows, x_limits, (max(len(order), 1) - 0.5, -0.5))
        for place, i in zip(rank, order, strict=True):
            projected = table["status"].iloc[i] == "projected"
            _bar(ax, float(place), start[i], x_limits[1], projected)
            if np.isfinite(mark[i]):
                ax.plot(mark[i], place, "D", ms=3.6, color="black", markerfacecolor="white", zorder=3)
        ax.set_yticks(rank, [printed(_name(table["label"].iloc[i])) for i in order])
        ax.tick_params(axis="y", length=0, which="both")
        ax.set_ylabel("")
        ax.set_xlabel(printed(_said(quantity)))
        _below(fig, table, order, by)
        handles = _handles(level)
        place_legend(fig, ax, list(handles.values()), list(handles), [], inside=False)
        settle(fig)
    return fig


def _bar(ax: Axes, place: float, start: float, end: float, projected: bool) -> None:
    ax.barh(place, end - start, left=start, height=_HEIGHT, linewidth=0.8, **_look(projected))


def _look(projected: bool) -> dict[str, Any]:
    if projected:
        return {"facecolor": "white", "edgecolor": _PROJECTED, "hatch": "/////", "linestyle": "--"}
    return {"facecolor": _MEASURED, "edgecolor": _MEASURED, "alpha": 0.75}


def _handles(level: float) -> dict[str, Artist]:
    return {
        "beyond its own limit, measured": Patch(**_look(False)),
        "the same, projected": Patch(**_look(True)),
        rf"$\Delta\chi^2$ = {delta_chi2(level):.3g} ({level:.0%} CL)": Line2D(
            [], [], marker="D", ls="none", ms=3.6, color="black", markerfacecolor="white"
        ),
    }


def _said(quantity: Axis) -> str:
    """Return the label of the axis, with the name that answers and tables use where symbols hide it."""
    name = quantity.name.replace("_", r"\_")
    if quantity.label.startswith("|"):
        return rf"$|\mathrm{{{name}}}| = {quantity.text[1:]}"
    return quantity.text


def _name(label: str) -> str:
    """Return a label without what the hatching says."""
    return label.replace(", projected)", ")")


def _below(fig: Figure, table: pd.DataFrame, drawn: np.ndarray, by: Axis) -> None:
    """Name the experiments that have no bar, with the reason."""
    rest = table.drop(index=table.index[drawn])
    lines = []
    for outcome, words in (
        ("does not depend on it", f"Not moved by ${by.label}$"),
        ("says nothing", "Silent here"),
        ("not reached", f"Out of reach along ${by.label}$"),
    ):
        names = [_name(label) for label in rest.loc[rest["outcome"] == outcome, "label"]]
        if names:
            lines += wrap(f"{words}: {', '.join(dict.fromkeys(names))}", _NOTE_WIDTH)
    if lines:
        fig.supxlabel(printed("\n".join(lines)), x=0.02, ha="left", fontsize=_NOTE_SIZE)
        fig.set_figheight(fig.get_figheight() + len(lines) * 1.2 * _NOTE_SIZE / 72)
