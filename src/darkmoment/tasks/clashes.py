"""Files that two tasks would both write, or a task and the run itself: found before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from darkmoment.fit import Fit
from darkmoment.runfile.diagnostics import Problem
from darkmoment.runfile.schema import TaskSpec
from darkmoment.tasks.registry import TASKS
from darkmoment.tasks.summary import JOINT


def written(task: TaskSpec, stem: str, fits: Sequence[Fit]) -> list[str]:
    """Return the files a task may write, relative to the run directory and without suffix.

    Parameters
    ----------
    stem : str
        File stem of its results.
    fits : sequence of Fit
        All that run; the task asks those it is for.
    """
    kind = TASKS[task.kind]
    options = kind.complete(task.options)
    names = [stem + ending for ending, option in kind.endings.items() if not option or options[option]]
    if kind.whole_file:
        return names
    slugs = [fit.spec.slug for fit in fits if task.runs_for(fit.spec)]
    # one table of all variants beside the folders of each
    together = [stem] if len(slugs) > 1 else []
    return [f"{slug}/{name}" if slug else name for slug in slugs for name in names] + together


def clashes(tasks: Sequence[TaskSpec], stems: Sequence[str], fits: Sequence[Fit]) -> Iterator[Problem]:
    """Yield tasks of which each would write a file that an earlier one writes; letter case aside.

    Parameters
    ----------
    stems : sequence of str
        One per task.
    """
    owners: dict[str, tuple[TaskSpec, str]] = {}
    for task, stem in zip(tasks, stems, strict=True):
        names = written(task, stem, fits)
        shared = next((name for name in names if name.casefold() in owners), None)
        if shared is not None:
            other, other_stem = owners[shared.casefold()]
            here = other.where.file == task.where.file
            where = (f"line {other.where.line}" if here else str(other.where)) if other.where.line else ""
            first = ", ".join(part for part in (other_stem, where) if part)
            message = (
                f"task {task.kind} ({stem}) and task {other.kind} ({first}) would both write {shared}.*: "
                "give one of them another name (name: ...)"
            )
            yield Problem(task.where, message)
        owners = {name.casefold(): (task, stem) for name in names} | owners


def taken_names(
    tasks: Sequence[TaskSpec], fits: Sequence[Fit], files: Sequence[str], folders: Sequence[str]
) -> Iterator[Problem]:
    """Yield tasks and variants with a name that the run itself, or for tasks a variant, has.

    Parameters
    ----------
    files, folders : sequence of str
        What the run itself writes at the top of its directory.
    """
    stems = {Path(name).stem.casefold() for name in (*files, *folders)}
    slugs = [fit.spec.slug for fit in fits if fit.spec.slug]
    for task in tasks:
        name = (task.name or "").casefold()
        if name in stems or name.startswith(JOINT) or task.name in slugs:
            message = f"task {task.kind}: name {task.name!r} is taken by the run itself"
            yield Problem(task.where, message)
    for fit in fits:
        if fit.spec.slug.casefold() in {name.casefold() for name in (*files, *folders)}:
            message = f"variant {fit.label!r}: folder {fit.spec.slug!r} is taken by the run itself"
            yield Problem(fit.spec.where, message)
