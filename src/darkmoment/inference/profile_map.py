"""The profile likelihood in two dimensions: the smallest chi2 for pairs of parameters or observables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.asked import (
    check_level,
    check_points,
    check_quantity,
    check_search,
    check_window,
    hint,
    runs_logarithmically,
)
from darkmoment.inference.crew import Crew, Report, unheard
from darkmoment.inference.lattice import lattice
from darkmoment.inference.map_rows import Pull, cell_rows, range_pulls, reasons_for_silence, silence
from darkmoment.inference.map_search import MapSearch
from darkmoment.inference.maximise import grid, listed_values, maximise
from darkmoment.inference.search import CHI2_TOLERANCE
from darkmoment.parameters import Array
from darkmoment.results.result import Result, chosen, drawable, headed, labels_of, unit_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from darkmoment.results.curves import Curves

STARTS = 4
"""Starts of each of the two searches, per cell."""

_OVERALL_STARTS = 16
_WINDOW_CELLS = 7
_KEPT = 10.0
_OF_SEARCH = ("status", "starts", "hits", "hits_per_search", "spread")

Window = tuple[float, float]
Points = int | Sequence[float]


@dataclass(frozen=True, repr=False, eq=False)
class ProfileMap(Result):
    """Result of `profile_map`: Delta chi2 over two axes, and who objects where.

    Attributes
    ----------
    x, y : str
        The axes, parameters or observables.
    level : float
        Confidence level of the limits that are read off it.
    table : DataFrame
        One row per cell, x slowest: `x`, `y`, `chi2` (inf where nothing is allowed), `delta_chi2` (less the
        smallest of all), `delta_chi2_at_x` (less the smallest at the same x), `leading_experiment`, the
        certificate, every parameter at the minimum and `chi2_<term>`.
    floor : DataFrame
        One row per x: the smallest chi2 there, its certificate and its point.
    warnings : list of str
        What a reader has to know before quoting the map.
    logarithmic : tuple of bool
        Whether each axis is.
    overall : str
        Status of the search for the smallest chi2 of all.
    fit : Fit or None
        The fit that was asked.

    Examples
    --------
    >>> from darkmoment import Fit
    >>> found = Fit.load("global").profile_map("m_dark_photon", "epsilon", points=(2, 3), starts=2)
    >>> found.shape, found.certified
    ((2, 3), True)
    >>> found.grid("delta_chi2").shape
    (2, 3)
    >>> figure = found.plot("leading")  # or found.plot(), of Delta chi2
    """

    x: str
    y: str
    level: float
    table: pd.DataFrame
    floor: pd.DataFrame
    warnings: list[str]
    logarithmic: tuple[bool, bool]
    overall: str = "certified"
    fit: Fit | None = None

    @property
    def certified(self) -> bool:
        """True where both searches agree on every cell and on the smallest chi2 of all."""
        return self.overall != "uncertified" and not bool((self.table["status"] == "uncertified").any())

    @property
    def shape(self) -> tuple[int, int]:
        """Number of cells along x and y."""
        return len(self.floor), len(self.table) // len(self.floor)

    def grid(self, column: str) -> Array:
        """Return a column as an array of shape (points in x, points in y)."""
        if column not in self.table:
            raise KeyError(f"there is no column {column!r}{hint(column, list(self.table.columns))}")
        return np.array(self.table[column]).reshape(self.shape)

    def limits(
        self, level: float | None = None, refine: bool = False, seed: int = 1, crew: Crew | None = None
    ) -> pd.DataFrame:
        """Return the upper limit on `y` at each `x`, one row per x.

        Parameters
        ----------
        level : float, optional
            Confidence level; that of the map where left out.
        refine : bool
            True to search further cells that close in on each limit, as `darkmoment run` does: it then does
            not depend on how fine the map is. False to read it off the cells there are.
        seed : int
            Entropy of the further searches.
        crew : Crew, optional
            Who does the work; this process where left out.
        """
        from darkmoment.inference.upper_limits import refined_limits, upper_limits

        level = self.level if level is None else level
        check_level(level)
        if refine:
            fit, _ = drawable(self.fit)
            return refined_limits(fit, self, level, seed, crew)
        return upper_limits(self.table, self.x, self.y, level, self.logarithmic[1])

    @property
    def answer(self) -> str:
        """The limits on `y` read off the cells, or where the smallest chi2 is, in a sentence."""
        from darkmoment.results import sentences

        limits = self._own_limits()
        said = sentences.plane(
            self.table, limits, self.x, self.y, self.level, lambda name: unit_of(self.fit, name)
        )
        return headed(self.fit, said)

    def _own_limits(self) -> pd.DataFrame | None:
        """Return limits where y is an observable and x a parameter: elsewhere nobody reads them so."""
        table = self.fit.model.table if self.fit is not None else {}
        return self.limits() if self.y in table and self.x not in table else None

    def brief(self) -> pd.DataFrame:
        """Return Delta chi2, leading experiment and status of each cell."""
        return self.table[[self.x, self.y, "delta_chi2", "leading_experiment", "status"]]

    def plot(
        self,
        kind: str = "delta_chi2",
        limits: pd.DataFrame | None = None,
        overlays: Curves | None = None,
        title: str | None = None,
    ) -> Figure:
        """Draw the map as `darkmoment run` does.

        Parameters
        ----------
        kind : str
            ``delta_chi2``, or ``leading`` for the experiment that objects most in each cell.
        limits : DataFrame, optional
            From `limits`, to be drawn over it; where y is an observable and x a parameter, those read off
            the map are drawn by themselves.
        overlays : mapping, optional
            Curves of your own: label -> (x, y) in the units of the axes, or the path of a CSV file.
        title : str, optional
            Printed above the axes; the fit's own where left out.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from darkmoment.plots.leading_map import leading_map_figure
        from darkmoment.plots.profile_map import profile_map_figure
        from darkmoment.results.curves import curves_on, overlaid

        chosen("kind", kind, ("delta_chi2", "leading"))
        fit, (x, y) = drawable(self.fit, self.x, self.y)
        own, text = curves_on(overlays, x, y), fit.title if title is None else title
        limits = self._own_limits() if limits is None else limits
        if kind == "leading":
            figure = leading_map_figure(self.table, x, y, text, limits, self.level, labels_of(fit), own)
        else:
            figure = profile_map_figure(self.table, x, y, text, limits=limits, level=self.level, overlays=own)
        return overlaid(figure, own, x, y)


def profile_map(
    fit: Fit,
    x: str,
    y: str,
    points: int | tuple[Points, Points] = (60, 60),
    x_window: Window | None = None,
    y_window: Window | None = None,
    starts: int = STARTS,
    seed: int = 1,
    progress: Report | None = None,
    crew: Crew | None = None,
    level: float = 0.90,
) -> ProfileMap:
    """Minimise chi2 over all other parameters on a grid of two parameters or observables.

    Parameters
    ----------
    fit : Fit
        The fit.
    x, y : str
        Parameters, or observables such as `mu_eff`.
    points : int, or tuple of int or of sequences
        Number of values along each axis, or the values (in units of the axis).
    x_window, y_window : tuple of float, optional
        Range of an axis; a free parameter has its own, and that of an observable is laid around its largest
        allowed values where left out.
    starts : int
        Starts of each of the two searches, per cell.
    seed : int
        Entropy of all starts.
    progress : callable, optional
        Called with (done, total) as pieces of the searches are finished.
    crew : Crew, optional
        Who does the work; this process where left out.
    level : float
        Confidence level of `y`'s limit at each x.

    Returns
    -------
    ProfileMap

    Raises
    ------
    ValueError
        If an axis does not exist, both are the same, or a window is missing or upside down.

    Examples
    --------
    >>> from darkmoment import Fit, profile_map
    >>> found = profile_map(Fit.load("paper"), "m_dark_photon", "epsilon", points=(2, 3))
    >>> found.table[["m_dark_photon", "epsilon", "delta_chi2", "leading_experiment"]]
       m_dark_photon       epsilon  delta_chi2 leading_experiment
    0          0.001  1.000000e-09         0.0               none
    1          0.001  1.000000e-05         inf               na64
    2          0.001  1.000000e-01         inf               na64
    3          1.000  1.000000e-09         0.0               none
    4          1.000  1.000000e-05         0.0               none
    5          1.000  1.000000e-01         inf               na64
    """
    crew = crew or Crew()
    for name in (x, y):
        check_quantity(fit, name, "parameter or observable")
    if x == y:
        raise ValueError(f"both axes are {x}: give two")
    check_search(level, starts, seed)
    along_x, along_y = _each_axis(points)
    xs = _values(fit, x, along_x, x_window, None, seed, crew)
    ys = _values(fit, y, along_y, y_window, (x, xs), seed, crew)
    cells = {x: np.repeat(xs, len(ys)), y: np.tile(ys, len(xs))}
    point = MapSearch(lattice(fit, (1,), {}), _OVERALL_STARTS, [seed, 22], crew)
    point.run()
    least = float(point.chi2[0])
    # what no point can do without is no difference between points
    offset = least - _KEPT if np.isfinite(least) and least > 2 * _KEPT else 0.0
    search = MapSearch(lattice(fit, (len(xs), len(ys)), cells, offset), starts, [seed, 20], crew)
    search.run(progress or unheard)
    lines = MapSearch(
        lattice(fit, (len(xs),), {x: xs}, offset), max(starts, _OVERALL_STARTS), [seed, 21], crew
    )
    lines.run()
    floors, overall = cell_rows(lines), cell_rows(point)
    floors = _undercut(floors, cell_rows(search, floors), x)
    table = cell_rows(search, floors)
    lowest = floors["chi2"].to_numpy()
    smallest = min(float(overall["chi2"].iloc[0]), float(lowest.min()))
    table = _completed(table, range_pulls(search, lines), np.repeat(lowest, len(ys)), smallest, (x, y))
    logarithmic = (runs_logarithmically(fit, x, x_window), runs_logarithmically(fit, y, y_window))
    doubtful = np.repeat((floors["status"] == "uncertified").to_numpy(), len(ys))
    table.loc[doubtful & (table["status"] != "failed"), "status"] = "uncertified"
    status = str(overall["status"].iloc[0])
    warnings = _warnings(fit, table, floors, search, status)
    return ProfileMap(x, y, level, table, floors, warnings, logarithmic, status, fit)


def _each_axis(points: int | tuple[Points, Points]) -> tuple[Points, Points]:
    if not isinstance(points, tuple | list):
        return points, points
    if len(points) != 2:
        raise ValueError(f"points = {points!r}: give one number, or two entries for x and y")
    return points[0], points[1]


def _values(
    fit: Fit,
    name: str,
    points: Points,
    window: Window | None,
    along: tuple[str, Array] | None,
    seed: int,
    crew: Crew,
) -> Array:
    check_window(name, window, lambda: runs_logarithmically(fit, name, window))
    check_points(points)
    if not isinstance(points, int | Integral):
        return listed_values(fit, name, list(points))
    if points < 2:
        raise ValueError(f"points = {points} along {name}: give two or more")
    if name in fit.model.parameter_names:
        values = grid(fit, name, int(points), window)
        info = fit.parameter(name).info
        if refusals := [reason for value in values if (reason := info.refusal(float(value)))]:
            raise ValueError(refusals[0])
        return values
    logarithmic = fit.model.table[name].logarithmic
    if window is None:
        window = _around_the_largest(fit, name, along, seed, crew)
    return np.geomspace(*window, int(points)) if logarithmic else np.linspace(*window, int(points))


def _around_the_largest(
    fit: Fit, quantity: str, along: tuple[str, Array] | None, seed: int, crew: Crew
) -> Window:
    """Return a window that holds the largest allowed values: decades around them on a logarithmic axis."""
    where: dict[str, object] = {}
    if along is not None and along[0] in fit.model.parameter_names:
        few = np.unique(np.linspace(0, len(along[1]) - 1, _WINDOW_CELLS).round().astype(int))
        where = {"along": along[0], "points": [float(v) for v in along[1][few]]}
    found = maximise(fit, quantity, starts=1, seed=seed, crew=crew, **where).table  # type: ignore[arg-type]
    tops = found[f"{quantity}_max"].dropna()
    tops = tops[tops > 0]
    if tops.empty:
        raise ValueError(f"{fit.label}: no positive value of {quantity} is allowed; give its range")
    if not fit.model.table[quantity].logarithmic:
        return 0.0, 2.0 * float(tops.max())
    return 10.0 ** (floor(log10(tops.min())) - 1), 10.0 ** (ceil(log10(tops.max())) + 1)


def _undercut(floors: pd.DataFrame, table: pd.DataFrame, x: str) -> pd.DataFrame:
    """Return floors with those that a cell lies below replaced by that cell.

    A floor undercut by more than the tolerance was not found by its own searches.
    """
    rows = []
    per_x = len(table) // len(floors)
    for i, line in floors.iterrows():
        cells = table.iloc[int(str(i)) * per_x : (int(str(i)) + 1) * per_x]
        lowest = cells.iloc[int(np.argmin(cells["chi2"].to_numpy()))]
        if lowest["chi2"] < line["chi2"]:
            missed = lowest["chi2"] < line["chi2"] - CHI2_TOLERANCE
            kept = {"status": "uncertified"} if missed else {}
            taken = {c: lowest[c] for c in line.index if c not in _OF_SEARCH}
            line = pd.Series({**line.to_dict(), **taken, **kept})
        rows.append(line)
    return pd.DataFrame(rows).infer_objects().reset_index(drop=True)


def _completed(
    table: pd.DataFrame, pulls: list[list[Pull]], lowest: Array, smallest: float, axes: tuple[str, str]
) -> pd.DataFrame:
    """Add Delta chi2 and what it leans on; bring the columns into order."""
    chi2 = table["chi2"].to_numpy()
    allowed = np.isfinite(chi2)
    for name, least in (("delta_chi2", smallest), ("delta_chi2_at_x", lowest)):
        table[name] = np.where(allowed, chi2 - np.where(allowed, least, 0.0), np.inf)
    table["at_bound"] = ["; ".join(map(str, bounds)) for bounds in pulls]
    leaning = np.array([any(not bound.convention for bound in bounds) for bounds in pulls])
    table.loc[(table["status"] == "certified") & leaning, "status"] = "range"
    front = [*axes, "chi2", "delta_chi2", "delta_chi2_at_x", "leading_experiment", "status"]
    front += ["starts", "hits", "hits_per_search", "spread", "at_bound"]
    return table[[*front, *(c for c in table.columns if c not in front)]]


def _warnings(
    fit: Fit, table: pd.DataFrame, floors: pd.DataFrame, search: MapSearch, overall: str
) -> list[str]:
    warnings = []
    if overall == "uncertified":
        warnings.append("the smallest chi2 of all, from which contours are counted, is not certified")
    if bad := int((table["status"] == "uncertified").sum()):
        warnings.append(f"{bad} of {len(table)} cells are not certified")
    if bad := int((floors["status"] == "uncertified").sum()):
        warnings.append(
            f"the smallest chi2 at {bad} of {len(floors)} values of the first axis is not certified"
        )
    if ranged := int((table["status"] == "range").sum()):
        warnings.append(
            f"Delta chi2 of {ranged} of {len(table)} cells of the map leans on the range of a parameter"
        )
    warnings += silence(table, reasons_for_silence(fit))
    if search.audit_lower > 0:
        warnings.append(
            f"of {search.audited} cells asked once more, one was found lower by {search.audit_lower:.2g} in "
            "chi2: others may be as well"
        )
    return [f"{fit.label}: {text}" for text in warnings]
