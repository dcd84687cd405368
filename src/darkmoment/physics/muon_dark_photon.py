"""mu -> e A': a light A' from the loop of E and the scalars, which all carry dark charge.

For an outgoing A' of momentum q the amplitude is g_D ubar_e [f_V gamma^mu P_L + f_D i sigma^{mu nu} q_nu
(m_mu P_R + m_e P_L)] u_mu, to leading order in m_mu^2/m_E^2 and for any ratio of q^2 to the scalar masses:

    f_V = F_1(0) + q^2 A_1 + S_V(q^2),   f_D = -(A_2 + S_D).

A_1 and A_2 are those of mu -> e gamma (`darkmoment.physics.lepton_flavour`), the A' coming from E; S_V and
S_D come from the scalars, S_V with the large logarithm ln(m_E^2/m_S^2). F_1(0) is there because the
splittings of H and A break U(1)_D; the rate then grows like 1/m_A'^2. The kinetic mixing adds epsilon e times
A_1 and A_2, which is left out beside g_D. Absent from arXiv:2603.25704. Couplings are real here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import pi
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss

from darkmoment.constants import G_F, HBAR_GEV_S, M_ELECTRON, M_MUON
from darkmoment.physics.angles import cosine_and_sine
from darkmoment.physics.loops import closed_or_series
from darkmoment.physics.quadrature import Array, Value, flatten, fold, in_blocks, where_open

THRESHOLD = M_MUON - M_ELECTRON
"""Largest mass of the A' in GeV."""

Four = Sequence[Value]
"""One value for each of H1, H2, A1, A2."""

_TINY = 1e-300
_MM_PER_S = 299792458e3
_SLOWEST = 1e-6  # beta gamma: nothing is divided by zero where an A' is too heavy to be made
_N = np.arange(45)
_RADIUS_SERIES, _DIPOLE_SERIES = 1 / (_N + 4), 1 / ((_N + 3) * (_N + 4))
_LOW, _HIGH, _COUNT = 9.0, 27.0, 96  # the integrand of F_1(0) falls like v^3 and 1/v outside of the masses
_K = np.arange(_COUNT)[:, np.newaxis]
_UNIT = (0.5 * (leggauss(24)[0] + 1))[:, np.newaxis]
_SMOOTH = _UNIT * _UNIT * (3 - 2 * _UNIT)  # logarithms at the ends of an interval are mapped away
_SLOPE = (0.5 * leggauss(24)[1])[:, np.newaxis] * 6 * _UNIT * (1 - _UNIT)
_BLOCK = 256


def breaking(electron: Four, muon: Four, delta_theta: Value, masses: Four, m_E: Value) -> Array:
    """Return F_1(0), the vector form factor at q^2 = 0 over g_D.

    (1/64 pi^2) y_e^T int_0^inf dv v^2/(v + m_E^2) (R - I)^2 y_mu with the propagators R and I of the CP-even
    and CP-odd scalars: exactly 0 for equal spectra that are not misaligned.

    Parameters
    ----------
    electron, muon : sequence of array_like
        Couplings to H1, H2, A1, A2 (`darkmoment.physics.lepton_flavour.scalar_couplings`).
    delta_theta : array_like
        theta_I - theta_R in rad.
    masses : sequence of array_like
        m_H1, m_H2, m_A1, m_A2 in GeV.
    m_E : array_like
        Mass of the charged partner in GeV.
    """
    products = [e * mu for e, mu in zip(electron, muon, strict=True)]
    inner = products[0] + products[1]
    even, odd = products[0] - products[1], products[2] - products[3]
    sin = cosine_and_sine(delta_theta)[1]
    shape, columns = flatten(inner, even, odd, sin * sin, m_E, *masses)
    return in_blocks(_breaking, columns, _BLOCK).reshape(shape)[()] / (64 * pi**2)


def _breaking(inner: Array, even: Array, odd: Array, sin2: Array, m_E: Array, *masses: Array) -> Array:
    """Integrate over ln v on nodes laid out by each point's scalar masses.

    In the basis of the flavour vectors v R = (x_H1 + x_H2)/2 + (x_H1 - x_H2)/2 n_R.sigma, x = v/(v + m^2);
    `even` and `odd` are what n_R.sigma and n_I.sigma have between the two vectors.
    """
    H1, H2, A1, A2 = masses
    low = np.minimum(np.minimum(H1, H2), np.minimum(A1, A2))
    high = np.maximum(np.maximum(H1, H2), np.maximum(A1, A2))
    start, stop = 2 * np.log(low) - _LOW, 2 * np.log(high) + _HIGH
    step = (stop - start) / (_COUNT - 1)
    v = np.exp(start + step * _K)
    x_H1, x_H2, x_A1, x_A2 = (v / (v + m * m) for m in masses)
    first = (A1 - H1) * (A1 + H1) / v * x_H1 * x_A1
    second = (A2 - H2) * (A2 + H2) / v * x_H2 * x_A2
    split_H = (H2 - H1) * (H2 + H1) / v * x_H1 * x_H2
    split_A = (A2 - A1) * (A2 + A1) / v * x_A1 * x_A2
    square = (first * first + second * second) / 2 + sin2 * (split_H * split_A)
    mixed = (first + second) * (split_H * even - split_A * odd) / 2
    return step * fold(v / (v + m_E * m_E) * (inner * square + mixed))


def scalar_emission(
    electron: Four, muon: Four, delta_theta: Value, masses: Four, m_E: Value, m_dark_photon: Value
) -> tuple[Array, Array, Array]:
    """Return S_V (real and imaginary part) and S_D in GeV^-2, what the A' from the scalars adds.

    Sums over the pairs H_k A_m with C = O_R^T O_I; with b = t m_H^2 + (1-t) m_A^2 and c = t (1-t) q^2,
    S_V m_E^2 = - int_0^1 dt {c k(b/m_E^2) + (b-c) ln[(b-c)/b] + c}, k(x) = int_0^1 ds s^3/(1-s+s x). Above
    m_A' = m_H + m_A the A' could decay to them, and S_V is complex.

    Parameters
    ----------
    electron, muon, delta_theta, masses, m_E
        As for `breaking`.
    m_dark_photon : array_like
        Mass of the A' in GeV, positive.
    """
    cos, sin = cosine_and_sine(delta_theta)
    vector: Any = 0.0
    cut: Any = 0.0
    dipole: Any = 0.0
    for k, m, rotation in ((0, 2, cos), (0, 3, sin), (1, 2, -sin), (1, 3, cos)):
        weight = rotation * (electron[k] * muon[m] + electron[m] * muon[k]) / (32 * pi**2 * m_E * m_E)
        shape, columns = flatten(masses[k], masses[m], m_E, m_dark_photon)
        found = _pair(*columns).reshape(3, *shape)
        vector = vector + weight * found[0]
        cut = cut + weight * found[1]
        dipole = dipole + weight * found[2]
    return vector, cut, dipole


def _pair(m_H: Array, m_A: Array, m_E: Array, mass: Array) -> Array:
    """Return S_V m_E^2 (real, imaginary) and S_D m_E^2 of one pair with unit weight, in one row each."""
    total, apart, square = m_H + m_A, m_H - m_A, mass * mass
    # b - c vanishes at `middle` -+ `half` above threshold; the integral is cut there, or where it is least
    middle = np.clip((square - apart * total) / (2 * square), 0.0, 1.0)
    above = np.maximum(mass - total, 0.0)
    half = np.sqrt(above * (mass + total) * np.abs((mass - apart) * (mass + apart))) / (2 * square)
    cuts = (np.zeros(1), middle - half, middle + half, np.ones(1))
    vector, dipole = np.zeros(1), np.zeros(1)
    for start, stop in pairwise(cuts):
        width = np.maximum(stop - start, 0.0)
        t = start + width * _SMOOTH
        b = t * (m_H * m_H) + (1 - t) * (m_A * m_A)
        c = t * (1 - t) * square
        x = b / (m_E * m_E)
        rest = (b - c) * _log_of_rest(c / b) + c
        vector = vector - width * fold(_SLOPE * (c * _radius(x) + rest))
        dipole = dipole + width * fold(_SLOPE * _dipole(x)) / 2
    cut = -pi * square * np.square(2 * half) * (2 * half) / 6
    return np.stack(np.broadcast_arrays(vector, cut, dipole))


def _log_of_rest(x: Array) -> Array:
    """Return ln |1 - x|."""
    small = x < 0.5
    return np.where(small, np.log1p(-np.where(small, x, 0.0)), np.log(np.abs(1 - x) + _TINY))


def _radius(x: Array) -> Array:
    """Return k(x) = int_0^1 ds s^3/(1-s+s x)."""

    def closed(x: Any) -> Any:
        a = 1 - x
        return -(np.log(x + _TINY) + a * (1 + a * (1 / 2 + a / 3))) / np.square(a * a)

    return closed_or_series(x, closed, _RADIUS_SERIES)


def _dipole(x: Array) -> Array:
    """Return int_0^1 ds s^2 (1-s)/(1-s+s x)."""

    def closed(x: Any) -> Any:
        a = 1 - x
        logarithm = np.log(x + _TINY) + a * (1 + a / 2)
        return (logarithm * (1 - a) + a * a * a / 3) / np.square(a * a)

    return closed_or_series(x, closed, _DIPOLE_SERIES)


def BR_mu_e_dark_photon(
    m_dark_photon: Value,
    g_D: Value,
    couplings: tuple[Four, Four],
    delta_theta: Value,
    masses: Four,
    m_E: Value,
    static: tuple[Value, Value],
) -> Array:
    """Return BR(mu -> e A'); exactly 0 at and above m_mu - m_e, where nothing is integrated.

    Parameters
    ----------
    m_dark_photon, g_D : array_like
        Mass of the A' in GeV and dark gauge coupling.
    couplings : tuple of sequences
        Those of electron and muon to H1, H2, A1, A2.
    delta_theta, masses, m_E
        As for `breaking`.
    static : tuple of array_like
        A_1 and A_2 in GeV^-2 (`darkmoment.physics.lepton_flavour`).
    """
    values = (m_dark_photon, g_D, delta_theta, m_E, *masses, *couplings[0], *couplings[1], *static)
    shape, columns = flatten(*values)
    return where_open(columns[0] >= THRESHOLD, _rate, columns, _BLOCK).reshape(shape)[()]


def _rate(mass: Array, g_D: Array, delta_theta: Array, m_E: Array, *rest: Array) -> Array:
    masses, electron, muon, (monopole, dipole) = rest[:4], rest[4:8], rest[8:12], rest[12:]
    vector, cut, scalars = scalar_emission(electron, muon, delta_theta, masses, m_E, mass)
    vector = breaking(electron, muon, delta_theta, masses, m_E) + mass * mass * monopole + vector
    return BR_of_form_factors(mass, g_D, vector, cut, -(dipole + scalars))


def decayed_within(distance_mm: Value, m_dark_photon: Value, width: Value) -> Array:
    """Return the share of the A' of mu -> e A' at rest that decay within a distance in mm, `width` in GeV."""
    boost = np.maximum(flight(m_dark_photon), _SLOWEST)
    return -np.expm1(-distance_mm / (_MM_PER_S * HBAR_GEV_S) * width / boost)


def flight(m_dark_photon: Value) -> Array:
    """Return beta gamma of an A' from a muon at rest; 0 at and above threshold."""
    mass = np.minimum(m_dark_photon, THRESHOLD)
    return _momentum(mass) / mass


def _momentum(mass: Value) -> Array:
    heavier = (M_MUON + M_ELECTRON - mass) * (M_MUON + M_ELECTRON + mass)
    return np.sqrt((THRESHOLD - mass) * (THRESHOLD + mass) * heavier) / (2 * M_MUON)


def BR_of_form_factors(m_dark_photon: Value, g_D: Value, vector: Value, cut: Value, dipole: Value) -> Array:
    """Return BR(mu -> e A') from the form factors at q^2 = m_A'^2; exactly 0 at and above threshold.

    With r = m_A'^2/m_mu^2 and without the electron's mass the width is (g_D^2 m_mu/32 pi) (1-r)^2
    [|f_V|^2 (1+2r)/r - 6 m_mu^2 Re(f_V) f_D + m_mu^4 f_D^2 (2+r)]; the electron's mass is kept here.

    Parameters
    ----------
    m_dark_photon, g_D : array_like
        Mass of the A' in GeV and dark gauge coupling.
    vector, cut : array_like
        Real and imaginary part of f_V.
    dipole : array_like
        f_D in GeV^-2.
    """
    mass = np.minimum(m_dark_photon, THRESHOLD)
    A, muon, electron = mass * mass, M_MUON**2, M_ELECTRON**2
    gap = (muon - electron) ** 2
    along, across = muon - electron + A, muon - electron - A  # 2 p.q and 2 p'.q
    vectors = (muon + electron - A) + (gap - A * A) / A
    interference = -6 * (gap - A * (muon + electron))
    other = 4 * along * across - 2 * A * (muon + electron - A)
    dipoles = (muon + electron) / 2 * other - 12 * muon * electron * A
    squared = (vector * vector + cut * cut) * vectors + vector * dipole * interference + dipole**2 * dipoles
    width = g_D * g_D * squared * _momentum(mass) / (16 * pi * muon)
    return width * (192 * pi**3 / (G_F * G_F * M_MUON**5))
