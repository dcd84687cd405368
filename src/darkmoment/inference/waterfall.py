"""One fit after another, each with more in it: the largest allowed value, and what took the last one away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew, unheard
from darkmoment.inference.maximise import maximise
from darkmoment.inference.reference import standard_model_chi2
from darkmoment.inference.search import CHI2_TOLERANCE, LN_TOLERANCE
from darkmoment.levels import delta_chi2
from darkmoment.parameters import Array

STARTS = 12
"""Starts per search and step."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Waterfall:
    """Result of `waterfall`.

    Attributes
    ----------
    table : DataFrame
        One row per fit, in order: `variant`, the answer `<quantity>_max`, `ratio` to the row before,
        `killed_by`, `killed_chi2` and `killed_because` for what took the maximum before away, then the
        columns of `maximise`.
    warnings : list of str
    """

    quantity: str
    level: float
    table: pd.DataFrame
    warnings: list[str]

    @property
    def certified(self) -> bool:
        """True where every step is certified, or certified but range-driven."""
        return bool(self.table["status"].isin(["certified", "range"]).all())


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
    difference to the smallest chi2 of the fit.

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
    rows: list[dict[str, object]] = []
    warnings: list[str] = []
    heard: set[str] = set()
    point: dict[str, float] = {}
    value = float("nan")
    for i, fit in enumerate(fits):
        hints = [hint] if (hint := _carried(fit, point)) else []
        found = maximise(
            fit,
            quantity,
            level=level,
            starts=starts,
            seed=seed,
            hints=hints,
            crew=crew,
            above="standard_model",
        )
        row = {str(name): entry for name, entry in found.table.iloc[0].items()}
        largest = float(row[f"{quantity}_max"])
        killed = _killed(fit, point, level) if i else ("", 0.0, "")
        rows.append(
            {
                "variant": fit.label,
                f"{quantity}_max": largest,
                "ratio": largest / value,
                **dict(zip(("killed_by", "killed_chi2", "killed_because"), killed, strict=True)),
                **{name: entry for name, entry in row.items() if name != f"{quantity}_max"},
            }
        )
        # what was said of a step before is not said again
        warnings += [f"{fit.label}: {w}" for w in found.warnings if w not in heard]
        heard.update(found.warnings)
        if largest > value * (1 + 2 * LN_TOLERANCE):
            warnings.append(
                f"{fit.label}: {quantity} rises by {largest / value:.3g}: what is new here replaces "
                "something, prefers something new, or opens further space"
            )
        if np.isfinite(largest):
            value, point = largest, _point(fit, row)
        report(i + 1, len(fits))
    return Waterfall(quantity, level, pd.DataFrame(rows), warnings)


def _point(fit: Fit, row: Mapping[str, object]) -> dict[str, float]:
    return {p.name: float(str(row[p.name])) for p in fit.parameters if p.tie is None}


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


def _killed(fit: Fit, point: Mapping[str, float], level: float) -> tuple[str, float, str]:
    """Say which terms forbid a point by themselves, the worst first, by how much chi2, and why in words."""
    carried = _carried(fit, point)
    if not carried:
        return "", float("nan"), "the maximum before is no point of this fit"
    survey = fit.survey(carried)
    excess = survey.chi2[0] - standard_model_chi2(fit)
    allowed = delta_chi2(level) + CHI2_TOLERANCE
    if excess.sum() <= allowed:
        return "", float(excess.sum()), "nothing: the maximum before is still allowed"
    guilty = [k for k in np.argsort(-excess) if excess[k] > allowed] or [int(excess.argmax())]
    names = [fit.terms[k] for k in guilty]
    return "+".join(names), float(excess[guilty[0]]), "; ".join(_reason(fit, carried, n) for n in names)


def _reason(fit: Fit, point: Mapping[str, float], term: str) -> str:
    """Say what an experiment finds wrong with a point, in its own quantity."""
    experiment = fit.experiments.get(term)
    if experiment is None:
        return term
    predicted = fit.predictions(point)
    name = experiment.limits
    value = _number(predicted[name])
    known = fit.model.table.get(name)
    unit = f" {known.unit}" if known is not None and known.unit else ""
    limit = _number(experiment.limit(predicted))
    if np.isfinite(limit):
        return f"{name} = {value:.3g}{unit}, {experiment.label} allows {limit:.3g}"
    found = experiment.dataset
    if found.value is None or found.sigma is None:
        return f"{name} = {value:.3g}{unit}"
    return f"{name} = {value:.3g}{unit}, {experiment.label} finds {found.value:.3g} +- {found.sigma:.2g}"


def _number(x: Array) -> float:
    return float(np.broadcast_to(x, (1,))[0])
