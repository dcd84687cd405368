"""An interactive plot of curves: SVG that stands by itself, and the texts that appear over it."""

from __future__ import annotations

import json

import numpy as np

from darkmoment.report import drawing
from darkmoment.report.curves import CurvePlot, Series
from darkmoment.report.drawing import BOTTOM, LEFT, RIGHT, TOP, number
from darkmoment.report.markup import Html, join, tag
from darkmoment.report.names import Names
from darkmoment.report.scale import Scale
from darkmoment.report.tex import as_svg, label_html, label_text

_MANY = 3
"""Curves above which points are not marked one by one."""


def curve_figure(plot: CurvePlot, names: Names, anchor: str) -> Html:
    """Return a plot with its legend; it can be read without a script, which adds hover and keyboard."""
    x, y = _scales(plot)
    inside = _shade(plot, x, y, anchor) + "".join(_threshold(y, *line) for line in plot.thresholds)
    inside += "".join(_curve(plot, s, k, x, y, anchor) for k, s in enumerate(plot.series))
    y_label = as_svg(r"\Delta\chi^2") if plot.y == "delta_chi2" else names.svg(plot.y)
    inside += drawing.frame(x, y, names.svg(plot.x), y_label)
    picture = Html(drawing.svg(anchor, inside, f"{_plain(plot.title, names)}. {_summary(plot, names)}"))
    return tag(
        "figure",
        tag("figcaption", names.sentence(plot.title)),
        tag("div", picture, tag("div", class_="tip", role="status", hidden="hidden"), class_="stage"),
        _legend(plot, names),
        _data(plot, x, y),
        class_="interactive",
        data_kind="curves",
        id=anchor,
    )


def _scales(plot: CurvePlot) -> tuple[Scale, Scale]:
    """Return axes as the figures have them: x ends where the run does, whatever the user's own curves do."""
    every, known = (np.concatenate([getattr(s, a) for s in plot.series if not s.own]) for a in "xy")
    known = known[np.isfinite(known)]
    if plot.cap is not None:
        known = np.append(np.minimum(known, plot.cap), [0.0, plot.thresholds[-1][0] * 1.3])
    else:
        own = [s.y[(s.x >= every.min()) & (s.x <= every.max())] for s in plot.series if s.own]
        known = np.concatenate([known, *own])
    x = Scale.around(every, LEFT, RIGHT, logarithmic=plot.log_x)
    return x, Scale.around(known, BOTTOM, TOP, 0.06, floor_=0.0, logarithmic=plot.log_y)


def _plain(text: str, names: Names) -> str:
    return " ".join(names.text(word) for word in text.split(" "))


def _summary(plot: CurvePlot, names: Names) -> str:
    """Say in words what the picture shows."""
    said = []
    for s in plot.series:
        if not np.isfinite(s.y).any():
            continue
        k = int(np.nanargmin(s.y) if plot.y == "delta_chi2" else np.nanargmax(s.y))
        what = "smallest" if plot.y == "delta_chi2" else "highest"
        where = names.with_unit_text(float(s.x[k]), plot.x)
        value = names.with_unit_text(float(s.y[k]), plot.y)
        said.append(f"{label_text(s.label)}: {what} {value} at {names.text(plot.x)} = {where}")
    return "; ".join(said)


def _shade(plot: CurvePlot, x: Scale, y: Scale, anchor: str) -> str:
    """Return what a single limit excludes, filled up to the top."""
    limits = [s for s in plot.series if not s.own]
    if not plot.limit or len(limits) != 1:
        return ""
    px, py = x.at(limits[0].x), y.at(limits[0].y)
    found = ""
    for a, b in _stretches(py):
        edge = "L".join(f"{number(u)} {number(v)}" for u, v in zip(px[a:b], py[a:b], strict=True))
        found += f"M{number(px[a])} {TOP}L{edge}L{number(px[b - 1])} {TOP}Z"
    return f'<path class="excluded" d="{found}"/>' if found else ""


def _stretches(values: np.ndarray) -> list[tuple[int, int]]:
    """Return (first, last + 1) of each stretch of finite values."""
    known = np.concatenate([[False], np.isfinite(values), [False]])
    change = np.flatnonzero(known[1:] != known[:-1])
    return [(int(a), int(b)) for a, b in zip(change[::2], change[1::2], strict=True)]


def _threshold(y: Scale, value: float, label: str) -> str:
    p = float(y.at([value])[0])
    if not TOP <= p <= BOTTOM:
        return ""
    line = f'<path class="threshold" d="M{LEFT} {number(p)}H{RIGHT}"/>'
    return line + f'<text class="note" x="{RIGHT - 6}" y="{number(p - 4)}" text-anchor="end">{label}</text>'


def _curve(plot: CurvePlot, s: Series, k: int, x: Scale, y: Scale, anchor: str) -> str:
    px, py = x.at(s.x), y.at(s.y)
    dash = f' stroke-dasharray="{s.dash}"' if s.dash else ""
    parts = [f'<path class="line" style="stroke:{s.colour}"{dash} d="{drawing.path(px, py)}"/>']
    marked = len(plot.series) <= _MANY and s.status != [""] * len(s.status)
    for u, v, leading, status in zip(px, py, s.leading, s.status, strict=True):
        colour = plot.by_leading.get(leading, s.colour)
        if status == "failed":
            parts.append(f'<path class="failed" d="M{number(u)} {BOTTOM}v-12"/>')
        elif np.isfinite(v) and status == "uncertified":
            parts.append(
                f'<circle class="open" style="stroke:{colour}" cx="{number(u)}" cy="{number(v)}" r="4"/>'
            )
        elif np.isfinite(v) and marked:
            parts.append(f'<circle style="fill:{colour}" cx="{number(u)}" cy="{number(v)}" r="3.4"/>')
    return f'<g class="series" data-k="{k}" clip-path="url(#clip-{anchor})">{"".join(parts)}</g>'


def _legend(plot: CurvePlot, names: Names) -> Html:
    entries = []
    if len(plot.series) > 1:
        for k, s in enumerate(plot.series):
            swatch = Html(
                f'<i class="swatch line{" dashed" if s.dash else ""}" style="border-color:{s.colour}"></i>'
            )
            label = tag("span", Html(label_html(s.label)))
            entries.append(tag("button", swatch, label, type="button", data_k=k, aria_pressed="true"))
    lead: object = tag("span", "forbids more:", class_="lead")
    for name, colour in plot.by_leading.items():
        swatch = Html(f'<i class="swatch" style="background:{colour}"></i>')
        entries.append(tag("span", lead, swatch, names.experiment(name)))
        lead = ""
    states = {state for s in plot.series for state in s.status}
    if "uncertified" in states:
        entries.append(tag("span", Html('<i class="swatch ring"></i>'), "not certified"))
    if "failed" in states:
        entries.append(tag("span", Html('<i class="swatch bar"></i>'), "no allowed point"))
    return tag("div", join(entries), class_="legend") if entries else Html("")


def _data(plot: CurvePlot, x: Scale, y: Scale) -> Html:
    """Return what the script needs, as JSON that cannot end its own element."""
    series = []
    for s in plot.series:
        px, py = x.at(s.x), y.at(s.y)
        # of the user's own curves nothing is told of points that cannot be pointed at
        told = (not s.own) | ((px >= LEFT) & (px <= RIGHT) & (py >= TOP) & (py <= BOTTOM))
        py = np.where(np.isfinite(py), np.clip(py, TOP, BOTTOM), BOTTOM)
        series.append(
            {
                "label": label_text(s.label),
                "x": [round(float(v), 1) for v in np.nan_to_num(px, nan=LEFT)[told]],
                "y": [round(float(v), 1) for v in py[told]],
                "rows": [row for row, known in zip(s.hover, told, strict=True) if known],
            }
        )
    return script_data({"heads": plot.heads, "series": series})


def script_data(content: object) -> Html:
    """Return JSON for the script of the page; nothing in it is taken for HTML."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Html(f'<script type="application/json" class="data">{safe}</script>')
