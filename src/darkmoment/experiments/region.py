"""Closed excluded regions: from a lower to an upper mixing, as a function of the dark-photon mass."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources.abc import Traversable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from darkmoment.experiments.curve import Array, Curve, read_columns
from darkmoment.experiments.errors import CurveError

HEADER = "mass_GeV,epsilon_min,epsilon_max"


@dataclass(frozen=True, eq=False)
class Region:
    """An excluded region of beam-dump type; each edge is a `Curve`, silent outside the same masses.

    Parameters
    ----------
    lower, upper : Curve
        Smallest and largest excluded mixing, at the same masses.

    Raises
    ------
    CurveError
        If the lower edge lies above the upper one.
    """

    lower: Curve
    upper: Curve

    def __post_init__(self) -> None:
        bad = np.flatnonzero(self.lower.epsilon > self.upper.epsilon)
        if bad.size:
            low, high = self.lower.epsilon[bad[0]], self.upper.epsilon[bad[0]]
            raise CurveError(
                self.lower.source,
                int(bad[0]) + 2,
                f"the lower edge {low:g} lies above the upper one, {high:g}",
            )

    @classmethod
    def read(cls, file: Traversable) -> Region:
        """Read a CSV file: the header ``mass_GeV,epsilon_min,epsilon_max``, then one mass per line.

        Raises
        ------
        CurveError
            If the file is missing, the header another, or a line is not three numbers.
        """
        mass, low, high = read_columns(file, HEADER)
        return cls(Curve(mass, low, source=str(file)), Curve(mass, high, source=str(file)))

    @property
    def range(self) -> tuple[float, float]:
        """First and last mass in GeV."""
        return self.lower.range

    @property
    def knots(self) -> Array:
        """Masses (GeV) at which an edge bends, and those next to its ends at which it is silent."""
        return self.lower.knots

    def edges(self, mass: float) -> tuple[float, float]:
        """Return both edges at one mass in GeV, nan outside."""
        return float(self.lower.at(mass)), float(self.upper.at(mass))

    def covers(self, mass: ArrayLike) -> NDArray[np.bool_]:
        """Return where the mass lies within the region's; see `Curve.covers`."""
        return self.lower.covers(mass)

    def strength(self, mass: Array, epsilon: Array) -> Array:
        """Return the number of events over that at the edges; without meaning outside the region's masses.

        The A' made in a beam dump go as epsilon^2, the part that leaves it as exp(-k epsilon^2), and the part
        that decays before the end of the detector as epsilon^2: the strength is
        (e/e_min)^4 exp[-k (e^2 - e_min^2)], with k such that it is 1 at e_max as well.
        """
        low, high = self.lower.clamped(mass), self.upper.clamped(mass)
        ratio = np.square(high / low)
        # 4 ln(e_max/e_min)/((e_max/e_min)^2 - 1) -> 2 where the edges meet
        above = np.maximum(ratio - 1, 1e-12)
        decay = 2 * np.log1p(above) / above
        square = np.square(epsilon / low)
        return np.square(square) * np.exp(-decay * (square - 1))
