"""What a task is given and what it gives back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from darkmoment.axes import axis as axis
from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew
from darkmoment.progress import Progress, bar
from darkmoment.record import RunDirectory
from darkmoment.runfile.schema import RunFile


@dataclass(frozen=True)
class Outcome:
    """What came out of one task.

    Attributes
    ----------
    answered : list of str
        The answer in words, one line each.
    warnings : list of str
        What a reader has to know before quoting it.
    certified : bool
        False where something is not certified or not converged; the run then exits with 1.
    result : object
        The task's own result, for tasks that build on it.
    """

    answered: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    certified: bool = True
    result: Any = None


@dataclass
class Context:
    """One run: its file, its directory, and what its tasks have found so far.

    Attributes
    ----------
    fits : dict of str to Fit
        Slug -> fit, one per variant; a single '' for a file without variants.
    base : Fit
        The file's top level.
    results : dict
        (slug, kind, stem) -> result of a finished task.
    crew : Crew
        Who does the long computations; keeps what it finished in the run directory.
    redraw : bool
        True where figures are drawn again from finished tables.
    """

    file: RunFile
    directory: RunDirectory
    fits: Mapping[str, Fit]
    base: Fit
    seed: int
    show_progress: bool = False
    results: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    crew: Crew = field(default_factory=Crew)
    redraw: bool = False

    def draws(self, done: object) -> bool:
        """Return True where a task draws: its table is new, or the figures of a run are drawn again."""
        return done is None or self.redraw

    def stem(self, slug: str, name: str) -> str:
        """Return the file stem of a variant's result, relative to the run directory."""
        return f"{slug}/{name}" if slug else name

    @contextmanager
    def progress(self, text: str) -> Iterator[Progress]:
        """Show a progress bar where the run has a terminal."""
        with bar(text, self.show_progress) as report:
            yield report
