"""What each command of the command line does."""

from __future__ import annotations

import json
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from darkmoment.cli import ANSWERED, DOUBTFUL, FAILED, INTERRUPTED, WRONG_INPUT
from darkmoment.experiments import CardError, CurveError, ExperimentError, available
from darkmoment.experiments.closure import closure as measure_closure
from darkmoment.fit import Fit, LikelihoodError, PointError
from darkmoment.gathering import gathered
from darkmoment.inference.chunks import CrewError, WorkersError
from darkmoment.points import read_points
from darkmoment.record import RECORD, DirectoryError
from darkmoment.runfile.compilation import parse_assignment
from darkmoment.runfile.diagnostics import Location, Problem, RunFileError
from darkmoment.runfile.loader import load, loads
from darkmoment.runfile.schema import FitSpec, RunFile
from darkmoment.runfile.shipped import shipped, text_of
from darkmoment.tasks.runner import StorageError, refuse
from darkmoment.tasks.runner import run as run_tasks
from darkmoment.tasks.task import TaskError

Command = Callable[[Namespace], int]
INPUT_ERRORS = (RunFileError, PointError, DirectoryError, CardError, CurveError, ExperimentError, CrewError)
COMMAND_LINE = "<command line>"
_FIRST_FLAG = 5
"""Line of the first option in the run file that a single-task command stands for."""


class UsageError(ValueError):
    """Arguments that cannot be used together, or name something that does not exist."""


def command(handler: Command) -> Command:
    """Turn errors into messages and exit codes; a traceback only where the fault is ours."""

    @wraps(handler)
    def guarded(options: Namespace) -> int:
        try:
            return handler(options)
        except (*INPUT_ERRORS, UsageError) as error:
            print(f"darkmoment: {error}" if "\n" not in str(error) else error, file=sys.stderr)
            return WRONG_INPUT
        except BrokenPipeError:
            raise  # the reader of a pipe has left: `main` knows
        except (LikelihoodError, TaskError, WorkersError, StorageError, OSError) as error:
            print(f"darkmoment: {error}", file=sys.stderr)
            return FAILED
        except Exception:
            traceback.print_exc()
            print("darkmoment: failed; what was finished is kept", file=sys.stderr)
            return FAILED

    return guarded


def _warn(file: RunFile) -> None:
    for warning in file.warnings:
        print(f"warning: {warning}", file=sys.stderr)


def _fixed(file: RunFile, options: Namespace) -> dict[str, float]:
    names = list(dict.fromkeys(name for fit in (file.base, *file.fits) for name in fit.parameters))
    fixed: dict[str, float] = {}
    for text in options.assignments:
        name, value = parse_assignment(text, names)
        if fixed.setdefault(name, value) != value:
            raise UsageError(f"--set {text}: {name} is set to {fixed[name]:g} already")
    return fixed


def _variant(file: RunFile, asked: str | None) -> FitSpec | None:
    """Return the variant of a label or folder name; None where none is asked for."""
    if asked is None:
        return None
    for spec in file.fits:
        if asked and asked in (spec.label, spec.slug):
            return spec
    names = ", ".join(spec.slug for spec in file.fits if spec.slug)
    raise UsageError(f"{file.name} has no variant {asked!r}; there is {names or 'none'}")


@command
def run(options: Namespace) -> int:
    """Run every task of a file."""
    file = load(options.fit)
    if not file.tasks:
        raise UsageError(
            f"{file.source} has no tasks: add some, or use maximise, profile, sample or evaluate"
        )
    return _execute(file, options)


def _execute(file: RunFile, options: Namespace) -> int:
    _warn(file)
    out = Path(options.out or f"{file.name}-run")
    chosen = _variant(file, options.variant)
    fixed = _fixed(file, options)
    try:
        result = run_tasks(
            file,
            out,
            resume=options.resume,
            seed=options.seed,
            fixed=fixed,
            variant=chosen.label if chosen else None,
            show_progress=sys.stderr.isatty(),
            say=lambda line: print(line, flush=True),
            workers=options.workers,
            scheduler=options.scheduler,
            note=lambda text: print(f"note: {text}", file=sys.stderr, flush=True),
        )
    except KeyboardInterrupt:
        if not (getattr(options, "keep", True) and (out / RECORD).exists()):
            raise
        kept = f"what was finished is kept in {out}: the same command with --resume goes on"
        print(f"darkmoment: interrupted; {kept}", file=sys.stderr)
        return INTERRUPTED
    # all of them, with their numbers, are in result.json
    for warning in gathered(result.warnings, [spec.label for spec in file.fits]):
        print(f"warning: {warning}", file=sys.stderr)
    if getattr(options, "keep", True):
        print(f"results in {result.directory}")
    return ANSWERED if result.certified else DOUBTFUL


def _single(task: str, options: Namespace, flags: dict[str, str | None]) -> int:
    """Run one task on a file, as if the file asked for it alone."""
    given = load(options.fit)
    base = str(given.path.resolve()) if given.path else given.name
    asked = "".join(f"      {name}: {value}\n" for name, value in flags.items() if value is not None)
    body = f"  - {task}:\n{asked}" if asked else f"  - {task}: {{}}\n"
    text = f"extends: {json.dumps(base)}\nname: {json.dumps(given.name)}\ntasks:\n{body}"
    try:
        return _execute(loads(text, COMMAND_LINE, variant=options.variant), options)
    except RunFileError as error:
        given_flags = [name for name, value in flags.items() if value is not None]
        raise RunFileError(_at_its_flag(problem, given_flags) for problem in error.problems) from None


def _at_its_flag(problem: Problem, flags: list[str]) -> Problem:
    """Point at the flag instead of the line it became; leave problems of files alone."""
    where, number = problem.location, problem.location.line - _FIRST_FLAG
    if where.file != COMMAND_LINE:
        return problem
    flag = f"--{flags[number]}".replace("_", "-") if 0 <= number < len(flags) else ""
    return Problem(Location(flag or COMMAND_LINE), problem.message, problem.suggestion)


@command
def maximise(options: Namespace) -> int:
    """Find the largest allowed value of a quantity."""
    flags = {name: getattr(options, name) for name in ("quantity", "along", "points", "level", "starts")}
    return _single("maximise", options, flags)


@command
def profile(options: Namespace) -> int:
    """Profile the likelihood of one parameter or observable, or of two."""
    windows = {
        name: f"[{value}]" if value else None
        for name, value in (("range", options.range), ("y_range", options.y_range))
    }
    points = f"[{options.points}]" if options.points and "," in options.points else options.points
    flags = {"x": options.x, "y": options.y, "points": points, **windows, "level": options.level}
    return _single("profile", options, flags)


@command
def sample(options: Namespace) -> int:
    """Sample the posterior."""
    until = None
    if options.ess or options.of:
        until = f"{{ess: {options.ess or 1000}, of: {options.of or 'mu_eff'}}}"
    flags = {"ensembles": options.ensembles, "walkers": options.walkers, "until": until}
    kept = f"[{options.quantities}]" if options.quantities else None
    flags |= {"max_steps": options.max_steps, "quantities": kept}
    more = {name: getattr(options, name) for name in ("level", "sensitivity", "cross_check")}
    return _single("sample", options, flags | more)


@command
def compare_conventions(options: Namespace) -> int:
    """Find the largest allowed value of a quantity with every shape; keep files where --out names a place."""
    flags = {name: getattr(options, name) for name in ("quantity", "along", "points", "level", "starts")}
    flags["at"] = f"[{', '.join(options.at)}]" if options.at else None
    if options.out or options.resume:
        return _single("compare_conventions", options, flags)
    with TemporaryDirectory() as folder:
        options.out, options.keep = str(Path(folder) / "run"), False
        return _single("compare_conventions", options, flags)


@command
def evaluate(options: Namespace) -> int:
    """Print observables and chi2 at one point, or at the points of a table."""
    file = load(options.fit)
    _warn(file)
    fit = Fit(_variant(file, options.variant) or file.base)
    if options.formulas:
        fit = fit.using(options.formulas)
    # given as points, not held: the quadrature nodes of a fit go with its ranges, and so do the last digits
    given = {name: [value] for name, value in _fixed(file, options).items()}
    if options.points:
        if options.json:
            raise UsageError("--json prints one point; --points writes a table: use one of them")
        points = read_points(fit, Path(options.points))
        if options.out and Path(options.out).exists():
            raise UsageError(f"{options.out} exists already: choose another name for the answers")
        if twice := [name for name in points if name in given]:
            raise UsageError(f"{options.points}:1: {twice[0]} is a column here and given by --set as well")
        return _print_or_write(fit.evaluate({**points, **given}).table(), options.out)
    if options.out:
        raise UsageError("--out is where the answers for --points go: give --points as well")
    found = fit.evaluate(given)
    if options.json:
        print(json.dumps(found.json(), indent=1, allow_nan=False))
        return ANSWERED
    for heading, table in (("point", found.points), ("observables", found.observables), ("chi2", found.chi2)):
        print(f"{heading}:")
        for name, value in table.iloc[0].items():
            print(f"  {name:<22} {value:.6g}")
    print(f"  {'total_chi2':<22} {found.total_chi2[0]:.6g}")
    explained = {note.partition(" says nothing here")[0] for note in found.notes[0]}
    for name in found.out_of_range[0]:
        if name not in explained:
            print(f"note: {name} says nothing here: outside its range")
    for note in found.notes[0]:
        print(f"note: {note}")
    if found.from_derived:
        print(f"note: the paper prints no formula for {', '.join(found.from_derived)}: derived")
    return ANSWERED


def _print_or_write(table: pd.DataFrame, out: str | None) -> int:
    if out is None:
        print(table.to_csv(index=False), end="")
    else:
        _write(table, Path(out))
    return ANSWERED


def _write(table: pd.DataFrame, target: Path) -> None:
    """Write a table whole or not at all."""
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        temporary.write_text(table.to_csv(index=False), encoding="utf-8")
        temporary.replace(target)
    except OSError as error:
        raise UsageError(f"{target}: cannot be written ({error.strerror})") from None


@command
def check(options: Namespace) -> int:
    """Validate a run file and show what it means."""
    from darkmoment.reading import describe_file

    file = load(options.fit)
    refuse(Fit(file.base), [Fit(spec) for spec in file.fits], file.tasks)
    _warn(file)
    print(describe_file(file))
    return ANSWERED


@command
def init(options: Namespace) -> int:
    """Write a commented copy of a shipped fit."""
    text, target = text_of(options.name), Path(options.file)
    if options.file in shipped():
        raise UsageError(f"{target} names a shipped fit, which would be found first: write {target}.yaml")
    if target.exists():
        raise UsageError(f"{target} exists already: choose another name")
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{target}: cannot be written ({error.strerror})") from None
    print(f"wrote {target}; shipped fits: {', '.join(shipped())}. Next: darkmoment check {target}")
    return ANSWERED


@command
def experiments(options: Namespace) -> int:
    """List the experiments, or print a card."""
    from darkmoment.listing import as_text
    from darkmoment.reading import describe_card

    cards = available()
    if options.name is None:
        print(as_text(cards))
        return ANSWERED
    if options.name not in cards:
        from darkmoment.experiments.errors import unknown

        raise unknown("experiment", options.name, cards)
    print(describe_card(cards[options.name]))
    return ANSWERED


@command
def cite(options: Namespace) -> int:
    """Print the BibTeX of what a run, or a fit, rests on."""
    from darkmoment.citing import bibtex
    from darkmoment.record import describe
    from darkmoment.versions import versions

    folder = Path(options.source)
    if folder.is_dir():
        try:
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise UsageError(f"{folder} holds no readable {RECORD}: it is no run directory") from None
    else:
        file = load(options.source)
        fits = {spec.slug: Fit(spec) for spec in file.fits}
        record = {**describe(file, fits, file.base.seed, {}, file.tasks), "versions": versions()}
    try:
        print(bibtex(record), end="")
    except (KeyError, ValueError) as error:
        raise UsageError(f"{folder}: {error}") from None
    return ANSWERED


@command
def closure(options: Namespace) -> int:
    """Fit each experiment alone and compare with what it publishes."""
    if options.points < 2:
        raise UsageError(f"--points {options.points}: give at least 2")
    table = measure_closure(options.names or None, points=options.points)
    keys = ["experiment", "dataset", "quantity"]
    worst = table.assign(size=table["deviation"].abs()).groupby(keys, sort=False, dropna=False)
    shown = worst.agg(
        checked=("ok", "size"), worst=("size", "max"), tolerance=("tolerance", "first"), ok=("ok", "all")
    )
    print(shown.reset_index().to_string(index=False, float_format=lambda x: f"{x:.2g}"))
    if options.csv:
        _write(table, Path(options.csv))
    return ANSWERED if bool(table["ok"].all()) else DOUBTFUL
