"""The smallest chi2 of every cell of a map: two whole searches that share no start and no random stream.

Each search screens quasi-random points, goes downhill from the best of them, hands good points over to
neighbouring cells of its own, and sharpens what it has with second differences. Where the two do not agree,
the one that is higher begins again with new starts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew, Report, unheard
from darkmoment.inference.downhill import descend_together, gauss_newton, second_differences
from darkmoment.inference.elimination import Elimination, eliminate_most
from darkmoment.inference.landscape import Landscape
from darkmoment.inference.polish import polish, wanting
from darkmoment.inference.problem import quantity_scale
from darkmoment.inference.search import CHI2_TOLERANCE, SCREEN, SEARCHES
from darkmoment.parameters import Array

Cells = NDArray[np.int_]

UNDERCUT = 1e-3
"""A neighbour's point is taken over where it is lower by this much in chi2."""

_CELLS_AT_ONCE = 150
_STEPS = {"first": 40, "second": 50}
_SWEEPS = 50
_ROUNDS = 3
_AUDITED = 0.05
_KNOTS_TRIED = 6
_KNOT_ROUNDS = 2
_AUDIT_STARTS = 16


@dataclass(frozen=True)
class Lattice:
    """The cells of a map, numbered row by row.

    Attributes
    ----------
    shape : tuple of int
        Cells along each axis; their product is N.
    held, targets : mapping of str to ndarray (N,)
        Parameters at values and observables at targets, in their units.
    """

    fit: Fit
    shape: tuple[int, ...]
    held: Mapping[str, Array]
    targets: Mapping[str, Array]
    elimination: Elimination | None = None
    scales: Mapping[str, float] = field(default_factory=dict)
    landscape: Landscape = field(init=False)

    def __post_init__(self) -> None:
        found = Landscape(self.fit, self.held, self.targets, self.elimination, self.scales)
        object.__setattr__(self, "landscape", found)

    @property
    def size(self) -> int:
        """Number of cells."""
        return int(np.prod(self.shape, dtype=int))

    def item(self, cells: Cells) -> dict[str, Any]:
        """Return plain values from which `lattice_of` rebuilds these cells elsewhere."""
        found: dict[str, Any] = {
            "held": {name: value[cells] for name, value in self.held.items()},
            "targets": {name: value[cells] for name, value in self.targets.items()},
            "scales": dict(self.scales),
        }
        if self.elimination is not None:
            known = self.elimination
            found["solve"] = [list(known.quantities), list(known.parameters), known.powers]
        return found

    def beside(self) -> list[tuple[Cells, Cells]]:
        """Return (cells, their neighbour) for each of the directions, diagonals included."""
        places = np.indices(self.shape).reshape(len(self.shape), -1)
        found = []
        for shift in np.ndindex(*(3,) * len(self.shape)):
            moved = places + np.array(shift)[:, None] - 1
            inside = ((moved >= 0) & (moved < np.array(self.shape)[:, None])).all(axis=0)
            cells = np.flatnonzero(inside)
            neighbours = np.ravel_multi_index(tuple(moved[:, inside]), self.shape)
            if not np.array_equal(cells, neighbours):
                found.append((cells, neighbours))
        return found


def lattice(fit: Fit, shape: tuple[int, ...], cells: Mapping[str, Array]) -> Lattice:
    """Return cells with parameters or observables at given values; see `Lattice`."""
    held = {name: value for name, value in cells.items() if name in fit.model.parameter_names}
    targets = {name: value for name, value in cells.items() if name not in held}
    linear = [q for q in targets if not fit.model.table[q].logarithmic]
    scales = {q: quantity_scale(fit, q) for q in linear}
    return Lattice(fit, shape, held, targets, eliminate_most(fit, list(targets), list(held)), scales)


def landscape_of(fit: Fit, item: Mapping[str, Any]) -> Landscape:
    """Return the cells of an item."""
    solve = item.get("solve")
    elimination = None if solve is None else Elimination(tuple(solve[0]), tuple(solve[1]), solve[2])
    return Landscape(fit, item["held"], item["targets"], elimination, item["scales"])


def begin_cells(fit: Fit, items: Sequence[dict[str, Any]]) -> list[dict[str, Array]]:
    """Search blocks of cells from screened starts; return each cell's best point, and where starts ended."""
    return [_begin(landscape_of(fit, item), **item["begin"]) for item in items]


def _begin(land: Landscape, cells: int, starts: int, seed: Sequence[int]) -> dict[str, Array]:
    d = land.dimension
    numbers = np.arange(cells)
    first = np.empty((cells, starts, d))
    for k, block in enumerate(_screen(d, starts, seed)):
        seen = land.terms(np.tile(block, (cells, 1)), np.repeat(numbers, len(block))).sum(axis=1)
        first[:, k] = block[seen.reshape(cells, -1).argmin(axis=1)]
    owners = np.repeat(numbers, starts)
    u = descend_together(land.terms, first.reshape(cells * starts, d), owners, gauss_newton, _STEPS["first"])
    ends = land.value(u, owners).reshape(cells, starts)
    best = ends.argmin(axis=1)
    return {"u": u.reshape(cells, starts, d)[numbers, best], "value": ends[numbers, best], "ends": ends}


def _screen(d: int, starts: int, seed: Sequence[int]) -> Array:
    """Return quasi-random points, shape (starts, SCREEN, d): a block for each start."""
    if d == 0:
        return np.empty((starts, 1, 0))
    size = starts * SCREEN
    # Sobol points come in powers of two: the next one, cut
    drawn = qmc.Sobol(d, rng=np.random.default_rng(seed)).random_base2((size - 1).bit_length())[:size]
    return drawn.reshape(starts, SCREEN, d)


def go_on(fit: Fit, items: Sequence[dict[str, Any]]) -> list[dict[str, Array]]:
    """Go downhill in blocks of cells from given points, one per cell."""
    found = []
    for item in items:
        u, kind = item["u"], item["curvature"]
        land, cells = landscape_of(fit, item), np.arange(len(u))
        if kind == "knots":
            end = _over_knots(land, u)
        elif kind == "first":
            end = descend_together(land.terms, u, cells, gauss_newton, _STEPS[kind])
        else:
            end = descend_together(land.totals, u, cells, second_differences, _STEPS[kind])
        found.append({"u": end, "value": land.value(end, cells)})
    return found


def _over_knots(land: Landscape, u: Array) -> Array:
    """Look for lower points on the knots of experiments' curves: there slopes tell nothing.

    All knots are asked with the other coordinates as they are; from the best few, the others go downhill
    with the knot held.
    """
    cells = np.arange(len(u))
    for k, knots in land.knots.items():
        points = np.repeat(u[:, None, :], len(knots), axis=1)
        points[:, :, k] = knots
        value = land.value(points.reshape(-1, u.shape[1]), np.repeat(cells, len(knots))).reshape(len(u), -1)
        few = np.argsort(value, axis=1, kind="stable")[:, :_KNOTS_TRIED]
        start = np.concatenate([u[:, None, :], np.take_along_axis(points, few[:, :, None], axis=1)], axis=1)
        owners = np.repeat(cells, start.shape[1])
        flat = start.reshape(-1, u.shape[1])
        end = descend_together(land.totals, flat, owners, second_differences, _STEPS["second"], [k])
        best = land.value(end, owners).reshape(len(u), -1).argmin(axis=1)
        u = end.reshape(start.shape)[cells, best]
    return u


def polish_cells(fit: Fit, items: Sequence[dict[str, Any]]) -> list[dict[str, Array]]:
    """Meet the constraints of blocks of cells exactly, from given points, one per cell."""
    return polish(fit, items, landscape_of)


@dataclass
class CellMinima:
    """The lowest points found, N cells.

    Attributes
    ----------
    u : ndarray (N, d)
    value : ndarray (N,)
        What points are compared by, see `Landscape.value`: total chi2, tamed above 40.
    ends : ndarray (N, S)
        Where the independent starts ended, before any neighbour helped.
    """

    u: Array
    value: Array
    ends: Array

    def take(self, cells: Cells, u: Array, value: Array) -> Cells:
        """Take over points that are lower; return their cells."""
        lower = value < self.value[cells]
        self.u[cells[lower]], self.value[cells[lower]] = u[lower], value[lower]
        return cells[lower]


@dataclass
class MapSearch:
    """Both searches of a lattice, and what they agree on.

    Attributes
    ----------
    searches : list of CellMinima
        One for each search.
    audited : int
        Cells looked at by the last audit.
    audit_lower : float
        By how much (chi2) it found the worst of them lower.
    u : ndarray (N, d)
        The lowest point of each cell, constraints met exactly.
    allowed : ndarray (N,) of bool
        Where there is an allowed point.
    """

    lattice: Lattice
    starts: int
    seed: list[int]
    crew: Crew
    searches: list[CellMinima] = field(default_factory=list)
    audited: int = 0
    audit_lower: float = 0.0
    audit: CellMinima = field(init=False)
    u: Array = field(init=False)
    allowed: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        size = self.lattice.size
        empty = np.full((size, self.lattice.landscape.dimension), 0.5)
        self.audit = CellMinima(empty, np.full(size, np.inf), np.empty((size, 0)))

    def run(self, report: Report = unheard) -> None:
        """Search every cell twice, settle disagreements, and audit a sample."""
        every = np.arange(self.lattice.size)
        begun = self._begin([(s, every) for s in range(SEARCHES)], 0, self.starts, report)
        self.searches = begun
        for search in self.searches:
            self._settle(search)
        self._insist(1)
        self._audit()
        self._polish()

    @property
    def best(self) -> CellMinima:
        """The lowest of the searches and the audit, cell by cell."""
        every = [*self.searches, self.audit]
        values = np.array([s.value for s in every])
        k = values.argmin(axis=0)
        cells = np.arange(self.lattice.size)
        u = np.array([s.u for s in every])[k, cells]
        return CellMinima(u, values[k, cells], np.concatenate([s.ends for s in self.searches], axis=1))

    @property
    def reached(self) -> NDArray[np.bool_]:
        """Which search reached the best value of a cell: shape (searches, N)."""
        return np.array([s.value for s in self.searches]) <= self.best.value + CHI2_TOLERANCE

    def _polish(self) -> None:
        """Meet constraints exactly, where walls or springs stand in for them."""
        u, every = self.best.u.copy(), np.arange(self.lattice.size)
        seen = self.lattice.landscape.look(u, every)
        loose = bool(seen.misses.shape[1])
        allowed = seen.physical & (seen.walls <= 0).all(axis=1) & (not loose)
        cells = np.flatnonzero(wanting(seen))
        blocks = _blocks(cells)
        items = [{**self.lattice.item(block), "u": u[block]} for block in blocks]
        for block, found in zip(blocks, self.crew.run(polish_cells, self.lattice.fit, items), strict=True):
            met = block[found["found"]]
            u[met], allowed[met] = found["u"][found["found"]], True
        self.u, self.allowed = u, allowed

    def _begin(
        self, wanted: Sequence[tuple[int, Cells]], turn: int, starts: int, report: Report = unheard
    ) -> list[CellMinima]:
        """Search cells from new starts; each search draws from a stream of its own."""
        items, owners = [], []
        for owner, (search, cells) in enumerate(wanted):
            for block in _blocks(cells):
                begin = {"cells": len(block), "starts": starts, "seed": [*self.seed, search, turn]}
                items.append({**self.lattice.item(block), "begin": begin})
                owners.append(owner)
        found = self.crew.run(begin_cells, self.lattice.fit, items, 1, report)
        return [
            _joined([f for f, o in zip(found, owners, strict=True) if o == k]) for k in range(len(wanted))
        ]

    def _settle(self, search: CellMinima) -> None:
        """Let neighbours help, sharpen, and let them help again."""
        every = np.arange(self.lattice.size)
        self._spread(search, every, "first")
        self._descend(search, every, search.u, "second")
        self._spread(search, every, "second")
        if self.lattice.landscape.knots:
            for _ in range(_KNOT_ROUNDS):
                lower = self._descend(search, every, search.u, "knots")
                self._spread(search, lower, "second")

    def _sharpen(self, search: CellMinima, cells: Cells, u: Array) -> None:
        self._descend(search, cells, u, "second")
        if self.lattice.landscape.knots:
            self._descend(search, cells, search.u[cells], "knots")

    def _descend(self, search: CellMinima, cells: Cells, u: Array, curvature: str) -> Cells:
        blocks = _blocks(np.arange(len(cells)))
        items = [{**self.lattice.item(cells[b]), "u": u[b], "curvature": curvature} for b in blocks]
        found = self.crew.run(go_on, self.lattice.fit, items)
        lower = [search.take(cells[b], f["u"], f["value"]) for b, f in zip(blocks, found, strict=True)]
        return np.concatenate([*lower, np.empty(0, dtype=int)])

    def _spread(self, search: CellMinima, changed: Cells, curvature: str) -> None:
        """Hand points to neighbouring cells until none undercuts what the cell has."""
        beside = self.lattice.beside()
        for _ in range(_SWEEPS):
            fresh = np.zeros(self.lattice.size, dtype=bool)
            fresh[changed] = True
            pairs = [(cells[fresh[near]], near[fresh[near]]) for cells, near in beside]
            if not sum(len(cells) for cells, _ in pairs):
                return
            cells, near = (np.concatenate([pair[k] for pair in pairs]) for k in (0, 1))
            value = self.lattice.landscape.value(search.u[near], cells)
            order = np.lexsort((value, cells))
            cells, near, value = cells[order], near[order], value[order]
            first = np.r_[True, cells[1:] != cells[:-1]]
            taken = first & (value < search.value[cells] - UNDERCUT)
            if not taken.any():
                return
            changed = cells[taken]
            search.take(changed, search.u[near[taken]], value[taken])
            self._descend(search, changed, search.u[changed], curvature)

    def _insist(self, turn: int) -> None:
        """Begin again where a search did not reach the best value; its neighbours may then help it."""
        for again in range(_ROUNDS):
            reached = self.reached
            wanted = [(s, cells) for s in range(SEARCHES) if len(cells := np.flatnonzero(~reached[s]))]
            if not wanted:
                return
            begun = self._begin(wanted, turn + again, self.starts * 2**again)
            for (s, cells), found in zip(wanted, begun, strict=True):
                search = self.searches[s]
                search.take(cells, found.u, found.value)
                self._sharpen(search, cells, found.u)
                self._spread(search, cells, "second")

    def _audit(self) -> None:
        """Ask a sample of cells once more, without neighbours.

        Where something lower turns up, everything is searched again with as many starts, and other cells are
        asked. What the audit alone has found is kept, and not certified.
        """
        size = self.lattice.size
        every = np.arange(size)
        self.audited = min(size, max(2, round(_AUDITED * size)))
        for turn in range(2):
            rng = np.random.default_rng([*self.seed, SEARCHES, turn])
            cells = np.sort(rng.choice(size, self.audited, replace=False))
            before = self.best.value[cells]
            (found,) = self._begin([(SEARCHES, cells)], turn, _AUDIT_STARTS)
            self.audit.take(cells, found.u, found.value)
            self._sharpen(self.audit, cells, found.u)
            self.audit_lower = float((before - self.audit.value[cells]).max(initial=0.0))
            if self.audit_lower <= CHI2_TOLERANCE:
                return
            again = self._begin([(s, every) for s in range(SEARCHES)], 100 + turn, _AUDIT_STARTS)
            for search, more in zip(self.searches, again, strict=True):
                search.take(every, more.u, more.value)
                self._settle(search)
            self._insist(200 + 10 * turn)


def _blocks(cells: Cells) -> list[Cells]:
    return [cells[i : i + _CELLS_AT_ONCE] for i in range(0, len(cells), _CELLS_AT_ONCE)]


def _joined(found: Sequence[Mapping[str, Array]]) -> CellMinima:
    return CellMinima(*(np.concatenate([f[key] for f in found]) for key in ("u", "value", "ends")))
