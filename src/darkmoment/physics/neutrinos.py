"""Neutrino spectra, and the recoil spectrum that a magnetic moment makes of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import pi

import numpy as np
from numpy.polynomial.legendre import leggauss

from darkmoment.constants import ALPHA, M_ELECTRON
from darkmoment.physics.quadrature import Array, Value

DIPOLE_CROSS_SECTION = pi * (ALPHA / M_ELECTRON) ** 2 * 3.893793721e-28
"""pi alpha^2/m_e^2 in cm^2: recoils of one electron are this times (mu/mu_B)^2 (1/T - 1/E) and the flux."""

_NODES = 64


@dataclass(frozen=True)
class NeutrinoFlux:
    """Neutrinos as monoenergetic lines and a continuum; energies in GeV, any common unit of flux.

    Attributes
    ----------
    lines : tuple of (energy, flux)
    density : callable or None
        Flux per GeV of the continuum, at arrays of energies.
    knots : tuple of float
        Ends of the continuum, and the energies between them at which it is not smooth, increasing.
    """

    lines: tuple[tuple[float, float], ...] = ()
    density: Callable[[Array], Array] | None = None
    knots: tuple[float, ...] = ()

    @property
    def edges(self) -> tuple[float, ...]:
        """Energies at whose largest recoil the recoil spectrum is not smooth."""
        return tuple(sorted({*(energy for energy, _ in self.lines), *self.knots}))

    def total(self) -> float:
        """Return the whole flux."""
        return float(self._above(np.zeros(1), lambda E: np.ones_like(E))[0])

    def dipole_recoils(self, T: Array) -> Array:
        """Return int dE phi(E) (1/T - 1/E) over the energies that can give a recoil T (GeV), shape of T.

        Times pi alpha^2/m_e^2 (mu/mu_B)^2 it is the recoil spectrum of electrons at rest.
        """
        return self.recoils(T, lambda T, E: 1 / T - 1 / E)

    def recoils(self, T: Array, weight: Callable[[Array, Array], Array]) -> Array:
        """Return int dE phi(E) weight(T, E) over the energies that can give a recoil T (GeV), shape of T."""
        T = np.asarray(T, dtype=float)
        flat = T.reshape(-1)
        return self._above(E_min(flat), lambda E: weight(flat[:, np.newaxis], E)).reshape(T.shape)

    def _above(self, lowest: Array, weight: Callable[[Array], Array]) -> Array:
        """Integrate the flux times a weight from each of the energies (n,) up."""
        result = np.zeros(len(lowest))
        for energy, flux in self.lines:
            seen = np.where(lowest < energy, flux, 0.0)
            result += seen * weight(np.full((len(lowest), 1), energy))[:, 0]
        if self.density is not None:
            x, w = leggauss(_NODES)
            u, w = (1 - x) / 2, w / 2
            for low, high in pairwise(self.knots):
                start = np.clip(lowest, low, high)[:, np.newaxis]
                # squares of u: a spectrum ends like the square root of the distance to its end
                E = high - (high - start) * u * u
                result += (self.density(E) * weight(E) * 2 * (high - start) * u * w).sum(axis=1)
        return result


def E_min(T: Value) -> Array:
    """Return the least neutrino energy that gives an electron at rest the kinetic energy T (GeV)."""
    T = np.asarray(T, dtype=float)
    return (T + np.sqrt(T * (T + 2 * M_ELECTRON))) / 2


def allowed_spectrum(E: Array, endpoint: float, charge: int) -> Array:
    """Return the neutrino spectrum of an allowed beta decay, not normalised.

    Parameters
    ----------
    E : ndarray
        Neutrino energy in GeV.
    endpoint : float
        Largest neutrino energy in GeV.
    charge : int
        Charge of the daughter nucleus as the beta feels it: negative for a positron. The Coulomb factor is
        Sommerfeld's, 2 pi eta/(1 - exp(-2 pi eta)), that of a point charge and a slow beta.
    """
    W = np.maximum(endpoint - E, 0.0) + M_ELECTRON
    p = np.sqrt((W - M_ELECTRON) * (W + M_ELECTRON))
    shape = E * E * W
    # p/(1 - exp(-2 pi eta)) with eta = charge alpha W/p: finite where the beta is at rest
    eta = 2 * pi * charge * ALPHA * W / np.where(p > 0, p, 1.0)
    if charge == 0:
        return shape * p
    with np.errstate(over="ignore"):
        coulomb = 2 * pi * charge * ALPHA * W / -np.expm1(-eta)
    return np.where((endpoint > E) & (p > 0), shape * coulomb, 0.0)
