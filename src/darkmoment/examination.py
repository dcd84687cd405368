"""Experiments from elsewhere are examined when a fit is made, for the rules that shipped ones keep.

What is looked for gives wrong answers without a word: a likelihood that changes the arrays it is given, which
all experiments share, reads what it does not say it reads, or mixes the points of a batch.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from darkmoment.experiments import Likelihood
from darkmoment.experiments.discovery import announced
from darkmoment.experiments.errors import AtFaultError
from darkmoment.model import SCALARS
from darkmoment.parameters import Array

if TYPE_CHECKING:
    from darkmoment.fit import Fit

_STEP = 0.1
"""How far from its reference towards an end of its range a parameter is moved for the second point."""

_SAME = 1e-6
"""Relative difference up to which chi2 of a point alone and in a batch are the same, iterations included."""


class _Watched(Mapping[str, Array]):
    """Predictions that remember what was read, and hand out copies."""

    def __init__(self, found: Mapping[str, Array]) -> None:
        self.found = found
        self.copies: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        if name not in self.copies:
            self.copies[name] = np.array(self.found[name])
        return self.copies[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def changed(self) -> list[str]:
        """Return the names whose copies are no longer what was handed out."""
        same = {name: np.array_equal(x, self.found[name], equal_nan=True) for name, x in self.copies.items()}
        return [name for name, equal in same.items() if not equal]


def examine(fit: Fit) -> None:
    """Examine the experiments of a fit that are not shipped, at its reference point and at one beside it.

    Raises
    ------
    AtFaultError
        If one breaks a rule; the message names it. What it raises itself is left for the points of the fit.
    """
    foreign = [
        name
        for name, asked in fit.spec.experiments.items()
        if asked.definition is not None or name in announced()
    ]
    if not foreign:
        return
    given = {p.name: _two(p.reference, p.bounds) for p in fit.free if p.reference is not None}
    try:
        values, _ = fit.complete(given)
    except ValueError:
        # a tie has no meaning there: nothing to do with experiments, and said where a point is asked for
        return
    p = fit.model.predict(values)
    if not p.positive(SCALARS):
        return
    for name in foreign:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            message = objection(fit.experiments[name], p)
        if message:
            raise AtFaultError(name, f"{name} {message}", str(fit.spec.experiments[name].where))


def objection(experiment: Likelihood, p: Mapping[str, Array]) -> str | None:
    """Say which rule an experiment breaks at a batch of two points, or None; None as well where it raises."""
    watched = _Watched(p)
    try:
        together = np.broadcast_to(np.asarray(experiment.chi2(watched), dtype=float), (2,))
        experiment.covered(watched)
        if changed := watched.changed():
            return f"changes {changed[0]} in place: others read the same array, so take a copy of it first"
        if undeclared := [name for name in watched.copies if name not in experiment.needs]:
            return f"reads {undeclared[0]!r}, which its needs do not name: {', '.join(experiment.needs)}"
        alone = [_alone(experiment, p, row) for row in range(2)]
    except (Exception, SystemExit):
        return None
    if np.isnan(together).any() or np.allclose(together, alone, rtol=_SAME, atol=_SAME):
        return None
    return (
        f"mixes the points of a batch: chi2 of two points is {together[0]:.6g} and {together[1]:.6g}, "
        f"of each alone {alone[0]:.6g} and {alone[1]:.6g}"
    )


def _alone(experiment: Likelihood, p: Mapping[str, Array], row: int) -> float:
    one = {
        name: np.array(p[name][row : row + 1] if len(p[name]) > 1 else p[name]) for name in experiment.needs
    }
    return float(np.ravel(experiment.chi2(one))[0])


def _two(reference: float, ends: tuple[float, float]) -> list[float]:
    lower, upper = ends
    return [reference, reference + _STEP * ((upper if reference < upper else lower) - reference)]
