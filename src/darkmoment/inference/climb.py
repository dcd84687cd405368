"""One local search: sequential quadratic programming on smooth logarithms, keeping the best allowed point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log
from typing import Protocol

import numpy as np
from scipy.optimize import minimize

from darkmoment.inference.problem import View, compressed
from darkmoment.parameters import Array

MARGIN = 2e-8
"""Constraints are asked for with this much to spare, so that the point kept is allowed in floats."""

ON_TARGET = 1e-6
"""A quantity held at a target is met to this accuracy (relative, where it is logarithmic)."""

Differentiate = Callable[[Array], tuple[View, View]]


class Searchable(Protocol):
    """What a local search has to know of a problem; see `Problem`."""

    @property
    def dimension(self) -> int:
        """Number of free coordinates, d."""

    @property
    def limited(self) -> bool:
        """True where some hard limit has to be obeyed."""

    @property
    def targeted(self) -> bool:
        """True where some quantity has to take a given value."""

    def differentiate(self, u: Array) -> tuple[View, View]:
        """Return the view at one point u, shape (d,), and its gradient."""


_TINY = 1e-290
ITERATIONS = 120
_FTOL = 1e-11


@dataclass(frozen=True)
class Arrival:
    """Where a local search ended.

    Attributes
    ----------
    u : ndarray (d,)
        The best allowed point met on the way; the last point where none was allowed.
    value : float
        ln(quantity) there (chi2 for a minimisation); -inf (+inf) where no allowed point was met.
    """

    u: Array
    value: float


class _Trace:
    """Evaluate value and gradient once per point, and keep the best allowed point of all batches."""

    def __init__(self, problem: Searchable, allowance: float, differentiate: Differentiate | None) -> None:
        self.problem = problem
        self.allowance = allowance
        self.differentiate = differentiate or problem.differentiate
        self.best = -inf
        self.where: Array | None = None
        self._at: Array | None = None
        self._seen: tuple[View, View] | None = None

    def __call__(self, u: Array) -> tuple[View, View]:
        u = np.clip(u, 0.0, 1.0)
        if self._seen is None or self._at is None or not np.array_equal(u, self._at):
            self._seen, self._at = self.differentiate(u), u.copy()
            self._keep(u, self._seen[0])
        return self._seen

    def _keep(self, u: Array, view: View) -> None:
        allowed = bool(view.physical[0]) and view.chi2[0] <= self.allowance
        allowed = allowed and bool((view.ln_strength[0] <= 0).all())
        allowed = allowed and bool((np.abs(view.misses[0]) < ON_TARGET).all())
        if allowed and (self.where is None or self.score(view) > self.best):
            self.best, self.where = self.score(view), u.copy()

    def score(self, view: View) -> float:
        return float(view.ln_quantity[0])

    def margins(self, u: Array) -> Array:
        """Constraint functions, allowed where >= 0: ln(allowance/chi2), then -ln(strength)."""
        view, _ = self(u)
        room = [] if self.allowance == inf else [log(self.allowance) - np.log(max(view.chi2[0], _TINY))]
        return np.array([*room, *(-view.ln_strength[0])]) - MARGIN

    def margin_slopes(self, u: Array) -> Array:
        view, slope = self(u)
        room = [] if self.allowance == inf else [-slope.chi2 / max(view.chi2[0], _TINY)]
        return np.array([*room, *(-slope.ln_strength.T)])

    def constraints(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        if self.allowance != inf or self.problem.limited:
            found.append({"type": "ineq", "fun": self.margins, "jac": self.margin_slopes})
        if self.problem.targeted:
            miss, slope = (lambda u: self(u)[0].misses[0]), (lambda u: self(u)[1].misses.T)
            found.append({"type": "eq", "fun": miss, "jac": slope})
        return found


class _Floor(_Trace):
    """The same for the minimum of chi2: the score is -chi2."""

    def score(self, view: View) -> float:
        return -float(view.chi2[0])


def climb(
    problem: Searchable,
    start: Array,
    allowance: float,
    differentiate: Differentiate | None = None,
    iterations: int = ITERATIONS,
) -> Arrival:
    """Maximise ln(quantity) from `start` with chi2 <= allowance and every hard limit obeyed.

    Parameters
    ----------
    problem : Searchable
        d free coordinates.
    start : ndarray (d,)
        Need not be allowed.
    allowance : float
        Largest total chi2 of the smooth terms; inf where there are none.
    differentiate : callable, optional
        In place of `problem.differentiate`, e.g. to share likelihood calls with other searches.
    iterations : int
        Steps at most.
    """
    trace = _Trace(problem, allowance, differentiate)

    def objective(u: Array) -> float:
        return -float(trace(u)[0].ln_quantity[0])

    def slope(u: Array) -> Array:
        return -trace(u)[1].ln_quantity

    last = _minimise(trace, objective, slope, start, iterations)
    return Arrival(last, -inf) if trace.where is None else Arrival(trace.where, trace.best)


def descend(problem: Searchable, start: Array, differentiate: Differentiate | None = None) -> Arrival:
    """Minimise the total chi2 of the smooth terms from `start`, every hard limit obeyed.

    Parameters and the result are as for `climb`, with `value` the chi2 reached.
    """
    trace = _Floor(problem, inf, differentiate)

    def objective(u: Array) -> float:
        return float(compressed(trace(u)[0].chi2)[0])

    def slope(u: Array) -> Array:
        view, gradient = trace(u)
        return gradient.chi2 * min(1.0, 40.0 / max(view.chi2[0], _TINY))

    last = _minimise(trace, objective, slope, start)
    return Arrival(last, inf) if trace.where is None else Arrival(trace.where, -trace.best)


def _minimise(
    trace: _Trace, objective: object, slope: object, start: Array, iterations: int = ITERATIONS
) -> Array:
    if trace.problem.dimension == 0:
        trace(start)
        return start
    bounds = [(0.0, 1.0)] * trace.problem.dimension
    found = minimize(
        objective,
        start,
        jac=slope,
        bounds=bounds,
        constraints=trace.constraints(),
        method="SLSQP",
        options={"maxiter": iterations, "ftol": _FTOL},
    )
    return np.clip(found.x, 0.0, 1.0)
