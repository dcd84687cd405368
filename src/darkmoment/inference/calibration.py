"""Simulation-based calibration (arXiv:1804.06788) of the sampler, on fits whose answer is known.

Draw parameters from the prior, data from the parameters, the posterior from the data: then the rank of the
true value among posterior draws is uniform, for every parameter and every observable. A sampler that is
biased, too narrow or too wide shows as ranks that are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chisquare, kstest

from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew, Report, unheard
from darkmoment.inference.sample import BURN_IN, sample

DRAWS = 99
BINS = 10
_TOGETHER = 5


@dataclass(frozen=True)
class Calibration:
    """Result of `simulation_based_calibration`.

    Attributes
    ----------
    ranks : DataFrame
        One row per replica: how many of `draws` posterior draws lie below the true value, for every
        parameter and quantity; uniform on 0 .. draws if the sampler is right.
    draws : int
        Posterior draws compared with each true value.
    fewest : float
        The smallest effective number of samples that any replica had for any parameter.
    table : DataFrame
        One row per column of `ranks`: `name`, `mean` of the rank as a fraction (1/2 expected), and the
        probabilities `p_chi2` (counts in 10 bins) and `p_ks` (Kolmogorov-Smirnov) of ranks at least as
        uneven, if the sampler is right.
    seed : int
        Entropy.
    """

    ranks: pd.DataFrame
    draws: int
    fewest: float
    table: pd.DataFrame
    seed: int

    @property
    def p_value(self) -> float:
        """The smallest p-value of the table times their number: small where any is suspicious."""
        found = self.table[["p_chi2", "p_ks"]].to_numpy()
        return float(min(1.0, found.min() * found.size))


def simulation_based_calibration(
    fit: Fit,
    replicas: int = 100,
    draws: int = DRAWS,
    quantities: Sequence[str] = (),
    seed: int = 1,
    walkers: int = 64,
    steps: int = BURN_IN + 200,
    crew: Crew | None = None,
    progress: Report | None = None,
) -> Calibration:
    """Return the ranks of true values among draws of `sample`, over simulated data.

    Parameters
    ----------
    fit : Fit
        Priors, and gaussian constraints on parameters: these are the data that are simulated. Its
        experiments are left out, since they bring data of their own.
    replicas : int
        Simulated data sets; each is sampled by two ensembles.
    draws : int
        Posterior draws that each true value is compared with.
    quantities : sequence of str
        Observables to rank besides the free parameters.
    seed : int
        Entropy.
    walkers, steps : int
        As for `sample`; the first 500 steps are discarded.
    crew : Crew, optional
        Who does it; this process when left out.
    progress : callable, optional
        Called with (replicas done, replicas in all).

    Raises
    ------
    ValueError
        If the fit has no gaussian constraint on a free parameter.
    """
    bare = Fit(replace(fit.spec, experiments={}), fit.fixed)
    if not any(p.constraint for p in bare.free):
        raise ValueError(f"{fit.label} has no gaussian constraint on a free parameter: no data to simulate")
    settings = {"draws": draws, "quantities": list(quantities), "walkers": walkers, "steps": steps}
    items = [{"seed": seed, "replica": i, **settings} for i in range(replicas)]
    found = (crew or Crew()).run(rank, bare, items, _TOGETHER, progress or unheard)
    ranks = pd.DataFrame([one["ranks"] for one in found])
    table = pd.DataFrame([_uniformity(str(name), ranks[name].to_numpy(), draws) for name in ranks])
    return Calibration(ranks, draws, min(one["ess"] for one in found), table, seed)


def rank(fit: Fit, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Simulate data, sample, and rank the truth: one replica per item."""
    return [_rank(fit, item) for item in items]


def _rank(fit: Fit, item: dict[str, Any]) -> dict[str, Any]:
    rng = np.random.default_rng(np.random.SeedSequence(item["seed"], spawn_key=(item["replica"],)))
    truth, simulated = simulate(fit, rng)
    first = fit.free[0].name
    found = sample(
        simulated,
        item["quantities"][0] if item["quantities"] else first,
        ess=1e12,  # never reached: all replicas take the same number of steps
        ensembles=2,
        walkers=item["walkers"],
        max_steps=item["steps"],
        quantities=item["quantities"],
        seed=int(rng.integers(2**31)),
    )
    chains = {**found.parameters, **{name: found.quantities[name] for name in item["quantities"]}}
    predicted = simulated.predictions(truth)
    chosen = rng.choice(found.chi2.size, item["draws"], replace=False)
    return {
        "ranks": {
            name: int((x.ravel()[chosen] < float(np.ravel(predicted[name])[0])).sum())
            for name, x in chains.items()
        },
        "ess": float(min(found.ess.values())),
    }


def simulate(fit: Fit, rng: np.random.Generator) -> tuple[dict[str, float], Fit]:
    """Return parameters drawn from the prior, and the fit with data drawn from these: new constraints."""
    truth = {p.name: float(p.prior.quantile(rng.random(1), *p.bounds)[0]) for p in fit.free}
    parameters = dict(fit.spec.parameters)
    for p in fit.free:
        if p.constraint is not None:
            measured = (truth[p.name] + p.constraint[1] * float(rng.standard_normal()), p.constraint[1])
            parameters[p.name] = replace(parameters[p.name], constraint=measured)
    return truth, Fit(replace(fit.spec, parameters=parameters), fit.fixed)


def _uniformity(name: str, ranks: np.ndarray, draws: int) -> dict[str, Any]:
    edges = np.linspace(0, draws + 1, BINS + 1)
    # bins need not hold the same number of ranks
    values = np.histogram(np.arange(draws + 1), edges)[0] / (draws + 1)
    counts = np.histogram(ranks, edges)[0]
    return {
        "name": name,
        "mean": float((ranks + 0.5).mean() / (draws + 1)),
        "p_chi2": float(chisquare(counts, values * len(ranks)).pvalue),
        "p_ks": float(kstest((ranks + 0.5) / (draws + 1), "uniform").pvalue),
    }
