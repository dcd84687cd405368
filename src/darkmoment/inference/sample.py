"""Posterior sampling with emcee: independent ensembles, a vectorised posterior, and a stopping rule.

Coordinates are the probits of the prior's cumulative probability, so the prior is a unit gaussian whatever
its shape, and ranges have no edges. Moves are differential evolution and stretch; emcee 3.1.6's snooker
move samples a wrong density and is not used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import ceil

import emcee
import numpy as np
from scipy.special import ndtr

from darkmoment.fit import Fit
from darkmoment.inference.convergence import autocorrelation_time, split_rhat
from darkmoment.inference.lockstep import lockstep
from darkmoment.parameters import Array

PRIOR_DRAWS = 20_000
BURN_IN = 500
CHECK_EVERY = 500
RHAT_MAX = 1.01
TAUS_MIN = 50
_KEPT = 50_000
"""Samples kept after thinning, at most, all ensembles together."""

Progress = Callable[[int, int], None]


class Posterior:
    """The posterior density of a fit in probit coordinates.

    Parameters
    ----------
    fit : Fit
        Its free parameters, d of them, are the coordinates.
    """

    def __init__(self, fit: Fit) -> None:
        self.fit = fit
        self.free = fit.free
        self.dimension = len(self.free)
        if not self.free:
            raise ValueError(f"{fit.label} has no free parameter: nothing to sample")

    def physical(self, z: Array) -> dict[str, Array]:
        """Return the parameters in physical units at z, shape (n, d)."""
        u = ndtr(z)
        return {
            p.name: np.clip(p.prior.quantile(u[:, i], *p.bounds), *p.bounds) for i, p in enumerate(self.free)
        }

    def _chi2(self, z: Array) -> Array:
        return self.fit.survey(self.physical(z), within_ranges=True).chi2.sum(axis=1)

    def log_density(self, z: Array) -> Array:
        """Return the log posterior at z, shape (n, d), up to a constant; -inf where forbidden."""
        return -0.5 * self._chi2(z) - 0.5 * (z**2).sum(axis=1)

    def prior_starts(self, rng: np.random.Generator, walkers: int) -> Array:
        """Draw from the prior and resample by likelihood: starts in the bulk, shape (walkers, d)."""
        z = rng.standard_normal((PRIOR_DRAWS, self.dimension))
        log_like = -0.5 * self._chi2(z)
        top = log_like.max()
        if top == -np.inf:
            raise ValueError(
                f"{self.fit.label}: none of {PRIOR_DRAWS} prior draws is allowed; narrow the ranges"
            )
        weight = np.exp(log_like - top)
        chosen = rng.choice(PRIOR_DRAWS, walkers, p=weight / weight.sum())
        # distinct walkers need distinct places: a copy moves by a tenth of a prior sigma at most
        jitter = np.where(np.isin(np.arange(walkers), np.unique(chosen, return_index=True)[1]), 0.0, 0.1)
        moved = z[chosen] + jitter[:, None] * rng.standard_normal((walkers, self.dimension))
        allowed = np.isfinite(self.log_density(moved))
        return np.where(allowed[:, None], moved, z[chosen] + 1e-6 * rng.standard_normal(moved.shape))


@dataclass(frozen=True)
class Sample:
    """Result of `sample`.

    Attributes
    ----------
    parameters : dict of str to ndarray (ensembles, steps, walkers)
        Free parameters, physical units, burn-in removed and thinned.
    quantities : dict of str to ndarray (ensembles, steps, walkers)
        Observables asked for.
    chi2 : ndarray (ensembles, steps, walkers)
        Total chi2.
    rhat, ess, tau : dict of str to float
        Convergence of every parameter and quantity, from the unthinned chains.
    converged : bool
        True where the stopping rule was met for the quantity asked for.
    verdict : str
        The same in words.
    """

    parameters: dict[str, Array]
    quantities: dict[str, Array]
    chi2: Array
    rhat: dict[str, float]
    ess: dict[str, float]
    tau: dict[str, float]
    steps: int
    burn_in: int
    acceptance: float
    converged: bool
    verdict: str


def sample(
    fit: Fit,
    of: str = "mu_eff",
    ess: float = 1000,
    ensembles: int = 4,
    walkers: int = 128,
    max_steps: int = 20_000,
    quantities: tuple[str, ...] = (),
    seed: int = 1,
    progress: Progress | None = None,
) -> Sample:
    """Sample the posterior until the quantity asked for has converged.

    Parameters
    ----------
    fit : Fit
        Prior and likelihood.
    of : str
        Quantity whose effective sample size, autocorrelation time and R-hat end the run.
    ess : float
        Effective samples wanted of it, all ensembles together.
    ensembles, walkers : int
        Independent ensembles, and walkers in each (even, at least twice the number of parameters).
    max_steps : int
        Steps after which to stop in any case; the verdict then says what is missing.
    quantities : tuple of str
        Further observables to keep.
    seed : int
        Entropy; ensembles get streams of their own.
    progress : callable, optional
        Called with (steps done, steps expected).

    Returns
    -------
    Sample

    Raises
    ------
    ValueError
        If the prior gives no allowed point, or walkers are too few.
    """
    posterior = Posterior(fit)
    if walkers < 2 * posterior.dimension or walkers % 2 or ensembles < 2:
        raise ValueError(
            f"{walkers} walkers in {ensembles} ensembles: give an even number of at least "
            f"{2 * posterior.dimension} walkers (twice the {posterior.dimension} free parameters) and "
            "two ensembles"
        )
    if max_steps <= BURN_IN:
        raise ValueError(f"max_steps = {max_steps}: the first {BURN_IN} are discarded, give more")
    wanted = tuple(dict.fromkeys((of, *quantities)))
    runs = _ensembles(posterior, ensembles, walkers, seed)
    report = progress or (lambda done, expected: None)
    done, expected = 0, max_steps
    blocks: list[Array] = []
    burn = BURN_IN
    while done < max_steps:
        step = min(CHECK_EVERY, max_steps - done)
        _advance(posterior, runs, step, first=not done)
        blocks.append(_transformed(fit, of, posterior, _chain(runs, done)))
        done += step
        if done <= burn:
            report(done, expected)
            continue
        followed = np.concatenate(blocks, axis=1)
        tau = autocorrelation_time(followed[:, burn:])
        burn = min(max(BURN_IN, ceil(10 * tau)), done // 2)
        x = followed[:, burn:]
        kept = done - burn
        reached = x.size / tau >= ess and kept >= TAUS_MIN * tau and split_rhat(x) < RHAT_MAX
        expected = min(
            max_steps, max(done, ceil(burn + max(TAUS_MIN * tau, ess * tau / (ensembles * walkers))))
        )
        report(done, expected)
        if reached:
            break
    return _finish(fit, posterior, runs, wanted, of, ess, done, burn)


class _Desk:
    """What an ensemble takes for its log density: asks whoever runs the ensembles."""

    ask: Callable[[Array], Array]

    def __call__(self, z: Array) -> Array:
        return self.ask(z)


@dataclass
class _Run:
    """One ensemble: its sampler, and where it starts."""

    sampler: emcee.EnsembleSampler
    desk: _Desk
    start: Array

    def steps(self, count: int, first: bool, ask: Callable[[Array], Array]) -> None:
        self.desk.ask = ask
        self.sampler.run_mcmc(self.start if first else None, count, skip_initial_state_check=True)


def _advance(posterior: Posterior, runs: list[_Run], steps: int, first: bool) -> None:
    """Move all ensembles in step: one likelihood call serves them all."""

    def answer_all(asked: list[tuple[int, Array]]) -> list[Array]:
        found = posterior.log_density(np.concatenate([z for _, z in asked]))
        ends = np.cumsum([len(z) for _, z in asked])[:-1]
        return list(np.split(found, ends))

    lockstep([partial(run.steps, steps, first) for run in runs], answer_all)


def _ensembles(posterior: Posterior, ensembles: int, walkers: int, seed: int) -> list[_Run]:
    runs = []
    for stream in np.random.SeedSequence(seed).spawn(ensembles):
        rng = np.random.default_rng(stream)
        moves = [(emcee.moves.DEMove(), 0.6), (emcee.moves.StretchMove(), 0.4)]
        desk = _Desk()
        sampler = emcee.EnsembleSampler(walkers, posterior.dimension, desk, moves=moves, vectorize=True)
        # emcee's own wrapper prints tracebacks; errors are reported once, by who runs the ensembles
        sampler.log_prob_fn = desk
        # emcee takes the state of numpy's older generator only
        sampler.random_state = np.random.RandomState(rng.integers(2**32)).get_state()
        runs.append(_Run(sampler, desk, posterior.prior_starts(rng, walkers)))
    return runs


def _chain(runs: list[_Run], burn: int) -> Array:
    """Return the chains, shape (ensembles, steps, walkers, d)."""
    return np.array([run.sampler.get_chain(discard=burn) for run in runs])


def _values(fit: Fit, name: str, points: dict[str, Array]) -> Array:
    size = len(next(iter(points.values())))
    return np.concatenate(
        [
            np.broadcast_to(fit.predictions(part)[name], (len(next(iter(part.values()))),))
            for part in ({k: v[i : i + 8192] for k, v in points.items()} for i in range(0, size, 8192))
        ]
    )


def _transformed(fit: Fit, name: str, posterior: Posterior, chain: Array) -> Array:
    """Return a quantity along the chains, in the logarithm where it lives on one."""
    flat = chain.reshape(-1, posterior.dimension)
    x = _values(fit, name, posterior.physical(flat)).reshape(chain.shape[:-1])
    return _on_its_axis(fit, name, x)


def _on_its_axis(fit: Fit, name: str, x: Array) -> Array:
    known = fit.model.table.get(name)
    logarithmic = known.logarithmic if known else fit.parameter(name).free and fit.parameter(name).logarithmic
    return np.log(np.maximum(x, 1e-300)) if logarithmic else x


def _finish(
    fit: Fit,
    posterior: Posterior,
    runs: list[_Run],
    wanted: tuple[str, ...],
    of: str,
    ess: float,
    done: int,
    burn: int,
) -> Sample:
    chain = _chain(runs, burn)
    points = posterior.physical(chain.reshape(-1, posterior.dimension))
    shape = chain.shape[:-1]
    everything = {name: x.reshape(shape) for name, x in points.items()}
    everything |= {name: _values(fit, name, points).reshape(shape) for name in wanted}
    on_axis = {name: _on_its_axis(fit, name, x) for name, x in everything.items()}
    tau = {name: autocorrelation_time(x) for name, x in on_axis.items()}
    sizes = {name: x.size / tau[name] for name, x in on_axis.items()}
    rhat = {name: split_rhat(x) for name, x in on_axis.items()}
    missing = []
    if sizes[of] < ess:
        missing.append(f"{sizes[of]:.0f} effective samples instead of {ess:.0f}")
    if rhat[of] >= RHAT_MAX:
        missing.append(f"R-hat {rhat[of]:.3f} instead of less than {RHAT_MAX}")
    if shape[1] < TAUS_MIN * tau[of]:
        missing.append(f"{shape[1] / tau[of]:.0f} autocorrelation times instead of {TAUS_MIN}")
    verdict = (
        f"not converged for {of}: " + ", ".join(missing)
        if missing
        else f"converged for {of}: {sizes[of]:.0f} effective samples, R-hat {rhat[of]:.4f}, "
        f"{shape[1] / tau[of]:.0f} autocorrelation times"
    )
    chi2 = np.array([run.sampler.get_log_prob(discard=burn) for run in runs])
    chi2 = -2 * chi2 - (chain**2).sum(axis=-1)
    thin = slice(None, None, max(1, ceil(chi2.size / _KEPT)))
    return Sample(
        parameters={name: everything[name][:, thin] for name in points},
        quantities={name: everything[name][:, thin] for name in wanted},
        chi2=chi2[:, thin],
        rhat=rhat,
        ess=sizes,
        tau=tau,
        steps=done,
        burn_in=burn,
        acceptance=float(np.mean([run.sampler.acceptance_fraction.mean() for run in runs])),
        converged=not missing,
        verdict=verdict,
    )
