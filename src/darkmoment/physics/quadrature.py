"""The trapezoid rule in ln v: constant nodes for a range of masses, and sums that do not depend on the batch.

With the Feynman parameters done, every loop function of arXiv:2603.25704 (eqs. 21-23) is an integral over
one variable v of products of v/(v + mass^2). In u = ln v such an integrand is analytic in the strip
|Im u| < pi whatever the masses, so the trapezoid rule of step h errs by exp(-2 pi^2/h) (times some powers
of 2 pi/h where masses coincide), and nothing cancels for degenerate masses.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import log

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Value = float | Array

STEP = 0.49
"""Step of a grid made for given ranges.

Worst relative error of the signed sum where M_1 M_2 >= 0, measured for 1e5 points over one to eighteen
decades of masses, among them all degenerate, massless M_1 and massless both: 3e-10 (derived and printed).
For M_1 M_2 < 0 the same holds on the scale of the two terms.
"""

_LOST = 23.5  # exp(-23.5) = 6e-11: what may be left out of an integral
_CORE = 2.0  # half the least stretch of ln x with equidistant nodes: all poles may lie in one place
_LOW_STRETCH, _HIGH_STRETCH = (0.19, 2.5), (0.15, 2.5)  # a, s and b, r of `Grid`
_LIMITS = (1e-9, 1e9)  # products of six factors stay inside the range of float64

_BUFFER = 16  # numpy copies broadcast operands into its buffer where rows are shorter than the buffer


@dataclass(frozen=True, eq=False)
class Grid:
    """Constant nodes x = v/scale for points whose masses lie in a known range.

    The scale of a point is the product of its lightest and its heaviest scalar mass: the squared scalar
    masses then lie close around x = 1 however far the range goes, and two equal pairs of scalars become one
    number. The nodes are equidistant in t, ln x = t - a exp(-(t - t_low)/s) + b exp((t - t_high)/r): in ln x
    they are equidistant between the squared scalar masses, and ever wider in the tails, where the integrand
    is so small that less relative accuracy will do. Half of the nodes is saved.

    Attributes
    ----------
    lower : float
        Smallest scalar mass in GeV; fermions may be lighter, also massless.
    upper : float
        Largest mass in GeV of scalars and fermions, |m_majorana| + |m_dirac| being the larger fermion.
    spread : float
        Largest ratio of two scalar masses of a point.
    nodes, weights : ndarray
        x and the weights of the sum that replaces int dx, as columns, shape (K, 1).
    inverse, mirrored : ndarray
        1/x and x + 1/x at the nodes.
    """

    lower: float
    upper: float
    spread: float
    nodes: Array = field(repr=False)
    weights: Array = field(repr=False)
    inverse: Array = field(repr=False)
    mirrored: Array = field(repr=False)

    @classmethod
    def for_masses(cls, lower: float, upper: float, spread: float | None = None, step: float = STEP) -> Grid:
        """Build the grid for a range of masses; never from the batch, or a point and a batch would differ.

        Parameters
        ----------
        lower, upper : float
            Lightest scalar and heaviest particle in GeV; narrowed to 1e-9 .. 1e9.
        spread : float, optional
            Largest ratio of two scalar masses of a point; upper/lower when left out.
        step : float
            Step in t.

        Raises
        ------
        ValueError
            If not 0 < lower <= upper.
        """
        if not 0 < lower <= upper:
            raise ValueError(f"a range of masses needs 0 < lower <= upper, not {lower!r} .. {upper!r}")
        lower, upper = max(lower, _LIMITS[0]), min(upper, _LIMITS[1])
        spread = upper / lower if spread is None else min(spread, upper / lower)
        half, fermion = log(spread), 2 * log(upper / lower)
        # below the scalars the integrand falls like x, above like x^-3 or, up to the fermions, like 1/x
        bottom, top = -half - _LOST, max(half, fermion) + (_LOST - max(fermion - half, 0)) / 3
        t = np.arange(bottom, top, step)
        core = max(half, _CORE)
        below = _LOW_STRETCH[0] * np.exp((-core - t) / _LOW_STRETCH[1])
        above = _HIGH_STRETCH[0] * np.exp((t - core) / _HIGH_STRETCH[1])
        ln_x = t - below + above
        slope = 1 + below / _LOW_STRETCH[1] + above / _HIGH_STRETCH[1]
        needed = (ln_x > bottom) & (ln_x < top)
        nodes = np.exp(ln_x[needed])[:, np.newaxis]
        weights = step * slope[needed, np.newaxis] * nodes
        columns = nodes, weights, 1 / nodes, nodes + 1 / nodes
        for column in columns:
            column.flags.writeable = False
        return cls(lower, upper, spread, *columns)

    def covers(self, lightest: Array, heaviest: Array, fermion: Array) -> NDArray[np.bool_]:
        """Say point by point whether the masses lie in the range; False for nan.

        Parameters
        ----------
        lightest, heaviest : ndarray
            Smallest and largest scalar mass in GeV.
        fermion : ndarray
            Larger fermion mass in GeV.
        """
        scalars = (lightest >= self.lower) & (heaviest <= self.upper) & (heaviest <= self.spread * lightest)
        return scalars & (fermion <= self.upper)


WIDE = Grid.for_masses(1e-3, 1e4, step=0.42)
"""The grid used where none is given; worst relative error 3e-11."""


def fold(rows: Array) -> Array:
    """Sum over the first axis by halving, in place.

    The order of the additions does not depend on the other axes, so a point gives the same bits alone and
    in any batch, which numpy's own sums do not promise.
    """
    count = len(rows)
    if rows.size == count:
        return np.array([_folded(rows.ravel().tolist())])
    while count > 1:
        half = count // 2
        rows[:half] += rows[count - half : count]
        count -= half
    return rows[0]


def _folded(terms: list[float]) -> float:
    """Sum the terms of one point in the very order of `fold`."""
    while len(terms) > 1:
        half = len(terms) // 2
        rest = len(terms) - half
        terms = [a + b for a, b in zip(terms[:half], terms[rest:], strict=True)] + terms[half:rest]
    return terms[0]


def horner(x: Array, coefficients: Array) -> Array:
    """Return the sum of coefficients[n] x^n."""
    *higher, constant = coefficients[::-1].tolist()
    total = higher[0] * x
    for coefficient in higher[1:]:
        total += coefficient
        total *= x
    return total + constant


def flatten(*values: Value) -> tuple[tuple[int, ...], list[Array]]:
    """Return the common shape, and each value as a vector of that many entries or of one.

    A fixed parameter stays of length one, so that what depends on fixed parameters alone is done once.
    """
    arrays = [np.asarray(value, dtype=float) for value in values]
    if all(array.shape == (1,) for array in arrays):
        return (1,), arrays
    shape = np.broadcast(*arrays).shape
    return shape, [
        array.reshape(1) if array.size == 1 else np.broadcast_to(array, shape).reshape(-1) for array in arrays
    ]


def in_blocks(function: Callable[..., Array], columns: Sequence[Array], size: int) -> Array:
    """Apply a function of vectors to slices of at most `size` points, so that its work stays in the cache.

    `columns` are vectors of a common length or of length one, as `flatten` gives them.
    """
    length = next((column.size for column in columns if column.size != 1), 1)
    if length == 1:
        return function(*columns)
    with np.errstate():  # restores the buffer size too
        np.setbufsize(_BUFFER)
        if length <= size:
            return function(*columns)
        result = np.empty(length)
        for start in range(0, length, size):
            block = slice(start, min(start + size, length))
            result[block] = function(*(c if c.size == 1 else c[block] for c in columns))
    return result


def where_open(
    closed: NDArray[np.bool_], function: Callable[..., Array], columns: Sequence[Array], size: int
) -> Array:
    """Return 0 where a channel is closed; elsewhere apply a function as `in_blocks` does.

    `closed` is a vector as well, of the columns' common length or of length one.
    """
    result = np.zeros(max(closed.size, *(column.size for column in columns)))
    taken = np.flatnonzero(np.broadcast_to(~closed, result.shape))
    if taken.size:
        chosen = [column if column.size == 1 else column[taken] for column in columns]
        result[taken] = in_blocks(function, chosen, size)
    return result


_own = threading.local()


def workspace(rows: int, points: int) -> Array:
    """Return three arrays (rows, points) of this thread to write to, for use until the next call.

    Fresh memory would have to be mapped page by page, which takes as long as the work on it.
    """
    needed = 3 * rows * points
    buffer: Array | None = getattr(_own, "buffer", None)
    if buffer is None or buffer.size < needed:
        buffer = _own.buffer = np.empty(needed)
    return buffer[:needed].reshape(3, rows, points)
