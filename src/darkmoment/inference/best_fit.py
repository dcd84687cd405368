"""The point of smallest chi2, polished by MIGRAD."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew
from darkmoment.inference.lattice import lattice
from darkmoment.inference.map_rows import cell_rows
from darkmoment.inference.map_search import MapSearch
from darkmoment.inference.migrad import ask_migrad
from darkmoment.inference.search import CHI2_TOLERANCE

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
    crew = crew or Crew()
    search = MapSearch(lattice(fit, (1,), {}), _STARTS, [seed, 3], crew)
    search.run()
    rows = cell_rows(search)
    if not np.isfinite(rows["chi2"].iloc[0]):
        raise ValueError(f"{fit.label}: no allowed point was found")
    point = {p.name: float(rows[p.name].iloc[0]) for p in fit.parameters}
    (opinion,) = ask_migrad(search.lattice, [point], crew)
    if opinion.lower > 0:
        values, _ = fit.complete({p.name: opinion.point[p.name] for p in fit.free})
        point = {p.name: float(values[p.name][0]) for p in fit.parameters}
    chi2 = fit.chi2({p.name: point[p.name] for p in fit.free})[0]
    return BestFit(
        point,
        {term: float(chi2[k]) for k, term in enumerate(fit.terms)},
        bool(search.reached.all()) and opinion.lower <= CHI2_TOLERANCE,
        opinion.status,
    )
