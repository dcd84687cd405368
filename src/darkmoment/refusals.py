"""What a fit refuses, and in which words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from darkmoment.parameters import PARAMETERS, Array, ParameterInfo

if TYPE_CHECKING:
    from darkmoment.fit import Fit


class PointError(ValueError):
    """Points that a fit cannot take: unknown names, unequal lengths, values without meaning.

    Examples
    --------
    >>> from darkmoment import Fit
    >>> Fit.load("paper").evaluate({"epsiln": 1e-4})
    Traceback (most recent call last):
        ...
    darkmoment.refusals.PointError: paper has no parameter 'epsiln' (did you mean 'epsilon'?)
    >>> Fit.load("paper").evaluate({"epsilon": [1e-4, 2]})
    Traceback (most recent call last):
        ...
    darkmoment.refusals.PointError: epsilon = 2 must be <= 1
    """


def nearest(name: str, names: Iterable[Any]) -> str:
    """Return the nearest of some names for a message, or all of them where none is near."""
    near = get_close_matches(name, [str(n) for n in names], n=1, cutoff=0.5)
    return f" (did you mean {near[0]!r}?)" if near else f" (there are: {', '.join(map(str, names))})"


def unknown(fit: Fit, name: str, names: Iterable[str]) -> PointError:
    """Return the error for a point that names a parameter which a fit does not have."""
    if name in PARAMETERS:
        there = f" (it belongs to another ansatz; there are: {', '.join(names)})"
        return PointError(f"{fit.name} has no parameter {name!r}{there}")
    return PointError(f"{fit.name} has no parameter {name!r}{nearest(name, names)}")


def not_held(name: str, names: Iterable[str]) -> PointError:
    """Return the error for a parameter to be held that a fit does not have."""
    other = " (it belongs to another ansatz)" if name in PARAMETERS else nearest(name, names)
    return PointError(f"there is no parameter {name!r} in this fit{other}")


def checked(info: ParameterInfo, value: ArrayLike) -> Array:
    """Return a value as an array after the domain of its parameter."""
    lower, upper = info.domain
    if isinstance(value, float) and lower < value < upper:
        return np.array([value])
    try:
        x = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise PointError(f"{info.name} = {value!r} is not a number: {_wanted(info)}") from None
    if x.ndim == 0:
        x = x.reshape(1)
    if x.ndim != 1 or not len(x):
        raise PointError(f"{info.name} has shape {x.shape}: give a number or a one-dimensional array")
    # NaN compares false
    least, most = (x[0], x[0]) if len(x) == 1 else (x.min(), x.max())
    inside = lower <= least and most <= upper and -np.inf < least and most < np.inf
    if not inside or (info.open_below and least == lower):
        reasons = (info.refusal(float(v)) for v in x)
        raise PointError(next(reason for reason in reasons if reason))
    return x


def _wanted(info: ParameterInfo) -> str:
    return f"give one{f' in {info.unit}' if info.unit else ''}, without quotes or a unit"


def one_value(info: ParameterInfo, value: object) -> float:
    """Return the value at which a parameter is held."""
    try:
        number = float(np.asarray(value, dtype=float)[()])
    except (TypeError, ValueError):
        raise PointError(f"{info.name} = {value!r} is not a number: {_wanted(info)}") from None
    if reason := info.refusal(number):
        raise PointError(reason)
    return number


def length_of(given: Mapping[str, Array]) -> int:
    """Return the number of points; raises PointError where the arrays do not agree."""
    lengths = {len(value) for value in given.values()} - {1}
    if len(lengths) > 1:
        sizes = ", ".join(f"{name} {len(value)}" for name, value in given.items())
        raise PointError(f"points of unequal length: {sizes}")
    return lengths.pop() if lengths else 1


def items_of(points: Mapping[str, ArrayLike]) -> Iterable[tuple[str, ArrayLike]]:
    """Return names and values of points; raises PointError where they are no mapping."""
    try:
        return points.items()
    except AttributeError:
        raise PointError(
            f"points = {points!r}: give a mapping of parameter names to values, such as {{'epsilon': 1e-4}}"
        ) from None
