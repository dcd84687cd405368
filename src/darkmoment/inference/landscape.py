"""chi2 over the cells of a map, as sums of non-negative terms that a minimiser can follow anywhere.

A cell holds parameters at values, and observables at targets. Targets are met by solving for a parameter
where there is one (see `elimination`), so that every point of the unit box of the others lies in the cell;
a stiff spring stands in for the others. Where the solution leaves its range, and where a hard limit is
broken, there is a steep wall. No number reported holds a wall or a spring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from darkmoment.fit import BLOCK, Fit
from darkmoment.inference.elimination import target_of
from darkmoment.inference.implicit import Solution
from darkmoment.inference.problem import COMPRESS_ABOVE, LN_FLOOR, View, compressed
from darkmoment.parameters import Array, Parameter

_STEEPNESS = 200.0
_LN_FOOT = log(1e-4)
_LN_COMPRESS = log(COMPRESS_ABOVE)
_BROKEN = 250.0
_SPRING = 0.01


@dataclass(frozen=True)
class Seen:
    """A fit's own answers at n points of a map.

    Attributes
    ----------
    chi2 : ndarray (n, K)
        As `Fit.chi2`; +inf where unphysical.
    walls : ndarray (n, W)
        ln of how far a hard limit or an end of a solved parameter's range is exceeded: allowed where <= 0.
    misses : ndarray (n, E)
        How far the observables that nothing is solved for are from their targets: allowed where zero.
    solved : dict of str to ndarray (n,)
        The parameters solved for.
    physical : ndarray (n,) of bool
    covered : ndarray (n, K) of bool
        False where an experiment says nothing.
    """

    chi2: Array
    walls: Array
    misses: Array
    solved: dict[str, Array]
    physical: NDArray[np.bool_]
    covered: NDArray[np.bool_]


class Landscape:
    """The cells of a map over the unit box of the parameters they leave free.

    Parameters
    ----------
    fit : Fit
        The fit.
    held : mapping of str to ndarray (N,)
        Parameters held, one value per cell.
    targets : mapping of str to ndarray (N,)
        Observables with a given value in each cell.
    elimination : Elimination, Implicit or None
        How targets are met; those it leaves out are met by a spring.
    scales : mapping of str to float
        Unit of each observable that is not on a logarithmic axis.
    offset : float
        Total chi2 that cannot be got rid of, near enough: differences above it are what matters.
    """

    def __init__(
        self,
        fit: Fit,
        held: Mapping[str, Array],
        targets: Mapping[str, Array],
        elimination: Solution | None = None,
        scales: Mapping[str, float] | None = None,
        offset: float = 0.0,
    ) -> None:
        self.fit = fit
        self.solved = elimination.parameters if elimination else ()
        self.sprung = [q for q in targets if elimination is None or q not in elimination.quantities]
        self._solve = elimination.solve if elimination else None
        self._scales = dict(scales or {})
        self._given = {**held, **{target_of(q): value for q, value in targets.items()}}
        gone = {*held, *self.solved}
        self.free = tuple(p for p in fit.free if p.name not in gone)
        self.dimension = len(self.free)
        self._ends = {name: np.log(fit.parameter(name).bounds) for name in self.solved}
        self.hard = fit.hard
        self.offset = offset
        self.knots = {i: found for i, p in enumerate(self.free) if len(found := _knots(fit, p))}

    def parameters(self, u: Array, cells: NDArray[np.int_]) -> dict[str, Array]:
        """Return what is free and held (physical units) at u, shape (n, d), and the cells' targets."""
        found = {p.name: p.from_unit(u[:, i]) for i, p in enumerate(self.free)}
        return found | {name: value[cells] for name, value in self._given.items()}

    def look(self, u: Array, cells: NDArray[np.int_]) -> Seen:
        """Return the fit's own answers at u, shape (n, d), each in the cell of its number."""
        pieces = [self._look(u[i : i + BLOCK], cells[i : i + BLOCK]) for i in range(0, len(u), BLOCK)]
        if len(pieces) == 1:
            return pieces[0]
        return Seen(
            np.concatenate([piece.chi2 for piece in pieces]),
            np.concatenate([piece.walls for piece in pieces]),
            np.concatenate([piece.misses for piece in pieces]),
            {name: np.concatenate([piece.solved[name] for piece in pieces]) for name in self.solved},
            np.concatenate([piece.physical for piece in pieces]),
            np.concatenate([piece.covered for piece in pieces]),
        )

    def _look(self, u: Array, cells: NDArray[np.int_]) -> Seen:
        points = self.parameters(u, cells)
        for name, (lower, upper) in self._ends.items():
            points[name] = np.full(len(u), np.exp(0.5 * (lower + upper)))
        wanted = (*self.solved, *self.sprung)
        found = self.fit.survey(points, wanted, within_ranges=True, adjust=self._solve).of(len(u))
        with np.errstate(divide="ignore", invalid="ignore"):
            walls = [np.maximum(np.log(found.strength[:, self.hard]), LN_FLOOR)]
            for name, (lower, upper) in self._ends.items():
                at = np.log(found.quantities[name])
                walls.append(np.stack([at - upper, lower - at], axis=1))
            misses = np.empty((len(u), len(self.sprung)))
            for i, name in enumerate(self.sprung):
                misses[:, i] = self._miss(name, found.quantities[name], points[target_of(name)])
        together = np.concatenate(walls, axis=1)
        together[~found.physical] = _BROKEN
        misses[~found.physical] = _BROKEN
        solved = {name: found.quantities[name] for name in self.solved}
        return Seen(found.chi2, together, misses, solved, found.physical, found.covered)

    def _miss(self, name: str, value: Array, target: Array) -> Array:
        if self.fit.model.table[name].logarithmic:
            return np.where(value > 0, np.maximum(np.log(np.abs(value)), LN_FLOOR), LN_FLOOR) - np.log(target)
        return (value - target) / self._scales.get(name, 1.0)

    def terms(self, u: Array, cells: NDArray[np.int_]) -> Array:
        """Return chi2 term by term, walls and springs, shape (n, K'): each >= 0, and tame where it is huge.

        Good to go downhill on from afar; where a term is above 40 its minimum is not that of the total.
        """
        seen = self.look(u, cells)
        return self._tamed(seen, seen.chi2[:, ~self.hard])

    def totals(self, u: Array, cells: NDArray[np.int_]) -> Array:
        """Return total chi2, walls and springs, shape (n, K'), tamed: the minimum is that of the total."""
        seen = self.look(u, cells)
        return self._tamed(seen, self.smooth(seen)[:, None] - self.offset)

    def smooth(self, seen: Seen) -> Array:
        """Return the total chi2 of what is no hard limit, shape (n,)."""
        return seen.chi2[:, ~self.hard].sum(axis=1)

    def barriers(self, u: Array, cells: NDArray[np.int_]) -> Array:
        """Return walls and springs alone, shape (n, W + E): to find out whether anything is allowed."""
        seen = self.look(u, cells)
        return self._tamed(seen, np.zeros((len(u), 1)))

    def value(self, u: Array, cells: NDArray[np.int_]) -> Array:
        """Return the sum of `totals`, shape (n,): what points are compared by."""
        return self.totals(u, cells).sum(axis=1)

    def _tamed(self, seen: Seen, chi2: Array) -> Array:
        with np.errstate(divide="ignore"):
            walls = np.concatenate(
                [_LN_FOOT + _STEEPNESS * seen.walls, 2.0 * np.log(np.abs(seen.misses) / _SPRING)], axis=1
            )
        return np.concatenate([compressed(np.minimum(chi2, 1e300)), _tame(walls)], axis=1)

    def view(self, u: Array, cells: NDArray[np.int_]) -> View:
        """Return the same as a local search sees it: total chi2, under constraints."""
        seen = self.look(u, cells)
        chi2 = np.minimum(seen.chi2[:, ~self.hard], 1e300).sum(axis=1)
        return View(np.zeros(len(u)), chi2, seen.walls, seen.misses, seen.physical)


def _tame(ln: Array) -> Array:
    return np.where(
        ln < _LN_COMPRESS,
        np.exp(np.minimum(ln, _LN_COMPRESS)),
        COMPRESS_ABOVE * (1.0 + ln - _LN_COMPRESS),
    )


def _knots(fit: Fit, p: Parameter) -> Array:
    """Return the box coordinates at which some experiment bends along a parameter."""
    masses = [e.knots[p.name] for e in fit.experiments.values() if p.name in e.knots]
    lower, upper = p.bounds
    inside = [values[(values >= lower) & (values <= upper)] for values in masses]
    return np.unique(np.clip(p.to_unit(np.concatenate(inside)), 0.0, 1.0)) if inside else np.empty(0)
