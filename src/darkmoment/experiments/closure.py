"""Closure: each experiment alone is asked for the number it publishes, in its own quantity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from math import inf, nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.integrate import cumulative_simpson
from scipy.optimize import minimize_scalar

from darkmoment.experiments.card import Card, ClosureMethod, Dataset
from darkmoment.experiments.counting import median_observation
from darkmoment.experiments.curve import Curve
from darkmoment.experiments.discovery import available, card, load
from darkmoment.experiments.errors import ExperimentError
from darkmoment.experiments.likelihood import SIGNAL_POWER, CurveLimit, Likelihood, Point, not_applicable
from darkmoment.experiments.plugins import in_words
from darkmoment.experiments.region import Region
from darkmoment.experiments.shapes import Counting, shapes_of
from darkmoment.levels import delta_chi2

Array = NDArray[np.float64]

COLUMNS = [
    *["experiment", "dataset", "shape", "method", "quantity", "m_dark_photon"],
    *["published", "recovered", "deviation", "tolerance", "ok"],
]

METHOD_OF_SHAPE: dict[str, ClosureMethod] = {
    "half_gaussian": "delta_chi2",
    "region": "region",
    "step": "delta_chi2",  # 0 below and infinite above the limit: any threshold finds the edge
    "gaussian": "interval",
    "limit_and_sensitivity": "bayes_flat",
    "counting": "bayes_flat",
}

WIDEST = (1e-40, 1e10)
"""Quantities searched: far beyond any published limit on either side, which is never used to start."""

NEGLIGIBLE = 80.0
"""chi2 beyond which a flat-prior posterior holds nothing (4e-18)."""


@dataclass(frozen=True)
class Number:
    """One published number beside what the likelihood gives back."""

    quantity: str
    m_dark_photon: float
    published: float
    recovered: float
    deviation: float


def closure(names: Sequence[str] | None = None, points: int = 50, every_shape: bool = False) -> pd.DataFrame:
    """Ask experiments for their published numbers.

    Parameters
    ----------
    names : sequence of str or None
        Experiments, all that apply to the model for None.
    points : int
        Masses per limit curve, geometric from its first to its last.
    every_shape : bool
        True to ask in every shape a dataset has the numbers for, not in the default one alone.

    Returns
    -------
    DataFrame
        One row per number: `experiment`, `dataset`, `shape`, `method`, `quantity`, `m_dark_photon` (GeV; nan
        where it plays no part), `published`, `recovered`, `deviation` (relative; for measurements in
        standard deviations), `tolerance`, `ok`.

    Raises
    ------
    ExperimentError
        If a name is not that of an experiment, or of one that does not apply to the model; if one answers
        with an exception, NaN or an array of the wrong shape.
    """
    cards = [c for c in available().values() if c.applies] if names is None else [card(n) for n in names]
    if idle := [c for c in cards if not c.applies]:
        raise not_applicable(idle[0])
    rows = [row for c in cards for row in _rows(c, points, every_shape)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(card: Card, points: int, every_shape: bool) -> Iterator[tuple[object, ...]]:
    tolerance = card.closure.tolerance
    for dataset in card.datasets.values():
        names = shapes_of(dataset)
        for shape in names if every_shape else names[:1]:
            likelihood = load(card.name, dataset.name, shape, **card.closure.options)
            # the card's method belongs to the default shape, which a likelihood may replace by its own data
            method = card.closure.method if shape == names[0] else METHOD_OF_SHAPE[shape]
            if dataset.region is not None:
                method = "region"  # both edges, in every shape
            for number in _numbers(likelihood, method, points):
                ok = abs(number.deviation) <= tolerance
                yield (
                    *(card.name, dataset.name, shape, method, number.quantity, number.m_dark_photon),
                    *(number.published, number.recovered, number.deviation, tolerance, ok),
                )


def _numbers(likelihood: Likelihood, method: ClosureMethod, points: int) -> Iterator[Number]:
    if method == "interval":
        return _interval(likelihood)
    if method == "region":
        return _edges(likelihood, points)
    return _limits(likelihood, method, points)


def _edges(likelihood: Likelihood, points: int) -> Iterator[Number]:
    """Yield both edges of an excluded region at each mass, found from its inside."""
    dataset, quantity = likelihood.dataset, likelihood.limits
    if dataset.region is None or dataset.cl is None:
        return
    published = Region.read(likelihood.card.folder / dataset.region)
    for m in _masses(*published.range, points):
        chi2, inside = _chi2(likelihood, m), _strongest(likelihood, m)
        for name, edge, outside in zip(("lower", "upper"), published.edges(m), WIDEST, strict=True):
            recovered = _crossing(chi2, delta_chi2(dataset.cl), outside, inside)
            if recovered == inf:  # no more than the limit anywhere: the edges meet
                recovered = inside
            yield Number(f"{quantity} {name} edge", m, edge, recovered, recovered / edge - 1)


def _strongest(likelihood: Likelihood, m: float) -> float:
    """Return the quantity at which an experiment's response is largest."""
    response = _of_quantity(likelihood, likelihood.response, m)
    grid = np.geomspace(*WIDEST, 2001)
    best = int(np.argmax(response(grid)))
    ends = np.log(grid[[max(best - 1, 0), min(best + 1, len(grid) - 1)]])
    found = minimize_scalar(
        lambda x: -float(response(np.exp([x]))[0]), bounds=ends, method="bounded", options={"xatol": 1e-9}
    )
    return float(np.exp(found.x))


def _limits(likelihood: Likelihood, method: ClosureMethod, points: int) -> Iterator[Number]:
    mass, published = _published(likelihood, points)
    if isinstance(likelihood, CurveLimit):
        said = likelihood.curve.covers(mass)  # a curve may have gaps
        mass, published = mass[said], published[said]
    invert = _delta_chi2_limit if method == "delta_chi2" else _flat_prior_limit
    if method == "median":
        likelihood = _with_median_observation(likelihood)
    for m, value in zip(mass, published, strict=True):
        recovered = invert(likelihood, m)
        yield Number(likelihood.limits, m, value, recovered, recovered / value - 1)


def _with_median_observation(likelihood: Likelihood) -> Likelihood:
    """Return a projection as if it had seen the median number of events: its published limit is for that."""
    if not isinstance(likelihood.shape, Counting):
        return likelihood
    twin = copy(likelihood)
    seen = median_observation(likelihood.shape.background)
    twin.shape = replace(likelihood.shape, observed=seen)
    return twin


def _published(likelihood: Likelihood, points: int) -> tuple[Array, Array]:
    """Return masses and published limits, from the card and the CSV files and nothing built on them."""
    dataset = likelihood.dataset
    if dataset.limit is not None:
        return np.array([likelihood.card.closure.at.get("m_dark_photon", nan)]), np.array([dataset.limit])
    curves = [Curve.read(likelihood.card.folder / name) for name in _curve_files(dataset)]
    first, last = min(curve.range[0] for curve in curves), curves[0].range[1]
    mass = _masses(first, last, points)
    published = curves[0].at(mass)
    for curve in curves[1:]:
        published = np.where(np.isnan(published), curve.at(mass), published)
    return mass, published


def _masses(first: float, last: float, points: int) -> Array:
    mass = np.geomspace(first, last, points)
    mass[[0, -1]] = first, last  # geomspace may miss its own ends by a rounding
    return mass


def _curve_files(dataset: Dataset) -> list[str]:
    return [name for name in (dataset.curve, dataset.curve_below) if name is not None]


def _chi2(likelihood: Likelihood, m: float = nan) -> Callable[[Array], Array]:
    """Return chi2 as a function of the experiment's own quantity, the rest of the point from its card."""
    return _of_quantity(likelihood, likelihood.chi2, m)


def _of_quantity(
    likelihood: Likelihood, function: Callable[[Point], Array], m: float
) -> Callable[[Array], Array]:
    rest = {name: np.array([value]) for name, value in likelihood.card.closure.at.items()}
    if not np.isnan(m):
        rest["m_dark_photon"] = np.array([m])
    return lambda x: _asked(likelihood, function, {**rest, likelihood.limits: x}, len(x))


def _asked(likelihood: Likelihood, function: Callable[[Point], Array], p: Point, n: int) -> Array:
    """Return an answer for n values, or say whose it is and why it is none."""
    try:
        answer = np.asarray(function(p))
    except KeyError as problem:
        raise ExperimentError(
            f"{likelihood.name} reads {problem}, which its card does not give: name a value under closure: at"
        ) from problem
    except (Exception, SystemExit) as problem:
        raise ExperimentError(f"{likelihood.name} cannot be asked: {in_words(problem)}") from problem
    if answer.shape not in ((n,), (1,), ()) or answer.dtype.kind not in "fiu":
        raise ExperimentError(
            f"{likelihood.name} answers {n} values of {likelihood.limits} with an array of shape "
            f"{answer.shape} and type {answer.dtype}"
        )
    if np.isnan(answer).any():
        value = p[likelihood.limits][int(np.argmax(np.broadcast_to(np.isnan(answer), (n,))))]
        raise ExperimentError(f"{likelihood.name} answers NaN at {likelihood.limits} = {value:.6g}")
    return np.broadcast_to(answer, (n,))


def _crossing(chi2: Callable[[Array], Array], threshold: float, inside: float, outside: float) -> float:
    """Bisect for where chi2 passes the threshold, towards `outside`; inf where it never does."""
    if not chi2(np.array([outside]))[0] > threshold:
        return inf
    for _ in range(200):
        middle = float(np.sqrt(inside * outside)) if inside > 0 else (inside + outside) / 2
        if middle in (inside, outside):
            break
        if chi2(np.array([middle]))[0] > threshold:
            outside = middle
        else:
            inside = middle
    return (inside + outside) / 2


def _delta_chi2_limit(likelihood: Likelihood, m: float) -> float:
    chi2, cl = _chi2(likelihood, m), likelihood.dataset.cl
    # events of one's own may like another mass better than any signal at this one
    smallest = float(np.min(chi2(np.geomspace(*WIDEST, 2001))))
    inside, outside = WIDEST[::-1] if likelihood.dataset.lower else WIDEST
    return inf if cl is None else _crossing(lambda x: chi2(x) - smallest, delta_chi2(cl), inside, outside)


def _flat_prior_limit(likelihood: Likelihood, m: float) -> float:
    """Integrate the posterior over the signal, flat from zero up, to the dataset's confidence level."""
    chi2, cl = _chi2(likelihood, m), likelihood.dataset.cl
    end = _crossing(chi2, NEGLIGIBLE, *WIDEST)
    if cl is None or end == inf:
        return inf
    power = SIGNAL_POWER.get(likelihood.limits, 1)
    fraction = np.linspace(0.0, 1.0, 8001)  # of the signal at `end`
    posterior = np.exp(-chi2(end * fraction ** (1 / power)) / 2)
    below = cumulative_simpson(posterior, x=fraction, initial=0.0)
    return float(end * np.interp(cl, below / below[-1], fraction) ** (1 / power))


def _interval(likelihood: Likelihood) -> Iterator[Number]:
    """Yield central value and both 68% edges, Delta chi2 = 1; deviations in standard deviations."""
    dataset, quantity, chi2 = likelihood.dataset, likelihood.limits, _chi2(likelihood)
    if dataset.value is None or dataset.sigma is None:
        return
    value, sigma = dataset.value, dataset.sigma

    def scaled(t: Array) -> Array:
        return chi2(value + sigma * t)

    best = minimize_scalar(lambda t: float(scaled(np.array([t]))[0]), bounds=(-9.0, 11.0), method="bounded")
    edges = {
        "central": float(best.x),
        "lower 68%": best.x - _crossing(lambda t: scaled(best.x - t), best.fun + 1, 0.0, 20.0),
        "upper 68%": best.x + _crossing(lambda t: scaled(best.x + t), best.fun + 1, 0.0, 20.0),
    }
    for (name, recovered), expected in zip(edges.items(), (0.0, -1.0, 1.0), strict=True):
        yield Number(
            f"{quantity} {name}",
            nan,
            value + sigma * expected,
            value + sigma * recovered,
            recovered - expected,
        )
