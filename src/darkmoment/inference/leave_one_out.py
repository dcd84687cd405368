"""The largest value of a quantity with each experiment left out in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew
from darkmoment.inference.leaning import Bound
from darkmoment.inference.maximise import Maximum, maximise
from darkmoment.parameters import Array
from darkmoment.results.result import Result, drawable, headed, labels_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from darkmoment.results.curves import Curves

STARTS = 2
"""Starts per search and cell: fewer than a limit alone gets, for there is one more limit per experiment."""

NONE = "none"
"""In the column `without`: the fit with all its experiments."""

_HINTS = 3
_NOTABLE = 0.1
"""Elasticity above which a range end is named."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, repr=False, eq=False)
class LeaveOneOut(Result):
    """Result of `leave_one_out`: the limit without each experiment in turn, and its ratio to the full one.

    Attributes
    ----------
    quantity, along, level
        As of `Maximum`.
    table : DataFrame
        The tables of `maximise` below one another, with `without` first ('none' for the full fit) and
        `ratio`, the limit over that of the full fit.
    warnings : list of str
        Cells that are not certified, and where no experiment is left that forbids more.
    fit : Fit or None
        The fit that was asked, with all its experiments.

    Examples
    --------
    >>> from darkmoment import Fit
    >>> found = Fit.load("paper").leave_one_out("mu_eff", along="m_dark_photon", points=[0.1])
    >>> found.certified
    True
    >>> figure = found.plot()
    """

    quantity: str
    along: str | None
    level: float
    table: pd.DataFrame
    warnings: list[str]
    fit: Fit | None = None

    @property
    def certified(self) -> bool:
        """True where every cell is certified, or certified but range-driven."""
        return bool(self.table["status"].isin(["certified", "range"]).all())

    @property
    def answer(self) -> str:
        """Which experiments matter in a sentence, as the command line says it."""
        from darkmoment.results import sentences

        return headed(self.fit, sentences.leave_one_out(self.table, self.quantity, self.along, self.level))

    def brief(self) -> pd.DataFrame:
        """Return limit, ratio and status of each row."""
        columns = ["without", self.along, f"{self.quantity}_max", "ratio", "status"]
        return self.table[[c for c in columns if c is not None]]

    def plot(self, overlays: Curves | None = None, title: str | None = None) -> Figure:
        """Draw the limits and their ratios as `darkmoment run` does.

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
        from darkmoment.plots.leave_one_out import leave_one_out_figure
        from darkmoment.results.curves import curves_on, overlaid

        names = (self.quantity,) if self.along is None else (self.quantity, self.along)
        fit, (quantity, *rest) = drawable(self.fit, *names)
        along = rest[0] if rest else None
        text, own = fit.title if title is None else title, curves_on(overlays, along, quantity)
        figure = leave_one_out_figure(self.table, quantity, along, self.level, text, labels_of(fit), own)
        return overlaid(figure, own, along, quantity)


def leave_one_out(
    fit: Fit,
    quantity: str = "mu_eff",
    along: str | None = None,
    points: int | Sequence[float] = 30,
    level: float = 0.90,
    starts: int = STARTS,
    seed: int = 1,
    progress: Progress | None = None,
    crew: Crew | None = None,
) -> LeaveOneOut:
    """Find the largest allowed value of a quantity by all experiments, and without each of them.

    Gaussian constraints on parameters are no experiments: they stay.

    Parameters
    ----------
    fit : Fit
        The fit, with two experiments or more.
    quantity, along, points, level, starts, seed, progress, crew
        As for `maximise`.

    Raises
    ------
    ValueError
        If the fit has fewer than two experiments, or as `maximise` does.

    Examples
    --------
    >>> from darkmoment import Fit, leave_one_out
    >>> found = leave_one_out(Fit.load("paper"), "mu_eff", along="m_dark_photon", points=[0.1])
    >>> print(found.answer)
    corrected, $g_D = 0.5$: 90% limit on mu_eff rises by up to 289 times without na64 (at m_dark_photon =
    0.1), 66.9 times without meg2 (at m_dark_photon = 0.1); within 1% the same without borexino
    """
    names = list(fit.experiments)
    if len(names) < 2:
        raise ValueError(f"{fit.label} has {len(names)} experiment(s): there is nothing left without one")
    found: dict[str, Maximum] = {}
    for k, name in enumerate((NONE, *names)):
        asked = fit if name == NONE else fit.without(name)
        found[name] = maximise(
            asked,
            quantity,
            along,
            points,
            level,
            starts,
            seed,
            _part(progress, k, len(names) + 1),
            _hints(asked, found[NONE].table, quantity) if found else (),
            crew,
        )
    return _result(fit, found)


def _part(progress: Progress | None, k: int, parts: int) -> Progress | None:
    """Return a report for one part of several."""
    if progress is None:
        return None
    return lambda done, of: progress(k * of + done, parts * of)


def _hints(fit: Fit, table: pd.DataFrame, quantity: str) -> list[Mapping[str, float]]:
    """Return points of the full limit: nearly allowed, and perhaps where few starts go."""
    known = table[table[f"{quantity}_max"].notna()]
    if known.empty:
        return []
    rows = np.unique(np.linspace(0, len(known) - 1, min(_HINTS, len(known))).round().astype(int))
    return [{p.name: float(known.iloc[i][p.name]) for p in fit.free} for i in rows]


def _result(fit: Fit, found: Mapping[str, Maximum]) -> LeaveOneOut:
    full = found[NONE]
    column = f"{full.quantity}_max"
    whole: Array = full.table[column].to_numpy()
    tables, warnings = [], []
    for name, one in found.items():
        table = one.table.copy()
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = table[column].to_numpy() / whole
        table.insert(0, "without", name)
        table.insert(
            list(table.columns).index(column) + 1, "ratio", np.where(np.isfinite(ratio), ratio, np.nan)
        )
        tables.append(table)
        warnings += _warnings(name, one, full)
    together = pd.concat(tables, ignore_index=True)
    return LeaveOneOut(full.quantity, full.along, full.level, together, warnings, fit)


def _warnings(name: str, one: Maximum, full: Maximum) -> list[str]:
    """Say in words where one of the limits is not to be trusted, or is no longer one by an experiment."""
    which = "with all experiments" if name == NONE else f"without {name}"
    size = len(one.table)
    cells = f"of {size} {'cells' if size > 1 else 'cell'}"
    found = []
    for status, words in (("uncertified", "are not certified"), ("failed", "have no allowed point")):
        if count := int((one.table["status"] == status).sum()):
            found.append(f"{which}: {count} {cells} {words}")
    bare, known = (_bare(m.table) for m in (one, full))
    if name != NONE:
        bare = bare & ~known
    ends = [_ends(bounds) for bounds in one.bounds]
    if bare.any():
        held = ", ".join(dict.fromkeys(end for cell in np.flatnonzero(bare) for end in ends[cell]))
        words = "no experiment forbids more, only ranges do"
        found.append(f"{which}: in {bare.sum()} {cells} {words}" + (f" ({held})" if held else ""))
    if name != NONE:
        counts: dict[str, int] = {}
        for cell in np.flatnonzero(~bare):
            for end in set(ends[cell]) - set(_ends(full.bounds[cell])):
                counts[end] = counts.get(end, 0) + 1
        if counts:
            where = ", ".join(f"{end} in {n} {cells}" for end, n in sorted(counts.items()))
            found.append(f"{which} the limit leans on other ranges: {where}")
    return found


def _bare(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return where there is a limit that no experiment is named for."""
    return ((table["leading_experiment"] == "range") & (table["status"] != "failed")).to_numpy()


def _ends(bounds: list[Bound]) -> list[str]:
    """Return the range ends that matter to a limit, those by convention left out."""
    return [
        f"{b.parameter} {b.end} {b.value:.4g}"
        for b in bounds
        if not b.convention and abs(b.elasticity) > _NOTABLE
    ]
