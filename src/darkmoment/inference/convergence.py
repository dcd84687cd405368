"""When a set of independent emcee ensembles may be believed.

Walkers of one ensemble move each other, so they are no independent chains; the ensembles are. Both
measures are for one scalar quantity, shape (ensembles, steps, walkers).
"""

from __future__ import annotations

import numpy as np
from emcee.autocorr import integrated_time

from darkmoment.parameters import Array


def autocorrelation_time(x: Array) -> float:
    """Return the integrated autocorrelation time in steps, averaged over ensembles.

    Parameters
    ----------
    x : ndarray (ensembles, steps, walkers)
        The quantity along the chains. A quantity that never moves has time `steps`.
    """
    if np.ptp(x) == 0:
        return float(x.shape[1])
    times = [float(integrated_time(one[:, :, None], tol=0, quiet=True)[0]) for one in x]
    return float(np.mean(np.maximum(times, 1.0)))


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
