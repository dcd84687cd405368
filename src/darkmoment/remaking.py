"""Tables without points of the fit: made again as their task makes them, and compared number by number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.discovery import discoveries
from darkmoment.inference.waterfall import changes
from darkmoment.parameters import Array
from darkmoment.reevaluation import CHI2_FLOOR, Column
from darkmoment.saved import SavedRun, SavedTable
from darkmoment.tasks import discovery, errata, gain, reach
from darkmoment.tasks import recast as recast_task

Compared = tuple[str, Array, Array]
"""A number's or column's name, what was stored and what comes out now."""

_REMARKS = ("notes", "remark", "reason")
"""Columns of text that repeat rounded numbers."""


def remake(run: SavedRun, saved: SavedTable, fits: Mapping[str, Fit]) -> Iterator[Compared] | None:
    """Make a table again where its task has a way to; None where its rows hold points instead.

    Parameters
    ----------
    fits : mapping of str to Fit
        Slug -> fit; the file's top level under ''.

    Raises
    ------
    KeyError, TypeError, ValueError
        Where it cannot be made, or has other rows now.
    """
    if saved.task == "compare" and "gain" in saved.table:
        return _gain(run, saved, fits)
    known = _REMADE.get(saved.task)
    return None if known is None else known(run, saved, fits)


def objections(
    run: SavedRun, saved: SavedTable, fits: Mapping[str, Fit]
) -> Iterator[tuple[Column, Array, Array]]:
    """Judge the maximum before each step of a waterfall again, and what is seen beside its own maximum.

    Raises
    ------
    KeyError, ValueError
        Where a step's fit is not there, or another experiment forbids the maximum before now.
    """
    about, table = saved.about, saved.table
    steps = [fits[slug] for slug in run.asked(saved.stem)]
    rows = [{str(name): entry for name, entry in row.items()} for row in table.to_dict("records")]
    new = pd.DataFrame(changes(steps, rows, str(about["quantity"]), float(about["level"])))
    for row, (a, b) in enumerate(zip(table["killed_by"], new["killed_by"], strict=True)):
        if a != b:
            raise ValueError(f"row {row}, killed_by: stored {a!r}, now {b!r}")
    for name in (column for column in new if pd.api.types.is_numeric_dtype(new[column])):
        floor = CHI2_FLOOR if name == "killed_chi2" else 0.0
        yield (
            Column(str(name), floor=floor),
            table[name].to_numpy(dtype=float),
            new[name].to_numpy(dtype=float),
        )


def _numbers(old: pd.DataFrame, new: pd.DataFrame) -> Iterator[Compared]:
    """Yield the columns of numbers; raises ValueError where a row is another one now."""
    if len(old) != len(new):
        raise ValueError(f"{len(old)} lines were written, there are {len(new)} now")
    for name in (column for column in old if column in new):
        if pd.api.types.is_numeric_dtype(old[name]):
            yield str(name), old[name].to_numpy(dtype=float), new[name].to_numpy(dtype=float)
        elif name not in _REMARKS:
            for row, (a, b) in enumerate(zip(old[name].astype(str), new[name].astype(str), strict=True)):
                if a != b:
                    raise ValueError(f"row {row}, {name}: stored {a!r}, now {b!r}")


def _top_level(fits: Mapping[str, Fit]) -> Fit:
    if "" not in fits:
        raise ValueError("its record does not keep the file's top level: an older version made it")
    return fits[""]


def _recast(run: SavedRun, saved: SavedTable, fits: Mapping[str, Fit]) -> Iterator[Compared]:
    """Recast the limits again, and with them their ends for a massless and for a heavy mediator."""
    fit, table, about = _top_level(fits), saved.table, saved.about
    along = str(next(column for column in table if column in fit.model.parameter_names))
    x = table[along].to_numpy(dtype=float)
    entries = list(about.get("experiments", {})) or [about["experiment"]]
    for entry in entries:
        new = recast_task.recast(fit, entry, along, x, bool(about.get("as_published")))
        alone, named = f"{new.quantity}_limit", recast_task.column(new)
        column = alone if alone in table else named
        yield column, table[column].to_numpy(dtype=float), new.limit
        ends = {
            "massless mediator": (about.get("baselines", {}).get(entry, about.get("baseline")), new.baseline),
            "heavy mediator": (about.get("heavy_mediator", {}).get(entry), new.heavy),
        }
        for what, (old, now) in ends.items():
            if old is not None:
                yield f"{entry}, {what}", np.array([float(old)]), np.array([now])


def _errata(run: SavedRun, saved: SavedTable, fits: Mapping[str, Fit]) -> Iterator[Compared]:
    fit = _top_level(fits)
    options = next(task.options for task in run.tasks if task.kind == errata.KIND)
    rows = [vars(row) for row in errata.rows(fit, options["flavour"], options["mixing"])]
    return _numbers(saved.table, pd.DataFrame(rows))


def _reach(run: SavedRun, saved: SavedTable, fits: Mapping[str, Fit]) -> Iterator[Compared]:
    about = saved.about
    asked = [fits[slug] for slug in run.asked(saved.stem)]
    return _numbers(saved.table, reach.reach_table(asked, about["quantity"], about["by"], about["level"]))


def _discovery(run: SavedRun, saved: SavedTable, fits: Mapping[str, Fit]) -> Iterator[Compared]:
    """Ask for the signal again; the table of all variants repeats those of each."""
    slugs = run.asked(saved.stem) if saved.together else [saved.slug]
    for slug in slugs:
        own = saved.table
        if saved.together:
            own = own[own["variant"] == run.label(slug)].drop(columns="variant").reset_index(drop=True)
        yield from _numbers(own, discoveries(fits[slug]).table)


def _gain(run: SavedRun, saved: SavedTable, fits: Mapping[str, Fit]) -> Iterator[Compared]:
    """Divide the limits of the comparison again."""
    about = saved.about
    source = run.tables.get(saved.name.removesuffix(gain.ENDING))
    if source is None:
        raise ValueError("the table of limits that it is made from is not there")
    new = gain.gain_table(source.table, about["quantity"], about["along"], about["gain_over"])
    return _numbers(saved.table, new)


_REMADE: Mapping[str, Callable[[SavedRun, SavedTable, Mapping[str, Fit]], Iterator[Compared]]] = {
    recast_task.KIND: _recast,
    errata.KIND: _errata,
    reach.KIND: _reach,
    discovery.KIND: _discovery,
}
