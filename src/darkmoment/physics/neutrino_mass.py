"""The radiative Majorana masses of nu_e and nu_mu: the loop of the moment without the A'.

arXiv:2603.25704 (section 2.3) takes them to be divergent. They are finite: with N of signed mass M_a and
the couplings yt to the real scalars (eq. 11),

    m_ij = 1/(64 pi^2) sum_a M_a [sum_k yt_iHk yt_jHk B(M_a, m_Hk) - sum_m yt_iAm yt_jAm B(M_a, m_Am)],

B(M, m) = m^2 ln(m^2/M^2)/(m^2 - M^2), the divergence and its scale being the same for H and for A. As an
integral it is -1/(64 pi^2) int dv sum_a M_a v/(v + M_a^2) y_i^T (R - I) y_j
(`darkmoment.physics.broken_propagators`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import pi
from typing import Any

import numpy as np

from darkmoment.physics.angles import cosine_and_sine
from darkmoment.physics.broken_propagators import Matrix, Scalars, oriented, sandwich
from darkmoment.physics.quadrature import Array, Value

LOOP = 64 * pi**2
_NEAR_ONE = 0.5
_LIGHTEST = 1e-100


def kernel(integrals: tuple[Array, Array, Array], theta_R: Value, delta_theta: Value) -> Matrix:
    """Return the 2x2 matrix that flavour vectors turn into masses, in GeV: m_ij = y_i^T kernel y_j.

    Parameters
    ----------
    integrals : tuple of ndarray
        `darkmoment.physics.broken_propagators.mass_integrals` of m, m_D and the scalars.
    theta_R, delta_theta : array_like
        CP-even mixing angle and theta_I - theta_R in rad.
    """
    apart, minus, plus = integrals
    cos, sin = cosine_and_sine(delta_theta)
    sigma_3, sigma_1 = oriented(minus * cos, plus * sin, theta_R, delta_theta)
    return -apart / LOOP, -sigma_3 / LOOP, -sigma_1 / LOOP


def matrix(y_e: tuple[Any, Any], y_mu: tuple[Any, Any], kernel: Matrix) -> tuple[Any, Any, Any]:
    """Return m_ee, m_emu and m_mumu in GeV for flavour vectors (y_1, y_2), real or complex."""
    return sandwich(y_e, y_e, kernel), sandwich(y_e, y_mu, kernel), sandwich(y_mu, y_mu, kernel)


def largest_entry(ee: Value, emu: Value, mumu: Value) -> Array:
    """Return the largest entry of the mass matrix in absolute value."""
    return np.maximum(np.maximum(np.abs(ee), np.abs(emu)), np.abs(mumu))


def electron_mass(ee: Value, emu: Value) -> Array:
    """Return what beta decay measures, the root of (m m^dagger)_ee = |m_ee|^2 + |m_emu|^2."""
    return np.hypot(np.abs(ee), np.abs(emu))


def sum_of_masses(ee: Value, emu: Value, mumu: Value) -> Array:
    """Return the sum of both singular values: its square is the sum of all |m_ij|^2 plus 2 |det m|."""
    mean = np.hypot(np.hypot(np.abs(ee), np.abs(mumu)), 2**0.5 * np.abs(emu))
    return np.hypot(mean, np.sqrt(2 * np.abs(ee * mumu - emu * emu)))


def B(M: Value, m: Value) -> Array:
    """Return the loop function m^2 ln(m^2/M^2)/(m^2 - M^2) of fermion mass M and scalar mass m; B(M, M) = 1.

    Grows with m from 0. Masses in GeV, any sign of M; m positive. M below 1e-100 m counts as that much: with
    M = 0 the function diverges logarithmically, M B is zero. Relative accuracy 1e-14.
    """
    M = np.maximum(np.abs(M), _LIGHTEST * np.abs(m))
    ratio = m / M
    excess = (m - M) / M * ((m + M) / M)
    near = np.abs(excess) < _NEAR_ONE
    beside = np.where(near & (excess != 0), excess, 1.0)
    close = np.where(excess == 0, 1.0, (1 + beside) * np.log1p(beside) / beside)
    far = np.where(near, 2.0, ratio)
    return np.where(near, close, 2 * np.log(far) / (1 - 1 / np.square(far)))


def pieces(
    m_majorana: Value, m_dirac: Value, yt_e: Sequence[Any], yt_mu: Sequence[Any], scalars: Scalars
) -> Iterator[tuple[Array, Array, Array]]:
    """Yield what each N_a with each real scalar adds to the mass matrix before anything cancels.

    Each is a matrix of rank one, |M_a| B(M_a, m_Phi)/(64 pi^2) yt_i yt_j, in GeV.

    Parameters
    ----------
    m_majorana, m_dirac : array_like
        m and m_D in GeV, any sign.
    yt_e, yt_mu : sequence of array_like
        Couplings to H1, H2, A1, A2, real or complex (`lepton_flavour.scalar_couplings`).
    scalars : tuple of array_like
        m_H1, m_H2, m_A1, m_A2 in GeV.

    Yields
    ------
    tuple of ndarray
        |yt_e|^2, |yt_mu|^2 and the factor |M_a| B/(64 pi^2).
    """
    for M in (m_majorana - m_dirac, m_majorana + m_dirac):
        for e, mu, m in zip(yt_e, yt_mu, scalars, strict=True):
            yield np.square(np.abs(e)), np.square(np.abs(mu)), np.abs(M) * B(M, m) / LOOP


def largest_pieces(
    m_majorana: Value, m_dirac: Value, yt_e: Sequence[Any], yt_mu: Sequence[Any], scalars: Scalars
) -> tuple[Array, Array, Array, Array]:
    """Return the largest of `pieces` in entry, in m_ee, in the electron mass and in the sum of masses (GeV).

    Where the whole is far below them the pieces cancel: by a symmetry, or finely tuned.
    """
    entry, ee, electron, total = (np.zeros(1) for _ in range(4))
    for e, mu, factor in pieces(m_majorana, m_dirac, yt_e, yt_mu, scalars):
        entry = np.maximum(entry, np.maximum(e, mu) * factor)
        ee = np.maximum(ee, e * factor)
        electron = np.maximum(electron, np.sqrt(e * (e + mu)) * factor)
        total = np.maximum(total, (e + mu) * factor)
    return entry, ee, electron, total
