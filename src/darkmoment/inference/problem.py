"""A fit as an optimiser sees it: coordinates in the unit box, and smooth logarithms.

chi2 of this model spans hundreds of decades and has flat, one-sided stretches, where minimisers
report success far from the minimum. Logarithms of the quantity, of chi2 over its allowance and of signal
strengths have no such stretches: maximising ln(quantity) under constraints on them is easy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from darkmoment.fit import Fit, Survey
from darkmoment.inference.charts import CHARTS
from darkmoment.parameters import Array

LN_FLOOR = -250.0
"""ln of a quantity that vanishes, e.g. on the line where the moment changes sign."""

COMPRESS_ABOVE = 40.0
_STEP = 1e-6


@dataclass(frozen=True)
class View:
    """Smooth answers at n points of the unit box.

    Attributes
    ----------
    ln_quantity : ndarray (n,)
        ln of the quantity (its value over `Problem.scale` where it is not logarithmic); zeros when none is
        asked for.
    chi2 : ndarray (n,)
        Total chi2 of the terms that are not hard limits, constraints included.
    ln_strength : ndarray (n, H)
        ln(s/s_lim) of each hard limit: allowed where <= 0.
    misses : ndarray (n, E)
        How far quantities with a target are from it: allowed where zero.
    physical : ndarray (n,) of bool
        False where a mass is not positive: never allowed.
    """

    ln_quantity: Array
    chi2: Array
    ln_strength: Array
    misses: Array
    physical: NDArray[np.bool_]

    def __getitem__(self, rows: slice) -> View:
        return View(
            self.ln_quantity[rows],
            self.chi2[rows],
            self.ln_strength[rows],
            self.misses[rows],
            self.physical[rows],
        )


class Problem:
    """A fit with some parameters held, as functions of u in [0, 1]^d.

    Parameters
    ----------
    fit : Fit
        The fit; hard limits (`step`) are kept apart from smooth terms.
    quantity : str or None
        Observable or parameter of interest.
    held : mapping of str to float
        Parameters held at a value, e.g. the mass of this cell.
    target : float, optional
        Value the quantity has to take (for its profile likelihood).
    scale : float, optional
        Unit in which a quantity that is not logarithmic is seen; found from the ranges where left out.
    least : sequence of float, optional
        chi2 of each term below which it counts as that much: what fits better buys nothing.
    chart : str
        Name of the coordinates that u stands for (`charts.CHARTS`); empty for those of the box.
    """

    def __init__(
        self,
        fit: Fit,
        quantity: str | None = None,
        held: Mapping[str, float] | None = None,
        target: float | None = None,
        scale: float | None = None,
        least: Sequence[float] | None = None,
        chart: str = "",
    ) -> None:
        self.least = None if least is None else [float(x) for x in least]
        self.chart = chart
        self.held = dict(held or {})
        self.base = fit
        self.fit = fit.pinned(self.held)
        self.quantity = quantity
        self.free = self.fit.free
        self.dimension = len(self.free)
        known = fit.model.table.get(quantity or "")
        parameter = next((p for p in self.free if p.name == quantity), None)
        self.logarithmic = known.logarithmic if known else parameter is not None and parameter.logarithmic
        if scale is None:
            scale = 1.0 if self.logarithmic or quantity is None else quantity_scale(fit, quantity)
        self.scale = scale
        self.wanted = target
        self.target = None if target is None else log(target) if self.logarithmic else target / self.scale

    def of(self, fit: Fit) -> Problem:
        """Return the same problem of another fit with the same parameters."""
        return Problem(fit, self.quantity, self.held, self.wanted, self.scale, self.least, self.chart)

    def charted(self, chart: str) -> Problem:
        """Return the same problem in other coordinates."""
        return Problem(self.base, self.quantity, self.held, self.wanted, self.scale, self.least, chart)

    def box(self, u: Array) -> Array:
        """Return the points of the box, shape (n, d), that coordinates stand for."""
        return CHARTS[self.chart].box(self.free, u) if self.chart else u

    def physical(self, u: Array) -> dict[str, Array]:
        """Return the free parameters (physical units) at u, shape (n, d)."""
        return self.of_box(self.box(u))

    def of_box(self, u: Array) -> dict[str, Array]:
        """Return the free parameters (physical units) at points of the box, shape (n, d)."""
        return {p.name: p.from_unit(u[:, i]) for i, p in enumerate(self.free)}

    def unit(self, point: Mapping[str, float]) -> Array:
        """Return the box coordinates, shape (d,), of a point in physical units."""
        return np.clip([float(p.to_unit(np.asarray(point[p.name]))) for p in self.free], 0.0, 1.0)

    def survey(self, u: Array) -> Survey:
        """Return the fit's own answers at u, shape (n, d)."""
        quantities = [self.quantity] if self.quantity else []
        return self.fit.survey(self.physical(u), quantities, within_ranges=True)

    def view(self, u: Array) -> View:
        """Return the smooth answers at u, shape (n, d); unphysical points look forbidden."""
        return self._smooth(self.survey(u), self.target)

    def _smooth(self, found: Survey, target: float | Array | None) -> View:
        hard = self.fit.hard
        each = np.where(np.isfinite(found.chi2[:, ~hard]), found.chi2[:, ~hard], 1e300)
        if self.least is not None:
            each = np.maximum(each, np.array(self.least)[~hard])
        chi2 = each.sum(axis=1)
        with np.errstate(divide="ignore"):
            ln_strength = np.maximum(np.log(found.strength[:, hard]), LN_FLOOR)
            ln_strength[~found.physical] = -LN_FLOOR
            ln_quantity = np.zeros(len(chi2))
            if self.quantity:
                value = np.where(found.physical, found.quantities[self.quantity], 0.0)
                ln_quantity = value / self.scale
                if self.logarithmic:
                    # what may change sign has no logarithm there
                    ln_quantity = np.where(value > 0, np.maximum(np.log(np.abs(value)), LN_FLOOR), LN_FLOOR)
        misses = np.empty((len(chi2), 0)) if target is None else (ln_quantity - target)[:, None]
        return View(ln_quantity, chi2, ln_strength, misses, found.physical)

    @property
    def limited(self) -> bool:
        """True where some hard limit has to be obeyed."""
        return bool(self.fit.hard.any())

    @property
    def targeted(self) -> bool:
        """True where the quantity has to take a given value."""
        return self.target is not None

    def differentiate(self, u: Array) -> tuple[View, View]:
        """Return the view at one point u, shape (d,), and its gradient with respect to u."""
        points = stencil(u)
        return slopes(points, self.view(points))


def stencil(u: Array) -> Array:
    """Return u, shape (d,), and its neighbours up and down each axis: shape (2d + 1, d)."""
    d = len(u)
    points = np.repeat(u[None, :], 2 * d + 1, axis=0)
    rows = np.arange(d)
    points[1 + rows, rows] = np.minimum(u + _STEP, 1.0)
    points[1 + d + rows, rows] = np.maximum(u - _STEP, 0.0)
    return points


def slopes(points: Array, seen: View) -> tuple[View, View]:
    """Return the view at the centre of a stencil, and its gradient with a leading axis of length d.

    At a bound the difference is taken inwards.
    """
    d = points.shape[1]
    rows = np.arange(d)
    width = points[1 + rows, rows] - points[1 + d + rows, rows]
    up, down = seen[1 : d + 1], seen[d + 1 :]
    slope = View(
        (up.ln_quantity - down.ln_quantity) / width,
        (up.chi2 - down.chi2) / width,
        (up.ln_strength - down.ln_strength) / width[:, None],
        (up.misses - down.misses) / width[:, None],
        up.physical,
    )
    return seen[:1], slope


def differentiate_all(problems: Sequence[Problem], at: Sequence[Array]) -> list[tuple[View, View]]:
    """Differentiate cells of the same fit, each at a point of its own, in one call of the likelihood.

    Parameters
    ----------
    problems : sequence of Problem
        Cells that differ in the values held, in target and coordinates, not in what is held or asked for.
    at : sequence of ndarray (d,)
        One point for each.
    """
    first = problems[0]
    if any(problem.base is not first.base or problem.quantity != first.quantity for problem in problems):
        raise ValueError("cells of different fits or quantities cannot be differentiated together")
    if first.dimension == 0:
        return [problem.differentiate(u) for problem, u in zip(problems, at, strict=True)]
    stencils = [stencil(u) for u in at]
    size = len(stencils[0])
    boxes = [problem.box(points) for problem, points in zip(problems, stencils, strict=True)]
    points = first.of_box(np.concatenate(boxes))
    for name in first.held:
        points[name] = np.repeat([problem.held[name] for problem in problems], size)
    quantities = [first.quantity] if first.quantity else []
    targets = None if first.target is None else np.repeat([problem.target for problem in problems], size)
    seen = first._smooth(first.base.survey(points, quantities, within_ranges=True), targets)
    answers = []
    for i, around in enumerate(stencils):
        answers.append(slopes(around, seen[i * size : (i + 1) * size]))
    return answers


def quantity_scale(fit: Fit, quantity: str) -> float:
    """Return the largest size of a quantity among points spread over the ranges: optimisers want O(1)."""
    if not fit.free:
        return 1.0
    u = qmc.Sobol(len(fit.free), rng=0).random(256)
    points = {p.name: p.from_unit(u[:, i]) for i, p in enumerate(fit.free)}
    values = np.abs(fit.survey(points, [quantity], within_ranges=True).quantities[quantity])
    largest = float(np.nanmax(values, initial=0.0))
    return largest if largest > 0 and np.isfinite(largest) else 1.0


def compressed(chi2: Array) -> Array:
    """Return chi2 below 40 and a logarithm above: the same minima without the cliffs."""
    return np.where(
        chi2 < COMPRESS_ABOVE,
        chi2,
        COMPRESS_ABOVE * (1 + np.log(np.maximum(chi2, COMPRESS_ABOVE) / COMPRESS_ABOVE)),
    )
