"""XENONnT: the likelihood of its 433 events, or the recast of its published limit on mu_eff."""

from importlib.resources.abc import Traversable

import numpy as np

from darkmoment.experiments import Card, Dataset
from darkmoment.experiments.card import OptionValue
from darkmoment.experiments.likelihood import Array, Point
from darkmoment.experiments.scattering import XenonSolarLimit
from darkmoment.experiments.shapes import shape_of, shapes_of

from .events import EventsLikelihood, mass_nodes
from .signal import MU_REFERENCE, Detector, Signal, unit_mass


class Experiment(XenonSolarLimit):
    """`2022`: chi2 from the events, the signal strength relative to the limit they give.

    With a shape other than the first the events give no more than this limit. `2022_recast`: the published
    limit, as for other experiments.
    """

    def __init__(
        self, card: Card, dataset: object = None, shape: str | None = None, **options: OptionValue
    ) -> None:
        super().__init__(card, dataset, shape, **options)
        self._events: EventsLikelihood | None = None
        if "exposure_tonne_year" in self.dataset.numbers:
            self._events = _likelihood(card, self.dataset.name)
        self._own_chi2 = self._events is not None and self.shape.name == shapes_of(self.dataset)[0]

    def limit(self, p: Point) -> Array:
        """Return the limit on mu_eff in mu_B at each point's mass and mixing."""
        if self._events is None:
            return super().limit(p)
        u, rest = unit_mass(p["m_dark_photon"])
        reference, shift = self._events.at_reference(u)
        weight = self.flavour_weight(p)
        if self.options["flavour_weight"] == "solar":
            weight = weight + shift * p["sin2_theta_23"]
        return MU_REFERENCE / rest * np.sqrt(self._events.at_limit(u) / (reference * weight))

    def response(self, p: Point) -> Array:
        """Return the number of recoils over the one at the limit."""
        return np.square(p["mu_eff"] / self.limit(p)) if self._events else super().response(p)

    def chi2_of(self, response: Array, p: Point) -> Array:
        """Return chi2 of the events, or that of the shape for a recast."""
        if not self._own_chi2 or self._events is None:
            return super().chi2_of(response, p)
        u, _ = unit_mass(p["m_dark_photon"])
        return self._events.chi2(response * self._events.at_limit(u), u)


_built: dict[str, EventsLikelihood] = {}
"""Likelihoods by folder and dataset: their nodes do not depend on the points."""


def _likelihood(card: Card, dataset: str) -> EventsLikelihood:
    """Return the likelihood of a dataset, built once."""
    key = f"{card.folder}/{dataset}"
    if key not in _built:
        _built[key] = _build(card.folder, card.dataset(dataset))
    return _built[key]


def _build(folder: Traversable, found: Dataset) -> EventsLikelihood:
    numbers = found.numbers
    (energies,) = _columns(folder / f"xenonnt_{found}_events.csv")
    centres, rates = _columns(folder / f"xenonnt_{found}_background.csv")
    efficiency = _columns(folder / f"xenonnt_{found}_efficiency.csv")
    detector = Detector(
        exposure=numbers["exposure_tonne_year"],
        window=(numbers["T_min_keV"], numbers["T_max_keV"]),
        resolution=(numbers["resolution_sqrt_keV"], numbers["resolution_linear"]),
        efficiency=(efficiency[0], efficiency[1]),
    )
    signal = Signal.of(detector, energies, mass_nodes())
    background = detector.exposure * np.interp(energies, centres, rates)
    expected = detector.exposure * float(rates.sum() * (centres[1] - centres[0]))
    rise = float(shape_of(found).chi2(np.ones(1))[0])  # of a half-gaussian at its limit: 2.7055 for 90%
    return EventsLikelihood.build(background, expected, signal.events, signal.total, signal.shift, rise)


def _columns(file: Traversable) -> tuple[Array, ...]:
    """Return the columns of a CSV file with one line of names."""
    lines = file.read_text(encoding="utf-8").splitlines()[1:]
    return tuple(np.array([[float(entry) for entry in line.split(",")] for line in lines]).T)
