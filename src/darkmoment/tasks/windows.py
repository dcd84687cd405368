"""Where the axes of a task's figure end, as far as that is known before it runs, and what lies outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from darkmoment.fit import Fit
from darkmoment.overlays import overlays_of
from darkmoment.tasks.context import axis

Window = tuple[float, float]


def missing_overlays(
    fits: Sequence[Fit], options: Mapping[str, Any], y_window: Window | None = None
) -> list[str]:
    """Say which of the user's own curves nothing is seen of.

    Parameters
    ----------
    fits : sequence of Fit
        All on the same figure.
    y_window : (float, float), optional
        What the figure shows along y; a figure of limits reaches as far as the curve does.
    """
    overlays = overlays_of(options)
    if not overlays:
        return []
    from darkmoment.plots.canvas import span
    from darkmoment.plots.profile_plot import DELTA_CHI2

    name, second = options.get("along") or options["x"], options.get("y")
    x = axis(fits[0], name)
    y = axis(fits[0], second) if second else DELTA_CHI2
    asked = options.get("range") or options.get("at")
    ends = list(asked) if asked else [end for fit in fits for end in fit.parameter(name).bounds]
    y_window = y_window or _second(fits[0], options)
    y_limits = span(y_window, y, 0, 0) if y_window else None
    return [text for o in overlays if (text := o.missing(x, y, span(ends, x, 0, 0), y_limits))]


def _second(fit: Fit, options: Mapping[str, Any]) -> Window | None:
    """Return what a map shows along y where the run file says it."""
    name = options.get("y")
    if name is None or options["y_range"] is not None:
        return options.get("y_range")
    return None if name in fit.model.table else fit.parameter(name).bounds
