"""Nested sampling with dynesty: limits and evidence by a method that shares nothing with the ensembles."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew
from darkmoment.inference.density import Posterior
from darkmoment.inference.quantiles import LEVELS, PosteriorLimit, kish

RUNS = 2
LIVE = 500
"""Live points of each run."""

_REPETITIONS = 50
"""Bootstrap repetitions behind each error."""

_LAST = 0.01
"""Share of the evidence left in the live points at which a run ends, as a difference of logarithms."""

_LOWEST = -1e300


class NestedMissingError(RuntimeError):
    """Nested sampling was asked for where dynesty is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "nested sampling needs the package dynesty, an extra: pip install '.[nested]' in the clone"
        )


@dataclass(frozen=True)
class Nested:
    """Result of `nested_sample`.

    Attributes
    ----------
    log_evidence, log_evidence_error : float
        Logarithm of the mean of L/L_best over the prior (L_best as in chi2), and its standard deviation.
    limits : tuple of PosteriorLimit
        Upper limits on the quantities asked for; their errors are bootstrapped.
    ess : float
        Effective number of samples.
    calls : int
        Likelihood evaluations.
    """

    log_evidence: float
    log_evidence_error: float
    limits: tuple[PosteriorLimit, ...]
    ess: float
    calls: int


def nested_sample(
    fit: Fit,
    quantities: Sequence[str] = ("mu_eff",),
    levels: Sequence[float] = LEVELS,
    live: int = LIVE,
    seed: int = 1,
    crew: Crew | None = None,
) -> Nested:
    """Return posterior limits and evidence by two independent nested sampling runs.

    Parameters
    ----------
    fit : Fit
        Prior and likelihood; the prior is taken as the image of the unit cube.
    quantities : sequence of str
        Observables to limit.
    levels : sequence of float
        Levels of the limits.
    live : int
        Live points of each run.
    seed : int
        Entropy.
    crew : Crew, optional
        Who does it; this process when left out.

    Raises
    ------
    NestedMissingError
        If dynesty is not installed.
    """
    require()
    item = {"seed": seed, "live": live, "quantities": list(quantities), "levels": list(levels)}
    runs = (crew or Crew()).run(nest, fit, [{**item, "run": i} for i in range(RUNS)])
    evidence = np.array([run["log_evidence"] for run in runs])
    top = evidence.max()
    share = np.exp(evidence - top)
    # each run counts by its evidence; the bootstrap repetitions of all runs are combined one by one
    repeated = np.array([run["repeated_evidence"] for run in runs])
    weights = np.concatenate([run["weights"] * s for run, s in zip(runs, share, strict=True)])
    ess = kish(weights)
    limits = []
    for i, name in enumerate(quantities):
        x = np.concatenate([run["values"][name] for run in runs])
        for j, level in enumerate(levels):
            value = float(np.quantile(x, level, weights=weights, method="inverted_cdf"))
            # runs are independent: the mean of two scatters by less than one by the root of two
            spread = np.array([run["repeated_limits"][:, i, j] for run in runs])
            low, high = _interval(value, spread)
            limits.append(PosteriorLimit(name, level, value, low, high, ess))
    return Nested(
        log_evidence=float(top + np.log(share.mean())),
        log_evidence_error=float(sqrt(repeated.var(axis=1, ddof=1).sum()) / len(runs)),
        limits=tuple(limits),
        ess=ess,
        calls=sum(run["calls"] for run in runs),
    )


def _interval(value: float, repeated: np.ndarray) -> tuple[float, float]:
    """Return value -+ the error of the mean of runs, from bootstrapped values (runs, repetitions)."""
    if (repeated > 0).all() and value > 0:
        error = float(np.exp(sqrt(np.log(repeated).var(axis=1, ddof=1).sum()) / len(repeated)))
        return value / error, value * error
    error = sqrt(repeated.var(axis=1, ddof=1).sum()) / len(repeated)
    return value - error, value + error


def require() -> Any:
    """Return dynesty; raises NestedMissingError where it is not installed."""
    try:
        import dynesty
    except ImportError:
        raise NestedMissingError from None
    return dynesty


def nest(fit: Fit, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run nested samplers one after another: one per item (`seed`, `run`, `live`, ...)."""
    return [_one(Posterior(fit), item) for item in items]


def _one(posterior: Posterior, item: dict[str, Any]) -> dict[str, Any]:
    dynesty = require()
    rng = np.random.default_rng(np.random.SeedSequence(item["seed"], spawn_key=(item["run"],)))

    def log_likelihood(u: np.ndarray) -> float:
        survey = posterior.survey(posterior.from_unit(u[None, :]))
        # dynesty wants finite numbers
        return max(float(posterior.log_weight(survey)[0]), _LOWEST)

    sampler = dynesty.NestedSampler(
        log_likelihood,
        _cube,
        posterior.dimension,
        nlive=item["live"],
        sample="rwalk",
        bound="multi",
        rstate=rng,
    )
    with warnings.catch_warnings():
        # hard limits make a plateau, where every live point is as good as any other: the run is complete
        warnings.filterwarnings("ignore", "We have reached the plateau", UserWarning)
        sampler.run_nested(dlogz=_LAST, print_progress=False)
    found = sampler.results
    survey = posterior.survey(posterior.from_unit(np.array(found.samples)), item["quantities"])
    values = [survey.quantities[name] for name in item["quantities"]]
    repeated = [dynesty.utils.resample_run(found, rstate=rng, return_idx=True) for _ in range(_REPETITIONS)]
    return {
        "log_evidence": float(found.logz[-1]),
        "weights": _weights(found),
        "values": dict(zip(item["quantities"], values, strict=True)),
        "repeated_evidence": np.array([float(again.logz[-1]) for again, _ in repeated]),
        "repeated_limits": np.array(
            [
                [_quantiles(x[index], _weights(again), item["levels"]) for x in values]
                for again, index in repeated
            ]
        ),
        "calls": int(np.sum(found.ncall)),
    }


def _cube(u: np.ndarray) -> np.ndarray:
    return u


def _weights(found: Any) -> np.ndarray:
    return np.exp(np.asarray(found.logwt) - found.logz[-1])


def _quantiles(x: np.ndarray, weights: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    return np.quantile(x, levels, weights=weights, method="inverted_cdf")
