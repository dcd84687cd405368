"""Run a file: every task, for every variant, into one directory."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from warnings import warn

import pandas as pd

from darkmoment.asimov import notes
from darkmoment.estimates import WORTH_A_WORD, duration, refuse_long
from darkmoment.fit import Fit, PointError
from darkmoment.gaps import gaps
from darkmoment.inference.blocks import Blocks
from darkmoment.inference.chunks import ChunkedCrew, CrewError
from darkmoment.inference.threads import one_thread
from darkmoment.inference.workers import Processes
from darkmoment.inputs import INPUTS, keep_inputs
from darkmoment.manifest import MANIFEST
from darkmoment.record import BLOCKS, RECORD, RESULT, RUN_FILE, RunDirectory, describe, digest, top_level
from darkmoment.runfile.diagnostics import Location, Problem, RunFileError
from darkmoment.runfile.schema import FitSpec, RunFile, TaskSpec
from darkmoment.tasks.clashes import clashes, taken_names
from darkmoment.tasks.context import Context, Outcome
from darkmoment.tasks.registry import TASKS
from darkmoment.tasks.summary import BEST_FIT, STEM, summarise
from darkmoment.timing import TIMINGS, timed
from darkmoment.unphysical import unphysical_reference
from darkmoment.versions import making

Say = Callable[[str], None]

REPORT = "report.html"
"""What `darkmoment report` adds to a run directory."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StorageError(RuntimeError):
    """A disk that filled up during a run; what was finished is kept."""


@dataclass
class RunResult:
    """What a run says in the end.

    Attributes
    ----------
    certified : bool
        False where something is not certified or not converged.
    """

    directory: Path
    answers: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    certified: bool = True

    def take(self, outcome: Outcome) -> None:
        """Add what one task says."""
        self.answers += outcome.answered
        self.warnings += [w for w in outcome.warnings if w not in self.warnings]
        self.certified = self.certified and outcome.certified


def stem_of(task: TaskSpec) -> str:
    """Return the file stem of a task's results: its name, or task and what it asks for."""
    if task.name:
        return task.name
    subject = next((task.options[k] for k in ("quantity", "x", "experiment") if task.options.get(k)), None)
    return "_".join(part for part in (task.kind, subject, task.options.get("y")) if part)


def run(
    file: RunFile,
    out: Path,
    *,
    resume: bool = False,
    seed: int | None = None,
    fixed: Mapping[str, float] | None = None,
    variant: str | None = None,
    tasks: Sequence[TaskSpec] | None = None,
    show_progress: bool = False,
    say: Say = lambda text: None,
    workers: int = 1,
    scheduler: str | None = None,
    note: Say = warn,
    max_hours: float | None = None,
) -> RunResult:
    """Run the tasks of a file.

    Parameters
    ----------
    file : RunFile
        What to run.
    out : Path
        New or empty directory, unless `resume`.
    resume : bool
        Take over what a run of the same inputs has finished.
    seed : int, optional
        Entropy instead of the file's own.
    fixed : mapping, optional
        Parameters held at a value in every variant.
    variant : str, optional
        Label of the only variant to run.
    tasks : sequence of TaskSpec, optional
        Instead of the file's own.
    say : callable
        Called with each answer as it comes.
    workers : int
        Processes that share the work; no answer depends on their number.
    scheduler : str, optional
        Address of a Dask scheduler whose workers do the work instead.
    note : callable
        Called with what is worth knowing and not part of the answer: a damaged block, other versions.
    max_hours : float, optional
        The longest run that is wanted, by an estimate, which is told where it is long; inf for any. One that
        is resumed is not asked again.

    Returns
    -------
    RunResult

    Raises
    ------
    DirectoryError
        If `out` cannot be used.
    CrewError
        If the workers cannot be had.
    StorageError
        If the disk fills up; what was finished is kept.
    RunFileError
        If a task has no answer for these fits, or the run would take longer than `max_hours`.
    ValueError
        If there is no such variant, or a fixed value has no meaning.
    """
    specs = [spec for spec in file.fits if variant in (None, spec.label)]
    if not specs:
        raise ValueError(
            f"{file.name} has no variant {variant!r}; there is {', '.join(s.label for s in file.fits)}"
        )
    fits = {spec.slug: _held(spec, fixed or {}) for spec in specs}
    # the top level may have another ansatz than the variants that run
    base = Fit(
        file.base, {name: value for name, value in (fixed or {}).items() if name in file.base.parameters}
    )
    asked = list(file.tasks if tasks is None else tasks)
    asked = [task for task in asked if _has_variants(task, fits.values(), file.name, note)]
    if not asked and file.tasks:
        raise RunFileError([Problem(Location(file.source), f"no task is for variant {variant!r}")])
    refuse(base, list(fits.values()), asked)
    # a name that is too long does not exist either, where Path.exists raises
    begun = resume and os.path.exists(out / RECORD)
    seconds = None if begun else refuse_long(list(fits.values()), asked, max_hours, max(workers, 1))
    entropy = file.base.seed if seed is None else seed
    record = describe(file, fits, entropy, fixed or {}, asked)
    with one_thread(), _crew(workers, scheduler, note) as crew, _room_in(out):
        directory = RunDirectory(out, record, resume)
        if resume and not begun:
            note(f"there is nothing to resume in {out}: the run starts anew")
        if seconds is not None and seconds > WORTH_A_WORD:
            note(f"the run takes about {duration(seconds)}, by an estimate")
        for text in directory.notes:
            note(text)
        crew.blocks = Blocks(out / BLOCKS, digest(making()), note)
        directory.write_text(RUN_FILE, file.text)
        keep_inputs(out, {slug: fit.spec for slug, fit in fits.items()})
        if (top := top_level(file, asked)) is not None:
            keep_inputs(out, {"": top})
        context = Context(file, directory, fits, base, entropy, show_progress, crew=crew)
        result = _answers(context, asked, say)
        # every table is finished: what they were made from is not needed again
        crew.blocks.remove()
        directory.seal(fits)
    return result


def _crew(workers: int, scheduler: str | None, note: Say) -> ChunkedCrew:
    """Return who does the work."""
    if scheduler is not None:
        if workers != 1:
            raise CrewError("--workers and --scheduler: the work is done by one or by the other")
        from darkmoment.inference.cluster import Cluster

        return Cluster(scheduler, note=note)
    return ChunkedCrew() if workers == 1 else Processes(workers)


@contextmanager
def _room_in(out: Path) -> Iterator[None]:
    """Say what to do where the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise StorageError(
            f"{error.filename or out}: cannot be written ({error.strerror}); what was finished is kept: "
            "make room, then go on with --resume"
        ) from error


def _answers(context: Context, asked: Sequence[TaskSpec], say: Say) -> RunResult:
    """Run the tasks and the summary."""
    result = RunResult(context.directory.path)
    for fit in context.fits.values():
        known = (*gaps(fit), *notes(fit), *unphysical_reference(fit))
        result.warnings += [f"{fit.label}: {text}" for text in known]
    for task, stem in zip(asked, stems(asked), strict=True):
        _run_task(context, task, stem, result, say)
    with timed(context.directory.path, STEM):
        summary = summarise(context)
    result.take(summary)
    for line in summary.answered:
        say(line)
    _write_tables(context.directory)
    context.directory.write_json(
        RESULT, {"answers": result.answers, "warnings": result.warnings, "certified": result.certified}
    )
    return result


def _write_tables(directory: RunDirectory) -> None:
    """Write the answers as tables of LaTeX."""
    # what reads run directories knows the tasks, and so this module
    from darkmoment.exports.summary_tex import SUMMARY, summary_tex
    from darkmoment.saved import SavedRun

    directory.write_text(SUMMARY, summary_tex(SavedRun.read(directory.path)))


def refuse(base: Fit, fits: Sequence[Fit], tasks: Sequence[TaskSpec]) -> None:
    """Raise RunFileError where a task has no answer for these fits, with every such task's line."""
    files = RUN_FILE, RECORD, RESULT, f"{STEM}.csv", BEST_FIT, TIMINGS, REPORT, MANIFEST
    problems = [*taken_names(tasks, fits, files, (INPUTS, BLOCKS)), *clashes(tasks, stems(tasks), fits)]
    for task in tasks:
        kind = TASKS[task.kind]
        chosen = [fit for fit in fits if task.runs_for(fit.spec)]
        reason = kind.objection(base, chosen, kind.complete(task.options))
        if reason:
            problems.append(Problem(task.where, f"task {task.kind}: {reason}"))
    if problems:
        raise RunFileError(problems)


def _has_variants(task: TaskSpec, fits: Iterable[Fit], name: str, note: Say) -> bool:
    """Return True where a task asks one of the fits that run; say so where it does not."""
    if any(task.runs_for(fit.spec) for fit in fits):
        return True
    note(f"task {task.kind} of {name} ({task.where}) is for other variants: it does not run")
    return False


def _held(spec: FitSpec, fixed: Mapping[str, float]) -> Fit:
    try:
        return Fit(spec, fixed)
    except PointError as error:
        raise PointError(f"{spec.label}: {error}" if spec.label else str(error)) from None


def stems(tasks: Sequence[TaskSpec]) -> list[str]:
    """Return a file stem for each task, numbered where two would be the same."""
    found: list[str] = []
    for task in tasks:
        stem, count = stem_of(task), 1
        while stem in found:
            count += 1
            stem = f"{stem_of(task)}_{count}"
        found.append(stem)
    return found


def _run_task(context: Context, task: TaskSpec, stem: str, result: RunResult, say: Say) -> None:
    kind = TASKS[task.kind]
    options = kind.complete(task.options)
    chosen = {slug: fit for slug, fit in context.fits.items() if task.runs_for(fit.spec)}
    context = replace(context, fits=chosen)
    where = {"": context.base} if kind.whole_file else context.fits
    for slug, fit in where.items():
        with timed(context.directory.path, context.stem(slug, stem)):
            outcome = kind.run(context, fit, slug, options, stem)
        result.take(outcome)
        for line in outcome.answered:
            say(line)
    if len(where) > 1:
        _together(context, stem)


def _together(context: Context, stem: str) -> None:
    """Write one table of all variants beside the folders of each."""
    tables = []
    for slug, fit in context.fits.items():
        found = context.directory.read_table(context.stem(slug, stem))
        if found is not None:
            table, about = found
            table.insert(0, "variant", fit.label)
            tables.append(table)
    if tables:
        about = {**about, "variant": "all"}
        context.directory.write_table(stem, pd.concat(tables, ignore_index=True), about)
