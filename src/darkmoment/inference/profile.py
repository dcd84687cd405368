"""The profile likelihood in one dimension: the smallest chi2 at each value of a parameter or observable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import exp
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.asked import (
    check_along,
    check_points,
    check_quantity,
    check_search,
    check_window,
    runs_logarithmically,
)
from darkmoment.inference.crew import Crew, Report, unheard
from darkmoment.inference.lattice import lattice
from darkmoment.inference.map_rows import cell_rows, reasons_for_silence, silence
from darkmoment.inference.map_search import MapSearch
from darkmoment.inference.maximise import grid, listed_values
from darkmoment.inference.problem import Problem
from darkmoment.levels import z_score
from darkmoment.parameters import Array
from darkmoment.results.result import Result, drawable, headed, unit_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from darkmoment.results.curves import Curves

STARTS = 4
_OVERALL_STARTS = 16
_REFINEMENTS = 8
_LEVEL = 0.90

Progress = Callable[[int, int], None]
_Bracket = tuple[float, float, float, float]


@dataclass(frozen=True, repr=False, eq=False)
class Profile(Result):
    """Result of `profile`: Delta chi2 of one parameter or observable, and the interval read off it.

    Attributes
    ----------
    x : str
        Parameter or observable profiled.
    table : DataFrame
        One row per value: `x`, `chi2`, `delta_chi2` (less the smallest anywhere), the certificate, every
        parameter at the minimum and `chi2_<term>` of each term.
    logarithmic : bool
        True where x lives on a logarithmic axis.
    overall : str
        Status of the search for the smallest chi2 of all.
    reasons : mapping of str to str
        Experiment -> why it says nothing where it does.
    level : float or None
        Confidence level whose crossings were closed in on, if any was.
    fit : Fit or None
        The fit that was asked.

    Examples
    --------
    >>> from darkmoment import Fit
    >>> found = Fit.load("global", "single_y", {"m_dark_photon": 0.1}).profile(
    ...     "mu_eff", points=4, window=(1e-11, 1e-8), level=0.90, starts=2
    ... )
    >>> found.interval(0.90)  # no lower end
    (None, 2.5...e-10)
    >>> print(found.answer)
    single_y: mu_eff < 2.5...e-10 muB (90% CL)
    """

    x: str
    table: pd.DataFrame
    logarithmic: bool = False
    overall: str = "certified"
    reasons: Mapping[str, str] = field(default_factory=dict)
    level: float | None = None
    fit: Fit | None = None

    @property
    def certified(self) -> bool:
        """True where both searches agree on every cell and on the smallest chi2 of all."""
        return self.overall != "uncertified" and not bool((self.table["status"] == "uncertified").any())

    @property
    def warnings(self) -> list[str]:
        """What a reader has to know before quoting it."""
        found = []
        if bad := int((self.table["status"] == "uncertified").sum()):
            found.append(f"{bad} of {len(self.table)} cells of the profile of {self.x} are not certified")
        found += silence(self.table, self.reasons)
        if self.overall == "uncertified":
            found.append("the smallest chi2 of all, from which Delta chi2 is counted, is not certified")
        if self.level is not None and self.doubtful(self.level):
            found.append(f"an end of the interval of {self.x} rests on a cell that is not certified")
        return found

    @property
    def answer(self) -> str:
        """The interval in a sentence, at `level` or 90%, as the command line says it."""
        from darkmoment.results import sentences

        said = sentences.interval(self, self.level or _LEVEL, unit_of(self.fit, self.x))
        return headed(self.fit, said)

    def brief(self) -> pd.DataFrame:
        """Return Delta chi2 and status of each value."""
        return self.table[[self.x, "delta_chi2", "status"]]

    def plot(self, overlays: Curves | None = None, title: str | None = None) -> Figure:
        """Draw Delta chi2 against `x` as `darkmoment run` does.

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
        from darkmoment.plots.profile_plot import DELTA_CHI2, profile_figure
        from darkmoment.results.curves import curves_on, overlaid

        fit, (x,) = drawable(self.fit, self.x)
        own, curves = fit.title if fit.injected else "", curves_on(overlays, x, DELTA_CHI2)
        figure = profile_figure(self.table, x, own if title is None else title, curves)
        return overlaid(figure, curves, x, DELTA_CHI2)

    def doubtful(self, level: float) -> bool:
        """Return whether an end of the interval lies beside a cell that is not certified."""
        coordinate = np.log(self.table[self.x]) if self.logarithmic else self.table[self.x]
        bad = set(coordinate[self.table["status"] == "uncertified"])
        return any(b is not None and bool({b[0], b[1]} & bad) for b in self._brackets(level))

    @property
    def failed(self) -> int:
        """Number of values at which no allowed point was found."""
        return int((self.table["status"] == "failed").sum())

    def interval(self, level: float) -> tuple[float | None, float | None]:
        """Return where Delta chi2 crosses the level; None where it does not.

        Between cells, sqrt(Delta chi2) is taken as linear in x, or in ln x where it is `logarithmic`: exact
        for a gaussian, and as good as the grid otherwise.

        Parameters
        ----------
        level : float
            0.68, 0.90, 0.95 ...

        Returns
        -------
        tuple of (float or None)
            Lower and upper end, in the unit of x.
        """
        below, above = self._brackets(level)
        lower, upper = (None if b is None else self._value(_crossing(*b)) for b in (below, above))
        return lower, upper

    def between(self, level: float, halve: bool) -> list[float]:
        """Return where a further cell would pin down the ends of an interval best.

        Parameters
        ----------
        halve : bool
            True for the middle of the cells around an end, False for where it is expected. Ends whose cells
            lie within 0.2% of each other, or one of them within 0.01 of the level in Delta chi2, need none.
        """
        found = []
        for bracket in self._brackets(level):
            if bracket is None:
                continue
            x0, x1, y0, y1 = bracket
            width = x1 - x0 if self.logarithmic else (x1 - x0) / max(abs(x0), abs(x1))
            if width > 2e-3 and min(abs(y0), abs(y1)) > 3e-3:
                found.append(self._value((x0 + x1) / 2 if halve else _crossing(*bracket)))
        return found

    def _value(self, coordinate: float) -> float:
        return exp(coordinate) if self.logarithmic else coordinate

    def _brackets(self, level: float) -> tuple[_Bracket | None, _Bracket | None]:
        """Return the cells around either end: own coordinates, and sqrt(Delta chi2) less its threshold."""
        found = self.table[np.isfinite(self.table["delta_chi2"])]
        if found.empty:
            return None, None
        x = found[self.x].to_numpy()
        x = np.log(x) if self.logarithmic else x
        y = np.sqrt(np.maximum(found["delta_chi2"].to_numpy(), 0.0)) - z_score(level)
        best = int(np.argmin(y))
        below = [i for i in range(best) if y[i] > 0 >= y[i + 1]][:1]
        above = [i for i in range(best, len(y) - 1) if y[i] <= 0 < y[i + 1]][-1:]
        lower, upper = ([(x[i], x[i + 1], y[i], y[i + 1]) for i in side] for side in (below, above))
        return (lower[0] if lower else None), (upper[0] if upper else None)


def _crossing(x0: float, x1: float, y0: float, y1: float) -> float:
    return float(x0 + (x1 - x0) * y0 / (y0 - y1))


def profile(
    fit: Fit,
    x: str,
    points: int | Sequence[float] = 60,
    window: tuple[float, float] | None = None,
    starts: int = STARTS,
    seed: int = 1,
    progress: Progress | None = None,
    level: float | None = None,
    crew: Crew | None = None,
) -> Profile:
    """Minimise chi2 over all other parameters at each value of `x`.

    Parameters
    ----------
    fit : Fit
        The fit.
    x : str
        A parameter, or an observable such as `mu_eff`.
    points : int or sequence of float
        Number of values, or the values.
    window : tuple of float, optional
        Range of `x`; needed where `points` is a number and `x` is not a free parameter.
    starts : int
        Starts of each of the two searches, per cell.
    seed : int
        Entropy of all starts.
    progress : callable, optional
        Called with (done, total) as cells are finished.
    level : float, optional
        Confidence level whose crossings are closed in on by further cells, so that `interval` does not
        depend on the spacing of `points`.
    crew : Crew, optional
        Who does the work; this process where left out.

    Raises
    ------
    ValueError
        If there is no such parameter or observable, or its window is missing.

    Examples
    --------
    >>> from darkmoment import Fit, profile
    >>> found = profile(Fit.load("paper"), "epsilon", points=[1e-6, 1e-5, 1e-4, 1e-3])
    >>> found.table[["epsilon", "delta_chi2", "status"]]
        epsilon  delta_chi2     status
    0  0.000001         0.0  certified
    1  0.000010         0.0  certified
    2  0.000100         0.0  certified
    3  0.001000         0.0  certified
    """
    _refuse(fit, x, points, window, starts, seed, level)
    crew = crew or Crew()
    values = _values(fit, x, points, window)
    rows = _rows(fit, x, values, starts, [seed, 30], crew, progress or unheard)
    overall = MapSearch(lattice(fit, (1,), {}), _OVERALL_STARTS, [seed, 31], crew)
    overall.run()
    lowest = cell_rows(overall).iloc[0]
    smallest, status = float(lowest["chi2"]), str(lowest["status"])
    logarithmic, reasons = Problem(fit, x).logarithmic, reasons_for_silence(fit)
    found = Profile(x, _counted(rows, smallest), logarithmic, status, reasons, level, fit)
    for step in range(_REFINEMENTS if level is not None else 0):
        assert level is not None
        known = set(found.table[x])
        wanted = [value for value in found.between(level, halve=step % 2 == 1) if value not in known]
        if not wanted:
            break
        # alone, without neighbours: with more starts
        more = _rows(fit, x, np.sort(wanted), 4 * starts, [seed, 32, step], crew)
        rows = pd.concat([rows, more]).sort_values(x, ignore_index=True)
        found = replace(found, table=_counted(rows, smallest))
    return found


def _refuse(
    fit: Fit,
    x: str,
    points: int | Sequence[float],
    window: tuple[float, float] | None,
    starts: int,
    seed: int,
    level: float | None,
) -> None:
    check_quantity(fit, x, "parameter or observable")
    if isinstance(points, str):
        raise ValueError(f"points = {points!r}: to profile {x} and {points} together, use profile_map")
    check_points(points)
    check_search(_LEVEL if level is None else level, starts, seed)
    check_window(x, window, lambda: runs_logarithmically(fit, x, window))
    if isinstance(points, Integral) and x in fit.model.parameter_names and window is None:
        check_along(fit, x, listed_values=False)


def _rows(
    fit: Fit, x: str, values: Array, starts: int, seed: list[int], crew: Crew, report: Report = unheard
) -> pd.DataFrame:
    search = MapSearch(lattice(fit, (len(values),), {x: values}), starts, seed, crew)
    search.run(report)
    return cell_rows(search)


def _counted(rows: pd.DataFrame, overall: float) -> pd.DataFrame:
    """Return rows with Delta chi2, counted from the smallest chi2 of all."""
    chi2 = rows["chi2"].to_numpy()
    smallest = min(float(chi2.min()), overall)
    found = rows.copy()
    allowed = np.isfinite(chi2)
    found.insert(2, "delta_chi2", np.where(allowed, chi2 - (smallest if allowed.any() else 0.0), np.inf))
    return found


def _values(fit: Fit, x: str, points: int | Sequence[float], window: tuple[float, float] | None) -> Array:
    if not isinstance(points, int | Integral):
        return listed_values(fit, x, list(points))
    points = int(points)
    if x in fit.model.parameter_names:
        return grid(fit, x, points, window)
    if window is None:
        raise ValueError(f"{x} is an observable: give the range to profile it over, window=(lowest, highest)")
    logarithmic = fit.model.table[x].logarithmic
    return np.geomspace(*window, points) if logarithmic else np.linspace(*window, points)
