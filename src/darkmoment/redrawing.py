"""The figures of a run drawn again, from its record and its tables: nothing is searched or sampled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from darkmoment.fit import Fit, LikelihoodError, PointError
from darkmoment.record import DirectoryError, RunDirectory
from darkmoment.reevaluation import CANNOT, fits_of
from darkmoment.saved import SavedRun
from darkmoment.tasks.context import Context
from darkmoment.tasks.registry import TASKS
from darkmoment.tasks.runner import stems
from darkmoment.tasks.summary import STEM, summarise


@dataclass
class Redrawn:
    """What was drawn.

    Attributes
    ----------
    directory : Path
        Where the figures are.
    figures : list of str
        Their names, without suffix.
    notes : list of str
        What could not be drawn, and why.
    """

    directory: Path
    figures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Easel(RunDirectory):
    """A finished run directory to read tables from; only figures are written, to a directory of choice."""

    def __init__(self, path: Path, out: Path) -> None:
        self.path, self.out = path, out
        self.record: dict[str, Any] = {}
        self.notes: list[str] = []
        self.asked: list[str] = []

    def file(self, name: str) -> Path:
        """Return where a figure goes."""
        target = self.out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        self.asked.append(name)
        return target

    def write_text(self, name: str, text: str) -> Path:
        """Leave a file as it is."""
        return self.path / name

    def write_table(self, stem: str, table: pd.DataFrame, about: Mapping[str, Any]) -> None:
        """Leave a table as it is."""


def redraw(directory: Path, out: Path | None = None) -> Redrawn:
    """Draw the figures of every finished task again.

    Parameters
    ----------
    directory : Path
        The run directory.
    out : Path, optional
        Where the figures go; into the run directory where left out.

    Raises
    ------
    DirectoryError
        If it is no run directory, or `out` cannot be written to.
    """
    run = SavedRun.read(directory)
    target = out or directory
    fits, failures = fits_of(run)
    found = Redrawn(target, notes=[*run.problems, *failures])
    easel = _Easel(directory, target)
    kept = {slug: fits[slug] for slug in run.slugs if slug in fits}
    if not kept:
        return found
    base = fits.get("", next(iter(kept.values())))
    # the run file is not asked: everything is in the record
    context = Context(None, easel, kept, base, int(run.record["seed"]), redraw=True)  # type: ignore[arg-type]
    try:
        _tasks(run, context, found)
        if STEM in run.tables:
            summarise(context)
    except OSError as error:
        raise DirectoryError(f"{error.filename or target}: cannot be written ({error.strerror})") from None
    drawn = dict.fromkeys(easel.asked)
    found.figures = [name for name in drawn if (target / f"{name}.pdf").exists()]
    return found


def _tasks(run: SavedRun, context: Context, found: Redrawn) -> None:
    tasks = run.tasks
    for task, stem in zip(tasks, stems(tasks), strict=True):
        kind = TASKS.get(task.kind)
        if kind is None:
            found.notes.append(f"task {task.kind} is of another version: not drawn")
            continue
        asked = {slug: context.fits[slug] for slug in run.asked(stem) if slug in context.fits}
        own = Context(**{**vars(context), "fits": asked})
        where: Mapping[str, Fit] = {"": context.base} if kind.whole_file else asked
        for slug, fit in where.items():
            name = own.stem(slug, stem)
            if name not in run.tables or not asked:
                found.notes.append(f"{name} is not finished: not drawn")
                continue
            try:
                kind.run(own, fit, slug, kind.complete(task.options), stem)
            except (*CANNOT, PointError, LikelihoodError, AttributeError, StopIteration) as error:
                if isinstance(error, OSError):
                    raise
                found.notes.append(f"{name} cannot be drawn: {type(error).__name__}: {error}")
