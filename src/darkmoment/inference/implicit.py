"""Meet the target of an observable that rises or falls along a parameter, by a bracketed solution.

Sums of terms, such as an anomalous magnetic moment, are powers of no parameter; most of them are monotonic in
one. Solving for it at every point keeps a search inside its cell, where a spring makes valleys that no
descent can follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from darkmoment.fit import Fit
from darkmoment.inference.elimination import FARTHEST, Elimination, target_of
from darkmoment.model import Predictions
from darkmoment.observables.lepton_flavour import MASSES as SCALARS
from darkmoment.parameters import Array

MARGIN = 3.0
"""Solutions are looked for this many e-folds beyond the range: a wall has to know how far off it is."""

_PROBES = 64
_LADDER = 9
_ITERATIONS = 60
_EXACT = 1e-13
_LEAST_SLOPE = 0.5


@dataclass(frozen=True)
class Implicit:
    """One more target met by one more parameter, on top of an elimination.

    Attributes
    ----------
    fit : Fit
    quantity, parameter : str
        ln(quantity) rises (or falls) everywhere along ln(parameter).
    rising : bool
    below : Elimination, Implicit or None
        What is solved for at each value of the parameter first.
    """

    fit: Fit
    quantity: str
    parameter: str
    rising: bool
    below: Elimination | Implicit | None = None

    @property
    def quantities(self) -> tuple[str, ...]:
        """Observables whose targets are met."""
        return (*(self.below.quantities if self.below else ()), self.quantity)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Parameters solved for."""
        return (*(self.below.parameters if self.below else ()), self.parameter)

    def solve(self, p: Predictions) -> dict[str, Array]:
        """Return the parameters that bring the quantities of `p` to the targets held in it."""
        low, high = np.log(self.fit.parameter(self.parameter).bounds)
        size = len(p[target_of(self.quantity)])
        a, b = np.full(size, low - MARGIN), np.full(size, high + MARGIN)
        x = self._root(p, a, b)
        changed = self._changed(p, x)
        return {name: np.broadcast_to(changed[name], (size,)) for name in self.parameters}

    def _changed(self, p: Predictions, x: Array) -> dict[str, Array]:
        value = {self.parameter: np.exp(x)}
        if self.below is None:
            return value
        return value | self.below.solve(self.fit.model.predict(value, p))

    def _excess(self, p: Predictions, x: Array) -> Array:
        """Return ln(quantity/target) at ln(parameter) = x, counted upwards."""
        value = np.abs(self.fit.model.predict(self._changed(p, x), p)[self.quantity])
        with np.errstate(divide="ignore"):
            ln = np.log(np.broadcast_to(value, x.shape)) - np.log(p[target_of(self.quantity)])
        ln = np.clip(ln, -1e3, 1e3)
        return ln if self.rising else -ln

    def _root(self, p: Predictions, a: Array, b: Array) -> Array:
        """Return where the excess vanishes: regula falsi (Illinois) inside, a straight line outside."""
        fa, fb = self._excess(p, a), self._excess(p, b)
        slope = np.maximum((fb - fa) / (b - a), _LEAST_SLOPE)
        outside = np.where(fa > 0, a - fa / slope, b - fb / slope)
        inside = (fa <= 0) & (fb >= 0)
        x = np.where(inside, 0.5 * (a + b), outside)
        side = np.zeros(len(a))
        for _ in range(_ITERATIONS):
            with np.errstate(invalid="ignore", divide="ignore"):
                guess = np.where(fb > fa, (a * fb - b * fa) / (fb - fa), 0.5 * (a + b))
            x = np.where(inside, np.clip(guess, a, b), x)
            f = self._excess(p, x)
            if not (inside & (np.abs(f) > _EXACT) & (b - a > _EXACT)).any():
                break
            up = f > 0
            # the end that stays for a second time counts half, so that it moves
            fa = np.where(inside & up & (side > 0), 0.5 * fa, np.where(inside & ~up, f, fa))
            fb = np.where(inside & ~up & (side < 0), 0.5 * fb, np.where(inside & up, f, fb))
            a, b = np.where(inside & ~up, x, a), np.where(inside & up, x, b)
            side = np.where(up, 1.0, -1.0)
        return np.clip(x, -FARTHEST, FARTHEST)


Solution = Elimination | Implicit
"""How targets are met: each has `quantities`, `parameters` and `solve`."""


def implicit_solutions(
    fit: Fit, quantity: str, held: Sequence[str], below: Solution | None, targets: Mapping[str, Array]
) -> list[Implicit]:
    """Return the parameters that an observable is monotonic in, as ways to meet its targets.

    Parameters
    ----------
    fit : Fit
        The fit.
    quantity : str
        Observable on a logarithmic axis.
    held : sequence of str
        Parameters that are not free to be solved for.
    below : Elimination, Implicit or None
        Solved first, at each value of the parameter.
    targets : mapping of str to ndarray
        Values that the quantities take; used for probing.

    Masses of scalars are left alone, since beyond their ranges they may be unphysical, and so is what a curve
    of an experiment bends along.
    """
    if not fit.model.table[quantity].logarithmic:
        return []
    shy = set().union(*(fit.model.reach(name) for name in SCALARS))
    shy |= {name for p in fit.parameters if p.tie is not None for name in p.tied_to}
    shy |= {name for e in fit.experiments.values() for name in e.knots}
    shy |= {*held, *(below.parameters if below else ())}
    reach = fit.model.reach(quantity)
    able = [p for p in fit.free if p.logarithmic and p.name in reach and p.name not in shy]
    found = (_monotonic(fit, quantity, p.name, below, targets) for p in able)
    return [way for way in found if way is not None]


def _monotonic(
    fit: Fit, quantity: str, name: str, below: Solution | None, targets: Mapping[str, Array]
) -> Implicit | None:
    u = qmc.Sobol(len(fit.free), rng=0).random(_PROBES)
    points = {p.name: p.from_unit(u[:, i]) for i, p in enumerate(fit.free)}
    low, high = np.log(fit.parameter(name).bounds)
    values = []
    for x in np.linspace(low - MARGIN, high + MARGIN, _LADDER):
        way = Implicit(fit, quantity, name, True, below)
        given = {**points, name: np.full(_PROBES, np.exp(x)), target_of(quantity): np.ones(_PROBES)}
        for q in below.quantities if below else ():
            given[target_of(q)] = np.resize(targets[q], _PROBES)
        solve = way.below.solve if way.below else None
        seen = fit.survey(given, [quantity], within_ranges=True, adjust=solve)
        with np.errstate(divide="ignore", invalid="ignore"):
            values.append(np.log(np.abs(seen.quantities[quantity])))
    ln = np.array(values)
    ln = ln[:, np.isfinite(ln).all(axis=0)]
    if ln.shape[1] < _PROBES // 4:
        return None
    rises, total = np.diff(ln, axis=0), ln[-1] - ln[0]
    if np.median(np.abs(total)) < 1.0 or not ((rises >= -1e-9).all() or (rises <= 1e-9).all()):
        return None
    return Implicit(fit, quantity, name, bool(np.median(total) > 0), below)
