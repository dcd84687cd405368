"""Points from a CSV table: one column per parameter, one line per point."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from darkmoment.fit import Fit, PointError
from darkmoment.parameters import Array


def read_points(fit: Fit, source: Path) -> dict[str, Array]:
    """Read the points of a table.

    Parameters
    ----------
    fit : Fit
        Its parameters are the columns there may be; those left out keep their value or reference.
    source : Path
        CSV: names in the first line, then numbers in the parameters' units. Empty lines are skipped.

    Returns
    -------
    dict of str to ndarray (n,)
        A column per parameter, each number as Python reads it: the last bit is that of the text.

    Raises
    ------
    PointError
        If the table cannot be read, or holds anything but numbers with a meaning; names file and line.
    """
    try:
        lines = source.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise PointError(f"{source}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise PointError(f"{source}: is not UTF-8 text") from None
    reader = csv.reader(lines, skipinitialspace=True)
    rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    if len(rows) < 2:
        raise PointError(
            f"{source}: holds no points; wanted: a line of parameter names, then a line per point"
        )
    (first, names), *points = rows
    _check_columns(fit, names, f"{source}:{first}")
    for line, row in points:
        if len(row) != len(names):
            raise PointError(f"{source}:{line}: {len(row)} values for {len(names)} columns")
    return {
        name: np.array([_number(fit, name, row[k], f"{source}:{line}") for line, row in points])
        for k, name in enumerate(names)
    }


def _check_columns(fit: Fit, names: list[str], where: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise PointError(f"{where}: column {name!r} occurs twice")
        try:
            fit.parameter(name)
        except PointError as error:
            raise PointError(f"{where}: {error}") from None


def _number(fit: Fit, name: str, text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise PointError(f"{where}: {name} = {text!r} is not a number") from None
    if refusal := fit.parameter(name).info.refusal(value):
        raise PointError(f"{where}: {refusal}")
    return value
