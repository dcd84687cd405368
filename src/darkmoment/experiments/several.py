"""One likelihood made of several independent limits, each with the same confidence level and shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from darkmoment.experiments.likelihood import Array


def together(strengths: Sequence[Array], hard: bool) -> Array:
    """Return the strength of all: in quadrature, as their chi2 add up in a half-gaussian.

    Parameters
    ----------
    strengths : sequence of ndarray
        s/s_lim of each; they broadcast.
    hard : bool
        True for `step`, where the largest counts.
    """
    first, *others = strengths
    if not others:
        return first
    if hard:
        return np.maximum.reduce(np.broadcast_arrays(first, *others))
    square = np.square(first)
    for other in others:
        square = square + np.square(other)
    return np.sqrt(square)


def room_beside(others: Sequence[Array], hard: bool) -> Array:
    """Return the strength one limit may have beside others, for one in all; nan where none is left.

    Parameters
    ----------
    others, hard
        As for `together`; there may be none.
    """
    if not others:
        return np.ones(1)
    taken = np.asarray(together(others, hard))
    left = 1.0 if hard else np.sqrt(np.maximum((1 - taken) * (1 + taken), 0.0))
    return np.where(taken <= 1, left, np.nan)


def worst(strengths: Mapping[str, Array]) -> str:
    """Return the name of the limit that objects most to one point; arrays of shape (1,)."""
    return max(strengths, key=lambda name: float(np.ravel(strengths[name])[0]))
