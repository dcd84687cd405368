"""One likelihood made of several independent limits, each with the same confidence level and shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from darkmoment.experiments.likelihood import Array, Point, UpperLimit


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


class SeveralLimits(UpperLimit):
    """Limits on several quantities in one experiment: the dataset's own, and those among its numbers.

    The strength of each is |quantity|/limit; they add in quadrature, as their chi2 do, and for `step` the
    largest counts.
    """

    others: ClassVar[Mapping[str, str]] = {}
    """Further quantities -> the dataset's number that limits them; left out where it has none."""

    @property
    def allowed(self) -> dict[str, float]:
        """Quantity -> its limit."""
        numbers = self.dataset.numbers
        found = {self.limits: float(super().limit({})[0])}
        return found | {name: numbers[key] for name, key in self.others.items() if key in numbers}

    @property
    def needs(self) -> tuple[str, ...]:
        """The quantities limited."""
        return tuple(self.allowed)

    def strengths(self, p: Point, names: Sequence[str]) -> dict[str, Array]:
        """Return the strength of some of the limits."""
        allowed = self.allowed
        return {name: np.abs(p[name]) / allowed[name] for name in names}

    def response(self, p: Point) -> Array:
        """Return the strength of all together."""
        return together(list(self.strengths(p, self.needs).values()), self.hard)

    def limit(self, p: Point) -> Array:
        """Return the limit on the first quantity beside the others; nan where those are excluded."""
        others = self.strengths(p, self.needs[1:])
        return super().limit(p) * room_beside(list(others.values()), self.hard)

    def objection(self, p: Point) -> str:
        """Name the quantity that is furthest above its limit."""
        name = worst(self.strengths(p, self.needs))
        return f"{name} = {float(p[name][0]):.3g}, {self.label} allows {self.allowed[name]:.3g}"
