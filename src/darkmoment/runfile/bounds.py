"""The value of a bare limit: a number, or text as cards write it: `< 1e-13`, `> 1500 @ 95% CL`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf

from darkmoment.parameters import PARAMETERS
from darkmoment.runfile.diagnostics import Findings
from darkmoment.runfile.numbers import NumberError, number_from_text, read_number
from darkmoment.runfile.tree import Entry, Scalar, shown

_BOUND = re.compile(r"(?P<sense>[<>]?)(?P<number>[^@]*)(?:@(?P<level>[^@]*))?")
_LEVEL = re.compile(r"\s*(?P<percent>\d+\.?\d*)\s*%\s*(?:CL|C\.L\.)?\s*")


@dataclass(frozen=True)
class Bound:
    """A limit as one number.

    Attributes
    ----------
    lower : bool
        True where the quantity is allowed at and above `value`.
    cl : float or None
        Confidence level, where the text has it.
    """

    value: float
    lower: bool = False
    cl: float | None = None


def speaks_of_level(entry: Entry | None) -> bool:
    """Return True where a value is a text with a confidence level, readable or not."""
    return entry is not None and isinstance(entry.node, Scalar) and "@" in entry.node.text


def read_bound(entry: Entry, name: str, limits: str | None, findings: Findings) -> Bound | None:
    """Read the value of a bare limit; None where a problem was noted.

    Parameters
    ----------
    name : str
        Of the experiment.
    limits : str or None
        What it limits; None where that is not known.
    """
    node = entry.node
    unit = PARAMETERS[limits].unit if limits is not None and limits in PARAMETERS else ""
    sense, cl = "", None
    value: float | None
    if isinstance(node, Scalar) and isinstance(node.value, str):
        try:
            sense, value, cl = _parsed(node.text, unit)
        except NumberError as error:
            how = 'write a number, "< 1e-13", or "> 1500 @ 95% CL"'
            findings.problem(node.where, f"value of {name}: {error}; {how}", error.suggestion)
            return None
    else:
        value = read_number(node, f"value of {name}", findings, unit)
    if value is None:
        return None
    refusal = _refusal(value, sense, name, limits, shown(node))
    if refusal is not None:
        findings.problem(node.where, refusal)
        return None
    return Bound(value, sense == ">", cl)


def _parsed(text: str, unit: str) -> tuple[str, float, float | None]:
    """Return sense, number and confidence level of a text; raises NumberError."""
    match = _BOUND.fullmatch(" ".join(text.split()))
    if match is None:
        raise NumberError(f"{text!r} is no limit")
    value = number_from_text(match["number"], unit)
    if match["level"] is None:
        return match["sense"], value, None
    level = _LEVEL.fullmatch(match["level"])
    cl = float(level["percent"]) / 100 if level is not None else 0.0
    if not 0 < cl < 1:
        raise NumberError(f"{match['level'].strip()!r} is no confidence level between 0 and 100%")
    return match["sense"], value, cl


def _refusal(value: float, sense: str, name: str, limits: str | None, text: str) -> str | None:
    """Say why a number is no limit on a quantity, or which two limits it may be."""
    if not 0 < value < inf:
        kind = "a lower" if sense == ">" else "an upper"
        return f"value of {name} is {kind} limit, which is positive, not {text}"
    if limits is None or limits not in PARAMETERS:
        return None
    if PARAMETERS[limits].domain[0] < 0:
        return f"{limits} may be negative, where a limit has no meaning: confine it by its range"
    if not sense and limits != "epsilon":
        return (
            f"value of {name} does not say on which side {limits} is allowed: "
            f'write value: "> {value:.10g}" for a lower limit, value: "< {value:.10g}" for an upper one'
        )
    return None
