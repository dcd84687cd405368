"""The coupling of the W to each lepton and its neutrino, changed by loops of (N, E) and the scalars.

The vertex W -> N E with a scalar across it, and the scalars' loops on the two legs, cancel as long as N and E
are degenerate Dirac partners. E is much heavier than N here, and what is left grows with ln(m_E^2/m_S^2).
Absent from arXiv:2603.25704.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import numpy as np
from numpy.polynomial.legendre import leggauss

from darkmoment.physics.lepton_flavour import Couplings, conjugate
from darkmoment.physics.loops import closed_or_series
from darkmoment.physics.quadrature import Array, Value

_TINY = np.finfo(float).tiny
_N = np.arange(1, 45)
_P_SERIES = np.concatenate(([1.0], -1 / (_N * (_N + 1))))
_SLOPE_SERIES = 1 / (_N + 1)
_OMEGA_SERIES = np.concatenate(([1.5], -2 / (_N * (_N + 1) * (_N + 2))))
_CLOSE = 0.2
_NODES, _WEIGHTS = (0.5 * (leggauss(12)[0] + 1), 0.5 * leggauss(12)[1])


def delta_W(yt: Couplings, masses: Sequence[Value], m_majorana: Value, m_dirac: Value, m_E: Value) -> Array:
    """Return delta_l, the relative change of the W l nu_l coupling at zero momentum transfer.

    (1/16 pi^2) sum_Phi |yt_lPhi|^2/2 f(m_Phi), with the vertex minus half of both wave functions in

        f = -1/2 + sum_alpha 1/2 { int dv v [v/2 + s_alpha M_alpha m_E]/[(v+M_alpha^2)(v+m_E^2)(v+m^2)]
            - 1/4 int dv v^2/[(v+M_alpha^2)(v+m^2)^2] } - 1/4 int dv v^2/[(v+m_E^2)(v+m^2)^2],

    s_2 = 1 = -s_1; the -1/2 is what dimensional regularisation adds, and makes f vanish for m = 0, m_D = m_E.
    For heavy E it is -(1/4)[ln(m_E^2/m^2) + c], c = 1 (N massless) and 1/2 (as heavy as the scalar).

    Parameters
    ----------
    yt : tuple of array_like
        Couplings of the lepton to H1, H2, A1, A2 (`darkmoment.physics.lepton_flavour.scalar_couplings`).
    masses : sequence of array_like
        m_H1, m_H2, m_A1, m_A2 in GeV.
    m_majorana, m_dirac : array_like
        m and m_D in GeV, any sign.
    m_E : array_like
        Mass of the charged partner in GeV.

    Returns
    -------
    ndarray
        delta_l; negative for heavy E. Relative corrections q^2/m_E^2 are left out.
    """
    distinct = {id(mass): mass for mass in masses}
    loops = {key: _loop(mass, m_majorana, m_dirac, m_E) for key, mass in distinct.items()}
    parts = [(y * conjugate(y)).real * loops[id(m)] for y, m in zip(yt, masses, strict=True)]
    return (parts[0] + parts[1] + parts[2] + parts[3]) / (32 * pi**2)


def _loop(mass: Value, m_majorana: Value, m_dirac: Value, m_E: Value) -> Array:
    """Return f of `delta_W` for one scalar: everything in units of its mass."""
    x, heavy = m_dirac / mass, m_E / mass
    y = m_majorana / mass
    states = [_neutral(x + y, heavy), _neutral(x - y, heavy)]
    return (states[0] + states[1]) / 2 + omega(heavy * heavy) / 4 - 0.5


def _neutral(light: Value, heavy: Value) -> Array:
    """Return what one N adds; `light` is M_2 or -M_1 over the scalar mass."""
    r, R = light * light, heavy * heavy
    vertex = -p(r) / 2 + heavy * (light - heavy / 2) * p_difference(r, R)
    return vertex + omega(r) / 4


def p(r: Value) -> Array:
    """Return r ln r/(r-1), the loop of an N and a scalar; p(0) = 0, p(1) = 1."""
    return closed_or_series(r, lambda r: r * np.log(r + _TINY) / (r - 1), _P_SERIES)


def _slope(r: Value) -> Array:
    return closed_or_series(r, lambda r: (r - 1 - np.log(r)) / np.square(r - 1), _SLOPE_SERIES)


def omega(r: Value) -> Array:
    """Return r^2 ln r/(r-1)^2 - 1/(r-1), the wave function's loop; omega(0) = 1, omega(1) = 3/2."""
    return closed_or_series(
        r, lambda r: r * r * np.log(r + _TINY) / np.square(r - 1) - 1 / (r - 1), _OMEGA_SERIES
    )


def p_difference(r: Value, R: Value) -> Array:
    """Return [p(r) - p(R)]/(r - R); where the two are within 20% as the mean slope in between."""
    r, R = np.broadcast_arrays(np.asarray(r, dtype=float), np.asarray(R, dtype=float))
    gap = r - R
    close = np.abs(gap) < _CLOSE * np.maximum(r, R)
    if not close.any():
        return (p(r) - p(R)) / gap
    result = np.asarray((p(r) - p(R)) / np.where(close, 1.0, gap))
    start, step = R[close], gap[close]
    mean = np.zeros(start.shape)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        mean = mean + weight * _slope(start + node * step)
    result[close] = mean
    return result[()]
