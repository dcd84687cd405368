"""Charged-lepton flavour violation: mu -> e gamma, mu -> 3e and mu -> e conversion.

The four real scalars H1, H2, A1, A2 and the charged partner E give the photon a dipole coupling A_2 and a
charge radius A_1 between e and mu; both are kept as exact sums. arXiv:2603.25704 (eqs. 25-29) has the dipole
only, with another loop function and another width. With M_E far above the scalars A_1/A_2 = 7/3, so the
dipole does not dominate the three-body and nuclear processes here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darkmoment.constants import ALPHA, E_CHARGE, G_F, HBAR_GEV_S, M_ELECTRON, M_MUON
from darkmoment.physics.angles import cosine, cosine_and_sine, sine
from darkmoment.physics.loops import G, K
from darkmoment.physics.quadrature import Array, Value

Coupling = Value | complex | NDArray[np.complexfloating]
Couplings = tuple[Coupling, Coupling, Coupling, Coupling]
LoopValues = tuple[Array, Array, Array, Array]

_DIPOLE_RATE = 48 * pi**3 * ALPHA / G_F**2


@dataclass(frozen=True)
class Nucleus:
    """Overlap integrals and capture rate of a nucleus (hep-ph/0203110).

    Attributes
    ----------
    D, V_p : float
        Dipole and proton-vector overlap integrals in units of m_mu^(5/2).
    w_capt : float
        Muon capture rate in 1/s.
    """

    D: float
    V_p: float
    w_capt: float


NUCLEI: Mapping[str, Nucleus] = {
    "Al": Nucleus(D=0.0362, V_p=0.0161, w_capt=0.7054e6),
    "Ti": Nucleus(D=0.0864, V_p=0.0396, w_capt=2.59e6),
    "Au": Nucleus(D=0.189, V_p=0.0974, w_capt=13.07e6),
}
"""The nuclei of past and planned searches."""


def inner(y_e: Value, y_mu: Value, flavour_angle: Value) -> Array:
    """Return |sum_a y_ea y_mua^*| = y_e y_mu cos(flavour_angle), what mu -> e gamma sees of the Yukawas."""
    return y_e * y_mu * cosine(flavour_angle)


def rotated(y_1: Coupling, y_2: Coupling, theta_R: Value, theta_I: Value) -> Couplings:
    """Rotate a flavour vector to the scalars' mass basis (arXiv:2603.25704 eq. 11).

    Parameters
    ----------
    y_1, y_2 : array_like
        Couplings of one lepton to S_1 and S_2, real or complex.
    theta_R, theta_I : array_like
        Mixing angles of the CP-even and CP-odd scalars in rad.

    Returns
    -------
    tuple of ndarray
        Couplings to H1, H2, A1, A2, without the 1/sqrt2 of the real fields.
    """
    return _rotate(y_1, y_2, *mixing(theta_R, theta_I))


def _rotate(
    y_1: Coupling, y_2: Coupling, cos_R: Array, sin_R: Array, cos_I: Array, sin_I: Array
) -> Couplings:
    return (
        y_1 * cos_R - y_2 * sin_R,
        y_1 * sin_R + y_2 * cos_R,
        y_1 * cos_I - y_2 * sin_I,
        y_1 * sin_I + y_2 * cos_I,
    )


def scalar_couplings(
    y_e: Value, y_mu: Value, flavour_angle: Value, theta_R: Value, theta_I: Value
) -> tuple[Couplings, Couplings]:
    """Return the couplings of e and of mu to H1, H2, A1, A2.

    The flavour vectors are the representatives y_e (1, 0) and y_mu (cos phi, sin phi).

    Parameters
    ----------
    y_e, y_mu : array_like
        Norms of the flavour vectors.
    flavour_angle, theta_R, theta_I : array_like
        Angle phi between the vectors, and the scalar mixing angles, in rad.
    """
    return couplings_of(y_e, y_mu, cosine(flavour_angle), sine(flavour_angle), mixing(theta_R, theta_I))


def mixing(theta_R: Value, theta_I: Value) -> tuple[Array, Array, Array, Array]:
    """Return cosine and sine of theta_R and of theta_I."""
    return *cosine_and_sine(theta_R), *cosine_and_sine(theta_I)


def couplings_of(
    y_e: Value, y_mu: Value, cos_phi: Value, sin_phi: Value, mixing: tuple[Array, Array, Array, Array]
) -> tuple[Couplings, Couplings]:
    """Return `scalar_couplings` where the cosines and sines of the angles are known already."""
    cos_R, sin_R, cos_I, sin_I = mixing
    electron = (y_e * cos_R, y_e * sin_R, y_e * cos_I, y_e * sin_I)
    return electron, _rotate(y_mu * cos_phi, y_mu * sin_phi, *mixing)


def loop_values(function: Callable[[Any], Array], masses: Sequence[Value], m_E: Value) -> LoopValues:
    """Return function(m_Phi^2/m_E^2)/m_E^2 in GeV^-2 for H1, H2, A1, A2.

    A mass array that stands for two scalars is evaluated once.
    """
    square = m_E * m_E
    distinct = {id(mass): mass for mass in masses}
    values = {key: function(mass * mass / square) / square for key, mass in distinct.items()}
    m_H1, m_H2, m_A1, m_A2 = masses
    return values[id(m_H1)], values[id(m_H2)], values[id(m_A1)], values[id(m_A2)]


def loop_sum(products: Sequence[Any], values: LoopValues) -> Array:
    """Return sum_Phi product_Phi value_Phi over H1, H2, A1, A2."""
    H1, H2, A1, A2 = products
    return H1 * values[0] + H2 * values[1] + A1 * values[2] + A2 * values[3]


def dipole(yt_e: Couplings, yt_mu: Couplings, masses: Sequence[Value], m_E: Value) -> Array:
    """Return the dipole amplitude A_2 of mu -> e gamma (arXiv:2603.25704 eq. 25, corrected).

    A_2 = 1/(64 pi^2 m_E^2) sum_Phi yt_ePhi yt_muPhi^* G(m_Phi^2/m_E^2); inner/(192 pi^2 m_E^2) for heavy E.

    Parameters
    ----------
    yt_e, yt_mu : tuple of array_like
        Couplings to H1, H2, A1, A2, real or complex (`scalar_couplings`, `rotated`).
    masses : sequence of array_like
        m_H1, m_H2, m_A1, m_A2 in GeV.
    m_E : array_like
        Mass of the charged partner in GeV.

    Returns
    -------
    ndarray
        A_2 in GeV^-2.
    """
    return dipole_of(yt_e, yt_mu, loop_values(G, masses, m_E))


def dipole_of(yt_e: Couplings, yt_mu: Couplings, G_values: LoopValues) -> Array:
    """Return A_2 where `loop_values(G, masses, m_E)` is known already; see `dipole`."""
    return loop_sum(_products(yt_e, yt_mu), G_values) / (64 * pi**2)


def monopole(yt_e: Couplings, yt_mu: Couplings, masses: Sequence[Value], m_E: Value) -> Array:
    """Return the charge-radius amplitude A_1 in GeV^-2; arguments as for `dipole`.

    A_1 = 1/(32 pi^2 m_E^2) sum_Phi yt_ePhi yt_muPhi^* K(m_Phi^2/m_E^2); inner 7/(576 pi^2 m_E^2) for heavy E.
    """
    return loop_sum(_products(yt_e, yt_mu), loop_values(K, masses, m_E)) / (32 * pi**2)


def _products(yt_e: Couplings, yt_mu: Couplings) -> list[Any]:
    return [e * conjugate(mu) for e, mu in zip(yt_e, yt_mu, strict=True)]


def conjugate(coupling: Coupling) -> Any:
    """Return the complex conjugate; a real coupling is returned as it is, not copied."""
    return coupling if isinstance(coupling, float) else np.asarray(coupling).conj()


def BR_mu_e_gamma(A_2: Value) -> Array:
    """Return BR(mu -> e gamma) = 48 pi^3 alpha/G_F^2 |A_2|^2, A_2 in GeV^-2 (arXiv:2603.25704 eq. 29).

    The paper has 24: its width alpha m^5/8 should be alpha m^5/4.
    """
    return _DIPOLE_RATE * np.square(np.abs(A_2))


def BR_mu_3e(A_2: Value, A_1: Value, y_e: Value) -> Array:
    """Return BR(mu -> 3e) from dipole, charge radius and the box with two E.

    In units of BR(mu -> e gamma)/A_2^2 it is alpha/(8 pi) [A_1^2 + 4 A_1 A_2 + L A_2^2 + B^2/6 + 2/3 A_1 B
    + 4/3 A_2 B], L = 16/3 ln(m_mu/m_e) - 22/3, B = -6 y_e^2/e^2 A_2 (heavy E): there is no division by A_2,
    which may vanish.

    Parameters
    ----------
    A_2, A_1 : array_like
        Dipole and monopole in GeV^-2, real or complex.
    y_e : array_like
        Norm of the electron's flavour vector.
    """
    dipole, radius = np.asarray(A_2), np.asarray(A_1)
    box = -6 / E_CHARGE**2 * np.square(y_e) * dipole
    terms = (
        np.square(np.abs(radius))
        + 4 * _interference(radius, dipole)
        + (16 / 3 * log(M_MUON / M_ELECTRON) - 22 / 3) * np.square(np.abs(dipole))
        + np.square(np.abs(box)) / 6
        + 2 / 3 * _interference(radius, box)
        + 4 / 3 * _interference(dipole, box)
    )
    return _DIPOLE_RATE * ALPHA / (8 * pi) * terms


def _interference(first: Array, second: Array) -> Array:
    return np.real(first * np.conj(second))


def BR_mu_3e_dipole(A_2: Value) -> Array:
    """Return BR(mu -> 3e) with the dipole alone, 6.13e-3 of BR(mu -> e gamma), as the literature has it."""
    return BR_mu_3e(A_2, 0.0, 0.0)


def CR_mu_e(A_2: Value, A_1: Value, nucleus: str) -> Array:
    """Return the rate of mu N -> e N over that of muon capture, from dipole and charge radius.

    BR(mu -> e gamma)/A_2^2 times G_F^2 D^2 m_mu^5/(192 pi^2 w_capt) |A_2 + A_1 8 e V_p/D|^2, with the overlap
    integrals of hep-ph/0203110.

    Parameters
    ----------
    A_2, A_1 : array_like
        Dipole and monopole in GeV^-2.
    nucleus : str
        A key of `NUCLEI`.
    """
    data = NUCLEI[nucleus]
    overlap = (G_F * data.D) ** 2 * M_MUON**5 / (192 * pi**2 * data.w_capt * HBAR_GEV_S)
    amplitude = A_2 + np.multiply(8 * E_CHARGE * data.V_p / data.D, A_1)
    return _DIPOLE_RATE * overlap * np.square(np.abs(amplitude))


def CR_mu_e_dipole(A_2: Value, nucleus: str) -> Array:
    """Return the conversion rate with the dipole alone, as the literature has it."""
    return CR_mu_e(A_2, 0.0, nucleus)
