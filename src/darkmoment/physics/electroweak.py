"""What N, an electroweak partner of E, does to the Z: its invisible width, and the oblique parameter T.

N sits in a doublet with E, so its current couples to the Z with the full strength of a neutrino, and with
both chiralities. The Majorana masses of N_L and N_R are equal: the mass eigenstates are the even and the odd
half of the two, and a vector current takes one into the other. The Z therefore decays to N_1 N_2 and never to
N_1 N_1 or N_2 N_2, for the reason the dark photon does. arXiv:2603.25704 has neither effect. Neither depends
on the Yukawa couplings or on g_D.
"""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np

from darkmoment.constants import M_Z, SIN2_THETA_W
from darkmoment.physics.dark_photon import heavy_neutrinos
from darkmoment.physics.quadrature import Array, Value, horner

_TINY = 1e-300
_SMALL = 0.3
_TWICE = 2 * np.arange(1, 19)
_L2_SERIES = 1 / ((_TWICE - 1) * _TWICE * (_TWICE + 1))
_GAP_SERIES = 1 / ((_TWICE - 1) * (_TWICE + 1))


def delta_N_nu(m_majorana: Value, m_dirac: Value) -> Array:
    """Return the width of Z -> N_1 N_2 in units of that to one neutrino; 2 for light N.

    2 lambda^(1/2)(1, r_1, r_2) [1 - (r_1+r_2)/2 - (r_1-r_2)^2/2 - 3 sgn(M_1 M_2) sqrt(r_1 r_2)] with the
    signed masses M_1 = m - m_D, M_2 = m + m_D and r_i = M_i^2/m_Z^2: the width of A' -> N_1 N_2 at the mass
    of the Z, over m_Z/(24 pi). Dirac limit 2 (1+2r) (1-4r)^(1/2), Majorana limit 2 (1-4r)^(3/2).

    Parameters
    ----------
    m_majorana, m_dirac : array_like
        m and m_D in GeV, any sign.

    Returns
    -------
    ndarray
        The width in units of a neutrino's; exactly 0 where |M_1| + |M_2| = 2 max(|m|, |m_D|) >= m_Z.
    """
    return heavy_neutrinos(M_Z, 1.0, m_majorana, m_dirac) * (24 * pi / M_Z)


def T_parameter(m_majorana: Value, m_dirac: Value, m_E: Value, cutoff: Value) -> Array:
    """Return the oblique parameter T of the doublet (N, E).

    {K(M_2, m_E, -M_2 m_E) + K(M_1, m_E, M_1 m_E) - K(M_1, M_2, M_1 M_2)}/(4 pi s^2 c^2 m_Z^2) with signed
    masses and K(A, B, p) = int_0^1 dx (D + p) ln(Lambda^2/D), D = x A^2 + (1-x) B^2. Both m_majorana and a
    difference of m_E and m_dirac break SU(2) by a triplet, so T goes as [(m_E - m_D)^2 - m^2] ln Lambda^2: it
    knows only that something else takes over at Lambda. Where the bracket vanishes T does so too.

    Parameters
    ----------
    m_majorana, m_dirac : array_like
        m and m_D in GeV, any sign.
    m_E : array_like
        Mass of the charged partner in GeV.
    cutoff : array_like
        Lambda in GeV.
    """
    odd, even = m_dirac - m_majorana, m_dirac + m_majorana  # -M_1 and M_2, which have vector currents
    total = _vector(even, m_E, cutoff) + _vector(odd, m_E, cutoff) - _vector(odd, even, cutoff)
    return total / (4 * pi * SIN2_THETA_W * (1 - SIN2_THETA_W) * M_Z**2)


def _vector(first: Value, second: Value, cutoff: Value) -> Array:
    """Return K(A, B, -A B) of two signed masses: the vacuum polarisation of their vector current at q^2 = 0.

    With D = s (1 + d t), -1 < t < 1, the average of D - A B is (A-B)^2/2, so that nothing is left for A = B.
    """
    a, b = first * first, second * second
    s = np.maximum((a + b) / 2, _TINY)
    d = (first - second) * (first + second) / (2 * s)
    mean, gap = _averages(d * d)
    logarithm = np.log(cutoff * cutoff / s)
    return np.square(first - second) / 2 * (logarithm - mean) - first * second * (d * d) * gap


def _averages(square: Value) -> tuple[Array, Array]:
    """Return <(1+dt) ln(1+dt)> and <dt ln(1+dt)>/d^2 over -1 < t < 1 as functions of d^2."""
    square = np.asarray(square, dtype=float)
    near = square < _SMALL * _SMALL
    inside = np.where(near, square, 0.0)
    outside = np.where(near, 1.0, square)
    mean, gap = _closed(np.sqrt(outside))
    mean = np.where(near, inside * horner(inside, _L2_SERIES), mean)
    gap = np.where(near, horner(inside, _GAP_SERIES), gap)
    return mean, gap


def _closed(d: Any) -> tuple[Array, Array]:
    up, down = 1 + d, np.maximum(1 - d, 0.0)
    log_up, log_down = np.log(up), np.log(down + _TINY)
    mean = (up * up * log_up - down * down * log_down) / (4 * d) - 0.5
    plain = (up * log_up - down * log_down) / (2 * d) - 1
    return mean, (mean - plain) / (d * d)
