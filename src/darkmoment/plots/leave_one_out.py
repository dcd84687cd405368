"""What each experiment does for a limit: the limit without it, beside the one by all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from darkmoment.plots.axis import Axis
from darkmoment.plots.canvas import (
    SHADE,
    frame,
    lone,
    mark_cells,
    settle,
    shade_above,
    span,
    text_column,
)
from darkmoment.plots.drawing import Drawing
from darkmoment.plots.legend import place_legend
from darkmoment.plots.overlay import Overlay, draw_overlays, seen
from darkmoment.plots.style import COLUMN, colours, printed, style

Handle = Artist | tuple[Artist, ...]

NONE = "none"
UNCHANGED = 0.01
"""Relative change of a limit below which it is said to be the same."""

_RATIO_NAME = "ratio"
_WIDE_RATIO = 3.0
_DASHES = ("solid", (0, (5, 1.2)), (0, (5, 1.2, 1.2, 1.2)), (0, (3, 1, 1, 1, 1, 1)))
_BARE = (0, (1, 1.1))
_NOTE_WIDTH, _NOTE_SIZE = 76, 7.0


def leave_one_out_figure(
    table: pd.DataFrame,
    quantity: Axis,
    along: Axis | None,
    level: float,
    title: str,
    labels: Mapping[str, str] | None = None,
    overlays: Sequence[Overlay] = (),
) -> Figure:
    """Draw the limit by all experiments and without each, and below it their ratio.

    Parameters
    ----------
    table : DataFrame
        Result of `leave_one_out`: columns `without` ('none' for the full fit), `along.name`,
        ``<quantity.name>_max``, `ratio`, and where present `leading_experiment` and `status`.
    along : Axis or None
        None draws one limit per experiment left out, below one another.
    level : float
        Confidence level.
    title : str
        Printed above the axes.
    labels : mapping, optional
        Experiment name -> name to print.
    overlays : sequence of Overlay
        Curves of the user's own, beside the limits.

    Returns
    -------
    Figure
        One column wide; what changes nothing is named below instead of drawn over the full limit.
    """
    labels = labels or {}
    with style():
        if along is None:
            fig = _overall(table, quantity, level, labels)
        else:
            table = table.sort_values(along.name, kind="stable")
            fig = _curves(table, quantity, along, level, labels, overlays)
        fig.axes[0].set_title(printed(title), loc="left")
        settle(fig)
    return fig


def unchanged(table: pd.DataFrame) -> list[str]:
    """Return the experiments without which the limit is the same in every cell, within 1%."""
    names = [name for name in dict.fromkeys(table["without"]) if name != NONE]
    ratios = {name: table.loc[table["without"] == name, _RATIO_NAME].dropna() for name in names}
    return [name for name, r in ratios.items() if len(r) and (abs(r - 1) < UNCHANGED).all()]


def _curves(
    table: pd.DataFrame,
    quantity: Axis,
    along: Axis,
    level: float,
    labels: Mapping[str, str],
    overlays: Sequence[Overlay],
) -> Figure:
    same = unchanged(table)
    names = [name for name in dict.fromkeys(table["without"]) if name != NONE and name not in same]
    drawn = table[table["without"].isin([NONE, *names])]
    x_limits = span(along.drawable(drawn[along.name]), along, 0, 0)
    values, ratio = quantity.drawable(drawn[f"{quantity.name}_max"]), _ratio_axis(drawn)
    fig = Drawing(figsize=(COLUMN, 3.6), layout="constrained")
    top, below = fig.subplots(2, 1, sharex=True, height_ratios=[2.2, 1])
    values = seen(values, overlays, along, quantity, drawn[along.name])
    frame(top, along, quantity, x_limits, span(values, quantity, 0.06, 0.1))
    frame(below, along, ratio, x_limits, span(ratio.drawable([*drawn[_RATIO_NAME], 1.0]), ratio, 0.1, 0.15))
    top.set_xlabel("")
    top.tick_params(labelbottom=False)
    full = drawn[drawn["without"] == NONE]
    x, y = along.drawable(full[along.name]), quantity.drawable(full[f"{quantity.name}_max"])
    shade_above(top, x, y)
    (line,) = top.plot(x, y, color="black", zorder=3)
    top.plot(x[lone(y)], y[lone(y)], ".", color="black", zorder=3)
    below.axhline(1.0, color="black", linewidth=1.0, zorder=3)
    handles: dict[str, Handle] = {"all experiments": (Patch(color=SHADE), line)}
    handles |= mark_cells(top, x, y, text_column(full, "status"))
    own = colours(names)
    for k, name in enumerate(names):
        rows = drawn[drawn["without"] == name]
        handles[f"without {labels.get(name, name)}"] = _draw(top, below, rows, quantity, along, own[name], k)
        y = quantity.drawable(rows[f"{quantity.name}_max"])
        handles |= mark_cells(top, along.drawable(rows[along.name]), y, text_column(rows, "status"))
    if (text_column(drawn, "leading_experiment") == "range").any():
        handles["ranges alone"] = Line2D([], [], color="0.3", linestyle=_BARE, linewidth=1.4)
    handles |= draw_overlays(top, overlays, along, quantity)
    if same:
        _note(fig, f"Unchanged within 1% without {', '.join(labels.get(n, n) for n in same)}")
    title = f"upper limits, {level:.0%} CL"
    place_legend(fig, top, list(handles.values()), list(handles), [], title, inside=False)
    return fig


def _ratio_axis(table: pd.DataFrame) -> Axis:
    r = table[_RATIO_NAME].to_numpy(dtype=float)
    r = r[np.isfinite(r) & (r > 0)]
    wide = bool(r.size and (r.max() > _WIDE_RATIO or r.min() < 1 / _WIDE_RATIO))
    return Axis(_RATIO_NAME, r"\mathrm{ratio\ to\ all}", logarithmic=wide)


def _draw(
    top: Axes, below: Axes, rows: pd.DataFrame, quantity: Axis, along: Axis, colour: str, k: int
) -> Artist:
    """Draw one limit in both panels, dotted where only ranges hold it; return what the legend shows."""
    x = along.drawable(rows[along.name])
    bare = text_column(rows, "leading_experiment") == "range"
    dashes = _DASHES[k % len(_DASHES)]
    for ax, values in (
        (top, quantity.drawable(rows[f"{quantity.name}_max"])),
        (below, rows[_RATIO_NAME].to_numpy(dtype=float)),
    ):
        # the dotted stretch takes over at the last cell of the other
        held = np.where(bare & ~_beside(~bare), np.nan, values)
        free = np.where(bare, values, np.nan)
        ax.plot(x, held, color=colour, linestyle=dashes, linewidth=1.4)
        ax.plot(x, free, color=colour, linestyle=_BARE, linewidth=1.4)
        ax.plot(x[lone(values)], values[lone(values)], ".", color=colour)
    return Line2D([], [], color=colour, linestyle=dashes, linewidth=1.4)


def _beside(flags: np.ndarray) -> np.ndarray:
    """Return where a cell or one next to it has a flag."""
    padded = np.concatenate([[False], flags, [False]])
    return padded[:-2] | padded[1:-1] | padded[2:]


def _overall(table: pd.DataFrame, quantity: Axis, level: float, labels: Mapping[str, str]) -> Figure:
    """Draw one limit per experiment left out, below one another."""
    table = table.reset_index(drop=True)
    values = quantity.drawable(table[f"{quantity.name}_max"])
    own = colours([n for n in table["without"] if n != NONE]) | {NONE: "black"}
    rank = np.arange(len(table), dtype=float)
    fig = Drawing(figsize=(COLUMN, 1.1 + 0.24 * len(table)), layout="constrained")
    ax = fig.add_subplot()
    rows = Axis("row", "", logarithmic=False)
    frame(ax, quantity, rows, span(values, quantity, 0.08, 0.18), (len(table) - 0.5, -0.5))
    whole = values[(table["without"] == NONE).to_numpy()]
    if np.isfinite(whole).any():
        ax.axvline(float(whole[0]), color="black", linewidth=0.8, zorder=1)
    bare = text_column(table, "leading_experiment") == "range"
    for i, name in enumerate(table["without"]):
        fill = "white" if bare[i] else own[name]
        ax.plot(values[i], rank[i], "D", ms=4.5, color=own[name], markerfacecolor=fill)
        ratio = table[_RATIO_NAME][i]
        if name != NONE and np.isfinite(values[i]) and np.isfinite(ratio):
            text = "unchanged" if abs(ratio - 1) < UNCHANGED else rf"$\times\,${ratio:.3g}"
            ax.annotate(
                text,
                (1, rank[i]),
                (4, 0),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
    ax.set_yticks(
        rank, ["all experiments" if n == NONE else f"without {labels.get(n, n)}" for n in table["without"]]
    )
    ax.tick_params(axis="y", length=0, which="both")
    ax.set_xlabel(f"{level:.0%} upper limit on {ax.get_xlabel()}")
    ax.set_ylabel("")
    if bare.any():
        _note(fig, "Open: no experiment forbids more, only ranges do")
    return fig


def _note(fig: Figure, text: str) -> None:
    lines = wrap(text, _NOTE_WIDTH)
    fig.supxlabel("\n".join(lines), x=0.02, ha="left", fontsize=_NOTE_SIZE)
    fig.set_figheight(fig.get_figheight() + len(lines) * 1.2 * _NOTE_SIZE / 72)
