"""At which values of a parameter a task asks: evenly spread, chosen, or at the ends of curves as well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from darkmoment.fit import Fit
from darkmoment.inference.maximise import grid
from darkmoment.parameters import Array
from darkmoment.tasks.task import Option

ASIDE = 1e-6
"""Relative distance of the two cells from the end between them."""

EDGES = Option("edges", "flag", "two more values at each end of an experiment's curve along `along`", False)

AT = Option("at", "numbers", "values of `along`, in place of `points`", of="along")


def ends_of_curves(fits: Iterable[Fit], along: str) -> Array:
    """Return the values of a parameter at which some experiment begins or ceases to say something, rising.

    An experiment has among its knots both the last value at which it speaks and the next float, at which it
    does not.
    """
    found = [np.empty(0)]
    for fit in fits:
        for experiment in fit.experiments.values():
            knots = np.unique(experiment.knots.get(along, np.empty(0)))
            found.append(knots[:-1][np.nextafter(knots[:-1], np.inf) == knots[1:]])
    return np.unique(np.concatenate(found))


def values_along(fits: Iterable[Fit], fit: Fit, options: Mapping[str, Any]) -> int | Sequence[float]:
    """Return what `maximise` takes as points: their number, or with `at` or `edges` every value, rising.

    Parameters
    ----------
    fits : iterable of Fit
        All that are compared: they have their values in common where they share a range.
    fit : Fit
        The one that is asked.
    options : mapping
        `along` and `points`, and where a task has them `at` and `edges`.
    """
    if options.get("at"):
        return sorted(float(value) for value in options["at"])
    along, points = options["along"], int(options["points"])
    if along is None or not options.get("edges"):
        return points
    lower, upper = fit.parameter(along).bounds
    ends = ends_of_curves(fits, along)
    beside = np.concatenate([ends * (1 - ASIDE), ends * (1 + ASIDE)])
    inside = beside[(beside > lower) & (beside < upper)]
    return [float(value) for value in np.unique(np.concatenate([grid(fit, along, points), inside]))]


def cells(fits: Sequence[Fit], fit: Fit, options: Mapping[str, Any]) -> int:
    """Return how many values that makes."""
    values = values_along(fits, fit, options)
    return values if isinstance(values, int) else len(values)


def objection(fits: Iterable[Fit], options: Mapping[str, Any]) -> str | None:
    """Refuse values or edges along nothing, both at once, and values without a meaning."""
    along, chosen, beside = options["along"], options.get("at") or (), options.get("edges")
    if beside and along is None:
        return "edges: true puts values at the ends of curves along a parameter: name it with along"
    if chosen and along is None:
        return "at gives values of a parameter: say of which with along"
    if chosen and beside:
        return "at gives all values, edges: true adds some to `points`: choose one"
    if len(set(chosen)) < len(chosen):
        return f"at gives a value twice: {', '.join(f'{x:g}' for x in chosen)}"
    for fit in fits if chosen else ():
        refused = [reason for x in chosen if (reason := fit.parameter(along).info.refusal(x))]
        if refused:
            return f"at: {refused[0]}"
        lower, upper = fit.parameter(along).bounds
        if beyond := [x for x in chosen if not lower <= x <= upper]:
            values = ", ".join(f"{x:g}" for x in beyond)
            meant = fit.parameter(along).info.unit_meant(tuple(beyond), (lower, upper))
            return (
                f"at: {along} = {values} lies outside its range {lower:g} .. {upper:g} in {fit.label}{meant}"
            )
    return None
