"""Text, labels and numbers as LaTeX that compiles, whatever they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import floor, isfinite, isnan, log10

_SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
}
_GREEK = {
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "θ": "theta", "λ": "lambda"},
    **{"μ": "mu", "µ": "mu", "ν": "nu", "π": "pi", "σ": "sigma", "τ": "tau", "φ": "phi", "χ": "chi"},
    **{"Δ": "Delta", "Γ": "Gamma", "Σ": "Sigma", "→": "to", "×": "times", "±": "pm", "≤": "leq", "≥": "geq"},
    **{"−": "-", "′": "prime", "∞": "infty", "²": "^2", "³": "^3", "⁻": "^-"},
}
_LATIN = range(0xA1, 0x180)
"""Letters that LaTeX reads as they are."""

_MATHEMATICS = re.compile(r"(\$[^$]+\$)")
_UNSAFE = re.compile(r"(?<!\\)[%#&~]|\\(?:input|include|write|def|let|catcode|openout|read|csname)\b")

_COLUMNS = 6
"""More of them are set smaller."""

_UNITS = {"muB": r"$\mu_\mathrm{B}$", "GeV^-1": r"GeV$^{-1}$", "GeV^-2": r"GeV$^{-2}$"}


def escape(text: str) -> str:
    """Return plain text; a character LaTeX has no sign for is named by its code."""
    return "".join(_one(character) for character in text)


def _one(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character in _GREEK:
        name = _GREEK[character]
        return f"${name if name[0] in '-^' else chr(92) + name}$"
    if character.isascii():
        return character if character.isprintable() else " "
    return character if ord(character) in _LATIN else f"[U+{ord(character):04X}]"


def label(text: str) -> str:
    """Return a label of a run file: mathematics between dollar signs as it is, the rest escaped."""
    if text.count("$") % 2:
        return escape(text)
    return "".join(
        part if k % 2 and _safe(part[1:-1]) else escape(part)
        for k, part in enumerate(_MATHEMATICS.split(text))
    )


def _safe(mathematics: str) -> bool:
    """Return whether mathematics can stand in a table: braces that match, nothing that ends a cell."""
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", mathematics):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    last = len(mathematics) - len(mathematics.rstrip("\\"))
    return depth == 0 and last % 2 == 0 and mathematics.isascii() and not _UNSAFE.search(mathematics)


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
    lines = [" & ".join(row) + r" \\" for row in rows]
    return "\n".join(
        [
            r"\begin{table*}",
            rf"\centering{size}\setlength{{\tabcolsep}}{{4pt}}",
            rf"\caption{{{caption}}}",
            rf"\label{{{re.sub(r'[^A-Za-z0-9:-]+', '-', anchor)}}}",
            rf"\begin{{tabular}}{{{columns or 'l' * len(head)}}}",
            r"\toprule",
            " & ".join(head) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table*}",
        ]
    )
