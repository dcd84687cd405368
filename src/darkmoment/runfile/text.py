"""Plain text in a run file: labels, file stems, words from a list, plot styles."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from darkmoment.runfile.diagnostics import Findings
from darkmoment.runfile.numbers import read_number
from darkmoment.runfile.tree import Block, Entry, Scalar, is_null, shown

_STEM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_LONGEST_STEM = 100
_LINESTYLES = ("solid", "dashed", "dotted", "dashdot", "-", "--", ":", "-.")
_STYLE = ("color", "linestyle", "linewidth")


def read_text(entry: Entry | None, default: str, findings: Findings) -> str:
    """Read one line of text; numbers are taken as written."""
    if entry is None:
        return default
    node = entry.node
    if not isinstance(node, Scalar) or isinstance(node.value, bool) or not node.text.strip() or is_null(node):
        findings.problem(entry.where, f"{entry.key} is text, not {shown(node)}")
        return default
    return " ".join(node.text.split())


def read_stem(entry: Entry, what: str, findings: Findings) -> str | None:
    """Read a name that becomes a file or folder name."""
    text = read_text(entry, "", findings)
    if not text:
        return None
    if _STEM.fullmatch(text) and len(text) <= _LONGEST_STEM:
        return text
    message = f"{what} names files, so it can hold letters, digits and _ . + - only, not {text!r}"
    findings.problem(entry.where, message, slug(text, ()))
    return None


def read_choice(entry: Entry | None, default: str, choices: Collection[str], findings: Findings) -> str:
    """Read one word of a list."""
    if entry is None:
        return default
    node = entry.node
    if not isinstance(node, Scalar):
        findings.problem(entry.where, f"{entry.key} is one of {', '.join(choices)}, not {shown(node)}")
        return default
    if node.text in choices:
        return node.text
    findings.unknown(node.where, f"choice for {entry.key}:", node.text, choices)
    return default


def read_flag(entry: Entry | None, findings: Findings) -> bool:
    """Read true or false; false where nothing is given."""
    if entry is None:
        return False
    if isinstance(entry.node, Scalar) and isinstance(entry.node.value, bool):
        return entry.node.value
    findings.problem(entry.where, f"{entry.key} is true or false, not {shown(entry.node)}")
    return False


def read_seed(entry: Entry | None, findings: Findings) -> int:
    """Read a whole number >= 0; 1 where nothing is given."""
    if entry is None:
        return 1
    node = entry.node
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    findings.problem(entry.where, f"seed is a whole number >= 0, not {shown(node)}")
    return 1


def read_style(entry: Entry | None, findings: Findings) -> dict[str, Any]:
    """Read a plot style: color, linestyle, linewidth as matplotlib takes them."""
    if entry is None or is_null(entry.node):
        return {}
    if not isinstance(entry.node, Block):
        findings.problem(entry.where, f"style is a mapping ({', '.join(_STYLE)}), not {shown(entry.node)}")
        return {}
    style: dict[str, Any] = {}
    for given in entry.node:
        if given.key == "linewidth":
            width = read_number(given.node, "linewidth", findings)
            if width is not None and width <= 0:
                findings.problem(given.node.where, f"linewidth must be > 0, not {width:g}")
            elif width is not None:
                style["linewidth"] = width
        elif given.key == "linestyle":
            style["linestyle"] = read_choice(given, "solid", _LINESTYLES, findings)
        elif given.key == "color":
            style["color"] = _color(given, findings)
        else:
            findings.unknown(given.where, "key", given.key, _STYLE, " of style")
    return style


def _color(entry: Entry, findings: Findings) -> str:
    # matplotlib is slow to import, and few run files name colours
    from matplotlib.colors import get_named_colors_mapping, is_color_like

    text = entry.node.text if isinstance(entry.node, Scalar) else ""
    if not is_color_like(text):
        shown_text = text or shown(entry.node)
        findings.unknown(entry.where, "color", shown_text, get_named_colors_mapping())
    return text


def slug(label: str, taken: Collection[str]) -> str:
    """Return a label as a folder name (`g_D = 0.05` -> `g_D-0.05`) that differs from those taken.

    Letter case does not count as a difference: some file systems ignore it.
    """
    base = re.sub(r"[^A-Za-z0-9_.+-]+", "-", label)
    base = re.sub(r"-{2,}", "-", base).strip("-.+")[:_LONGEST_STEM] or "variant"
    folded = {other.casefold() for other in taken}
    name, number = base, 2
    while name.casefold() in folded:
        name, number = f"{base}-{number}", number + 1
    return name
