"""K -> l N Phi: the neutrino of a leptonic kaon decay turns into N and a scalar.

The neutrino is off its mass shell, so the helicity suppression of K -> e nu is gone and an electron comes as
easily as a muon. Absent from arXiv:2603.25704.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import numpy as np
from numpy.polynomial.legendre import leggauss

from darkmoment.constants import F_KAON, G_F, HBAR_GEV_S, M_KAON, TAU_KAON_S, V_US
from darkmoment.physics.lepton_flavour import Couplings, conjugate
from darkmoment.physics.quadrature import Array, Value, flatten, fold, where_open

_COUNT = 36
_BLOCK = 1024
_ANGLE = (0.5 * pi * (leggauss(_COUNT)[0] + 1))[:, np.newaxis]
_SHARE = np.square(np.sin(_ANGLE / 2))
_REST = np.square(np.cos(_ANGLE / 2))
_WEIGHT = (0.5 * pi * leggauss(_COUNT)[1])[:, np.newaxis] * np.sin(_ANGLE) / 2
_PREFACTOR = (G_F * V_US * F_KAON) ** 2 * TAU_KAON_S / (HBAR_GEV_S * 2 * M_KAON**3 * (8 * pi) ** 2 * 2 * pi)


def BR_K_l_N_Phi(
    m_lepton: float, yt: Couplings, masses: Sequence[Value], m_majorana: Value, m_dirac: Value
) -> Array:
    """Return BR(K+ -> l+ N Phi), summed over N_1, N_2 and the scalars H1, H2, A1, A2.

    Parameters
    ----------
    m_lepton : float
        Mass of the charged lepton in GeV.
    yt : tuple of array_like
        Its couplings to H1, H2, A1, A2 (`darkmoment.physics.lepton_flavour.scalar_couplings`).
    masses : sequence of array_like
        m_H1, m_H2, m_A1, m_A2 in GeV.
    m_majorana, m_dirac : array_like
        m and m_D in GeV, any sign.

    Returns
    -------
    ndarray
        The branching ratio; exactly 0 where every channel is closed.
    """
    distinct = {id(mass): mass for mass in masses}
    rates = {
        key: (one(m_lepton, m_majorana - m_dirac, mass) + one(m_lepton, m_majorana + m_dirac, mass)) / 2
        for key, mass in distinct.items()
    }
    parts = [(y * conjugate(y)).real * rates[id(m)] for y, m in zip(yt, masses, strict=True)]
    return parts[0] + parts[1] + parts[2] + parts[3]


def one(m_lepton: float, M: Value, m_Phi: Value) -> Array:
    """Return BR(K -> l N Phi)/|yt|^2 of one scalar and an N of mass |M| with the whole of the coupling.

    Exactly 0 at and above threshold, where nothing is integrated.

    Each of N_1 and N_2 has half of it. With q the momentum of the virtual neutrino, s = q^2, the squared
    amplitude averaged over the directions of N is G_F^2 V_us^2 f_K^2 |yt|^2 (2 p_N.q/s) [p_l.q (1 + m_l^2/s)
    + 2 m_l^2]; N's mass does not flip its chirality.

    Parameters
    ----------
    m_lepton : float
        Mass of the charged lepton in GeV.
    M, m_Phi : array_like
        Mass of N, any sign, and of the scalar in GeV.
    """
    shape, (M, m_Phi) = flatten(np.abs(M), m_Phi)
    closed = M + m_Phi >= M_KAON - m_lepton
    result = where_open(closed, lambda M, m: _integral(m_lepton, M, m), (M, m_Phi), _BLOCK)
    return result.reshape(shape)[()]


def _integral(m_lepton: float, M: Array, m_Phi: Array) -> Array:
    """Integrate over ln s, from threshold to (m_K - m_l)^2, the square roots at both ends mapped away."""
    least, most = np.square(M + m_Phi), (M_KAON - m_lepton) ** 2
    length = np.log(np.maximum(most / least, 1.0))
    below, above = least * np.expm1(length * _SHARE), -most * np.expm1(-length * _REST)
    s = least + below
    phase_space = np.sqrt(above * (above + 4 * M_KAON * m_lepton) * below * (below + 4 * M * m_Phi))
    neutral = below + 2 * M * (M + m_Phi)  # 2 p_N.q
    lepton = above / 2 + m_lepton * (M_KAON - m_lepton)  # p_l.q
    amplitude = neutral / s * (lepton * (1 + m_lepton**2 / s) + 2 * m_lepton**2)
    return _PREFACTOR * length * fold(_WEIGHT * phase_space * amplitude)
