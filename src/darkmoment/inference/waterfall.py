"""One fit after another, each with more in it: the largest allowed value, and what took the last one away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.beside import ALLOWS, limits_beside
from darkmoment.inference.crew import Crew, unheard
from darkmoment.inference.maximise import maximise
from darkmoment.inference.maximum import Maximum
from darkmoment.inference.reference import standard_model_chi2
from darkmoment.inference.search import CHI2_TOLERANCE, LN_TOLERANCE
from darkmoment.levels import delta_chi2
from darkmoment.parameters import PARAMETERS, Array
from darkmoment.results.result import Result, drawable, unit_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FELT = 0.1
_AGAIN = 1_000_003  # added to the seed of a step that is searched again: its first starts are known

STARTS = 12
"""Starts per search and step."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, repr=False, eq=False)
class Waterfall(Result):
    """Result of `waterfall`.

    Attributes
    ----------
    table : DataFrame
        One row per fit, in order: `variant`, the answer `<quantity>_max`, `ratio` to the row before,
        `killed_by`, `killed_chi2` and `killed_because` for what took the maximum before away, then the
        columns of `maximise`.
    warnings : list of str
    fit : Fit or None
        That of the first step.
    """

    quantity: str
    level: float
    table: pd.DataFrame
    warnings: list[str]
    fit: Fit | None = None

    @property
    def certified(self) -> bool:
        """True where every step is certified, or certified but range-driven."""
        return bool(self.table["status"].isin(["certified", "range"]).all())

    @property
    def answer(self) -> str:
        """First and last step in a sentence."""
        unit, values = unit_of(self.fit, self.quantity), self.table[f"{self.quantity}_max"]
        ends = [f"{v:.4g} {unit}".rstrip() if np.isfinite(v) else "nothing" for v in values.iloc[[0, -1]]]
        steps = f"in {len(values)} steps ({self.level:.0%} CL)"
        return f"largest {self.quantity} from {ends[0]} to {ends[1]} {steps}"

    def brief(self) -> pd.DataFrame:
        """Return each step's answer and what took the one before away."""
        columns = ["variant", f"{self.quantity}_max", "ratio", "status", "killed_by"]
        return self.table[columns]

    def plot(self, title: str | None = None) -> Figure:
        """Draw the steps as `darkmoment run` does.

        Parameters
        ----------
        title : str, optional
            Printed above the axes; the fit's own where left out.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from darkmoment.plots.waterfall import waterfall_figure

        fit, (quantity,) = drawable(self.fit, self.quantity)
        return waterfall_figure(self.table, quantity, self.level, fit.title if title is None else title)


def waterfall(
    fits: Sequence[Fit],
    quantity: str = "mu_eff",
    level: float = 0.90,
    starts: int = STARTS,
    seed: int = 1,
    progress: Progress | None = None,
    crew: Crew | None = None,
) -> Waterfall:
    """Find the largest allowed value of a quantity for each of several fits, and say what lowered it.

    Delta chi2 is counted from the Standard Model: what does not depend on the couplings would cancel in a
    difference to the smallest chi2 of the fit. Each term is counted by itself, and only upwards: T is
    measured a little above zero and an excess of XENONnT may be filled, and if that paid for what others
    object to, a further experiment could allow more. So the answer never rises where steps only add
    experiments; a step that changes an option may raise it, and a warning says so.

    A maximum is handed on to the next step, and back to the one before where it is larger than what was found
    there. Where it is larger by more than the tolerance of a search, the step is searched again: for it to be
    certified both searches have to reach the larger value by themselves.

    Parameters
    ----------
    fits : sequence of Fit
        In order; each is meant to have all that the one before has.
    quantity : str
        Observable or parameter to maximise.
    level, starts, seed, crew
        As for `maximise`.
    progress : callable, optional
        Called with (done, total) after each fit.
    """
    report = progress or unheard
    ask = partial(
        maximise,
        quantity=quantity,
        level=level,
        starts=starts,
        crew=crew,
        above="standard_model_each",
    )
    found: list[Maximum] = []
    for i, fit in enumerate(fits):
        hints = _hints(fit, fits[i - 1], found[-1]) if found else []
        found.append(ask(fit, hints=hints, seed=seed))
        report(i + 1, len(fits))
    for i in reversed(range(len(fits) - 1)):
        if not _higher(fits[i], found[i], fits[i + 1], found[i + 1], level):
            continue
        hints = _hints(fits[i], fits[i + 1], found[i + 1])
        found[i] = found[i].adopting(hints[0]) or ask(fits[i], hints=hints, seed=seed + _AGAIN)
    return _told(fits, found, quantity, level)


def _hints(fit: Fit, other: Fit, found: Maximum) -> list[dict[str, float]]:
    """Return the maximum of another fit as a point of this one, where it is one."""
    row = {str(name): entry for name, entry in found.table.iloc[0].items()}
    if not np.isfinite(float(str(row[f"{found.quantity}_max"]))):
        return []
    carried = _carried(fit, _point(other, row))
    return [carried] if carried else []


def _higher(fit: Fit, here: Maximum, after: Fit, there: Maximum, level: float) -> bool:
    """Return True where the next step's maximum is larger than this one's and allowed here as well."""
    column = f"{here.quantity}_max"
    mine, theirs = here.table[column].iloc[0], there.table[column].iloc[0]
    hints = _hints(fit, after, there)
    if not hints or (np.isfinite(mine) and theirs <= mine):
        return False
    return float(_excess(fit, hints[0]).sum()) <= delta_chi2(level) + CHI2_TOLERANCE


def _excess(fit: Fit, point: Mapping[str, float]) -> Array:
    """Return by how much each term is worse than in the Standard Model, shape (K,); better is equal."""
    return np.maximum(fit.survey(point).chi2[0] - standard_model_chi2(fit), 0.0)


def _told(fits: Sequence[Fit], found: Sequence[Maximum], quantity: str, level: float) -> Waterfall:
    """Put the steps into one table: what each changed, and because of what."""
    found_rows = [{str(name): entry for name, entry in step.table.iloc[0].items()} for step in found]
    rows: list[dict[str, object]] = []
    warnings: list[str] = []
    heard: set[str] = set()
    told = changes(fits, found_rows, quantity, level)
    for i, (fit, step, row, change) in enumerate(zip(fits, found, found_rows, told, strict=True)):
        largest = f"{quantity}_max"
        rows.append({"variant": fit.label, largest: row[largest], **change, **row})
        # what was said of a step before is not said again
        warnings += [f"{fit.label}: {w}" for w in step.warnings if w not in heard]
        heard.update(step.warnings)
        if i and (left_out := [name for name in fits[i - 1].terms if name not in fit.terms]):
            warnings.append(
                f"{fit.label}: no step of a waterfall, {', '.join(left_out)} of {fits[i - 1].label} is left "
                "out; is `cumulative: true` missing?"
            )
        ratio = float(str(change["ratio"]))
        if ratio > 1 + 2 * LN_TOLERANCE:
            warnings.append(
                f"{fit.label}: {quantity} rises by {ratio:.3g}: what is new here replaces "
                "something, prefers something new, or opens further space"
            )
    return Waterfall(quantity, level, pd.DataFrame(rows), warnings, fits[0])


def changes(
    fits: Sequence[Fit], rows: Sequence[Mapping[str, object]], quantity: str, level: float
) -> list[dict[str, object]]:
    """Return what each step did to the largest value before it, and because of what.

    Parameters
    ----------
    rows : sequence of mapping
        Of each step: its largest value and the parameters of its maximum.

    Returns
    -------
    list of dict
        Columns of the waterfall: `ratio`, the limits on the quantity beside, `killed_by`, `killed_chi2` and
        `killed_because`.
    """
    told: list[dict[str, object]] = []
    point: dict[str, float] = {}
    value = float("nan")
    for i, (fit, row) in enumerate(zip(fits, rows, strict=True)):
        largest = float(str(row[f"{quantity}_max"]))
        killed = _killed(fits[i - 1], fit, point, level) if i else ("", 0.0, "")
        told.append(
            {
                "ratio": largest / value,
                **_beside(fit, row, quantity, largest),
                **dict(zip(("killed_by", "killed_chi2", "killed_because"), killed, strict=True)),
            }
        )
        if np.isfinite(largest):
            value, point = largest, _point(fit, row)
    return told


def _point(fit: Fit, row: Mapping[str, object]) -> dict[str, float]:
    """Return the parameters of a row, and what the model gives for those of other ansaetze."""
    own = {p.name: float(str(row[p.name])) for p in fit.parameters}
    derived = [name for name in fit.model.table if name in PARAMETERS]
    predicted = fit.predictions({p.name: own[p.name] for p in fit.free})
    return own | {name: _number(predicted[name]) for name in derived}


def _carried(fit: Fit, point: Mapping[str, float]) -> dict[str, float]:
    """Return a point of the fit before as one of this fit; empty where it does not lie in its ranges."""
    if any(p.name not in point for p in fit.free):
        return {}
    held = {p.name: p.value for p in fit.parameters if not p.free and p.tie is None and p.name in point}
    if any(value is None or value != point[name] for name, value in held.items()):
        return {}
    carried = {p.name: point[p.name] for p in fit.free}
    inside = all(p.bounds[0] <= carried[p.name] <= p.bounds[1] for p in fit.free)
    return carried if inside else {}


def _killed(before: Fit, fit: Fit, point: Mapping[str, float], level: float) -> tuple[str, float, str]:
    """Say which terms forbid a point by themselves, the worst first, by how much chi2, and why in words.

    Where none does so alone, the one that objects more than in the fit before is named.
    """
    carried = _carried(fit, point)
    if not carried:
        return "", float("nan"), "the maximum before is no point of this fit"
    excess = _excess(fit, carried)
    allowed = delta_chi2(level) + CHI2_TOLERANCE
    if excess.sum() <= allowed:
        return "", float(excess.sum()), "nothing: the maximum before is still allowed"
    old = (
        dict(zip(before.terms, _excess(before, there), strict=True))
        if (there := _carried(before, point))
        else {}
    )
    grown = excess - np.array([old.get(name, 0.0) for name in fit.terms])
    guilty = [k for k in np.argsort(-excess) if excess[k] > allowed] or [int(grown.argmax())]
    names = [fit.terms[k] for k in guilty]
    reasons = "; ".join(_reason(fit, carried, n) for n in names)
    if excess[guilty[0]] <= allowed:
        felt = [k for k in np.argsort(-excess) if k != guilty[0] and excess[k] > _FELT * allowed]
        beside = ", ".join(fit.terms[k] for k in felt) or "all others"
        reasons += (
            f", not too much by itself; with {beside} chi2 is {excess.sum():.3g} above the Standard Model's, "
            f"and {delta_chi2(level):.3g} is allowed"
        )
    return "+".join(names), float(excess[guilty[0]]), reasons


def _beside(fit: Fit, row: Mapping[str, object], quantity: str, largest: float) -> dict[str, float]:
    limits = limits_beside(fit, _point(fit, row), quantity) if np.isfinite(largest) else {}
    return {f"{quantity}_{name}{ALLOWS}": limit for name, limit in limits.items()}


def _reason(fit: Fit, point: Mapping[str, float], term: str) -> str:
    """Say what an experiment finds wrong with a point, in its own quantity."""
    experiment = fit.experiments.get(term)
    if experiment is None:
        return term
    predicted = fit.predictions(point)
    if said := experiment.objection(predicted):
        return said
    name = experiment.limits
    value = _number(predicted[name])
    known = fit.model.table.get(name)
    unit = f" {known.unit}" if known is not None and known.unit else ""
    limit = _number(experiment.limit(predicted))
    found = experiment.dataset
    if not limit > 0 and found.limit is not None:
        limit = found.limit  # what is left beside its other tests may be nothing
    if np.isfinite(limit):
        return f"{name} = {value:.3g}{unit}, {experiment.label} allows {limit:.3g}"
    if found.value is None or found.sigma is None:
        return f"{name} = {value:.3g}{unit}"
    return f"{name} = {value:.3g}{unit}, {experiment.label} finds {found.value:.3g} +- {found.sigma:.2g}"


def _number(x: Array) -> float:
    return float(np.broadcast_to(x, (1,))[0])
