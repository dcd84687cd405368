"""One value along which a quantity is maximised: its searches, and what Delta chi2 counts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

import numpy as np

from darkmoment.inference.charts import charts_for
from darkmoment.inference.problem import Problem
from darkmoment.inference.search import CellSearch
from darkmoment.levels import delta_chi2
from darkmoment.parameters import Array

ORIGINS = {"smallest": "min", "standard_model": "standard_model", "standard_model_each": "standard_model"}
"""What Delta chi2 may be counted from -> how columns name it."""


@dataclass
class Cell:
    """One cell's searches: the smallest chi2, then the largest quantity above it.

    Attributes
    ----------
    origin : ndarray (K,) or None
        chi2 of each term that Delta chi2 is counted from; None for the smallest total of the cell.
    """

    problem: Problem
    seed: list[int]
    starts: int
    level: float
    floor: CellSearch = field(init=False)
    peak: CellSearch = field(init=False)
    origin: Array | None = None
    migrad: str = ""

    def __post_init__(self) -> None:
        # chi2 does not know the quantity: searched without it, a start costs less
        bare = Problem(self.problem.base, None, self.problem.held)
        self.floor = CellSearch(bare, self.seed, self.starts)
        self.peak = CellSearch(self.problem, self.seed, self.starts, inf)

    def count_from(self, origin: Array, upwards: bool) -> None:
        """Count Delta chi2 from these terms, shape (K,), each only upwards or the total.

        What limits the masses of N alone is then a wall in the search: it is given charts to see past it.
        """
        self.origin = origin
        if upwards:
            p = self.problem
            self.problem = Problem(
                p.base, p.quantity, p.held, scale=p.scale, least=[float(x) for x in origin]
            )
            self.peak = CellSearch(self.problem, self.seed, self.starts, inf)
        self.peak.charts, self.peak.hops = charts_for(self.problem.fit), True
        self.peak.allowance = self.allowance

    @property
    def smooth(self) -> bool:
        """True where some term is not a hard limit."""
        return not self.problem.fit.hard.all()

    @property
    def value(self) -> float | None:
        """The largest value found; None where none was, or where it has no place on its logarithmic axis."""
        u = self.peak.found.u
        if u is None or self.problem.quantity is None:
            return None
        value = float(self.problem.survey(u[None, :]).quantities[self.problem.quantity][0])
        return value if value > 0 or not self.problem.logarithmic else None

    def counted_from(self) -> tuple[Array, str]:
        """Return chi2 of each term that Delta chi2 is counted from, shape (K,), and how columns name it."""
        if self.origin is not None:
            return self.origin, ORIGINS["standard_model"]
        u = self.floor.found.u
        if u is None:
            return np.zeros(len(self.problem.fit.terms)), ORIGINS["smallest"]
        return self.floor.problem.survey(u[None, :]).chi2[0], ORIGINS["smallest"]

    @property
    def allowance(self) -> float:
        """Largest total chi2 allowed."""
        if self.origin is not None and self.smooth:
            return float(self.origin.sum()) + delta_chi2(self.level)
        return -self.floor.found.score + delta_chi2(self.level) if self.smooth else inf
