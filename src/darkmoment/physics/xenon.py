"""Electrons of a xenon atom that a recoil can free."""

from __future__ import annotations

import numpy as np

from darkmoment.physics.quadrature import Array

EV = 1e-9

SHELLS = (
    *((34561.0, 2), (5453.0, 2), (5107.0, 2), (4786.0, 4)),
    *((1148.7, 2), (1002.1, 2), (940.6, 4), (689.0, 4), (676.4, 6)),
    *((213.2, 2), (146.7, 2), (145.5, 4), (69.5, 4), (67.5, 6)),
    *((23.3, 2), (13.4, 2), (12.1, 4)),
)
"""Binding energy in eV and number of electrons, K to O (X-Ray Data Booklet, LBNL/PUB-490, table 1-1)."""

THRESHOLDS = tuple(sorted(energy * EV for energy, _ in SHELLS))
"""Binding energies in GeV, increasing."""

ATOMIC_WEIGHT = 131.293
"""Grams per mole."""


def free_electrons(T: Array) -> Array:
    """Return how many of the 54 electrons are bound less than by T (GeV): those that count as free."""
    energies, numbers = np.array([[energy * EV, number] for energy, number in SHELLS[::-1]]).T
    counts = np.concatenate([[0.0], np.cumsum(numbers)])
    return counts[np.searchsorted(energies, T, side="right")]
