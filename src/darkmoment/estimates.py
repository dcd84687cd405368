"""How long tasks take on this machine, from the measured time of a batch; good to a factor of a few."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from math import ceil

import numpy as np

from darkmoment.fit import Fit, LikelihoodError, PointError
from darkmoment.inference.maximise import STARTS
from darkmoment.runfile.diagnostics import Problem, RunFileError
from darkmoment.runfile.schema import TaskSpec
from darkmoment.tasks import edges, profile_map
from darkmoment.tasks.maximise import SMALLEST

_SEARCH_CALLS = 50
"""Likelihood calls that a local search takes the time of, sharing them with those run in step."""

_OVERALL_SEARCHES = 400
"""Local searches that an overall maximum takes the time of: kinks of the curves make its own ones long."""

_HOPPING_SEARCHES = 80
"""The same where searches hop from knot to knot, and nothing has to be found to count from."""

_CONVENTIONS = 4
"""Searches of `compare_conventions`: one for each shape that is a choice."""

_STEPS, _ESS = 4000, 1000.0
"""Steps of an ensemble for so many effective samples."""

_LARGEST_BATCH = 4096
_MOST_EDGES = 100_000
"""With more values than this the ends of curves beside them do not matter."""

_REPEATS, _LONG = 5, 0.2
"""Batches timed, and seconds after which no further one is."""

_ANY = 1e5
"""Hours above which `--max-hours inf` is suggested: nobody counts them."""

WORTH_A_WORD = 600.0
"""Seconds above which a run says how long it takes before it begins."""

_SIZES = ("points", "at", "starts", "ensembles", "walkers", "until", "max_steps")
"""Options that make a task long."""


class Estimates:
    """Times of the tasks of a file, each fit measured once.

    Parameters
    ----------
    fits : sequence of Fit
        Those the tasks may run for.
    """

    def __init__(self, fits: Sequence[Fit]) -> None:
        self.fits = fits
        self._measured = cache(_measured)
        self._known: dict[int, float] = {}

    def of(self, task: TaskSpec) -> float:
        """Return the seconds that a task takes for all its fits."""
        if id(task) not in self._known:
            chosen = self._chosen(task)
            self._known[id(task)] = sum(self._seconds(fit, _with_edges(task, fit, chosen)) for fit in chosen)
        return self._known[id(task)]

    def summary(self, tasks: Sequence[TaskSpec]) -> float:
        """Return the seconds of three overall limits for each quantity maximised along a parameter."""
        asked = [
            fit
            for task in tasks
            if task.kind == "maximise" and task.options.get("above", SMALLEST) == SMALLEST
            for fit in self._chosen(task)
        ]
        return sum(3 * self._call(fit) * _SEARCH_CALLS * _OVERALL_SEARCHES for fit in asked)

    def total(self, tasks: Sequence[TaskSpec]) -> float:
        """Return the seconds of all tasks and the summary."""
        return sum(self.of(task) for task in tasks) + self.summary(tasks)

    def _chosen(self, task: TaskSpec) -> list[Fit]:
        return [fit for fit in self.fits if task.runs_for(fit.spec)]

    def _call(self, fit: Fit) -> float:
        return self._measured(fit, 2 * max(len(fit.free), 1) + 1)

    def _seconds(self, fit: Fit, task: TaskSpec) -> float:
        options = task.options
        if task.kind == "sample":
            half = int(options["walkers"]) // 2
            batch = min(half, _LARGEST_BATCH)
            one = self._measured(fit, batch) * (half / batch)
            steps = min(float(options["max_steps"]), _STEPS * max(1.0, options["until"]["ess"] / _ESS))
            return one * 2 * steps * int(options["ensembles"])
        if options.get("at"):
            listed = {**options, "points": len(options["at"]), "at": None}
            return self._seconds(fit, replace(task, options=listed))
        if task.kind == "compare_conventions":
            return _CONVENTIONS * self._seconds(fit, replace(task, kind="maximise"))
        if task.kind == "leave_one_out":
            return (len(fit.experiments) + 1) * self._seconds(fit, replace(task, kind="maximise"))
        starts = int(options.get("starts") or STARTS)
        many = max(1.0, starts / STARTS)
        if task.kind == "waterfall":
            return self._call(fit) * _SEARCH_CALLS * _HOPPING_SEARCHES * many
        if task.kind == "profile" and options["y"]:
            nx, ny = profile_map.cells_of(options["points"])
            return profile_map.seconds(fit, nx * ny) * many
        if task.kind not in ("maximise", "profile", "compare"):
            return 0.0
        if task.kind == "maximise" and not options.get("along"):
            hops = options.get("above") == "standard_model_each"
            return self._call(fit) * _SEARCH_CALLS * (_HOPPING_SEARCHES if hops else _OVERALL_SEARCHES) * many
        searches = int(options["points"]) * (2 * starts + 2)
        # a smooth fit is searched twice: for the smallest chi2, and for the largest quantity or at it
        return self._call(fit) * _SEARCH_CALLS * searches * (1 if fit.hard.all() else 2)


def refuse_long(
    fits: Sequence[Fit], tasks: Sequence[TaskSpec], hours: float | None, workers: int = 1
) -> float | None:
    """Refuse tasks that would take longer than wanted; return how many seconds they take.

    Parameters
    ----------
    hours : float or None
        The longest run that is wanted; `inf` for any, None for any without an estimate.
    workers : int
        Processes that share the work.

    Returns
    -------
    float or None
        None where nothing was estimated.

    Raises
    ------
    RunFileError
        At the line of the longest task, with the estimate and how to go ahead.
    """
    if not tasks or hours is None:
        return None
    costs = Estimates(fits)
    try:
        total = costs.total(tasks) / workers
        if total <= hours * 3600:
            return total
        longest = max(tasks, key=costs.of)
    except (LikelihoodError, PointError):
        return None  # the run itself says so, with what it finished before
    sizes = [f"{k}: {_shown(longest.options[k])}" for k in _SIZES if longest.options.get(k)]
    message = f"task {longest.kind} ({', '.join(sizes)}): {beyond(total, hours)}"
    raise RunFileError([Problem(longest.where, message)])


def beyond(seconds: float, hours: float) -> str:
    """Say that a run is longer than wanted, and how to go ahead."""
    twice = 2 * seconds / 3600
    allowed = "inf" if twice > _ANY else f"{ceil(twice)}" if twice >= 1 else f"{twice:.1g}"
    return (
        f"the run would take about {duration(seconds)} on this machine, more than {duration(hours * 3600)}: "
        f"ask for less, or go ahead with --max-hours {allowed}"
    )


def duration(seconds: float) -> str:
    """Return a time in words: `40 s`, `12 min`, `30 h`, `8 days`."""
    for size, unit in ((2 * 365.25 * 86400, "years"), (3 * 86400, "days"), (2 * 3600, "h"), (120, "min")):
        if seconds >= size:
            one = {"years": 365.25 * 86400, "days": 86400, "h": 3600, "min": 60}[unit]
            return f"{seconds / one:.0f} {unit}" if seconds < 1e4 * one else f"{seconds / one:.1e} {unit}"
    return f"{max(seconds, 1):.0f} s"


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_shown(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_shown, value[:3])) + (", ...]" if len(value) > 3 else "]")
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _with_edges(task: TaskSpec, fit: Fit, fits: Sequence[Fit]) -> TaskSpec:
    """Return a task with as many points as it has values, those at the ends of curves included."""
    if not task.options.get("edges") or int(task.options["points"]) > _MOST_EDGES:
        return task
    return replace(task, options={**task.options, "points": edges.cells(fits, fit, task.options)})


def _measured(fit: Fit, n: int) -> float:
    """Return the seconds of one call with n points; at least a microsecond."""
    points = {p.name: np.full(n, p.reference) for p in fit.free}
    fit.chi2(points)
    start, calls = time.perf_counter(), 0
    while calls < _REPEATS and (calls == 0 or time.perf_counter() - start < _LONG):
        fit.chi2(points)
        calls += 1
    return max((time.perf_counter() - start) / calls, 1e-6)
