"""Words about points, and fits, whose scalar masses are not positive."""

from __future__ import annotations

from collections.abc import Mapping

from darkmoment.fit import Fit, PointError
from darkmoment.model import SCALARS
from darkmoment.parameters import Array

REFERENCE = "the reference point is"
"""Beginning of what is said of a fit."""


def unphysical_note(p: Mapping[str, Array], row: int = 0) -> str | None:
    """Say which scalar masses of a point are not positive, or None where all are.

    Parameters
    ----------
    p : mapping of str to ndarray
        Predictions, shape (n,) or (1,).
    """
    masses = {name: float(p[name][0] if len(p[name]) == 1 else p[name][row]) for name in SCALARS}
    bad = [f"{name} = {mass:.6g} GeV" for name, mass in masses.items() if not mass > 0]
    return f"unphysical: {', '.join(bad)} must be > 0; chi2 is infinite" if bad else None


def unphysical_reference(fit: Fit) -> list[str]:
    """Say that the reference point of a fit is unphysical, and what is wanted; nothing where it is not."""
    try:
        p = fit.predictions({})
    except PointError:
        return []  # a tie has no meaning there: said where a point is asked for
    note = unphysical_note(p)
    if note is None:
        return []
    if fit.spec.spectrum == "paired":
        note += f"; wanted is m_S > delta_m_S/2, which is {float(p['delta_m_S'][0]) / 2:.6g} GeV there"
        ends = [(one.name, *one.bounds) for one in fit.free if one.name in ("m_S", "delta_m_S")]
        note += "".join(f", and {name} is free in [{low:.6g}, {high:.6g}]" for name, low, high in ends)
    return [f"{REFERENCE} {note}"]
