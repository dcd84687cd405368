"""Masses of the two Majorana states that m and m_D make, signed (arXiv:2603.25704, section 2.2)."""

from __future__ import annotations

from darkmoment.observables.observable import Observable
from darkmoment.parameters import Array

MASSES = ("M_1", "M_2")


def _difference(m_majorana: Array, m_dirac: Array) -> Array:
    return m_majorana - m_dirac


def _sum(m_majorana: Array, m_dirac: Array) -> Array:
    return m_majorana + m_dirac


OBSERVABLES = [
    Observable(name, "GeV", name, ("m_majorana", "m_dirac"), function, logarithmic=False)
    for name, function in zip(MASSES, (_difference, _sum), strict=True)
]
"""M_1 is negative where m_dirac exceeds m_majorana."""
