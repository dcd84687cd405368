"""Partial widths of the dark photon in GeV; arXiv:2603.25704 assumes that it decays invisibly.

All vanish exactly at and below their thresholds. Masses are divided by the larger of m_A' and the threshold,
so that nothing needs a special case there.
"""

from __future__ import annotations

from math import pi

import numpy as np

from darkmoment.constants import ALPHA
from darkmoment.physics.angles import cosine_and_sine
from darkmoment.physics.hadronic_ratio import R
from darkmoment.physics.quadrature import Array, Value

_TINY = 1e-300


def lepton_pair(m_dark_photon: Value, epsilon: Value, m_lepton: float) -> Array:
    """Return the width to l+ l-: (alpha epsilon^2 m/3) (1 + 2 r) sqrt(1 - 4 r), r = m_l^2/m^2.

    Parameters
    ----------
    m_dark_photon, epsilon : array_like
        Mass in GeV and kinetic mixing.
    m_lepton : float
        Mass of the lepton in GeV.
    """
    x = m_lepton / np.maximum(m_dark_photon, 2 * m_lepton)
    return _massless_pair(m_dark_photon, epsilon) * (1 + 2 * x * x) * np.sqrt((1 - 2 * x) * (1 + 2 * x))


def hadrons(m_dark_photon: Value, epsilon: Value) -> Array:
    """Return the width to hadrons, that to mu+ mu- times R(m) (`darkmoment.physics.hadronic_ratio`).

    R is measured against muons without mass, so the width here is theirs as well: alpha epsilon^2 m/3 R.
    """
    return _massless_pair(m_dark_photon, epsilon) * R(m_dark_photon)


def _massless_pair(m_dark_photon: Value, epsilon: Value) -> Array:
    return ALPHA / 3 * np.square(epsilon) * m_dark_photon


def heavy_neutrinos(m_dark_photon: Value, g_D: Value, m_majorana: Value, m_dirac: Value) -> Array:
    """Return the width to N_1 N_2, the only pair of N the A' couples to (arXiv:2603.25704 eq. 12 corrected).

    With the signed masses M_1 = m - m_D and M_2 = m + m_D and r_i = M_i^2/m_A'^2 it is

        (g_D^2 m_A'/12 pi) lambda^(1/2)(1, r_1, r_2)
        [1 - (r_1+r_2)/2 - (r_1-r_2)^2/2 - 3 sgn(M_1 M_2) sqrt(r_1 r_2)],

    which factorises: (g_D^2 m_A'/12 pi) a^(3/2) b^(1/2) (1 + 2 m_D^2/m_A'^2) with a = 1 - 4 m^2/m_A'^2 and
    b = 1 - 4 m_D^2/m_A'^2. The threshold |M_1| + |M_2| is 2 max(|m|, |m_D|).

    Parameters
    ----------
    m_dark_photon, g_D : array_like
        Mass in GeV and dark gauge coupling.
    m_majorana, m_dirac : array_like
        m and m_D in GeV, any sign.
    """
    majorana, dirac = np.abs(m_majorana), np.abs(m_dirac)
    scale = np.maximum(m_dark_photon, 2 * np.maximum(majorana, dirac))
    x, y = majorana / scale, dirac / scale
    a, b = (1 - 2 * x) * (1 + 2 * x), (1 - 2 * y) * (1 + 2 * y)
    return g_D * g_D * m_dark_photon / (12 * pi) * a * np.sqrt(a * b) * (1 + 2 * y * y)


def scalar_pair(m_dark_photon: Value, coupling: Value, m_H: Value, m_A: Value) -> Array:
    """Return the width to a CP-even and a CP-odd scalar: coupling^2 m_A'/(48 pi) lambda^(3/2)(1, r_H, r_A).

    Parameters
    ----------
    m_dark_photon : array_like
        Mass in GeV.
    coupling : array_like
        g_D C_km, with C = O_R^T O_I of the scalars' rotations.
    m_H, m_A : array_like
        Scalar masses in GeV, positive.
    """
    total, apart = m_H + m_A, m_H - m_A
    scale = np.maximum(m_dark_photon, total)
    s, d = total / scale, apart / scale
    phase_space = (1 - s) * (1 + s) * ((1 - d) * (1 + d))
    return coupling * coupling * m_dark_photon / (48 * pi) * (phase_space * np.sqrt(phase_space))


def scalars(
    m_dark_photon: Value, g_D: Value, delta_theta: Value, m_H1: Value, m_H2: Value, m_A1: Value, m_A2: Value
) -> Array:
    """Return the width to all pairs H_k A_m.

    C = O_R^T O_I is the rotation by delta_theta = theta_I - theta_R: its cosine couples H_1 A_1 and H_2 A_2,
    its sine H_1 A_2 and H_2 A_1.
    """
    cos, sin = cosine_and_sine(delta_theta)
    same, other = g_D * cos, g_D * sin
    return (
        scalar_pair(m_dark_photon, same, m_H1, m_A1)
        + scalar_pair(m_dark_photon, same, m_H2, m_A2)
        + scalar_pair(m_dark_photon, other, m_H1, m_A2)
        + scalar_pair(m_dark_photon, other, m_H2, m_A1)
    )


def neutrinos_by_moment(m_dark_photon: Value, mu_emu: Value) -> Array:
    """Return the width by the moment to nu_e nu_mu and antiparticles: mu^2 m^3/(24 pi), mu in GeV^-1."""
    return np.square(mu_emu * m_dark_photon) * m_dark_photon / (24 * pi)


def visible_share(visible: Value, invisible: Value) -> Array:
    """Return the visible branching fraction of two widths; 0 where both vanish: nothing is seen."""
    return visible / np.maximum(visible + invisible, _TINY)


def invisible_share(visible: Value, invisible: Value) -> Array:
    """Return the invisible branching fraction of two widths; 1 where both vanish: stable, it escapes."""
    total = visible + invisible
    return np.where(total == 0, 1.0, invisible / np.maximum(total, _TINY))
