"""The vector coupling of neutrinos to the A' at one loop, which arXiv:2603.25704 (below eq. 13) sets to zero.

For an unbroken U(1)_D neutrinos stay neutral: the A' attached to N and to S cancel at zero momentum. The
Majorana mass and the splittings of the scalars break it, and

    L = -g_nu_ij nubar_i gamma^mu P_L nu_j A'_mu,   g_nu_ij = g_D/(16 pi^2) F_ij,   F_ij = y_i X y_j^dagger,

where L = -g_D Nbar gamma^mu N A'_mu sets the sign. With the propagators R and I of the scalars, S = (R + I)/2
and D = (R - I)/2, and p = M_1 M_2, the diagrams at zero momentum are

    A' on N:  int dv v (v/2 - p)/[(v + M_1^2)(v + M_2^2)] S,
    A' on S: -int dv (v^2/2) w (S^2 - D^2),   w = [1/(v + M_1^2) + 1/(v + M_2^2)]/2,

each divergent, together up to a constant that any regulator which keeps the symmetry fixes: F = 0 where it is
unbroken. With S^2 - D^2 = -dS/dv - 2 D^2, an integration by parts, its surface term being that constant,
leaves

    X = int dv { -2 m^2 v [(v + p)^2 + 2 m_D^2 v]/[(v + M_1^2)(v + M_2^2)]^2 S + v^2 w D^2 },

which is finite and vanishes term by term in the limit of the symmetry. A loop on a neutrino leg adds nothing,
as the neutrino has no charge at tree level. Momentum transfers count as small against the masses in the loop.
"""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np

from darkmoment.physics.angles import cosine_and_sine
from darkmoment.physics.broken_propagators import Matrix, oriented, sandwich
from darkmoment.physics.quadrature import Array, Value

LOOP = 16 * pi**2


def kernel(integrals: tuple[Array, ...], theta_R: Value, delta_theta: Value) -> Matrix:
    """Return X, which flavour vectors turn into F_ij = y_i X y_j^dagger; dimensionless.

    Parameters
    ----------
    integrals : tuple of ndarray
        `darkmoment.physics.broken_propagators.vector_integrals` of m, m_D and the scalars.
    theta_R, delta_theta : array_like
        CP-even mixing angle and theta_I - theta_R in rad.
    """
    whole, c1_plus, c1_minus, ss, mm, pp, sm, sp = integrals
    cos, sin = cosine_and_sine(delta_theta)
    one = whole + (ss + mm * (cos * cos) + pp * (sin * sin)) / 4
    along, across = (c1_plus + sm) * cos, (c1_minus + sp) * sin
    sigma_3, sigma_1 = oriented(along / 2, across / 2, theta_R, delta_theta)
    return one, sigma_3, sigma_1


def form_factors(y_e: tuple[Any, Any], y_mu: tuple[Any, Any], kernel: Matrix) -> tuple[Any, Any, Any]:
    """Return F_ee, F_emu and F_mumu for flavour vectors (y_1, y_2), real or complex."""
    e_bar, mu_bar = ((np.conj(y[0]), np.conj(y[1])) for y in (y_e, y_mu))
    return sandwich(y_e, e_bar, kernel), sandwich(y_e, mu_bar, kernel), sandwich(y_mu, mu_bar, kernel)


def coupling(g_D: Value, F: Value) -> Array:
    """Return g_nu = g_D F/(16 pi^2)."""
    return np.asarray(g_D * (F / LOOP))[()]


def width(m_dark_photon: Value, g_ee: Value, g_emu: Value, g_mumu: Value) -> Array:
    """Return the width of A' -> nu nubar by the vector coupling in GeV: m/(24 pi) sum_ij |g_ij|^2.

    The couplings are those at zero momentum: above the masses of the loop, where the A' has open decays to N
    or scalars, an order of magnitude.

    Parameters
    ----------
    m_dark_photon : array_like
        Mass in GeV.
    g_ee, g_emu, g_mumu : array_like
        Couplings; g_emu counts twice, nu_e nubar_mu and nu_mu nubar_e being two final states.
    """
    squares = np.square(np.abs(g_ee)) + 2 * np.square(np.abs(g_emu)) + np.square(np.abs(g_mumu))
    return m_dark_photon * (squares / (24 * pi))
