"""The formulas of arXiv:2603.25704 as printed, where they differ from the correct ones; masses in GeV.

They are here so that the paper's figures can be reproduced. Arguments are those of the functions of the same
name in `loops`, `moment`, `lepton_flavour` and `lepton_moments`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import numpy as np

from darkmoment.constants import ALPHA, G_F, MU_BOHR
from darkmoment.physics import integrals
from darkmoment.physics.lepton_flavour import Couplings
from darkmoment.physics.loops import closed_or_series
from darkmoment.physics.quadrature import Array, Grid, Value

_N = np.arange(45)
_h_SERIES = 1 / (_N + 3)
_g_SERIES = np.concatenate(([0.75], -1 / ((_N + 1) * (_N + 3))))


def _weight(x: Array) -> Array:
    return x * (2 - x)


def _numerator(v: Value, square: Array, p: Array, gap: Array, out: Array | None = None) -> Array:
    """Return v^3 + 2 q v^2 + (4 p^2 + p (q-p)) v + 2 p^3 as (v + p)^2 (v + 2 p) + (q - 2 p) v (2 v + p)."""
    rest = gap * v * (2 * v + p)
    return np.add(square * (v + 2 * p), rest, out=out)


PRINTED = integrals.Kernel(weight=_weight, degree=3, numerator=_numerator)
"""The kernel of the printed numerator x+y."""


def J(M: Value, m1: Value, m2: Value) -> Array:
    """Vertex function with the numerator x+y of eq. (21), in GeV^-2."""
    return integrals.two_point(PRINTED, M, m1, m2)


def delta_J(M: Value, m_H1: Value, m_H2: Value, m_A1: Value, m_A2: Value) -> Array:
    """Mixed difference of eq. (23) of the printed J, in GeV^-2, without cancellation."""
    return integrals.four_point(PRINTED, M, (m_H1, m_H2, m_A1, m_A2))


def signed_sum(
    m_majorana: Value,
    m_dirac: Value,
    m_H1: Value,
    m_H2: Value,
    m_A1: Value,
    m_A2: Value,
    grid: Grid | None = None,
) -> Array:
    """Return sum_a M_a DeltaJ(|M_a|) of eq. (22) in GeV^-1, DeltaJ from the printed eq. (21).

    As `darkmoment.physics.loops.signed_sum`, with v [v^3 + 2 q v^2 + (4 p^2 + p (q-p)) v + 2 p^3] for
    v^2 [v^2 + 2 p v + p (q-p)].
    """
    return integrals.signed_sum(PRINTED, m_majorana, m_dirac, (m_H1, m_H2, m_A1, m_A2), grid)


def g(r: Value) -> Array:
    """Return g of J = [g(r2) - g(r1)] / [(r2 - r1) M^2], r_i = m_i^2/M^2, for the numerator x+y."""

    def closed(r: Array) -> Array:
        return -(r / (1 - r) + r * (2 - r) * np.log(r) / (1 - r) ** 2) / 2

    return closed_or_series(r, closed, _g_SERIES)


def h(r: Value) -> Array:
    """Return h = dg/dr for the numerator x+y, so that J(M, m, m) = h(m^2/M^2)/M^2; h(1) = 1/3."""
    return closed_or_series(r, lambda r: (r * (r - 4) + 3 + 2 * np.log(r)) / (2 * (r - 1) ** 3), _h_SERIES)


def mu_emu(g_D: Value, delta_theta: Value, cross: Value, signed_sum: Value) -> Array:
    """Return |mu_emu| in GeV^-1 such that its value in mu_B is eq. (22) read literally.

    g_D/(64 pi^2) |sin 2 delta_theta| |cross| |sum| has the dimension of an inverse mass in GeV, and the paper
    takes its value in mu_B: m_e/e is missing.
    """
    misalignment = np.abs(np.sin(np.multiply(2.0, delta_theta)))
    in_mu_B = np.multiply(g_D, 1 / (64 * pi**2)) * misalignment * np.abs(cross) * np.abs(signed_sum)
    return in_mu_B * MU_BOHR


def BR_mu_e_gamma(inner: Value, m_E: Value) -> Array:
    """Return BR(mu -> e gamma) = alpha |inner|^2/(96 pi G_F^2 m_E^4) of eq. (29), 8 times too large.

    Parameters
    ----------
    inner : array_like
        sum_a y_ea y_mua^* (`darkmoment.physics.lepton_flavour.inner`); the paper has only the heavy-E limit.
    m_E : array_like
        Mass of the charged partner in GeV.
    """
    return ALPHA / (96 * pi * G_F**2) * np.square(np.abs(inner) / np.square(m_E))


def yukawa(m_lepton: float, yt: Couplings, masses: Sequence[Value], m_E: Value) -> Array:
    """Return Delta a_l = m_l^2 sum_a |y_la|^2/(24 pi^2 m_E^2) of eq. (32), 4 times too large.

    `masses` has no effect: the paper has only the heavy-E limit.
    """
    norm = sum(np.square(np.abs(coupling)) for coupling in yt) / 2  # H1, H2 give it once, A1, A2 once more
    return m_lepton**2 / (24 * pi**2) * norm / np.square(m_E)
