"""What an experiment says about a batch of points."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from copy import copy
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from darkmoment.experiments.card import Card, Dataset, OptionValue
from darkmoment.experiments.curve import Curve
from darkmoment.experiments.errors import ExperimentError, unknown
from darkmoment.experiments.shapes import Shape, shape_of

Array = NDArray[np.float64]
Point = Mapping[str, Array]
"""Name of a parameter or observable -> array (n,) or (1,)."""

_EVERYWHERE = np.ones(1, dtype=bool)
_EVERYWHERE.flags.writeable = False
_ALL = np.ones(1)
_ALL.flags.writeable = False

_LEAST = 1e-12
"""Fraction of a lower limit below which its strength grows no further: nothing is divided by zero."""

SIGNAL_POWER: Mapping[str, int] = {"epsilon": 2, "mu_eff": 2}
"""Quantities whose signal is a power of them; the signal of any other is linear in it."""


class Likelihood(ABC):
    """One experiment with a dataset, a shape and its options chosen.

    Parameters
    ----------
    card : Card
    dataset : str, int or None
        Name of a dataset, the card's default for None.
    shape : str or None
        Name of a shape, the dataset's default for None.
    **options
        The options the card declares.

    Raises
    ------
    ExperimentError
        If the card does not apply to this model, or the dataset, shape or an option does not exist; the
        message lists the choices and the nearest.
    CurveError
        If the dataset's curve cannot be used.

    Attributes
    ----------
    name : str
    card : Card
    dataset : Dataset
    shape : Shape
    options : dict
        Every option of the card, defaults filled in.
    needs : tuple of str
        The names it reads from a point.
    silence : str
        Why it says nothing where `covered` is False, for messages that count such points.
    """

    silence: ClassVar[str] = "they are outside its range"

    def __init__(
        self, card: Card, dataset: object = None, shape: str | None = None, **options: OptionValue
    ) -> None:
        if not card.applies:
            raise not_applicable(card)
        self.name = card.name
        self.card = card
        self.dataset: Dataset = card.dataset(dataset)
        self.shape: Shape = _shape(card, self.dataset, shape)
        self.options = complete_options(card, options)

    @property
    def label(self) -> str:
        """Short title and dataset, as in figures: ``MEG II (2025)``, ``Mu3e (phase1, projected)``."""
        return f"{self.card.short_title} ({self.dataset}{', projected' if self.projected else ''})"

    @property
    def projected(self) -> bool:
        """True for an experiment that has not measured yet."""
        return self.card.status == "projected"

    @property
    def limits(self) -> str:
        """The quantity it constrains: the dataset's own, or that of the card."""
        return self.dataset.limits or self.card.limits

    @property
    def hard(self) -> bool:
        """True where chi2 takes only the values 0 and infinity."""
        return self.shape.hard

    @property
    @abstractmethod
    def needs(self) -> tuple[str, ...]:
        """Names of the parameters and observables it reads."""

    @property
    def knots(self) -> Mapping[str, Array]:
        """Parameters along which the response has kinks or steps, and where they are; none unless overridden.

        A minimum of chi2 likes to sit on one, where slopes tell nothing: searches look there.
        """
        return {}

    @property
    def standard_model_response(self) -> float:
        """The response where there is nothing new: no signal, for a measurement the Standard Model's pull."""
        return 0.0

    @abstractmethod
    def response(self, p: Point) -> Array:
        """Return the signal strength s/s_lim (0 where it says nothing), or the pull of a measurement."""

    def chi2(self, p: Point) -> Array:
        """Return -2 ln(L/L_best), shape as broadcast from the point's arrays."""
        return self.chi2_of(self.response(p), p)

    def chi2_of(self, response: Array, p: Point) -> Array:
        """Return chi2 where the response is known already; override where data of one's own say more."""
        return self.shape.chi2(response)

    def observing(self, p: Point) -> Self:
        """Return the experiment as if it had observed what it expects at a point: its Asimov data.

        chi2 is then 0 there. If it says nothing there, it is taken to observe no signal. A hard limit has no
        data and stays as published. Override together with `chi2_of`.

        Parameters
        ----------
        p : mapping
            One point, arrays of shape (1,).

        Raises
        ------
        ExperimentError
            If it has data of its own, or a shape, and does not say what it would observe.
        """
        own = [
            name for name in ("chi2", "chi2_of") if getattr(type(self), name) is not getattr(Likelihood, name)
        ]
        if own:
            raise ExperimentError(
                f"{self.name} has a chi2 of its own and does not say what it would observe at a point: its "
                f"class overrides {own[0]} and not observing"
            )
        twin = copy(self)
        twin.shape = self.shape.observing(_number(self.response(p)))
        return twin

    def discovery(self, p: Point, nothing: Point, sigmas: float) -> float:
        """Return the multiple of the signal at a point that a median experiment sees at `sigmas`.

        Parameters
        ----------
        p, nothing : mapping
            The point, and the same without signal; arrays of shape (1,).

        Returns
        -------
        float
            inf where it says nothing or expects no signal, nan where it has no data.
        """
        return self.shape.discovery(_number(self.response(p)) - _number(self.response(nothing)), sigmas)

    def expected(self, p: Point) -> tuple[float, float]:
        """Return the events that signal and background are expected to give; nan where none are counted."""
        return self.shape.expected(_number(self.response(p)))

    def covered(self, p: Point) -> NDArray[np.bool_]:
        """Return where the experiment says something; broadcasts against the point's arrays."""
        return _EVERYWHERE

    def objection(self, p: Point) -> str:
        """Say in words what it finds wrong with one point, arrays of shape (1,).

        Empty unless overridden: `limits` beside `limit` then says it.
        """
        return ""

    def silenced(self) -> Likelihood | None:
        """Return a hard limit that allows the points at which this experiment says nothing.

        None unless overridden: for an experiment that falls silent at a value of an observable. chi2 steps
        down there, and its lowest points like to lie on the step, which no search finds by slopes: they look
        among these points apart.
        """
        return None

    @abstractmethod
    def limit(self, p: Point) -> Array:
        """Return the largest value allowed of the quantity it limits, in that quantity's unit.

        At that value the response is 1, everything else at the point unchanged. nan where it says nothing.
        The limited quantity itself is not read. Broadcasts against the point's arrays.
        """


class UpperLimit(Likelihood):
    """An upper limit on one quantity, the same at every point unless `limit` is overridden."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The limited quantity."""
        return (self.limits,)

    def limit(self, p: Point) -> Array:
        """Return the published limit, shape (1,)."""
        if self.dataset.limit is None or self.dataset.lower:
            raise ExperimentError(
                f"dataset '{self.dataset}' of {self.name} has no upper limit as a single number"
            )
        return np.array([self.dataset.limit])

    def response(self, p: Point) -> Array:
        """Return the signal strength: the power of quantity/limit that the signal is linear in."""
        return (p[self.limits] / self.limit(p)) ** SIGNAL_POWER.get(self.limits, 1)


class LowerLimit(Likelihood):
    """A lower limit on one quantity, the same at every point: allowed at and above it.

    The strength grows as the quantity falls below the limit; its size is no number of events, so the only
    shape is `step`.
    """

    @property
    def needs(self) -> tuple[str, ...]:
        """The limited quantity."""
        return (self.limits,)

    @property
    def knots(self) -> Mapping[str, Array]:
        """The limit itself."""
        return {self.limits: self.limit({})}

    def limit(self, p: Point) -> Array:
        """Return the published limit, shape (1,): the smallest value allowed."""
        if self.dataset.limit is None or not self.dataset.lower:
            raise ExperimentError(
                f"dataset '{self.dataset}' of {self.name} has no lower limit as a single number"
            )
        return np.array([self.dataset.limit])

    def response(self, p: Point) -> Array:
        """Return limit/quantity; as far below the limit as can be said where the quantity is not positive."""
        limit = self.limit(p)
        return limit / np.maximum(p[self.limits], _LEAST * limit)


class CurveLimit(UpperLimit):
    """A limit on epsilon along a curve, for A' decays of one kind.

    The number of events is proportional to epsilon^2 times the branching fraction `branching`, which the
    published curve takes to be 1; None for a limit that holds whatever the A' decays to.
    """

    branching: ClassVar[str | None] = "BR_invisible"

    def __init__(
        self, card: Card, dataset: object = None, shape: str | None = None, **options: OptionValue
    ) -> None:
        super().__init__(card, dataset, shape, **options)
        self.curve = self.read_curve()

    def read_curve(self) -> Curve:
        """Return the dataset's curve, continued to lower masses where the card says so."""
        if self.dataset.curve is None:
            raise ExperimentError(f"dataset '{self.dataset}' of {self.name} has no curve")
        curve = Curve.read(self.card.folder / self.dataset.curve)
        if self.dataset.curve_below is not None:
            curve = curve.continued_by(Curve.read(self.card.folder / self.dataset.curve_below))
        return curve

    @property
    def needs(self) -> tuple[str, ...]:
        """Mixing, mass and branching fraction."""
        share = () if self.branching is None else (self.branching,)
        return (self.limits, "m_dark_photon", *share)

    @property
    def knots(self) -> Mapping[str, Array]:
        """The masses of the curve."""
        return {"m_dark_photon": self.curve.knots}

    def covered(self, p: Point) -> NDArray[np.bool_]:
        """Return where the mass lies within the curve."""
        return self.curve.covers(p["m_dark_photon"])

    def limit(self, p: Point) -> Array:
        """Return the limit on epsilon at each point's mass and branching fraction; inf without decays."""
        with np.errstate(divide="ignore"):
            return self.curve.at(p["m_dark_photon"]) / np.sqrt(self._share(p))

    def response(self, p: Point) -> Array:
        """Return epsilon^2 BR/epsilon_lim^2, 0 outside the curve."""
        limit = self.curve.clamped(p["m_dark_photon"])
        return np.where(self.covered(p), np.square(p[self.limits] / limit) * self._share(p), 0.0)

    def _share(self, p: Point) -> Array:
        return _ALL if self.branching is None else p[self.branching]


class Measurement(Likelihood):
    """A measured value with its standard deviation."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The measured quantity."""
        return (self.limits,)

    def response(self, p: Point) -> Array:
        """Return the pull (prediction - measured)/sigma."""
        if self.dataset.value is None or self.dataset.sigma is None:
            raise ExperimentError(f"dataset '{self.dataset}' of {self.name} has no measured value")
        return (p[self.limits] - self.dataset.value) / self.dataset.sigma

    @property
    def standard_model_response(self) -> float:
        """The pull at zero: what is measured is the difference to the Standard Model."""
        if self.dataset.value is None or self.dataset.sigma is None:
            raise ExperimentError(f"dataset '{self.dataset}' of {self.name} has no measured value")
        return -self.dataset.value / self.dataset.sigma

    def limit(self, p: Point) -> Array:
        """Return nan: a measurement has no upper limit of its own."""
        return np.array([np.nan])


def _number(value: Array) -> float:
    """Return the value at the only point of a batch."""
    return float(np.ravel(value)[0])


def not_applicable(card: Card) -> ExperimentError:
    """Return the error for an experiment that says nothing about this model, with its card's reason."""
    return ExperimentError(f"{card.name} does not apply to this model: {card.notes}")


def _shape(card: Card, dataset: Dataset, name: str | None) -> Shape:
    try:
        return shape_of(dataset, name)
    except ExperimentError as problem:
        raise ExperimentError(f"{card.name}: {problem.message}", problem.suggestion) from problem


def complete_options(card: Card, given: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
    """Return every option of a card, as given or by default.

    Raises
    ------
    ExperimentError
        If a name is none of the card's options or a value cannot be taken.
    """
    for name, value in given.items():
        if name not in card.options:
            raise unknown(f"option of {card.name}", name, card.options)
        option = card.options[name]
        if refusal := option.refusal(value):
            if option.choices:
                raise unknown(f"{name} of {card.name}:", str(value), option.choices)
            raise ExperimentError(f"{name} of {card.name} = {value!r}: {refusal}")
    return {name: given.get(name, option.default) for name, option in card.options.items()}
