"""Neutrino masses: the radiative masses of nu_e and nu_mu, and their pieces before these cancel."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from darkmoment.experiments import Card, UpperLimit
from darkmoment.experiments.card import OptionValue
from darkmoment.experiments.likelihood import Array, Point
from darkmoment.experiments.several import room_beside, together
from darkmoment.experiments.shapes import HalfGaussian

_POWERS = {"sum_m_nu": 1, "m_nu_e": 2, "m_nu_ee": 2}


@dataclass(frozen=True)
class Term:
    """A limit in eV on one mass; the signal goes as that power of it."""

    quantity: str
    limit: float
    weight: float = 1.0
    """What its strength is multiplied by where chi2 add up: z of its level over that of the dataset."""

    @property
    def pieces(self) -> str:
        """The largest uncancelled piece of the same mass."""
        return f"{self.quantity}_uncancelled"

    def signal(self, ratio: Array) -> Array:
        """Return what a mass over its limit counts as signal."""
        return ratio ** _POWERS[self.quantity]


class Experiment(UpperLimit):
    """The strength of a term is its mass, or its largest piece over `fine_tuning`, over the limit.

    Those of several terms add in quadrature, as their chi2 do in a half-gaussian; for `step` the largest
    counts.
    """

    def __init__(
        self, card: Card, dataset: object = None, shape: str | None = None, **options: OptionValue
    ) -> None:
        super().__init__(card, dataset, shape, **options)
        self._terms = tuple(self._read_terms())
        self._allowance = float(self.options["fine_tuning"])
        self._cancelled = self._allowance if self.options["bare_mass"] == "yes" else 1.0

    def _read_terms(self) -> Iterator[Term]:
        yield Term(self.limits, float(super().limit({})[0]))
        numbers = self.dataset.numbers
        for quantity in ("m_nu_e", "m_nu_ee"):
            if f"{quantity}_eV" in numbers and self.dataset.cl is not None:
                weight = _z(numbers[f"{quantity}_cl"]) / _z(self.dataset.cl)
                yield Term(quantity, numbers[f"{quantity}_eV"], weight)

    @property
    def needs(self) -> tuple[str, ...]:
        """Masses and their largest pieces."""
        return tuple(name for term in self._terms for name in (term.quantity, term.pieces))

    def response(self, p: Point) -> Array:
        """Return the strength of the terms together."""
        return together([self._weighted(term, p) for term in self._terms], self.hard)

    def _weighted(self, term: Term, p: Point) -> Array:
        """Return a strength in units of the dataset's own level; for `step` each limit stands by itself."""
        return self._strength(term, p) * (1.0 if self.hard else term.weight)

    def _strength(self, term: Term, p: Point) -> Array:
        whole = np.abs(p[term.quantity]) / (term.limit * self._cancelled)
        return term.signal(np.maximum(whole, self._piece(term, p)))

    def _piece(self, term: Term, p: Point) -> Array:
        return p[term.pieces] / (term.limit * self._allowance)

    def objection(self, p: Point) -> str:
        """Name the mass that is furthest above its limit, and whether by itself or by a piece of it."""
        term = max(self._terms, key=lambda t: float(t.weight * self._strength(t, p)[0]))
        whole, piece = float(np.abs(p[term.quantity])[0]), float(p[term.pieces][0])
        if whole / self._cancelled >= piece / self._allowance:
            allowed = term.limit * self._cancelled
            return f"{term.quantity} = {whole:.3g} eV, {self.label} allows {allowed:.3g}"
        return (
            f"{term.quantity} = {whole:.3g} eV is what is left of pieces of {piece:.3g} eV, {self.label} "
            f"with fine_tuning = {self._allowance:g} allows {term.limit * self._allowance:.3g}"
        )

    def limit(self, p: Point) -> Array:
        """Return the limit on the mass in eV; 0 where its pieces or the other masses are too large."""
        first, *rest = self._terms
        left = np.nan_to_num(room_beside([self._weighted(term, p) for term in rest], self.hard))
        ratio = left ** (1 / _POWERS[first.quantity])
        allowed = np.where(self._piece(first, p) <= ratio, ratio, 0.0)
        return super().limit(p) * self._cancelled * allowed


def _z(level: float) -> float:
    """Return the root of chi2 at a limit of this confidence level."""
    return float(np.sqrt(HalfGaussian(level).chi2(np.ones(1))[0]))
