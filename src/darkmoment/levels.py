"""Confidence levels: the one place where a level becomes a threshold."""

from functools import cache
from math import sqrt

from scipy.special import chdtri


@cache
def delta_chi2(level: float, dof: int = 1) -> float:
    """Return the Delta chi2 threshold of a confidence level.

    Parameters
    ----------
    level : float
        Confidence level, strictly between 0 and 1 (0.90 means 90%).
    dof : int
        Number of parameters of interest.

    Returns
    -------
    float
        2.705543... for 0.90 and one parameter of interest.

    Raises
    ------
    ValueError
        If the level is not strictly between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(
            f"level {level!r} is not a confidence level: give a number between 0 and 1, e.g. 0.90"
        )
    return float(chdtri(dof, 1 - level))


def z_score(level: float) -> float:
    """Return sqrt(delta_chi2(level)): 1.6449 at 90%, 1.9600 at 95%."""
    return sqrt(delta_chi2(level))
