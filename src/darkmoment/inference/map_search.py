"""The smallest chi2 of every cell of a map: two whole searches that share no start and no random stream.

Each search screens quasi-random points, goes downhill from the best of them, hands good points over to
neighbouring cells of its own, and sharpens what it has with second differences. Where the two do not agree,
the one that is higher begins again with new starts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew, Report, Work, unheard
from darkmoment.inference.downhill import Terms, descend_together, gauss_newton, second_differences
from darkmoment.inference.landscape import Landscape
from darkmoment.inference.lattice import Cells, Lattice, landscape_of
from darkmoment.inference.polish import polish, wanting
from darkmoment.inference.problem import COMPRESS_ABOVE
from darkmoment.inference.search import CHI2_TOLERANCE, SCREEN, SEARCHES
from darkmoment.parameters import Array

UNDERCUT = 1e-3
"""A neighbour's point is taken over where it is lower by this much in chi2."""

_CELLS_AT_ONCE = 150
_STEPS = {"first": 40, "second": 50}
_SWEEPS = 50
_ROUNDS = 3
_AUDITED = 0.02
_AUDITED_MOST = 30
_AUDITED_AT_ONCE = 15
_KNOTS_TRIED = 6
_KNOT_ROUNDS = 2
_KNOT_STEPS = 8
_ENTRIES = 4
_KNOTS_RELAXED = 6000
_AUDIT_STARTS = 4
_AGAIN_STARTS = 16


def begin_cells(fit: Fit, items: Sequence[dict[str, Any]]) -> list[dict[str, Array]]:
    """Search blocks of cells from screened starts; return each cell's best point, and where starts ended."""
    return [_begin(landscape_of(fit, item), **item["begin"]) for item in items]


def _begin(land: Landscape, cells: int, starts: int, seed: Sequence[int]) -> dict[str, Array]:
    d = land.dimension
    numbers = np.arange(cells)
    first = _screened(land, cells, starts, seed)
    owners = np.repeat(numbers, starts)
    u = descend_together(land.terms, first.reshape(cells * starts, d), owners, gauss_newton, _STEPS["first"])
    ends = land.value(u, owners).reshape(cells, starts)
    best = ends.argmin(axis=1)
    return {"u": u.reshape(cells, starts, d)[numbers, best], "value": ends[numbers, best], "ends": ends}


def _screened(land: Landscape, cells: int, starts: int, seed: Sequence[int]) -> Array:
    """Return the best of a block of quasi-random points for each start: shape (cells, starts, d)."""
    numbers = np.arange(cells)
    first = np.empty((cells, starts, land.dimension))
    for k, block in enumerate(_screen(land.dimension, starts, seed)):
        seen = land.terms(np.tile(block, (cells, 1)), np.repeat(numbers, len(block))).sum(axis=1)
        first[:, k] = block[seen.reshape(cells, -1).argmin(axis=1)]
    return first


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
        if kind == "barriers":
            end = descend_together(land.barriers, u, cells, gauss_newton, _STEPS["first"])
        elif kind == "knots":
            end = _over_knots(land, u, item["tried"])
        elif kind == "first":
            end = descend_together(land.terms, u, cells, gauss_newton, _STEPS[kind])
        else:
            end = descend_together(land.totals, u, cells, second_differences, _STEPS[kind])
        found.append({"u": end, "value": land.value(end, cells)})
    return found


def _over_knots(land: Landscape, u: Array, tried: int, barriers: bool = False) -> Array:
    """Look for lower points on the knots of experiments' curves: there slopes tell nothing.

    All knots are asked with the other coordinates as they are; with the best of them held, `tried` a cell,
    the others go downhill for a few steps; from the best few of those, all the way. With `barriers`, walls
    and springs alone count.
    """
    far, exact = (land.barriers, land.barriers) if barriers else (land.terms, land.totals)
    cells = np.arange(len(u))
    for k, knots in land.knots.items():
        points = np.repeat(u[:, None, :], len(knots), axis=1)
        points[:, :, k] = knots
        points = _best_rows(exact, points, tried)
        if points.shape[1] > _KNOTS_TRIED:
            owners = np.repeat(cells, points.shape[1])
            flat = points.reshape(-1, u.shape[1])
            near = descend_together(far, flat, owners, gauss_newton, _KNOT_STEPS, [k])
            points = _best_rows(exact, near.reshape(points.shape), _KNOTS_TRIED)
        start = np.concatenate([u[:, None, :], points], axis=1)
        owners = np.repeat(cells, start.shape[1])
        flat = start.reshape(-1, u.shape[1])
        end = descend_together(exact, flat, owners, second_differences, _STEPS["second"], [k])
        u = _best_rows(exact, end.reshape(start.shape), 1)[:, 0]
    return u


def _best_rows(terms: Terms, points: Array, count: int) -> Array:
    """Return the lowest of each cell's points, shape (cells, count, d)."""
    cells, each, d = points.shape
    owners = np.repeat(np.arange(cells), each)
    value = terms(points.reshape(cells * each, d), owners).sum(axis=1).reshape(cells, each)
    few = np.argsort(value, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(points, few[:, :, None], axis=1)


def enter_cells(fit: Fit, items: Sequence[dict[str, Any]]) -> list[dict[str, Array]]:
    """Look for the way into blocks of cells: from screened starts, down on walls and springs alone."""
    found = []
    for item in items:
        land, (starts, seed) = landscape_of(fit, item), item["enter"]
        numbers, d = np.arange(item["cells"]), land.dimension
        drawn = _screen(d, starts, seed)
        each = [_best_rows(land.barriers, np.repeat(block[None], len(numbers), axis=0), 1) for block in drawn]
        first = np.concatenate(each, axis=1)
        owners = np.repeat(numbers, starts)
        flat = first.reshape(len(owners), d)
        end = descend_together(land.barriers, flat, owners, gauss_newton, _STEPS["first"])
        u = _best_rows(land.barriers, end.reshape(first.shape), 1)[:, 0]
        u = _over_knots(land, u, item["tried"], barriers=True)
        found.append({"u": u, "value": land.value(u, numbers)})
    return found


def polish_cells(fit: Fit, items: Sequence[dict[str, Any]]) -> list[dict[str, Array]]:
    """Meet the constraints of blocks of cells exactly, from given points, one per cell."""
    return polish(fit, items, landscape_of)


def audit_cells(fit: Fit, items: Sequence[dict[str, Any]]) -> list[dict[str, Array]]:
    """Search blocks of cells by another engine: sequential quadratic programming from screened starts."""
    found = []
    for item in items:
        land, (starts, seed) = landscape_of(fit, item), item["audit"]
        first = _screened(land, item["cells"], starts, seed)
        ends = [polish(fit, [{**item, "u": first[:, k]}], landscape_of)[0] for k in range(starts)]
        u, ok = np.array([end["u"] for end in ends]), np.array([end["found"] for end in ends])
        numbers = np.arange(item["cells"])
        chi2 = [
            np.where(o, land.look(points, numbers).chi2.sum(axis=1), np.inf)
            for points, o in zip(u, ok, strict=True)
        ]
        best = np.array(chi2).argmin(axis=0)
        found.append({"u": u[best, numbers], "chi2": np.array(chi2)[best, numbers]})
    return found


@dataclass
class CellMinima:
    """The lowest points found, N cells.

    Attributes
    ----------
    u : ndarray (N, d)
    value : ndarray (N,)
        What points are compared by, see `Landscape.value`: total chi2, tamed above 40, walls and springs.
    ends : ndarray (N, S)
        Where the independent starts of the first round ended, before any neighbour helped.
    exact : ndarray (N, d)
        The same points with constraints met exactly.
    chi2 : ndarray (N,)
        Total chi2 there; inf where no allowed point was found.
    """

    u: Array
    value: Array
    ends: Array
    exact: Array = field(init=False)
    chi2: Array = field(init=False)

    def __post_init__(self) -> None:
        self.exact = np.full_like(self.u, np.nan)
        self.chi2 = np.full(len(self.u), np.inf)
        self._finished = np.full_like(self.u, np.nan)
        self._ever = np.zeros(len(self.u), dtype=bool)

    def take(self, cells: Cells, u: Array, value: Array) -> Cells:
        """Take over points that are lower; return their cells."""
        lower = value < self.value[cells]
        self.u[cells[lower]], self.value[cells[lower]] = u[lower], value[lower]
        return cells[lower]

    def adopt(self, cells: Cells, exact: Array, value: Array, chi2: Array) -> None:
        """Put other points, which are allowed, in place of what these cells have."""
        self.u[cells], self.value[cells] = exact, value
        self.exact[cells], self.chi2[cells] = exact, chi2
        self._finished[cells], self._ever[cells] = exact, True

    def unfinished(self) -> Cells:
        """Return the cells whose point has changed since constraints were last met exactly."""
        return np.flatnonzero(~self._ever | (self._finished != self.u).any(axis=1))

    def finish(self, cells: Cells, exact: Array, chi2: Array) -> None:
        """Take note of exact points; what was lower before stays."""
        self._finished[cells], self._ever[cells] = self.u[cells], True
        lower = cells[(chi2 < self.chi2[cells]) | ~np.isfinite(self.chi2[cells])]
        at = np.searchsorted(cells, lower)
        self.exact[lower], self.chi2[lower] = exact[at], chi2[at]


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
        By how much (chi2) it found the worst of them lower; 0 where all agree within `slack`.
    doubted : bool
        True where two audits in turn found something lower: then nothing is certified.
    """

    lattice: Lattice
    starts: int
    seed: list[int]
    crew: Crew
    searches: list[CellMinima] = field(default_factory=list)
    audited: int = 0
    audit_lower: float = 0.0
    doubted: bool = False
    audit: CellMinima = field(init=False)

    def __post_init__(self) -> None:
        size = self.lattice.size
        empty = np.full((size, self.lattice.landscape.dimension), 0.5)
        self.audit = CellMinima(empty, np.full(size, np.inf), np.empty((size, 0)))

    def run(self, report: Report = unheard) -> None:
        """Search every cell twice, settle disagreements, and audit a sample."""
        self._search_twice(report)
        self._look_aside()
        self._insist(1)
        self._enter()
        self._audit()

    @property
    def _lowest(self) -> tuple[Array, NDArray[np.int_]]:
        every = np.array([s.chi2 for s in (*self.searches, self.audit)])
        k = every.argmin(axis=0)
        return every[k, np.arange(self.lattice.size)], k

    @property
    def chi2(self) -> Array:
        """Smallest total chi2 of each cell, shape (N,); inf where no allowed point was found."""
        return self._lowest[0]

    @property
    def u(self) -> Array:
        """The point of smallest chi2, shape (N, d); where nothing is allowed, how far the search got."""
        chi2, k = self._lowest
        every = np.array([s.exact for s in (*self.searches, self.audit)])
        exact = every[k, np.arange(self.lattice.size)]
        return np.where(np.isfinite(chi2)[:, None], exact, self.searches[0].u)

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Where there is an allowed point, shape (N,)."""
        return np.isfinite(self.chi2)

    @property
    def slack(self) -> Array:
        """How far above the best a chi2 may lie and still be the same answer, shape (N,).

        0.02; where chi2 is more than 40 above what cannot be got rid of, that fraction of the excess.
        """
        chi2 = np.where(self.allowed, self.chi2, 0.0)
        return CHI2_TOLERANCE * np.maximum(1.0, (chi2 - self.lattice.offset) / COMPRESS_ABOVE)

    @property
    def reached(self) -> NDArray[np.bool_]:
        """Which search reached the best value of a cell: shape (searches, N)."""
        found = np.array([s.chi2 for s in self.searches])
        near = np.where(self.allowed, found <= self.chi2 + self.slack, True)
        return near & (not self.doubted)

    @property
    def ends(self) -> tuple[Array, Array]:
        """Where starts ended, shape (N, S), and what the best of them is to be compared with, shape (N,)."""
        ends = np.concatenate([s.ends for s in self.searches], axis=1)
        return ends, np.min([s.value for s in self.searches], axis=0)

    def _search_twice(self, report: Report = unheard) -> None:
        every = np.arange(self.lattice.size)
        self.searches = self._begin([(s, every) for s in range(SEARCHES)], 0, self.starts, report)
        for search in self.searches:
            self._settle(search)

    def _look_aside(self) -> None:
        """Search as well among the points at which experiments say nothing that can fall silent.

        Where they do, chi2 steps down: what lies on the step is out of reach for who comes from above.
        """
        quiet = self.lattice.fit.hushed()
        if quiet is None:
            return
        aside = MapSearch(replace(self.lattice, fit=quiet), self.starts, [*self.seed, 70], self.crew)
        aside._search_twice()
        aside._insist(1)
        every = np.arange(self.lattice.size)
        for search, found in zip(self.searches, aside.searches, strict=True):
            lower = every[found.chi2 < search.chi2]
            if len(lower):
                value = self.lattice.landscape.value(found.exact[lower], lower)
                search.adopt(lower, found.exact[lower], value, found.chi2[lower])

    def _finish(self, search: CellMinima) -> None:
        """Meet constraints exactly, where walls or springs stand in for them.

        Where that fails, go down on walls alone: what is not allowed then is not allowed nearby.
        """
        cells = search.unfinished()
        if not len(cells):
            return
        land, u = self.lattice.landscape, search.u[cells].copy()
        seen = land.look(u, cells)
        ok = seen.physical & (seen.walls <= 0).all(axis=1) & (not seen.misses.shape[1])
        ok = self._polish(cells, u, ok, wanting(seen))
        if not ok.all():
            far = np.flatnonzero(~ok)
            ends = self._run_blocks(go_on, cells[far], u[far], {"curvature": "barriers"})
            u[far] = np.concatenate([f["u"] for f in ends])
            ok = self._polish(cells, u, ok, ~ok & wanting(land.look(u, cells)))
        chi2 = np.where(ok, land.look(u, cells).chi2.sum(axis=1), np.inf)
        search.finish(cells, u, chi2)

    def _polish(
        self, cells: Cells, u: Array, ok: NDArray[np.bool_], which: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Polish some rows of u in place; return where points are allowed now."""
        rows = np.flatnonzero(which)
        if len(rows):
            ends = self._run_blocks(polish_cells, cells[rows], u[rows], {})
            met = np.concatenate([f["found"] for f in ends])
            u[rows[met]] = np.concatenate([f["u"] for f in ends])[met]
            ok = ok.copy()
            ok[rows[met]] = True
        return ok

    def _run_blocks(
        self, work: Work, cells: Cells, u: Array, more: Mapping[str, Any]
    ) -> list[dict[str, Array]]:
        blocks = _blocks(np.arange(len(cells)))
        items = [{**self.lattice.item(cells[b]), "u": u[b], **more} for b in blocks]
        return self.crew.run(work, self.lattice.fit, items)

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
        self._finish(search)

    def _sharpen(self, search: CellMinima, cells: Cells, u: Array) -> None:
        self._descend(search, cells, u, "second")
        if self.lattice.landscape.knots:
            self._descend(search, cells, search.u[cells], "knots")

    def _descend(self, search: CellMinima, cells: Cells, u: Array, curvature: str) -> Cells:
        if not len(cells):
            return cells
        more = {"curvature": curvature, "tried": self._tried}
        found = self._run_blocks(go_on, cells, u, more)
        return search.take(cells, *(np.concatenate([f[key] for f in found]) for key in ("u", "value")))

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
                # a point that leads to nothing allowed is in the way of ones that do
                lost = cells[~np.isfinite(search.chi2[cells])]
                search.value[lost] = np.inf
                search.take(cells, found.u, found.value)
                self._sharpen(search, cells, found.u)
                self._spread(search, cells, "second")
                self._finish(search)

    def _enter(self) -> None:
        """Look again for a way into cells in which neither search has found an allowed point."""
        closed = np.flatnonzero(~self.allowed)
        if not len(closed) or not self.lattice.landscape.dimension:
            return
        for s, search in enumerate(self.searches):
            more = {"enter": [_ENTRIES, [*self.seed, s, 50]], "tried": self._tried}
            blocks = _blocks(closed)
            items = [{**self.lattice.item(b), "cells": len(b), **more} for b in blocks]
            found = self.crew.run(enter_cells, self.lattice.fit, items)
            u, value = (np.concatenate([f[key] for f in found]) for key in ("u", "value"))
            search.u[closed], search.value[closed] = u, value
            self._finish(search)
        opened = np.flatnonzero(np.isin(np.arange(self.lattice.size), closed) & self.allowed)
        for search in self.searches:
            mine = opened[np.isfinite(search.chi2[opened])]
            self._sharpen(search, mine, search.exact[mine])
            self._finish(search)
        if len(opened):
            self._insist(60)

    @property
    def _tried(self) -> int:
        """Knots tried per cell: all where there are few cells."""
        return int(np.clip(_KNOTS_RELAXED // self.lattice.size, _KNOTS_TRIED, 200))

    def _audit(self) -> None:
        """Ask a sample of cells once more: another engine, other coordinates, no neighbours.

        Where something lower turns up, everything is searched again with more starts, and other cells are
        asked. What the audit alone has found is kept, and not certified. A frail lattice is asked everywhere.
        """
        every = np.arange(self.lattice.size)
        for turn in range(2):
            cells = self._sampled(turn)
            self.audited = len(cells)
            before, slack = self.chi2[cells], self.slack[cells]
            u, chi2 = self._asked_once_more(cells, turn)
            self.audit.u[cells] = u
            self.audit.finish(cells, u, chi2)
            seen = np.isfinite(chi2)
            lower = np.where(np.isfinite(before[seen]), before[seen] - chi2[seen], np.inf)
            self.audit_lower = float(lower[lower > slack[seen]].max(initial=0.0))
            if self.lattice.frail or self.audit_lower == 0:
                return
            if turn == 1:
                self.doubted = True
                return
            again = self._begin([(s, every) for s in range(SEARCHES)], 100, _AGAIN_STARTS)
            for search, more in zip(self.searches, again, strict=True):
                search.take(every, more.u, more.value)
                self._settle(search)
            self._insist(200)

    def _sampled(self, turn: int) -> Cells:
        size = self.lattice.size
        if self.lattice.frail:
            return np.arange(size)
        count = min(size, int(np.clip(round(_AUDITED * size), 2, _AUDITED_MOST)))
        rng = np.random.default_rng([*self.seed, SEARCHES, turn])
        return np.sort(rng.choice(size, count, replace=False))

    def _asked_once_more(self, cells: Cells, turn: int) -> tuple[Array, Array]:
        """Return what the audit finds, in this lattice's own coordinates, and its chi2."""
        plain = self.lattice.plain()
        audit = [_AUDIT_STARTS, [*self.seed, SEARCHES, turn]]
        blocks = [cells[i : i + _AUDITED_AT_ONCE] for i in range(0, len(cells), _AUDITED_AT_ONCE)]
        items = [{**plain.item(b), "cells": len(b), "audit": audit} for b in blocks]
        found = self.crew.run(audit_cells, self.lattice.fit, items)
        u, chi2 = (np.concatenate([f[key] for f in found]) for key in ("u", "chi2"))
        own = [p.name for p in self.lattice.landscape.free]
        return u[:, [k for k, p in enumerate(plain.landscape.free) if p.name in own]], chi2


def _blocks(cells: Cells) -> list[Cells]:
    return [cells[i : i + _CELLS_AT_ONCE] for i in range(0, len(cells), _CELLS_AT_ONCE)]


def _joined(found: Sequence[Mapping[str, Array]]) -> CellMinima:
    return CellMinima(*(np.concatenate([f[key] for f in found]) for key in ("u", "value", "ends")))
