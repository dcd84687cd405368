"""Posterior sampling with emcee: independent ensembles, a vectorised posterior, and a stopping rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from darkmoment.fit import Fit
from darkmoment.inference.asked import check_count, check_hints, check_level, check_positive, hint
from darkmoment.inference.convergence import autocorrelation_time, quantile_ess, rank_rhat, tail_ess
from darkmoment.inference.crew import Crew, Report, unheard
from darkmoment.inference.density import Posterior
from darkmoment.inference.ensembles import THIN, advance, begin
from darkmoment.inference.posterior import Sample as Sample
from darkmoment.inference.quantiles import LEVELS, PosteriorLimit
from darkmoment.parameters import Array

BURN_IN = 500
CHECK_EVERY = 500
RHAT_MAX = 1.01
TAUS_MIN = 50
_KEPT = 50_000
"""Samples kept after thinning, at most, all ensembles together."""


@dataclass(frozen=True)
class Rule:
    """When to stop: what the quantity `of` has to reach, and steps after which to stop in any case."""

    of: str
    ess: float
    max_steps: int
    taus: float = TAUS_MIN

    def missing(self, ess: float, tail: float, rhat: float, taus: float) -> list[str]:
        """Return in words what is not reached."""
        found = []
        if ess < self.ess:
            found.append(f"{ess:.0f} effective samples instead of {self.ess:.0f}")
        if tail < self.ess:
            found.append(f"{tail:.0f} effective samples of the tail instead of {self.ess:.0f}")
        if not rhat < RHAT_MAX:
            found.append(f"R-hat {rhat:.3f} instead of less than {RHAT_MAX}")
        if taus < self.taus:
            found.append(f"{taus:.0f} autocorrelation times instead of {self.taus:g}")
        return found


def sample(
    fit: Fit,
    of: str = "mu_eff",
    ess: float = 1000,
    ensembles: int = 4,
    walkers: int = 128,
    max_steps: int = 20_000,
    quantities: Sequence[str] = (),
    seed: int = 1,
    progress: Report | None = None,
    crew: Crew | None = None,
    starts: Sequence[Mapping[str, float]] = (),
    tilt: str = "",
    taus: float = TAUS_MIN,
    levels: Sequence[float] = LEVELS,
) -> Sample:
    """Sample the posterior until the quantity asked for has converged.

    Converged means all of: enough effective samples of the quantity's mean and of its 90% and 95% quantiles
    (limits are quantiles), a rank-normalised split R-hat across ensembles below 1.01, and chains of at least
    50 autocorrelation times.

    Every ensemble starts on its own, wider than the posterior, so that R-hat says something: half of the
    walkers from prior draws resampled by likelihood, the others from prior draws that lie further out, or
    from `starts`. What is discarded, 500 steps or ten autocorrelation times, forgets them.

    Parameters
    ----------
    fit : Fit
        Prior and likelihood.
    of : str
        Quantity whose effective sample sizes, autocorrelation time and R-hat end the run.
    ess : float
        Effective samples wanted of it, all ensembles together.
    ensembles, walkers : int
        Independent ensembles, and walkers in each (even, at least twice the number of parameters).
    max_steps : int
        Steps after which to stop in any case; the verdict then says what is missing.
    quantities : sequence of str
        Further observables to keep.
    seed : int
        Entropy; ensembles get streams of their own.
    progress : callable, optional
        Called with (steps done, steps expected).
    crew : Crew, optional
        Who moves the ensembles; this process when left out. The result does not depend on it.
    starts : sequence of mapping, optional
        Points in physical units, e.g. maxima, beside which some walkers start.
    tilt : str
        An observable by whose value the prior density is multiplied; see `Posterior`.
    taus : float
        Autocorrelation times wanted.
    levels : sequence of float
        Levels of the upper limits.

    Returns
    -------
    Sample

    Raises
    ------
    ValueError
        If the prior gives no allowed point, walkers are too few, or a quantity does not exist.

    Examples
    --------
    >>> from darkmoment import Fit, sample
    >>> found = sample(Fit.load("paper"), "mu_eff", ess=10, ensembles=2, walkers=16, max_steps=600)
    >>> limit = found.limit("mu_eff", 0.90)
    >>> 0 < limit.low < limit.value < limit.high  # the error is that of the number of samples
    True
    """
    _check(fit, of, quantities, ess, seed, levels, tilt, starts)
    posterior = Posterior(fit, tilt)
    _refuse(posterior, ensembles, walkers, max_steps)
    crew, report = crew or Crew(), progress or unheard
    rule = Rule(of, ess, max_steps, taus)
    runs = _Runs(posterior, crew, tuple(dict.fromkeys((of, *quantities))), ensembles)
    runs.begin(seed, walkers, starts)
    burn = BURN_IN
    while max_steps - runs.done >= THIN:
        runs.advance(min(CHECK_EVERY, max_steps - runs.done))
        if runs.done <= burn:
            report(runs.done, max_steps)
            continue
        x = _on_its_axis(fit, of, runs.values(of, 0))
        tau = THIN * autocorrelation_time(x[:, burn // THIN :])
        burn = _burn_in(tau, runs.done)
        x = x[:, burn // THIN :]
        kept = THIN * x.shape[1]
        tau = THIN * autocorrelation_time(x)
        wanted = max(rule.taus * tau, rule.ess * tau / (ensembles * walkers))
        report(runs.done, ceil(min(max_steps, max(runs.done, burn + wanted))))
        if not rule.missing(THIN * x.size / tau, tail_ess(x), rank_rhat(x), kept / tau):
            break
    return _finish(runs, rule, burn, levels)


def _check(
    fit: Fit,
    of: str,
    quantities: Sequence[str],
    ess: float,
    seed: int,
    levels: Sequence[float],
    tilt: str,
    starts: Sequence[Mapping[str, float]],
) -> None:
    if isinstance(quantities, str):
        raise ValueError(f"quantities = {quantities!r}: give a list of names, [{quantities!r}]")
    free = [p.name for p in fit.free]
    for what, names in (("of", (of,)), ("quantities", quantities), ("tilt", (tilt,) if tilt else ())):
        known = [*fit.model.quantities, *(free if what != "tilt" else ())]
        for name in names:
            if name not in known and name not in fit.model.table:
                raise ValueError(f"{what}: {fit.label} has no {name!r} to sample{hint(name, known)}")
    check_positive("ess", ess)
    check_count("seed", seed, 0)
    check_hints(fit, starts, "starts")
    if not isinstance(levels, Iterable):
        raise ValueError(f"levels = {levels!r}: give a list of levels, [{levels!r}]")
    for level in levels:
        check_level(level)


def _refuse(posterior: Posterior, ensembles: int, walkers: int, max_steps: int) -> None:
    if walkers < 2 * posterior.dimension or walkers % 2 or ensembles < 2:
        raise ValueError(
            f"{walkers} walkers in {ensembles} ensembles: give an even number of at least "
            f"{2 * posterior.dimension} walkers (twice the {posterior.dimension} free parameters) and "
            "two ensembles"
        )
    if max_steps < BURN_IN + CHECK_EVERY // 5:
        raise ValueError(
            f"max_steps = {max_steps}: the first {BURN_IN} are discarded, give at least "
            f"{BURN_IN + CHECK_EVERY // 5}"
        )


def _burn_in(tau: float, done: int) -> int:
    """Return how many steps to discard, a multiple of THIN."""
    wanted = min(max(BURN_IN, ceil(10 * tau)), max(done // 2, min(BURN_IN, done - THIN)))
    return THIN * (wanted // THIN)


class _Runs:
    """The ensembles of one run, block by block; a crew moves them."""

    def __init__(self, posterior: Posterior, crew: Crew, wanted: tuple[str, ...], ensembles: int) -> None:
        self.posterior = posterior
        self.crew = crew
        self.wanted = wanted
        self.ensembles = ensembles
        # fixed, so that blocks are the same whatever the number of workers: two share the ensembles
        self.together = ceil(ensembles / 2)
        self.states: list[dict[str, Any]] = []
        self.blocks: list[list[dict[str, Any]]] = []
        self.done = 0

    def begin(self, seed: int, walkers: int, starts: Sequence[Mapping[str, float]]) -> None:
        names = [p.name for p in self.posterior.free]
        item = {
            "seed": seed,
            "walkers": walkers,
            "points": [{name: float(point[name]) for name in names} for point in starts],
            "tilt": self.posterior.tilt,
        }
        items = [{**item, "ensemble": i} for i in range(self.ensembles)]
        self.states = self.crew.run(begin, self.posterior.fit, items, self.together)

    def advance(self, steps: int) -> None:
        """Move all ensembles on by a block."""
        steps = THIN * (steps // THIN)
        item = {"steps": steps, "quantities": list(self.wanted), "tilt": self.posterior.tilt}
        # ensembles whose states are equal by accident are still two pieces of work
        numbered = enumerate(self.states)
        items = [{**item, "ensemble": i, "block": len(self.blocks), "state": s} for i, s in numbered]
        found = self.crew.run(advance, self.posterior.fit, items, self.together)
        self.states = [one.pop("state") for one in found]
        self.blocks.append(found)
        self.done += steps

    def _joined(self, pick: Any, burn: int) -> Array:
        return np.concatenate([np.array([pick(one) for one in b]) for b in self.blocks], axis=1)[:, burn:]

    def values(self, name: str, burn: int) -> Array:
        """Return a quantity along the chains, shape (ensembles, steps/THIN, walkers)."""
        return self._joined(lambda one: one["values"][name], burn)

    def chi2(self, burn: int) -> Array:
        """Return the total chi2 along the chains."""
        return self._joined(lambda one: one["chi2"], burn)

    def chain(self, burn: int) -> Array:
        """Return the coordinates along the chains, shape (ensembles, steps/THIN, walkers, d)."""
        return self._joined(lambda one: one["chain"], burn)

    @property
    def acceptance(self) -> float:
        """Fraction of proposals accepted, burn-in included."""
        accepted = [float(one["accepted"].mean()) for block in self.blocks for one in block]
        return float(np.sum(accepted)) * THIN / (self.done * self.ensembles)


def _on_its_axis(fit: Fit, name: str, x: Array) -> Array:
    """Return a quantity in the logarithm where it lives on one."""
    known = fit.model.table.get(name)
    logarithmic = known.logarithmic if known else fit.parameter(name).free and fit.parameter(name).logarithmic
    return np.log(np.maximum(x, 1e-300)) if logarithmic else x


def _finish(runs: _Runs, rule: Rule, burn: int, levels: Sequence[float]) -> Sample:
    posterior, fit, skip = runs.posterior, runs.posterior.fit, burn // THIN
    chain = runs.chain(skip)
    shape = chain.shape[:-1]
    points = posterior.physical(chain.reshape(-1, posterior.dimension))
    parameters = {name: x.reshape(shape) for name, x in points.items()}
    quantities = {name: runs.values(name, skip) for name in runs.wanted if name not in parameters}
    on_axis = {name: _on_its_axis(fit, name, x) for name, x in {**parameters, **quantities}.items()}
    tau = {name: THIN * autocorrelation_time(x) for name, x in on_axis.items()}
    ess = {name: THIN * x.size / tau[name] for name, x in on_axis.items()}
    tail = {name: tail_ess(x) for name, x in on_axis.items()}
    rhat = {name: rank_rhat(x) for name, x in on_axis.items()}
    taus = THIN * shape[1] / tau[rule.of]
    missing = rule.missing(ess[rule.of], tail[rule.of], rhat[rule.of], taus)
    limits = [
        PosteriorLimit.of(name, level, x, quantile_ess(on_axis[name], level))
        for name, x in quantities.items()
        for level in levels
    ]
    chi2 = runs.chi2(skip)
    thin = slice(None, None, max(1, ceil(chi2.size / _KEPT)))
    return Sample(
        parameters={name: x[:, thin] for name, x in parameters.items()},
        quantities={name: x[:, thin] for name, x in quantities.items()},
        chi2=chi2[:, thin],
        rhat=rhat,
        ess=ess,
        tail_ess=tail,
        tau=tau,
        limits=tuple(limits),
        steps=runs.done,
        burn_in=burn,
        acceptance=runs.acceptance,
        converged=not missing,
        verdict=_verdict(rule, missing, ess[rule.of], tail[rule.of], rhat[rule.of], taus),
        fit=fit,
    )


def _verdict(rule: Rule, missing: list[str], ess: float, tail: float, rhat: float, taus: float) -> str:
    if missing:
        return f"not converged for {rule.of}: {', '.join(missing)}"
    return (
        f"converged for {rule.of}: {ess:.0f} effective samples ({tail:.0f} of the tail), R-hat {rhat:.4f}, "
        f"{taus:.0f} autocorrelation times"
    )
