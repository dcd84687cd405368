"""MIGRAD (iminuit) as a second opinion on what the global search found.

It does not search: on this likelihood most of its starts end, 'valid', on a plateau far from the smallest
chi2. From the point found it either confirms that chi2 has a minimum there, at the value of the quantity
reached, or it finds a lower one, and then the search goes on from that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from iminuit import Minuit

from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew
from darkmoment.inference.lattice import Lattice, landscape_of
from darkmoment.inference.lockstep import lockstep
from darkmoment.inference.problem import stencil
from darkmoment.parameters import Array

NOT_ASKED_HARD = "not asked: hard limits have no gradient"
NOT_ASKED_FIXED = "not asked: nothing is free"
NOT_ASKED_EACH = "not asked: it minimises the total, and here terms count upwards only"
NOT_ASKED_SUM = "not asked: the quantity is a power of no free parameter"

_TOGETHER = 64
_TOLERANCE = 1e-3
"""Of EDM, in units of 0.002: tighter than MIGRAD's own 0.1, since limits are read off chi2 to 0.02."""


@dataclass(frozen=True)
class Opinion:
    """What MIGRAD says of one cell.

    Attributes
    ----------
    status : str
        'valid', 'not valid', or why it was not asked.
    point : dict of str to float
        Where it ended, in physical units, parameters of the cell included; empty where not asked.
    lower : float
        By how much chi2 fell from where it started.
    """

    status: str
    point: Mapping[str, float]
    lower: float


def not_asked(reason: str) -> Opinion:
    """Return the opinion of who was not asked."""
    return Opinion(reason, {}, 0.0)


def ask_migrad(lattice: Lattice, points: Sequence[Mapping[str, float]], crew: Crew) -> list[Opinion]:
    """Run MIGRAD on chi2 in every cell of a lattice, side by side.

    Parameters
    ----------
    lattice : Lattice
        N cells; hard limits and springs are not for MIGRAD.
    points : sequence of mapping
        Where each begins: every free parameter of the fit, in physical units.
    crew : Crew
        Who runs them.
    """
    land = lattice.landscape
    if lattice.fit.hard.any():
        return [not_asked(NOT_ASKED_HARD)] * lattice.size
    if land.sprung:
        return [not_asked(NOT_ASKED_SUM)] * lattice.size
    if not land.dimension:
        return [not_asked(NOT_ASKED_FIXED)] * lattice.size
    columns = [[float(p.to_unit(np.asarray(point[p.name]))) for p in land.free] for point in points]
    u = np.clip(np.array(columns), 0.0, 1.0)
    items = [{**lattice.item(np.array([i])), "u": u[i]} for i in range(lattice.size)]
    ends = crew.run(migrad_cells, lattice.fit, items, _TOGETHER)
    opinions = []
    for i, (end, valid) in enumerate(ends):
        both = np.array([u[i], end])
        seen = land.look(both, np.array([i, i]))
        before, after = seen.chi2.sum(axis=1)
        allowed = bool((seen.walls[1] <= 1e-9).all()) and np.isfinite(after)
        point = {p.name: float(p.from_unit(end[k : k + 1])[0]) for k, p in enumerate(land.free)}
        point |= {name: float(value[i]) for name, value in lattice.held.items()}
        point |= {name: float(value[1]) for name, value in seen.solved.items()}
        lower = float(before - after) if allowed else 0.0
        opinions.append(Opinion("valid" if valid else "not valid", point, max(lower, 0.0)))
    return opinions


def migrad_cells(fit: Fit, items: Sequence[dict[str, Any]]) -> list[tuple[Array, bool]]:
    """Run MIGRAD from a point of each cell, in step; return where it ended and whether it is valid."""
    land = landscape_of(fit, _joined(items))
    names = [p.name for p in land.free]

    def answer_all(asked: list[tuple[int, Array]]) -> list[tuple[float, Array]]:
        around = [stencil(u) for _, u in asked]
        size = len(around[0])
        value = land.value(np.concatenate(around), np.repeat([i for i, _ in asked], size))
        return [_gradient(points, value[k * size : (k + 1) * size]) for k, points in enumerate(around)]

    return lockstep([partial(_migrad, item["u"], names) for item in items], answer_all)


def _joined(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return cells of the same lattice as one item."""
    first = items[0]
    return first | {
        key: {name: np.concatenate([item[key][name] for item in items]) for name in first[key]}
        for key in ("held", "targets")
    }


def _gradient(points: Array, value: Array) -> tuple[float, Array]:
    """Return the value at the centre of a stencil, and the gradient there."""
    d = points.shape[1]
    rows = np.arange(d)
    width = points[1 + rows, rows] - points[1 + d + rows, rows]
    return float(value[0]), (value[1 : d + 1] - value[d + 1 :]) / width


def _migrad(start: Array, names: list[str], ask: Any) -> tuple[Array, bool]:
    last: dict[bytes, tuple[float, Array]] = {}

    def seen(u: Array) -> tuple[float, Array]:
        # where chi2 does not move at all, MIGRAD divides by its slope
        u = np.clip(np.where(np.isfinite(u), u, start), 0.0, 1.0)
        key = u.tobytes()
        if key not in last:
            last.clear()
            last[key] = ask(u)
        return last[key]

    minuit = Minuit(lambda u: seen(u)[0], start, grad=lambda u: seen(u)[1], name=names)
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.limits = [(0.0, 1.0)] * len(start)
    minuit.tol = _TOLERANCE
    minuit.migrad()
    end = np.array(minuit.values)
    if not np.isfinite(end).all():
        return start, False
    return np.clip(end, 0.0, 1.0), bool(minuit.valid)
