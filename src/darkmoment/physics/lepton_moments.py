"""Anomalous magnetic moments of the charged leptons: the Yukawa loops and the dark photon's own loop."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Any

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from darkmoment.constants import ALPHA
from darkmoment.physics.lepton_flavour import Couplings, LoopValues, conjugate, loop_sum, loop_values
from darkmoment.physics.loops import G
from darkmoment.physics.quadrature import Array, Value, horner

_TINY = 1e-300
_ROOTS_MEET = 4.0
_ARTANH_SERIES = 1 / (2 * np.arange(20) + 3)
_ON_NINTH = Chebyshev.interpolate(lambda x: horner(x, _ARTANH_SERIES), 9, domain=[0.0, 1 / 9])
_ARTANH = np.asarray(_ON_NINTH.convert(kind=Polynomial).coef, dtype=float)
"""Coefficients of the series above, sum x^n/(2n+3), shortened for 0 <= x <= 1/9 (to 1e-15)."""


def yukawa(m_lepton: float, yt: Couplings, masses: Sequence[Value], m_E: Value) -> Array:
    """Return the Yukawa part of Delta a_l (arXiv:2603.25704 eq. 32, corrected).

    m_l^2/(32 pi^2 m_E^2) sum_Phi |yt_lPhi|^2 G(m_Phi^2/m_E^2) -> m_l^2 y_l^2/(96 pi^2 m_E^2) for heavy E.

    Parameters
    ----------
    m_lepton : float
        Mass of the lepton in GeV.
    yt : tuple of array_like
        Its couplings to H1, H2, A1, A2 (`darkmoment.physics.lepton_flavour.scalar_couplings`).
    masses : sequence of array_like
        m_H1, m_H2, m_A1, m_A2 in GeV.
    m_E : array_like
        Mass of the charged partner in GeV.
    """
    return yukawa_of(m_lepton, yt, loop_values(G, masses, m_E))


def yukawa_of(m_lepton: float, yt: Couplings, G_values: LoopValues) -> Array:
    """Return the Yukawa part where `loop_values(G, masses, m_E)` is known already; see `yukawa`."""
    strengths = [(coupling * conjugate(coupling)).real for coupling in yt]
    return m_lepton**2 / (32 * pi**2) * loop_sum(strengths, G_values)


def dark_photon(m_lepton: float, epsilon: Value, m_dark_photon: Value) -> Array:
    """Return the dark photon's part of Delta a_l; absent from arXiv:2603.25704.

    alpha epsilon^2/(2 pi) F(m_A'^2/m_l^2) with F of `vector_function`.

    Parameters
    ----------
    m_lepton : float
        Mass of the lepton in GeV.
    epsilon, m_dark_photon : array_like
        Kinetic mixing, and mass of the dark photon in GeV.
    """
    ratio = m_dark_photon / m_lepton
    return ALPHA / (2 * pi) * (epsilon * epsilon) * vector_function(ratio * ratio)


def vector_function(k: Value) -> Array:
    """Return F(k) = int_0^1 dz 2 z (1-z)^2/[(1-z)^2 + z k]; F(0) = 1, F -> 2/(3k).

    Relative accuracy 1e-13 for k from 0 to 1e12.
    """
    if isinstance(k, float):
        return _light_vector(k) if k <= _ROOTS_MEET else _heavy_vector(k)
    k = np.asarray(k, dtype=float)
    if k.min() > _ROOTS_MEET:
        return _heavy_vector(k)
    if k.max() <= _ROOTS_MEET:
        return _light_vector(k)
    flat = k.reshape(-1)
    light = flat <= _ROOTS_MEET
    result = np.empty(flat.shape)
    # rows by number: a mask sends the processor's branch prediction astray
    for rows, function in ((np.flatnonzero(light), _light_vector), (np.flatnonzero(~light), _heavy_vector)):
        result[rows] = function(flat.take(rows))
    return result.reshape(k.shape)


def _light_vector(k: Any) -> Array:
    # the roots of z^2 - (2-k) z + 1 are complex: the closed form in real terms
    k = k + _TINY
    ratio = np.sqrt((4 - k) / k) + _TINY
    integral = 2 / k * np.arctan(ratio) / ratio  # int_0^1 dz/[(1-z)^2 + z k]
    return 1 - 2 * k - k * ((2 - k) * np.log(k) + ((k - 4) * k + 2) * integral)


def _heavy_vector(k: Any) -> Array:
    # the roots are -b and -1/b; in b the leading powers of k cancel on paper instead of in the computer:
    # F = 2 b^2 - b^4 + 2 b (1+b)^2 (1+b^2) L + 2 b^2 (1+b)/(1-b) ln b,  L = [ln(1+b) - b + b^2/2]/b^3,
    # and with y = b/(2+b) L is a sum of positive terms
    b = 2 / (k - 2 + np.sqrt(k * (k - 4)))
    square, up = b * b, 1 + b
    rest = 2 / (2 + b)
    y = b * rest / 2
    L = rest / 4 * (1 + rest * rest * horner(y * y, _ARTANH))
    logarithm = b * np.log(b) / (1 - b)
    return b * (b * (2 - square) + 2 * up * (up * (1 + square) * L + logarithm))
