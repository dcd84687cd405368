"""The loop integrals over v, for either formula set: a `Kernel` says which.

    J(M, m1, m2)  = 1/2 int_0^inf dv w(v) / [(v + m1^2)(v + m2^2)]
    DeltaJ(M)     = (m_H2^2 - m_H1^2)(m_A2^2 - m_A1^2)
                    * 1/2 int_0^inf dv w(v) / [(v + m_H1^2)(v + m_H2^2)(v + m_A1^2)(v + m_A2^2)]

with w = x^2 (derived) or x (2 - x) (printed), x = v/(v + M^2). The mixed second difference of
arXiv:2603.25704 eq. (23) has become a product of differences times a positive integral. The sum over the
two signed fermion masses is put on one denominator, where its numerator has the factor M_1 + M_2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from darkmoment.physics.quadrature import WIDE, Array, Grid, Value, flatten, fold, in_blocks, workspace

_BLOCK = 2048  # points at a time: three arrays of nodes x points near the second-level cache

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
    degree : int
        Degree d of P, where M_1 w_1 + M_2 w_2 = (M_1 + M_2) v^(4-d) P(v) / [(v + M_1^2)^2 (v + M_2^2)^2].
    numerator : callable
        P as a function of v, (v + p)^2, p = M_1 M_2, d^2 = (M_1 - M_2)^2 and the array to write it to
        (which may be that of (v + p)^2); no term is negative for p >= 0, so that no digit is lost.
    """

    weight: Callable[[Array], Array]
    degree: int
    numerator: Callable[..., Array]


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
        p, gap = (m - m_D) * (m + m_D) / v, 4 * m_D * m_D / v
        polynomial = kernel.numerator(1.0, np.square(1 + p), p, gap)
        fermions = (_x(v, m - m_D) * _x(v, m + m_D)) ** 2
        return m * polynomial * fermions * _differences(v, *masses) / v

    grid = WIDE if grid is None else grid
    paired = scalars[0] is scalars[2] and scalars[1] is scalars[3]
    values = (m_majorana, m_dirac, *scalars)
    if all(isinstance(value, float) for value in values):
        return _single(kernel, grid, [np.float64(value) for value in values], paired, integrand)
    shape, columns = flatten(*values)
    lightest, heaviest = _extremes(columns[2:], paired)
    covered = grid.covers(lightest, heaviest, np.abs(columns[0]) + np.abs(columns[1]))
    columns += [lightest, heaviest]
    if covered.all():
        return _on_grid(kernel, grid, columns, paired).reshape(shape)[()]
    total = np.empty(covered.shape)
    inside, outside = ([c if c.size == 1 else c[mask] for c in columns] for mask in (covered, ~covered))
    if covered.any():
        total[covered] = _on_grid(kernel, grid, inside, paired)
    total[~covered] = _on_own_nodes(integrand, outside[:6], outside[2:6], 1)
    return total.reshape(shape)[()]


def _single(
    kernel: Kernel, grid: Grid, values: list[Any], paired: bool, integrand: Callable[..., Array]
) -> Array:
    """Evaluate the signed sum at one point: numpy is quicker with numbers than with arrays of length one."""
    lightest, heaviest = min(values[2:]), max(values[2:])
    if grid.covers(lightest, heaviest, abs(values[0]) + abs(values[1])):
        return _on_grid(kernel, grid, [*values, lightest, heaviest], paired)[0]
    columns = [value.reshape(1) for value in values]
    return _on_own_nodes(integrand, columns, columns[2:], 1)[0]


def _extremes(scalars: Sequence[Array], paired: bool) -> tuple[Array, Array]:
    """Return the smallest and the largest scalar mass of each point."""
    m_H1, m_H2, m_A1, m_A2 = scalars
    light, heavy = np.minimum(m_H1, m_H2), np.maximum(m_H1, m_H2)
    if paired:
        return light, heavy
    return np.minimum(light, np.minimum(m_A1, m_A2)), np.maximum(heavy, np.maximum(m_A1, m_A2))


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


def _on_grid(kernel: Kernel, grid: Grid, columns: list[Array], paired: bool) -> Array:
    """Evaluate the signed sum on the grid's nodes, everything in units of each point's scale.

    With x = v/scale the scalars enter as x + (H1 + H2) + H1 H2/x, where H1 H2 = 1 for a paired spectrum, and
    the fermions as (x + M_1^2)(x + M_2^2) = (x + p)^2 + (M_1 - M_2)^2 x.
    """
    m, m_D, m_H1, m_H2, m_A1, m_A2, lightest, heaviest = columns
    scale = lightest * heaviest
    p, gap = (m - m_D) * (m + m_D) / scale, 4 * (m_D * m_D) / scale
    cp_even = (m_H2 - m_H1) * (m_H2 + m_H1) / scale
    sums = [(m_H1 * m_H1 + m_H2 * m_H2) / scale]
    if paired:
        prefactor = m * cp_even * cp_even / scale
    else:
        prefactor = m * cp_even * ((m_A2 - m_A1) * (m_A2 + m_A1) / scale) / scale
        sums.append((m_A1 * m_A1 + m_A2 * m_A2) / scale)
        ratios = m_H1 * m_H2 / scale, m_A1 * m_A2 / scale
        sums += [ratio * ratio for ratio in ratios]
    weights = grid.weights if kernel.degree == 2 else grid.weights * grid.nodes ** (2.0 - kernel.degree)
    integral = in_blocks(partial(_integral, kernel, grid, weights), [p, gap, *sums], _BLOCK)
    return prefactor * integral + 0.0


def _integral(kernel: Kernel, grid: Grid, weights: Array, p: Array, gap: Array, *sums: Array) -> Array:
    """Sum over the nodes for a block of points; `sums` is H1 + H2 alone for a paired spectrum."""
    x = grid.nodes
    numerator, fermions, even = workspace(len(x), p.size)
    square = np.add(x, p, out=numerator)
    square *= square
    np.multiply(x, gap, out=fermions)
    fermions += square
    kernel.numerator(x, square, p, gap, out=numerator)
    numerator *= weights
    if len(sums) == 1:
        np.add(grid.mirrored, sums[0], out=even)
        even *= fermions
        even *= even
    else:
        _scalar_pair(grid, sums[0], sums[2], even)
        even *= fermions
        fermions *= _scalar_pair(grid, sums[1], sums[3])
        even *= fermions
    numerator /= even
    return fold(numerator)


def _scalar_pair(grid: Grid, total: Array, product: Array, out: Array | None = None) -> Array:
    """Return x + total + product/x; for a product of one the same bits as x + 1/x, known beforehand."""
    pair = np.multiply(grid.inverse, product, out=out)
    pair += grid.nodes
    pair += total
    return pair
