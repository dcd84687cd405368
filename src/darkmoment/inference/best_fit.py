"""The point of smallest chi2, polished by MIGRAD."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from iminuit import Minuit

from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew
from darkmoment.inference.problem import Problem, compressed
from darkmoment.inference.search import CellSearch, search_all
from darkmoment.parameters import Array

_STARTS = 16


@dataclass(frozen=True)
class BestFit:
    """The point of smallest chi2.

    Attributes
    ----------
    point : dict of str to float
        Every parameter, in its unit.
    chi2 : dict of str to float
        chi2 of each term there.
    agreed : bool
        True where two searches without a common start reached it.
    migrad : str
        What MIGRAD says of the point: 'valid', 'not valid', or why it was not asked.
    """

    point: dict[str, float]
    chi2: dict[str, float]
    agreed: bool
    migrad: str

    @property
    def total_chi2(self) -> float:
        """Sum over the terms."""
        return sum(self.chi2.values())


def best_fit(fit: Fit, seed: int = 1, crew: Crew | None = None) -> BestFit:
    """Minimise the total chi2 over all free parameters.

    MIGRAD (iminuit) polishes what the global search found; it does not search, since on this likelihood it
    reports valid minima on plateaus far from the smallest chi2.

    Raises
    ------
    ValueError
        If no allowed point was found.
    """
    problem = Problem(fit)
    search = CellSearch(problem, [seed, 0, 3], _STARTS)
    search_all([search], crew or Crew())
    u = search.found.u
    if u is None:
        raise ValueError(f"{fit.label}: no allowed point was found")
    migrad = "not asked: hard limits have no gradient" if fit.hard.any() else "not asked: nothing is free"
    if problem.dimension and not fit.hard.any():
        u, migrad = _polish(problem, u)
    values, _ = problem.fit.complete(problem.physical(u[None, :]))
    chi2 = problem.survey(u[None, :]).chi2[0]
    return BestFit(
        {p.name: float(values[p.name][0]) for p in fit.parameters},
        {term: float(chi2[k]) for k, term in enumerate(fit.terms)},
        search.found.agreed,
        migrad,
    )


def _polish(problem: Problem, start: Array) -> tuple[Array, str]:
    def cost(u: Array) -> float:
        return float(compressed(problem.view(np.clip(u, 0.0, 1.0)[None, :]).chi2)[0])

    minuit = Minuit(cost, start, name=[p.name for p in problem.free])
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.limits = [(0.0, 1.0)] * problem.dimension
    minuit.migrad()
    end = np.clip(np.array(minuit.values), 0.0, 1.0)
    better = cost(end) <= cost(start)
    return (end if better else start), "valid" if minuit.valid else "not valid"
