"""The cells of a map: which parameters and observables they hold at what, and how that is brought about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from darkmoment.fit import Fit
from darkmoment.inference.elimination import Elimination, eliminate_most
from darkmoment.inference.implicit import Implicit, Solution, implicit_solutions
from darkmoment.inference.landscape import Landscape
from darkmoment.inference.problem import quantity_scale
from darkmoment.parameters import Array

Cells = NDArray[np.int_]

_SAMPLED = 12
_SCREENED = 128


@dataclass(frozen=True)
class Lattice:
    """The cells of a map, numbered row by row.

    Attributes
    ----------
    shape : tuple of int
        Cells along each axis; their product is N.
    held, targets : mapping of str to ndarray (N,)
        Parameters at values and observables at targets, in their units.
    solution : Elimination, Implicit or None
        How targets are met.
    scales, offset
        As for `Landscape`.
    """

    fit: Fit
    shape: tuple[int, ...]
    held: Mapping[str, Array]
    targets: Mapping[str, Array]
    solution: Solution | None = None
    scales: Mapping[str, float] = field(default_factory=dict)
    offset: float = 0.0
    landscape: Landscape = field(init=False)

    def __post_init__(self) -> None:
        found = Landscape(self.fit, self.held, self.targets, self.solution, self.scales, self.offset)
        object.__setattr__(self, "landscape", found)

    @property
    def frail(self) -> bool:
        """True where searches may well agree on a wrong answer: targets met by more than powers.

        Solutions that leave their range then cut the box into pieces, and springs make curved valleys.
        """
        solution = self.solution
        return bool(self.landscape.sprung) or (isinstance(solution, Implicit) and solution.below is not None)

    def plain(self) -> Lattice:
        """Return the same cells with every parameter free and every target a constraint."""
        return Lattice(self.fit, self.shape, self.held, self.targets, None, self.scales, self.offset)

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
            "offset": self.offset,
        }
        return found | {"solve": _plain(self.solution)}

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


def lattice(fit: Fit, shape: tuple[int, ...], cells: Mapping[str, Array], offset: float = 0.0) -> Lattice:
    """Return cells with parameters or observables at given values; see `Lattice`."""
    held = {name: value for name, value in cells.items() if name in fit.model.parameter_names}
    targets = {name: value for name, value in cells.items() if name not in held}
    linear = [q for q in targets if not fit.model.table[q].logarithmic]
    scales = {q: quantity_scale(fit, q) for q in linear}
    solution: Solution | None = eliminate_most(fit, list(targets), list(held))
    for quantity in targets:
        if solution is None or quantity not in solution.quantities:
            ways = implicit_solutions(fit, quantity, list(held), solution, targets)
            solution = _best_way(fit, held, targets, ways) or solution
    return Lattice(fit, shape, held, targets, solution, scales, offset)


def _best_way(
    fit: Fit, held: Mapping[str, Array], targets: Mapping[str, Array], ways: Sequence[Implicit]
) -> Implicit | None:
    """Return the solution under which screening finds the lowest chi2: it has the least walls in the way."""
    if len(ways) < 2:
        return ways[0] if ways else None
    size = len(next(iter(targets.values())))
    few = np.unique(np.linspace(0, size - 1, _SAMPLED).round().astype(int))
    scores = []
    for way in ways:
        land = Landscape(
            fit, {n: v[few] for n, v in held.items()}, {q: t[few] for q, t in targets.items()}, way
        )
        drawn = qmc.Sobol(land.dimension, rng=0).random(_SCREENED) if land.dimension else np.empty((1, 0))
        numbers = np.repeat(np.arange(len(few)), len(drawn))
        seen = land.value(np.tile(drawn, (len(few), 1)), numbers).reshape(len(few), -1)
        scores.append(float(seen.min(axis=1).mean()))
    return ways[int(np.argmin(scores))]


def landscape_of(fit: Fit, item: Mapping[str, Any]) -> Landscape:
    """Return the cells of an item."""
    solution = _restored(fit, item["solve"])
    return Landscape(fit, item["held"], item["targets"], solution, item["scales"], item["offset"])


def _plain(solution: Solution | None) -> list[Any] | None:
    if solution is None:
        return None
    if isinstance(solution, Elimination):
        return [list(solution.quantities), list(solution.parameters), solution.powers]
    return [solution.quantity, solution.parameter, solution.rising, _plain(solution.below)]


def _restored(fit: Fit, plain: list[Any] | None) -> Solution | None:
    if plain is None:
        return None
    if len(plain) == 3:
        return Elimination(tuple(plain[0]), tuple(plain[1]), plain[2])
    return Implicit(fit, plain[0], plain[1], plain[2], _restored(fit, plain[3]))
