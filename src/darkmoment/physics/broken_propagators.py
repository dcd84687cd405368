"""What a broken U(1)_D leaves of loops in which a symmetry would cancel: integrals over scalar propagators.

The loops with N and S_1, S_2 between two neutrinos (arXiv:2603.25704, section 2, with and without the A') are
integrals over the squared Euclidean momentum v of the propagators R(v) and I(v) = (v + M^2_{R,I})^{-1}, the
2x2 matrices of the CP-even and the CP-odd scalars in the basis S_1, S_2. They differ where U(1)_D is broken;
so R - I, and in the vector coupling the Majorana mass, are factored out before anything is integrated: no
ultraviolet divergence is left, and nothing is lost to cancellation where the breaking is small.

With x_Phi = v/(v + m_Phi^2), s = (x_1 + x_2)/2, d = (x_1 - x_2)/2 for R and I each,

    v R = s_R + d_R n_R.sigma,   v I = s_I + d_I n_I.sigma,   n = (cos 2 theta, -sin 2 theta)

in the components of sigma_3 and sigma_1. In the basis of the mean angle, Theta = theta_R + theta_I and
delta = theta_I - theta_R,

    m = (cos Theta, -sin Theta),   k = (sin Theta, cos Theta),
    d_R n_R -+ d_I n_I = (d_R -+ d_I) cos(delta) m + (d_R +- d_I) sin(delta) k.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from darkmoment.physics.angles import cosine_and_sine
from darkmoment.physics.quadrature import Array, Value, flatten, fold

Scalars = tuple[Value, Value, Value, Value]
"""m_H1, m_H2, m_A1, m_A2 in GeV."""

Matrix = tuple[Array, Array, Array]
"""A symmetric 2x2 matrix in the basis S_1, S_2 as coefficients of 1, sigma_3, sigma_1."""

_PAD = 24.0  # integrands fall like v and 1/v outside of all masses: exp(-24) = 4e-11
_CORE = 3.0  # least half-width of the stretch of ln v with equidistant nodes
_LAYOUTS: tuple[tuple[float, int, float, float], ...] = ((1e6, 96, 1.6, 0.2), (np.inf, 160, 1.4, 0.15))
"""Largest ratio of masses, number of nodes, end and stretch of the nodes; see `_nodes`."""
_LIGHTEST = 1e-15  # of the lightest scalar: N below count as that heavy when nodes are laid
_BLOCK = 128  # points at a time: nodes x points near the second-level cache


def mass_integrals(m_majorana: Value, m_dirac: Value, scalars: Scalars) -> tuple[Array, Array, Array]:
    """Return the integrals of the neutrino mass over s_R - s_I, d_R - d_I and d_R + d_I, in GeV.

    Each is int dv/v sum_a M_a v/(v + M_a^2) (...), where the sum over the signed masses is
    2 m (1 + p/v) v^2/[(v + M_1^2)(v + M_2^2)], p = M_1 M_2: exactly 0 for m = 0.

    Parameters
    ----------
    m_majorana, m_dirac : array_like
        m and m_D in GeV, any sign: M_1 = m - m_D, M_2 = m + m_D.
    scalars : tuple of array_like
        m_H1, m_H2, m_A1, m_A2 in GeV. Pass the very same arrays for A as for H where the spectra are equal.

    Returns
    -------
    tuple of ndarray
        To 1e-9 of the integral of the absolute value for masses that span ten decades, 1e-8 for fourteen;
        nan where a scalar mass is not positive.
    """
    paired = _paired(scalars)

    def integrands(inverse: Array, m: Array, m_D: Array, *masses: Array) -> list[Array]:
        x1, x2 = _x(inverse, m - m_D), _x(inverse, m + m_D)
        fermions = (inverse * ((m - m_D) * (m + m_D)) + 1) * x1 * x2 * (2 * m)
        parts = _Splittings(inverse, masses, paired)
        if paired:
            return [fermions * parts.plus]
        return [fermions * part for part in (parts.apart, parts.minus, parts.plus)]

    found = _integrals(integrands, m_majorana, m_dirac, scalars, 1 if paired else 3)
    return (found[0] * 0.0, found[0] * 0.0, found[0]) if paired else (found[0], found[1], found[2])


def vector_integrals(m_majorana: Value, m_dirac: Value, scalars: Scalars) -> tuple[Array, ...]:
    """Return the eight integrals of the neutrino's vector coupling, dimensionless.

    With c1(v) = -2 m^2 v [(v + p)^2 + 2 m_D^2 v]/[(v + M_1^2)(v + M_2^2)]^2, p = M_1 M_2, what the Majorana
    mass breaks, and c2(v) = v/2 [1/(v + M_1^2) + 1/(v + M_2^2)], with which the scalars do, they are

        int dv/v c1 (s_R + s_I)/2,   int dv/v c1 (d_R + d_I),   int dv/v c1 (d_R - d_I),
        int dv/v c2 (s_R - s_I)^2,   int dv/v c2 (d_R - d_I)^2, int dv/v c2 (d_R + d_I)^2,
        int dv/v c2 (s_R - s_I)(d_R - d_I),   int dv/v c2 (s_R - s_I)(d_R + d_I).

    Arguments and accuracy as for `mass_integrals`.
    """
    paired = _paired(scalars)

    def integrands(inverse: Array, m: Array, m_D: Array, *masses: Array) -> list[Array]:
        x1, x2 = _x(inverse, m - m_D), _x(inverse, m + m_D)
        c1 = np.square(inverse * ((m - m_D) * (m + m_D)) + 1)
        c1 += inverse * (2 * m_D * m_D)
        c1 *= np.square(x1 * x2)
        c1 *= inverse * (-2 * m * m)
        c2 = (x1 + x2) / 2
        parts = _Splittings(inverse, masses, paired)
        plus = c2 * parts.plus
        if paired:
            return [c1 * parts.mean, c1 * parts.plus, plus * parts.plus]
        apart, minus = c2 * parts.apart, c2 * parts.minus
        majorana = [c1 * parts.mean, c1 * parts.plus, c1 * parts.minus]
        squares = [apart * parts.apart, minus * parts.minus, plus * parts.plus]
        return [*majorana, *squares, apart * parts.minus, apart * parts.plus]

    found = _integrals(integrands, m_majorana, m_dirac, scalars, 3 if paired else 8)
    if not paired:
        return tuple(found)
    none = found[0] * 0.0
    return found[0], found[1], none, none, none, found[2], none, none


def oriented(along: Array, across: Array, theta_R: Value, delta_theta: Value) -> tuple[Array, Array]:
    """Return along m + across k as components of sigma_3 and sigma_1; see the module.

    With theta_R = -delta_theta/2 the angle Theta is exactly zero, and so is what only its sine leaves.
    """
    cos, sin = cosine_and_sine(theta_R + (theta_R + delta_theta))
    return along * cos + across * sin, across * cos - along * sin


def sandwich(first: tuple[Any, Any], second: tuple[Any, Any], matrix: Matrix) -> Any:
    """Return first^T matrix second for two vectors in the basis S_1, S_2, real or complex."""
    one, sigma_3, sigma_1 = matrix
    diagonal = first[0] * second[0] * (one + sigma_3) + first[1] * second[1] * (one - sigma_3)
    return diagonal + (first[0] * second[1] + first[1] * second[0]) * sigma_1


def _paired(scalars: Scalars) -> bool:
    return scalars[0] is scalars[2] and scalars[1] is scalars[3]


def _x(inverse: Array, mass: Array) -> Array:
    """Return v/(v + mass^2) from 1/v."""
    return 1 / (inverse * (mass * mass) + 1)


class _Splittings:
    """Combinations of x_Phi at the nodes, as the integrals need them; differences without cancellation.

    Attributes
    ----------
    mean : ndarray
        (s_R + s_I)/2.
    apart, minus, plus : ndarray
        s_R - s_I, d_R - d_I, d_R + d_I; for equal spectra of H and A only the last is there.
    """

    def __init__(self, inverse: Array, masses: tuple[Array, ...], paired: bool) -> None:
        H1, H2, A1, A2 = masses
        x_H1, x_H2 = _x(inverse, H1), _x(inverse, H2)
        even = x_H1 * x_H2 * inverse * ((H2 - H1) * (H2 + H1))
        if paired:
            self.mean, self.plus = (x_H1 + x_H2) / 2, even
            return
        x_A1, x_A2 = _x(inverse, A1), _x(inverse, A2)
        odd = x_A1 * x_A2 * inverse * ((A2 - A1) * (A2 + A1))
        first = x_H1 * x_A1 * inverse * ((A1 - H1) * (A1 + H1) / 2)
        second = x_H2 * x_A2 * inverse * ((A2 - H2) * (A2 + H2) / 2)
        self.mean, self.plus = ((x_H1 + x_H2) / 2 + (x_A1 + x_A2) / 2) / 2, (even + odd) / 2
        self.apart, self.minus = first + second, first - second


def _integrals(
    integrands: Callable[..., list[Array]],
    m_majorana: Value,
    m_dirac: Value,
    scalars: Scalars,
    count: int,
) -> list[Array]:
    """Integrate over dv/v by the trapezoid rule in ln v, on nodes laid out by each point's own masses."""
    shape, columns = flatten(m_majorana, m_dirac, *scalars)
    length = max(column.size for column in columns)
    fermion, masses = np.abs(columns[0]) + np.abs(columns[1]), columns[2:]
    lightest = np.minimum(np.minimum(masses[0], masses[1]), np.minimum(masses[2], masses[3]))
    heaviest = np.maximum(np.maximum(masses[0], masses[1]), np.maximum(masses[2], masses[3]))
    heaviest = np.maximum(heaviest, fermion)
    valid = np.broadcast_to((lightest > 0) & (heaviest < np.inf), length)
    lowest = np.where(valid, np.minimum(lightest, np.maximum(fermion, _LIGHTEST * lightest)), 1.0)
    heaviest = np.where(valid, heaviest, 1.0)
    columns = [np.broadcast_to(column, length) for column in (*columns, lowest, heaviest)]
    result = np.full((count, length), np.nan)
    reached = np.zeros(length, dtype=bool)
    for widest, nodes, end, stretch in _LAYOUTS:
        chosen = valid & ~reached & (columns[-1] <= widest * columns[-2])
        reached |= chosen
        members = np.flatnonzero(chosen)
        for start in range(0, members.size, _BLOCK):
            block = members[start : start + _BLOCK]
            *values, low, high = (column[block] for column in columns)
            inverse, weights = _nodes(low, high, nodes, end, stretch)
            for row, rows in zip(result, integrands(inverse, *values), strict=True):
                row[block] = fold(rows * weights)
    return [row.reshape(shape)[()] for row in result]


def _nodes(low: Array, high: Array, count: int, end: float, stretch: float) -> tuple[Array, Array]:
    """Return 1/v at the nodes and the weights of d ln v, (count, n), for masses between `low` and `high`.

    The integrands are analytic in the strip |Im ln v| < pi, where the rule of step h errs by exp(-2 pi^2/h).
    The nodes are equidistant in ln v where the masses are, and ever wider in the tails, where the integrand
    is so small that less relative accuracy will do.
    """
    t = np.linspace(-end, end, count)[:, np.newaxis]
    size = (_PAD - _CORE) / np.exp((end - 1) / stretch)
    above, below = size * np.exp((t - 1) / stretch), size * np.exp((-t - 1) / stretch)
    first, last = 2 * np.log(low), 2 * np.log(high)
    half = (last - first) / 2 + _CORE
    ln_v = (first + last) / 2 + half * t + (above - below)
    return np.exp(-ln_v), (half + (above + below) / stretch) * (2 * end / (count - 1))
