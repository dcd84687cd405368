"""The point of smallest chi2, polished by MIGRAD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.asked import check_count
from darkmoment.inference.crew import Crew
from darkmoment.inference.lattice import lattice
from darkmoment.inference.map_rows import cell_rows
from darkmoment.inference.map_search import MapSearch
from darkmoment.inference.migrad import ask_migrad
from darkmoment.inference.search import CHI2_TOLERANCE
from darkmoment.results.result import Result, drawable, headed, labels_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STARTS = 16
_NOTED_CHI2 = 9.0


@dataclass(frozen=True, repr=False, eq=False)
class BestFit(Result):
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
    fit : Fit or None
        The fit that was asked.

    Examples
    --------
    >>> from darkmoment import Fit
    >>> fit = Fit.load("global", "single_y", {"m_dark_photon": 0.1})
    >>> found = fit.best_fit()
    >>> found.certified, f"{found.total_chi2:.3f}", found.table.index.name
    (True, '0.36...', 'parameter')
    >>> abs(float(fit.total_chi2(found.point)[0]) - found.total_chi2) < 1e-9
    True
    """

    point: dict[str, float]
    chi2: dict[str, float]
    agreed: bool
    migrad: str
    fit: Fit | None = None

    @property
    def total_chi2(self) -> float:
        """Sum over the terms."""
        return sum(self.chi2.values())

    @property
    def certified(self) -> bool:
        """The same as `agreed`."""
        return self.agreed

    @property
    def warnings(self) -> list[str]:
        """What a reader has to know before quoting it."""
        found = [] if self.agreed else ["the best fit was not reached by two searches"]
        found += [f"MIGRAD: {self.migrad}"] if self.migrad.startswith("not valid") else []
        return found + [
            f"{term} is {chi2**0.5:.1f} sigma from anything this model gives"
            for term, chi2 in self.chi2.items()
            if chi2 > _NOTED_CHI2
        ]

    @property
    def answer(self) -> str:
        """The smallest chi2 in a sentence."""
        term, most = max(self.chi2.items(), key=lambda item: item[1], default=("", 0.0))
        of = f", of which {term} {most:.4g}" if most > 0 else ""
        return headed(self.fit, f"smallest chi2 = {self.total_chi2:.4g}{of} (MIGRAD: {self.migrad})")

    @property
    def table(self) -> pd.DataFrame:
        """The point, one row per parameter: value, unit, and the range it was searched in."""
        rows = []
        for name, value in self.point.items():
            p = None if self.fit is None else self.fit.parameter(name)
            low, high = p.range if p is not None and p.range is not None else (np.nan, np.nan)
            unit = "" if p is None else p.unit
            rows.append({"parameter": name, "value": value, "unit": unit, "min": low, "max": high})
        return pd.DataFrame(rows).set_index("parameter")

    def brief(self) -> pd.DataFrame:
        """Return the free parameters."""
        table = self.table.reset_index()
        return table[table["min"].notna()] if self.fit is not None else table

    def plot(self, title: str | None = None) -> Figure:
        """Draw chi2 of each term at the point.

        Parameters
        ----------
        title : str, optional
            Printed above the axes; the fit's own where left out.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from darkmoment.plots.terms import terms_figure

        fit, _ = drawable(self.fit)
        return terms_figure(self.chi2, fit.title if title is None else title, labels_of(fit))


def best_fit(fit: Fit, seed: int = 1, crew: Crew | None = None) -> BestFit:
    """Minimise the total chi2 over all free parameters.

    MIGRAD (iminuit) polishes what the global search found; it does not search, since on this likelihood it
    reports valid minima on plateaus far from the smallest chi2.

    Raises
    ------
    ValueError
        If no allowed point was found.

    Examples
    --------
    >>> from darkmoment import Fit, best_fit
    >>> best_fit(Fit.load("paper")).chi2  # hard limits: none of them objects
    {'meg2': 0.0, 'na64': 0.0, 'borexino': 0.0}
    """
    check_count("seed", seed, 0)
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
        fit,
    )
