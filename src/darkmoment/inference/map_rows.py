"""What was found in the cells of a map, as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import log

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import nnls

from darkmoment.experiments import Likelihood
from darkmoment.fit import Fit
from darkmoment.inference.landscape import Landscape
from darkmoment.inference.map_search import MapSearch
from darkmoment.inference.search import CHI2_TOLERANCE, SEARCHES
from darkmoment.inference.steps import steps
from darkmoment.parameters import Array, Parameter

NOTHING = "none"
"""Leading experiment of a cell that no term minds."""

_MINDED = 0.01
_JOINED = 0.05
_HARD_EDGE = np.log(0.999)
_AT_BOUND = 1e-6
_STEP = 1e-6
_PULL = 0.05
_TOUCHING = -1e-4


@dataclass(frozen=True)
class Pull:
    """A range end that a cell's Delta chi2 leans on.

    Attributes
    ----------
    slope : float
        d Delta chi2 / d ln(range end); d Delta chi2 / d(range end) where the end is zero.
    convention : bool
        True where the run file marks the parameter's range as a convention.
    """

    parameter: str
    end: str
    value: float
    slope: float
    convention: bool

    def __str__(self) -> str:
        mark = " convention" if self.convention else ""
        return f"{self.parameter} {self.end} {self.value:.4g} ({self.slope:+.2g}{mark})"


def cell_rows(search: MapSearch, floors: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return a row per cell: axes, chi2, certificate, parameters and terms.

    Parameters
    ----------
    search : MapSearch
        A finished search.
    floors : DataFrame, optional
        Rows of the smallest chi2 at each value of the first axis; `leading_experiment` counts from them.
    """
    land, every = search.lattice.landscape, np.arange(search.lattice.size)
    u, allowed = search.u, search.allowed
    seen = land.look(u, every)
    table = pd.DataFrame({**search.lattice.held, **search.lattice.targets}, index=every)
    table["chi2"] = search.chi2
    agreed = search.reached.all(axis=0)
    table["status"] = np.where(agreed, np.where(allowed, "certified", "failed"), "uncertified")
    ends, value = search.ends
    close = (ends <= value[:, None] + CHI2_TOLERANCE).reshape(len(ends), SEARCHES, -1).sum(axis=2)
    table["starts"] = ends.shape[1]
    table["hits"] = close.sum(axis=1)
    table["hits_per_search"] = ["+".join(map(str, row)) for row in close]
    table["spread"] = ends.max(axis=1) - ends.min(axis=1)
    given = {p.name: v for p, v in zip(land.free, u.T, strict=True)}
    points = {p.name: p.from_unit(given[p.name]) for p in land.free} | dict(search.lattice.held) | seen.solved
    complete, _ = search.lattice.fit.complete(_meaningful(points, allowed))
    for p in search.lattice.fit.parameters:
        if p.name not in table:
            value = np.broadcast_to(complete[p.name], (len(every),))
            table[p.name] = np.where(allowed, value, np.nan)
    terms = search.lattice.fit.terms
    for k, term in enumerate(terms):
        table[f"chi2_{term}"] = np.where(allowed, seen.chi2[:, k], np.nan)
    table["silent"] = [
        " ".join(t for t, heard in zip(terms, row, strict=True) if not heard) for row in seen.covered
    ]
    if floors is not None:
        table["leading_experiment"] = _leading(search, seen.chi2, seen.walls, allowed, floors)
    return table


def _meaningful(points: dict[str, Array], allowed: NDArray[np.bool_]) -> dict[str, Array]:
    """Return points with those that are not allowed replaced by one that is: their values are not shown."""
    if not allowed.any():
        return {}
    stand_in = int(np.flatnonzero(allowed)[0])
    return {name: np.where(allowed, value, value[stand_in]) for name, value in points.items()}


def _leading(
    search: MapSearch, chi2: Array, walls: Array, allowed: NDArray[np.bool_], floors: pd.DataFrame
) -> list[str]:
    """Name what forbids each cell: the terms that grew most above the smallest chi2 at the same x."""
    land, terms = search.lattice.landscape, search.lattice.fit.terms
    least = floors[[f"chi2_{t}" for t in terms]].to_numpy()
    growth = chi2 - np.repeat(np.nan_to_num(least), len(chi2) // len(least), axis=0)
    growth[:, land.hard] = 0.0
    hard = np.flatnonzero(land.hard)
    top = growth.max(axis=1)
    names = []
    for i, stepped in enumerate(_steps(search)):
        found = [terms[k] for column, k in enumerate(hard) if walls[i, column] > _HARD_EDGE] + stepped
        if not allowed[i]:
            names.append("+".join(found) or "range")
            continue
        if top[i] > _MINDED:
            found += [t for k, t in enumerate(terms) if growth[i, k] >= (1 - _JOINED) * top[i]]
        names.append("+".join(found) or NOTHING)
    return names


def range_pulls(search: MapSearch, lines: MapSearch) -> list[list[Pull]]:
    """Return the range ends that each cell's chi2, less the smallest at the same x, leans on.

    At a minimum, the slope of chi2 is balanced by the limits it touches and by the ends of the box; what is
    left along a coordinate at an end is the pull of that end. Where the smallest chi2 at that x feels the
    same pull, their difference does not.
    """
    cells, floors = _pulls(search), _pulls(lines)
    per_x = len(cells) // len(floors)
    found = []
    for i, own in enumerate(cells):
        below = floors[i // per_x]
        bounds = []
        for key in dict.fromkeys([*own, *below]) if search.allowed[i] else ():
            slope = own.get(key, 0.0) - below.get(key, 0.0)
            if abs(slope) > _PULL:
                p = search.lattice.fit.parameter(key[0])
                value = p.bounds[1] if key[1] == "max" else p.bounds[0]
                bounds.append(Pull(p.name, key[1], value, slope, p.convention))
        found.append(bounds)
    return found


def _pulls(search: MapSearch) -> list[dict[tuple[str, str], float]]:
    """Return d chi2 / d ln(range end) for each (parameter, end) that the smallest chi2 of a cell leans on."""
    found: list[dict[tuple[str, str], float]] = [{} for _ in range(search.lattice.size)]
    stepped = np.array([bool(names) for names in _steps(search)])
    ways = [(search.lattice.landscape, search.allowed & ~stepped)]
    quiet = search.lattice.fit.hushed()
    if quiet is not None and stepped.any():
        # there the limit is where experiments fall silent: chi2 itself has no slope across it
        ways.append((replace(search.lattice, fit=quiet).landscape, stepped))
    for land, cells in ways:
        if cells.any():
            _pull_cells(land, search.u, np.flatnonzero(cells), found)
    return found


def _steps(search: MapSearch) -> list[list[str]]:
    """Name, for each cell, the experiments that fall silent exactly where its smallest chi2 is."""
    found: list[list[str]] = [[] for _ in range(search.lattice.size)]
    cells = np.flatnonzero(search.allowed)
    if search.lattice.fit.hushed() is None or not len(cells):
        return found
    land, u = search.lattice.landscape, search.u[cells]
    points = {p.name: p.from_unit(x) for p, x in zip(land.free, u.T, strict=True)}
    points |= {name: value[cells] for name, value in search.lattice.held.items()}
    points |= land.look(u, cells).solved
    for i, names in zip(cells, steps(search.lattice.fit, points), strict=True):
        found[i] = names
    return found


def _pull_cells(
    land: Landscape, u: Array, cells: NDArray[np.int_], found: list[dict[tuple[str, str], float]]
) -> None:
    """Fill in what some cells, all allowed, lean on."""
    touching = land.look(u[cells], cells).walls > _TOUCHING
    edge = (u[cells] < _AT_BOUND) | (u[cells] > 1 - _AT_BOUND)
    some = edge.any(axis=1) | touching.any(axis=1)
    cells, touching, edge = cells[some], touching[some], edge[some]
    chi2, walls = _slopes(land, u, cells)
    ends = _wall_ends(land)
    for slope, wall_slopes, i, touched, at in zip(chi2, walls, cells, touching, edge, strict=True):
        active, inner = np.flatnonzero(touched), ~at
        if len(active) and inner.any():
            weights, _ = nnls(wall_slopes[inner][:, active], -slope[inner])
            slope = slope + wall_slopes[:, active] @ weights
            for wall, weight in zip(active, weights, strict=True):
                if (end := ends[wall]) is not None:
                    found[i][end] = -float(weight) if end[1] == "max" else float(weight)
        for k in np.flatnonzero(at):
            end, pull = _pull(land.free[k], float(u[i, k]), float(slope[k]))
            if pull:
                found[i][end] = pull


def _pull(p: Parameter, at: float, slope: float) -> tuple[tuple[str, str], float]:
    lower, upper = p.bounds
    end, value = ("max", upper) if at > 0.5 else ("min", lower)
    leaning = slope < 0 if end == "max" else slope > 0
    if not leaning or value in p.info.domain:
        return (p.name, end), 0.0
    per_unit = slope / log(upper / lower) if p.logarithmic else slope * (value or 1.0) / (upper - lower)
    return (p.name, end), per_unit


def _wall_ends(land: Landscape) -> list[tuple[str, str] | None]:
    """Return, for each wall, the (parameter, end) it stands for; None for a hard limit."""
    found: list[tuple[str, str] | None] = [None] * int(land.hard.sum())
    return found + [(name, end) for name in land.solved for end in ("max", "min")]


def _slopes(land: Landscape, u: Array, cells: NDArray[np.int_]) -> tuple[Array, Array]:
    """Return the slopes of chi2, (m, d), and of the walls, (m, d, W), at the points of some cells."""
    m, d = len(cells), land.dimension
    if not m or not d:
        return np.empty((m, d)), np.empty((m, d, len(_wall_ends(land))))
    step = np.where(u[cells] < 0.5, _STEP, -_STEP)
    points = np.repeat(u[cells][:, None, :], d + 1, axis=1)
    points[:, np.arange(d), np.arange(d)] += step
    seen = land.look(points.reshape(-1, d), np.repeat(cells, d + 1))
    chi2 = seen.chi2[:, ~land.hard].sum(axis=1).reshape(m, d + 1)
    walls = seen.walls.reshape(m, d + 1, -1)
    return (chi2[:, :d] - chi2[:, d:]) / step, (walls[:, :d] - walls[:, d:]) / step[:, :, None]


def silence(table: pd.DataFrame, reasons: Mapping[str, str]) -> list[str]:
    """Say how many cells each experiment says nothing in, and why.

    Parameters
    ----------
    table : DataFrame
        With a column `silent`.
    reasons : mapping of str to str
        Experiment -> why; its range where there is none.
    """
    counts = table["silent"].str.split().explode().dropna().value_counts()
    return [
        f"{term} says nothing in {count} of {len(table)} cells: {reasons.get(str(term), Likelihood.silence)}"
        for term, count in counts.items()
        if term
    ]


def reasons_for_silence(fit: Fit) -> dict[str, str]:
    """Return why each experiment says nothing where it does."""
    return {name: experiment.silence for name, experiment in fit.experiments.items()}
