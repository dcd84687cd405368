"""Stored answers computed again: the points of a run directory, with what is installed now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from darkmoment.consistency import followed
from darkmoment.fit import Fit, LikelihoodError
from darkmoment.manifest import MANIFEST, compare_manifest
from darkmoment.parameters import Array
from darkmoment.record import data_of
from darkmoment.reevaluation import CANNOT, CHI2_FLOOR, Column, columns_of, fits_of, fits_of_rows, reason
from darkmoment.remaking import objections, remake
from darkmoment.saved import SavedRun, SavedTable, is_intact
from darkmoment.tasks import waterfall
from darkmoment.tasks.summary import BEST_FIT
from darkmoment.versions import making

TOLERANCE = 1e-9
"""Largest relative change of a number that is none."""

DRAWS = 1000
"""Posterior samples that are computed again, spread evenly over all."""


@dataclass(frozen=True)
class Drift:
    """A stored number that is not what comes out now."""

    table: str
    row: int
    column: str
    old: float
    new: float
    size: float

    def __str__(self) -> str:
        where = f"{self.table} row {self.row}, {self.column}"
        return f"{where}: stored {self.old!r}, now {self.new!r} (drift {self.size:.2g})"


@dataclass
class Verification:
    """What came out.

    Attributes
    ----------
    compared : dict of str to int
        Table -> numbers computed again.
    drifts : list of Drift
        Numbers that changed by more than 1e-9.
    largest : float
        Largest relative change of all.
    changed : list of str
        Data, cards or the record itself that are not what they were.
    failures : list of str
        Tables that could not be computed again, and why.
    notes : list of str
        What differs and is no fault: code, versions, tables without points.
    """

    compared: dict[str, int] = field(default_factory=dict)
    drifts: list[Drift] = field(default_factory=list)
    largest: float = 0.0
    changed: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """True where every number and every file is what it was."""
        return not (self.drifts or self.changed or self.failures)

    def compare(self, table: str, column: Column, old: Array, new: Array, rows: np.ndarray) -> None:
        """Take down how far stored and recomputed numbers lie apart."""
        with np.errstate(invalid="ignore"):
            scale = np.maximum(np.maximum(np.abs(old), np.abs(new)), column.floor)
            size = np.where(old == new, 0.0, np.abs(new - old) / np.where(scale > 0, scale, 1.0))
        size = np.where(np.isnan(old) & np.isnan(new), 0.0, np.where(np.isfinite(size), size, np.inf))
        self.compared[table] = self.compared.get(table, 0) + len(old)
        self.largest = max([self.largest, *size.tolist()])
        for i in np.flatnonzero(size > TOLERANCE):
            drift = Drift(table, int(rows[i]), column.name, float(old[i]), float(new[i]), float(size[i]))
            self.drifts.append(drift)


def verify(directory: Path) -> Verification:
    """Compute the stored points of a run again, and compare the files it rests on.

    Parameters
    ----------
    directory : Path
        A run directory; finished tables of an interrupted run are checked as well.

    Returns
    -------
    Verification

    Raises
    ------
    DirectoryError
        If it is no run directory.
    """
    run, found = SavedRun.read(directory), Verification()
    found.failures += run.problems
    if not is_intact(run.record):
        found.changed.append("record.json: its digest does not match its content: somebody has edited it")
    fits, failures = fits_of(run)
    found.failures += failures
    _compare_files(run, found)
    _compare_data(run, fits, found)
    _compare_making(run, found)
    for saved in run.tables.values():
        try:
            if not _again(run, saved, fits, found):
                found.notes.append(f"{saved.name}.csv holds no points: not computed again")
        except (*CANNOT, LikelihoodError) as error:
            found.failures.append(f"{saved.name}.csv cannot be computed again: {reason(error)}")
    found.notes += [f"{name}.csv is not finished" for name in run.missing]
    _draws(run, fits, found)
    _best_fits(run, fits, found)
    return found


_SHOWN = 20
"""Drifts of one table that are listed one by one."""


def lines(found: Verification) -> list[str]:
    """Return the outcome as lines of text: what is wrong first, then what was compared."""
    text = [f"changed: {what}" for what in found.changed] + [f"failed: {what}" for what in found.failures]
    for name in dict.fromkeys(drift.table for drift in found.drifts):
        own = [drift for drift in found.drifts if drift.table == name]
        text += [f"drift: {drift}" for drift in own[:_SHOWN]]
        if len(own) > _SHOWN:
            text.append(f"drift: {len(own) - _SHOWN} more numbers of {name}")
    text += [f"note: {what}" for what in found.notes]
    text += [f"{name}: {count} numbers computed again" for name, count in found.compared.items()]
    total = sum(found.compared.values())
    verdict = "verified" if found.passed else "NOT verified"
    text.append(
        f"{verdict}: {total} numbers, largest drift {found.largest:.2g} (allowed {TOLERANCE:g}; a chi2 below "
        f"{CHI2_FLOOR:g} drifts relative to that)"
    )
    return text


def _compare_files(run: SavedRun, found: Verification) -> None:
    """Compare the sha256 of every file of results that the run wrote."""
    try:
        compared = compare_manifest(run.path)
    except (OSError, ValueError) as error:
        found.failures.append(f"{MANIFEST} cannot be read: {error}")
        return
    if compared is not None:
        changed, missing = compared
        found.changed += [f"{name} is not the file that the run wrote" for name in changed]
        found.changed += [f"{name}, which the run wrote, is missing" for name in missing]
    elif run.result is not None:
        found.changed.append(f"{MANIFEST} is missing: a finished run lists what it wrote in it")


def _compare_data(run: SavedRun, fits: Mapping[str, Fit], found: Verification) -> None:
    """Compare the sha256 of curves and cards; of code, where it differs is worth a note."""
    said: dict[str, bool] = {}
    recorded, present = run.record.get("data", {}), _present_data(fits, found)
    for experiment in present:
        files, now = recorded.get(experiment, {}), present[experiment]
        for file in dict.fromkeys([*files, *now]):
            # variants may have copies of one file
            if now.get(file) != {files.get(file)}:
                gone = "is missing now" if file not in now else "is new"
                state = "changed" if file in files and file in now else gone
                code = file.endswith(".py") and "definition" not in _entry(run, experiment)
                said[f"{experiment}/{file} {state} since the run"] = code or file == "(package)"
    found.changed += [text for text, harmless in said.items() if not harmless]
    found.notes += [text for text, harmless in said.items() if harmless]


def _present_data(fits: Mapping[str, Fit], found: Verification) -> dict[str, dict[str, set[str]]]:
    """Return the sha256 of the files that experiments have now; variants may bring files of their own."""
    known: dict[str, dict[str, set[str]]] = {}
    for fit in fits.values():
        try:
            for experiment, files in data_of(fit.spec.experiments.values()).items():
                for file, content in files.items():
                    known.setdefault(experiment, {}).setdefault(file, set()).add(content)
        except CANNOT as error:
            found.failures.append(f"data files of {fit.label} cannot be read: {error}")
    return known


def _entry(run: SavedRun, experiment: str) -> Mapping[str, Any]:
    described = [*run.record["fits"].values(), run.record.get("base", {})]
    return next(
        (f["experiments"][experiment] for f in described if experiment in f.get("experiments", {})), {}
    )


def _compare_making(run: SavedRun, found: Verification) -> None:
    before, now = run.record.get("making"), making()
    if isinstance(before, dict):
        changed = [f"{key} {before.get(key)} -> {now[key]}" for key in now if before.get(key) != now[key]]
        if changed:
            found.notes.append(f"the run was made with other software: {', '.join(changed)}")


def _again(run: SavedRun, saved: SavedTable, fits: Mapping[str, Fit], found: Verification) -> bool:
    """Compute or make a table again; False where there is nothing in it that could be."""
    remade = remake(run, saved, fits)
    if remade is not None:
        for column, old, new in remade:
            found.compare(f"{saved.name}.csv", Column(column), old, new, np.arange(len(old)))
        return True
    name, every = f"{saved.name}.csv", np.arange(len(saved.table))
    any_compared = False
    for fit, rows in fits_of_rows(run, saved, fits):
        any_compared |= _compare_rows(name, fit, saved.table, rows, found)
    beside = objections(run, saved, fits) if saved.task == waterfall.KIND else ()
    for column, old, new in (*followed(saved), *beside):
        found.compare(name, column, old, new, every)
        any_compared = True
    return any_compared


def _compare_rows(
    name: str,
    fit: Fit,
    table: pd.DataFrame,
    rows: np.ndarray,
    found: Verification,
    numbers: np.ndarray | None = None,
) -> bool:
    """Compute rows of a table with a fit, and compare every column that it gives.

    `numbers` are what the rows are called where the table is a part of another.
    """
    parameters = [p.name for p in fit.parameters if p.name in table]
    columns = columns_of(fit, table)
    if not columns or not {p.name for p in fit.free} <= set(parameters):
        return False
    known = rows[table[parameters].iloc[rows].notna().all(axis=1).to_numpy()]
    if not len(known):
        return True
    part = table.iloc[known]
    points = {p: part[p].to_numpy(dtype=float) for p in parameters}
    survey = fit.survey(points, list(dict.fromkeys(c.quantity for c in columns if c.quantity)))
    for column in columns:
        old = part[column.name].to_numpy(dtype=float)
        called = known if numbers is None else numbers[known]
        found.compare(name, column, old, column.of(survey, fit), called)
    return True


def _draws(run: SavedRun, fits: Mapping[str, Fit], found: Verification) -> None:
    """Compute a sample of the posterior's points again."""
    for saved in run.of("sample"):
        name = f"{saved.name}_samples.csv"
        if saved.together or saved.slug not in fits or "limits" not in saved.about:
            continue
        try:
            # as text, then number by number: to the last bit
            table = pd.read_csv(run.path / name, dtype=str)
            rows = np.unique(np.linspace(0, len(table) - 1, min(DRAWS, len(table))).astype(int))
            drawn = table.iloc[rows].map(float).reset_index(drop=True)
            _compare_rows(name, fits[saved.slug], drawn, np.arange(len(drawn)), found, rows)
        except (*CANNOT, LikelihoodError) as error:
            found.failures.append(f"{name} cannot be computed again: {reason(error)}")


def _best_fits(run: SavedRun, fits: Mapping[str, Fit], found: Verification) -> None:
    file = run.path / BEST_FIT
    if not file.exists():
        return
    try:
        stored = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
        for fit, best in _matched(stored, [fits[slug] for slug in run.slugs if slug in fits]):
            row = {**best["point"], **{f"chi2_{term}": x for term, x in best["chi2"].items()}}
            row["total_chi2"] = best["total_chi2"]
            table = pd.DataFrame([row])
            _compare_rows(f"{BEST_FIT} ({fit.label})", fit, table, np.array([0]), found)
    except (*CANNOT, AttributeError) as error:
        found.failures.append(f"{BEST_FIT} cannot be computed again: {reason(error)}")


def _matched(stored: Mapping[str, Any], fits: Iterable[Fit]) -> Iterator[tuple[Fit, Mapping[str, Any]]]:
    for fit in fits:
        if fit.label in stored:
            yield fit, stored[fit.label]
