"""The command line: arguments and exit codes; the work is imported when a command needs it.

Exit codes: 0 answered, 1 ran but something is not certified, 2 the input is wrong, 3 failed while running,
130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

ANSWERED, DOUBTFUL, WRONG_INPUT, FAILED, INTERRUPTED = 0, 1, 2, 3, 130
MOST_HOURS = 24
"""A run that would take longer is refused, unless `--max-hours` allows it."""

_FIT = "path of a run file, or the name of a shipped fit (paper, global, projections, scattering, scrutiny)"
_EXAMPLES = """\
examples:
  darkmoment run paper --out paper-run
  darkmoment evaluate paper --json --set epsilon=1e-4 --set m_dark_photon=0.1
  darkmoment maximise global --variant single_y --along m_dark_photon --points 20
  darkmoment profile global --variant general --x m_dark_photon --y mu_eff --points 30,30
  darkmoment init global mine.yaml && darkmoment check mine.yaml
"""


def _parser() -> argparse.ArgumentParser:
    from importlib.metadata import version

    parser = argparse.ArgumentParser(
        prog="darkmoment",
        description="How large can the neutrino transition magnetic moment be, if a dark photon mediates it?",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"darkmoment {version('darkmoment')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_single_tasks(commands)
    _add_conventions(commands)
    _add_evaluate(commands)
    check = commands.add_parser(
        "check", help="validate a run file and show what it means", allow_abbrev=False
    )
    check.add_argument("fit", metavar="FIT", help=_FIT)
    init = commands.add_parser("init", help="write a commented copy of a shipped fit", allow_abbrev=False)
    init.add_argument(
        "name", metavar="NAME", nargs="?", default="global", help="shipped fit (default: global)"
    )
    init.add_argument("file", metavar="FILE", help="file to write; must not exist")
    experiments = commands.add_parser(
        "experiments", help="list experiments, or print a card", allow_abbrev=False
    )
    experiments.add_argument("name", metavar="NAME", nargs="?", help="experiment whose card to print")
    cite = commands.add_parser(
        "cite", help="BibTeX of the experiments, formulas and tools of a run", allow_abbrev=False
    )
    cite.add_argument("source", metavar="DIR|FIT", help=f"a run directory, or {_FIT}")
    _add_run_directories(commands)
    closure = commands.add_parser(
        "closure", help="fit each experiment alone and compare with what it publishes", allow_abbrev=False
    )
    closure.add_argument("names", metavar="NAME", nargs="*", help="experiments (default: all)")
    closure.add_argument("--points", type=_whole, default=50, help="masses for curves (default: 50)")
    closure.add_argument("--csv", metavar="FILE", help="write the table here as well")
    return parser


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("fit", metavar="FIT", help=_FIT)
    command.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        dest="assignments",
        help="hold a parameter at a value; its range does not apply (repeatable)",
    )
    command.add_argument(
        "--variant",
        metavar="LABEL",
        help="only this variant of the file: its label, or the name of its folder",
    )


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser("run", help="run every task of a run file", allow_abbrev=False)
    _add_common(run)
    _add_output(run)


def _add_output(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", metavar="DIR", help="run directory, new or empty (default: ./NAME-run)")
    command.add_argument("--resume", action="store_true", help="take over what is finished in --out")
    command.add_argument("--seed", type=_count, metavar="N", help="instead of the file's own seed")
    command.add_argument(
        "--workers", type=_whole, default=1, metavar="N", help="processes that share the work (default: 1)"
    )
    command.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="Dask scheduler whose workers do the work, e.g. tcp://host:8786",
    )
    command.add_argument(
        "--max-hours",
        type=_hours,
        default=MOST_HOURS,
        metavar="H",
        help=f"refuse a run that would take longer, by an estimate (default: {MOST_HOURS}; inf for any)",
    )


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _count(text: str) -> int:
    value = _whole(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return value


def _hours(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value > 0:  # NaN neither
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hours above 0 (inf for any)")
    return value


def _add_single_tasks(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    maximise = commands.add_parser("maximise", help="largest allowed value of a quantity", allow_abbrev=False)
    _add_common(maximise)
    _add_output(maximise)
    maximise.add_argument("--quantity", metavar="NAME", help="observable (default: mu_eff)")
    maximise.add_argument("--along", metavar="NAME", help="free parameter to draw the answer along")
    maximise.add_argument("--points", metavar="N", help="number of values (default: 60)")
    maximise.add_argument("--at", metavar="VALUE", nargs="+", help="these values of --along instead")
    maximise.add_argument("--level", metavar="CL", help="confidence level (default: 0.90)")
    maximise.add_argument("--starts", metavar="N", help="starts of each of two searches (default: 4)")
    profile = commands.add_parser(
        "profile", help="profile likelihood of one quantity, or of two", allow_abbrev=False
    )
    _add_common(profile)
    _add_output(profile)
    profile.add_argument("--x", metavar="NAME", required=True, help="free parameter or observable")
    profile.add_argument("--y", metavar="NAME", help="second axis, for a map")
    profile.add_argument("--points", metavar="N[,N]", help="number of values, along each axis (default: 60)")
    profile.add_argument("--range", metavar="LOWER,UPPER", help="values of x to profile over")
    profile.add_argument("--y-range", metavar="LOWER,UPPER", help="values of y to profile over")
    profile.add_argument("--level", metavar="CL", help="confidence level (default: 0.90)")
    sample = commands.add_parser("sample", help="posterior by emcee", allow_abbrev=False)
    _add_common(sample)
    _add_output(sample)
    sample.add_argument("--ensembles", metavar="N", help="independent ensembles (default: 4)")
    sample.add_argument("--walkers", metavar="N", help="walkers of each (default: 128)")
    sample.add_argument("--ess", metavar="N", help="effective samples wanted (default: 1000)")
    sample.add_argument("--of", metavar="NAME", help="quantity they are counted for (default: mu_eff)")
    sample.add_argument("--quantities", metavar="NAME,NAME", help="further observables to keep")
    sample.add_argument("--max-steps", metavar="N", help="steps after which to stop (default: 10000)")
    sample.add_argument("--level", metavar="CL", help="of the limit that is checked (default: 0.90)")
    sample.add_argument(
        "--sensitivity",
        choices=("true", "false"),
        help="ask again with other prior ranges (default: true)",
    )
    sample.add_argument("--cross-check", choices=("nested",), help="sample once more with dynesty")


def _add_conventions(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    compare = commands.add_parser(
        "compare-conventions", help="the largest allowed value with every shape", allow_abbrev=False
    )
    _add_common(compare)
    _add_output(compare)
    compare.add_argument("--quantity", metavar="NAME", help="observable (default: mu_eff)")
    compare.add_argument("--along", metavar="NAME", help="free parameter to draw the answer along")
    compare.add_argument("--points", metavar="N", help="number of values (default: 20)")
    compare.add_argument("--at", metavar="VALUE", nargs="+", help="these values of --along instead")
    compare.add_argument("--level", metavar="CL", help="confidence level (default: 0.90)")
    compare.add_argument("--starts", metavar="N", help="starts of each of two searches (default: 4)")


def _add_run_directories(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    report = commands.add_parser(
        "report", help="one HTML page of a run, to read and to hand on", allow_abbrev=False
    )
    report.add_argument("directory", metavar="DIR", help="run directory")
    report.add_argument("--out", metavar="FILE", help="where to write it (default: DIR/report.html)")
    export = commands.add_parser(
        "export", help="a run as chains for GetDist, or as a submission to HEPData", allow_abbrev=False
    )
    export.add_argument("directory", metavar="DIR", help="run directory")
    export.add_argument("--to", required=True, choices=("getdist", "hepdata"), help="an extra of that name")
    export.add_argument("--out", metavar="DIR", help="new or empty directory (default: DIR/getdist, ...)")
    plot = commands.add_parser(
        "plot", help="draw the figures of a run again, from its tables", allow_abbrev=False
    )
    plot.add_argument("directory", metavar="DIR", help="run directory")
    plot.add_argument("--out", metavar="DIR", help="where they go (default: into the run directory)")
    verify = commands.add_parser(
        "verify", help="compute the stored points of a run again, and compare", allow_abbrev=False
    )
    verify.add_argument("directory", metavar="DIR", help="run directory")
    diff = commands.add_parser(
        "diff", help="what differs between two runs, in inputs and answers", allow_abbrev=False
    )
    diff.add_argument("first", metavar="DIR1", help="run directory")
    diff.add_argument("second", metavar="DIR2", help="another")


def _add_evaluate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    evaluate = commands.add_parser(
        "evaluate", help="observables and chi2 at given points", allow_abbrev=False
    )
    _add_common(evaluate)
    evaluate.add_argument("--formulas", choices=("derived", "printed"), help="instead of the file's own")
    evaluate.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    evaluate.add_argument(
        "--points", metavar="IN.CSV", help="table with one column per parameter, a row per point"
    )
    evaluate.add_argument("--out", metavar="OUT.CSV", help="where the answers for --points go")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        from darkmoment import commands

        handler = getattr(commands, options.command.replace("-", "_"))
        code = int(handler(options))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("darkmoment: interrupted; what was finished is kept", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # the reader of a pipe has left: nothing more to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ANSWERED


if __name__ == "__main__":
    sys.exit(main())
