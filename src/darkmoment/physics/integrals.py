"""The loop integrals over v, for either formula set: a `Kernel` says which.

    J(M, m1, m2)  = 1/2 int_0^inf dv w(v) / [(v + m1^2)(v + m2^2)]
    DeltaJ(M)     = (m_H2^2 - m_H1^2)(m_A2^2 - m_A1^2)
                    * 1/2 int_0^inf dv w(v) / [(v + m_H1^2)(v + m_H2^2)(v + m_A1^2)(v + m_A2^2)]

with w = x^2 (derived) or x (2 - x) (printed), x = v/(v + M^2). The mixed second difference of
arXiv:2603.25704 eq. (23) has become a product of differences times a positive integral. The sum over the
two signed fermion masses is put on one denominator, where its numerator has the factor M_1 + M_2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from darkmoment.physics.quadrature import WIDE, Array, Grid, Value, flatten, fold, in_blocks

_BLOCK = 1024  # points at a time: three arrays of nodes x points in the second-level cache

_OWN_NODES = 241
_OWN_PAD = 27.0  # the slowest tails fall like v and 1/v: exp(-27) = 2e-12
_OWN_RATIO = 1e30
_OWN_BLOCK = 128


@dataclass(frozen=True)
class Kernel:
    """What tells the formula sets apart in a loop integral.

    Attributes
    ----------
    weight : callable
        w as a function of x = v/(v + M^2).
    numerator : callable
        Function of p = M_1 M_2 and q = M_1^2 + M_2^2: the coefficients c_1 .. c_d below the leading one of
        P(v) = v^d + c_1 v^(d-1) + ... + c_d, where c_k is of degree k in p and q, and
        M_1 w_1 + M_2 w_2 = (M_1 + M_2) v^(4-d) P(v) / [(v + M_1^2)^2 (v + M_2^2)^2].
    """

    weight: Callable[[Array], Array]
    numerator: Callable[[Array, Array], tuple[Array, ...]]


def two_point(kernel: Kernel, M: Value, m1: Value, m2: Value) -> Array:
    """Return J in GeV^-2; see `darkmoment.physics.loops.J`."""

    def integrand(v: Array, fermion: Array, first: Array, second: Array) -> Array:
        return kernel.weight(_x(v, fermion)) * _x(v, first) * _x(v, second) / (2 * v)

    shape, columns = flatten(M, m1, m2)
    return _on_own_nodes(integrand, columns, columns[1:], 2).reshape(shape)[()]


def four_point(kernel: Kernel, M: Value, scalars: tuple[Value, ...]) -> Array:
    """Return DeltaJ in GeV^-2; see `darkmoment.physics.loops.delta_J`."""

    def integrand(v: Array, fermion: Array, *masses: Array) -> Array:
        return kernel.weight(_x(v, fermion)) * _differences(v, *masses) / (2 * v)

    shape, columns = flatten(M, *scalars)
    return _on_own_nodes(integrand, columns, columns[1:], 2).reshape(shape)[()]


def signed_sum(
    kernel: Kernel,
    m_majorana: Value,
    m_dirac: Value,
    scalars: tuple[Value, ...],
    grid: Grid | None,
) -> Array:
    """Return sum_a M_a DeltaJ(|M_a|) in GeV^-1; see `darkmoment.physics.loops.signed_sum`."""

    def integrand(v: Array, m: Array, m_D: Array, *masses: Array) -> Array:
        p, _, q = _invariants(m, m_D)
        polynomial = 1 + sum(kernel.numerator(p / v, q / v))
        fermions = (_x(v, m - m_D) * _x(v, m + m_D)) ** 2
        return m * polynomial * fermions * _differences(v, *masses) / v

    grid = WIDE if grid is None else grid
    paired = scalars[0] is scalars[2] and scalars[1] is scalars[3]
    shape, columns = flatten(m_majorana, m_dirac, *scalars)
    covered = grid.covers(columns[0], columns[1], columns[2:])
    if covered.all():
        return _on_grid(kernel, grid, columns, paired).reshape(shape)[()]
    total = np.empty(covered.shape)
    inside, outside = ([c if c.size == 1 else c[mask] for c in columns] for mask in (covered, ~covered))
    if covered.any():
        total[covered] = _on_grid(kernel, grid, inside, paired)
    total[~covered] = _on_own_nodes(integrand, outside, outside[2:], 1)
    return total.reshape(shape)[()]


def _invariants(m: Array, m_D: Array) -> tuple[Array, Array, Array]:
    """Return p = M_1 M_2, p^2 and q = M_1^2 + M_2^2; p does not cancel."""
    p = (m - m_D) * (m + m_D)
    return p, p * p, 2 * (m * m + m_D * m_D)


def _x(v: Array, mass: Array) -> Array:
    return v / (v + mass * mass)


def _differences(v: Array, m_H1: Array, m_H2: Array, m_A1: Array, m_A2: Array) -> Array:
    """Return the product of x_H1 - x_H2 and x_A1 - x_A2; every factor is at most one."""
    cp_even = (m_H2 - m_H1) * (m_H2 + m_H1) / v * _x(v, m_H1) * _x(v, m_H2)
    cp_odd = (m_A2 - m_A1) * (m_A2 + m_A1) / v * _x(v, m_A1) * _x(v, m_A2)
    return cp_even * cp_odd


def _on_own_nodes(
    integrand: Callable[..., Array], columns: list[Array], scalars: list[Array], power: int
) -> Array:
    """Integrate over dv/v with nodes laid out by each point's own masses: any scale, any hierarchy.

    The masses are first divided by a power of two near the largest, which is exact, and the result, of
    dimension mass^-power, is scaled back. nan where a scalar mass is not positive, or below 1e-30 of the
    largest mass.
    """
    length = np.broadcast_shapes(*(column.shape for column in columns))
    masses = np.stack([np.broadcast_to(column, length) for column in columns])
    largest = np.abs(masses).max(axis=0)
    smallest = np.minimum.reduce([np.broadcast_to(scalar, length) for scalar in scalars])
    valid = (smallest > 0) & (smallest >= largest / _OWN_RATIO) & (largest < np.inf)
    result = np.full(length, np.nan)
    exponent = np.frexp(largest[valid])[1]
    masses, smallest = np.ldexp(masses[:, valid], -exponent), np.ldexp(smallest[valid], -exponent)
    k = np.arange(_OWN_NODES)[:, np.newaxis]

    def total(lightest: Array, *masses: Array) -> Array:
        start = 2 * np.log(lightest) - _OWN_PAD
        step = (_OWN_PAD - start) / (_OWN_NODES - 1)
        return step * fold(integrand(np.exp(start + step * k), *masses))

    result[valid] = np.ldexp(in_blocks(total, [smallest, *masses], _OWN_BLOCK), -power * exponent)
    return result


def _monic(v: Array, coefficients: tuple[Array, ...], out: Array) -> Array:
    """Evaluate v^d + c_1 v^(d-1) + ... + c_d by Horner's rule, in place."""
    np.add(v, coefficients[0], out=out)
    for coefficient in coefficients[1:]:
        out *= v
        out += coefficient
    return out


def _on_grid(kernel: Kernel, grid: Grid, columns: list[Array], paired: bool) -> Array:
    """Evaluate the signed sum on the grid's nodes, block by block."""
    work = np.empty((3, len(grid.nodes), min(max(column.size for column in columns), _BLOCK)))
    return in_blocks(lambda *block: _block_on_grid(kernel, grid, block, paired, work), columns, _BLOCK)


def _block_on_grid(
    kernel: Kernel, grid: Grid, columns: tuple[Array, ...], paired: bool, work: Array
) -> Array:
    m, m_D, m_H1, m_H2, m_A1, m_A2 = columns
    v = grid.nodes
    p, p_squared, q = _invariants(m, m_D)
    cp_even = (m_H2 - m_H1) * (m_H2 + m_H1)
    cp_odd = (m_A2 - m_A1) * (m_A2 + m_A1)
    prefactor = m * cp_even * cp_odd

    fermions = _monic(v, (q, p_squared), work[0][:, : p.size])
    whole = work[:, :, : np.broadcast_shapes(p.shape, prefactor.shape)[0]]
    even = np.multiply(_scalar_pair(v, m_H1, m_H2, work[1]), fermions, out=whole[1])
    odd = even if paired else np.multiply(_scalar_pair(v, m_A1, m_A2, work[2]), fermions, out=whole[2])
    np.multiply(even, odd, out=whole[1])

    coefficients = kernel.numerator(p, q)
    numerator = _monic(v, coefficients, work[0][:, : p.size])
    numerator *= grid.weights * v ** (4 - len(coefficients))
    np.divide(numerator, whole[1], out=whole[1])
    return prefactor * fold(whole[1]) + 0.0


def _scalar_pair(v: Array, mass: Array, other: Array, out: Array) -> Array:
    first, second = mass * mass, other * other
    total = first + second
    return _monic(v, (total, first * second), out[:, : total.size])
