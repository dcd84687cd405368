"""Labels and titles: text that figures print, with mathematics between dollar signs."""

from __future__ import annotations

import re
from functools import cache

from darkmoment.runfile.diagnostics import Findings, Location
from darkmoment.runfile.text import read_text
from darkmoment.runfile.tree import Entry

_REASON = re.compile(r"(?:Parse\w*Exception: )?(.*?)(?: *\(at char .*)?")


def read_label(entry: Entry | None, default: str, findings: Findings) -> str:
    """Read one line of text that figures print."""
    text = read_text(entry, default, findings)
    if entry is not None:
        check_label(text, entry.key, entry.where, findings)
    return text


def check_label(text: str, what: str, where: Location, findings: Findings) -> None:
    """Note a text that figures cannot print."""
    reason = label_objection(text)
    if reason:
        findings.problem(where, f"{what} {reason}")


@cache
def label_objection(text: str) -> str | None:
    """Say why figures cannot print a text, as the end of a sentence; None where they can.

    As matplotlib takes it: there is mathematics where the number of dollar signs, those after a backslash
    aside, is even.
    """
    dollars = text.count("$") - text.count(r"\$")
    if dollars <= 0 or dollars % 2:
        return None
    # slow to import, and few labels have mathematics
    from matplotlib.mathtext import MathTextParser

    from darkmoment.plots.style import printed, style

    parser = MathTextParser("path")
    try:
        with style():
            for shown in dict.fromkeys((text, printed(text))):
                parser.parse(shown)
    except Exception as error:  # some mathematics that is none brings the parser down
        holds = f"'{text}' holds mathematics that figures cannot print"
        return f"{holds} ({_reason(error)}); \\$ prints a dollar sign"
    return None


def _reason(error: Exception) -> str:
    """Return what matplotlib says, in short."""
    found = _REASON.fullmatch(str(error).strip().rpartition("\n")[2])
    return found[1] if found and isinstance(error, ValueError) else "matplotlib's reader of it fails"
