"""Interactive map of two parameters: Delta chi2 or what forbids more in each cell, and the limit over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from darkmoment.levels import delta_chi2
from darkmoment.report import certificate, drawing
from darkmoment.report.curve_plot import script_data
from darkmoment.report.curves import OWN_DASHES
from darkmoment.report.drawing import BOTTOM, LEFT, RIGHT, TOP, number
from darkmoment.report.markup import Html, join, number_text, tag
from darkmoment.report.names import Names
from darkmoment.report.palette import Palette
from darkmoment.report.scale import Scale, is_logarithmic
from darkmoment.report.tex import label_html
from darkmoment.saved import SavedRun, SavedTable

_LEVELS = (0.68, 0.90, 0.95)
_FAR = (25.0, 100.0)
_MINDED = 0.1
"""Delta chi2 at the same x below which nothing is said to object."""

_NAMED = 9
_OTHER = "\0other"


@dataclass(frozen=True)
class Plane:
    """The cells of a map on a grid; arrays are (ny, nx), -1 in `row` where there is no cell."""

    x: np.ndarray
    y: np.ndarray
    row: np.ndarray

    @classmethod
    def of(cls, table: pd.DataFrame, x: str, y: str) -> Plane:
        """Return the grid of a table with one row per cell."""
        xs, i = np.unique(table[x].to_numpy(dtype=float), return_inverse=True)
        ys, j = np.unique(table[y].to_numpy(dtype=float), return_inverse=True)
        row = np.full((len(ys), len(xs)), -1)
        row[j, i] = np.arange(len(table))
        return cls(xs, ys, row)

    def values(self, column: pd.Series, missing: object) -> np.ndarray:
        """Return a column on the grid."""
        values = column.to_numpy()
        grid = np.full(self.row.shape, missing, dtype=values.dtype if values.dtype.kind == "f" else object)
        there = self.row >= 0
        grid[there] = values[self.row[there]]
        return grid


def is_map(saved: SavedTable) -> bool:
    """Return whether a table is that of a map."""
    about, table = saved.about, saved.table
    axes = about.get("x") in table and about.get("y") in table and "delta_chi2" in table
    return saved.task == "profile" and axes and len(table) > 0 and "variant" not in table


def map_figure(
    run: SavedRun, saved: SavedTable, limits: SavedTable | None, names: Names, palette: Palette, anchor: str
) -> Html:
    """Return a map with its legend."""
    x, y = str(saved.about["x"]), str(saved.about["y"])
    plane = Plane.of(saved.table, x, y)
    log_x, log_y = (
        is_logarithmic(n, names.logarithmic, [run.record["fits"].get(saved.slug, {})]) for n in (x, y)
    )
    sx = Scale.around(plane.x, LEFT, RIGHT, logarithmic=log_x)
    sy = Scale.around(plane.y, BOTTOM, TOP, logarithmic=log_y)
    edges = np.clip(sx.edges(plane.x), LEFT, RIGHT), np.clip(sy.edges(plane.y), TOP, BOTTOM)
    depth, depth_legend = _depth_layer(saved, plane, edges)
    lead, lead_legend = _leading_layer(saved, plane, edges, names, palette)
    line, line_legend = _limit_line(limits, x, y, sx, sy, anchor)
    own, own_legend = _own_lines(run.overlays(saved.stem), sx, sy, anchor)
    line, line_legend = line + own, join([line_legend, *own_legend])
    inside = depth + lead + line + drawing.frame(sx, sy, names.svg(x), names.svg(y))
    title = f"Map of {x} and {y}, {run.label(saved.slug)}"
    picture = Html(drawing.svg(anchor, inside, _described(saved, names, x, y)))
    return tag(
        "figure",
        tag("figcaption", names.sentence(title)),
        _choice(anchor) if lead else "",
        tag("div", picture, tag("div", class_="tip", role="status", hidden="hidden"), class_="stage"),
        tag("div", depth_legend, line_legend, class_="legend layer", data_layer="depth"),
        tag("div", lead_legend, line_legend, class_="legend layer", data_layer="leading") if lead else "",
        _data(saved, plane, edges, names),
        class_="interactive",
        data_kind="map",
        data_show="depth",
        id=anchor,
    )


def _described(saved: SavedTable, names: Names, x: str, y: str) -> str:
    table = saved.table
    allowed = int(np.isfinite(table["delta_chi2"].to_numpy(dtype=float)).sum())
    said = (
        f"Map of Delta chi2 over {names.text(x)} and {names.text(y)}: {len(table)} cells, {allowed} allowed"
    )
    if allowed:
        best = table.iloc[int(np.nanargmin(table["delta_chi2"].to_numpy(dtype=float)))]
        where = " and ".join(f"{names.text(n)} = {names.with_unit_text(float(best[n]), n)}" for n in (x, y))
        said += f"; smallest chi2 at {where}"
    return said


def _choice(anchor: str) -> Html:
    entries = []
    for layer, words in (("depth", "Δχ²"), ("leading", "what forbids more")):
        checked = "checked" if layer == "depth" else None
        button = tag("input", type="radio", name=f"show-{anchor}", value=layer, checked=checked)
        entries.append(tag("label", button, words))
    return tag("fieldset", tag("legend", "Show", class_="hidden"), *entries, class_="choice")


def _depth_layer(saved: SavedTable, plane: Plane, edges: tuple[np.ndarray, np.ndarray]) -> tuple[str, Html]:
    """Colour cells by Delta chi2; steps at the contours of two parameters."""
    levels = sorted({*_LEVELS, *(saved.about.get("levels") or ())})
    steps = [
        *((delta_chi2(level, 2), f"{level:.0%}") for level in levels),
        *((v, f"Δχ² {v:g}") for v in _FAR),
    ]
    depth = plane.values(saved.table["delta_chi2"], np.nan)
    kind = np.searchsorted([value for value, _ in steps], np.nan_to_num(depth, nan=np.inf))
    kind = np.where((plane.row >= 0) & np.isfinite(depth), kind, -1)
    parts, legend = [], []
    for k in range(len(steps) + 1):
        opacity = round(0.92 * (1 - k / len(steps)) ** 1.3, 3)
        words = f"within {steps[k][1]}" if k < len(steps) else "beyond"
        if (path := _cells(kind == k, edges)) and opacity:
            parts.append(f'<path class="deep" fill-opacity="{opacity}" d="{path}"/>')
            swatch = Html(f'<i class="swatch deep" style="opacity:{opacity}"></i>')
            legend.append(tag("span", swatch, words))
    nothing = _cells((plane.row >= 0) & ~np.isfinite(depth), edges)
    if nothing:
        parts.append(f'<path class="nothing" d="{nothing}"/>')
        legend.append(tag("span", Html('<i class="swatch nothing"></i>'), "no allowed point"))
    layer = f'<g class="layer" data-layer="depth" shape-rendering="crispEdges">{"".join(parts)}</g>'
    return layer, join([tag("span", "two-parameter contours:", class_="lead"), *legend])


def _leading_layer(
    saved: SavedTable, plane: Plane, edges: tuple[np.ndarray, np.ndarray], names: Names, palette: Palette
) -> tuple[str, Html]:
    """Colour cells by what forbids more."""
    if "leading_experiment" not in saved.table:
        return "", Html("")
    lead = plane.values(saved.table["leading_experiment"].astype(object), "")
    rise = plane.values(saved.table.get("delta_chi2_at_x", saved.table["delta_chi2"]), np.nan)
    lead = np.where((plane.row >= 0) & (rise > _MINDED), lead, "").astype(str)
    found, counts = np.unique(lead[(lead != "") & (lead != "none")], return_counts=True)
    order = sorted(range(len(found)), key=lambda k: (-counts[k], found[k]))
    kept = [str(found[k]) for k in order[:_NAMED]]
    colours = palette.experiments(kept)
    groups: dict[str, np.ndarray] = {name: lead == name for name in kept}
    if len(found) > _NAMED:
        groups[_OTHER] = np.isin(lead, [str(found[k]) for k in order[_NAMED:]])
    parts, legend = [], []
    for name, cells in groups.items():
        colour = colours.get(name, "var(--dim)")
        parts.append(f'<path style="fill:{colour}" d="{_cells(cells, edges)}"/>')
        words = "other combinations" if name == _OTHER else names.experiment(name)
        legend.append(tag("span", Html(f'<i class="swatch" style="background:{colour}"></i>'), words))
    layer = f'<g class="layer" data-layer="leading" shape-rendering="crispEdges">{"".join(parts)}</g>'
    return layer, join(
        [tag("span", "forbids more than at the best point of the same column:", class_="lead"), *legend]
    )


def _cells(chosen: np.ndarray, edges: tuple[np.ndarray, np.ndarray]) -> str:
    """Return the outline of chosen cells, neighbours in a row joined."""
    ex, ey = edges
    path = []
    for j, row in enumerate(chosen):
        padded = np.concatenate([[False], row, [False]])
        change = np.flatnonzero(padded[1:] != padded[:-1])
        for a, b in zip(change[::2], change[1::2], strict=True):
            left, right, low, high = ex[a], ex[b], ey[j], ey[j + 1]
            path.append(f"M{number(left)} {number(high)}H{number(right)}V{number(low)}H{number(left)}Z")
    return "".join(path)


def _limit_line(
    limits: SavedTable | None, x: str, y: str, sx: Scale, sy: Scale, anchor: str
) -> tuple[str, Html]:
    """Draw the limit on y at each x."""
    if limits is None or f"{y}_max" not in limits.table or x not in limits.table:
        return "", Html("")
    table = limits.table.sort_values(x, kind="stable")
    px, py = sx.at(table[x].to_numpy()), sy.at(table[f"{y}_max"].to_numpy())
    points, pen = "", "M"
    for u, v in zip(px, py, strict=True):
        if np.isfinite(u) and np.isfinite(v):
            points += f"{pen}{number(u)} {number(v)}"
        pen = "L" if np.isfinite(v) else "M"
    level = float(limits.about.get("level") or 0.90)
    lines = f'<path class="halo" d="{points}"/><path class="limit" d="{points}"/>'
    drawn = f'<g clip-path="url(#clip-{anchor})">{lines}</g>'
    swatch = Html('<i class="swatch line" style="border-color:var(--ink)"></i>')
    return drawn, tag("span", swatch, f"{level:.0%} CL limit at each value")


def _own_lines(
    overlays: Sequence[Mapping[str, Any]], sx: Scale, sy: Scale, anchor: str
) -> tuple[str, list[Html]]:
    """Draw the user's own curves."""
    drawn, legend = "", []
    for k, given in enumerate(overlays):
        px, py = (scale.at(values) for scale, values in zip((sx, sy), given["points"], strict=True))
        points, dash = drawing.path(px, py), OWN_DASHES[k % len(OWN_DASHES)]
        drawn += (
            f'<path class="halo" d="{points}"/><path class="limit" stroke-dasharray="{dash}" d="{points}"/>'
        )
        swatch = Html('<i class="swatch line dashed" style="border-color:var(--ink)"></i>')
        legend.append(tag("span", swatch, Html(label_html(str(given["label"])))))
    return f'<g clip-path="url(#clip-{anchor})">{drawn}</g>' if drawn else "", legend


def _data(saved: SavedTable, plane: Plane, edges: tuple[np.ndarray, np.ndarray], names: Names) -> Html:
    """Return what the script says of each cell, x slowest; words that repeat are kept once."""
    table, x, y = saved.table, str(saved.about["x"]), str(saved.about["y"])
    order = [int(r) for r in plane.row.T.ravel()]
    columns: dict[str, list[str]] = {}
    for head, column in (("Δχ²", "delta_chi2"), (f"Δχ² at this {names.text(x)}", "delta_chi2_at_x")):
        if column in table:
            columns[head] = [number_text(float(v), 3) for v in table[column]]
    rows: list[Mapping[str, str]] = table.to_dict("records")  # type: ignore[assignment]
    if "leading_experiment" in table:
        columns["forbids more"] = [names.experiment(str(row["leading_experiment"])) for row in rows]
    columns["certificate"] = [certificate.words(row) for row in rows]
    columns["leans on"] = [names.plain(str(row.get("at_bound") or "")) for row in rows]
    words: dict[str, int] = {}
    cells = {
        h: [words.setdefault(v[r] if r >= 0 else "", len(words)) for r in order] for h, v in columns.items()
    }
    return script_data(
        {
            "heads": [names.text(x), names.text(y), *cells],
            "ex": [round(float(v), 1) for v in edges[0]],
            "ey": [round(float(v), 1) for v in edges[1]],
            "xs": [names.with_unit_text(float(v), x) for v in plane.x],
            "ys": [names.with_unit_text(float(v), y) for v in plane.y],
            "words": list(words),
            "cells": list(cells.values()),
        }
    )
