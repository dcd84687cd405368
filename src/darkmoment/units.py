"""Units that values may be written in, and the unit in which a suspicious one was probably meant."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi

UNITS: Mapping[str, tuple[str, float, float]] = {
    "eV": ("GeV", 1.0, 1e9),
    "keV": ("GeV", 1.0, 1e6),
    "MeV": ("GeV", 1.0, 1e3),
    "GeV": ("GeV", 1.0, 1.0),
    "TeV": ("GeV", 1e3, 1.0),
    "rad": ("rad", 1.0, 1.0),
    "mrad": ("rad", 1.0, 1e3),
    "deg": ("rad", pi, 180.0),
}
"""Unit -> (the unit parameters use, factor, divisor); dividing by a power of ten rounds once, not twice."""

_SLIPS = ("MeV", "TeV", "keV", "eV", "deg")
"""Units that numbers are written in by mistake, the most frequent first."""


def converted(value: float, unit: str) -> float:
    """Return a value in `unit` in the unit that parameters use."""
    _, factor, divisor = UNITS[unit]
    return value * factor / divisor


def meant(values: tuple[float, ...], unit: str, window: tuple[float, float]) -> str | None:
    """Return the unit in which all values would lie in a window, or None where there is none.

    Parameters
    ----------
    values : tuple of float
        Numbers as they were written.
    unit : str
        The unit they were taken in, and that of the window.
    """
    lower, upper = window
    for other in _SLIPS:
        if UNITS[other][0] == unit and all(lower <= converted(x, other) <= upper for x in values):
            return other
    return None
