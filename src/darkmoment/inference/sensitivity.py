"""How far a posterior limit rests on the prior: range ends moved, and a prior flat in the quantity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.gaps import gaps
from darkmoment.inference.crew import Crew, Report, unheard
from darkmoment.inference.density import NothingAllowedError
from darkmoment.inference.elimination import powers_of
from darkmoment.inference.importance import importance_sample
from darkmoment.inference.quantiles import PosteriorLimit, kish
from darkmoment.inference.sample import Sample, sample
from darkmoment.parameters import Parameter

FACTOR = 10.0
"""By which the lower end of a log-uniform range is moved."""

MOVED = 2.0
"""A limit that moves by more than this factor is set by the prior."""

REWEIGHTED_ESS = 200
"""Effective samples above which reweighting the chains is good enough."""

SAMPLED_ESS = 400
"""Effective samples of a limit that is sampled again."""

_TAUS = 20
_STEPS = 4000
_PROBES = 2000

DOWN, UP, FLAT = f"lower end / {FACTOR:g}", f"lower end x {FACTOR:g}", "flat"
"""Changes of the prior, as the table calls them."""

COLUMNS = (
    "parameter",
    "change",
    "edge",
    "limit",
    "limit_low",
    "limit_high",
    "ratio",
    "method",
    "ess",
    "note",
)


@dataclass(frozen=True)
class Sensitivity:
    """Result of `prior_sensitivity`.

    Attributes
    ----------
    limit : PosteriorLimit
        With the prior as it is.
    table : DataFrame
        One row per change of the prior: `parameter`, `change` (`lower end / 10`, `lower end x 10`, or
        `flat` in the quantity),
        `edge` (the new lower end), `limit` with its error `limit_low` .. `limit_high` (one standard
        deviation, from the number of samples), `ratio` to the limit with the prior as it is, `method`
        (`reweighted`: the chains; `prior draws`: weighted draws of the changed prior; `sampled`: ensembles
        again; `none`: not done), `ess`, and a `note` on what to know of the changed range.
    unsettled : list of str
        Changes whose limit could not be computed well enough.
    """

    limit: PosteriorLimit
    table: pd.DataFrame
    unsettled: list[str]

    @property
    def moving(self) -> list[str]:
        """Changes that move the limit by more than a factor 2, with how much, the strongest first."""
        return moving(self.table)

    @property
    def prior_driven(self) -> bool:
        """True where some change moves the limit by more than a factor 2."""
        return bool(self.moving)

    @property
    def verdict(self) -> str:
        """The finding in words."""
        what = f"the {self.limit.level:.0%} posterior limit on {self.limit.quantity}"
        if self.moving:
            named = "; ".join(self.moving[:3])
            more = len(self.moving) - 3
            rest = f"; and {more} more" if more > 0 else ""
            return f"{what} is set by the prior ranges; quote the profile limit ({named}{rest})"
        if self.unsettled:
            return f"{what}: its dependence on the prior is not settled ({'; '.join(self.unsettled)})"
        return f"{what} does not depend on the prior ranges within a factor {MOVED:g}"


def moving(table: pd.DataFrame) -> list[str]:
    """Return in words the rows whose limit differs by more than a factor 2, the strongest first."""
    known = table[table["ratio"].astype(float) >= 0]
    # a limit that falls to zero has moved by more than any factor
    strength = np.abs(np.log(np.maximum(known["ratio"].to_numpy(dtype=float), 1e-300)))
    order = [i for i in np.argsort(-strength, kind="stable") if strength[i] > log(MOVED)]
    words = []
    for _, row in known.iloc[order].iterrows():
        what = f"{FLAT} in {row['parameter']}" if row["change"] == FLAT else _named(row)
        words.append(f"{what}: x {row['ratio']:.2g}")
    return words


def _named(row: pd.Series[Any]) -> str:
    return f"{row['parameter']} from {row['edge']:.3g}"


def prior_sensitivity(
    fit: Fit,
    found: Sample,
    quantity: str = "mu_eff",
    level: float = 0.90,
    seed: int = 1,
    crew: Crew | None = None,
    progress: Report | None = None,
) -> Sensitivity:
    """Return how the posterior limit changes with the prior, one change at a time.

    The lower end of each log-uniform range is divided and multiplied by 10; and the prior density is
    multiplied by the quantity, which makes it uniform in the quantity at any values of the other parameters
    (where the quantity is a power of a parameter with a log-uniform prior, as mu_eff is of epsilon).

    A change that keeps to the old ranges reweights the chains if that leaves 200 effective samples. All
    else is sampled again: by draws of the changed prior where these are worth 400 samples, else by ensembles
    until they have 400 effective samples, also of the tail, and 20 autocorrelation times.

    Parameters
    ----------
    fit : Fit
        Prior and likelihood.
    found : Sample
        Its posterior, with the quantity.
    quantity : str
        The observable whose limit is asked for.
    level : float
        Level of the limit.
    seed : int
        Entropy.
    crew : Crew, optional
        Who samples again; this process when left out.
    progress : callable, optional
        Called with (changes done, changes in all).
    """
    study = _Study(fit, found, quantity, level, seed, crew or Crew())
    scanned = [p for p in fit.free if p.prior.kind == "log_uniform"]
    tasks: list[Callable[[], dict[str, object]]] = []
    for p in scanned:
        tasks += [lambda p=p: study.down(p), lambda p=p: study.up(p)]  # type: ignore[misc]
    tasks.append(lambda: study.flat(_even_in(fit, quantity)))
    rows = []
    for i, task in enumerate(tasks):
        rows.append(task())
        (progress or unheard)(i + 1, len(tasks))
    return Sensitivity(study.base, pd.DataFrame(rows, columns=list(COLUMNS)), study.unsettled)


def _even_in(fit: Fit, quantity: str) -> bool:
    """Return whether the prior is even in ln(quantity): some log-uniform parameter moves it as a power 1."""
    for p in fit.free:
        if p.prior.kind == "log_uniform" and p.name in fit.model.reach(quantity):
            powers = powers_of(fit, p.name, [quantity])
            if powers is not None and abs(abs(powers[0]) - 1.0) < 1e-6:
                return True
    return False


class _Study:
    """The changes of the prior of one fit."""

    def __init__(self, fit: Fit, found: Sample, quantity: str, level: float, seed: int, crew: Crew) -> None:
        self.fit = fit
        self.quantity = quantity
        self.level = level
        self.seed = seed
        self.crew = crew
        self.parameters = {name: x.ravel() for name, x in found.parameters.items()}
        self.x = found.quantities[quantity].ravel()
        self.walkers = found.chi2.shape[2]
        # the kept samples may be fewer than the effective ones behind the limit quoted
        known = _has(found, quantity, level)
        behind = found.limit(quantity, level).ess if known else found.tail_ess[quantity]
        self.ess = min(behind, float(len(self.x)))
        quoted = PosteriorLimit.of(quantity, level, self.x, self.ess)
        self.base = found.limit(quantity, level) if known else quoted
        self.unsettled: list[str] = []

    def down(self, p: Parameter) -> dict[str, object]:
        """Divide the lower end of a range by 10: samples from inside it cannot tell, so sample again."""
        edge = p.bounds[0] / FACTOR
        refusal = p.info.refusal(edge)
        if refusal:
            return self._row(p.name, DOWN, edge, None, "none", f"has no meaning: {refusal}")
        wider = _from(self.fit, p.name, edge)
        limit, method = self._again(wider, f"{p.name} from {edge:.3g}")
        return self._row(p.name, DOWN, edge, limit, method, self._doubts(wider, p, edge))

    def up(self, p: Parameter) -> dict[str, object]:
        """Multiply the lower end of a range by 10: part of the chains remains."""
        edge = p.bounds[0] * FACTOR
        if edge >= p.bounds[1]:
            return self._row(p.name, UP, edge, None, "none", f"the range ends at {p.bounds[1]:.4g}")
        inside = self.parameters[p.name] >= edge
        ess = self.ess * float(inside.mean())
        if ess >= REWEIGHTED_ESS:
            limit = PosteriorLimit.of(self.quantity, self.level, self.x[inside], ess)
            return self._row(p.name, UP, edge, limit, "reweighted")
        limit_again, method = self._again(_from(self.fit, p.name, edge), f"{p.name} from {edge:.3g}")
        return self._row(p.name, UP, edge, limit_again, method)

    def flat(self, logarithmic: bool) -> dict[str, object]:
        """Multiply the prior density by the quantity."""
        known = self.fit.model.table.get(self.quantity)
        if not logarithmic or known is None or not known.logarithmic:
            note = "no prior here is even in the logarithm of the quantity"
            return self._row(self.quantity, FLAT, np.nan, None, "none", note)
        weights = self.x / self.x.max() if self.x.max() > 0 else np.zeros_like(self.x)
        ess = kish(weights) * self.ess / len(self.x)
        note = f"prior density times {self.quantity}"
        if ess >= REWEIGHTED_ESS:
            limit = PosteriorLimit.of(self.quantity, self.level, self.x, ess, weights)
            return self._row(self.quantity, FLAT, np.nan, limit, "reweighted", note)
        limit_again, method = self._again(self.fit, f"flat in {self.quantity}", self.quantity)
        return self._row(self.quantity, FLAT, np.nan, limit_again, method, note)

    def _again(self, fit: Fit, what: str, tilt: str = "") -> tuple[PosteriorLimit | None, str]:
        """Return the limit of a fit with another prior, sampled again, and how."""
        # with a tilt a few draws that are never made may hold all the weight, and nothing would show it
        if not tilt:
            drawn = importance_sample(fit, [self.quantity], [self.level], seed=self.seed, crew=self.crew)
            if drawn.ess >= SAMPLED_ESS:
                return drawn.limits[0], "prior draws"
        try:
            found = sample(
                fit,
                self.quantity,
                SAMPLED_ESS,
                walkers=self.walkers,
                max_steps=_STEPS,
                seed=self.seed,
                crew=self.crew,
                tilt=tilt,
                taus=_TAUS,
                levels=[self.level],
            )
        except NothingAllowedError as error:
            self.unsettled.append(f"{what}: {error}")
            return None, "none"
        if not found.converged:
            self.unsettled.append(f"{what}: {found.verdict}")
        return found.limits[0], "sampled" if found.converged else "sampled, not converged"

    def _doubts(self, wider: Fit, p: Parameter, edge: float) -> str:
        """Say what is special about the stretch by which a range was extended."""
        notes = [p.info.doubt(edge) or ""]
        known = set(gaps(self.fit))
        notes += [gap for gap in gaps(wider) if gap not in known]
        rng = np.random.default_rng([self.seed, 1])
        u = rng.random((_PROBES, len(wider.free)))
        points = {q.name: q.prior.quantile(u[:, i], *q.bounds) for i, q in enumerate(wider.free)}
        points[p.name] = edge * (p.bounds[0] / edge) ** rng.random(_PROBES)
        survey = wider.survey(points)
        if not survey.physical.all():
            share = 1 - survey.physical.mean()
            notes.append(f"{share:.0%} of the extension is unphysical (a scalar mass is not positive)")
        return "; ".join(note for note in notes if note)

    def _row(
        self,
        name: str,
        change: str,
        edge: float,
        limit: PosteriorLimit | None,
        method: str,
        note: str = "",
    ) -> dict[str, object]:
        nothing = {"limit": np.nan, "limit_low": np.nan, "limit_high": np.nan, "ratio": np.nan, "ess": 0.0}
        numbers = (
            nothing
            if limit is None
            else {
                "limit": limit.value,
                "limit_low": limit.low,
                "limit_high": limit.high,
                "ratio": limit.value / self.base.value if self.base.value > 0 else np.nan,
                "ess": limit.ess,
            }
        )
        if limit is None and not note:
            note = "no prior draw is allowed"
        return {"parameter": name, "change": change, "edge": edge, **numbers, "method": method, "note": note}


def _has(found: Sample, quantity: str, level: float) -> bool:
    return any(one.quantity == quantity and abs(one.level - level) < 1e-9 for one in found.limits)


def _from(fit: Fit, name: str, edge: float) -> Fit:
    """Return the fit with another lower end of a range."""
    given = fit.spec.parameters[name]
    assert given.range is not None
    changed = replace(given, range=(edge, given.range[1]))
    return Fit(replace(fit.spec, parameters={**fit.spec.parameters, name: changed}), fit.fixed)
