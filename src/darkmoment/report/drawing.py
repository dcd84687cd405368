"""Axes of an SVG plot: frame, ticks, labels. Colours come from the page's style sheet."""

from __future__ import annotations

from html import escape

import numpy as np

from darkmoment.plots.clipping import clipped
from darkmoment.report.scale import Scale
from darkmoment.report.tex import as_svg

WIDTH, HEIGHT = 560, 400
LEFT, RIGHT, TOP, BOTTOM = 94, 534, 12, 338


_MARGIN = 20.0
_LOW, _HIGH = np.array([LEFT, TOP]) - _MARGIN, np.array([RIGHT, BOTTOM]) + _MARGIN


def path(x: np.ndarray, y: np.ndarray) -> str:
    """Return a path through points in pixels, without what lies far beyond the frame; NaN makes a gap."""
    found, last = "", ""
    for a, b in zip(*clipped(np.column_stack([x, y]), _LOW, _HIGH), strict=True):
        start, end = (f"{number(u)} {number(v)}" for u, v in (a, b))
        found += f"L{end}" if start == last else f"M{start}L{end}"
        last = end
    return found


def number(x: float) -> str:
    """Return a pixel coordinate, as short as it may be."""
    return f"{x:.1f}".removesuffix(".0")


def frame(x: Scale, y: Scale, x_label: str, y_label: str) -> str:
    """Return axes with ticks; labels are the insides of text elements."""
    parts = [f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" height="{BOTTOM - TOP}"/>']
    ticks = "".join(f"M{number(p)} {BOTTOM}v-4" for p in x.at(x.minor()))
    ticks += "".join(f"M{LEFT} {number(p)}h4" for p in y.at(y.minor()))
    for value, text in x.ticks():
        at = number(float(x.at([value])[0]))
        ticks += f"M{at} {BOTTOM}v-8"
        parts.append(
            f'<text class="tick" x="{at}" y="{BOTTOM + 22}" text-anchor="middle">{as_svg(text)}</text>'
        )
    for value, text in y.ticks():
        p = float(y.at([value])[0])
        ticks += f"M{LEFT} {number(p)}h8"
        parts.append(
            f'<text class="tick" x="{LEFT - 7}" y="{number(p + 5)}" text-anchor="end">{as_svg(text)}</text>'
        )
    parts.append(f'<path class="ticks" d="{ticks}"/>')
    middle = (TOP + BOTTOM) / 2
    parts.append(
        f'<text class="axis" x="{(LEFT + RIGHT) / 2:g}" y="388" text-anchor="middle">{x_label}</text>'
    )
    parts.append(
        f'<text class="axis" transform="translate(19 {middle:g}) rotate(-90)" text-anchor="middle">'
        f"{y_label}</text>"
    )
    return "".join(parts)


def svg(name: str, inside: str, description: str) -> str:
    """Return a plot that can be focused; its description is read where the picture is not seen."""
    clip = f'<clipPath id="clip-{escape(name)}"><rect x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" '
    clip += f'height="{BOTTOM - TOP}"/></clipPath>'
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" tabindex="0" '
        f'aria-label="{escape(description)}"><defs>{clip}</defs>{inside}<g class="cursor"></g></svg>'
    )
