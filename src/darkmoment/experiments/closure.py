"""Closure: each experiment alone is asked for the number it publishes, in its own quantity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.integrate import cumulative_simpson
from scipy.optimize import minimize_scalar

from darkmoment.experiments.card import Card, ClosureMethod, Dataset
from darkmoment.experiments.curve import Curve
from darkmoment.experiments.discovery import available, card, load
from darkmoment.experiments.likelihood import SIGNAL_POWER, Likelihood
from darkmoment.experiments.shapes import shapes_of
from darkmoment.levels import delta_chi2

Array = NDArray[np.float64]

COLUMNS = [
    *["experiment", "dataset", "shape", "method", "quantity", "m_dark_photon"],
    *["published", "recovered", "deviation", "tolerance", "ok"],
]

METHOD_OF_SHAPE: dict[str, ClosureMethod] = {
    "half_gaussian": "delta_chi2",
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
        If a name is not that of an experiment.
    """
    cards = [c for c in available().values() if c.applies] if names is None else [card(n) for n in names]
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
            for number in (
                _interval(likelihood) if method == "interval" else _limits(likelihood, method, points)
            ):
                ok = abs(number.deviation) <= tolerance
                yield (
                    *(card.name, dataset.name, shape, method, number.quantity, number.m_dark_photon),
                    *(number.published, number.recovered, number.deviation, tolerance, ok),
                )


def _limits(likelihood: Likelihood, method: ClosureMethod, points: int) -> Iterator[Number]:
    mass, published = _published(likelihood, points)
    invert = _delta_chi2_limit if method == "delta_chi2" else _flat_prior_limit
    for m, value in zip(mass, published, strict=True):
        recovered = invert(likelihood, m)
        yield Number(likelihood.card.limits, m, value, recovered, recovered / value - 1)


def _published(likelihood: Likelihood, points: int) -> tuple[Array, Array]:
    """Return masses and published limits, from the card and the CSV files and nothing built on them."""
    dataset = likelihood.dataset
    if dataset.limit is not None:
        return np.array([likelihood.card.closure.at.get("m_dark_photon", nan)]), np.array([dataset.limit])
    curves = [Curve.read(likelihood.card.folder / name) for name in _curve_files(dataset)]
    first, last = min(curve.range[0] for curve in curves), curves[0].range[1]
    mass = np.geomspace(first, last, points)
    mass[[0, -1]] = first, last  # geomspace may miss its own ends by a rounding
    published = curves[0].at(mass)
    for curve in curves[1:]:
        published = np.where(np.isnan(published), curve.at(mass), published)
    return mass, published


def _curve_files(dataset: Dataset) -> list[str]:
    return [name for name in (dataset.curve, dataset.curve_below) if name is not None]


def _chi2(likelihood: Likelihood, m: float = nan) -> Callable[[Array], Array]:
    """Return chi2 as a function of the experiment's own quantity, the rest of the point from its card."""
    rest = {name: np.array([value]) for name, value in likelihood.card.closure.at.items()}
    if not np.isnan(m):
        rest["m_dark_photon"] = np.array([m])
    return lambda x: likelihood.chi2({**rest, likelihood.card.limits: x})


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
    cl = likelihood.dataset.cl
    return inf if cl is None else _crossing(_chi2(likelihood, m), delta_chi2(cl), *WIDEST)


def _flat_prior_limit(likelihood: Likelihood, m: float) -> float:
    """Integrate the posterior over the signal, flat from zero up, to the dataset's confidence level."""
    chi2, cl = _chi2(likelihood, m), likelihood.dataset.cl
    end = _crossing(chi2, NEGLIGIBLE, *WIDEST)
    if cl is None or end == inf:
        return inf
    power = SIGNAL_POWER.get(likelihood.card.limits, 1)
    fraction = np.linspace(0.0, 1.0, 8001)  # of the signal at `end`
    posterior = np.exp(-chi2(end * fraction ** (1 / power)) / 2)
    below = cumulative_simpson(posterior, x=fraction, initial=0.0)
    return float(end * np.interp(cl, below / below[-1], fraction) ** (1 / power))


def _interval(likelihood: Likelihood) -> Iterator[Number]:
    """Yield central value and both 68% edges, Delta chi2 = 1; deviations in standard deviations."""
    dataset, quantity, chi2 = likelihood.dataset, likelihood.card.limits, _chi2(likelihood)
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
