"""The recoils that XENONnT would have reconstructed, for a mediator of any mass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import pi

import numpy as np
from numpy.polynomial.legendre import leggauss

from darkmoment.experiments.likelihood import Array
from darkmoment.experiments.scattering import GEV_PER_KEV, in_xenon, largest_recoils
from darkmoment.physics import solar, xenon
from darkmoment.physics.neutrinos import DIPOLE_CROSS_SECTION
from darkmoment.physics.recoil import q_squared

ATOMS = 1e6 / xenon.ATOMIC_WEIGHT * 6.02214076e23
"""Per tonne."""

YEAR = 365.25 * 86400
MU_REFERENCE = 1e-11
"""The moment, in Bohr magnetons, that signals are given for."""

Q_MIDDLE = float(q_squared(5 * GEV_PER_KEV))
"""Squared momentum transfer of a 5 keV recoil, GeV^2: where light and heavy mediators part."""

LOWEST, ABOVE = 0.05, 12.0
"""Recoils (keV) counted: from `LOWEST`, and up to `ABOVE` beyond the last reconstructed energy."""

_PANEL, _NODES = 0.25, 6


def unit_mass(mass: Array) -> tuple[Array, Array]:
    """Return u = m^2/(m^2 + Q_MIDDLE) and 1 - u of dark-photon masses in GeV: 0 for light, 1 for heavy."""
    square = np.square(mass)
    whole = square + Q_MIDDLE
    return square / whole, Q_MIDDLE / whole


@dataclass(frozen=True)
class Detector:
    """What turns recoils into reconstructed energies (keV).

    Attributes
    ----------
    exposure : float
        Tonne years.
    window : tuple of float
        First and last reconstructed energy.
    resolution : tuple of float
        a, b of sigma = a sqrt(E) + b E.
    efficiency : tuple of arrays
        Energies and efficiencies, joined by straight lines.
    """

    exposure: float
    window: tuple[float, float]
    resolution: tuple[float, float]
    efficiency: tuple[Array, Array]

    def seen(self, energy: Array, recoil: Array) -> Array:
        """Return the density (1/keV) of reconstructed energies (n,) for each recoil (k,): shape (n, k)."""
        a, b = self.resolution
        sigma = a * np.sqrt(recoil) + b * recoil
        gauss = np.exp(-np.square((energy[:, np.newaxis] - recoil) / sigma) / 2) / (np.sqrt(2 * pi) * sigma)
        return np.interp(energy, *self.efficiency)[:, np.newaxis] * gauss

    def whole(self) -> tuple[Array, Array]:
        """Return energies and weights that integrate over the window."""
        low, high = self.window
        return panels([low, *(e for e in self.efficiency[0] if low < e < high), high])


def panels(edges: list[float]) -> tuple[Array, Array]:
    """Return nodes and weights that integrate from the first edge to the last, smooth between them."""
    x, w = leggauss(_NODES)
    nodes, weights = [], []
    for low, high in pairwise(edges):
        ends = np.linspace(low, high, 1 + int(np.ceil((high - low) / _PANEL)))
        half, middle = np.diff(ends)[:, np.newaxis] / 2, (ends[1:, np.newaxis] + ends[:-1, np.newaxis]) / 2
        nodes.append((middle + half * x).ravel())
        weights.append((half * w).ravel())
    return np.concatenate(nodes), np.concatenate(weights)


@dataclass(frozen=True)
class Signal:
    """Recoils at `MU_REFERENCE` over (1 - u)^2, for a few values of u.

    Attributes
    ----------
    events : ndarray (k, n)
        Density per keV at each of the observed energies.
    total : ndarray (k,)
        Number in the window.
    shift : ndarray (k,)
        Mean of P_ee over the number's sources, less that of the 7Be line at 862 keV.
    """

    events: Array
    total: Array
    shift: Array

    @classmethod
    def of(cls, detector: Detector, energies: Array, u: Array) -> Signal:
        """Return the signal at observed energies (n,) in keV and at values (k,) of u."""
        last = detector.window[1] + ABOVE
        breaks = [*xenon.THRESHOLDS, *largest_recoils(solar.edges())]
        inner = sorted(e / GEV_PER_KEV for e in breaks if LOWEST < e / GEV_PER_KEV < last)
        T, weights = panels([LOWEST, *inner, last])
        rates = [_rate(recoils, T) * weights for recoils in (solar.dipole_recoils, solar.shifted_recoils)]
        q = q_squared(T * GEV_PER_KEV)
        mediator = np.square(q / (q + (Q_MIDDLE - q) * u[:, np.newaxis]))
        energy, weight = detector.whole()
        # einsum, because a matrix product's last bits depend on the number of threads
        every = detector.exposure * np.einsum("e,et->t", weight, detector.seen(energy, T))
        total, shifted = (np.einsum("ut,t->u", mediator * rate, every) for rate in rates)
        at_events = detector.exposure * np.einsum(
            "ut,et->ue", mediator * rates[0], detector.seen(energies, T)
        )
        return cls(at_events, total, shifted / total)


def _rate(recoils: Callable[[Array], Array], T: Array) -> Array:
    """Return recoils per keV, tonne and year of a massless mediator at `MU_REFERENCE`, T in keV."""
    per_atom = in_xenon(recoils)(T * GEV_PER_KEV) * GEV_PER_KEV  # from 1/GeV to 1/keV
    return DIPOLE_CROSS_SECTION * MU_REFERENCE**2 * per_atom * ATOMS * YEAR
