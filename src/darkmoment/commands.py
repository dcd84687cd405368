"""What each command of the command line does."""

from __future__ import annotations

import json
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable
from functools import wraps
from os.path import isdir
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from darkmoment.cli import ANSWERED, DOUBTFUL, FAILED, INTERRUPTED, WRONG_INPUT
from darkmoment.evaluation import unit_slips
from darkmoment.experiments import CardError, CurveError, ExperimentError, available
from darkmoment.experiments.closure import closure as measure_closure
from darkmoment.files import write_whole
from darkmoment.fit import Fit, LikelihoodError, PointError
from darkmoment.gathering import gathered
from darkmoment.inference.chunks import CrewError, WorkersError
from darkmoment.options import COMMAND_LINE, at_its_flag, fixed_by, single_task, variant_called
from darkmoment.places import UsageError, can_be_written, write_csv, writing
from darkmoment.points import read_points
from darkmoment.record import RECORD, DirectoryError
from darkmoment.runfile.diagnostics import RunFileError
from darkmoment.runfile.loader import load, loads
from darkmoment.runfile.schema import RunFile
from darkmoment.runfile.shipped import shipped, text_of
from darkmoment.saved import reading
from darkmoment.tasks.runner import REPORT, StorageError, refuse
from darkmoment.tasks.runner import run as run_tasks
from darkmoment.tasks.task import TaskError
from darkmoment.unphysical import REFERENCE

Command = Callable[[Namespace], int]
INPUT_ERRORS = (RunFileError, PointError, DirectoryError, CardError, CurveError, ExperimentError, CrewError)


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
        except (LikelihoodError, TaskError, WorkersError, StorageError, OSError, MemoryError) as error:
            _print_failure(error)
            return FAILED
        except Exception:
            traceback.print_exc()
            print("darkmoment: failed; what was finished is kept", file=sys.stderr)
            return FAILED

    return guarded


def _print_failure(error: Exception) -> None:
    what = " ".join(f"not enough memory. {error}".split()) if isinstance(error, MemoryError) else str(error)
    for line in (what, *getattr(error, "__notes__", ())):
        print(f"darkmoment: {line}", file=sys.stderr)


def _warn(file: RunFile, but: str | None = None) -> None:
    for warning in file.warnings:
        if but is None or not warning.message.startswith(but):
            print(f"warning: {warning}", file=sys.stderr)


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
    _warn(file, but=REFERENCE)  # the run says it itself, with what the command line holds
    out = Path(options.out or f"{file.name}-run")
    chosen = variant_called(file, options.variant)
    fixed = fixed_by(file, options.assignments)
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
            max_hours=options.max_hours,
        )
    except (LikelihoodError, TaskError, WorkersError, MemoryError, OSError) as error:
        if getattr(options, "keep", True) and (out / RECORD).exists():
            error.add_note(f"what was finished is kept in {out}")
        raise
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
    asked = {name: value for name, value in flags.items() if value is not None}
    try:
        text = single_task(given, task, asked)
        return _execute(loads(text, COMMAND_LINE, variant=options.variant), options)
    except RunFileError as error:
        raise RunFileError(at_its_flag(problem, list(asked)) for problem in error.problems) from None


@command
def maximise(options: Namespace) -> int:
    """Find the largest allowed value of a quantity."""
    flags = {name: getattr(options, name) for name in ("quantity", "along", "points", "level", "starts")}
    flags["at"] = f"[{', '.join(options.at)}]" if options.at else None
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
    fit = Fit(variant_called(file, options.variant) or file.base)
    if options.formulas:
        fit = fit.using(options.formulas)
    # given as points, not held: the quadrature nodes of a fit go with its ranges, and so do the last digits
    given = {name: [value] for name, value in fixed_by(file, options.assignments, noted=True).items()}
    if options.points:
        if options.json:
            raise UsageError("--json prints one point; --points writes a table: use one of them")
        points = read_points(fit, Path(options.points))
        if options.out and Path(options.out).exists():
            raise UsageError(f"{options.out} exists already: choose another name for the answers")
        if options.out:
            can_be_written(Path(options.out))
        if twice := [name for name in points if name in given]:
            raise UsageError(f"{options.points}:1: {twice[0]} is a column here and given by --set as well")
        for slip in unit_slips(fit, points).values():
            print(f"warning: {options.points}: {slip}", file=sys.stderr)
        return _print_or_write(fit.evaluate({**points, **given}).table, options.out)
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
        write_csv(table, Path(out))
    return ANSWERED


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
    with writing(target):
        write_whole(target, text.encode("utf-8"))
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
        with reading(*[folder] if folder.is_dir() else []):
            print(bibtex(record), end="")
    except DirectoryError:
        raise
    except (KeyError, ValueError) as error:
        raise UsageError(f"{folder}: {error}") from None
    return ANSWERED


@command
def report(options: Namespace) -> int:
    """Write a run as one HTML page."""
    from darkmoment.report import write_report

    directory = Path(options.directory)
    out = Path(options.out) if options.out else None
    if out is not None or isdir(directory):
        can_be_written(out or directory / REPORT)
    with reading(directory):
        target = write_report(directory, out)
    print(f"report in {target}")
    return ANSWERED


@command
def export(options: Namespace) -> int:
    """Write a run in another format."""
    from darkmoment.exports import ExportError
    from darkmoment.exports import export as export_run

    directory = Path(options.directory)
    try:
        with reading(directory):
            written = export_run(directory, options.to, Path(options.out) if options.out else None)
    except ExportError as error:
        raise UsageError(str(error)) from None
    print(f"{len(written)} files in {written[0].parent}")
    return ANSWERED


@command
def plot(options: Namespace) -> int:
    """Draw the figures of a run again."""
    from darkmoment.redrawing import redraw

    with reading(Path(options.directory)):
        found = redraw(Path(options.directory), Path(options.out) if options.out else None)
    for text in found.notes:
        print(f"note: {text}", file=sys.stderr)
    print(f"{len(found.figures)} figures in {found.directory}")
    return ANSWERED


@command
def verify(options: Namespace) -> int:
    """Compute the stored points of a run again, and compare the files it rests on."""
    from darkmoment.verification import lines
    from darkmoment.verification import verify as verify_run

    with reading(Path(options.directory)):
        found = verify_run(Path(options.directory))
    print("\n".join(lines(found)))
    return ANSWERED if found.passed else DOUBTFUL


@command
def diff(options: Namespace) -> int:
    """Say what differs between two runs."""
    from darkmoment.differences import compare_runs

    runs = Path(options.first), Path(options.second)
    with reading(*runs):
        found = compare_runs(*runs)
    print("\n".join(found.lines()))
    return DOUBTFUL if found.any else ANSWERED


@command
def closure(options: Namespace) -> int:
    """Fit each experiment alone and compare with what it publishes."""
    if options.points < 2:
        raise UsageError(f"--points {options.points}: give at least 2")
    if options.csv:
        can_be_written(Path(options.csv))
    table = measure_closure(options.names or None, points=options.points)
    keys = ["experiment", "dataset", "quantity"]
    worst = table.assign(size=table["deviation"].abs()).groupby(keys, sort=False, dropna=False)
    shown = worst.agg(
        checked=("ok", "size"), worst=("size", "max"), tolerance=("tolerance", "first"), ok=("ok", "all")
    )
    print(shown.reset_index().to_string(index=False, float_format=lambda x: f"{x:.2g}"))
    if options.csv:
        write_csv(table, Path(options.csv))
    return ANSWERED if bool(table["ok"].all()) else DOUBTFUL
