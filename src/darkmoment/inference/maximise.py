"""The largest value of a quantity that the experiments allow, with its certificate.

Delta chi2 is the total chi2 less the smallest total chi2 at the same value of the `along` parameter, or less
the Standard Model's where that is asked for. A cell
is certified where two searches without a common start or random stream reach the best value, for the
quantity and for the smallest chi2, and no neighbouring cell undercuts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Integral
from typing import Literal

import numpy as np

from darkmoment.fit import Fit
from darkmoment.inference.asked import (
    check_along,
    check_hints,
    check_points,
    check_quantity,
    check_search,
)
from darkmoment.inference.cell import ORIGINS, Cell
from darkmoment.inference.crew import Crew, unheard
from darkmoment.inference.lattice import lattice
from darkmoment.inference.map_search import MapSearch
from darkmoment.inference.maximum import Maximum, result
from darkmoment.inference.migrad import NOT_ASKED_EACH, ask_migrad
from darkmoment.inference.problem import Problem
from darkmoment.inference.reference import standard_model_chi2
from darkmoment.inference.search import (
    CHI2_TOLERANCE,
    Attempt,
    CellSearch,
    insist,
    launch,
    search_all,
)
from darkmoment.parameters import Array
from darkmoment.results.result import chosen

STARTS = 4
"""Starts per search and cell."""

_OVERALL_STARTS = 12
_PUSHES, _LITTLE = 4, 1e-4

Progress = Callable[[int, int], None]

Origin = Literal["smallest", "standard_model", "standard_model_each"]


def grid(fit: Fit, name: str, points: int, window: tuple[float, float] | None = None) -> Array:
    """Return `points` values of a parameter, even in its own coordinate, over its range or a window."""
    p = fit.parameter(name)
    if window is not None:
        lower, upper = window
        logarithmic = p.logarithmic if p.free else lower > 0
        return np.geomspace(lower, upper, points) if logarithmic else np.linspace(lower, upper, points)
    check_along(fit, name, listed_values=False)
    return p.from_unit(np.linspace(0.0, 1.0, points))


def listed_values(fit: Fit, name: str, values: Sequence[float]) -> Array:
    """Return values of a parameter or observable after checking them.

    Raises
    ------
    ValueError
        If they do not rise, or one has no meaning.
    """
    found = np.asarray(values, dtype=float)
    if found.ndim != 1 or not len(found) or not (np.diff(found) > 0).all() or not np.isfinite(found).all():
        raise ValueError(f"{name}: give finite values in rising order, not {values!r}")
    known = fit.model.table.get(name)
    if known is None:
        info = fit.parameter(name).info
        if refusals := [reason for value in found if (reason := info.refusal(float(value)))]:
            raise ValueError(refusals[0])
    elif known.logarithmic and found[0] <= 0:
        raise ValueError(f"{name} lives on a logarithmic axis: {found[0]:g} has no place on it")
    return found


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
    above: Origin = "smallest",
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
    above : str
        What Delta chi2 is counted from: the smallest total chi2 at the same value of `along`, or that of the
        Standard Model. What does not depend on the couplings (Z width, T) cancels in the former.
        `standard_model_each` counts each term from its own value in the Standard Model, and only upwards:
        what one experiment likes better there pays for no objection of another, so that a further experiment
        never allows more.

    Returns
    -------
    Maximum

    Raises
    ------
    ValueError
        If the quantity does not exist, `along` is not free and `points` is a number, `above` is none of
        these, or a value of `along` has no meaning.

    Examples
    --------
    >>> from darkmoment import Fit, maximise
    >>> found = maximise(Fit.load("global"), "mu_eff", along="m_dark_photon", points=[0.1])
    >>> found.table[["mu_eff_max", "leading_experiment", "status"]].to_dict("records")
    [{'mu_eff_max': 2.55...e-10, 'leading_experiment': 'meg2+na64', 'status': 'range'}]
    >>> print(found.warnings[0])
    the answer leans on g_D max 0.5 (a convention) in 1 of 1 cells, elasticity 1.00
    """
    check_quantity(fit, quantity)
    check_search(level, starts, seed)
    check_points(points)
    check_hints(fit, hints)
    if along is not None:
        check_along(fit, along, not isinstance(points, Integral))
    chosen("above", above, list(ORIGINS))
    cells = list(_cells(fit, quantity, along, points, level, starts, seed))
    if above != "smallest":
        for cell in cells:
            cell.count_from(standard_model_chi2(fit), upwards=above == "standard_model_each")
    sought = cells[0].smooth and above == "smallest"
    stages = 2 if sought else 1
    crew = crew or Crew()
    report = progress or unheard
    if sought:
        search_all([cell.floor for cell in cells], crew, lambda done, of: report(done, stages * of))
        _ask_the_map(fit, cells, seed, crew)
        _ask_migrad(fit, [cell.floor for cell in cells], {}, crew)
        for cell in cells:
            cell.peak.allowance = cell.allowance
    search_all(
        [cell.peak for cell in cells], crew, lambda done, of: report(done + (stages - 1) * of, stages * of)
    )
    offers = [Attempt(cell.peak, -1, cell.problem.unit(hint)) for cell in cells for hint in hints]
    if any([*launch(offers, crew), *_to_the_top(cells, crew)]):
        insist([cell.peak for cell in cells], crew)
    if above == "standard_model_each":
        for cell in cells:
            cell.migrad = NOT_ASKED_EACH
    else:
        asked = [cell for cell in cells if cell.value is not None]
        reached = {quantity: [cell.value for cell in asked if cell.value is not None]}
        said = _ask_migrad(fit, [cell.peak for cell in asked], reached, crew)
        for cell, status in zip(asked, said, strict=True):
            cell.migrad = status
    return result(fit, quantity, along, level, cells)


def _to_the_top(cells: list[Cell], crew: Crew) -> list[bool]:
    """Go on from the best points of climbs that hop, which are brief, until little is gained."""
    better: list[bool] = []
    moving = [cell.peak for cell in cells if cell.peak.hops and cell.peak.found.u is not None]
    for _ in range(_PUSHES):
        before = [peak.found.score for peak in moving]
        better += launch(
            [Attempt(peak, -1, peak.found.u) for peak in moving if peak.found.u is not None], crew
        )
        moving = [p for p, score in zip(moving, before, strict=True) if p.found.score > score + _LITTLE]
        if not moving:
            break
    return better


def _ask_the_map(fit: Fit, cells: list[Cell], seed: int, crew: Crew) -> None:
    """Ask the engine of maps for the smallest chi2 as well; go on from what is lower.

    It takes other steps, and finds what lies behind a hard limit inside a range. Its two searches share no
    start and no random stream with each other or with the two here: what one of them reaches by itself is
    reached by the search of the same number.
    """
    held = {name: np.array([c.problem.held[name] for c in cells]) for name in cells[0].problem.held}
    lines = MapSearch(lattice(fit, (len(cells),), held), STARTS, [seed, 40], crew)
    lines.run()
    u, chi2 = lines.u, lines.chi2
    offers = [
        Attempt(cell.floor, -1, u[i])
        for i, cell in enumerate(cells)
        if chi2[i] < -cell.floor.found.score - CHI2_TOLERANCE
    ]
    lower = launch(offers, crew)
    # what its audit has cast doubt on is no evidence
    for number, search in enumerate(() if lines.doubted else lines.searches):
        for i in np.flatnonzero(np.isfinite(search.chi2)):
            lower.append(cells[i].floor.found.add(number, search.exact[i], -float(search.chi2[i])))
    if any(lower):
        insist([cell.floor for cell in cells], crew)


def _ask_migrad(
    fit: Fit, searches: list[CellSearch], reached: Mapping[str, list[float]], crew: Crew
) -> list[str]:
    """Ask MIGRAD whether chi2 is as small as can be where searches ended; go on from what is lower.

    Parameters
    ----------
    reached : mapping of str to list of float
        The quantity's value in each cell, for it to be held at; none for the smallest chi2.
    """
    searches = [search for search in searches if search.found.u is not None]
    if not searches:
        return []
    held = {name: [search.problem.held[name] for search in searches] for name in searches[0].problem.held}
    cells = {name: np.array(value) for name, value in {**held, **reached}.items()}
    opinions = ask_migrad(lattice(fit, (len(searches),), cells), [s.point for s in searches], crew)
    offers = [
        Attempt(search, -1, search.problem.unit(opinion.point))
        for search, opinion in zip(searches, opinions, strict=True)
        if opinion.lower > CHI2_TOLERANCE
    ]
    if any(launch(offers, crew)):
        insist(searches, crew)
    return [
        f"lower by {opinion.lower:.2g}" if opinion.lower > CHI2_TOLERANCE and reached else opinion.status
        for opinion in opinions
    ]


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
