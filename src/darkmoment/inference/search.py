"""Global search of cells: two searches each that share no start and no random stream, then the neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from typing import Any

import numpy as np
from scipy.stats import qmc

from darkmoment.inference.charts import CHARTS
from darkmoment.inference.crew import Crew, Report, unheard
from darkmoment.inference.local import search_locally
from darkmoment.inference.problem import Problem, compressed
from darkmoment.parameters import Array

SEARCHES = 2
SCREEN = 64
"""Quasi-random points looked at for each start."""

CHARTED_SCREEN = 512
"""The same where the coordinates are a chart's: made for narrow corners."""

LN_TOLERANCE = 0.005
"""Two values of a logarithmic quantity within 0.5% are the same answer."""

CHI2_TOLERANCE = 0.02
"""Two minima of chi2 within 0.02 are the same answer."""

SWEEPS = 10
TOGETHER = 128
"""Local searches run in step at a time."""

_MORE_ROUNDS = 3
_CLOSE, _PERSISTENT = 0.1, 6


@dataclass
class Findings:
    """What the searches of one cell found; better means a larger `score`.

    Attributes
    ----------
    tolerance : float
        Scores closer than this are the same answer: a difference of logarithms or of chi2, or a fraction of
        the best score where `relative`.
    arrivals : list of (search, score)
        One per start; search is 0 or 1, or -1 for a start handed over by a neighbour.
    u : ndarray (d,)
        The best allowed point; None where there is none.
    score : float
        ln(quantity), or -chi2 for a minimum; -inf where no allowed point was found.
    """

    tolerance: float
    relative: bool = False
    arrivals: list[tuple[int, float]] = field(default_factory=list)
    u: Array | None = None
    score: float = -inf

    def add(self, search: int, u: Array, score: float) -> bool:
        """Record an arrival; return True where it is better than all before by more than the tolerance."""
        self.arrivals.append((search, score))
        return self._take(u, score)

    def lift(self, arrival: int, u: Array, score: float) -> bool:
        """Record that an arrival, given by its place, went on to a better point; return as `add` does."""
        search, before = self.arrivals[arrival]
        self.arrivals[arrival] = (search, max(before, score))
        return self._take(u, score)

    def _take(self, u: Array, score: float) -> bool:
        better = (self.u is None and score > -inf) or score > self.score + self.slack
        if score > self.score:
            self.u, self.score = u, score
        return better

    @property
    def slack(self) -> float:
        """How far below the best a score may lie and still be the same answer."""
        return self.tolerance * abs(self.score) if self.relative and self.u is not None else self.tolerance

    @property
    def starts(self) -> int:
        """Number of independent starts."""
        return sum(search >= 0 for search, _ in self.arrivals)

    def hits(self, search: int | None = None) -> int:
        """Return how many independent starts ended within the tolerance of the best."""
        wanted = range(SEARCHES) if search is None else [search]
        return sum(s in wanted and score >= self.score - self.slack for s, score in self.arrivals)

    @property
    def spread(self) -> float:
        """Difference between the best and the worst independent start that found an allowed point."""
        scores = [score for search, score in self.arrivals if search >= 0 and score > -inf]
        return max(scores) - min(scores) if scores else inf

    @property
    def agreed(self) -> bool:
        """True where each search reached the best value by itself."""
        return self.score > -inf and all(self.hits(search) for search in range(SEARCHES))


def screened(
    problem: Problem,
    merit: Callable[[Array], Array],
    starts: int,
    seed: list[int],
    screen: int = SCREEN,
) -> Array:
    """Return `starts` points, shape (starts, d): the best of a block of quasi-random points each."""
    d = problem.dimension
    if d == 0:
        return np.empty((1, 0))
    with np.errstate(all="ignore"):
        # Sobol points come in powers of two: the next one, cut
        size = starts * screen
        u = qmc.Sobol(d, rng=np.random.default_rng(seed)).random_base2((size - 1).bit_length())[:size]
    found = merit(u).reshape(starts, screen)
    best = found.argmax(axis=1) + screen * np.arange(starts)
    return u[best]


class CellSearch:
    """Search one cell for the largest quantity, or for the smallest chi2.

    Parameters
    ----------
    problem : Problem
        The cell.
    seed : list of int
        Entropy of this cell; each search and each round draws from a stream of its own.
    starts : int
        Starts per search and round.
    allowance : float or None
        Largest smooth chi2 allowed when maximising; None to minimise chi2.
    """

    def __init__(
        self, problem: Problem, seed: list[int], starts: int, allowance: float | None = None
    ) -> None:
        self.problem = problem
        self.seed = seed
        self.starts = starts
        self.allowance = allowance
        quiet = problem.base.hushed()
        self.hushed = None if quiet is None else problem.of(quiet)
        self.charts: tuple[str, ...] = ()
        self.hops = False
        self.ends: list[tuple[int, Attempt, Array]] = []
        relative = allowance is not None and not problem.logarithmic
        self.found = Findings(CHI2_TOLERANCE if allowance is None else LN_TOLERANCE, relative)
        self._rounds = [0] * SEARCHES

    @property
    def point(self) -> dict[str, float]:
        """The best point in physical units, values held included.

        Raises
        ------
        ValueError
            If nothing allowed was found.
        """
        if self.found.u is None:
            raise ValueError("no allowed point was found")
        free = self.problem.physical(self.found.u[None, :])
        return {**{name: float(x[0]) for name, x in free.items()}, **self.problem.held}

    def merit(self, u: Array, problem: Problem | None = None) -> Array:
        """Rank points for a start: the quantity, less what they exceed the limits by."""
        problem = problem or self.problem
        view = problem.view(u)
        excess = 2.0 * np.maximum(view.ln_strength, 0.0).sum(axis=1)
        if problem.target is not None:
            excess += 2.0 * np.abs(view.ln_quantity - problem.target)
        if self.allowance is None:
            return -compressed(view.chi2) - excess
        if self.allowance < inf:
            excess += 2.0 * np.maximum(np.log(np.maximum(view.chi2, 1e-290) / self.allowance), 0.0)
        return view.ln_quantity - excess

    def attempts(self, search: int) -> list[Attempt]:
        """Return one more round of starts of one search."""
        entropy = [*self.seed, search, self._rounds[search], int(self.allowance is None)]
        self._rounds[search] += 1
        # climbs that hop arrive more often, and beside charts the box itself is a side show
        share = 3 if self.charts else 2 if self.hops else 1
        count = max(1, self.starts // share)
        starts = screened(self.problem, self.merit, count, entropy)
        found = [Attempt(self, search, start) for start in starts]
        if self.hushed is not None:
            quiet = screened(self.hushed, partial(self.merit, problem=self.hushed), count, [*entropy, 1])
            found += [Attempt(self, search, start, hushed=True) for start in quiet]
        for k, chart in enumerate(self.charts, 2):
            problem = self.problem.charted(chart)
            merit = partial(self.merit, problem=problem)
            here = screened(problem, merit, max(1, 2 * self.starts // 3), [*entropy, k], CHARTED_SCREEN)
            found += [Attempt(self, search, start, chart=chart) for start in here]
        return found

    def close(self) -> list[tuple[int, Attempt]]:
        """Return arrivals, by their place, of brief climbs that ended just below the best, to go on with.

        Only of a search that has not reached it, and only the best few.
        """
        missing, arrivals = self.missing(), self.found.arrivals
        found = []
        for search in missing:
            mine = [end for end in self.ends if end[1].search == search]
            mine = [end for end in mine if arrivals[end[0]][1] > self.found.score - _CLOSE]
            mine.sort(key=lambda end: -arrivals[end[0]][1])
            found += mine[:_PERSISTENT]
        free = self.problem.free
        starts = [CHARTS[a.chart].coordinates(free, u) if a.chart else u for _, a, u in found]
        return [
            (i, replace(attempt, start=start, persistent=True))
            for (i, attempt, _), start in zip(found, starts, strict=True)
            if start is not None
        ]

    def missing(self) -> list[int]:
        """Return the searches that have not reached the best value by themselves."""
        nothing = self.found.score == -inf
        return [search for search in range(SEARCHES) if nothing or not self.found.hits(search)]


@dataclass(frozen=True)
class Attempt:
    """A start of one cell: by one of its searches, or (-1) at a point handed over by somebody else.

    With `hushed` it is confined to points where experiments say nothing that can fall silent (`Fit.hushed`).
    """

    cell: CellSearch
    search: int
    start: Array
    hushed: bool = False
    chart: str = ""
    """Coordinates of the start, and of the search from it; empty for those of the box."""

    persistent: bool = False
    """False where a climb that hops is brief."""

    def versions(self) -> list[Attempt]:
        """Return the attempt; a point handed over starts a hushed one, and one per chart, as well."""
        if self.search >= 0:
            return [self]
        found = [self] if self.cell.hushed is None else [self, replace(self, hushed=True)]
        for chart in self.cell.charts:
            v = CHARTS[chart].coordinates(self.cell.problem.free, self.start)
            found += [] if v is None else [replace(self, start=v, chart=chart)]
        return found


def launch(
    attempts: Sequence[Attempt], crew: Crew, report: Callable[[int], None] = lambda done: None
) -> list[bool]:
    """Run local searches in step; return for each whether it beat, clearly, what its cell had.

    Parameters
    ----------
    attempts : sequence of Attempt
        Cells of one fit that ask the same question.
    crew : Crew
        Who runs them.
    report : callable, optional
        Called with the number of searches finished.
    """
    each = [(k, version) for k, attempt in enumerate(attempts) for version in attempt.versions()]
    arrivals = _arrivals(
        [version for _, version in each], crew, lambda n: report(n * len(attempts) // len(each))
    )
    better = [False] * len(attempts)
    for (k, attempt), arrival in zip(each, arrivals, strict=True):
        cell = attempt.cell
        if cell.hops and attempt.search >= 0:
            cell.ends.append((len(cell.found.arrivals), attempt, arrival[0]))
        better[k] |= cell.found.add(attempt.search, *arrival)
    return better


def persist(cells: Sequence[CellSearch], crew: Crew) -> None:
    """Go on with brief climbs that ended just below the best of their cell, for searches that need it.

    They are the same starts: their arrivals are lifted, and none is added.
    """
    close = [(cell, i, attempt) for cell in cells if cell.hops for i, attempt in cell.close()]
    ends = _arrivals([attempt for _, _, attempt in close], crew, lambda done: None)
    for (cell, i, _), end in zip(close, ends, strict=True):
        cell.found.lift(i, *end)


def _arrivals(
    attempts: Sequence[Attempt], crew: Crew, report: Callable[[int], None]
) -> list[tuple[Array, float]]:
    """Run local searches in step, those of hushed fits apart."""
    arrivals: dict[int, tuple[Array, float]] = {}
    for hushed in sorted({attempt.hushed for attempt in attempts}):
        chosen = [i for i, attempt in enumerate(attempts) if attempt.hushed == hushed]
        base = attempts[chosen[0]].cell.problem.base
        fit = base.hushed() if hushed else base
        assert fit is not None
        heard = partial(_heard, report, len(arrivals))
        ends = crew.run(search_locally, fit, [_item(attempts[i]) for i in chosen], TOGETHER, heard)
        arrivals |= dict(zip(chosen, ends, strict=True))
    return [arrivals[i] for i in range(len(attempts))]


def _heard(report: Callable[[int], None], before: int, done: int, total: int) -> None:
    report(before + done)


def _item(attempt: Attempt) -> dict[str, Any]:
    problem = attempt.cell.problem
    return {
        "quantity": problem.quantity,
        "held": problem.held,
        "target": problem.wanted,
        "scale": problem.scale,
        "least": problem.least,
        "chart": attempt.chart,
        "hops": attempt.cell.hops,
        "brief": attempt.cell.hops and attempt.search >= 0 and not attempt.persistent,
        "allowance": attempt.cell.allowance,
        "start": attempt.start,
    }


def search_all(
    cells: Sequence[CellSearch],
    crew: Crew,
    report: Report = unheard,
) -> None:
    """Search cells, each by its two searches; search again where they disagree; then let neighbours help."""
    attempts = [a for cell in cells for search in range(SEARCHES) for a in cell.attempts(search)]
    launch(attempts, crew, lambda done: report(done, len(attempts)))
    insist(cells, crew)
    changed = set(range(len(cells)))
    for _ in range(SWEEPS):
        offers = [
            Attempt(cells[i], -1, u)
            for i in range(len(cells))
            for j in (i - 1, i + 1)
            if j in changed and 0 <= j < len(cells) and (u := cells[j].found.u) is not None
        ]
        undercut = {id(o.cell) for o, better in zip(offers, launch(offers, crew), strict=True) if better}
        undercut |= {id(cell) for cell in insist(cells, crew)}
        if not undercut:
            return
        changed = {i for i, cell in enumerate(cells) if id(cell) in undercut}


def insist(cells: Sequence[CellSearch], crew: Crew) -> list[CellSearch]:
    """Search again where the two searches do not agree; return the cells where something better turned up.

    A cell that a neighbour undercut is certified only by what its own searches reach without help.
    """
    before = [cell.found.score for cell in cells]
    persist(cells, crew)
    for _ in range(_MORE_ROUNDS):
        attempts = [a for cell in cells for search in cell.missing() for a in cell.attempts(search)]
        if not attempts:
            break
        launch(attempts, crew)
        persist(cells, crew)
    return [
        cell for cell, score in zip(cells, before, strict=True) if cell.found.score > score + cell.found.slack
    ]
