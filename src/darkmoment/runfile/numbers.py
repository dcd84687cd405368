"""Numbers as people write them: 1e-4, pi/4, sqrt(2), "100 MeV", "45 deg", 0.53 +- 0.05."""

from __future__ import annotations

import re
from math import isfinite

from darkmoment.parameters import PARAMETERS
from darkmoment.runfile.diagnostics import Findings, nearest
from darkmoment.runfile.expressions import ExpressionError, parse
from darkmoment.runfile.tree import Node, Scalar, shown
from darkmoment.units import UNITS

_WITH_UNIT = re.compile(r"(?P<number>.*[\d.)\s])\s*(?P<unit>[A-Za-zµ°%]+)")
_PLUS_MINUS = re.compile(r"\+-|\+/-|±")


class NumberError(ValueError):
    """Text that is not a number in the unit wanted.

    Attributes
    ----------
    suggestion : str or None
        What was probably meant.
    """

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion


def number_from_text(text: str, unit: str = "") -> float:
    """Read a number, with arithmetic and a unit if wanted.

    Parameters
    ----------
    text : str
        `1e-4`, `pi/4`, `100 MeV`.
    unit : str
        The unit of the result: 'GeV', 'rad', or '' for a pure number.

    Returns
    -------
    float
        The value in `unit`.

    Raises
    ------
    NumberError
        For text that is no number, an unknown unit or one of another dimension, NaN and infinity.
    """
    text = text.strip()
    match = _WITH_UNIT.fullmatch(text)
    given = match["unit"] if match else None
    if match is not None and given is not None:
        factor, divisor = _conversion(given, text, unit)
        number = match["number"]
    else:
        factor, divisor, number = 1.0, 1.0, text
    try:
        value = float(parse(number)({})) * factor / divisor
    except ExpressionError as error:
        if given is not None:
            raise NumberError(f"{text!r} is not a number", error.suggestion) from None
        if re.fullmatch(r"\w+", text):
            raise NumberError(f"{text!r} is not a number", error.suggestion) from None
        raise NumberError(_with_tie_hint(str(error), text), error.suggestion) from None
    if not isfinite(value):
        raise NumberError(f"{text!r} is not a finite number")
    return value


def has_unit(text: str) -> bool:
    """Return True where a number is written with its unit: no slip of units then."""
    match = _WITH_UNIT.fullmatch(text.strip())
    return match is not None and match["unit"] in UNITS


def _with_tie_hint(message: str, text: str) -> str:
    """Say how to tie a parameter to others, where the text reads like a tie."""
    try:
        parse(text, PARAMETERS)
    except ExpressionError:
        return message
    return f'{message}; to tie it to other parameters write {{expr: "{text}"}}'


def _conversion(given: str, text: str, unit: str) -> tuple[float, float]:
    if given not in UNITS:
        raise NumberError(f"unknown unit {given!r} in {text!r}", nearest(given, UNITS))
    base, factor, divisor = UNITS[given]
    if base != unit:
        wanted = f"a number in {unit}" if unit else "a pure number"
        raise NumberError(f"{text!r} is in {given}, but {wanted} is wanted")
    return factor, divisor


def constraint_from_text(text: str, unit: str = "") -> tuple[float, float]:
    """Read `0.53 +- 0.05` (also `+/-` and `±`; a unit at the end holds for both) as (mean, sigma).

    Raises
    ------
    NumberError
        If it has not this form, or sigma is not positive.
    """
    parts = _PLUS_MINUS.split(text)
    if len(parts) != 2:
        raise NumberError(f"constraint {text!r} is not of the form 'mean +- sigma'")
    mean, sigma = (part.strip() for part in parts)
    trailing = _WITH_UNIT.fullmatch(sigma)
    if trailing and not _WITH_UNIT.fullmatch(mean):
        mean = f"{mean} {trailing['unit']}"
    values = number_from_text(mean, unit), number_from_text(sigma, unit)
    if values[1] <= 0:
        raise NumberError(f"constraint {text!r} needs a sigma > 0")
    return values


def read_number(node: Node, what: str, findings: Findings, unit: str = "") -> float | None:
    """Read a number from a run file.

    Parameters
    ----------
    node : Node
        Where it stands.
    what : str
        What it is for, at the start of a message: 'range of m_E', 'parameter m_E'.
    findings : Findings
        Receives the problem where it is no finite number.
    unit : str
        The unit of the result.
    """
    if not isinstance(node, Scalar) or isinstance(node.value, bool) or node.value is None:
        findings.problem(node.where, f"{what} needs a number, not {shown(node)}")
        return None
    if not isinstance(node.value, str):
        value = float(node.value)
        if isfinite(value):
            return value
        findings.problem(node.where, f"{what}: {node.text} is not a finite number")
        return None
    try:
        return number_from_text(node.value, unit)
    except NumberError as error:
        findings.problem(node.where, f"{what}: {error}", error.suggestion)
        return None
