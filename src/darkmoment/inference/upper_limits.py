"""The upper limit on y at each x, read off a profile map."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew
from darkmoment.inference.lattice import lattice
from darkmoment.inference.map_rows import cell_rows
from darkmoment.inference.map_search import MapSearch
from darkmoment.inference.profile_map import STARTS, ProfileMap
from darkmoment.levels import delta_chi2
from darkmoment.parameters import Array

_FAINT = 1e-3
"""Share of the threshold below which Delta chi2 says nothing of how it grows."""

_REFINEMENTS = 12
_CLOSE = 0.05
_NARROW = 0.02

REACHED, BRACKETED, ABOVE, BELOW, FAILED = "reached", "bracketed", "above", "below", "failed"


def upper_limits(table: pd.DataFrame, x: str, y: str, level: float, logarithmic: bool) -> pd.DataFrame:
    """Return where `delta_chi2_at_x` last crosses its threshold on the way up in y.

    Between cells ln(Delta chi2) is taken as linear in y, in ln y where that is `logarithmic`: exact for a
    signal strength that grows as a power; sqrt(Delta chi2) where the lower cell is at the minimum.

    Parameters
    ----------
    table : DataFrame
        Result of `profile_map`, one row per cell.
    x, y : str
        Its axes.
    level : float
        Confidence level, for one parameter of interest.
    logarithmic : bool
        True where y lives on a logarithmic axis.

    Returns
    -------
    DataFrame
        One row per x: `x`; ``<y>_max``, NaN where no limit is reached; `allowed` and `excluded`, the cells
        around it; `leading_experiment` of the latter; `edge`: 'reached', 'bracketed' (by a hard limit: the
        allowed cell is quoted), 'above' or 'below' the values of the map, 'failed' where nothing is allowed;
        `status`, the worse of those of the two cells.
    """
    rows = []
    for value, cells in table.groupby(x, sort=True):
        rows.append({x: value} | _at_one(cells.sort_values(y), y, delta_chi2(level), logarithmic))
    return pd.DataFrame(rows)


def refined_limits(
    fit: Fit, found: ProfileMap, level: float, seed: int = 1, crew: Crew | None = None
) -> pd.DataFrame:
    """Return upper limits on y at each x that do not depend on how fine the map is.

    Further cells close in on the crossing until one lies within 0.05 of the level in Delta chi2, or within
    2% of the limit.

    Parameters
    ----------
    fit : Fit
        The fit that the map is of.
    found : ProfileMap
        The map.
    level : float
        Confidence level, for one parameter of interest.
    seed : int
        Entropy of the further searches.
    crew : Crew, optional
        Who does the work; this process where left out.

    Returns
    -------
    DataFrame
        As `upper_limits`.
    """
    x, y, logarithmic = found.x, found.y, found.logarithmic[1]
    columns = [x, y, "delta_chi2_at_x", "status", "leading_experiment"]
    rows = found.table[columns]
    floors = found.floor.set_index(x, drop=False)
    for step in range(_REFINEMENTS):
        limits = upper_limits(rows, x, y, level, logarithmic)
        wanted = _wanted(rows, limits, x, y, level, logarithmic, halve=step % 2 == 1)
        if not wanted:
            break
        xs, ys = (np.array(values) for values in zip(*wanted, strict=True))
        search = MapSearch(
            lattice(fit, (len(xs),), {x: xs, y: ys}), 2 * STARTS, [seed, 24, step], crew or Crew()
        )
        search.run()
        below = floors.loc[xs].reset_index(drop=True)
        more = cell_rows(search, below)
        more["delta_chi2_at_x"] = np.where(search.allowed, search.chi2 - below["chi2"].to_numpy(), np.inf)
        bad = (below["status"] == "uncertified").to_numpy() & (more["status"] != "failed").to_numpy()
        more.loc[bad, "status"] = "uncertified"
        rows = pd.concat([rows, more[columns]], ignore_index=True)
    return upper_limits(rows, x, y, level, logarithmic)


def _wanted(
    rows: pd.DataFrame, limits: pd.DataFrame, x: str, y: str, level: float, logarithmic: bool, halve: bool
) -> list[tuple[float, float]]:
    """Return cells (x, y) that would pin down limits: where they are expected, or half-way."""
    found = []
    known = rows.set_index([x, y])["delta_chi2_at_x"]
    for limit in limits.to_dict("records"):
        if limit["edge"] not in (REACHED, BRACKETED):
            continue
        low, high, at = limit["allowed"], limit["excluded"], limit[x]
        rises = (known.loc[(at, low)], known.loc[(at, high)])
        near = min(abs(rise - delta_chi2(level)) for rise in rises) < _CLOSE
        narrow = high - low < _NARROW * abs(high)
        if narrow or (near and limit["edge"] == REACHED):
            continue
        middle = float(np.sqrt(low * high)) if logarithmic else 0.5 * (low + high)
        crossing = limit[f"{y}_max"]
        inside = low * (1 + 1e-6) < crossing < high * (1 - 1e-6)
        found.append((at, middle if halve or not inside else float(crossing)))
    return found


def _at_one(cells: pd.DataFrame, y: str, threshold: float, logarithmic: bool) -> dict[str, object]:
    at, rise = cells[y].to_numpy(dtype=float), cells["delta_chi2_at_x"].to_numpy(dtype=float)
    status, leading = cells["status"].to_numpy(), cells["leading_experiment"].to_numpy()
    within = np.flatnonzero(rise <= threshold)
    row: dict[str, object] = {f"{y}_max": np.nan, "allowed": np.nan, "excluded": np.nan}
    row |= {"leading_experiment": "", "edge": "", "status": ""}
    if not len(within):
        known = np.isfinite(rise)
        edge = BELOW if known.any() else FAILED
        return row | {"edge": edge, "status": _worse(status[known]) if known.any() else "failed"}
    last = int(within[-1])
    row["allowed"] = at[last]
    if last + 1 == len(at):
        return row | {"edge": ABOVE, "status": _worse(status[last:])}
    row |= {"excluded": at[last + 1], "leading_experiment": leading[last + 1]}
    bracket = slice(last, last + 2)
    if not np.isfinite(rise[last + 1]):
        return row | {f"{y}_max": at[last], "edge": BRACKETED, "status": _worse(status[bracket])}
    crossing = _crossing(at[bracket], rise[bracket], threshold, logarithmic)
    return row | {f"{y}_max": crossing, "edge": REACHED, "status": _worse(status[bracket])}


def _crossing(at: Array, rise: Array, threshold: float, logarithmic: bool) -> float:
    u0, u1 = (log(value) for value in at) if logarithmic else at
    if rise[0] > _FAINT * threshold:
        part = (log(threshold) - log(rise[0])) / (log(rise[1]) - log(rise[0]))
    else:
        low = max(float(rise[0]), 0.0)
        part = (threshold**0.5 - low**0.5) / (rise[1] ** 0.5 - low**0.5)
    u = float(u0 + part * (u1 - u0))
    return exp(u) if logarithmic else u


def _worse(status: np.ndarray) -> str:
    order = ["certified", "range", "failed", "uncertified"]
    return max(map(str, status), key=order.index)
