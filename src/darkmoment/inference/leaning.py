"""What a maximum leans on: parameter ranges, by their elasticity, and experiments, by their chi2."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log

import numpy as np
from scipy.optimize import nnls

from darkmoment.inference.problem import Problem
from darkmoment.parameters import Array, Parameter

ELASTICITY_FLOOR = 1e-3
"""A bound that moves the answer by less than this (relative, per relative change) is not leaned on."""

_AT_BOUND = 1e-6
_ACTIVE = 1e-3
_HARD_EDGE = 0.999
_JOINED = 0.05


@dataclass(frozen=True)
class Bound:
    """A range end that the maximum sits on.

    Attributes
    ----------
    elasticity : float
        d ln(answer) / d ln(range end); d ln(answer) / d(range end) where the end is zero.
    convention : bool
        True where the run file marks the parameter's range as a convention.
    """

    parameter: str
    end: str
    value: float
    elasticity: float
    convention: bool

    def __str__(self) -> str:
        mark = " convention" if self.convention else ""
        return f"{self.parameter} {self.end} {self.value:.4g} ({self.elasticity:+.2f}{mark})"


def bounds_leaned_on(problem: Problem, u: Array, allowance: float) -> list[Bound]:
    """Return the range ends that a constrained maximum leans on, with their elasticity.

    At a maximum the gradient of ln(quantity) is a non-negative combination of the gradients of the active
    limits, up to multipliers of the range ends. Those multipliers, in logarithms, are the elasticities. An
    end that is also the edge of the parameter's own domain (flavour_angle = pi/2) is not a range.
    """
    if problem.dimension == 0:
        return []
    view, slope = problem.differentiate(u)
    gradient = (
        slope.ln_quantity
        if problem.logarithmic
        else slope.ln_quantity / max(abs(view.ln_quantity[0]), 1e-300)
    )
    active = [slope.ln_strength[:, k] for k, s in enumerate(view.ln_strength[0]) if s > -_ACTIVE]
    if np.isfinite(allowance) and view.chi2[0] > allowance * (1 - _ACTIVE):
        active.append(slope.chi2 / view.chi2[0])
    edge = (u < _AT_BOUND) | (u > 1 - _AT_BOUND)
    if active and not edge.all():
        limits = np.array(active).T
        multipliers, _ = nnls(limits[~edge], gradient[~edge])
        gradient = gradient - limits @ multipliers
    found = []
    for i, p in enumerate(problem.free):
        if edge[i] and gradient[i] * (1 if u[i] > 0.5 else -1) > 0:
            bound = _bound(p, float(u[i]), float(gradient[i]))
            if bound and abs(bound.elasticity) > ELASTICITY_FLOOR:
                found.append(bound)
    return found


def _bound(p: Parameter, u: float, slope: float) -> Bound | None:
    lower, upper = p.bounds
    value, end = (upper, "max") if u > 0.5 else (lower, "min")
    if value in p.info.domain:
        return None
    per_unit = slope / log(upper / lower) if p.logarithmic else slope * (value or 1.0) / (upper - lower)
    return Bound(p.name, end, value, per_unit, p.convention)


def leading(
    terms: Iterable[str], hard: Array, strength: Array, chi2: Array, chi2_best: Array, threshold: float
) -> str:
    """Name what forbids more: the term(s) whose chi2 grew most, and hard limits at their edge.

    Parameters
    ----------
    terms : names of the K terms
    hard : ndarray (K,) of bool
        True for hard limits.
    strength, chi2 : ndarray (K,)
        At the maximum.
    chi2_best : ndarray (K,)
        At the point of smallest chi2.
    threshold : float
        Delta chi2 allowed; where it is not used up, no smooth term holds the answer back.

    Returns
    -------
    str
        Names joined with '+' where within 5% of each other; 'range' where no term objects.
    """
    names = list(terms)
    found = [name for k, name in enumerate(names) if hard[k] and strength[k] > _HARD_EDGE]
    growth = np.where(hard, 0.0, chi2 - chi2_best)
    if growth.sum() > threshold * (1 - _ACTIVE):
        found += [name for k, name in enumerate(names) if growth[k] >= (1 - _JOINED) * growth.max()]
    return "+".join(found) or "range"
