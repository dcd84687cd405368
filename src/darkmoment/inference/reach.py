"""How small a quantity each experiment alone can see, when one parameter is moved and the rest stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from darkmoment.experiments.likelihood import Measurement
from darkmoment.fit import Fit
from darkmoment.levels import delta_chi2
from darkmoment.parameters import Array

_GRID = 1200
_DECADES_BELOW = 1e-6
_FAR = 1e3
_SAME = 1e-12
_HALVINGS = 60

Beyond = Callable[[Array, Array], NDArray[np.bool_]]
"""Response and chi2, each (n,) -> where a condition on them holds."""


class ReachError(ValueError):
    """A quantity that a parameter does not move, or not in one direction; the message says which."""


@dataclass(frozen=True)
class Edge:
    """Where one experiment meets a condition; NaN where it never does."""

    by: float = float("nan")
    quantity: float = float("nan")

    @property
    def met(self) -> bool:
        """True where the condition is met."""
        return isfinite(self.quantity)


@dataclass(frozen=True)
class Reach:
    """What one experiment alone says of the quantity.

    Attributes
    ----------
    experiment : str
        Its name in the fit.
    limit : Edge
        Where its own limit is met, at signal strength 1.
    level : Edge
        Where its Delta chi2 meets the confidence level: from its own best signal, or for a measurement from
        the smallest along the line.
    outcome : str
        'reached', 'not reached', or why there is nothing to reach: 'does not depend on it', 'says nothing'.
    notes : tuple of str
        What a reader has to know of the two numbers.
    """

    experiment: str
    limit: Edge
    level: Edge
    outcome: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Line:
    """The line along which one parameter moves, in the order of a rising quantity.

    Attributes
    ----------
    x, q : ndarray (n,)
        Values of the parameter and of the quantity.
    response, chi2 : ndarray (n, K)
        Of each experiment.
    covered : ndarray (n, K) of bool
        Where each says something.
    """

    fit: Fit
    quantity: str
    by: str
    logarithmic: bool
    x: Array
    q: Array
    response: Array
    chi2: Array
    covered: NDArray[np.bool_]

    def at(self, x: Array) -> tuple[Array, Array, Array]:
        """Return quantity (n,), response (n, K) and chi2 (n, K) at values of the parameter."""
        survey = self.fit.survey({self.by: x}, [self.quantity])
        return survey.quantities[self.quantity], survey.strength, survey.chi2

    def middle(self, a: Array, b: Array) -> Array:
        """Return the middle in the parameter's own coordinate."""
        return np.sqrt(a * b) if self.logarithmic else (a + b) / 2


def window(fit: Fit, by: str) -> tuple[float, float, bool]:
    """Return between which values a free parameter is moved, and whether in its logarithm.

    One scanned in its logarithm goes down six decades below its range, and up to where it loses its meaning:
    the end of its domain, or of what is perturbative. Any other stays in its range.
    """
    p = fit.parameter(by)
    lower, upper = p.bounds
    if not p.logarithmic:
        return lower, upper, False
    most = p.info.usual[1] if isfinite(p.info.usual[1]) else upper * _FAR
    end = min(p.info.domain[1], max(upper, most))
    return max(lower * _DECADES_BELOW, p.info.domain[0]), end, True


def reach(fit: Fit, quantity: str, by: str, level: float = 0.90) -> list[Reach]:
    """Ask every experiment of a fit alone how large a quantity may be, everything but one parameter fixed.

    Parameters
    ----------
    fit : Fit
        Its other parameters stay at their reference; ties follow.
    quantity : str
        Observable or parameter, which has to rise or fall all along.
    by : str
        Free parameter that is moved, over `window`.
    level : float
        Confidence level of the second edge.

    Returns
    -------
    list of Reach
        One per experiment, in the order of the fit; none is left out.

    Raises
    ------
    ReachError
        If the parameter does not move the quantity, or not in one direction.
    """
    line = _line(fit, quantity, by)
    return [_one(line, k, name, level) for k, name in enumerate(fit.experiments)]


def _line(fit: Fit, quantity: str, by: str) -> _Line:
    lower, upper, logarithmic = window(fit, by)
    x = np.geomspace(lower, upper, _GRID) if logarithmic else np.linspace(lower, upper, _GRID)
    survey = fit.survey({by: x}, [quantity])
    # a scalar mass may come out negative part of the way
    kept = survey.physical
    if kept.sum() < 2:
        raise ReachError(f"no point is physical between {by} = {lower:g} and {upper:g}")
    x, q = x[kept], survey.quantities[quantity][kept]
    size = float(np.abs(q).max())
    if np.ptp(q) <= _SAME * size:
        raise ReachError(f"{by} does not move {quantity}: choose another parameter for by")
    steps = np.diff(q)
    if not ((steps >= -_SAME * size).all() or (steps <= _SAME * size).all()):
        raise ReachError(f"{quantity} does not rise, or fall, all along {by} from {lower:g} to {upper:g}")
    order = slice(None) if q[-1] > q[0] else slice(None, None, -1)
    tables = (survey.strength[kept][order], survey.chi2[kept][order], survey.covered[kept][order])
    return _Line(fit, quantity, by, logarithmic, x[order], q[order], *tables)


def _one(line: _Line, k: int, name: str, level: float) -> Reach:
    """Find both edges of one experiment, or say why it has none."""
    experiment = line.fit.experiments[name]
    if line.by not in _reached(line.fit, experiment.needs):
        return Reach(name, Edge(), Edge(), "does not depend on it")
    if not line.covered[:, k].any():
        return Reach(name, Edge(), Edge(), "says nothing", (f"at this point {experiment.silence}",))
    response, chi2 = line.response[:, k], line.chi2[:, k]
    if _flat(response) and _flat(chi2):
        return Reach(name, Edge(), Edge(), "does not depend on it", ("not at this point",))
    notes: list[str] = []
    if not line.covered[:, k].all():
        notes.append(f"says nothing along part of {line.by}")
    measured = isinstance(experiment, Measurement) or experiment.shape.name == "gaussian"
    if measured:
        limit = Edge()
        notes.append("a measurement has no limit of its own")
    else:
        limit = _edge(line, k, 0, lambda r, c: np.greater(r, 1), "its limit", notes)
    allowed = delta_chi2(level)
    # other shapes are relative to their own best signal, whether or not the line gets there
    least = _smallest(line, k) if measured else 0.0
    start = int(np.argmax(chi2 - least <= allowed))
    what = f"the {level:.0%} level"
    edge = _edge(line, k, start, lambda r, c: np.greater(c - least, allowed), what, notes)
    if start > 0:
        notes.append(
            f"a smaller {line.quantity} is not allowed: Delta chi2 = {chi2[0] - least:.3g} at {line.q[0]:.3g}"
        )
    return Reach(name, limit, edge, "reached" if limit.met or edge.met else "not reached", tuple(notes))


def _flat(values: Array) -> bool:
    """Return True where values do not change."""
    if not np.isfinite(values).all():
        return False
    return bool(np.ptp(values) <= _SAME * np.abs(values).max())


def _reached(fit: Fit, names: Sequence[str]) -> set[str]:
    """Return the parameters that an experiment depends on through what it reads, ties included."""
    waiting = [parameter for name in names for parameter in fit.model.reach(name)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += fit.parameter(name).tied_to
    return found


def _smallest(line: _Line, k: int) -> float:
    """Return the smallest chi2 along the line, between the neighbours of the smallest point."""
    chi2 = line.chi2[:, k]
    i = int(np.argmin(chi2))
    least = float(chi2[i])
    a, b = sorted((line.x[max(i - 1, 0)], line.x[min(i + 1, len(chi2) - 1)]))
    if not isfinite(least) or i in (0, len(chi2) - 1):
        return least
    forth, back = (np.log, np.exp) if line.logarithmic else (float, float)

    def at(u: float) -> float:
        return float(line.at(np.array([float(back(u))]))[2][0, k])

    found = minimize_scalar(at, bounds=(float(forth(a)), float(forth(b))), method="bounded")
    return min(least, float(found.fun))


def _edge(line: _Line, k: int, start: int, beyond: Beyond, what: str, notes: list[str]) -> Edge:
    """Return the first place above a start where a condition on response and chi2 begins to hold."""
    past = beyond(line.response[:, k], line.chi2[:, k])[start:]
    first, last = line.q[start], line.q[-1]
    if past[0]:
        notes.append(f"{what} is passed already at {line.quantity} = {first:.3g}")
        return Edge()
    if not past.any():
        end = f"{line.by} = {line.x[-1]:.3g}"
        notes.append(f"{what} is not met up to {line.quantity} = {last:.3g} ({end})")
        return Edge()
    i = start + int(np.argmax(past))
    inside, outside = line.x[i - 1 : i], line.x[i : i + 1]
    for _ in range(_HALVINGS):
        middle = line.middle(inside, outside)
        _, response, chi2 = line.at(middle)
        if bool(beyond(response[:, k], chi2[:, k])[0]):
            outside = middle
        else:
            inside = middle
    if not past[i - start :].all():
        notes.append(f"{what} is undone again further up")
    x = float(inside[0])
    notes += _outside(line, x, what)
    return Edge(x, float(line.at(inside)[0][0]))


def _outside(line: _Line, x: float, what: str) -> list[str]:
    lower, upper = line.fit.parameter(line.by).bounds
    if lower <= x <= upper:
        return []
    return [f"{what} is met at {line.by} = {x:.3g}, outside its range {lower:.3g} to {upper:.3g}"]
