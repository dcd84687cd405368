"""Meet the targets of observables by solving for parameters they are powers of, e.g. epsilon for mu_eff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import qmc

from darkmoment.fit import Fit
from darkmoment.model import Predictions
from darkmoment.parameters import Array

FARTHEST = 60.0
"""A solution moves by this many e-folds at most: far outside its range it is forbidden anyway."""

_PROBES = 32
_SAME_POWER = 1e-6


@dataclass(frozen=True)
class Elimination:
    """Parameters that meet the targets of observables, whatever the other parameters.

    Attributes
    ----------
    quantities : tuple of str
        Q observables on logarithmic axes.
    parameters : tuple of str
        Q free parameters.
    powers : ndarray (Q, Q)
        quantity i goes as parameter j to the power powers[i, j], exactly.
    """

    quantities: tuple[str, ...]
    parameters: tuple[str, ...]
    powers: Array

    def solve(self, p: Predictions) -> dict[str, Array]:
        """Return the parameters that bring the quantities of `p` to the targets held in it."""
        with np.errstate(divide="ignore", invalid="ignore"):
            missing = np.array([np.log(p[target_of(q)] / np.abs(p[q])) for q in self.quantities])
        missing = np.clip(np.nan_to_num(missing, nan=FARTHEST), -FARTHEST, FARTHEST)
        steps = np.clip(np.linalg.solve(self.powers, missing), -FARTHEST, FARTHEST)
        return {name: p[name] * np.exp(step) for name, step in zip(self.parameters, steps, strict=True)}


def target_of(quantity: str) -> str:
    """Return the name under which a quantity's target travels with the points."""
    return f"{quantity} wanted"


def eliminate_most(fit: Fit, quantities: Sequence[str], held: Sequence[str] = ()) -> Elimination | None:
    """Find an elimination for as many of the observables as there is one for; None for none of them."""
    for count in range(len(quantities), 0, -1):
        for some in combinations(quantities, count):
            found = eliminate(fit, some, held)
            if found is not None:
                return found
    return None


def eliminate(fit: Fit, quantities: Sequence[str], held: Sequence[str] = ()) -> Elimination | None:
    """Find free parameters to solve for, so that observables take given values.

    Parameters
    ----------
    fit : Fit
        The fit.
    quantities : sequence of str
        Observables that will be given targets.
    held : sequence of str
        Parameters that are not free to be solved for.

    Returns
    -------
    Elimination or None
        None where some observable is a power of no free parameter (a sum of terms, say). Of several
        parameters that will do, the one with the widest range is taken: its ends are least in the way.
    """
    if not all(q in fit.model.table and fit.model.table[q].logarithmic for q in quantities):
        return None
    tied = {name for p in fit.parameters if p.tie is not None for name in p.tied_to}
    able = [p for p in fit.free if p.logarithmic and p.name not in (*held, *tied)]
    able.sort(key=lambda p: -np.log(p.bounds[1] / p.bounds[0]))
    powers = {p.name: powers_of(fit, p.name, quantities) for p in able}
    known = [name for name, found in powers.items() if found is not None]
    for chosen in combinations(known, len(quantities)):
        matrix = np.array([powers[name] for name in chosen]).T
        if abs(np.linalg.det(matrix)) > _SAME_POWER:
            return Elimination(tuple(quantities), chosen, matrix)
    return None


def powers_of(fit: Fit, name: str, quantities: Sequence[str]) -> list[float] | None:
    """Return the power with which each quantity goes as a parameter; None where one is not a power."""
    u = qmc.Sobol(len(fit.free), rng=0).random(_PROBES)
    points = {p.name: p.from_unit(u[:, i]) for i, p in enumerate(fit.free)}
    lower, upper = fit.parameter(name).bounds
    found = []
    for quantity in quantities:
        # within the range, and by a factor that is not special
        at = [
            fit.survey({**points, name: np.full(_PROBES, value)}, [quantity], within_ranges=True)
            for value in (lower, lower**0.6 * upper**0.4, upper)
        ]
        values = np.array([np.abs(s.quantities[quantity]) for s in at])
        usable = np.isfinite(values).all(axis=0) & (values > 0).all(axis=0)
        if usable.sum() < 4:
            return None
        steps = np.diff(np.log(values[:, usable]), axis=0) / (
            np.log(upper / lower) * np.array([[0.4], [0.6]])
        )
        if np.ptp(steps) > _SAME_POWER:
            return None
        found.append(float(np.round(np.median(steps), 6)))
    return found
