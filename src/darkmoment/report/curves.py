"""Tables with an answer along a parameter, as curves to draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from darkmoment.levels import delta_chi2
from darkmoment.report import certificate
from darkmoment.report.markup import number_text
from darkmoment.report.names import Names
from darkmoment.report.palette import Palette
from darkmoment.report.scale import is_logarithmic
from darkmoment.saved import SavedRun, SavedTable

_SPLITS = ("without", "convention", "variant")
_PROFILE_CAP = 4.0
"""A profile is drawn up to this many times the highest threshold."""

OWN_DASHES = ("10 3 1 3", "1 3", "10 3", "5 2")
_DASHES = {"--": "7 4", "-.": "8 3 2 3", ":": "2 3", "dashed": "7 4", "dashdot": "8 3 2 3", "dotted": "2 3"}


@dataclass(frozen=True)
class Series:
    """One curve.

    Attributes
    ----------
    label : str
        As a run file writes it, mathematics between dollar signs.
    x, y : ndarray (n,)
        Values; y is NaN where there is no answer.
    leading, status : list of str
        Per point, empty where unknown.
    hover : list of list of str
        Per point, one text for each of `CurvePlot.heads`.
    own : bool
        True for a curve of the user's own.
    """

    label: str
    x: np.ndarray
    y: np.ndarray
    leading: list[str]
    status: list[str]
    hover: list[list[str]]
    colour: str = "var(--ink)"
    dash: str = ""
    own: bool = False


@dataclass(frozen=True)
class CurvePlot:
    """Curves on common axes.

    Attributes
    ----------
    x, y : str
        Names of parameter and quantity; `y` may be 'delta_chi2'.
    heads : list of str
        What the texts of `Series.hover` are.
    thresholds : list of (float, str)
        Horizontal lines.
    limit : bool
        True where what lies above a curve is excluded.
    by_leading : dict of str to str
        Leading experiment -> colour, where points are coloured by it.
    log_x, log_y : bool or None
        Whether the figures have a logarithmic axis there; None where that is not known.
    """

    name: str
    title: str
    x: str
    y: str
    series: list[Series]
    heads: list[str]
    thresholds: list[tuple[float, str]] = field(default_factory=list)
    limit: bool = True
    cap: float | None = None
    by_leading: Mapping[str, str] = field(default_factory=dict)
    task: str = ""
    log_x: bool | None = None
    log_y: bool | None = None


def curve_plots(run: SavedRun, names: Names, palette: Palette) -> Iterator[CurvePlot]:
    """Yield what can be drawn along one parameter; the table of all variants stands for that of each."""
    whole = {saved.stem for saved in run.tables.values() if saved.together and not _split_twice(saved)}
    compared = {one.name: _within(run, one) for one in run.of("compare")}
    drawn_there = {name for names_of in compared.values() for name in names_of}
    for saved in run.tables.values():
        repeated = (saved.slug and saved.stem in whole) or saved.name in drawn_there
        if repeated or _split_twice(saved):
            continue
        if saved.task == "recast":
            found = _recast(saved, names, palette)
        elif saved.task == "profile" and "y" not in saved.about:
            found = _profile(run, saved, names, palette)
        else:
            found = _limits(run, saved, names, palette)
        stems = dict.fromkeys([saved.stem, *compared.get(saved.name, {}).values()])
        own: list[Mapping[str, Any]] = []
        for stem in stems:
            own += [o for o in run.overlays(stem) if o not in own]
        yield from (_on_axes(run, saved, _with_overlays(own, plot, names), names) for plot in found)


def _within(run: SavedRun, compare: SavedTable) -> dict[str, str]:
    """Return name -> stem of the tables of `maximise` whose every curve a comparison draws as well."""
    drawn = set(compare.table["variant"]) if "variant" in compare.table else set()
    found = {}
    for saved in run.of("maximise"):
        own = set(saved.table["variant"]) if "variant" in saved.table else {saved.about.get("variant")}
        if _asked(saved) == _asked(compare) and own <= drawn:
            found[saved.name] = saved.stem
    return found


def _on_axes(run: SavedRun, saved: SavedTable, plot: CurvePlot, names: Names) -> CurvePlot:
    """Return a plot whose axes are logarithmic where those of the figure are."""
    fits = run.record["fits"]
    asked = [fits[saved.slug]] if saved.slug in fits else list(fits.values())
    log_x, log_y = (is_logarithmic(name, names.logarithmic, asked) for name in (plot.x, plot.y))
    return replace(plot, log_x=log_x, log_y=log_y)


def _with_overlays(curves: Sequence[Mapping[str, Any]], plot: CurvePlot, names: Names) -> CurvePlot:
    """Return a plot with the user's own curves."""
    more = []
    for k, given in enumerate(curves):
        x, y = (np.asarray(values, dtype=float) for values in given["points"])
        label = str(given["label"])
        hover = [
            [names.with_unit_text(a, plot.x), names.with_unit_text(b, plot.y), label]
            for a, b in zip(x.tolist(), y.tolist(), strict=True)
        ]
        blank = [""] * len(x)
        rows = [[*told, *[""] * (len(plot.heads) - len(told))][: len(plot.heads)] for told in hover]
        dash = OWN_DASHES[k % len(OWN_DASHES)]
        more.append(Series(label, x, y, blank, blank, rows, dash=dash, own=True))
    return replace(plot, series=[*plot.series, *more])


def _split_twice(saved: SavedTable) -> bool:
    """Return whether a table has curves of several kinds for several variants: too many for one plot."""
    return "variant" in saved.table and any(c in saved.table for c in _SPLITS if c != "variant")


def _asked(saved: SavedTable) -> tuple[Any, ...]:
    return tuple(saved.about.get(key) for key in ("quantity", "along", "level"))


def _limits(run: SavedRun, saved: SavedTable, names: Names, palette: Palette) -> Iterator[CurvePlot]:
    table, (quantity, along, level) = saved.table, _asked(saved)
    column = f"{quantity}_max"
    if not {along, column, "leading_experiment"} <= set(table):
        return  # a table of another kind
    if table[along].nunique() < 2:
        return
    parts = list(_split(table, run, saved))
    single = len(parts) == 1
    series = []
    for k, (kind, key, part) in enumerate(parts):
        part = part.sort_values(along, kind="stable")
        colour, dash = ("var(--ink)", "") if single else _look(run, kind, key, k, palette)
        series.append(
            Series(
                run.label(saved.slug) if single else _spoken(kind, key, names),
                part[along].to_numpy(dtype=float),
                part[column].to_numpy(dtype=float),
                _texts(part, "leading_experiment"),
                _texts(part, "status"),
                [_told(row, str(along), str(quantity), names) for row in part.to_dict("records")],
                colour,
                dash,
            )
        )
    leading = sorted({name for name in series[0].leading if name}) if single else []
    yield CurvePlot(
        saved.name,
        _title(saved, str(quantity), str(along), level),
        str(along),
        str(quantity),
        series,
        [names.text(str(along)), f"largest {names.text(str(quantity))}", *_HEADS],
        by_leading=palette.experiments(leading) if leading else {},
        task=saved.task,
    )


_HEADS = ["forbids more", "certificate", "leans on", "says nothing"]


def _told(row: Mapping[Any, Any], along: str, quantity: str, names: Names) -> list[str]:
    value = float(row[f"{quantity}_max"])
    silent = str(row.get("silent") or "")
    return [
        names.with_unit_text(float(row[along]), along),
        names.with_unit_text(value, quantity) if value == value else "no allowed point",
        names.experiment(str(row["leading_experiment"])) if row.get("leading_experiment") else "",
        certificate.words(row),
        names.plain(str(row.get("at_bound") or "")),
        ", ".join(names.experiment(name) for name in silent.split()) if silent != "nan" else "",
    ]


def _split(table: pd.DataFrame, run: SavedRun, saved: SavedTable) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield each curve's rows, with the columns that tell it from others and their values."""
    keys = [c for c in _SPLITS if c in table]
    if not keys:
        yield "variant", run.label(saved.slug), table
        return
    for values, part in table.groupby(keys, sort=False):
        shown = values if isinstance(values, tuple) else (values,)
        yield " ".join(keys), "\n".join(map(str, shown)), part


def _spoken(kind: str, key: str, names: Names) -> str:
    found = []
    for column, value in zip(kind.split(), key.split("\n"), strict=True):
        if column == "without":
            found.append("all experiments" if value == "none" else f"without {names.experiment(value)}")
        else:
            found.append(value.replace("_", " ") if column == "convention" else value)
    return ", ".join(found)


def _look(run: SavedRun, kind: str, key: str, k: int, palette: Palette) -> tuple[str, str]:
    """Return colour and dashes of a curve: the run file's own for a variant."""
    if kind == "variant":
        for slug in run.slugs:
            if run.label(slug) == key:
                style = run.record["fits"][slug].get("style") or {}
                unsaid = "--" if run.projected(slug) else ""
                dash = _DASHES.get(str(style.get("linestyle", unsaid)), "")
                return palette.css(str(style["color"])) if "color" in style else palette.cycle(k), dash
    return ("var(--ink)", "") if key in ("none", "as_it_is") else (palette.cycle(k), "")


def _texts(table: pd.DataFrame, column: str) -> list[str]:
    return [str(x) for x in table[column]] if column in table else [""] * len(table)


def _title(saved: SavedTable, quantity: str, along: str, level: Any) -> str:
    words = {
        "leave_one_out": "without each experiment",
        "compare_conventions": "with every shape",
        "compare": "variants compared",
    }
    more = f", {words[saved.task]}" if saved.task in words else ""
    more += f", {saved.about.get('variant')}" if saved.slug else ""
    said = f" ({level:.0%} CL)" if isinstance(level, float) else ""
    return f"Largest {quantity} along {along}{more}{said}"


def _recast(saved: SavedTable, names: Names, palette: Palette) -> Iterator[CurvePlot]:
    table = saved.table
    along = str(table.columns[0])
    columns = [str(c) for c in table if "_limit" in str(c)]
    if not columns:
        return
    quantity = columns[0].partition("_limit")[0]
    several = saved.about.get("experiments") or {saved.about.get("experiment"): saved.about.get("label")}
    series = []
    for k, column in enumerate(columns):
        name = column.partition("_limit")[2].removeprefix("_") or next(iter(several))
        # lsnd/mu_numu has the column ..._lsnd_mu_numu
        label = next((str(v) for k, v in several.items() if str(k).replace("/", "_") == name), name)
        x, y = (table[c].to_numpy(dtype=float) for c in (along, column))
        hover = [
            [
                names.with_unit_text(a, along),
                names.with_unit_text(b, quantity) if b == b else "no limit",
                label,
                *leads,
            ]
            for a, b, leads in zip(x, y, _leads(saved), strict=True)
        ]
        blank = [""] * len(x)
        colour, dash = palette.cycle(k), _DASHES["--"] if "projected" in label else ""
        series.append(Series(label, x, np.where(y > 0, y, np.nan), blank, blank, hover, colour, dash))
    heads = [names.text(along), f"limit on {names.text(quantity)}", "experiment"]
    heads += ["leads here"] if "leading_experiment" in table else []
    title = f"Limit on {quantity} along {along}, {_whose(series, saved)}"
    yield CurvePlot(saved.name, title, along, quantity, series, heads)


def _whose(series: Sequence[Series], saved: SavedTable) -> str:
    """Say whose limits a recast draws, and that they are as published."""
    own = series[0].label if len(series) == 1 else f"{len(series)} compared"
    return f"{own}{', as published' if saved.about.get('as_published') else ''}"


def _leads(saved: SavedTable) -> list[list[str]]:
    """Return for each row who has the strongest limit there; nothing where the table does not say."""
    if "leading_experiment" not in saved.table:
        return [[] for _ in range(len(saved.table))]
    labels = saved.about.get("experiments") or {}
    return [[str(labels.get(name, name)) or "nobody"] for name in saved.table["leading_experiment"]]


def _profile(run: SavedRun, saved: SavedTable, names: Names, palette: Palette) -> Iterator[CurvePlot]:
    x, table = str(saved.about.get("x")), saved.table
    if x not in table or "delta_chi2" not in table:
        return
    level = float(saved.about.get("level") or 0.90)
    levels = sorted({0.68, level, 0.95})
    series = []
    for k, (_, key, part) in enumerate(_split(table, run, saved)):
        part = part.sort_values(x, kind="stable")
        hover = [
            [
                names.with_unit_text(float(row[x]), x),
                number_text(float(row["delta_chi2"])),
                number_text(float(row["chi2"])),
                certificate.words(row),
            ]
            for row in part.to_dict("records")
        ]
        at, depth = (part[c].to_numpy(dtype=float) for c in (x, "delta_chi2"))
        blank = [""] * len(part)
        series.append(Series(key, at, depth, blank, _texts(part, "status"), hover, palette.cycle(k)))
    lines = [(delta_chi2(one), f"{one:.0%}") for one in levels]
    heads = [names.text(x), "Δχ²", "χ²", "certificate"]
    cap = _PROFILE_CAP * lines[-1][0]
    title = f"Profile likelihood of {x}"
    yield CurvePlot(saved.name, title, x, "delta_chi2", series, heads, lines, False, cap, task="profile")
