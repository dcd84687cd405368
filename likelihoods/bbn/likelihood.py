"""BBN and the microwave background: a lower limit on the masses of a dark sector in thermal contact."""

import numpy as np

from darkmoment.experiments import LowerLimit
from darkmoment.experiments.likelihood import Array, Point

_OTHERS = ("m_majorana", "m_dirac", "m_H1", "m_H2", "m_A1", "m_A2")


class Experiment(LowerLimit):
    """The signal strength is the limit over the mass of the A', or that of the lightest dark particle."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The masses judged."""
        return (self.limits, *(_OTHERS if self.options["particles"] == "lightest" else ()))

    def response(self, p: Point) -> Array:
        """Return limit/mass, infinite for a massless N."""
        if self.options["particles"] == "dark_photon":
            return super().response(p)
        light = np.abs(np.abs(p["m_majorana"]) - np.abs(p["m_dirac"]))  # the lighter of N_1 and N_2
        masses = [p[self.limits], light, *(p[name] for name in _OTHERS[2:])]
        least = np.minimum.reduce(np.broadcast_arrays(*masses))
        with np.errstate(divide="ignore"):
            return self.limit(p) / least
