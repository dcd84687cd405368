"""Asimov data: what experiments would observe if the model were true at a point (arXiv:1007.1727).

Every observation is replaced by its expectation there, and so is the centre of every gaussian constraint on a
parameter. Each chi2 that is not a hard limit is then 0 at the point, and its rise elsewhere is that of a
median experiment. One that says nothing at the point is taken to observe no signal; where it says nothing
elsewhere, its chi2 is 0 whatever it has observed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from darkmoment.experiments import ExperimentError, Likelihood
from darkmoment.experiments.errors import AtFaultError
from darkmoment.experiments.plugins import in_words, raised_in
from darkmoment.model import Predictions

if TYPE_CHECKING:
    from darkmoment.fit import Fit

COUPLINGS = ("epsilon", "y", "y_e", "y_mu")
"""Parameters that vanish where there is no signal: kinetic mixing and the Yukawas."""

_ZERO = 1e-6
"""Largest chi2 at the injected point that counts as none."""

_SAME = 1e-9


def without_signal(point: Mapping[str, float]) -> dict[str, float]:
    """Return a point with its couplings to the Standard Model switched off, everything else unchanged."""
    return {name: 0.0 if name in COUPLINGS else value for name, value in point.items()}


def as_arrays(point: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Return a point as a batch of one."""
    return {name: np.array([float(value)]) for name, value in point.items()}


def observing(name: str, experiment: Likelihood, p: Predictions) -> Likelihood:
    """Return an experiment with its Asimov data.

    Parameters
    ----------
    p : Predictions
        At the injected point.

    Raises
    ------
    ExperimentError
        If it does not say what it would observe, or its chi2 there is then not 0.
    """
    try:
        twin = experiment.observing(p)
        chi2 = float(np.ravel(twin.chi2(p))[0])
        twin.covered(p)  # asked for when a reader is told where it says nothing
    except ExperimentError as problem:
        raise ExperimentError(f"no Asimov data for {name}: {problem.message}") from problem
    except (Exception, SystemExit) as problem:
        line = raised_in(type(experiment), problem)
        what = in_words(problem) + (f"; raised in {line}" if line else "")
        raise AtFaultError(name, f"no Asimov data for {name}: it raised {what}") from problem
    if not twin.hard and not abs(chi2) <= _ZERO:
        raise AtFaultError(
            name, f"no Asimov data for {name}: at the injected point chi2 is {chi2:g} afterwards, not 0"
        )
    return twin


def notes(fit: Fit) -> list[str]:
    """Return what a reader has to know of the Asimov data of a fit; nothing for published data."""
    return (
        [] if fit.injected is None else [*_of_experiments(fit, fit.injected), *_of_ranges(fit, fit.injected)]
    )


def _of_experiments(fit: Fit, point: Mapping[str, float]) -> Iterator[str]:
    p = fit.model.predict(as_arrays(point))
    for name, e in fit.experiments.items():
        strength = float(np.ravel(e.response(p))[0])
        if not np.all(e.covered(p)):
            why = "" if e.silence == Likelihood.silence else f" ({e.silence})"
            yield f"{name} says nothing at the injected point{why}: it is taken to observe no signal"
        elif e.hard:
            verdict = "excludes" if strength > 1 else "allows"
            yield (
                f"{name} is a hard limit, which knows no data: it stays as published and {verdict} the "
                f"injected point ({strength:.3g} times its limit)"
            )


def _of_ranges(fit: Fit, point: Mapping[str, float]) -> Iterator[str]:
    """Name the parameters that cannot have the injected value in this fit."""
    free = {p.name: point[p.name] for p in fit.free}
    values, _ = fit.complete(free)
    for p in fit.parameters:
        if p.range is not None and not _within(point[p.name], p.range):
            shown = f"[{p.range[0]:g}, {p.range[1]:g}]"
            yield f"the Asimov data have {p.name} = {point[p.name]:g}, outside its range {shown}"
        elif abs(values[p.name][0] - point[p.name]) > _SAME * max(abs(point[p.name]), _SAME):
            held = f"{'tied to' if p.tie is not None else 'held at'} {values[p.name][0]:g}"
            yield f"the Asimov data have {p.name} = {point[p.name]:g}, which is {held} in this fit"


def _within(value: float, bounds: tuple[float, float]) -> bool:
    margin = _SAME * max(abs(bounds[0]), abs(bounds[1]))
    return bounds[0] - margin <= value <= bounds[1] + margin
