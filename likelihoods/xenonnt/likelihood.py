"""XENONnT: the likelihood of its 433 events, or the recast of its published limit on mu_eff."""

from copy import copy
from functools import lru_cache
from math import inf
from typing import Self

import numpy as np

from darkmoment.experiments import Card, Dataset
from darkmoment.experiments.card import OptionValue
from darkmoment.experiments.likelihood import Array, Point
from darkmoment.experiments.scattering import XenonSolarLimit
from darkmoment.experiments.shapes import shape_of, shapes_of

from .events import EventsLikelihood
from .release import Release
from .signal import MU_REFERENCE, unit_mass


class Experiment(XenonSolarLimit):
    """`2022`: chi2 from the events, the signal strength relative to the limit they give.

    With a shape other than the first the events give no more than this limit. `2022_recast`: the published
    limit, as for other experiments.
    """

    def __init__(
        self, card: Card, dataset: object = None, shape: str | None = None, **options: OptionValue
    ) -> None:
        super().__init__(card, dataset, shape, **options)
        self._release: Release | None = None
        if "exposure_tonne_year" in self.dataset.numbers:
            self._release = _release(card, self.dataset)
        self._events: EventsLikelihood | None = None
        if self._release is not None and self.shape.name == shapes_of(self.dataset)[0]:
            self._events = self._release.events

    def limit(self, p: Point) -> Array:
        """Return the limit on mu_eff in mu_B at each point's mass and mixing."""
        if self._release is None:
            return super().limit(p)
        u, rest = unit_mass(p["m_dark_photon"])
        reference, shift = self._release.at_reference(u)
        weight = self.flavour_weight(p)
        if self.options["flavour_weight"] == "solar":
            weight = weight + shift * p["sin2_theta_23"]
        return MU_REFERENCE / rest * np.sqrt(self._release.at_limit(u) / (reference * weight))

    def response(self, p: Point) -> Array:
        """Return the number of recoils over the one at the limit."""
        return np.square(p["mu_eff"] / self.limit(p)) if self._release else super().response(p)

    def chi2_of(self, response: Array, p: Point) -> Array:
        """Return chi2 of the events, or that of the shape for a recast."""
        if self._events is None or self._release is None:
            return super().chi2_of(response, p)
        u, _ = unit_mass(p["m_dark_photon"])
        return self._events.chi2(response * self._release.at_limit(u), u)

    def observing(self, p: Point) -> Self:
        """Return the likelihood of the events expected at a point, or what the shape makes of a recast."""
        twin = copy(self)
        if self._events is None or self._release is None:
            twin.shape = self.shape.observing(float(self.response(p)[0]))
        else:
            twin._events = _expected(self._release, *self._signal(p))
        return twin

    def discovery(self, p: Point, nothing: Point, sigmas: float) -> float:
        """Return the multiple of the signal at a point that a median experiment sees at `sigmas`."""
        if self._events is None or self._release is None:
            return super().discovery(p, nothing, sigmas)
        number, u = self._signal(p)
        return self._release.discovery(u, sigmas) / number if number else inf

    def expected(self, p: Point) -> tuple[float, float]:
        """Return the events that signal and background are expected to give; nan for a recast."""
        if self._events is None or self._release is None:
            return super().expected(p)
        return self._signal(p)[0], self._release.expected

    def _signal(self, p: Point) -> tuple[float, float]:
        """Return the number of signal events at a point, and u."""
        assert self._release is not None
        u, _ = unit_mass(p["m_dark_photon"])
        return float((self.response(p) * self._release.at_limit(u))[0]), float(u[0])


_read: dict[str, Release] = {}
"""Releases by folder and dataset: their tables do not depend on the points."""


def _release(card: Card, dataset: Dataset) -> Release:
    """Return the release of a dataset, read once."""
    key = f"{card.folder}/{dataset}"
    if key not in _read:
        rise = float(shape_of(dataset).chi2(np.ones(1))[0])  # of a half-gaussian at its limit: 2.7055 for 90%
        _read[key] = Release.read(card.folder, dataset, rise)
    return _read[key]


@lru_cache(maxsize=8)
def _expected(release: Release, number: float, u: float) -> EventsLikelihood:
    """Return the likelihood of Asimov data; fits of one run share their point."""
    return release.asimov(number, u)
