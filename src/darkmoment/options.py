"""What options of the command line mean for a run file: parameters held, one of its variants, one task."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence

from darkmoment.parameters import PARAMETERS
from darkmoment.places import UsageError
from darkmoment.runfile.compilation import parse_assignment
from darkmoment.runfile.diagnostics import Location, Problem, nearest
from darkmoment.runfile.schema import FitSpec, RunFile

COMMAND_LINE = "<command line>"
_FIRST_FLAG = 5
"""Line of the first option in the run file that a single-task command stands for."""


def single_task(given: RunFile, task: str, flags: Mapping[str, str]) -> str:
    """Return the run file that a single-task command stands for."""
    base = str(given.path.resolve()) if given.path else given.name
    asked = "".join(f"      {name}: {value}\n" for name, value in flags.items())
    body = f"  - {task}:\n{asked}" if asked else f"  - {task}: {{}}\n"
    # a title is not inherited; it stands after the flags, whose lines are counted
    title = f"title: {json.dumps(given.title, ensure_ascii=False)}\n" if given.title else ""
    return f"extends: {json.dumps(base)}\nname: {json.dumps(given.name)}\ntasks:\n{body}{title}"


def at_its_flag(problem: Problem, flags: Sequence[str]) -> Problem:
    """Point at the flag instead of the line it became; leave problems of files alone."""
    where, number = problem.location, problem.location.line - _FIRST_FLAG
    if where.file != COMMAND_LINE:
        return problem
    flag = f"--{flags[number]}".replace("_", "-") if 0 <= number < len(flags) else ""
    return Problem(Location(flag or COMMAND_LINE), problem.message, problem.suggestion)


def fixed_by(file: RunFile, assignments: Sequence[str], noted: bool = False) -> dict[str, float]:
    """Read --set; a value that looks like a slip of the unit is told.

    Parameters
    ----------
    noted : bool
        True where unusual values are noted beside the answer, and need not be told here.
    """
    names = list(dict.fromkeys(name for fit in (file.base, *file.fits) for name in fit.parameters))
    fixed: dict[str, float] = {}
    doubts: list[Problem] = []
    for text in assignments:
        found: list[Problem] = []
        name, value = parse_assignment(text, names, found)
        if fixed.setdefault(name, value) != value:
            raise UsageError(f"--set {text}: {name} is set to {fixed[name]:g} already")
        if not (noted and PARAMETERS[name].doubt(value)):
            doubts += found
    for doubt in doubts:
        print(f"warning: {doubt}", file=sys.stderr)
    return fixed


def variant_called(file: RunFile, asked: str | None) -> FitSpec | None:
    """Return the variant of a label or folder name; None where none is asked for."""
    if asked is None:
        return None
    for spec in file.fits:
        if asked and asked in (spec.label, spec.slug):
            return spec
    names = ", ".join(spec.slug for spec in file.fits if spec.slug)
    meant = nearest(asked, [name for spec in file.fits for name in (spec.label, spec.slug) if name])
    hint = f" (did you mean {meant!r}?)" if meant else ""
    raise UsageError(f"{file.name} has no variant {asked!r}; there is {names or 'none'}{hint}")
