"""The largest value step by step: one bar per fit, with what shortened it."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from darkmoment.plots.axis import Axis
from darkmoment.plots.canvas import frame, settle, span, text_column
from darkmoment.plots.drawing import Drawing
from darkmoment.plots.style import CYCLE, PAGE, colour, colours, printed, style

_ROW = 0.36
_WORDS = 66
_LABELLED = 6
_LINES = 3
"""Lines of words that a row holds."""

_HATCHES = ("", "////", "....", "xxxx", "----", "||||")
_NUMBER = 0.17  # width of a number, of that of the column of words


def bar_looks(killers: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return a colour and a hatch for each experiment, no two alike; grey where none is named."""
    names = list(dict.fromkeys(name for name in killers if name))
    own = colours(names)
    spare = ((c, hatch) for hatch in _HATCHES[1:] for c in dict.fromkeys(CYCLE) if c != colour("range"))
    looks = {"": (colour("range"), "")}
    for name, c in own.items():
        taken = (c, "") in looks.values()
        looks[name] = next(spare, (c, _HATCHES[-1])) if taken else (c, "")
    return looks


def waterfall_figure(table: pd.DataFrame, quantity: Axis, level: float, title: str) -> Figure:
    """Draw one bar per step, from the left, and beside it what took away the maximum before.

    Parameters
    ----------
    table : DataFrame
        Result of `waterfall`.
    quantity : Axis
        What was maximised.
    level : float
        Confidence level.
    title : str
        Printed above the axes.

    Returns
    -------
    Figure
        Two columns wide; open bars are not certified, a cross stands where nothing is allowed.
    """
    values = quantity.drawable(table[f"{quantity.name}_max"])
    status, killers = text_column(table, "status"), text_column(table, "killed_by")
    reasons = text_column(table, "killed_because")
    lines = [wrap(printed(reason.replace(" +- ", "\u00a0±\u00a0")), _WORDS) for reason in reasons]
    heights = np.array([max(1.0, len(text) / _LINES) for text in lines])
    rows = np.cumsum(heights) - heights / 2 - 0.5
    looks = bar_looks([killer.split("+")[0] for killer in killers])
    with style():
        fig = Drawing(figsize=(PAGE, 0.9 + _ROW * heights.sum()), layout="constrained")
        ax, words = fig.subplots(1, 2, sharey=True, width_ratios=[1, 1.3])
        limits = span(values, quantity, 0.12, 0.05)
        frame(ax, quantity, Axis("row", "", logarithmic=False), limits, (heights.sum() - 0.45, -0.55))
        for i, value in enumerate(values):
            own, hatch = looks[killers[i].split("+")[0]]
            if np.isfinite(value):
                left = limits[0] if quantity.logarithmic else 0.0
                sure = status[i] in ("certified", "range")
                look = {"color": own, "ec": "white"} if sure else {"color": "white", "ec": own}
                (bar,) = ax.barh(rows[i], value - left, left=left, height=0.62, hatch=hatch, **look)
                bar.set_linewidth(0.0 if sure else 1.0)
            else:
                ax.plot(0.02, rows[i], "x", color=own, transform=ax.get_yaxis_transform())
        if quantity.logarithmic:
            ax.xaxis.set_major_locator(LogLocator(numticks=_LABELLED))
        ax.set_yticks(rows, [printed(str(v)) for v in table["variant"]])
        ax.tick_params(axis="y", length=0, which="both")
        ax.set_xlabel(f"largest {ax.get_xlabel()}, {level:.0%} CL")
        ax.set_ylabel("")
        words.axis("off")
        for i, value in enumerate(values):
            number = f"{value:.2e}" if np.isfinite(value) else "none"
            words.text(0.0, rows[i], number, va="center", fontsize=7)
            words.text(_NUMBER, rows[i], "\n".join(lines[i]), va="center", fontsize=6, linespacing=1.1)
        words.set_xlim(0, 1)
        ax.set_title(printed(title), loc="left")
        settle(fig)
    return fig
