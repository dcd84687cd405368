"""Text, labels and numbers as LaTeX that compiles, whatever they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import floor, isfinite, isnan, log10

from darkmoment.exports.characters import escape, in_mathematics
from darkmoment.exports.mathematics import compiles

__all__ = ["booktabs", "escape", "label", "number", "unit"]

_MATHEMATICS = re.compile(r"(?<!\\)(\$(?:[^$\\]|\\.)+\$)")

_COLUMNS = 6
"""More of them are set smaller."""

_UNITS = {"muB": r"$\mu_\mathrm{B}$", "GeV^-1": r"GeV$^{-1}$", "GeV^-2": r"GeV$^{-2}$"}


def label(text: str) -> str:
    r"""Return a label of a run file: mathematics between dollar signs as it is, the rest escaped.

    As in figures: ``\$`` is a dollar sign, and so is every one where their number is odd.
    """
    if (text.count("$") - text.count(r"\$")) % 2:
        return _plain(text)
    return "".join(
        _mathematics(part) if k % 2 else _plain(part) for k, part in enumerate(_MATHEMATICS.split(text))
    )


def _mathematics(text: str) -> str:
    """Return mathematics with its dollar signs, or as plain text where LaTeX would not set it."""
    spelt = in_mathematics(text)
    return spelt if compiles(spelt[1:-1]) else _plain(text)


def _plain(text: str) -> str:
    return escape(text.replace(r"\$", "$"))


def number(value: float, digits: int = 4) -> str:
    r"""Return a number: ``$1.721\times10^{-11}$``; a dash where there is none."""
    if isnan(value):
        return "--"
    if not isfinite(value):
        return r"$\infty$" if value > 0 else r"$-\infty$"
    exponent = floor(log10(abs(value)) + 1e-12) if value else 0
    if -4 < exponent < 5:
        return f"${value:.{digits}g}$" if exponent < digits else f"${value:.0f}$"
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return rf"${mantissa}\times10^{{{int(power)}}}$"


def unit(name: str) -> str:
    """Return a unit as it is printed."""
    return _UNITS.get(name, escape(name))


def booktabs(
    head: Sequence[str], rows: Iterable[Sequence[str]], caption: str, anchor: str, columns: str = ""
) -> str:
    """Return a table of LaTeX cells, as wide as a page of two columns.

    Parameters
    ----------
    columns : str
        Alignments; all to the left by default.
    """
    size = r"\small" if len(head) <= _COLUMNS else r"\scriptsize"
    lines = [_row(row) for row in rows]
    return "\n".join(
        [
            r"\begin{table*}",
            rf"\centering{size}\setlength{{\tabcolsep}}{{4pt}}",
            rf"\caption{{{caption}}}",
            rf"\label{{{re.sub(r'[^A-Za-z0-9:-]+', '-', anchor)}}}",
            rf"\begin{{tabular}}{{{columns or 'l' * len(head)}}}",
            r"\toprule",
            _row(head),
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table*}",
        ]
    )


def _row(cells: Sequence[str]) -> str:
    """Return one row; its start is no option of the line end before it."""
    row = " & ".join(cells) + r" \\"
    return "{}" + row if row[0] in "[*" else row
