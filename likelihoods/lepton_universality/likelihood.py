"""Lepton universality: what loops of N and E do to the couplings of the W to e nu and mu nu."""

from collections.abc import Iterator

import numpy as np

from darkmoment.experiments import UpperLimit
from darkmoment.experiments.likelihood import Array, Point
from darkmoment.experiments.several import room_beside, together, worst

_OTHERS = {"delta_W_e_plus_mu": "G_F_limit", "delta_W_mu": "CKM_limit"}


class Experiment(UpperLimit):
    """The strength of a test is |shift|/limit; those of several add in quadrature, as their chi2 do.

    For `step` the largest counts.
    """

    @property
    def needs(self) -> tuple[str, ...]:
        """The shifts of the couplings."""
        return tuple(name for name, _ in self._tests())

    def _tests(self) -> Iterator[tuple[str, float]]:
        yield self.limits, float(super().limit({})[0])
        for name, key in _OTHERS.items():
            if key in self.dataset.numbers:
                yield name, self.dataset.numbers[key]

    def response(self, p: Point) -> Array:
        """Return the strength of the tests together."""
        return together([np.abs(p[name]) / limit for name, limit in self._tests()], self.hard)

    def objection(self, p: Point) -> str:
        """Name the test whose shift is furthest above its limit."""
        limits = dict(self._tests())
        name = worst({name: np.abs(p[name]) / limit for name, limit in limits.items()})
        return f"{name} = {float(p[name][0]):.3g}, {self.label} allows {limits[name]:.3g}"

    def limit(self, p: Point) -> Array:
        """Return the limit on the first test's shift beside the others; nan where those are excluded."""
        others = [np.abs(p[name]) / limit for name, limit in list(self._tests())[1:]]
        return super().limit(p) * room_beside(others, self.hard)
