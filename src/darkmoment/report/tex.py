"""Symbols of the catalogue, written in a little LaTeX, as HTML, as SVG and as plain text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Literal

_SYMBOLS = {
    **{"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε"},
    **{"theta": "θ", "varphi": "φ", "phi": "φ", "mu": "μ", "nu": "ν", "tau": "τ", "rho": "ρ", "sigma": "σ"},
    **{"chi": "χ", "pi": "π", "lambda": "λ", "eta": "η", "kappa": "κ", "xi": "ξ", "omega": "ω", "psi": "ψ"},
    **{"Delta": "Δ", "Gamma": "Γ", "Sigma": "Σ", "Lambda": "Λ", "Phi": "Φ", "Theta": "Θ", "Omega": "Ω"},
    **{
        "to": "→",
        "rightarrow": "→",
        "times": "×",
        "cdot": "·",
        "pm": "±",
        "leq": "≤",
        "geq": "≥",
        "sum": "∑",
        "int": "∫",
    },
    **{"prime": "′", "ell": "ℓ", "sim": "∼", "infty": "∞", "propto": "∝", "approx": "≈", "simeq": "≃"},
    **{"equiv": "≡", "ne": "≠", "neq": "≠", "ll": "≪", "gg": "≫", "le": "≤", "ge": "≥", "lesssim": "≲"},
    **{"gtrsim": "≳", "mp": "∓", "circ": "∘", "partial": "∂", "left": "", "right": ""},
    **{",": " ", ";": " ", " ": " ", "%": "%", "$": "$", "_": "_", "{": "{", "}": "}", "&": "&", "#": "#"},
}
_WORDS = ("sin", "cos", "tan", "log", "ln", "exp", "max", "min")
_FONTS = {"mathrm": "upright", "text": "upright", "rm": "upright", "mathbf": "upright", "mathit": "italic"}
_ACCENTS = {"tilde": "̃", "bar": "̄", "hat": "̂"}
_FRACTIONS = ("frac", "dfrac", "tfrac")
_TOKEN = re.compile(r"\\([A-Za-z]+|.)\s*|([{}_^])|(\s+)|(.)", re.DOTALL)
_DOLLARS = re.compile(r"(?<!\\)\$((?:\\.|[^$\\])+)\$")


@dataclass(frozen=True)
class Run:
    """A stretch of text at one height.

    Attributes
    ----------
    level : int
        0 on the line, -1 lowered, 1 raised.
    italic : bool
        True for a variable's letters.
    """

    text: str
    level: Literal[-1, 0, 1] = 0
    italic: bool = False


def runs_of(source: str) -> list[Run]:
    r"""Return a symbol as stretches of text: ``m_{A'}`` as m, lowered A′.

    What is not understood stands as it is: nothing a user writes is an error.
    """
    found: list[Run] = []
    tokens = list(_TOKEN.finditer(source))
    at = 0
    while at < len(tokens):  # a brace that closes nothing is left out
        at = _read(tokens, at, 0, None, found) + 1
    return _joined(found)


def _read(tokens: list[re.Match[str]], at: int, level: int, font: str | None, found: list[Run]) -> int:
    """Read until the closing brace; return where it stands."""
    while at < len(tokens):
        command, mark, _, letter = tokens[at].groups()
        if mark == "}":
            return at
        if mark == "{":
            at = _read(tokens, at + 1, level, font, found)
        elif mark in ("_", "^"):
            at = _one(tokens, at + 1, level or (-1 if mark == "_" else 1), font, found)
        elif command in _FONTS:
            at = _one(tokens, at + 1, level, _FONTS[command], found)
        elif command in _ACCENTS:
            at = _one(tokens, at + 1, level, font, found)
            if found:
                found[-1] = Run(found[-1].text + _ACCENTS[command], found[-1].level, found[-1].italic)
        elif command in (*_FRACTIONS, "sqrt"):
            at = _over(tokens, at, level, font, found)
        elif command is not None:
            word = _SYMBOLS.get(command, command if command in _WORDS else f"\\{command}")
            found.append(Run(word + _gap(command, tokens[at + 1 :]), level, False))  # type: ignore[arg-type]
        elif letter is not None:
            text = {"'": "′", "-": "−", "*": "∗", "=": " = "}.get(letter, letter)
            found.append(Run(text, level, letter.isalpha() and font != "upright"))  # type: ignore[arg-type]
        at += 1
    return at


def _over(tokens: list[re.Match[str]], at: int, level: int, font: str | None, found: list[Run]) -> int:
    """Read a fraction or root, set on one line; return its last token."""
    sign = Run("√" if tokens[at][1] == "sqrt" else "/", level)  # type: ignore[arg-type]
    if sign.text == "/":
        above: list[Run] = []
        at = _one(tokens, at + 1, level, font, above)
        found += _bracketed(above, level)
    below: list[Run] = []
    at = _one(tokens, at + 1, level, font, below)
    found += [sign, *_bracketed(below, level)]
    return at


def _bracketed(runs: list[Run], level: int) -> list[Run]:
    """Return what stands over or under a line, in brackets unless it is one number, letter or word."""
    base = [run for run in _joined(runs) if run.level == level]
    text = "".join(run.text for run in base)
    word = len(base) == 1 and not base[0].italic and text.isalnum() and (text.isdecimal() or text.isascii())
    if len(text) < 2 or word:
        return runs
    return [Run("(", level), *runs, Run(")", level)]  # type: ignore[arg-type]


def _gap(command: str, rest: list[re.Match[str]]) -> str:
    """Return the space between a function's name and what it is of."""
    return "\u2009" if command in _WORDS and rest and rest[0][0] not in "^_({," else ""


def _one(tokens: list[re.Match[str]], at: int, level: int, font: str | None, found: list[Run]) -> int:
    """Read one group, command or letter; return its last token."""
    if at >= len(tokens):
        return at
    if tokens[at][2] == "{":
        return _read(tokens, at + 1, level, font, found)
    if tokens[at][1] in (*_FRACTIONS, "sqrt"):
        return _over(tokens, at, level, font, found)
    if tokens[at][1] in (*_FONTS, *_ACCENTS):
        return _one(tokens, at + 1, level, _FONTS.get(tokens[at][1], font), found)
    _read(tokens[: at + 1], at, level, font, found)
    return at


def _joined(runs: list[Run]) -> list[Run]:
    found: list[Run] = []
    for run in runs:
        if found and (found[-1].level, found[-1].italic) == (run.level, run.italic):
            found[-1] = Run(found[-1].text + run.text, run.level, run.italic)
        else:
            found.append(run)
    return found


def as_html(source: str) -> str:
    """Return a symbol as HTML."""
    parts = []
    for run in runs_of(source):
        text = escape(run.text)
        text = f"<i>{text}</i>" if run.italic else text
        parts.append({0: text, -1: f"<sub>{text}</sub>", 1: f"<sup>{text}</sup>"}[run.level])
    return "".join(parts)


def as_svg(source: str) -> str:
    """Return a symbol as the inside of an SVG text element."""
    parts, height = [], 0
    for run in runs_of(source):
        shift = {0: 0, -1: 4, 1: -5}[run.level]
        style = ' class="small"' if run.level else ""
        style += ' font-style="italic"' if run.italic else ""
        parts.append(f'<tspan dy="{shift - height}"{style}>{escape(run.text)}</tspan>')
        height = shift
    return "".join(parts) + (f'<tspan dy="{-height}">\u200b</tspan>' if height else "")


def as_text(source: str) -> str:
    """Return a symbol as plain text, lowered and raised parts after _ and ^."""
    marks, parts, level = {0: "", -1: "_", 1: "^"}, [], 0
    for run in runs_of(source):
        parts.append((marks[run.level] if run.level != level else "") + run.text)
        level = run.level
    return "".join(parts)


def label_html(label: str) -> str:
    """Return a label of a run file as HTML: mathematics between dollar signs, the rest as it is."""
    return split(label, escape, as_html)


def label_text(label: str) -> str:
    """Return a label of a run file as plain text."""
    return split(label, str, as_text)


def label_svg(label: str) -> str:
    """Return a label of a run file as the inside of an SVG text element."""
    return split(label, escape, as_svg)


def split(label: str, plain: Callable[[str], str], math: Callable[[str], str]) -> str:
    """Return a text with what stands between dollar signs told by one function, the rest by another."""
    parts, last = [], 0
    for found in _DOLLARS.finditer(label):
        parts += [plain(_dollars(label[last : found.start()])), math(found[1])]
        last = found.end()
    return "".join([*parts, plain(_dollars(label[last:]))])


def _dollars(text: str) -> str:
    r"""Return a text with the dollar signs that ``\$`` stands for."""
    return text.replace(r"\$", "$")
