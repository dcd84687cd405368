"""What the median experiment sees of an injected signal, and the signal each needs."""

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
from numpy.typing import NDArray

from darkmoment.plots.axis import Axis
from darkmoment.plots.canvas import SHADE, frame, settle, span
from darkmoment.plots.legend import place_legend
from darkmoment.plots.style import CYCLE, PAGE, printed, style

_SIGMA = Axis("sigma", r"\mathrm{significance}\ [\sigma]")
_FACTOR = Axis("factor", r"\mathrm{multiple\ of\ the\ injected\ signal}")
_ROWS = Axis("row", "", logarithmic=False)
_HEIGHT = 0.62
_LEAST_SIGMA, _LEAST_TOP = 0.1, 10.0
_MOST_FACTOR = 1e3
_MEASURED, _PROJECTED = CYCLE[0], CYCLE[3]
_NOTE_WIDTH, _NOTE_SIZE, _PANEL_SIZE = 118, 7.5, 8.5


def discovery_figure(table: pd.DataFrame, title: str) -> Figure:
    """Draw the significance of each experiment, and the multiples of the signal seen at 3 and 5 sigma.

    Parameters
    ----------
    table : DataFrame
        Result of `inference.discovery`: columns `label`, `status`, `sigma`, `sigma_asimov`, `signal_events`,
        `factor_3` and `factor_5`. A significance that is infinite is drawn as a bar to the edge, none as no
        bar, both with the events expected.
    title : str
        Printed above the axes.

    Returns
    -------
    Figure
        The experiment that needs the least signal on top; those that see next to nothing are named below.
    """
    seen = (table["sigma_asimov"] >= _LEAST_SIGMA) & (table["factor_3"] <= _MOST_FACTOR)
    drawn = table[seen].sort_values("factor_3", kind="stable").reset_index(drop=True)
    with style():
        fig = Figure(figsize=(PAGE, 1.35 + 0.24 * max(len(drawn), 2)), layout="constrained")
        left, right = fig.subplots(1, 2, sharey=True, width_ratios=[1, 1.1])
        rows = (max(len(drawn), 1) - 0.5, -0.5)
        _significances(left, drawn, rows)
        _needed(right, drawn, rows)
        left.set_yticks(np.arange(len(drawn)), [printed(_name(label)) for label in drawn["label"]])
        for ax in (left, right):
            ax.tick_params(axis="y", length=0, which="both")
        sees = "the injected signal, as the median experiment sees it"
        left.set_title(printed(f"{title}\n{sees}"), loc="left", fontsize=_PANEL_SIZE)
        right.set_title("the signal that a median experiment needs", loc="left", fontsize=_PANEL_SIZE)
        _below(fig, table[~seen])
        handles = _handles(drawn)
        place_legend(fig, right, list(handles.values()), list(handles), [], inside=False)
        settle(fig)
    return fig


def _significances(ax: Axes, drawn: pd.DataFrame, rows: tuple[float, float]) -> None:
    sigma = drawn["sigma"].to_numpy(dtype=float)
    known = sigma[np.isfinite(sigma)]
    top = max(_LEAST_TOP, 3 * float(known.max(initial=0.0)))
    frame(ax, _SIGMA, _ROWS, (_LEAST_SIGMA, top), rows)
    ax.set_ylabel("")
    for n in (3, 5):
        ax.axvline(n, color="0.6", linewidth=0.7, linestyle=(0, (1, 2)), zorder=0.8)
    for place, row in enumerate(drawn.to_dict("records")):
        end = float(np.clip(row["sigma"], _LEAST_SIGMA, top))
        ax.barh(
            place,
            end - _LEAST_SIGMA,
            left=_LEAST_SIGMA,
            height=_HEIGHT,
            **_look(row["status"] == "projected"),
        )
        words, low = _words(row), end > np.sqrt(_LEAST_SIGMA * top)
        ax.annotate(
            words,
            (end, place),
            (-4 if low else 4, 0),
            textcoords="offset points",
            ha="right" if low else "left",
            va="center",
            fontsize=7.5,
            bbox={"facecolor": "white", "alpha": 0.9, "pad": 0.8, "linewidth": 0},
        )


def _words(row: dict[Any, Any]) -> str:
    """Return what is written at the end of a bar."""
    events = f": {_count(row['signal_events'])} events" if row["signal_events"] >= 0 else ""
    if np.isinf(row["sigma"]):
        return rf"$\infty${events}"
    # less than the axis begins with is no bar
    return f"{row['sigma']:.2g}" if row["sigma"] >= _LEAST_SIGMA else f"{row['sigma']:.1g}{events} expected"


def _needed(ax: Axes, drawn: pd.DataFrame, rows: tuple[float, float]) -> None:
    three, five = (drawn[f"factor_{n}"].to_numpy(dtype=float) for n in (3, 5))
    limits = span(np.concatenate([three, five, [0.5, 2.0]]), _FACTOR, 0.08, 0.08)
    frame(ax, _FACTOR, _ROWS, limits, rows)
    ax.set_ylabel("")
    ax.axvspan(limits[0], min(1.0, limits[1]), color=SHADE, linewidth=0, zorder=0.4)
    ax.axvline(1.0, color="0.3", linewidth=0.8, zorder=0.8)
    for place, row in enumerate(drawn.to_dict("records")):
        color = _PROJECTED if row["status"] == "projected" else _MEASURED
        ax.plot([row["factor_3"], row["factor_5"]], [place, place], color=color, linewidth=1.0)
        ax.plot(row["factor_5"], place, "s", ms=5.5, color=color, markerfacecolor="white")
        ax.plot(row["factor_3"], place, "o", ms=3.2, color=color)


def _look(projected: bool) -> dict[str, Any]:
    if projected:
        return {
            "facecolor": "white",
            "edgecolor": _PROJECTED,
            "hatch": "/////",
            "linestyle": "--",
            "linewidth": 0.8,
        }
    return {"facecolor": _MEASURED, "edgecolor": _MEASURED, "alpha": 0.75, "linewidth": 0.8}


def _handles(drawn: pd.DataFrame) -> dict[str, Artist]:
    found: dict[str, Artist] = {}
    status: NDArray[np.object_] = drawn["status"].to_numpy(dtype=object)
    if (status == "projected").any():
        found["projected"] = Patch(**_look(True))
    if (status == "measured").any():
        found["measured, run once more"] = Patch(**_look(False))
    marks: dict[str, Any] = {"color": "0.2", "ls": "none"}
    found[r"signal for $3\sigma$"] = Line2D([], [], marker="o", ms=3.2, **marks)
    hollow = {**marks, "markerfacecolor": "white"}
    found[r"signal for $5\sigma$"] = Line2D([], [], marker="s", ms=5.5, **hollow)
    found["less than injected"] = Patch(color=SHADE, linewidth=0)
    return found


def _count(events: float) -> str:
    """Return a number of events with three digits, and never a power of ten."""
    return f"{events:.0f}" if events >= 100 else f"{events:.3g}"


def _name(label: str) -> str:
    """Return a label without what the hatching says."""
    return label.replace(", projected)", ")")


def _below(fig: Figure, rest: pd.DataFrame) -> None:
    """Name the experiments that are not drawn."""
    silent = rest["remark"] != ""
    lines: list[str] = []
    for words, chosen in (
        (f"Less than {_LEAST_SIGMA:g} sigma", rest[~silent]),
        ("Outside their range, or hard limits", rest[silent]),
    ):
        if len(chosen):
            lines += wrap(f"{words}: {', '.join(map(_name, chosen['label']))}", _NOTE_WIDTH)
    if lines:
        fig.supxlabel(printed("\n".join(lines)), x=0.01, ha="left", fontsize=_NOTE_SIZE)
        fig.set_figheight(fig.get_figheight() + len(lines) * 1.2 * _NOTE_SIZE / 72)
