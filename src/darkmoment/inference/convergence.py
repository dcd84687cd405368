"""When a set of independent emcee ensembles may be believed.

Walkers of one ensemble move each other, so they are no independent chains; the ensembles are. Every measure
is for one scalar quantity, shape (ensembles, steps, walkers).
"""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtri
from scipy.stats import rankdata

from darkmoment.parameters import Array

TAILS = (0.90, 0.95)
"""Quantiles that upper limits are made of."""

_WINDOW = 5
"""Autocorrelation times over which the autocorrelation is summed (Sokal's rule, as emcee has it)."""


def autocorrelation_time(x: Array) -> float:
    """Return the integrated autocorrelation time in steps, averaged over ensembles.

    Parameters
    ----------
    x : ndarray (ensembles, steps, walkers)
        The quantity along the chains. In an ensemble in which it never moves the time is `steps`.
    """
    return float(np.mean([_time_of_ensemble(one) for one in x]))


def _time_of_ensemble(x: Array) -> float:
    """Return the time of one ensemble, shape (steps, walkers).

    The walkers' autocovariances are averaged before they are normalised, about the mean of all: so a walker
    that never moves, as an indicator of a tail often does, counts as slow and makes no NaN (as it does in
    emcee's own function).
    """
    n = len(x)
    if np.ptp(x) == 0:
        return float(n)
    padded = next_fast_len(2 * n, real=True)
    power = np.abs(rfft(x - x.mean(), padded, axis=0)) ** 2
    covariance = irfft(power.mean(axis=1), padded)[:n]
    times = 2 * np.cumsum(covariance / covariance[0]) - 1
    enough = np.arange(n) >= _WINDOW * times
    return float(max(times[np.argmax(enough) if enough.any() else n - 1], 1.0))


def quantile_ess(x: Array, level: float) -> float:
    """Return the effective number of samples behind a quantile.

    It is that of the indicator whether a sample lies below the quantile.
    """
    below = (x <= np.quantile(x, level)).astype(float)
    return x.size / autocorrelation_time(below)


def tail_ess(x: Array) -> float:
    """Return the smallest effective number of samples behind the quantiles that limits are made of."""
    return min(quantile_ess(x, level) for level in TAILS)


def split_rhat(x: Array) -> float:
    """Return the split R-hat across ensembles (each half of an ensemble is one chain).

    Parameters
    ----------
    x : ndarray (ensembles, steps, walkers)
        The quantity along the chains.

    Returns
    -------
    float
        1 where all half-ensembles agree; inf where the quantity is stuck at different values.
    """
    half = x.shape[1] // 2
    if half == 0:
        return float("inf")
    chains = np.concatenate([x[:, :half].reshape(len(x), -1), x[:, -half:].reshape(len(x), -1)])
    n = chains.shape[1]
    within = chains.var(axis=1, ddof=1).mean()
    between = n * chains.mean(axis=1).var(ddof=1)
    if within == 0:
        return 1.0 if between == 0 else float("inf")
    return float(np.sqrt((n - 1) / n + between / (n * within)))


def rank_rhat(x: Array) -> float:
    """Return the larger of the split R-hat of ranks, and of ranks of the distance from the median.

    Ranks (arXiv:1903.08008) make it independent of the scale of the quantity and safe for heavy tails; the
    distance from the median sees ensembles that agree in place but not in width.
    """
    return max(split_rhat(_normal_scores(x)), split_rhat(_normal_scores(np.abs(x - np.median(x)))))


def _normal_scores(x: Array) -> Array:
    rank = rankdata(x, axis=None).reshape(x.shape)
    return ndtri((rank - 0.375) / (x.size + 0.25))
