"""The largest value of a quantity that the experiments allow, with its certificate.

Delta chi2 is the total chi2 less the smallest total chi2 at the same value of the `along` parameter. A cell
is certified where two searches without a common start or random stream reach the best value, for the
quantity and for the smallest chi2, and no neighbouring cell undercuts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from numbers import Integral

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew, unheard
from darkmoment.inference.leaning import Bound, bounds_leaned_on, leading
from darkmoment.inference.problem import Problem
from darkmoment.inference.search import SEARCHES, Attempt, CellSearch, insist, launch, search_all
from darkmoment.levels import delta_chi2
from darkmoment.parameters import Array

STARTS = 4
"""Starts per search and cell."""

_OVERALL_STARTS = 12
_NOTED_CHI2 = 9.0

Progress = Callable[[int, int], None]


@dataclass
class Cell:
    """One cell's searches: the smallest chi2, then the largest quantity above it."""

    problem: Problem
    seed: list[int]
    starts: int
    level: float
    floor: CellSearch = field(init=False)
    peak: CellSearch = field(init=False)

    def __post_init__(self) -> None:
        # chi2 does not know the quantity: searched without it, a start costs less
        bare = Problem(self.problem.base, None, self.problem.held)
        self.floor = CellSearch(bare, self.seed, self.starts)
        self.peak = CellSearch(self.problem, self.seed, self.starts, inf)

    @property
    def smooth(self) -> bool:
        """True where some term is not a hard limit."""
        return not self.problem.fit.hard.all()

    @property
    def allowance(self) -> float:
        """Largest total chi2 allowed."""
        return -self.floor.found.score + delta_chi2(self.level) if self.smooth else inf


@dataclass(frozen=True)
class Maximum:
    """Result of `maximise`.

    Attributes
    ----------
    table : DataFrame
        One row per value of `along` (one row without): the answer `<quantity>_max`, the certificate, every
        parameter of the maximising point, `chi2_<term>` of each term there.
    warnings : list of str
        What a reader has to know before quoting the numbers.
    """

    quantity: str
    along: str | None
    level: float
    table: pd.DataFrame
    warnings: list[str]
    bounds: list[list[Bound]]

    @property
    def certified(self) -> bool:
        """True where every cell is certified, or certified but range-driven."""
        return bool(self.table["status"].isin(["certified", "range"]).all())


def grid(fit: Fit, name: str, points: int, window: tuple[float, float] | None = None) -> Array:
    """Return `points` values of a parameter, even in its own coordinate, over its range or a window."""
    p = fit.parameter(name)
    if window is not None:
        lower, upper = window
        logarithmic = p.logarithmic if p.free else lower > 0
        return np.geomspace(lower, upper, points) if logarithmic else np.linspace(lower, upper, points)
    if not p.free:
        raise ValueError(f"{name} is fixed in {fit.label}: an answer cannot be drawn along it")
    return p.from_unit(np.linspace(0.0, 1.0, points))


def maximise(
    fit: Fit,
    quantity: str = "mu_eff",
    along: str | None = None,
    points: int | Sequence[float] = 60,
    level: float = 0.90,
    starts: int = STARTS,
    seed: int = 1,
    progress: Progress | None = None,
    hints: Sequence[Mapping[str, float]] = (),
    crew: Crew | None = None,
) -> Maximum:
    """Find the largest allowed value of a quantity, for each value of a parameter or overall.

    Parameters
    ----------
    fit : Fit
        The fit; every free parameter is searched over.
    quantity : str
        Observable or parameter to maximise.
    along : str, optional
        Free parameter held at each of `points` values in turn; none maximises over everything.
    points : int or sequence of float
        Number of values over the parameter's range, or the values themselves (physical units).
    level : float
        Confidence level; 0.90 allows Delta chi2 = 2.7055 (one parameter of interest, one-sided 95% for an
        unbounded gaussian).
    starts : int
        Starts of each of the two searches, per cell.
    seed : int
        Entropy of all starts: the same seed gives the same numbers.
    progress : callable, optional
        Called with (done, total) as cells are finished.
    hints : sequence of mapping
        Points (physical units) to start from besides; what only they reach is not certified.
    crew : Crew, optional
        Who does the work; this process where left out.

    Returns
    -------
    Maximum

    Raises
    ------
    ValueError
        If the quantity does not exist, `along` is not free and `points` is a number, or a value of `along`
        has no meaning.
    """
    if quantity not in (*fit.model.quantities, *fit.model.parameter_names):
        raise ValueError(f"{fit.label} has no quantity {quantity!r}")
    if starts < 1 or (isinstance(points, Integral) and points < 1):
        raise ValueError(f"points = {points}, starts = {starts}: give at least one of each")
    cells = list(_cells(fit, quantity, along, points, level, starts, seed))
    stages = 2 if cells[0].smooth else 1
    crew = crew or Crew()
    report = progress or unheard
    if cells[0].smooth:
        search_all([cell.floor for cell in cells], crew, lambda done, of: report(done, stages * of))
        for cell in cells:
            cell.peak.allowance = cell.allowance
    search_all(
        [cell.peak for cell in cells], crew, lambda done, of: report(done + (stages - 1) * of, stages * of)
    )
    offers = [Attempt(cell.peak, -1, cell.problem.unit(hint)) for cell in cells for hint in hints]
    if any(launch(offers, crew)):
        insist([cell.peak for cell in cells], crew)
    return _result(fit, quantity, along, level, cells)


def _cells(
    fit: Fit,
    quantity: str,
    along: str | None,
    points: int | Sequence[float],
    level: float,
    starts: int,
    seed: int,
) -> Iterator[Cell]:
    if along is None:
        yield Cell(Problem(fit, quantity), [seed, 0], max(starts, _OVERALL_STARTS), level)
        return
    info = fit.parameter(along).info
    values = (
        grid(fit, along, int(points)) if isinstance(points, Integral) else np.asarray(points, dtype=float)
    )
    if not len(values):
        raise ValueError(f"no value of {along} is given")
    if refusals := [reason for value in values if (reason := info.refusal(float(value)))]:
        raise ValueError(refusals[0])
    for i, value in enumerate(values):
        yield Cell(Problem(fit, quantity, {along: float(value)}), [seed, i], starts, level)


def _result(fit: Fit, quantity: str, along: str | None, level: float, cells: list[Cell]) -> Maximum:
    rows, bounds = [], []
    for cell in cells:
        row, leaned = _row(fit, quantity, along, cell)
        rows.append(row)
        bounds.append(leaned)
    table = pd.DataFrame(rows)
    return Maximum(quantity, along, level, table, _warnings(fit, quantity, table, along, bounds), bounds)


def _row(fit: Fit, quantity: str, along: str | None, cell: Cell) -> tuple[dict[str, object], list[Bound]]:
    found = cell.peak.found
    row: dict[str, object] = {along: cell.problem.held[along]} if along else {}
    floor_u = cell.floor.found.u
    failed = found.u is None or (cell.smooth and floor_u is None)
    u = found.u if found.u is not None else np.full(cell.problem.dimension, 0.5)
    survey = cell.problem.survey(u[None, :])
    value = float("nan") if failed else float(survey.quantities[quantity][0])
    leaned = [] if failed else bounds_leaned_on(cell.problem, u, cell.allowance, floor_u)
    best = (
        np.zeros(len(fit.terms)) if floor_u is None else cell.floor.problem.survey(floor_u[None, :]).chi2[0]
    )
    agreed = found.agreed and (not cell.smooth or cell.floor.found.agreed)
    status = "failed" if failed else "uncertified" if not agreed else "certified"
    if status == "certified" and any(not b.convention for b in leaned):
        status = "range"
    row[f"{quantity}_max"] = value
    row["leading_experiment"] = (
        ""
        if failed
        else leading(fit.terms, fit.hard, survey.strength[0], survey.chi2[0], best, delta_chi2(cell.level))
    )
    row |= {
        "status": status,
        "starts": found.starts,
        "hits": found.hits() if not failed else 0,
        "hits_per_search": "+".join(str(found.hits(s) if not failed else 0) for s in range(SEARCHES)),
        "spread": found.spread,
        "at_bound": "; ".join(map(str, leaned)),
        "chi2_min": float(best.sum()) if cell.smooth else 0.0,
        "chi2_min_hits": cell.floor.found.hits() if floor_u is not None else found.hits(),
        "delta_chi2": float(survey.chi2[0].sum() - best.sum()) if not failed else float("nan"),
        "silent": " ".join(t for k, t in enumerate(fit.terms) if not survey.covered[0, k]),
    }
    values, _ = cell.problem.fit.complete(cell.problem.physical(u[None, :]))
    row |= {
        p.name: float("nan") if failed else float(values[p.name][0])
        for p in fit.parameters
        if p.name != along
    }
    row |= {
        f"chi2_{t}": float("nan") if failed else float(survey.chi2[0, k]) for k, t in enumerate(fit.terms)
    }
    row |= {f"chi2_{t}_at_min": float(best[k]) for k, t in enumerate(fit.terms)}
    return row, leaned


def _warnings(
    fit: Fit, quantity: str, table: pd.DataFrame, along: str | None, bounds: list[list[Bound]]
) -> list[str]:
    """Say in words what limits the validity of the answer."""
    found = []
    where = "cells" if along else "answer"
    datasets = {name: f"{name} ({e.dataset})" for name, e in fit.experiments.items()}
    for term in fit.terms:
        best = table[f"chi2_{term}_at_min"].min()
        if best > _NOTED_CHI2:
            found.append(
                f"{datasets.get(term, term)} is {best**0.5:.1f} sigma from anything this model gives; "
                "limits are conditional on it"
            )
    for status, words in (("uncertified", "are not certified"), ("failed", "have no allowed point")):
        count = int((table["status"] == status).sum())
        if count:
            found.append(f"{count} of {len(table)} {where} {words}")
    if (vanishing := int((table[f"{quantity}_max"] == 0).sum())) and quantity in fit.model.table:
        found.append(
            f"{quantity} is zero in {vanishing} of {len(table)} {where}, whatever the free parameters"
        )
    leaned: dict[str, list[float]] = {}
    for cell in bounds:
        for b in cell:
            key = f"{b.parameter} {b.end} {b.value:.4g}{' (a convention)' if b.convention else ''}"
            leaned.setdefault(key, []).append(b.elasticity)
    for key, values in leaned.items():
        found.append(
            f"the answer leans on {key} in {len(values)} of {len(table)} {where}, "
            f"elasticity {_spread(values)}"
        )
    silent = table["silent"].str.split().explode().dropna()
    for silent_term, count in silent.value_counts().items():
        if silent_term:
            found.append(
                f"{silent_term} says nothing in {count} of {len(table)} {where}: they are outside its range"
            )
    return found


def _spread(values: list[float]) -> str:
    ends = [f"{min(values):.2f}", f"{max(values):.2f}"]
    return " .. ".join(dict.fromkeys(ends))
