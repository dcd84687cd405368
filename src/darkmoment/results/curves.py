"""A user's own curves for the figures of answers, as arrays or as CSV files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from darkmoment.overlays import OverlayError, overlay_objection, overlays_of, read_overlay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from darkmoment.plots.axis import Axis
    from darkmoment.plots.overlay import Overlay

Curves = Mapping[str, "tuple[ArrayLike, ArrayLike] | str | os.PathLike[str]"]
"""Label -> (x, y) in the units of the axes, or the path of a CSV file whose header has names and units."""


def curves_on(curves: Curves | None, x: Axis | None, y: Axis | None) -> Sequence[Overlay]:
    """Return curves ready to draw on two axes.

    Parameters
    ----------
    x, y : Axis or None
        What is drawn along them; None where the figure has no such axis.

    Raises
    ------
    OverlayError
        If one does not belong there, or is no curve.
    """
    given = {"overlay": [_given(label, curve, x, y) for label, curve in (curves or {}).items()]}
    if reason := overlay_objection(given, x, y):
        raise OverlayError(reason)
    return overlays_of(given)


def _given(label: str, curve: Any, x: Axis | None, y: Axis | None) -> dict[str, Any]:
    if isinstance(curve, str | os.PathLike):
        return read_overlay(Path(curve), str(curve), label)
    try:
        points = [np.asarray(values, dtype=float) for values in curve]
    except (TypeError, ValueError):
        raise OverlayError(f"overlay {label!r}: give (x, y), two sequences of numbers, or a file") from None
    if len(points) != 2 or any(p.ndim != 1 for p in points) or len(points[0]) != len(points[1]):
        shapes = ", ".join(str(p.shape) for p in points)
        raise OverlayError(f"overlay {label!r} has shapes {shapes}: give (x, y) of equal length")
    if len(points[0]) < 2 or not all(np.isfinite(p).all() for p in points):
        raise OverlayError(f"overlay {label!r}: a curve has two points or more, all of them finite")
    return {
        "file": repr(label),
        "label": label,
        "x": x.name if x else "",
        "y": y.name if y else "",
        "units": [axis.unit if axis else "" for axis in (x, y)],
        "points": [p.tolist() for p in points],
    }
