"""How a published number becomes chi2 = -2 ln(L/L_best).

A shape acts on the signal strength s/s_lim (s linear in the signal: a branching ratio, epsilon^2 BR,
mu^2) or, for measurements, on the pull. L_best is the largest likelihood at a physical signal, s >= 0.

`observing` puts in place of the published observation what is expected at one response: an Asimov data set
(arXiv:1007.1727). L_best is then the likelihood at that response, where chi2 is 0.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, log, nan
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import log_ndtr, xlogy

from darkmoment.experiments.card import Dataset
from darkmoment.experiments.counting import flat_prior_limit, signal_for_discovery
from darkmoment.experiments.errors import ExperimentError, unknown
from darkmoment.levels import z_score

Array = NDArray[np.float64]

ROUNDING = 1e-12
"""How far above its limit a strength may lie and still count as allowed by `step`."""


class Shape(ABC):
    """A likelihood in one variable.

    Attributes
    ----------
    name : str
        As in run files.
    hard : bool
        True where chi2 takes only the values 0 and infinity.
    """

    name: ClassVar[str]
    hard: ClassVar[bool] = False

    @abstractmethod
    def chi2(self, response: Array) -> Array:
        """Return -2 ln(L/L_best) at each response, same shape; nan where the response is nan."""

    def observing(self, response: float) -> Self:
        """Return the shape as if what is expected at one response had been observed.

        Raises
        ------
        ExperimentError
            If the shape does not say what that would be.
        """
        raise ExperimentError(f"shape '{self.name}' does not say what is observed where a signal is expected")

    def discovery(self, signal: float, sigmas: float) -> float:
        """Return the multiple of a signal at which a median experiment excludes its absence by `sigmas`.

        Parameters
        ----------
        signal : float
            What the signal adds to the response.
        sigmas : float
            One-sided significance.

        Returns
        -------
        float
            inf without signal, nan where the shape knows no data.
        """
        return nan

    def expected(self, response: float) -> tuple[float, float]:
        """Return the events that signal and background are expected to give; nan where none are counted."""
        return nan, nan

    @staticmethod
    @abstractmethod
    def missing(dataset: Dataset) -> str | None:
        """Say what a dataset lacks for this shape, or None where it has all."""

    @classmethod
    @abstractmethod
    def of(cls, dataset: Dataset) -> Self:
        """Return the shape with a dataset's numbers."""


def _multiple(wanted: float, signal: float) -> float:
    """Return wanted over signal, inf without a signal."""
    return abs(wanted / signal) if signal else inf


def _needs_limit(dataset: Dataset) -> str | None:
    return "an upper limit" if dataset.cl is None or dataset.lower else None


def _cl(dataset: Dataset) -> float:
    if dataset.cl is None:
        raise ExperimentError(f"dataset '{dataset}' has no upper limit")
    return dataset.cl


@dataclass(frozen=True)
class HalfGaussian(Shape):
    """chi2 = (z s/s_lim)^2: the observation equalled the expectation.

    Then CLs and the flat-prior limit agree, and Delta chi2 = z^2 returns the published limit.

    Parameters
    ----------
    cl : float
        Confidence level of the limit.
    seen : float
        Signal observed, in units of the limit; 0 for a published limit.
    """

    cl: float
    seen: float = 0.0
    name: ClassVar[str] = "half_gaussian"

    @cached_property
    def _z(self) -> float:
        return z_score(self.cl)

    def chi2(self, response: Array) -> Array:
        """Return (z s/s_lim)^2, or the same of the distance from what was seen."""
        return np.square(self._z * (response - self.seen))

    def observing(self, response: float) -> Self:
        """Return the gaussian around a signal, as wide as before."""
        return replace(self, seen=response)

    def discovery(self, signal: float, sigmas: float) -> float:
        """Return sigmas/(z s/s_lim)."""
        return _multiple(sigmas / self._z, signal)

    @staticmethod
    def missing(dataset: Dataset) -> str | None:
        """Need an upper limit."""
        return _needs_limit(dataset) or (
            "a limit without a second edge" if dataset.region is not None else None
        )

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Take the confidence level."""
        return cls(_cl(dataset))


@dataclass(frozen=True)
class Region(HalfGaussian):
    """chi2 = (z s/s_lim)^2 for a closed excluded region: s/s_lim is 1 on both edges and larger within."""

    name: ClassVar[str] = "region"

    @staticmethod
    def missing(dataset: Dataset) -> str | None:
        """Need a closed region."""
        return "a closed excluded region" if dataset.region is None else None


@dataclass(frozen=True)
class Gaussian(Shape):
    """chi2 = pull^2, for measurements: not relative to a best point, so tension stays visible.

    Parameters
    ----------
    seen : float
        Pull that is observed; 0 for a published measurement.
    """

    seen: float = 0.0
    name: ClassVar[str] = "gaussian"

    def chi2(self, response: Array) -> Array:
        """Return the squared pull, or the squared distance from the one seen."""
        return np.square(response - self.seen)

    def observing(self, response: float) -> Self:
        """Return the gaussian around the value predicted."""
        return replace(self, seen=response)

    def discovery(self, signal: float, sigmas: float) -> float:
        """Return sigmas over the change of the pull."""
        return _multiple(sigmas, signal)

    @staticmethod
    def missing(dataset: Dataset) -> str | None:
        """Need a measured value."""
        return "a measured value with its uncertainty" if dataset.value is None else None

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Take nothing: the pull carries the numbers."""
        return cls()


@dataclass(frozen=True)
class LimitAndSensitivity(Shape):
    """A gaussian in s with the width of the sensitivity and the centre of the limit.

    The width is sensitivity/z. The centre is where the flat-prior limit on s >= 0 becomes the published
    one: negative where less was seen than expected.

    Parameters
    ----------
    cl : float
        Confidence level of limit and sensitivity.
    sensitivity : float
        Median expected limit in units of the limit.
    seen : float or None
        Signal observed, in units of the limit; None for what the published limit means.
    """

    cl: float
    sensitivity: float
    seen: float | None = None
    name: ClassVar[str] = "limit_and_sensitivity"

    @cached_property
    def width(self) -> float:
        """Standard deviation in units of the limit."""
        return self.sensitivity / z_score(self.cl)

    @cached_property
    def centre(self) -> float:
        """Maximum of the gaussian in units of the limit."""
        if self.seen is not None:
            return self.seen

        def excess(centre: float) -> float:
            tail = log_ndtr((centre - 1) / self.width) - log_ndtr(centre / self.width)
            return float(tail) - log(1 - self.cl)

        # far below zero the posterior falls faster than any limit, at the limit its upper tail is 1/2 or more
        lower = -self.width
        while excess(lower) > 0:
            lower *= 2
        return float(brentq(excess, lower, 1.0, xtol=1e-14, rtol=1e-14))

    def chi2(self, response: Array) -> Array:
        """Return the gaussian's chi2 relative to its best s >= 0."""
        # for a negative centre the difference of squares is written as a product: no cancellation at small s
        best = max(0.0, self.centre)
        return (response - best) * (response + best - 2 * self.centre) / self.width**2

    def observing(self, response: float) -> Self:
        """Return the gaussian around a signal, as wide as before."""
        return replace(self, seen=response)

    def discovery(self, signal: float, sigmas: float) -> float:
        """Return sigmas over the signal in standard deviations."""
        return _multiple(sigmas * self.width, signal)

    @staticmethod
    def missing(dataset: Dataset) -> str | None:
        """Need limit and sensitivity."""
        return _needs_limit(dataset) or ("a sensitivity" if dataset.sensitivity is None else None)

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Take the level and the ratio of sensitivity to limit."""
        if dataset.limit is None or dataset.sensitivity is None:
            raise ExperimentError(f"dataset '{dataset}' lacks {cls.missing(dataset)}")
        return cls(_cl(dataset), dataset.sensitivity / dataset.limit)


@dataclass(frozen=True)
class Counting(Shape):
    """Poisson: `observed` events, `background` expected, a known number at the limit.

    Where the single-event sensitivity is known, that number is limit/sensitivity. Else it is such that the
    flat-prior limit is the published one: 2.303 at 90% where nothing was seen. The background is taken as
    known; with no event seen it drops out altogether. A projection observes what it expects, which need not
    be a whole number.
    """

    cl: float
    observed: float
    background: float
    events: float | None = None
    name: ClassVar[str] = "counting"

    @cached_property
    def events_at_limit(self) -> float:
        """Signal events expected at the published limit."""
        if self.events is not None:
            return self.events
        return flat_prior_limit(self.observed, self.background, self.cl)

    def chi2(self, response: Array) -> Array:
        """Return -2 ln of the Poisson ratio to the best s >= 0."""
        signal = self.events_at_limit * np.asarray(response, dtype=float)
        best = max(0.0, self.observed - self.background)
        logs = xlogy(self.observed, signal + self.background) - xlogy(self.observed, best + self.background)
        return 2 * (signal - best - logs)

    def observing(self, response: float) -> Self:
        """Return the count of as many events as signal and background are expected to give."""
        events = self.events_at_limit
        return replace(self, observed=self.background + events * response, events=events)

    def discovery(self, signal: float, sigmas: float) -> float:
        """Return the multiple at which half of all experiments see more than the background explains."""
        return _multiple(signal_for_discovery(self.background, sigmas), self.events_at_limit * signal)

    def expected(self, response: float) -> tuple[float, float]:
        """Return signal and background events."""
        return self.events_at_limit * response, self.background

    @staticmethod
    def missing(dataset: Dataset) -> str | None:
        """Need an upper limit and the events behind it."""
        lacking = "the observed events and their background" if dataset.observed is None else None
        return _needs_limit(dataset) or lacking

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Take the level, the observed events and the background."""
        if dataset.observed is None or dataset.background is None:
            raise ExperimentError(f"dataset '{dataset}' lacks {cls.missing(dataset)}")
        limit, one = dataset.limit, dataset.single_event_sensitivity
        events = limit / one if limit is not None and one is not None else None
        return cls(_cl(dataset), dataset.observed, dataset.background, events)


@dataclass(frozen=True)
class Step(Shape):
    """Allowed up to the limit, forbidden above, as arXiv:2603.25704 does.

    It knows no data, so the published limit stays whatever is injected elsewhere.
    """

    name: ClassVar[str] = "step"
    hard: ClassVar[bool] = True

    def chi2(self, response: Array) -> Array:
        """Return 0 or infinity."""
        forbidden = np.where(response > 1 + ROUNDING, np.inf, 0.0)
        return np.where(np.isnan(response), np.nan, forbidden)

    def observing(self, response: float) -> Self:
        """Return the shape itself: there is no observation to exchange."""
        return self

    @staticmethod
    def missing(dataset: Dataset) -> str | None:
        """Need a limit, upper or lower."""
        return "an upper limit, or a lower one" if dataset.cl is None else None

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Take nothing: the edge is at 1."""
        return cls()


SHAPES: Mapping[str, type[Shape]] = {
    shape.name: shape for shape in (HalfGaussian, Region, Gaussian, LimitAndSensitivity, Counting, Step)
}
"""Every shape; the first a dataset has the numbers for is its default."""


def shapes_of(dataset: Dataset) -> tuple[str, ...]:
    """Return the shapes a dataset has the numbers for, the default first.

    Where the sensitivity to single events is known, counting them comes first.
    """
    names = [name for name, shape in SHAPES.items() if shape.missing(dataset) is None]
    if dataset.single_event_sensitivity is not None:
        names.sort(key=lambda name: name != Counting.name)
    return tuple(names)


def shape_of(dataset: Dataset, name: str | None = None) -> Shape:
    """Return a shape by name with a dataset's numbers, the default one for None.

    Raises
    ------
    ExperimentError
        If there is no such shape, or the dataset lacks what it needs.
    """
    available = shapes_of(dataset)
    chosen = available[0] if name is None else name
    if chosen not in SHAPES:
        raise unknown("shape", chosen, available)
    if lacking := SHAPES[chosen].missing(dataset):
        raise ExperimentError(
            f"shape '{chosen}' needs {lacking}, which dataset '{dataset}' does not have; "
            f"available: {', '.join(available)}"
        )
    return SHAPES[chosen].of(dataset)
