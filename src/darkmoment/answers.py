"""What an experiment answers to a batch of points, or why that is no answer."""

from __future__ import annotations

import numpy as np

from darkmoment.experiments import Likelihood
from darkmoment.model import Predictions
from darkmoment.parameters import PARAMETERS, Array


class LikelihoodError(RuntimeError):
    """A likelihood that raised, returned NaN or the wrong shape; names it and the point."""


def answers_of(name: str, experiment: Likelihood, p: Predictions, n: int) -> tuple[Array, Array, np.ndarray]:
    """Ask an experiment, and stop with its name and the point if the answer is no answer."""
    try:
        strength = experiment.response(p)
        chi2 = experiment.chi2_of(strength, p)
        covered = experiment.covered(p)
    except Exception as error:
        where = _culprit(experiment, p, n) or _where(p, n)
        raise LikelihoodError(f"{name} raised {type(error).__name__}: {error}, {where}") from error
    for what, answer in (("chi2", chi2), ("strength", strength), ("coverage", covered)):
        shape = answer.shape if isinstance(answer, np.ndarray) else np.shape(answer)
        if shape not in ((n,), (1,), ()):
            raise LikelihoodError(f"{name} returned a {what} of shape {shape} for {n} points, {_where(p, n)}")
    return chi2, strength, covered


def _culprit(experiment: Likelihood, p: Predictions, n: int) -> str:
    """Ask point by point for the first that the experiment raises at; empty where none does alone."""
    needs = {name: p[name] for name in experiment.needs}
    for row in range(n):
        alone = {name: x if len(x) == 1 else x[row : row + 1] for name, x in needs.items()}
        try:
            experiment.chi2(alone)
        except Exception:
            return f"at {describe_point(p, row)}"
    return ""


def _where(p: Predictions, n: int) -> str:
    batch = f"in a batch of {n} points, the first " if n > 1 else ""
    return f"{batch}at {describe_point(p, 0)}"


def describe_point(p: Predictions, row: int) -> str:
    """Describe one point of a batch in words."""
    found = ((name, p[name]) for name in PARAMETERS if name in p.parameters)
    return ", ".join(f"{name} = {v[0] if len(v) == 1 else v[row]:.6g}" for name, v in found)
