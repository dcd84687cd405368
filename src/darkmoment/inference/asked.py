"""What is asked of an inference, checked before it starts; refusals name the value and the nearest one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from numbers import Integral, Real
from typing import Any

from darkmoment.fit import Fit
from darkmoment.levels import delta_chi2
from darkmoment.runfile.diagnostics import listed, nearest


def hint(name: str, names: Iterable[str]) -> str:
    """Return the nearest of some names for a message, or what there is where none is near."""
    known = list(names)
    near = nearest(name, known)
    return f" (did you mean {near!r}?)" if near else f" (there is {listed(known)})"


def check_quantity(fit: Fit, name: object, what: str = "quantity") -> None:
    """Raise ValueError where a fit has no such observable or parameter."""
    known = (*fit.model.quantities, *fit.model.parameter_names)
    if name not in known:
        raise ValueError(f"{fit.label} has no {what} {name!r}{hint(str(name), known)}")


def check_along(fit: Fit, name: str, listed_values: bool) -> None:
    """Raise where an answer cannot be drawn along a parameter: a fixed one has no range."""
    if fit.parameter(name).free or listed_values:
        return
    free = ", ".join(p.name for p in fit.free) or "none"
    raise ValueError(
        f"{name} is fixed in {fit.label}: an answer cannot be drawn along it; give its values, or a free "
        f"parameter ({free})"
    )


def check_level(level: object) -> None:
    """Raise ValueError where a level is none, saying what percent would be."""
    if not isinstance(level, Real) or isinstance(level, bool):
        raise ValueError(f"level = {level!r} is not a number: give one between 0 and 1, e.g. 0.90")
    value = float(level)
    if 1 < value < 100:
        raise ValueError(f"level = {value:g} is not between 0 and 1 (did you mean {value / 100:g}?)")
    delta_chi2(value)


def check_count(name: str, value: object, least: int = 1) -> None:
    """Raise ValueError where a number of something is not whole or too small."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(
            f"{name} = {value!r}: give at least {'one' if least == 1 else least}, a whole number"
        )


def check_search(level: object, starts: object, seed: object) -> None:
    """Raise ValueError where what every search is given has no meaning."""
    check_level(level)
    check_count("starts", starts)
    check_count("seed", seed, 0)


def check_positive(name: str, value: object) -> None:
    """Raise ValueError where a value is not a positive number."""
    if not isinstance(value, Real) or not isfinite(value) or value <= 0:
        raise ValueError(f"{name} = {value!r}: give a number above 0")


def check_points(points: object, least: int = 1) -> None:
    """Raise ValueError where `points` is neither a number of values nor a sequence of them."""
    if isinstance(points, str) or not (isinstance(points, Integral) or hasattr(points, "__len__")):
        raise ValueError(f"points = {points!r}: give the number of values, or the values themselves")
    if isinstance(points, Integral):
        check_count("points", points, least)


def check_window(name: str, window: Sequence[float] | None, logarithmic: Callable[[], bool]) -> None:
    """Raise ValueError where a range is upside down, empty, or has no place on a logarithmic axis.

    Parameters
    ----------
    logarithmic : callable
        Whether the axis is; asked only where there is a range.
    """
    if window is None:
        return
    try:
        lower, upper = (float(end) for end in window)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: the range {window!r} is not two numbers") from None
    if not (isfinite(lower) and isfinite(upper) and lower < upper):
        raise ValueError(f"{name}: the range {[lower, upper]} is upside down or empty")
    if logarithmic() and lower <= 0:
        raise ValueError(f"{name} lives on a logarithmic axis: its range starts above 0, not at {lower:g}")


def check_hints(fit: Fit, hints: Sequence[Any], what: str = "hints") -> None:
    """Raise ValueError where a point to start from does not name every free parameter."""
    for point in hints:
        lacking = [p.name for p in fit.free if p.name not in point]
        if lacking:
            raise ValueError(f"{what}: a point lacks {', '.join(lacking)}; give every free parameter")


def runs_logarithmically(fit: Fit, name: str, window: Sequence[float] | None) -> bool:
    """Return whether values of an axis are spaced logarithmically over a range."""
    known = fit.model.table.get(name)
    if known is not None:
        return known.logarithmic
    p = fit.parameter(name)
    return p.logarithmic if p.free else window is not None and window[0] > 0
