"""Electron antineutrinos of a power reactor, per fission.

Above 2 MeV the polynomials of Huber (arXiv:1106.0687) for 235U, 239Pu, 241Pu and of Mueller et al.
(arXiv:1101.2663) for 238U, which hold up to 8 MeV, where the spectrum is cut. Below, the table of Vogel and
Engel (Phys. Rev. D 39 (1989) 3378), joined by straight lines, and the beta decays of 239U and 239Np that
follow the 0.6 neutron captures on 238U per fission.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

import numpy as np

from darkmoment.physics.neutrinos import NeutrinoFlux, allowed_spectrum
from darkmoment.physics.quadrature import Array

MEV = 1e-3

FRACTIONS: Mapping[str, float] = {"U235": 0.56, "U238": 0.08, "Pu239": 0.30, "Pu241": 0.06}
"""Fissions, in the middle of a cycle of a pressurised-water reactor."""

POLYNOMIALS: Mapping[str, tuple[float, ...]] = {
    "U235": (4.367, -4.577, 2.100, -5.294e-1, 6.186e-2, -2.777e-3),
    "U238": (4.833e-1, 1.927e-1, -1.283e-1, -6.762e-3, 2.233e-3, -1.536e-4),
    "Pu239": (4.757, -5.392, 2.563, -6.596e-1, 7.820e-2, -3.536e-3),
    "Pu241": (2.990, -2.882, 1.278, -3.343e-1, 3.905e-2, -1.754e-3),
}
"""Logarithm of the spectrum per fission and MeV, in powers of E/MeV, for 2 to 8 MeV."""

TABLE_MEV = (0.0, 7.813e-3, 1.563e-2, 3.12e-2, 6.25e-2, 0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
TABLE: Mapping[str, tuple[float, ...]] = {
    "U235": (0, 0.024, 0.092, 0.35, 0.61, 1.98, 2.16, 2.66, 2.66, 2.41, 1.69, 1.26),
    "U238": (0, 0.089, 0.35, 1.32, 0.65, 2.02, 2.18, 2.91, 2.96, 2.75, 1.97, 1.50),
    "Pu239": (0, 0.14, 0.56, 2.13, 0.64, 1.99, 2.08, 2.63, 2.58, 2.32, 1.48, 1.08),
    "Pu241": (0, 0.20, 0.79, 3.00, 0.59, 1.85, 2.14, 2.82, 2.90, 2.63, 1.75, 1.32),
}
"""The spectrum per fission and MeV below 2 MeV, at `TABLE_MEV`."""

CAPTURES = 0.6
"""Neutron captures on 238U per fission."""

CAPTURE_DECAYS = ((1.26, 93), (0.71, 94))
"""Endpoint in MeV and daughter's charge of the two beta decays that follow: 239U and 239Np."""

E_MATCH, E_END = 2 * MEV, 8 * MEV


@cache
def _capture_norms() -> tuple[float, ...]:
    bare = [
        NeutrinoFlux(density=partial(allowed_spectrum, endpoint=q * MEV, charge=z), knots=(0.0, q * MEV))
        for q, z in CAPTURE_DECAYS
    ]
    return tuple(CAPTURES / flux.total() for flux in bare)


def density(E: Array) -> Array:
    """Return antineutrinos per fission and GeV at energies E (GeV)."""
    x = np.asarray(E, dtype=float) / MEV
    below = sum(f * np.interp(x, TABLE_MEV, TABLE[isotope]) for isotope, f in FRACTIONS.items())
    inside = np.clip(x, 2.0, 8.0)
    above = sum(
        f * np.exp(np.polynomial.polynomial.polyval(inside, POLYNOMIALS[isotope]))
        for isotope, f in FRACTIONS.items()
    )
    fission = np.where(x < 2.0, below, above) * (x <= 8.0) / MEV
    captures = [
        norm * allowed_spectrum(E, q * MEV, z)
        for norm, (q, z) in zip(_capture_norms(), CAPTURE_DECAYS, strict=True)
    ]
    return np.asarray(fission + np.sum(captures, axis=0))


@cache
def flux() -> NeutrinoFlux:
    """Return the spectrum per fission."""
    ends = {energy * MEV for energy in TABLE_MEV} | {q * MEV for q, _ in CAPTURE_DECAYS} | {E_END}
    return NeutrinoFlux(density=density, knots=tuple(sorted(ends)))
