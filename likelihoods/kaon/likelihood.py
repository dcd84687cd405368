"""Kaon decays: upper limits on K -> e and K -> mu with more than one invisible particle."""

from collections.abc import Iterator

from darkmoment.experiments import UpperLimit
from darkmoment.experiments.likelihood import Array, Point
from darkmoment.experiments.several import room_beside, together, worst

_ELECTRON = "BR_K_e_N_Phi"


class Experiment(UpperLimit):
    """The strength of a channel is BR/BR_lim; those of both add in quadrature, as their chi2 do.

    For `step` the larger counts.
    """

    @property
    def needs(self) -> tuple[str, ...]:
        """The branching ratios."""
        return tuple(name for name, _ in self._channels())

    def _channels(self) -> Iterator[tuple[str, float]]:
        yield self.limits, float(super().limit({})[0])
        if "electron_limit" in self.dataset.numbers:
            yield _ELECTRON, self.dataset.numbers["electron_limit"]

    def response(self, p: Point) -> Array:
        """Return the strength of the channels together."""
        return together([p[name] / limit for name, limit in self._channels()], self.hard)

    def objection(self, p: Point) -> str:
        """Name the channel that is furthest above its limit."""
        limits = dict(self._channels())
        name = worst({name: p[name] / limit for name, limit in limits.items()})
        return f"{name} = {float(p[name][0]):.3g}, {self.label} allows {limits[name]:.3g}"

    def limit(self, p: Point) -> Array:
        """Return the limit on the first channel beside what the other has; nan where that is excluded."""
        others = [p[name] / limit for name, limit in list(self._channels())[1:]]
        return super().limit(p) * room_beside(others, self.hard)
