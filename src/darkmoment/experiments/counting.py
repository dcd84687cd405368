"""Events counted: limits on a signal, what an experiment may expect to publish, and what it can discover."""

from __future__ import annotations

from math import inf, log

from scipy.optimize import brentq
from scipy.special import gammaincc, gammaincinv, hyp1f1, ndtr, ndtri_exp
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


def events_for_discovery(background: float, sigmas: float) -> int:
    """Return the smallest number of events that background alone reaches no more often than `sigmas` say.

    One event is enough where no background is expected.
    """
    unlikely = float(ndtr(-sigmas))
    # P(N >= n) = P(N > n - 1); the steps mend what rounding may have done to the start
    number = 1 + max(0, int(poisson.isf(unlikely, background))) if background > 0 else 1
    while poisson.sf(number - 1, background) > unlikely:
        number += 1
    while number > 1 and poisson.sf(number - 2, background) <= unlikely:
        number -= 1
    return number


def signal_for_discovery(background: float, sigmas: float) -> float:
    """Return the signal events with which half of all experiments reach `sigmas` against background alone.

    ln 2 = 0.69 events without background, whatever the significance.

    Parameters
    ----------
    background : float
        Events expected without signal, taken as known.
    sigmas : float
        One-sided significance.
    """
    # P(N >= n) = gammainc(n, mean)
    return float(gammaincinv(events_for_discovery(background, sigmas), 0.5)) - background


def median_significance(signal: float, background: float) -> float:
    """Return at how many standard deviations the median experiment sees a signal.

    It counts the median number of events n; background alone gives as many or more with probability p, and
    the answer is the one-sided significance of p. It is 3 or more where `signal_for_discovery` asks no more
    than the signal for 3.

    Parameters
    ----------
    signal, background : float
        Events expected; the background is taken as known.

    Returns
    -------
    float
        0 where n is 0 or as likely as not without signal; inf where there is an event and no background.
    """
    number = median_observation(signal + background)
    # n up to the mean is reached at least half of the time: the median is not below its whole part
    if number <= background:
        return 0.0
    if background == 0:
        return inf
    # P(N >= n) = P(n) (1 + b/(n+1) + b^2/((n+1)(n+2)) + ...), in logarithms: p may be too small for a float
    unlikely = float(poisson.logpmf(number, background)) + log(hyp1f1(1, number + 1, background))
    return max(0.0, -float(ndtri_exp(unlikely)))
