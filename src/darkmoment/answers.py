"""What an experiment answers to a batch of points, or why that is no answer."""

from __future__ import annotations

import numpy as np

from darkmoment.experiments import Likelihood
from darkmoment.experiments.plugins import raised_in
from darkmoment.model import Predictions
from darkmoment.parameters import PARAMETERS, Array

_KINDS = {"chi2": "fiu", "strength": "fiu", "coverage": "b"}
"""Answer -> kinds of numpy numbers it may consist of."""


class LikelihoodError(RuntimeError):
    """A likelihood that raised, or returned NaN or no array of the right kind; names it and the point."""


def answers_of(name: str, experiment: Likelihood, p: Predictions, n: int) -> tuple[Array, Array, np.ndarray]:
    """Ask an experiment, and stop with its name and the point if the answer is no answer."""
    try:
        strength = experiment.response(p)
        chi2 = experiment.chi2_of(strength, p)
        covered = experiment.covered(p)
    except (Exception, SystemExit) as error:
        raise _failure(name, experiment, p, n, error) from error
    shapes = ((n,), (1,), ())
    for what, answer in (("chi2", chi2), ("strength", strength), ("coverage", covered)):
        # asked at every call: arrays, which are the rule, without a call of ours
        if isinstance(answer, np.ndarray) and answer.shape in shapes and answer.dtype.kind in _KINDS[what]:
            continue
        if _shape(answer) not in shapes or _kind(answer) not in _KINDS[what]:
            raise LikelihoodError(f"{name} returned {_unfit(what, answer, n)}, {_where(p, n)}")
    return chi2, strength, covered


def _failure(
    name: str, experiment: Likelihood, p: Predictions, n: int, error: BaseException
) -> LikelihoodError:
    """Say what an experiment raised and where, or that the shape had to raise: the strength is no array."""
    where = _culprit(experiment, p, n) or _where(p, n)
    try:
        strength = experiment.response(p)
    except (Exception, SystemExit):
        pass
    else:
        if not isinstance(strength, np.ndarray | np.number | float | int):
            return LikelihoodError(f"{name} returned {_unfit('strength', strength, n)}, {where}")
    message = " ".join(str(error).split())
    line = raised_in(type(experiment), error)
    said = f"{name} raised {type(error).__name__}: {message}, {where}"
    return LikelihoodError(f"{said}; raised in {line}" if line else said)


def _shape(answer: object) -> tuple[int, ...]:
    return answer.shape if isinstance(answer, np.ndarray) else np.asarray(answer, dtype=object).shape


def _kind(answer: object) -> str:
    """Return the kind of the numbers as numpy abbreviates it: 'f' for floats, 'O' or 'U' for no numbers."""
    if isinstance(answer, np.ndarray):
        return answer.dtype.kind
    kinds = {np.asarray(item).dtype.kind for item in np.asarray(answer, dtype=object).ravel()}
    return kinds.pop() if len(kinds) == 1 else "O"


def _unfit(what: str, answer: object, n: int) -> str:
    """Describe an answer that is no array of numbers, or one of the wrong shape."""
    if _kind(answer) in _KINDS[what] and _shape(answer) not in ((n,), (1,), ()):
        return f"a {what} of shape {_shape(answer)} for {n} points"
    if isinstance(answer, np.ndarray):
        return f"a {what} of {answer.dtype} for {n} points"
    kind = "None" if answer is None else f"a {type(answer).__name__}"
    return f"{kind} as {what} where an array is expected, for {n} points"


def _culprit(experiment: Likelihood, p: Predictions, n: int) -> str:
    """Ask point by point for the first that the experiment raises at; empty where none does alone."""
    needs = {name: p[name] for name in experiment.needs}
    for row in range(n):
        alone = {name: x if len(x) == 1 else x[row : row + 1] for name, x in needs.items()}
        try:
            experiment.chi2(alone)
        except (Exception, SystemExit):
            return f"at {describe_point(p, row)}"
    return ""


def _where(p: Predictions, n: int) -> str:
    batch = f"in a batch of {n} points, the first " if n > 1 else ""
    return f"{batch}at {describe_point(p, 0)}"


def describe_point(p: Predictions, row: int) -> str:
    """Describe one point of a batch in words."""
    found = ((name, p[name]) for name in PARAMETERS if name in p.parameters)
    return ", ".join(f"{name} = {v[0] if len(v) == 1 else v[row]:.6g}" for name, v in found)
