"""From complete points to chi2, strengths, coverage and observables, block by block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from darkmoment.answers import LikelihoodError, answers_of, describe_point
from darkmoment.model import Predictions
from darkmoment.observables.lepton_flavour import MASSES as SCALARS
from darkmoment.parameters import Array

if TYPE_CHECKING:
    from darkmoment.fit import Fit

BLOCK = 4096
"""Points at a time: what is computed on the way to chi2 stays near the second-level cache."""

SLACK = 1e-3
"""How far below zero rounding, or the search for a likelihood's best point, may bring a chi2."""

Adjust = Callable[[Predictions], dict[str, Array]]


def asked_for(fit: Fit, name: str) -> str:
    """Return ``fit.yaml:7: ``, the line that asks for an experiment which is not shipped; else empty."""
    asked = fit.spec.experiments.get(name)
    own = asked is not None and not asked.shipped and asked.where.file
    return f"{asked.where}: " if asked is not None and own else ""


def term_of(fit: Fit, term: int) -> str:
    """Return the name of a term of chi2, with the line that asks for it."""
    return asked_for(fit, fit.terms[term]) + fit.terms[term]


@dataclass(frozen=True)
class Survey:
    """What a fit says of a batch of n points, for the K terms of its chi2.

    Attributes
    ----------
    chi2 : ndarray (n, K)
        -2 ln(L/L_best) per term; +inf in a whole row where the point is unphysical.
    strength : ndarray (n, K)
        Signal strength s/s_lim, or pull; zero where an experiment says nothing.
    covered : ndarray (n, K) of bool
        False where an experiment says nothing, e.g. outside its curve.
    physical : ndarray (n,) of bool
        False where a scalar mass is not positive.
    quantities : dict of str to ndarray (n,)
        The observables asked for; NaN where unphysical.
    """

    chi2: Array
    strength: Array
    covered: np.ndarray
    physical: np.ndarray
    quantities: dict[str, Array]

    @classmethod
    def blank(cls, n: int, terms: int, quantities: Sequence[str]) -> Survey:
        """Return a survey to be filled in, every point physical and covered."""
        # one piece of memory: two of them are given back to the system, and mapped anew, at every call
        chi2, strength = np.empty((2, n, terms))
        return cls(
            chi2,
            strength,
            np.ones((n, terms), dtype=bool),
            np.ones(n, dtype=bool),
            {q: np.empty(n) for q in quantities},
        )

    def of(self, n: int) -> Survey:
        """Return the same for n points where there is one: nothing varied over the batch."""
        if len(self.chi2) == n:
            return self
        quantities = {q: np.repeat(x, n) for q, x in self.quantities.items()}
        return Survey(
            np.repeat(self.chi2, n, axis=0),
            np.repeat(self.strength, n, axis=0),
            np.repeat(self.covered, n, axis=0),
            np.repeat(self.physical, n),
            quantities,
        )

    def part(self, rows: slice) -> Survey:
        """Return a view of consecutive points."""
        quantities = {q: x[rows] for q, x in self.quantities.items()}
        return Survey(
            self.chi2[rows], self.strength[rows], self.covered[rows], self.physical[rows], quantities
        )


@dataclass
class Surveyor:
    """A fit at work on points whose parameters are complete.

    Attributes
    ----------
    fit : Fit
        The fit.
    settled : Predictions or None
        What no given parameter moves, computed once for the fit.
    adjust : callable or None
        Given predictions, returns parameters to be put in place of theirs.
    """

    fit: Fit
    settled: Predictions | None = None
    adjust: Adjust | None = None

    def survey(self, values: Mapping[str, Array], n: int, quantities: Sequence[str]) -> Survey:
        """Return the survey of n points; arrays in `values` have that length, or length one."""
        found = Survey.blank(n, len(self.fit.terms), quantities)
        if n <= BLOCK:
            self._fill(found, values, n)
            return found
        for start in range(0, n, BLOCK):
            rows = slice(start, min(start + BLOCK, n))
            part = {name: x if len(x) == 1 else x[rows] for name, x in values.items()}
            self._fill(found.part(rows), part, rows.stop - start)
        return found

    def _fill(self, found: Survey, values: Mapping[str, Array], n: int) -> None:
        p = self.fit.model.predict(values, self.settled)
        if p.positive(SCALARS):
            self._fill_physical(found, self._adjusted(p), n)
            return
        physical = np.broadcast_to(np.logical_and.reduce([p[name] > 0 for name in SCALARS]), (n,))
        found.physical[:], found.chi2[:], found.strength[:] = physical, np.inf, 0.0
        for x in found.quantities.values():
            x[:] = np.nan
        if not physical.any():
            return
        kept = {name: x if len(x) == 1 else x[physical] for name, x in values.items()}
        size = int(physical.sum())
        inner = Survey.blank(size, len(self.fit.terms), list(found.quantities))
        self._fill_physical(inner, self._adjusted(self.fit.model.predict(kept, self.settled)), size)
        found.chi2[physical], found.strength[physical] = inner.chi2, inner.strength
        found.covered[physical] = inner.covered
        for q, x in found.quantities.items():
            x[physical] = inner.quantities[q]

    def _adjusted(self, p: Predictions) -> Predictions:
        return p if self.adjust is None else self.fit.model.predict(self.adjust(p), p)

    def _fill_physical(self, found: Survey, p: Predictions, n: int) -> None:
        fit = self.fit
        chi2, strength, covered = found.chi2.T, found.strength.T, found.covered.T
        for row, (name, experiment) in enumerate(fit.experiments.items()):
            try:
                chi2[row], strength[row], covered[row] = answers_of(name, experiment, p, n)
            except LikelihoodError as error:
                raise LikelihoodError(f"{asked_for(fit, name)}{error}") from error
            if fit.injected is not None:
                # without a signal seen, strength 0 is chi2 = 0; with one, saying nothing is no denial
                chi2[row, ~covered[row]] = 0.0
        for row, (name, (mean, sigma)) in enumerate(fit.constraints.items(), len(fit.experiments)):
            strength[row] = (p[name] - mean) / sigma
            chi2[row] = np.square(strength[row])
        for what, table in (("chi2", found.chi2), ("strength", found.strength)):
            # nan is the smallest of any numbers
            least = np.minimum.reduce(table, axis=None) if table.size else 0.0
            if np.isnan(least):
                point, term = np.argwhere(np.isnan(table))[0]
                raise LikelihoodError(
                    f"{term_of(fit, term)} returned NaN as {what}, at {describe_point(p, point)}"
                )
            if what == "chi2" and least < -SLACK:
                point, term = np.argwhere(table == least)[0]
                raise LikelihoodError(
                    f"{term_of(fit, term)} returned chi2 = {least:.6g}, at {describe_point(p, point)}: "
                    "-2 ln(L/L_best) is never negative"
                )
        for q, x in found.quantities.items():
            x[:] = p[q]
