"""A user's own curves for figures: CSV with names and units in the header.

m_dark_photon [MeV],mu_eff [muB]
1,3e-12
10,3.5e-12
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darkmoment.runfile.diagnostics import nearest
from darkmoment.tasks.task import Option
from darkmoment.units import UNITS

if TYPE_CHECKING:
    from darkmoment.plots.axis import Axis
    from darkmoment.plots.overlay import Overlay

OVERLAY = Option("overlay", "overlay", "curves of your own on the figure: [{file: mine.csv, label: ...}]", ())

_COLUMN = re.compile(r"\s*(?P<name>[A-Za-z]\w*)\s*(?:\[\s*(?P<unit>[^\[\]]*?)\s*\])?\s*")
_HOW = "write for example 'm_dark_photon [GeV],mu_eff [muB]'"
_MOST = 10_000
_LEAST_SIZE, _LARGEST_SIZE = 1e-100, 1e100


class OverlayError(ValueError):
    """A file that is no curve, with the line."""


def read_overlay(path: Path, shown: str, label: str) -> dict[str, Any]:
    """Read a curve.

    Parameters
    ----------
    path : Path
        The file.
    shown : str
        As the run file names it.

    Returns
    -------
    dict
        JSON values: file, label, sha256, the names `x` and `y`, their `units`, and the `points` in these.

    Raises
    ------
    OverlayError
        If it cannot be read, with the line.
    """
    try:
        content = path.read_bytes()
        # spreadsheets begin a file with a byte-order mark, which nobody sees
        lines = content.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise OverlayError(f"{shown} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise OverlayError(f"{shown} is not a text file") from None
    if not lines or not lines[0].strip():
        raise OverlayError(f"{shown}, line 1: a header with the names and units of both columns: {_HOW}")
    heads = [_head(text, shown) for text in lines[0].split(",")]
    if len(heads) != 2:
        raise OverlayError(f"{shown}, line 1: {len(heads)} columns, a curve has two: {_HOW}")
    rows = [_row(text, f"{shown}, line {k}") for k, text in enumerate(lines[1:], 2) if text.strip()]
    if not 2 <= len(rows) <= _MOST:
        raise OverlayError(f"{shown} has {len(rows)} points: a curve has 2 to {_MOST}")
    points = [
        [value * factor / divisor for value in column]
        for column, (_, _, factor, divisor) in zip(zip(*rows, strict=True), heads, strict=True)
    ]
    return {
        "file": shown,
        "label": label,
        "sha256": hashlib.sha256(content).hexdigest(),
        "x": heads[0][0],
        "y": heads[1][0],
        "units": [unit for _, unit, _, _ in heads],
        "points": points,
    }


def _head(text: str, shown: str) -> tuple[str, str, float, float]:
    """Return name, unit, and the factor and divisor that bring values to that unit."""
    match = _COLUMN.fullmatch(text)
    if match is None:
        raise OverlayError(f"{shown}, line 1: {text.strip()!r} is not a name with its unit: {_HOW}")
    unit = match["unit"] or ""
    base, factor, divisor = UNITS.get(unit, (unit, 1.0, 1.0))
    return match["name"], base, factor, divisor


def _row(text: str, where: str) -> tuple[float, float]:
    try:
        x, y = (float(number) for number in text.split(","))
    except ValueError:
        raise OverlayError(f"{where}: {text.strip()!r} is not two numbers") from None
    for value in (x, y):
        if reason := number_objection(value):
            raise OverlayError(f"{where}: {text.strip()!r} {reason}")
    return x, y


def number_objection(value: float) -> str | None:
    """Say why a number cannot be drawn, as the end of a sentence; None where it can."""
    if not isfinite(value):
        return "is not finite"
    if value and not _LEAST_SIZE <= abs(value) <= _LARGEST_SIZE:
        return f"has {value:g}: a figure shows {_LEAST_SIZE:g} to {_LARGEST_SIZE:g}"
    return None


def overlay_objection(options: Mapping[str, Any], x: Axis | None, y: Axis | None) -> str | None:
    """Say why a curve does not belong on the axes of a figure; None where each does.

    Parameters
    ----------
    x, y : Axis or None
        What is drawn along them; None where the figure has no such axis.
    """
    curves = options.get("overlay") or ()
    labels = [given["label"] for given in curves]
    for given in curves:
        if labels.count(given["label"]) > 1:
            return f"two overlays are labelled {given['label']!r}: give each a label of its own"
        of = f"overlay {given['file']}"
        if x is None or y is None:
            return f"{of}: this figure has no two axes to draw a curve on; name a parameter with along"
        for k, (column, axis) in enumerate(zip(("x", "y"), (x, y), strict=True)):
            reason = _misfit(given, k, column, axis)
            if reason:
                return f"{of}: {reason}"
    return None


def _misfit(given: Mapping[str, Any], k: int, column: str, axis: Axis) -> str | None:
    name, unit = given[column], given["units"][k]
    wanted = f"{axis.name} [{axis.unit}]" if axis.unit else axis.name
    if name != axis.name:
        swapped = " (are the columns swapped?)" if given["y" if column == "x" else "x"] == axis.name else ""
        return f"its {('first', 'second')[k]} column is {name!r}, that axis is {wanted!r}{swapped}"
    if unit != axis.unit:
        near = nearest(unit, [axis.unit, *(u for u, (base, _, _) in UNITS.items() if base == axis.unit)])
        hint = f" (did you mean {near!r}?)" if unit and near else ""
        said = f"in {unit!r}" if unit else "without a unit"
        return f"its column {name} is {said}; write {wanted!r} in the header{hint}"
    bad = next((v for v in given["points"][k] if axis.logarithmic and v <= 0), None)
    return None if bad is None else f"{name} = {bad:g} has no place on a logarithmic axis"


def overlays_of(options: Mapping[str, Any]) -> Sequence[Overlay]:
    """Return the curves of a task's options, ready to draw."""
    from darkmoment.plots.overlay import Overlay

    return tuple(Overlay(o["label"], *o["points"]) for o in options.get("overlay") or ())
