"""10,000 effective samples of mu_eff, beside emcee's default move in the unit box.

    python tests/benchmarks/bench_sample.py [--seed N] [--workers N] [--steps N]

The fit is the shipped `global`, variant `general`: twelve free parameters. The alternative is emcee as it
comes: `EnsembleSampler` with its default stretch move, in the coordinates in which the prior is flat in
[0, 1], vectorised over the same chi2, with as many ensembles and walkers from the same starts. It is run for
a given number of steps; its time is divided by the number of workers, as if it scaled without loss, and
scaled to 10,000 effective samples. Effective samples of both are counted by the same estimator of the
autocorrelation time of ln mu_eff, after the same burn-in.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from math import ceil
from os import cpu_count, getloadavg
from time import perf_counter

import emcee
import numpy as np
from scipy.special import ndtr

from darkmoment import Fit, sample
from darkmoment.inference.convergence import autocorrelation_time
from darkmoment.inference.crew import Crew
from darkmoment.inference.density import Posterior
from darkmoment.inference.workers import Processes

SEED = 20260326
WANTED = 10_000
ENSEMBLES, WALKERS = 4, 128
STEPS = 12_000
LEVEL = 0.90
AIM_SECONDS = 60.0


@dataclass(frozen=True)
class Result:
    """What a sampler gave: seconds, effective samples of ln mu_eff, its autocorrelation time and limit."""

    name: str
    seconds: float
    ess: float
    tau: float
    limit: float

    def line(self) -> str:
        """Return a line of the table."""
        rate = self.ess / self.seconds
        return (
            f"{self.name:<36}{self.seconds:10.1f}{self.ess:12.0f}{rate:12.0f}{WANTED / rate:14.1f}"
            f"{self.tau:8.0f}{self.limit:14.3e}"
        )


def ours(fit: Fit, seed: int, workers: int) -> Result:
    """Sample until 10,000 effective samples are there."""
    crew = Processes(workers) if workers > 1 else Crew()
    start = perf_counter()
    found = sample(fit, "mu_eff", ess=WANTED, ensembles=ENSEMBLES, walkers=WALKERS, seed=seed, crew=crew)
    seconds = perf_counter() - start
    if isinstance(crew, Processes):
        crew.close()
    print(f"darkmoment: {found.verdict}; {found.steps} steps")
    assert found.converged, found.verdict
    limit = found.limit("mu_eff", LEVEL).value
    return Result("darkmoment, start to end", seconds, found.ess["mu_eff"], found.tau["mu_eff"], limit)


def stretch(fit: Fit, seed: int, workers: int, steps: int) -> Result:
    """Run emcee's default move in the unit box."""
    posterior = Posterior(fit)
    d = posterior.dimension

    def log_density(u: np.ndarray) -> np.ndarray:
        inside = ((u > 0) & (u < 1)).all(axis=1)
        found = np.full(len(u), -np.inf)
        if inside.any():
            chi2 = fit.survey(posterior.from_unit(u[inside]), within_ranges=True).chi2.sum(axis=1)
            found[inside] = -0.5 * chi2
        return found

    chains, seconds = [], 0.0
    for number in range(ENSEMBLES):
        rng = np.random.default_rng([seed, number])
        sampler = emcee.EnsembleSampler(WALKERS, d, log_density, vectorize=True)
        sampler.random_state = np.random.RandomState(rng.integers(2**32)).get_state()
        begin = ndtr(posterior.starts(rng, WALKERS, []))
        start = perf_counter()
        sampler.run_mcmc(np.clip(begin, 1e-9, 1 - 1e-9), steps)
        seconds += perf_counter() - start
        chains.append(sampler.get_chain())
    chain = np.array(chains)
    x = np.log(_moments(fit, posterior, chain))
    burn = 500
    for _ in range(3):  # as `sample` has it: ten autocorrelation times, 500 steps at least
        tau = autocorrelation_time(x[:, burn:])
        burn = min(max(500, ceil(10 * tau)), steps // 2)
    kept = x[:, burn:]
    limit = float(np.exp(np.quantile(kept, LEVEL)))
    # the time of the steps kept: a longer run would not have to burn in again
    share = kept.shape[1] / steps
    return Result(
        "emcee, stretch in the box (scaled)", seconds * share / workers, kept.size / tau, tau, limit
    )


def _moments(fit: Fit, posterior: Posterior, chain: np.ndarray) -> np.ndarray:
    flat = chain.reshape(-1, posterior.dimension)
    parts = [
        fit.survey(posterior.from_unit(part), ["mu_eff"], within_ranges=True).quantities["mu_eff"]
        for part in np.array_split(flat, ceil(len(flat) / 65536))
    ]
    return np.concatenate(parts).reshape(chain.shape[:-1])


def report(seed: int = SEED, workers: int = 2, steps: int = STEPS) -> None:
    """Measure, print, and assert what does not depend on the machine's mood."""
    fit = Fit.load("global", "general")
    print(f"posterior of mu_eff of `global`, variant general; {workers} worker(s), seed {seed}")
    print(f"load of the machine before: {getloadavg()[0]:.1f} on {cpu_count()} cores")
    results = [ours(fit, seed, workers), stretch(fit, seed, workers, steps)]
    heading = f"{'':<36}{'seconds':>10}{'effective':>12}{'a second':>12}"
    print(heading + f"{f's for {WANTED}':>14}{'tau':>8}{'90% limit':>14}")
    for result in results:
        print(result.line())
    first, second = results
    ratio = first.ess / first.seconds / (second.ess / second.seconds)
    print(f"\neffective samples a second: {ratio:.1f} times as many as emcee's default")
    met = "MET" if first.seconds < AIM_SECONDS else "NOT MET"
    print(f"{met} {WANTED} effective samples in {AIM_SECONDS:g} s")
    # both sample the same density; the 90% limit of a few thousand samples is good to a tenth or two
    assert abs(np.log(first.limit / second.limit)) < 0.5, (first.limit, second.limit)
    assert ratio > 1


def test_sampling_beats_the_default_move() -> None:
    report()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="effective samples of mu_eff beside emcee's default")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of the alternative")
    arguments = parser.parse_args()
    report(arguments.seed, arguments.workers, arguments.steps)
