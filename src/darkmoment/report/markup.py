"""The few pieces of HTML that the report is made of; whatever comes from a run is escaped here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape, unescape
from math import floor, isfinite, log10

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

_TAG = re.compile(r"<[^>]+>")
_VOID = ("img", "input")
"""Elements without content, and so without an end."""


@dataclass(frozen=True)
class Html:
    """Text that is HTML already; anything else is escaped where it is put in."""

    text: str


def text_of(content: object) -> str:
    """Return content as HTML: escaped unless it is `Html`."""
    return content.text if isinstance(content, Html) else escape(str(content))


def tag(name: str, /, *content: object, **attributes: object) -> Html:
    """Return an element; attributes that are None are left out, ``class_`` and ``data_x`` spelt as usual."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{''.join(map(text_of, content))}</{name}>")


def join(parts: Iterable[object], between: str = "") -> Html:
    """Return parts one after the other."""
    return Html(between.join(text_of(part) for part in parts))


def section(anchor: str, heading: str, *content: object) -> Html:
    """Return a section with its heading, or nothing where it has no content."""
    if not any(text_of(part) for part in content):
        return Html("")
    return tag(
        "section", tag("h2", heading, id=f"{anchor}-h"), *content, id=anchor, aria_labelledby=f"{anchor}-h"
    )


def details(summary: object, *content: object, open_: bool = False) -> Html:
    """Return something to unfold."""
    return tag("details", tag("summary", summary), *content, open="open" if open_ else None)


def items(entries: Iterable[object], **attributes: object) -> Html:
    """Return a list, or nothing where it has no entries."""
    rows = [tag("li", entry) for entry in entries]
    return tag("ul", *rows, **attributes) if rows else Html("")


def table(
    head: Sequence[object], rows: Iterable[Sequence[object]], caption: object = "", row_heads: bool = True
) -> Html:
    """Return a table that scrolls by itself where it is wider than the page.

    Parameters
    ----------
    head : sequence
        Column headings.
    rows : iterable of sequences
        Cells; numbers are set in columns of figures.
    caption : object
        What it shows.
    row_heads : bool
        True where the first cell of a row is its heading.
    """
    body = [tag("tr", *(_cell(cell, k == 0 and row_heads) for k, cell in enumerate(row))) for row in rows]
    if not body:
        return Html("")
    headings = [tag("th", cell, scope="col") for cell in head]
    parts = [tag("caption", caption)] if text_of(caption) else []
    inside = tag("table", *parts, tag("thead", tag("tr", *headings)), tag("tbody", *body))
    name = unescape(_TAG.sub("", text_of(caption))) or "table"
    # what scrolls has to be reachable by keyboard
    return tag("div", inside, class_="scroll", tabindex="0", role="region", aria_label=name)


def _cell(cell: object, heading: bool) -> Html:
    number = isinstance(cell, float | int) and not isinstance(cell, bool)
    shown = number_html(cell) if isinstance(cell, float) else cell
    if heading:
        return tag("th", shown, scope="row")
    return tag("td", shown, class_="n" if number else None)


def _parts(value: float, digits: int) -> tuple[str, int | None]:
    """Return mantissa and exponent of ten; None where the number is best written out."""
    if value == 0 or not isfinite(value):
        return f"{value:g}", None
    exponent = floor(log10(abs(value)) + 1e-12)
    if -4 < exponent < 6:
        return f"{value:.{digits}g}" if exponent < digits else f"{value:.0f}", None
    mantissa, found = f"{value:.{digits - 1}e}".split("e")
    return mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa, int(found)


def number_text(value: float, digits: int = 4) -> str:
    """Return a number as a person writes it: 1.721×10⁻¹¹."""
    if value != value:
        return "–"
    mantissa, exponent = _parts(value, digits)
    mantissa = mantissa.replace("-", "−").replace("inf", "∞")
    return mantissa if exponent is None else f"{mantissa}×10{str(exponent).translate(_RAISED)}"


def number_html(value: float, digits: int = 4) -> Html:
    """Return a number as HTML, powers of ten raised."""
    if value != value:
        return Html('<span class="none">–</span>')
    mantissa, exponent = _parts(value, digits)
    mantissa = mantissa.replace("-", "−").replace("inf", "∞")
    if exponent is None:
        return Html(mantissa)
    return Html(f'<span class="nb">{mantissa}×10<sup>{str(exponent).replace("-", "−")}</sup></span>')
