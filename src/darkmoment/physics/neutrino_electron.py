"""Elastic scattering of neutrinos on electrons: the Standard Model, and an A' that interferes with it.

With the electron's couplings in L = -2 sqrt2 G_F (nubar gamma P_L nu) [ebar gamma (g_L P_L + g_R P_R) e]

    dsigma/dT = (2 G_F^2 m_e/pi) [g_L^2 + g_R^2 (1 - T/E)^2 - g_L g_R m_e T/E^2],

for antineutrinos with g_L and g_R exchanged. An A', L = -(g_nu nubar gamma P_L nu + g_e ebar gamma e) A',
adds delta = g_nu g_e/[2 sqrt2 G_F (2 m_e T + m_A'^2)] to both. Where it changes the flavour it stands alone.
arXiv:2603.25704 has no such term; it is not suppressed by the momentum transfer as the moment's is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from math import pi, sqrt

import numpy as np

from darkmoment.constants import ALPHA, G_F, M_ELECTRON
from darkmoment.physics.quadrature import Array, Value
from darkmoment.physics.recoil import RecoilSpectrum, q_squared

SIN2_THETA_W_LOW = 0.2387
"""Weak mixing at low energies (MSbar, PDG 2024)."""

Weight = Callable[[Array, Array], Array]
"""Function of recoil T and neutrino energy E in GeV."""

Recoils = Callable[[Array, Weight], Array]
"""Integral of a weight over the neutrino energies that can give the recoils T."""

COUPLINGS: Mapping[str, tuple[float, float]] = {
    "nu_e": (0.5 + SIN2_THETA_W_LOW, SIN2_THETA_W_LOW),
    "nu_mu": (-0.5 + SIN2_THETA_W_LOW, SIN2_THETA_W_LOW),
    "nu_e_bar": (SIN2_THETA_W_LOW, 0.5 + SIN2_THETA_W_LOW),
    "nu_mu_bar": (SIN2_THETA_W_LOW, -0.5 + SIN2_THETA_W_LOW),
}
"""What stands before 1 and before (1 - T/E)^2, for each neutrino."""

STANDARD_MODEL = 2 * G_F**2 * M_ELECTRON / pi
DIPOLE = pi * (ALPHA / M_ELECTRON) ** 2


def standard_model(neutrino: str, T: Value, E: Value) -> Array:
    """Return dsigma/dT in GeV^-3, to be used for T up to `recoil.T_max(E)`; T and E in GeV."""
    first, second = COUPLINGS[neutrino]
    return STANDARD_MODEL * _bilinear((first, second), (first, second), T, E)


def _bilinear(a: tuple[float, float], b: tuple[float, float], T: Value, E: Value) -> Array:
    """Return the quadratic form of the cross-section in the couplings, polarised."""
    mass_term = (a[0] * b[1] + a[1] * b[0]) / 2 * M_ELECTRON
    return a[0] * b[0] + a[1] * b[1] * np.square(1 - T / E) - mass_term * (T / (E * E))


class VectorRecoils:
    """What an A' adds to the recoils of one kind of neutrino in a window.

    Parameters
    ----------
    neutrino : str
        A key of `COUPLINGS`.
    recoils : callable
        Integral over the neutrinos' spectrum, in any unit of flux (`NeutrinoFlux.recoils`).
    T_min, T_max : float
        Window in GeV.
    edges : iterable of float
        Recoils in GeV at which the spectrum is not smooth.
    """

    def __init__(
        self, neutrino: str, recoils: Recoils, T_min: float, T_max: float, edges: Iterable[float] = ()
    ) -> None:
        both = (1.0, 1.0)
        mixed, own = (partial(_bilinear, first, both) for first in (COUPLINGS[neutrino], both))
        edges = list(edges)
        self._interference = RecoilSpectrum(
            lambda T: recoils(T, mixed) / q_squared(T), T_min, T_max, edges, power=1
        )
        self._square = RecoilSpectrum(lambda T: recoils(T, own) / q_squared(T) ** 2, T_min, T_max, edges)

    def excess(self, mass: Array, g_e: Array, diagonal: Array, squares: Array) -> Array:
        """Return the recoils added, negative for destructive interference, in GeV^-2 per unit of flux.

        Parameters
        ----------
        mass : ndarray
            m_A' in GeV.
        g_e : ndarray
            Coupling of the A' to electrons.
        diagonal, squares : ndarray
            g_nu of the neutrino's flavour to itself, and the sum of |g_nu|^2 to every flavour.
        """
        interference = sqrt(2) * G_F * g_e * diagonal * self._interference.integral(mass)
        square = np.square(g_e) / 4 * squares * self._square.integral(mass)
        return M_ELECTRON / pi * (interference + square)
