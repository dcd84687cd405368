"""Coverage by toys: how often the upper edge of a likelihood lies at or above the true signal.

The upper edge at a level is the largest signal s >= 0 with chi2 - smallest chi2 <= delta_chi2(level), as
everywhere in this package. Each function repeats one experiment with a true signal many times, and asks
every repetition by the shapes a fit uses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from darkmoment.experiments.shapes import Counting, Gaussian, HalfGaussian
from darkmoment.levels import delta_chi2

Array = NDArray[np.float64]

TOYS = 100_000


@dataclass(frozen=True)
class Coverage:
    """How often upper edges cover.

    Attributes
    ----------
    signal : ndarray (n,)
        True signals.
    fraction : ndarray (n,)
        Fraction of toys whose upper edge is at or above the true signal.
    toys : int
        Toys per signal; each signal has its own.
    """

    signal: Array
    fraction: Array
    toys: int

    @property
    def error(self) -> Array:
        """Binomial standard deviation of `fraction`, shape (n,)."""
        return np.sqrt(self.fraction * (1 - self.fraction) / self.toys)


def gaussian_coverage(
    signal: ArrayLike, sigma: float = 1.0, level: float = 0.90, toys: int = TOYS, seed: int = 1
) -> Coverage:
    """Return the coverage of a measured signal that cannot be negative.

    The observation is gaussian around the true signal and may come out negative; only signals s >= 0 are
    fitted to it. This is the shape `gaussian` with a boundary, and `limit_and_sensitivity`.

    Parameters
    ----------
    signal : array_like (n,)
        True signals, zero or more.
    sigma : float
        Standard deviation of the observation, in the unit of the signal.
    level : float
        Level of the upper edge; 0.90 allows Delta chi2 = 2.7055.
    toys, seed : int
        Repetitions per signal, and the entropy of all.

    Raises
    ------
    ValueError
        If a signal is negative, sigma is not positive, or there is no toy.
    """
    true = _signals(signal, toys)
    if not sigma > 0:
        raise ValueError(f"sigma = {sigma}: give a positive number")
    shape, fraction = Gaussian(), []
    for s, rng in zip(true, _streams(seed, len(true)), strict=True):
        observed = s + sigma * rng.standard_normal(toys)
        best = np.maximum(observed, 0.0)
        excess = shape.chi2((s - observed) / sigma) - shape.chi2((best - observed) / sigma)
        fraction.append(_covered(s, best, excess, level))
    return Coverage(true, np.array(fraction), toys)


def published_limit_coverage(
    signal: ArrayLike, sigma: float = 1.0, level: float = 0.90, toys: int = TOYS, seed: int = 1
) -> Coverage:
    """Return the coverage of the shape `half_gaussian`, which knows the published limit and nothing else.

    Each toy publishes the flat-prior limit of its observation at the confidence level `level`; the shape
    gives that limit back, so what it covers is what the published limits cover.

    Parameters and errors are those of `gaussian_coverage`.
    """
    true = _signals(signal, toys)
    if not sigma > 0:
        raise ValueError(f"sigma = {sigma}: give a positive number")
    shape, fraction = HalfGaussian(level), []
    for s, rng in zip(true, _streams(seed, len(true)), strict=True):
        t = s / sigma + rng.standard_normal(toys)
        # the gaussian around t, cut at zero, has the fraction 1 - level above the limit
        limit = t - ndtri((1 - level) * ndtr(t))
        fraction.append(_covered(s, np.zeros(toys), shape.chi2(s / (sigma * limit)), level))
    return Coverage(true, np.array(fraction), toys)


def counting_coverage(
    signal: ArrayLike, background: float = 0.0, level: float = 0.90, toys: int = TOYS, seed: int = 1
) -> Coverage:
    """Return the coverage of the shape `counting`.

    Parameters
    ----------
    signal : array_like (n,)
        Signal events expected, zero or more.
    background : float
        Background events expected, known exactly.
    level : float
        Level of the upper edge; 0.90 allows Delta chi2 = 2.7055.
    toys, seed : int
        Repetitions per signal, and the entropy of all.

    Raises
    ------
    ValueError
        If a signal or the background is negative, or there is no toy.
    """
    true = _signals(signal, toys)
    if not background >= 0:
        raise ValueError(f"background = {background}: give zero or more")
    fraction = []
    for s, rng in zip(true, _streams(seed, len(true)), strict=True):
        counts, times = np.unique(rng.poisson(s + background, toys), return_counts=True)
        shapes = [Counting(level, int(n), background) for n in counts]
        excess = np.array([float(shape.chi2(np.array(s / shape.events_at_limit))) for shape in shapes])
        best = np.maximum(counts - background, 0.0)
        fraction.append(_covered(s, best, excess, level, times))
    return Coverage(true, np.array(fraction), toys)


def _covered(s: float, best: Array, excess: Array, level: float, times: NDArray | None = None) -> float:
    """Return the fraction of toys whose upper edge is at or above s.

    chi2 is convex: its upper edge lies at or above s where s is allowed, or below the best signal.
    """
    reached = (s <= best) | (excess <= delta_chi2(level))
    return float(np.average(reached, weights=times))


def _signals(signal: ArrayLike, toys: int) -> Array:
    true = np.atleast_1d(np.asarray(signal, dtype=float))
    if not (true >= 0).all() or not np.isfinite(true).all() or true.ndim != 1:
        raise ValueError(f"signal = {signal!r}: give finite numbers, zero or more")
    if toys < 1:
        raise ValueError(f"toys = {toys}: give at least one")
    return true


def _streams(seed: int, count: int) -> list[np.random.Generator]:
    return [np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(count)]
