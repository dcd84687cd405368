"""What of a path lies within a box: the rest is neither measured nor drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from darkmoment.plots.axis import Array


def clipped(points: Array, low: ArrayLike, high: ArrayLike) -> tuple[Array, Array]:
    """Return where the parts of a path's segments within a box begin and end (Liang and Barsky's way).

    Parameters
    ----------
    points : ndarray (n, 2)
        Joined in their order; what is not finite makes a gap.
    low, high : array_like (2,)
        Two corners of the box.

    Returns
    -------
    tuple of ndarray (k, 2)
        Beginnings and ends, k at most n - 1; a point of the path is returned as it was given.
    """
    a, b = points[:-1], points[1:]
    with np.errstate(all="ignore"):
        step = b - a
        ends = np.array([(np.asarray(side) - a) / step for side in (low, high)])
        level = (step == 0) & (a >= np.asarray(low)) & (a <= np.asarray(high))
        enter = np.where(level, 0.0, ends.min(axis=0)).max(axis=1, initial=0.0)
        leave = np.where(level, 1.0, ends.max(axis=0)).min(axis=1, initial=1.0)
        kept = (enter <= leave) & np.isfinite(step).all(axis=1)
        begin, end = a + enter[:, None] * step, a + leave[:, None] * step
    begin[enter == 0], end[leave == 1] = a[enter == 0], b[leave == 1]
    return begin[kept], end[kept]
