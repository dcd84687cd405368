"""The limit of an experiment at every dark-photon mass, and how it grows where the mediator is heavy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from darkmoment.experiments import Likelihood
from darkmoment.fit import Fit
from darkmoment.parameters import Array
from darkmoment.runfile.datasets import experiment_and_dataset

MASSLESS = 1e-9
"""Any parameter small against every scale of an experiment, GeV: the massless mediator."""

_HEAVY = (1e3, 1e4)
"""Masses (GeV) far above every momentum transfer, between which a limit that goes as m^2 has settled."""

_SETTLED = 1e-5


@dataclass(frozen=True)
class Recast:
    """The limit of one experiment along one parameter.

    Attributes
    ----------
    experiment : str
        As asked for: ``lsnd``, or ``lsnd/mu_numu`` for a dataset other than the fit's own.
    x, limit : ndarray (n,)
        NaN where the experiment says nothing.
    baseline : float
        Limit for a massless mediator.
    heavy : float
        Limit over m^2 for a heavy mediator, per GeV^2; NaN where it does not go as m^2.
    published : float or None
        The published number, where the likelihood is asked for it: with the options of its own number.
    from_events : bool
        True where the likelihood knows how many events it expects.
    """

    experiment: str
    quantity: str
    along: str
    x: Array
    limit: Array
    baseline: float
    heavy: float
    likelihood: Likelihood = field(compare=False, repr=False)
    published: float | None = None
    from_events: bool = False


def asked_for(fit: Fit, experiment: str, as_published: bool = False) -> Likelihood:
    """Return the likelihood that an entry of `experiments` means.

    Parameters
    ----------
    experiment : str
        Name of an experiment of the fit, or name and dataset: ``lsnd/mu_numu``.
    as_published : bool
        True for the options under which the experiment gives the number it publishes, those that `closure`
        asks it with, instead of the fit's.

    Raises
    ------
    ExperimentError
        If it has no such dataset, or not in the fit's shape.
    """
    name, dataset = experiment_and_dataset(experiment, fit.experiments)
    known = fit.experiments[name]
    if not dataset and not as_published:
        return known
    spec = fit.spec.experiments[name]
    options = known.card.closure.options if as_published else spec.options
    return replace(spec, dataset=dataset or spec.dataset, options=options).load()


def limit_at(fit: Fit, likelihood: Likelihood, along: str, x: Array) -> Array:
    """Return the limit at each value of `along`, other parameters at their reference."""
    points, n = fit.complete({along: x})
    return np.broadcast_to(likelihood.limit(fit.model.predict(points)), (n,))


def recast(fit: Fit, experiment: str, along: str, x: Array, as_published: bool = False) -> Recast:
    """Return an experiment's limit at each value of `along`, other parameters at their reference.

    Parameters
    ----------
    experiment : str
        Name of an experiment of the fit, or name and dataset: ``lsnd/mu_numu``.
    x : ndarray (n,)
        Values of `along`; its range does not apply.
    as_published : bool
        True to leave the fit's options aside, as `asked_for` says.

    Returns
    -------
    Recast
        `limit` (n,) in the quantity's unit, NaN where the experiment says nothing; `baseline` for a
        massless mediator.
    """
    likelihood = asked_for(fit, experiment, as_published)
    limit = limit_at(fit, likelihood, along, x)
    baseline = float(limit_at(fit, likelihood, along, np.array([MASSLESS]))[0])
    heavy = _heavy(fit, likelihood, along) if along == "m_dark_photon" else np.nan
    published = likelihood.dataset.limit if as_published else None
    point, _ = fit.complete({})
    counts = bool(np.isfinite(likelihood.expected(fit.model.predict(point))).all())
    return Recast(
        experiment, likelihood.limits, along, x, limit, baseline, heavy, likelihood, published, counts
    )


def _heavy(fit: Fit, likelihood: Likelihood, along: str) -> float:
    """Return limit/m^2 where it no longer changes, else NaN."""
    mass = np.array(_HEAVY)
    nearly, coefficient = limit_at(fit, likelihood, along, mass) / mass**2
    return float(coefficient) if abs(coefficient - nearly) < _SETTLED * abs(coefficient) else np.nan
