"""Which experiment sees an injected signal first as it grows, and at how many standard deviations.

The Asimov significance is sqrt(chi2 without signal - chi2 with it) on Asimov data (arXiv:1007.1727). Where
few events are counted it says little: without any background it is infinite, even where most experiments
would see no event at all. There the significance is that of the median number of events, a whole number.
Experiments are ranked by the signal they need, as a multiple of the injected one: where they count, the
smallest with which half of them see more events than background alone gives with the probability of 3 sigma.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, nan, sqrt
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import poisson

from darkmoment.asimov import as_arrays, without_signal
from darkmoment.experiments import Likelihood
from darkmoment.experiments.counting import events_for_discovery, median_significance
from darkmoment.experiments.discovery import load
from darkmoment.experiments.shapes import Counting, Gaussian
from darkmoment.fit import Fit
from darkmoment.levels import delta_chi2
from darkmoment.model import Predictions

SIGMAS = (3, 5)
"""Evidence and discovery."""

LEVEL = 0.90
"""Of what excludes the injected point today, where an experiment has no limit of its own."""

COLUMNS = {
    "strength": "signal at the injected point over the one at the experiment's limit; pull for a measurement",
    "signal_events": "events the signal gives, where they are counted",
    "background_events": "events expected besides",
    "sigma": "significance of the median experiment, where events are counted that of their median number; "
    "inf where it sees an event and expects no background, 0 where it sees none",
    "sigma_asimov": "sqrt(chi2 without signal - chi2 with it) on Asimov data; inf without background",
    **{f"chance_{n}": f"probability to reach {n} sigma with the injected signal" for n in SIGMAS},
    **{f"factor_{n}": f"multiple of the signal that a median experiment sees at {n} sigma" for n in SIGMAS},
    "rank": "by factor_3 and factor_5; of the experiments to come, where there are any",
}
"""What the columns of the table mean."""


@dataclass(frozen=True)
class Today:
    """What one measured experiment says of the injected point.

    Attributes
    ----------
    strength : float
        Signal over the one at its limit; pull for a measurement.
    measurement : bool
        True where it has measured a value and set no limit.
    excludes : bool
        True beyond its limit; for a measurement where chi2 is higher than without signal by 2.7055 or more.
    """

    experiment: str
    label: str
    strength: float
    measurement: bool
    excludes: bool


@dataclass(frozen=True)
class Discoveries:
    """What comes of an injected signal.

    Attributes
    ----------
    table : DataFrame
        One row per experiment, best rank first; `COLUMNS` says what is in it.
    sigma : float
        Of all experiments together: `sigma_asimov`, added in quadrature, of those where it is finite.
    left_out : tuple of str
        Labels of the experiments where it is infinite: they count events without background.
    today : tuple of Today
        Every measured experiment: of the fit, and those whose events a projection contains.
    """

    table: pd.DataFrame
    sigma: float
    left_out: tuple[str, ...]
    today: tuple[Today, ...]


def discoveries(fit: Fit) -> Discoveries:
    """Return what each experiment of a fit sees of the signal that its Asimov data hold.

    Raises
    ------
    ValueError
        If its data are the published ones.
    """
    if fit.injected is None:
        raise ValueError(f"{fit.label} has published data: there is no injected signal to discover")
    none = without_signal(fit.injected)
    p, nothing = (fit.model.predict(as_arrays(point)) for point in (fit.injected, none))
    rows = [_row(name, e, p, nothing) for name, e in fit.experiments.items()]
    table = pd.DataFrame(rows)
    to_come = table["status"] == "projected"
    ranked = table[(to_come if to_come.any() else ~to_come) & np.isfinite(table["factor_3"])]
    keys = list(zip(ranked["factor_3"], ranked["factor_5"], strict=True))
    table["rank"] = pd.Series([1.0 + sum(other < key for other in keys) for key in keys], ranked.index)
    table = table.sort_values(["rank", "factor_3"], kind="stable", ignore_index=True)
    finite = np.isfinite(table["sigma_asimov"])
    total = sqrt(float(np.square(table.loc[finite, "sigma_asimov"]).sum()))
    left_out = tuple(table.loc[np.isinf(table["sigma_asimov"]), "label"])
    return Discoveries(table, total, left_out, tuple(_today(fit, p, nothing)))


def _row(name: str, e: Likelihood, p: Predictions, nothing: Predictions) -> dict[str, Any]:
    signal, background = e.expected(p)
    asimov = nan if e.hard else _asimov(e, p, nothing)
    counted = isinstance(e.shape, Counting)
    covered = bool(np.all(e.covered(p)))
    remark = "" if covered else "says nothing here"
    return {
        "experiment": name,
        "label": e.label,
        "status": e.card.status,
        "shape": e.shape.name,
        "limits": e.limits,
        "strength": _number(e.response(p)),
        "signal_events": signal,
        "background_events": background,
        "sigma": median_significance(signal, background) if counted else asimov,
        "sigma_asimov": asimov,
        **{f"chance_{n}": _chance(e, signal, background, asimov, n) for n in SIGMAS},
        **{f"factor_{n}": e.discovery(p, nothing, n) for n in SIGMAS},
        "remark": "a hard limit knows no data" if e.hard else remark,
    }


def _number(value: Any) -> float:
    return float(np.ravel(value)[0])


def _asimov(e: Likelihood, p: Predictions, nothing: Predictions) -> float:
    """Return sqrt(chi2 without signal - chi2 with it)."""
    rise = _number(e.chi2(nothing)) - _number(e.chi2(p))
    return sqrt(max(rise, 0.0)) if rise < inf else inf


def _chance(e: Likelihood, signal: float, background: float, sigma: float, wanted: int) -> float:
    """Return how often an experiment reaches a significance with the injected signal."""
    if isinstance(e.shape, Counting):
        return float(poisson.sf(events_for_discovery(background, wanted) - 1, signal + background))
    return float(ndtr(sigma - wanted))


def _today(fit: Fit, p: Predictions, nothing: Predictions) -> list[Today]:
    """Ask what has been measured whether it allows the injected point."""
    measured = {name: asked.load() for name, asked in fit.spec.experiments.items()}
    for e in fit.experiments.values():
        for name in e.card.supersedes:
            measured.setdefault(name, load(name))
    return [_verdict(name, e, p, nothing) for name, e in measured.items() if not e.projected]


def _verdict(name: str, e: Likelihood, p: Predictions, nothing: Predictions) -> Today:
    strength = _number(e.response(p))
    if isinstance(e.shape, Gaussian):
        excludes = _number(e.chi2(p)) - _number(e.chi2(nothing)) > delta_chi2(LEVEL)
        return Today(name, e.label, strength, True, excludes)
    return Today(name, e.label, strength, False, strength > 1)


def closest(today: Mapping[str, Today] | tuple[Today, ...]) -> Today | None:
    """Return the limit that comes nearest to excluding the point, or None where there is no limit."""
    every = today.values() if isinstance(today, Mapping) else today
    return max((t for t in every if not t.measurement), key=lambda t: t.strength, default=None)
