"""What XENONnT has released, and the likelihoods made of it: of its events, and of those it would expect."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources.abc import Traversable

import numpy as np
from scipy.interpolate import BSpline, make_interp_spline
from scipy.optimize import brentq
from scipy.special import xlogy

from darkmoment.experiments import Dataset
from darkmoment.experiments.likelihood import Array

from .events import EventsLikelihood, Sample, mass_nodes
from .signal import Detector, Signal, panels


@dataclass(frozen=True, eq=False)
class Release:
    """One data release.

    Attributes
    ----------
    detector : Detector
    energies : ndarray (n,)
        Of the events, keV.
    centres, rates : ndarray (k,)
        Background model in events per keV, tonne and year at the middle of bins.
    rise : float
        What chi2 rises by at a limit.
    """

    detector: Detector
    energies: Array
    centres: Array
    rates: Array
    rise: float

    @classmethod
    def read(cls, folder: Traversable, found: Dataset, rise: float) -> Release:
        """Read the files of a dataset."""
        (energies,) = _columns(folder / f"xenonnt_{found}_events.csv")
        centres, rates = _columns(folder / f"xenonnt_{found}_background.csv")
        efficiency = _columns(folder / f"xenonnt_{found}_efficiency.csv")
        numbers = found.numbers
        detector = Detector(
            exposure=numbers["exposure_tonne_year"],
            window=(numbers["T_min_keV"], numbers["T_max_keV"]),
            resolution=(numbers["resolution_sqrt_keV"], numbers["resolution_linear"]),
            efficiency=(efficiency[0], efficiency[1]),
        )
        return cls(detector, energies, centres, rates, rise)

    @property
    def expected(self) -> float:
        """Number of events of the background model."""
        return self.detector.exposure * float(self.rates.sum() * (self.centres[1] - self.centres[0]))

    def background(self, energies: Array) -> Array:
        """Return the background model's events per keV."""
        return self.detector.exposure * np.interp(energies, self.centres, self.rates)

    @cached_property
    def _signal(self) -> Signal:
        return Signal.of(self.detector, self.energies, mass_nodes())

    @cached_property
    def events(self) -> EventsLikelihood:
        """The likelihood of the released events."""
        sample = Sample(self.background(self.energies), self.expected, np.ones(len(self.energies)))
        return EventsLikelihood.build(sample, self._signal.events / self._signal.total[:, np.newaxis])

    @cached_property
    def _curves(self) -> BSpline:
        """Over u: ln of the number at the limit, ln of that of `at_reference`, and P_ee's shift."""
        signal = self._signal
        logs = [np.log(self.events.edges(self.rise)), np.log(signal.total), signal.shift]
        return make_interp_spline(mass_nodes(), np.stack(logs, axis=1), k=5)

    def at_limit(self, u: Array) -> Array:
        """Return the number of signal events at the limit that the events give."""
        return np.exp(self._curves(u)[..., 0])

    def at_reference(self, u: Array) -> tuple[Array, Array]:
        """Return the number of signal events over (1 - u)^2 at the reference moment, and P_ee's shift."""
        curves = self._curves(u)
        return np.exp(curves[..., 1]), curves[..., 2]

    @cached_property
    def _grid(self) -> tuple[Array, Array, Array]:
        """Energies that integrate over the window, their weights, and the background's events at each."""
        low, high = self.detector.window
        kinks = sorted({*self.centres, *self.detector.efficiency[0]})
        energies, weights = panels([low, *(e for e in kinks if low < e < high), high])
        background = self.background(energies)
        # the model's own number is a sum over bins; the integral agrees to a permille
        return energies, weights, background * (self.expected / float(weights @ background))

    def _shape(self, u: Array) -> Array:
        """Return the density per keV of one signal event at the energies of the grid, shape (k, n)."""
        energies, weights, _ = self._grid
        density = Signal.of(self.detector, energies, u).events
        return density / np.einsum("ke,e->k", density, weights)[:, np.newaxis]

    def asimov(self, number: float, u: float) -> EventsLikelihood:
        """Return the likelihood of the events expected from background and a number of signal events at u."""
        _, weights, background = self._grid
        seen = weights * (background + number * self._shape(np.array([u]))[0])
        table = EventsLikelihood.build(Sample(background, self.expected, seen), self._shapes)
        return table.relative_to(np.array([number]), np.array([u]))

    @cached_property
    def _shapes(self) -> Array:
        return self._shape(mass_nodes())

    def discovery(self, u: float, sigmas: float) -> float:
        """Return the number of signal events at u that a median experiment sees at `sigmas`.

        The significance is sqrt(q_0) of the Asimov data (arXiv:1007.1727), the background's norm profiled.
        """
        _, weights, background = self._grid
        signal = self._shape(np.array([u]))[0]

        def excess(number: float) -> float:
            seen = background + number * signal
            # without signal the best norm is that of the events
            alone = background * (1 + number / self.expected)
            return 2 * float((weights * xlogy(seen, seen / alone)).sum()) - sigmas**2

        upper = sigmas * np.sqrt(self.expected)
        while excess(upper) < 0:
            upper *= 2
        return float(brentq(excess, 0.0, upper, xtol=1e-10, rtol=1e-12))


def _columns(file: Traversable) -> tuple[Array, ...]:
    """Return the columns of a CSV file with one line of names."""
    lines = file.read_text(encoding="utf-8").splitlines()[1:]
    return tuple(np.array([[float(entry) for entry in line.split(",")] for line in lines]).T)
