"""The trapezoid rule in ln v: constant nodes for a range of masses, and sums that do not depend on the batch.

With the Feynman parameters done, every loop function of arXiv:2603.25704 (eqs. 21-23) is an integral over
one variable v of products of v/(v + mass^2). In u = ln v such an integrand is analytic in the strip
|Im u| < pi whatever the masses, so the trapezoid rule of step h errs by exp(-2 pi^2/h) (times some powers
of 2 pi/h where masses coincide), and nothing cancels for degenerate masses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import log

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Value = float | Array

STEP = 0.5
"""Step of a grid made for given ranges.

Worst relative error of the signed sum where M_1 M_2 >= 0, measured for 1e5 points over one, three and seven
decades of masses, among them all degenerate, massless M_1 and massless both: 2e-10 (derived and printed).
Other steps: 0.45 7e-11, 0.42 1e-11. For M_1 M_2 < 0 the same holds on the scale of the two terms.
"""

_DEPTH, _HEIGHT = 28.0, 9.0  # reach below and above the squared masses in ln v: the tails go like v and v^-3
_LOW_STRETCH, _HIGH_STRETCH = (0.25, 3.0), (0.15, 2.0)  # a, s and b, r of `Grid`
_LIMITS = (1e-12, 1e12)  # products of eight factors v + mass^2 stay inside the range of float64

_BUFFER = 16  # numpy copies broadcast operands into its buffer where rows are shorter than the buffer


@dataclass(frozen=True, eq=False)
class Grid:
    """Constant nodes v (GeV^2) for points whose masses lie in a known range.

    The nodes are equidistant in t, ln v = t - a exp(-(t - t_low)/s) + b exp((t - t_high)/r): in ln v they
    are equidistant between the squared masses, and ever wider in the tails, where the integrand is so small
    that less relative accuracy will do. A third of the nodes is saved.

    Attributes
    ----------
    lower : float
        Smallest scalar mass in GeV; fermions may be lighter, also massless.
    upper : float
        Largest mass in GeV of scalars and fermions, |m_majorana| + |m_dirac| being the larger fermion.
    nodes, weights : ndarray
        v and the weights of the sum that replaces int dv, as columns, shape (K, 1).
    """

    lower: float
    upper: float
    nodes: Array = field(repr=False)
    weights: Array = field(repr=False)

    @classmethod
    def for_masses(cls, lower: float, upper: float, step: float = STEP) -> Grid:
        """Build the grid for a range of masses; never from the batch, or a point and a batch would differ.

        Parameters
        ----------
        lower, upper : float
            Lightest scalar and heaviest particle in GeV; narrowed to 1e-12 .. 1e12.
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
        low, high = 2 * log(lower), 2 * log(upper)
        t = np.arange(low - _DEPTH, high + _HEIGHT, step)
        below = _LOW_STRETCH[0] * np.exp((low - t) / _LOW_STRETCH[1])
        above = _HIGH_STRETCH[0] * np.exp((t - high) / _HIGH_STRETCH[1])
        ln_v = t - below + above
        slope = 1 + below / _LOW_STRETCH[1] + above / _HIGH_STRETCH[1]
        needed = (ln_v > low - _DEPTH) & (ln_v < high + _HEIGHT)
        nodes = np.exp(ln_v[needed])[:, np.newaxis]
        weights = step * slope[needed, np.newaxis] * nodes
        nodes.flags.writeable = weights.flags.writeable = False
        return cls(lower, upper, nodes, weights)

    def covers(self, m_majorana: Array, m_dirac: Array, scalars: list[Array]) -> NDArray[np.bool_]:
        """Say point by point whether all masses (GeV) lie in the range; False for nan."""
        m_H1, m_H2, m_A1, m_A2 = scalars
        lightest = np.minimum(np.minimum(m_H1, m_H2), np.minimum(m_A1, m_A2))
        heaviest = np.maximum(np.maximum(m_H1, m_H2), np.maximum(m_A1, m_A2))
        heaviest = np.maximum(heaviest, np.abs(m_majorana) + np.abs(m_dirac))
        return (lightest >= self.lower) & (heaviest <= self.upper)


WIDE = Grid.for_masses(1e-3, 1e4, step=0.42)
"""The grid used where none is given; worst relative error 3e-11."""


def fold(rows: Array) -> Array:
    """Sum over the first axis by halving, in place.

    The order of the additions does not depend on the other axes, so a point gives the same bits alone and
    in any batch, which numpy's own sums do not promise.
    """
    count = len(rows)
    while count > 1:
        half = count // 2
        rows[:half] += rows[count - half : count]
        count -= half
    return rows[0]


def flatten(*values: Value) -> tuple[tuple[int, ...], list[Array]]:
    """Return the common shape, and each value as a vector of that many entries or of one.

    A fixed parameter stays of length one, so that what depends on fixed parameters alone is done once.
    """
    arrays = [np.asarray(value, dtype=float) for value in values]
    shape = np.broadcast(*arrays).shape
    return shape, [
        array.reshape(1) if array.size == 1 else np.broadcast_to(array, shape).reshape(-1) for array in arrays
    ]


def in_blocks(function: Callable[..., Array], columns: list[Array], size: int) -> Array:
    """Apply a function of vectors to slices of at most `size` points, so that its work stays in the cache.

    `columns` are vectors of a common length or of length one, as `flatten` gives them.
    """
    length = next((column.size for column in columns if column.size != 1), 1)
    with np.errstate():  # restores the buffer size too
        np.setbufsize(_BUFFER)
        if length <= size:
            return function(*columns)
        result = np.empty(length)
        for start in range(0, length, size):
            block = slice(start, min(start + size, length))
            result[block] = function(*(c if c.size == 1 else c[block] for c in columns))
    return result
