"""What a maximum leans on: parameter ranges, by their elasticity, and experiments, by their chi2."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from darkmoment.inference.problem import Problem, View, stencil
from darkmoment.parameters import Array, Parameter

ELASTICITY_FLOOR = 5e-3
"""A bound that moves the answer by less than this (relative, per relative change) is not leaned on."""

_AT_BOUND = 1e-6
_ACTIVE = 1e-3
_HARD_EDGE = 0.999
_JOINED = 0.05
_BESIDE, _UNBALANCED = 1e-5, 0.02


@dataclass(frozen=True)
class Bound:
    """A range end that the maximum sits on.

    Attributes
    ----------
    elasticity : float
        d ln(answer) / d ln(range end); d ln(answer) / d(range end) where the end is zero.
    convention : bool
        True where the run file marks the parameter's range as a convention.
    rough : bool
        True where the maximum balances its limits only roughly, on a crest: the elasticity may be far off.
    """

    parameter: str
    end: str
    value: float
    elasticity: float
    convention: bool
    rough: bool = False

    def __str__(self) -> str:
        mark = (" convention" if self.convention else "") + (" rough" if self.rough else "")
        return f"{self.parameter} {self.end} {self.value:.4g} ({self.elasticity:+.2f}{mark})"


def bounds_leaned_on(
    problem: Problem,
    u: Array,
    allowance: float,
    floor: Array | None = None,
    below: Problem | None = None,
    crests: bool = False,
) -> list[Bound]:
    """Return the range ends that a constrained maximum leans on, with their elasticity.

    At a maximum the gradient of ln(quantity) is a non-negative combination of the gradients of the active
    limits, up to multipliers of the range ends. Those multipliers, in logarithms, are the elasticities. A
    range end that holds up the smallest chi2 counts as well: moving it moves what is allowed. An end that is
    also the edge of the parameter's own domain (flavour_angle = pi/2) is not a range.

    Parameters
    ----------
    problem : Problem
        The cell, d free coordinates.
    u : ndarray (d,)
        The maximum.
    allowance : float
        Total chi2 of the smooth terms that is allowed there.
    floor : ndarray (d,), optional
        The point of smallest chi2 that the allowance is counted from.
    below : Problem, optional
        The cell with the limits that hold back `floor`, where they are others.
    crests : bool
        True where the maximum may lie on a crest, along which limits have two slopes: both then count.
    """
    if problem.dimension == 0:
        return []
    view, slope = problem.differentiate(u)
    scale = 1.0 if problem.logarithmic else max(abs(view.ln_quantity[0]), 1e-300)
    gradient = slope.ln_quantity / scale
    limits = _active(view, slope)
    smooth = np.isfinite(allowance) and view.chi2[0] > allowance * (1 - _ACTIVE)
    if smooth:
        limits.append(slope.chi2)
    edge = _edges(u)
    kinks = _kinks(problem, u)
    told = ~edge & ~kinks
    chi2_price = 0.0
    crest = crests and bool((kinks & ~edge).any())
    balance = _on_a_crest(problem, u, gradient, kinks, smooth) if crest else None
    if balance is not None:
        gradient, chi2_price = balance
    elif limits and told.any():
        normals = np.array(limits).T
        multipliers, _ = nnls(normals[told], gradient[told])
        gradient = gradient - normals @ multipliers
        chi2_price = float(multipliers[-1]) if smooth else 0.0
    pulls: dict[tuple[int, str], float] = {}
    for i in np.flatnonzero(edge):
        if gradient[i] * (u[i] - 0.5) > 0:
            pulls[int(i), _end(u[i])] = float(gradient[i])
    if floor is not None and chi2_price > 0:
        rising = _rising(below or problem, floor)
        for i in np.flatnonzero(_edges(floor)):
            key = int(i), _end(floor[i])
            pulls[key] = pulls.get(key, 0.0) + chi2_price * float(rising[i])
    bounds = (_bound(problem.free[i], end, pull) for (i, end), pull in sorted(pulls.items()))
    found = [bound for bound in bounds if bound and abs(bound.elasticity) > ELASTICITY_FLOOR]
    return [replace(bound, rough=True) for bound in found] if crest and balance is None else found


def _on_a_crest(
    problem: Problem, u: Array, gradient: Array, kinks: NDArray[np.bool_], smooth: bool
) -> tuple[Array, float] | None:
    """Return what is left of a gradient when limits on both sides of a crest balance it, and chi2's price.

    Where a limit has a kink, any mixture of its slopes beside it counts as its slope. None where even that
    balances nothing.
    """
    edge = _edges(u)
    free = ~edge
    normals: list[Array] = []
    prices: list[bool] = []
    for k in np.flatnonzero(kinks & free):
        for side in (-_BESIDE, _BESIDE):
            beside = u.copy()
            beside[k] = np.clip(beside[k] + side, 0.0, 1.0)
            view, slope = problem.differentiate(beside)
            hard = _active(view, slope)
            normals += hard
            prices += [False] * len(hard)
            if smooth:
                normals.append(slope.chi2)
                prices.append(True)
    if not normals:
        return None
    matrix = np.array(normals).T
    multipliers, miss = nnls(matrix[free], gradient[free])
    if miss > _UNBALANCED * np.linalg.norm(gradient[free]):
        return None
    return gradient - matrix @ multipliers, float(multipliers[np.array(prices)].sum())


def _active(view: View, slope: View) -> list[Array]:
    """Return the slopes of the hard limits that a point touches."""
    return [slope.ln_strength[:, k] for k, s in enumerate(view.ln_strength[0]) if s > -_ACTIVE]


def _rising(problem: Problem, floor: Array) -> Array:
    """Return the slope of chi2 at its smallest, less what the hard limits there balance."""
    view, slope = problem.differentiate(floor)
    rising, limits = slope.chi2, _active(view, slope)
    told = ~_edges(floor) & ~_kinks(problem, floor)
    if limits and told.any():
        normals = np.array(limits).T
        rising = rising + normals @ nnls(normals[told], -rising[told])[0]
    return rising


def _edges(u: Array) -> NDArray[np.bool_]:
    return (u < _AT_BOUND) | (u > 1 - _AT_BOUND)


def _kinks(problem: Problem, u: Array) -> NDArray[np.bool_]:
    """Return the coordinates in which some answer has a kink at u, e.g. a mass on a knot of a curve.

    There the slope differs by side, and says nothing of multipliers.
    """
    points = stencil(u)
    view, d = problem.view(points), problem.dimension
    answers = np.column_stack([view.ln_quantity, view.chi2, view.ln_strength])
    width = np.abs(points[1:] - points[0])[np.tile(np.eye(d, dtype=bool), (2, 1))][:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = (answers[1:] - answers[0]) / width
    forward, backward = slopes[:d], -slopes[d:]
    size = np.maximum(np.abs(forward), np.abs(backward))
    return (np.abs(forward - backward) > 0.01 * size + 1e-6).any(axis=1)


def _end(u: float) -> str:
    return "max" if u > 0.5 else "min"


def _bound(p: Parameter, end: str, slope: float) -> Bound | None:
    lower, upper = p.bounds
    value = upper if end == "max" else lower
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
