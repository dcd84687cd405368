"""Hops along the curves of experiments: each of their knots may hold a maximum of its own.

Published limits on epsilon zigzag in m_dark_photon, so a climb ends on the next tooth. From where it ended
all teeth are asked at once: little of the model depends on mass and mixing.
"""

from __future__ import annotations

import numpy as np

from darkmoment.inference.problem import Problem, View
from darkmoment.parameters import Array

_LADDERS = (
    (np.linspace(-1.0, 1.0, 9), 200),
    (np.linspace(-0.2, 0.2, 9), 40),
    (np.linspace(-0.04, 0.04, 9), 1),
)
"""Steps tried in ln of the limited coupling, finer and finer, and how many of the best knots go on."""

_LEAST_GAIN = 1e-3


def hop(problem: Problem, u: Array, allowance: float) -> Array | None:
    """Return the best allowed point on a knot, the limited coupling adapted; None where none gains.

    Parameters
    ----------
    problem : Problem
        In the coordinates of the box.
    u : ndarray (d,)
        Where a climb ended.
    allowance : float
        Largest smooth chi2 allowed.
    """
    best, start = u, _merit(problem.view(u[None, :]), allowance)[0]
    found = start
    for axis, slide in _ways(problem):
        knots = _knots(problem, axis)
        width = np.log(problem.free[slide].bounds[1] / problem.free[slide].bounds[0])
        middles = np.full(len(knots), u[slide])
        for offsets, kept in _LADDERS:
            points = np.repeat(u[None, :], len(knots) * len(offsets), axis=0)
            points[:, axis] = np.repeat(knots, len(offsets))
            steps = np.tile(offsets, len(knots)) / width
            points[:, slide] = np.clip(np.repeat(middles, len(offsets)) + steps, 0.0, 1.0)
            merit = _merit(_look(problem, points, u, (axis, slide)), allowance).reshape(len(knots), -1)
            top = merit.argmax(axis=1)
            value = merit[np.arange(len(knots)), top]
            chosen = np.argsort(-value, kind="stable")[:kept]
            row = chosen[0] * len(offsets) + top[chosen[0]]
            if value[chosen[0]] > found:
                best, found = points[row], value[chosen[0]]
            middles = points.reshape(len(knots), len(offsets), -1)[chosen, top[chosen], slide]
            knots = knots[chosen]
    return best if found > max(start, -1e300) + _LEAST_GAIN else None


def _ways(problem: Problem) -> list[tuple[int, int]]:
    """Return pairs of coordinates: one that curves have knots along, one that these curves limit."""
    at = {p.name: i for i, p in enumerate(problem.free)}
    pairs = {
        (at[name], at[e.limits])
        for e in problem.fit.experiments.values()
        for name in e.knots
        if name in at and e.limits in at and e.limits != name and problem.free[at[e.limits]].logarithmic
    }
    return sorted(pairs)


def _knots(problem: Problem, axis: int) -> Array:
    p = problem.free[axis]
    lists = [e.knots[p.name] for e in problem.fit.experiments.values() if p.name in e.knots]
    u = p.to_unit(np.unique(np.concatenate(lists)))
    return u[(u >= 0) & (u <= 1)]


def _look(problem: Problem, points: Array, u: Array, moving: tuple[int, int]) -> View:
    """Return the view at points that differ from u in two coordinates; the rest is computed once."""
    physical = {
        p.name: p.from_unit(points[:, i] if i in moving else u[i : i + 1]) for i, p in enumerate(problem.free)
    }
    asked = [problem.quantity] if problem.quantity else []
    return problem._smooth(problem.fit.survey(physical, asked, within_ranges=True), problem.target)


def _merit(view: View, allowance: float) -> Array:
    allowed = view.physical & (view.chi2 <= allowance) & (view.ln_strength <= 0).all(axis=1)
    return np.where(allowed, view.ln_quantity, -np.inf)
