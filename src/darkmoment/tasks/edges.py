"""Where experiments' curves begin and end along a parameter: cells there let a figure show the step."""

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
    """Return what `maximise` takes as points: their number, or with `edges` every value.

    Parameters
    ----------
    fits : iterable of Fit
        All that are compared: they have their values in common where they share a range.
    fit : Fit
        The one that is asked.
    options : mapping
        `along`, `points` and `edges`.
    """
    along, points = options["along"], int(options["points"])
    if along is None or not options["edges"]:
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


def objection(options: Mapping[str, Any]) -> str | None:
    """Refuse edges along nothing."""
    if options.get("edges") and options["along"] is None:
        return "edges: true puts values at the ends of curves along a parameter: name it with along"
    return None
