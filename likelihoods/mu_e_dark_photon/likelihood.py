"""mu -> e A': searches for a line in the positron's momentum, and mu -> 3e where the A' decays at once."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from darkmoment.experiments import UpperLimit
from darkmoment.experiments.likelihood import Array, Point
from darkmoment.experiments.several import together
from darkmoment.physics.muon_dark_photon import THRESHOLD, decayed_within


class Experiment(UpperLimit):
    """The strengths of the two searches, BR times share over limit, add in quadrature, as their chi2 do.

    For `step` the larger counts. An A' that decays visibly within `prompt_mm` counts for mu -> 3e, any other
    for the line.
    """

    silence: ClassVar[str] = "the A' is too heavy for the line searches, and no prompt decay of it is visible"

    @property
    def needs(self) -> tuple[str, ...]:
        """Branching ratio, mass, and how the A' decays."""
        return (self.limits, "m_dark_photon", "BR_visible", "width_total")

    @property
    def knots(self) -> Mapping[str, Array]:
        """Where the limits on the line change, and the threshold."""
        numbers = self.dataset.numbers
        return {"m_dark_photon": np.array([numbers["light_to_GeV"], numbers["last_GeV"], THRESHOLD])}

    def _prompt(self, p: Point) -> Array:
        """Return the share of A' that decay to e+ e- close to the muon."""
        if self.options["visible"] == "ignore":
            return np.zeros(1)
        distance = float(self.options["prompt_mm"])
        return p["BR_visible"] * decayed_within(distance, p["m_dark_photon"], p["width_total"])

    def _parts(self, p: Point) -> tuple[Array, Array]:
        """Return the strength of line and of mu -> 3e for a branching ratio of one."""
        numbers, mass, prompt = self.dataset.numbers, p["m_dark_photon"], self._prompt(p)
        light = mass < numbers["light_to_GeV"]
        line = np.where(light, 1 / numbers["light_limit"], 1 / float(super().limit(p)[0]))
        line = np.where(mass > numbers["last_GeV"], 0.0, line)
        line = np.where(np.isnan(mass), np.nan, line)
        return (1 - prompt) * line, prompt / numbers["mu_3e_limit"]

    def _strength(self, p: Point) -> Array:
        return together(self._parts(p), self.hard)

    def covered(self, p: Point) -> NDArray[np.bool_]:
        """Return where the A' is light enough for either search."""
        return (self._strength(p) > 0) & (p["m_dark_photon"] < THRESHOLD)

    def response(self, p: Point) -> Array:
        """Return the strength of both searches; nan where the branching ratio is nan."""
        return p[self.limits] * self._strength(p)

    def limit(self, p: Point) -> Array:
        """Return the limit on BR(mu -> e A') at each point's mass and decays; nan where there is none."""
        covered = self.covered(p)
        return np.where(covered, 1 / np.where(covered, self._strength(p), 1.0), np.nan)
