"""Work of the sampler: ensembles of emcee walkers, begun and moved on as pure functions of their state.

Moves are differential evolution and stretch; emcee 3.1.6's snooker move samples a wrong density and is not
used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import emcee
import numpy as np

from darkmoment.fit import Fit
from darkmoment.inference.density import Posterior
from darkmoment.inference.lockstep import lockstep
from darkmoment.parameters import Array

THIN = 5
"""Steps between samples that are kept: much less than any autocorrelation time met."""

Ask = Callable[[Array], Array]


def begin(fit: Fit, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first state of ensembles.

    Parameters
    ----------
    fit : Fit
        Prior and likelihood.
    items : sequence of dict
        `seed`, `ensemble`, `walkers`, `points` (to start from, physical units), `tilt` (see `Posterior`).

    Returns
    -------
    list of dict
        `z` (walkers, d), `log_prob` (walkers,), `generator`: the state of a numpy RandomState.
    """
    found = []
    for item in items:
        posterior = Posterior(fit, item["tilt"])
        stream = np.random.SeedSequence(item["seed"], spawn_key=(item["ensemble"],))
        rng = np.random.default_rng(stream)
        # emcee takes the state of numpy's older generator only
        generator = np.random.RandomState(rng.integers(2**32)).get_state()
        z = posterior.starts(rng, item["walkers"], item["points"])
        found.append({"z": z, "log_prob": posterior.log_density(z), "generator": _plain(generator)})
    return found


def advance(fit: Fit, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Move ensembles on, in step: one likelihood call serves them all.

    Parameters
    ----------
    fit : Fit
        Prior and likelihood.
    items : sequence of dict
        `state` as `begin` and `advance` return it, `steps` (a multiple of THIN), `quantities` to compute
        along the chain, `tilt`.

    Returns
    -------
    list of dict
        `chain` (steps/THIN, walkers, d), `chi2` and each of `values` (steps/THIN, walkers), `accepted`
        (walkers,), and the new `state`.
    """
    posteriors = [Posterior(fit, item["tilt"]) for item in items]

    def answer_all(asked: list[tuple[int, Array]]) -> list[Array]:
        # those with the same tilt, which is all of them, in one call
        found = posteriors[asked[0][0]].log_density(np.concatenate([z for _, z in asked]))
        return list(np.split(found, np.cumsum([len(z) for _, z in asked])[:-1]))

    if len({p.tilt for p in posteriors}) > 1:
        raise ValueError("ensembles that move in step have one density")
    jobs = [partial(_move, posterior, item) for posterior, item in zip(posteriors, items, strict=True)]
    return lockstep(jobs, answer_all)


def _move(posterior: Posterior, item: dict[str, Any], ask: Ask) -> dict[str, Any]:
    """Move one ensemble on, asking for log densities."""
    state, steps = item["state"], item["steps"]
    walkers, dimension = state["z"].shape
    moves = [(emcee.moves.DEMove(), 0.6), (emcee.moves.StretchMove(), 0.4)]
    sampler = emcee.EnsembleSampler(walkers, dimension, ask, moves=moves, vectorize=True)
    # emcee's own wrapper prints tracebacks; errors are reported once, by who runs the ensembles
    sampler.log_prob_fn = ask
    begun = emcee.State(state["z"], log_prob=state["log_prob"], random_state=tuple(state["generator"]))
    ended = sampler.run_mcmc(begun, steps // THIN, thin_by=THIN, skip_initial_state_check=True)
    chain = sampler.get_chain()
    survey = posterior.survey(posterior.physical(chain.reshape(-1, dimension)), item["quantities"])
    shape = chain.shape[:-1]
    return {
        "chain": chain,
        "chi2": survey.chi2.sum(axis=1).reshape(shape),
        "values": {name: survey.quantities[name].reshape(shape) for name in item["quantities"]},
        "accepted": np.array(sampler.backend.accepted),
        "state": {
            "z": ended.coords,
            "log_prob": ended.log_prob,
            "generator": _plain(sampler.random_state),
        },
    }


def _plain(generator: Any) -> list[Any]:
    kind, keys, position, has_gauss, cached = generator
    return [str(kind), np.array(keys), int(position), int(has_gauss), float(cached)]
