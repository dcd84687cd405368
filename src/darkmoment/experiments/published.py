"""Numbers the way papers print them: ``< 1.5e-13 @ 90% CL``, ``38(63)e-11``, ``0.53 +- 0.17``."""

from __future__ import annotations

import re

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_PLAIN = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_LIMIT = re.compile(rf"(?P<sense>[<>])\s*(?P<value>{_NUMBER})\s*@\s*(?P<percent>{_PLAIN})\s*%\s*CL")
_CONCISE = re.compile(rf"(?P<value>{_PLAIN})\((?P<sigma>\d+\.?\d*|\.\d+)\)(?P<power>[eE][+-]?\d+)?")
_PLUS_MINUS = re.compile(rf"(?P<value>{_NUMBER})\s*(?:\+-|\+/-|±)\s*(?P<sigma>{_NUMBER})")
_SCALED = re.compile(r"\(\s*(?P<inner>[^()]+?)\s*\)\s*(?P<power>[eE][+-]?\d+)")


def parse_limit(text: str) -> tuple[float, float]:
    """Read an upper limit, or a lower one.

    Parameters
    ----------
    text : str
        ``< 1.5e-13 @ 90% CL``, or ``> 1270 @ 95% CL``.

    Returns
    -------
    tuple of float
        The limit and its confidence level: (1.5e-13, 0.90).

    Raises
    ------
    ValueError
        If the text does not read so, the limit is not positive, or the level not within 0-100%.
    """
    match = _LIMIT.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{text!r} is not an upper limit (or lower, with >): write it as '< 1.5e-13 @ 90% CL'"
        )
    value, percent = float(match["value"]), float(match["percent"])
    if value <= 0:
        raise ValueError(f"{text!r}: a limit must be positive")
    if not 0 < percent < 100:
        raise ValueError(f"{text!r}: a confidence level lies between 0 and 100%")
    return value, percent / 100


def is_lower_limit(text: str) -> bool:
    """Say which of the two kinds of limit that `parse_limit` reads this is."""
    return text.lstrip().startswith(">")


def parse_measurement(text: str) -> tuple[float, float]:
    """Read a value with its standard deviation.

    Parameters
    ----------
    text : str
        ``38(63)e-11``, ``3.4(1.6)e-13``, ``0.53 +- 0.17`` or ``(38 +- 63)e-11``. In brackets without a
        decimal point the uncertainty counts in units of the last digit, as usual: 2.9963(74).

    Returns
    -------
    tuple of float
        Value and standard deviation: (3.8e-10, 6.3e-10).

    Raises
    ------
    ValueError
        If the text does not read so or the uncertainty is not positive.
    """
    stripped = text.strip()
    if scaled := _SCALED.fullmatch(stripped):
        value, sigma = _plain_measurement(scaled["inner"], text)
        scale = float(f"1{scaled['power']}")
        return value * scale, sigma * scale
    return _plain_measurement(stripped, text)


def _plain_measurement(text: str, whole: str) -> tuple[float, float]:
    if match := _CONCISE.fullmatch(text):
        power = match["power"] or "e0"
        decimals = len(match["value"].partition(".")[2]) if "." not in match["sigma"] else 0
        value = float(match["value"] + power)
        sigma = float(f"{match['sigma']}e{int(power[1:]) - decimals}")
    elif match := _PLUS_MINUS.fullmatch(text):
        value, sigma = float(match["value"]), float(match["sigma"])
    else:
        raise ValueError(f"{whole!r} is not a measurement: write it as '38(63)e-11' or '0.53 +- 0.17'")
    if sigma <= 0:
        raise ValueError(f"{whole!r}: an uncertainty must be positive")
    return value, sigma
