"""What `maximise` found: the cells' certificates as a table, and what a reader has to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.cell import ORIGINS, Cell
from darkmoment.inference.charts import CHARTS, chart_at
from darkmoment.inference.leaning import Bound, bounds_leaned_on, leading
from darkmoment.inference.problem import Problem
from darkmoment.inference.search import SEARCHES
from darkmoment.inference.steps import steps
from darkmoment.levels import delta_chi2
from darkmoment.parameters import Array
from darkmoment.perturbativity import breaking_warnings
from darkmoment.results.result import Result, drawable, headed, unit_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from darkmoment.results.curves import Curves

_NOTED_CHI2 = 9.0
_ROUNDING = 1e-3
_SLIP = 1e-9  # what a point loses when it is written down


@dataclass(frozen=True, repr=False, eq=False)
class Maximum(Result):
    """Result of `maximise`: the largest value allowed, its certificate, and who forbids more.

    Attributes
    ----------
    quantity : str
        What was maximised.
    along : str or None
        Parameter held at one value after the other.
    level : float
        Confidence level.
    table : DataFrame
        One row per value of `along` (one row without): the answer `<quantity>_max`, the certificate, every
        parameter of the maximising point, `chi2_<term>` of each term there.
    warnings : list of str
        What a reader has to know before quoting the numbers.
    fit : Fit or None
        The fit that was asked.

    Examples
    --------
    >>> from darkmoment import Fit
    >>> fit = Fit.load("paper")
    >>> found = fit.maximise("mu_eff", along="m_dark_photon", points=[0.01, 0.1])
    >>> found
    Maximum: corrected, $g_D = 0.5$: largest mu_eff = 5.479e-13 muB (90% CL, highest of 2 values of
    m_dark_photon, at 0.1; forbids more: meg2+na64; certified)
     m_dark_photon  mu_eff_max leading_experiment    status
              0.01    5.243e-14         meg2+na64 certified
               0.1   5.479e-13          meg2+na64 certified
    warning: majorana_yukawa is above sqrt(4 pi) in 1 of 2 cells, at most 10: ...
    >>> found.certified, f"{found.value:.3g}", f"{found.point['y']:.3g}"
    (True, '5.48e-13', '0.122')
    >>> figure = found.plot()  # figure.savefig("limit.pdf") keeps its style
    """

    quantity: str
    along: str | None
    level: float
    table: pd.DataFrame
    warnings: list[str]
    bounds: list[list[Bound]]
    fit: Fit | None = None
    cells: Sequence[Cell] = field(default=(), repr=False)
    """The searches it was made from."""

    @property
    def certified(self) -> bool:
        """True where every cell is certified, or certified but range-driven."""
        return bool(self.table["status"].isin(["certified", "range"]).all())

    @property
    def answer(self) -> str:
        """The largest value in a sentence, as the command line says it."""
        from darkmoment.results import sentences

        unit = unit_of(self.fit, self.quantity)
        return headed(self.fit, sentences.limit(self.table, self.quantity, self.along, self.level, unit))

    @property
    def value(self) -> float:
        """The largest value of all in the table; NaN where no allowed point was found."""
        top = self._top
        return nan if top is None else float(self.table[f"{self.quantity}_max"].iloc[top])

    @property
    def point(self) -> dict[str, float]:
        """Every parameter where `value` is reached, to be given to `Fit.evaluate`; empty where nothing is."""
        if self._top is None or self.fit is None:
            return {}
        return {p.name: float(self.table[p.name].iloc[self._top]) for p in self.fit.parameters}

    @property
    def _top(self) -> int | None:
        values = self.table[f"{self.quantity}_max"].to_numpy(dtype=float)
        return int(np.nanargmax(values)) if np.isfinite(values).any() else None

    def brief(self) -> pd.DataFrame:
        """Return answer, leading experiment and status of each row."""
        columns = [self.along, f"{self.quantity}_max", "leading_experiment", "status"]
        return self.table[[c for c in columns if c is not None]]

    def plot(self, overlays: Curves | None = None, title: str | None = None) -> Figure:
        """Draw the limit along the parameter as `darkmoment run` does; without one, chi2 at the maximum.

        Parameters
        ----------
        overlays : mapping, optional
            Curves of your own: label -> (x, y) in the units of the axes, or the path of a CSV file.
        title : str, optional
            Printed above the axes; the fit's own where left out.

        Returns
        -------
        matplotlib.figure.Figure
        """
        fit, (quantity,) = drawable(self.fit, self.quantity)
        if self.along is None:
            return self._terms(fit, overlays, title)
        from darkmoment.plots.limit import limit_figure
        from darkmoment.results.curves import curves_on, overlaid

        _, (along,) = drawable(fit, self.along)
        own = curves_on(overlays, along, quantity)
        figure = limit_figure(
            self.table,
            quantity,
            along,
            self.level,
            fit.title if title is None else title,
            projected=fit.projected,
            overlays=own,
        )
        return overlaid(figure, own, along, quantity)

    def _terms(self, fit: Fit, overlays: Curves | None, title: str | None) -> Figure:
        from darkmoment.plots.terms import terms_figure
        from darkmoment.results.curves import curves_on
        from darkmoment.results.result import labels_of

        curves_on(overlays, None, None)  # refused: there are no two axes
        row = self.table.iloc[self._top or 0]
        chi2 = {term: float(row[f"chi2_{term}"]) for term in fit.terms}
        return terms_figure(chi2, fit.title if title is None else title, labels_of(fit))

    def adopting(self, point: Mapping[str, float]) -> Maximum | None:
        """Return the result with an allowed point that somebody else found; for one cell without `along`.

        None where it is better by more than the searches' tolerance, which means that they missed something,
        and where it is not allowed here.
        """
        (cell,) = self.cells
        found = cell.peak.found
        u = cell.problem.unit(point)
        seen = cell.problem.view(u[None, :])
        score = float(seen.ln_quantity[0])
        obeyed = bool((seen.ln_strength[0] <= _SLIP).all())
        allowed = obeyed and bool(seen.physical[0]) and seen.chi2[0] <= cell.allowance * (1 + _SLIP)
        if not allowed or found.u is None or score > found.score + found.slack:
            return None
        found.add(-1, u, score)
        return result(cell.problem.base, self.quantity, self.along, self.level, [cell])


def result(fit: Fit, quantity: str, along: str | None, level: float, cells: list[Cell]) -> Maximum:
    """Return what was found in finished cells."""
    rows, bounds = [], []
    for cell in cells:
        row, leaned = _row(fit, quantity, along, cell)
        rows.append(row)
        bounds.append(leaned)
    table = pd.DataFrame(rows)
    warnings = _warnings(fit, quantity, table, along, bounds, level) + _on_a_step(cells)
    return Maximum(quantity, along, level, table, warnings, bounds, fit, cells)


def _on_a_step(cells: list[Cell]) -> list[str]:
    """Say in how many cells the answer rests on where exactly an experiment is taken to fall silent."""
    found = [
        [name for search in (cell.peak, cell.floor) for name in _steps(cell, search.found.u)]
        for cell in cells
    ]
    names = dict.fromkeys(name for there in found for name in there)
    if not names:
        return []
    where = f"in {sum(map(bool, found))} of {len(cells)} cells"
    return [f"{where} the answer, or the chi2 it is counted from, lies where {', '.join(names)} fall silent"]


def _steps(cell: Cell, u: Array | None) -> list[str]:
    """Name the experiments that fall silent exactly at u."""
    if u is None:
        return []
    held = {name: np.array([value]) for name, value in cell.problem.held.items()}
    return steps(cell.problem.base, {**cell.problem.physical(u[None, :]), **held})[0]


def _felt(cell: Cell, u: Array | None) -> Problem:
    """Return the cell with the limits that hold back u: where experiments fall silent, that is one."""
    quiet = cell.peak.hushed
    return quiet if quiet is not None and _steps(cell, u) else cell.problem


def _row(fit: Fit, quantity: str, along: str | None, cell: Cell) -> tuple[dict[str, object], list[Bound]]:
    found = cell.peak.found
    row: dict[str, object] = {along: cell.problem.held[along]} if along else {}
    floor_u = cell.floor.found.u
    sought = cell.smooth and cell.origin is None
    failed = found.u is None or (sought and floor_u is None)
    u = found.u if found.u is not None else np.full(cell.problem.dimension, 0.5)
    felt = _felt(cell, u)
    survey, limits = cell.problem.survey(u[None, :]), felt.survey(u[None, :])
    value = float("nan") if failed else float(survey.quantities[quantity][0])
    leaned = [] if failed else _leaned(cell, felt, u, floor_u)
    best, origin = cell.counted_from()
    worse = survey.chi2[0] if cell.problem.least is None else np.maximum(survey.chi2[0], best)
    agreed = found.agreed and (not sought or cell.floor.found.agreed)
    agreed = agreed and not cell.migrad.startswith("lower")
    status = "failed" if failed else "uncertified" if not agreed else "certified"
    if status == "certified" and any(not b.convention for b in leaned):
        status = "range"
    row[f"{quantity}_max"] = value
    row["leading_experiment"] = (
        ""
        if failed
        else leading(fit.terms, felt.fit.hard, limits.strength[0], worse, best, delta_chi2(cell.level))
    )
    row |= {
        "status": status,
        "starts": found.starts,
        "hits": found.hits() if not failed else 0,
        "hits_per_search": "+".join(str(found.hits(s) if not failed else 0) for s in range(SEARCHES)),
        "spread": found.spread,
        "at_bound": "; ".join(map(str, leaned)),
        "migrad": cell.migrad,
        f"chi2_{origin}": float(best.sum()) if cell.smooth else 0.0,
        "chi2_min_hits": cell.floor.found.hits() if floor_u is not None else found.hits(),
        "delta_chi2": float(worse.sum() - best.sum()) if not failed else float("nan"),
        "silent": " ".join(t for k, t in enumerate(fit.terms) if not survey.covered[0, k]),
    }
    values, _ = cell.problem.fit.complete(cell.problem.physical(u[None, :]))
    row |= {
        p.name: float("nan") if failed else float(values[p.name][0])
        for p in fit.parameters
        if p.name != along
    }
    row |= {
        f"chi2_{t}": float("nan") if failed else float(survey.chi2[0, k]) for k, t in enumerate(fit.terms)
    }
    row |= {f"chi2_{t}_at_{origin}": float(best[k]) for k, t in enumerate(fit.terms)}
    return row, leaned


def _leaned(cell: Cell, felt: Problem, u: Array, floor: Array | None) -> list[Bound]:
    """Return what the maximum leans on, differentiated in coordinates that resolve it."""
    free, below = cell.problem.free, _felt(cell, floor)
    name = chart_at(free, u, cell.peak.charts)
    if not name:
        return bounds_leaned_on(felt, u, cell.allowance, floor, below)
    chart = CHARTS[name]
    v = chart.coordinates(free, u)
    assert v is not None
    found = bounds_leaned_on(felt.charted(name), v, cell.allowance, floor, below, crests=True)
    return [bound for bound in found if bound.parameter not in chart.replaced]


def _warnings(
    fit: Fit,
    quantity: str,
    table: pd.DataFrame,
    along: str | None,
    bounds: list[list[Bound]],
    level: float,
) -> list[str]:
    """Say in words what limits the validity of the answer."""
    found = []
    where = "cells" if along else "answer"
    datasets = {name: f"{name} ({e.dataset})" for name, e in fit.experiments.items()}
    for term in fit.terms:
        origin = next(o for o in ORIGINS.values() if f"chi2_{o}" in table)
        best = table[f"chi2_{term}_at_{origin}"].min()
        if best > _NOTED_CHI2:
            whom = "anything this model gives" if origin == ORIGINS["smallest"] else "the Standard Model"
            found.append(
                f"{datasets.get(term, term)} is {best**0.5:.1f} sigma from {whom}; "
                "limits are conditional on it"
            )
        worse = table[f"chi2_{term}"] - table[f"chi2_{term}_at_{origin}"]
        if paid := int((worse > delta_chi2(level) * (1 + _ROUNDING)).sum()):
            found.append(
                f"{term} alone forbids the maximum in {paid} of {len(table)} {where}: the total allows it, "
                "because others fit better there"
            )
    for status, words in (("uncertified", "are not certified"), ("failed", "have no allowed point")):
        count = int((table["status"] == status).sum())
        if count:
            found.append(f"{count} of {len(table)} {where} {words}")
    if (vanishing := int((table[f"{quantity}_max"] == 0).sum())) and quantity in fit.model.table:
        found.append(
            f"{quantity} is zero in {vanishing} of {len(table)} {where}, whatever the free parameters"
        )
    leaned: dict[str, list[float]] = {}
    for cell in bounds:
        for b in cell:
            leaned.setdefault(_key(b), []).append(b.elasticity)
    uncertain = {_key(b) for cell in bounds for b in cell if b.rough}
    rough = ", roughly: the maximum lies on a crest, and the searches did not end on its very top"
    for key, values in leaned.items():
        found.append(
            f"the answer leans on {key} in {len(values)} of {len(table)} {where}, "
            f"elasticity {_spread(values)}{rough if key in uncertain else ''}"
        )
    return found + _silences(fit, table, where) + breaking_warnings(table, where)


def _key(b: Bound) -> str:
    return f"{b.parameter} {b.end} {b.value:.4g}{' (a convention)' if b.convention else ''}"


def _silences(fit: Fit, table: pd.DataFrame, where: str) -> list[str]:
    """Say which experiments say nothing in how many cells; those for the same reason in one sentence."""
    counts = table["silent"].str.split().explode().dropna().value_counts()
    alike: dict[tuple[int, str], list[str]] = {}
    for term, count in counts.items():
        alike.setdefault((int(count), fit.experiments[str(term)].silence), []).append(str(term))
    return [
        f"{', '.join(sorted(names))} {'says' if len(names) == 1 else 'say'} nothing in {count} of "
        f"{len(table)} {where}: {why}"
        for (count, why), names in alike.items()
    ]


def _spread(values: list[float]) -> str:
    ends = [f"{min(values):.2f}", f"{max(values):.2f}"]
    return " .. ".join(dict.fromkeys(ends))
