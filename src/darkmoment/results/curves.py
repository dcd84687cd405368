"""A user's own curves for the figures of answers, as arrays or as CSV files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np
from numpy.typing import ArrayLike

from darkmoment.overlays import OverlayError, number_objection, overlay_objection, overlays_of, read_overlay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

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
    curves = {} if curves is None else curves
    if not (isinstance(curves, Mapping) and all(isinstance(label, str) for label in curves)):
        raise OverlayError(
            f'overlays are given as {{"label": (x, y)}} or {{"label": "mine.csv"}}, not as {curves!r:.60}'
        )
    given = {"overlay": [_given(label, curve, x, y) for label, curve in curves.items()]}
    if reason := overlay_objection(given, x, y):
        raise OverlayError(reason)
    return overlays_of(given)


def overlaid(figure: Figure, overlays: Sequence[Overlay], x: Axis | None, y: Axis) -> Figure:
    """Return a figure with curves on its first axes; warn of those of which nothing is seen."""
    for overlay in overlays:
        if x and (note := overlay.missing(x, y, figure.axes[0].get_xlim(), figure.axes[0].get_ylim())):
            warn(note, stacklevel=3)
    return figure


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
    if len(points[0]) < 2:
        raise OverlayError(f"overlay {label!r}: a curve has two points or more")
    for row, pair in enumerate(zip(*points, strict=True)):
        for reason in filter(None, map(number_objection, pair)):
            raise OverlayError(f"overlay {label!r}, point {row}: ({pair[0]:g}, {pair[1]:g}) {reason}")
    return {
        "file": repr(label),
        "label": label,
        "x": x.name if x else "",
        "y": y.name if y else "",
        "units": [axis.unit if axis else "" for axis in (x, y)],
        "points": [p.tolist() for p in points],
    }
