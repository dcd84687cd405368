"""Searches for dark photons that decay to charged leptons or hadrons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from darkmoment.experiments.card import Card, OptionValue
from darkmoment.experiments.curve import Curve
from darkmoment.experiments.errors import ExperimentError
from darkmoment.experiments.likelihood import Array, CurveLimit, Likelihood, Point
from darkmoment.experiments.region import Region

MOSTLY_VISIBLE = 0.9
"""Least visible branching fraction at which the region of a beam dump is taken as it was published."""

_TINY = 1e-300


class PromptVisibleLimit(CurveLimit):
    """A limit on epsilon from A' that decay visibly at once: the signal is epsilon^2 BR_visible."""

    branching = "BR_visible"
    silence: ClassVar[str] = "the mass is outside its curve, or no decay is visible"

    def read_curve(self) -> Curve:
        """Return the curve, silent at the resonances that the search left out.

        These are the pairs ``..._from_GeV``, ``..._to_GeV`` of the dataset's numbers.
        """
        numbers = self.dataset.numbers
        names = [name.removesuffix("_from_GeV") for name in numbers if name.endswith("_from_GeV")]
        gaps = [(numbers[f"{name}_from_GeV"], numbers[f"{name}_to_GeV"]) for name in names]
        return super().read_curve().interrupted(*gaps)

    def covered(self, p: Point) -> NDArray[np.bool_]:
        """Return where the mass lies within the curve and some decay is visible."""
        return super().covered(p) & (p["BR_visible"] != 0)


class VisibleRegion(Likelihood):
    """A closed region of masses and mixings, excluded by A' that decay visibly behind a dump.

    The edges depend on the lifetime. With other decays beside the visible ones the lower edge stays, as its
    events go with the visible width alone, while the upper edge, where too few A' leave the dump, falls as
    sqrt(BR_visible). The region is therefore used as published where at least 90% of the decays are visible,
    with an upper edge that is right to 5%, and says nothing elsewhere.
    """

    silence: ClassVar[str] = "the mass is outside its region, or less than 90% of the decays are visible"

    def __init__(
        self, card: Card, dataset: object = None, shape: str | None = None, **options: OptionValue
    ) -> None:
        super().__init__(card, dataset, shape, **options)
        if self.dataset.region is None:
            raise ExperimentError(f"dataset '{self.dataset}' of {self.name} has no region")
        self.region = Region.read(card.folder / self.dataset.region)

    @property
    def needs(self) -> tuple[str, ...]:
        """Mixing, mass and visible branching fraction."""
        return (self.limits, "m_dark_photon", "BR_visible")

    @property
    def knots(self) -> Mapping[str, Array]:
        """The masses of the region."""
        return {"m_dark_photon": self.region.knots}

    def covered(self, p: Point) -> NDArray[np.bool_]:
        """Return where the mass lies within the region's and the decays are visible; nan counts as such."""
        return self.region.covers(p["m_dark_photon"]) & ~(p["BR_visible"] < MOSTLY_VISIBLE)

    def response(self, p: Point) -> Array:
        """Return the number of events over that at the edges, 0 where it says nothing."""
        strength = self.region.strength(p["m_dark_photon"], p[self.limits])
        # what decides on coverage alone must not hide a nan
        strength = np.where(np.isnan(p["BR_visible"]), np.nan, strength)
        return np.where(self.covered(p), strength, 0.0)

    def limit(self, p: Point) -> Array:
        """Return the lower edge, where the response is 1 first; nan where it says nothing.

        Mixings above the upper edge are allowed again.
        """
        return np.where(self.covered(p), self.region.lower.clamped(p["m_dark_photon"]), np.nan)

    def silenced(self) -> Likelihood | None:
        """Return the hard limit that keeps the visible branching fraction below `MOSTLY_VISIBLE`."""
        return _SilentRegion(self.card, self.dataset.name, "step", **self.options)


class _SilentRegion(VisibleRegion):
    """Allows the points at which the region says nothing; a stand-in for searches."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Mass and both branching fractions."""
        return ("m_dark_photon", "BR_visible", "BR_invisible")

    def covered(self, p: Point) -> NDArray[np.bool_]:
        """Return True: it speaks everywhere."""
        return np.ones(1, dtype=bool)

    def response(self, p: Point) -> Array:
        """Return visible over invisible width, 1 where the region falls silent; 0 outside its masses."""
        # not the branching fraction, which hardly moves where it is close to one; 1e-9 keeps rounding out
        threshold = MOSTLY_VISIBLE / (1 - MOSTLY_VISIBLE) * (1 - 1e-9)
        ratio = p["BR_visible"] / np.maximum(p["BR_invisible"], _TINY) / threshold
        return np.where(self.region.covers(p["m_dark_photon"]), ratio, 0.0)

    def silenced(self) -> None:
        """Return None: it has no step of its own."""
