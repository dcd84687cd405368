"""Limits without a card: what a number or a curve of a run file becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from darkmoment.experiments.likelihood import Array, CurveLimit, Likelihood, Point, UpperLimit
from darkmoment.experiments.visible import PromptVisibleLimit

BRANCHINGS: Mapping[str, str | None] = {"invisible": "BR_invisible", "visible": "BR_visible", "any": None}
"""Decays of the A' that a limit on epsilon is for -> the branching fraction its signal goes with."""


class AnyCurve(CurveLimit):
    """A limit on epsilon along a curve that holds whatever the A' decays to."""

    branching = None


CURVES: Mapping[str, type[Likelihood]] = {
    "invisible": CurveLimit,
    "visible": PromptVisibleLimit,
    "any": AnyCurve,
}
"""Decays -> the limit along a curve."""


class EpsilonLimit(UpperLimit):
    """A limit on epsilon as one number, for A' decays of one kind: the signal is epsilon^2 BR."""

    branching: ClassVar[str | None] = "BR_invisible"

    @property
    def needs(self) -> tuple[str, ...]:
        """Mixing and branching fraction."""
        return (self.limits,) if self.branching is None else (self.limits, self.branching)

    def limit(self, p: Point) -> Array:
        """Return the limit at each point's branching fraction; inf without decays."""
        with np.errstate(divide="ignore"):
            return super().limit(p) / np.sqrt(self._share(p))

    def response(self, p: Point) -> Array:
        """Return epsilon^2 BR/epsilon_lim^2."""
        return np.square(p[self.limits] / super().limit(p)) * self._share(p)

    def _share(self, p: Point) -> Array:
        return np.ones(1) if self.branching is None else p[self.branching]


class VisibleEpsilonLimit(EpsilonLimit):
    """For A' that decay visibly at once; it says nothing where none do."""

    branching = "BR_visible"
    silence: ClassVar[str] = "no decay is visible"

    def covered(self, p: Point) -> NDArray[np.bool_]:
        """Return where some decay is visible."""
        return np.asarray(p["BR_visible"] != 0)


class AnyEpsilonLimit(EpsilonLimit):
    """Holds whatever the A' decays to."""

    branching = None


NUMBERS: Mapping[str, type[Likelihood]] = {
    "invisible": EpsilonLimit,
    "visible": VisibleEpsilonLimit,
    "any": AnyEpsilonLimit,
}
"""Decays -> the limit as one number."""
