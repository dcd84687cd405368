"""The last step of a map: where a wall or a spring holds a cell, the minimum with the constraint itself.

Walls and springs give way a little under a load. Sequential quadratic programming meets the constraints
they stand for exactly, from a start that is nearly there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from darkmoment.fit import Fit
from darkmoment.inference.climb import MARGIN, ON_TARGET, Differentiate, descend
from darkmoment.inference.landscape import Landscape, Seen
from darkmoment.inference.lockstep import lockstep
from darkmoment.inference.problem import View, slopes, stencil
from darkmoment.parameters import Array

_TOUCHING = -0.03
_HOPELESS = 0.3
_INSIDE = 1e-6
_RESTORATIONS = 8


@dataclass(frozen=True)
class _MapCell:
    """One cell of a landscape, as a local search sees it."""

    land: Landscape
    number: int

    @property
    def dimension(self) -> int:
        return self.land.dimension

    @property
    def limited(self) -> bool:
        return bool(self.land.solved) or bool(self.land.hard.any())

    @property
    def targeted(self) -> bool:
        return bool(self.land.sprung)

    def differentiate(self, u: Array) -> tuple[View, View]:
        points = stencil(u)
        return slopes(points, self.land.view(points, np.full(len(points), self.number)))


def wanting(seen: Seen) -> np.ndarray:
    """Return where constraints are touched, or missed by little: shape (n,) of bool."""
    worst = seen.walls.max(axis=1, initial=-np.inf)
    return seen.physical & (((worst > _TOUCHING) & (worst < _HOPELESS)) | bool(seen.misses.shape[1]))


def _restored(u: Array, differentiate: Differentiate) -> Array:
    """Return a point near u that meets the constraints, if linear steps lead to one.

    chi2 above 40 and walls are straight lines to one another: from outside, the merit function of a
    sequential quadratic program sees no way in.
    """
    for _ in range(_RESTORATIONS if len(u) else 0):
        view, slope = differentiate(u)
        broken = view.ln_strength[0] > -MARGIN
        off = np.abs(view.misses[0]) > ON_TARGET / 10
        if not broken.any() and not off.any():
            break
        rows = np.concatenate([slope.ln_strength[:, broken].T, slope.misses[:, off].T])
        wanted = -np.concatenate([view.ln_strength[0][broken] + _INSIDE, view.misses[0][off]])
        step = np.linalg.lstsq(rows, wanted, rcond=None)[0]
        stuck = ((u <= 0.0) & (step < 0)) | ((u >= 1.0) & (step > 0))
        if stuck.any():
            step = np.linalg.lstsq(np.where(stuck, 0.0, rows), wanted, rcond=None)[0]
        u = np.clip(u + step, 0.0, 1.0)
    return u


def polish(
    fit: Fit, items: Sequence[dict[str, Any]], landscape_of: Callable[[Fit, dict[str, Any]], Landscape]
) -> list[dict[str, Array]]:
    """Meet the constraints of blocks of cells exactly; see `map_search.polish_cells`.

    Returns
    -------
    list of dict
        u : ndarray (n, d), and found : ndarray (n,) of bool, False where no allowed point was met.
    """
    answers = []
    for item in items:
        land, start = landscape_of(fit, item), item["u"]
        cells = [_MapCell(land, i) for i in range(len(start))]

        def answer_all(asked: list[tuple[int, Array]], land: Landscape = land) -> list[tuple[View, View]]:
            around = [stencil(u) for _, u in asked]
            size = len(around[0])
            seen = land.view(np.concatenate(around), np.repeat([i for i, _ in asked], size))
            return [slopes(points, seen[k * size : (k + 1) * size]) for k, points in enumerate(around)]

        def job(cell: _MapCell, differentiate: Differentiate, start: Array = start) -> tuple[Array, bool]:
            arrival = descend(cell, _restored(start[cell.number], differentiate), differentiate)
            return arrival.u, bool(np.isfinite(arrival.value))

        ends = lockstep([partial(job, cell) for cell in cells], answer_all)
        answers.append({"u": np.array([u for u, _ in ends]), "found": np.array([ok for _, ok in ends])})
    return answers
