"""Loop functions with the correct numerators; masses in GeV.

The vertex function of arXiv:2603.25704 eq. (21), there with numerator x + y, is

    J(M, m1, m2) = int_0^1 dx int_0^(1-x) dy (1-x-y) / [x m2^2 + y m1^2 + (1-x-y) M^2],

and the moment needs the mixed difference DeltaJ of eq. (23), which loses all digits for small splittings
unless it is written as one integral (`darkmoment.physics.integrals`). G and K are the dipole and monopole
functions of the charged leptons, in place of eq. (26).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from darkmoment.physics import integrals
from darkmoment.physics.quadrature import Array, Grid, Value, horner

__all__ = ["DERIVED", "G", "Grid", "J", "K", "closed_or_series", "delta_J", "g", "h", "signed_sum"]

_TINY = np.finfo(float).tiny
_NEAR_ONE = (0.6, 1.5)
_N = np.arange(45)
_G_SERIES = 2 / ((_N + 2) * (_N + 3) * (_N + 4))
_K_SERIES = 1 / ((_N + 1) * (_N + 2) * (_N + 4))
_h_SERIES = 1 / ((_N + 2) * (_N + 3))
_g_SERIES = np.concatenate(([0.25], -1 / ((_N + 1) * (_N + 2) * (_N + 3))))


def _numerator(v: Value, square: Array, p: Array, gap: Array, out: Array | None = None) -> Array:
    """Return v^2 + 2 p v + p (q - p), written as (v + p)^2 + p (q - 2 p)."""
    return np.add(square, p * gap, out=out)


DERIVED = integrals.Kernel(weight=np.square, degree=2, numerator=_numerator)
"""The kernel of the correct numerator 1-x-y."""


def J(M: Value, m1: Value, m2: Value) -> Array:
    """Vertex function J(M, m1, m2), the numerator x+y of arXiv:2603.25704 eq. (21) corrected to 1-x-y.

    Parameters
    ----------
    M, m1, m2 : array_like
        Fermion mass and the two scalar masses in GeV; they broadcast. The sign of M does not matter.

    Returns
    -------
    ndarray
        J in GeV^-2, to 1e-11 relative; nan where m1 or m2 is not positive.
    """
    return integrals.two_point(DERIVED, M, m1, m2)


def delta_J(M: Value, m_H1: Value, m_H2: Value, m_A1: Value, m_A2: Value) -> Array:
    """Return J(H1,A1) + J(H2,A2) - J(H1,A2) - J(H2,A1) without cancellation (arXiv:2603.25704 eq. 23).

    Parameters
    ----------
    M : array_like
        Fermion mass in GeV; its sign does not matter.
    m_H1, m_H2, m_A1, m_A2 : array_like
        Scalar masses in GeV.

    Returns
    -------
    ndarray
        DeltaJ in GeV^-2, to 1e-11 relative at any splitting, exactly 0 for degenerate H or A; nan where a
        scalar mass is not positive.
    """
    return integrals.four_point(DERIVED, M, (m_H1, m_H2, m_A1, m_A2))


def signed_sum(
    m_majorana: Value,
    m_dirac: Value,
    m_H1: Value,
    m_H2: Value,
    m_A1: Value,
    m_A2: Value,
    grid: Grid | None = None,
) -> Array:
    """Return sum_a M_a DeltaJ(|M_a|) with M_1 = m - m_D, M_2 = m + m_D, as one integral.

    The sum over the signed masses (arXiv:2603.25704 eqs. 22-23) is, with p = M_1 M_2, q = M_1^2 + M_2^2
    and squared scalar masses H1, H2, A1, A2,

        m (H2-H1)(A2-A1) int_0^inf dv v^2 [v^2 + 2 p v + p (q-p)]
                         / [(v+H1)(v+H2)(v+A1)(v+A2)(v+M_1^2)^2(v+M_2^2)^2]

    and so exactly 0 for m = 0, degenerate H or degenerate A.

    Parameters
    ----------
    m_majorana, m_dirac : array_like
        m and m_D in GeV, any sign, zero included.
    m_H1, m_H2, m_A1, m_A2 : array_like
        Scalar masses in GeV. Pass the very same arrays for A as for H where the spectra are equal: a third
        of the work is then saved (and the numbers stay the same).
    grid : Grid, optional
        Nodes for a known range of masses; default 1 MeV .. 10 TeV. A point outside is evaluated, it alone,
        on nodes laid out by its own masses: to 1e-11 at any scale, but ten times slower.

    Returns
    -------
    ndarray
        The sum in GeV^-1; nan where a scalar mass is not positive, or below 1e-30 of the largest mass.
    """
    return integrals.signed_sum(DERIVED, m_majorana, m_dirac, (m_H1, m_H2, m_A1, m_A2), grid)


def closed_or_series(x: Value, closed: Callable[[Any], Any], coefficients: Array) -> Array:
    """Evaluate a closed form that is 0/0 at x = 1, and near there its series in 1 - x.

    Parameters
    ----------
    x : array_like
        Argument, >= 0.
    closed : callable
        The closed form; it loses (1-x)^-4 in precision near 1, hence the switch at 0.6 and 1.5.
    coefficients : ndarray
        Coefficients of (1-x)^n from n = 0.
    """
    if isinstance(x, float) and not _NEAR_ONE[0] <= x <= _NEAR_ONE[1]:
        return closed(x)
    x = np.asarray(x, dtype=float)
    if x.max() < _NEAR_ONE[0] or x.min() > _NEAR_ONE[1]:
        return closed(x)
    near = (x >= _NEAR_ONE[0]) & (x <= _NEAR_ONE[1])
    result = np.asarray(closed(np.where(near, 4.0, x)))
    result[near] = horner(1 - x[near], coefficients)
    return result[()]


def _fourth_power(x: Array) -> Array:
    square = x * x
    return square * square


def _log(x: Array) -> Array:
    # x^n ln x is zero at x = 0
    return np.log(x + _TINY)


def g(r: Value) -> Array:
    """Return g of J = [g(r2) - g(r1)] / [(r2 - r1) M^2], r_i = m_i^2/M^2."""
    return closed_or_series(r, lambda r: (r / (1 - r) + r * r * _log(r) / (1 - r) ** 2) / 2, _g_SERIES)


def h(r: Value) -> Array:
    """Return h = dg/dr, so that J(M, m, m) = h(m^2/M^2)/M^2; h(0) = 1/2, h(1) = 1/6."""
    return closed_or_series(r, lambda r: (r * r - 1 - 2 * r * _log(r)) / (2 * (r - 1) ** 3), _h_SERIES)


def G(x: Value) -> Array:
    """Dipole function of a charged lepton, x = M_Phi^2/M_E^2; corrects arXiv:2603.25704 eq. (26).

    G(0) = 1/6, G(1) = 1/12. Relative accuracy 1e-12 for all x >= 0.
    """

    def closed(x: Array) -> Array:
        return (((2 * x + 3 - 6 * _log(x)) * x - 6) * x + 1) / (6 * _fourth_power(1 - x))

    return closed_or_series(x, closed, _G_SERIES)


def K(x: Value) -> Array:
    """Monopole (charge radius) function of a charged lepton, x = M_Phi^2/M_E^2.

    K(x) = int_0^1 ds (s^3/6) [2/(s+(1-s)x) + 1/(s+(1-s)x)^2]; K(0) = 7/36, K(1) = 1/8. Relative accuracy
    1e-12 for all x >= 0. Absent from arXiv:2603.25704.
    """

    def closed(x: Array) -> Array:
        logarithm = 6 * x * x * (2 * x - 3) * _log(x)
        return (((45 - 16 * x) * x - 36) * x + 7 + logarithm) / (36 * _fourth_power(1 - x))

    return closed_or_series(x, closed, _K_SERIES)
