"""Minimise sums of non-negative terms over the unit box, thousands of points side by side.

Two models of the curvature: Gauss-Newton in sqrt(terms), exact for terms that are exponentials of the
coordinates and good far from a minimum; and the full matrix of second differences, which alone sees the
maxima that a moment has inside its ranges. Each step tries several lengths in one call of the likelihood.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkmoment.parameters import Array

Terms = Callable[[Array, NDArray[np.int_]], Array]
"""terms(u, rows) -> (n, K): non-negative terms at u, shape (n, d), for the problems of these numbers."""

DONE = 1e-5
"""A problem rests once a step promises, and the last one brought, less than this in chi2."""

_WITHIN = 0.02
_FORWARD = 1e-7
_SECOND = 1e-4
_DAMPINGS = np.array([0.1, 1.0, 10.0])
_STRETCH = 2.5
_TINY = 1e-200


@dataclass
class State:
    """Problems on their way down.

    Attributes
    ----------
    u : ndarray (M, d)
    terms : ndarray (M, K)
    value : ndarray (M,)
        Sum of the terms.
    damping : ndarray (M,)
    numbers : ndarray (M,) of int
        What `Terms` knows each problem by.
    frozen : ndarray (d,) of bool
        Coordinates that stay where they are.
    """

    u: Array
    terms: Array
    value: Array
    damping: Array
    numbers: NDArray[np.int_]
    frozen: NDArray[np.bool_]


Curvature = Callable[[Terms, State, NDArray[np.int_]], tuple[Array, Array]]
"""curvature(terms, state, rows) -> trial steps (m, T, d), and what an undamped step promises (m,)."""


def descend_together(
    terms: Terms,
    start: Array,
    numbers: NDArray[np.int_],
    curvature: Curvature,
    steps: int,
    frozen: Sequence[int] = (),
) -> Array:
    """Go downhill from every start.

    Parameters
    ----------
    terms : callable
        What to minimise the sum of.
    start : ndarray (M, d)
        Points of the unit box.
    numbers : ndarray (M,) of int
        The problem each start belongs to.
    curvature : callable
        `gauss_newton` or `second_differences`.
    steps : int
        Steps at most.
    frozen : sequence of int
        Coordinates that stay where they are.

    Returns
    -------
    ndarray (M, d)
        Where each ended; never higher than its start.
    """
    here = terms(start, numbers)
    still = np.isin(np.arange(start.shape[1]), frozen)
    state = State(start.copy(), here, here.sum(axis=1), np.full(len(start), 1e-2), numbers, still)
    if still.all():
        return state.u
    moving = np.arange(len(start))
    for _ in range(steps):
        if not len(moving):
            break
        trials, promised = curvature(terms, state, moving)
        gained = _take_best(terms, state, moving, trials)
        moving = moving[(promised > DONE) | (gained > DONE)]
        moving = moving[state.damping[moving] < 1e12]
    return state.u


def _take_best(terms: Terms, state: State, rows: NDArray[np.int_], trials: Array) -> Array:
    """Try steps, shape (m, T, d), keep the best that helps, and adapt the damping; return what was gained."""
    m, count, d = trials.shape
    points = np.clip(state.u[rows][:, None, :] + trials, 0.0, 1.0)
    found = terms(points.reshape(m * count, d), np.repeat(state.numbers[rows], count)).reshape(m, count, -1)
    values = found.sum(axis=2)
    best = values.argmin(axis=1)
    each = np.arange(m)
    gained = state.value[rows] - values[each, best]
    better = gained > 0
    won, where = rows[better], best[better]
    state.u[won] = points[better, where]
    state.terms[won] = found[better, where]
    state.value[won] = values[better, where]
    # undamped and stretched steps count as ones with little damping
    factor = np.array([_DAMPINGS[0], *_DAMPINGS, _DAMPINGS[0]])[best]
    state.damping[rows] = np.clip(state.damping[rows] * np.where(better, factor, 100.0), 1e-12, None)
    return np.where(better, gained, 0.0)


def gauss_newton(terms: Terms, state: State, rows: NDArray[np.int_]) -> tuple[Array, Array]:
    """Propose Levenberg-Marquardt steps from one-sided differences of the terms.

    A term T with slope J curves like J J^T / T, which is exact where it is an exponential. The matrix has the
    rank of the number of terms K, so what is solved is K by K.
    """
    u, here = state.u[rows], state.terms[rows]
    m, d = u.shape
    step = np.where(u < 0.5, _FORWARD, -_FORWARD)
    points = np.repeat(u[:, None, :], d, axis=1)
    points[:, np.arange(d), np.arange(d)] += step
    beside = terms(points.reshape(m * d, d), np.repeat(state.numbers[rows], d)).reshape(m, d, -1)
    slope = (beside - here[:, None, :]) / step[:, :, None]
    gradient = slope.sum(axis=2)
    root = np.sqrt(np.maximum(here, _TINY))
    side = slope / root[:, None, :]
    side[_held(state, u, gradient)] = 0.0
    gram = side.transpose(0, 2, 1) @ side
    size = np.trace(gram, axis1=1, axis2=2)[:, None, None] + _TINY
    values, vectors = np.linalg.eigh(gram / size)
    along = np.einsum("mkj,mk->mj", vectors, root)
    steps = []
    for damping in (0.0, *_DAMPINGS):
        lam = np.maximum(damping * state.damping[rows][:, None] / size[:, 0], 1e-13)
        weight = along / (np.maximum(values, 0.0) + lam)
        steps.append(-np.einsum("mdk,mk->md", side, np.einsum("mkj,mj->mk", vectors, weight)) / size[:, 0])
    return _proposals(steps), _promise(u, np.where(state.frozen, 0.0, gradient), steps[0])


def second_differences(terms: Terms, state: State, rows: NDArray[np.int_]) -> tuple[Array, Array]:
    """Propose Newton steps from the matrix of second differences, negative curvature taken as positive."""
    u = state.u[rows]
    gradient, hessian = _quadratic(terms, u, state.numbers[rows])
    fixed = _held(state, u, gradient)
    free_gradient = np.where(fixed, 0.0, gradient)
    keep = ~fixed[:, :, None] & ~fixed[:, None, :]
    values, vectors = np.linalg.eigh(np.where(keep, hessian, 0.0))
    along = np.einsum("mij,mi->mj", vectors, free_gradient)
    size = np.abs(values).max(axis=1, keepdims=True) + _TINY
    steps = []
    for damping in (0.0, *_DAMPINGS):
        lam = damping * state.damping[rows][:, None]
        weight = along / (np.maximum(np.abs(values), 1e-9 * size) + lam)
        steps.append(-np.einsum("mij,mj->mi", vectors, weight))
    return _proposals(steps), _promise(u, np.where(state.frozen, 0.0, gradient), steps[0])


def _quadratic(terms: Terms, u: Array, numbers: NDArray[np.int_]) -> tuple[Array, Array]:
    """Return gradient (m, d) and Hessian (m, d, d) at u, from points inside the box."""
    m, d = u.shape
    h = _SECOND
    centre = np.clip(u, h, 1 - h)
    unit = h * np.eye(d)
    first, second = np.triu_indices(d, 1)
    offsets = np.concatenate([np.zeros((1, d)), unit, -unit, unit[first] + unit[second]])
    points = (centre[:, None, :] + offsets).reshape(-1, d)
    found = terms(points, np.repeat(numbers, len(offsets))).sum(axis=1).reshape(m, -1)
    middle, up, down, mixed = (
        found[:, :1],
        found[:, 1 : d + 1],
        found[:, d + 1 : 2 * d + 1],
        found[:, 2 * d + 1 :],
    )
    hessian = np.empty((m, d, d))
    hessian[:, np.arange(d), np.arange(d)] = (up + down - 2 * middle) / h**2
    cross = (mixed - up[:, first] - up[:, second] + middle) / h**2
    hessian[:, first, second] = hessian[:, second, first] = cross
    gradient = (up - down) / (2 * h) + np.einsum("mij,mj->mi", hessian, u - centre)
    return gradient, hessian


def _held(state: State, u: Array, gradient: Array) -> NDArray[np.bool_]:
    """Return the coordinates that are frozen, or sit at an end of the box and would leave it."""
    return state.frozen | ((u <= 0.0) & (gradient > 0)) | ((u >= 1.0) & (gradient < 0))


def _proposals(steps: list[Array]) -> Array:
    """Return the steps, undamped first, and a stretched one, shape (m, T, d)."""
    return np.stack([*steps, _STRETCH * steps[1]], axis=1)


def _promise(u: Array, gradient: Array, step: Array) -> Array:
    """Return the decrease that an undamped step promises within a small box around u.

    A damped step promises little wherever the damping is large, and would end the descent too soon.
    """
    inside = np.clip(u + step, 0.0, 1.0) - u
    longest = np.abs(inside).max(axis=1, keepdims=True)
    short = inside * np.minimum(1.0, _WITHIN / np.maximum(longest, 1e-30))
    return np.abs(np.einsum("md,md->m", gradient, short))
