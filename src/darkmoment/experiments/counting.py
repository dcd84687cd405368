"""Events counted: flat-prior limits on a signal, and what an experiment may expect to publish."""

from __future__ import annotations

from scipy.optimize import brentq
from scipy.special import gammaincc
from scipy.stats import poisson


def flat_prior_limit(observed: float, background: float, cl: float) -> float:
    """Return the upper limit on signal events, prior flat from zero up.

    Parameters
    ----------
    observed : float
        Events seen; need not be whole (an Asimov observation).
    background : float
        Events expected without signal, taken as known.
    cl : float
        Credibility of the limit: 2.303 events at 0.90 where nothing was seen.
    """

    def excess(signal: float) -> float:
        above = gammaincc(observed + 1, signal + background)
        return float(above / gammaincc(observed + 1, background)) - (1 - cl)

    upper = 1.0
    while excess(upper) > 0:
        upper *= 2
    return float(brentq(excess, 0.0, upper, xtol=1e-14, rtol=1e-14))


def median_observation(background: float) -> int:
    """Return the median number of events without signal: 0 up to a background of ln 2."""
    return int(poisson.ppf(0.5, background)) if background > 0 else 0


def median_limit(background: float, cl: float) -> float:
    """Return the median upper limit on signal events that an experiment without signal will set.

    The limit grows with the events seen, so it is the limit of the median observation.
    """
    return flat_prior_limit(median_observation(background), background, cl)
