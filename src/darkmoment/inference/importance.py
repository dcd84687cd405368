"""The posterior from weighted draws of the prior: all but free where the data forbid little of the prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log, sqrt
from typing import Any

import numpy as np

from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew
from darkmoment.inference.density import Posterior
from darkmoment.inference.quantiles import LEVELS, PosteriorLimit, kish

BLOCK_DRAWS = 65_536
DRAWS = 2 * BLOCK_DRAWS


@dataclass(frozen=True)
class PriorDraws:
    """Result of `importance_sample`.

    Attributes
    ----------
    draws : int
        Draws of the prior.
    ess : float
        Effective number of samples they are worth.
    log_evidence, log_evidence_error : float
        Logarithm of the mean of L/L_best over the prior (L_best as in chi2), and its standard deviation.
    limits : tuple of PosteriorLimit
        Upper limits on the quantities asked for.
    """

    draws: int
    ess: float
    log_evidence: float
    log_evidence_error: float
    limits: tuple[PosteriorLimit, ...]

    @property
    def efficiency(self) -> float:
        """Effective samples per draw."""
        return self.ess / self.draws


def weigh(fit: Fit, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Draw from the prior and weigh the draws: one block per item (`seed`, `block`, `draws`, ...)."""
    found = []
    for item in items:
        posterior = Posterior(fit)
        rng = np.random.default_rng(np.random.SeedSequence(item["seed"], spawn_key=(item["block"],)))
        u = rng.random((item["draws"], posterior.dimension))
        survey = posterior.survey(posterior.from_unit(u), item["quantities"])
        values = {name: survey.quantities[name] for name in item["quantities"]}
        found.append({"log_weight": posterior.log_weight(survey), "values": values})
    return found


def importance_sample(
    fit: Fit,
    quantities: Sequence[str] = ("mu_eff",),
    levels: Sequence[float] = LEVELS,
    draws: int = DRAWS,
    seed: int = 1,
    crew: Crew | None = None,
) -> PriorDraws:
    """Return posterior limits and evidence from draws of the prior, weighted by likelihood.

    Weights lie between 0 and 1, so the effective number of samples is an honest measure.

    Parameters
    ----------
    fit : Fit
        Prior and likelihood.
    quantities : sequence of str
        Observables to limit.
    levels : sequence of float
        Levels of the limits.
    draws : int
        Draws of the prior, rounded up to whole blocks of 65536.
    seed : int
        Entropy.
    crew : Crew, optional
        Who does it; this process when left out.
    """
    count = -(-draws // BLOCK_DRAWS)
    item = {"seed": seed, "draws": BLOCK_DRAWS, "quantities": list(quantities)}
    blocks = (crew or Crew()).run(weigh, fit, [{**item, "block": i} for i in range(count)])
    log_weight = np.concatenate([block["log_weight"] for block in blocks])
    top = float(log_weight.max())
    weights = np.exp(log_weight - top) if top > -inf else np.zeros(len(log_weight))
    n, ess = len(weights), kish(weights)
    if ess == 0:
        return PriorDraws(n, 0.0, -inf, inf, ())
    kept = weights > 0
    limits = []
    for name in quantities:
        x = np.concatenate([block["values"][name] for block in blocks])
        limits += [PosteriorLimit.of(name, level, x[kept], ess, weights[kept]) for level in levels]
    return PriorDraws(n, ess, top + log(weights.mean()), sqrt(max(1 / ess - 1 / n, 0.0)), tuple(limits))
