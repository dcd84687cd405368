"""Run files, cards and experiments as text a person reads on a terminal."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from darkmoment.asimov import notes
from darkmoment.experiments import Card
from darkmoment.fit import Fit
from darkmoment.gaps import gaps
from darkmoment.inference.maximise import STARTS
from darkmoment.runfile.reach import moved_by
from darkmoment.runfile.schema import FitSpec, RunFile, TaskSpec
from darkmoment.tasks import edges, profile_map
from darkmoment.tasks.maximise import SMALLEST

_SEARCH_CALLS = 50
"""Likelihood calls that a local search takes the time of, sharing them with those run in step."""

_OVERALL_SEARCHES = 400
"""Local searches that an overall maximum takes the time of: kinks of the curves make its own ones long."""

_HOPPING_SEARCHES = 80
"""The same where searches hop from knot to knot, and nothing has to be found to count from."""

_LISTED = 3
"""Labels of variants shown one by one."""

_CONVENTIONS = 4
"""Searches of `compare_conventions`: one for each shape that is a choice."""


def describe_file(file: RunFile) -> str:
    """Return resolved parameters, which experiment sees which, tasks and a time estimate."""
    lines = [f"{file.name}: {file.title}" if file.title else file.name, f"read from {file.source}"]
    for spec in file.fits:
        fit = Fit(spec)
        _ask(fit)
        heading = f"variant {spec.label}" if spec.label else "fit"
        switches = ", ".join(f"{k}: {v}" for k, v in fit.model.switches.items())
        lines += ["", f"{heading} ({switches})", _parameters(fit), "", _experiments(fit, spec)]
        if fit.injected is not None:
            lines.append(_data(fit))
        lines += [f"  warning: {text}" for text in (*gaps(fit), *notes(fit))]
    lines += ["", "tasks:"]
    total = 0.0
    for task in file.tasks:
        chosen = [spec for spec in file.fits if task.runs_for(spec)]
        fits = [Fit(spec) for spec in chosen]
        seconds = sum(_seconds(fit, _with_edges(task, fit, fits)) for fit in fits)
        total += seconds
        options = ", ".join(f"{k}: {_as_yaml(v)}" for k, v in task.options.items() if v is not None)
        options += _chosen(task, len(file.fits))
        lines.append(f"  {task.kind}: {options}   (about {_duration(seconds)})")
    summary = sum(
        _summary_seconds(Fit(spec), [task for task in file.tasks if task.runs_for(spec)])
        for spec in file.fits
    )
    if summary:
        lines.append(f"  summary: limits over all ranges   (about {_duration(summary)})")
    total += summary
    lines.append(f"about {_duration(total)} altogether on this machine" if file.tasks else "  none")
    return "\n".join(lines)


def _ask(fit: Fit) -> None:
    """Ask experiments that are not shipped at the reference point: one that raises is told before a run."""
    if any(not asked.shipped for asked in fit.spec.experiments.values()):
        fit.chi2({})


def _chosen(task: TaskSpec, of: int) -> str:
    """Say for which variants a task runs; nothing where it runs for all."""
    if task.variants is None:
        return ""
    labels = [f'"{label}"' for label in task.variants]
    shown = labels if len(labels) <= _LISTED else [labels[0], "..", labels[-1]]
    return f", for: {len(labels)} of {of} variants ({' '.join(shown)})"


def _as_yaml(value: object) -> str:
    """Return an option as a run file has it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_as_yaml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_as_yaml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _duration(seconds: float) -> str:
    return f"{max(seconds, 1):.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _parameters(fit: Fit) -> str:
    rows = []
    for p in fit.parameters:
        if p.free:
            what = f"free in [{p.bounds[0]:.6g}, {p.bounds[1]:.6g}], prior {p.prior.kind}"
            what += f", reference {p.reference:.6g}" + (", range by convention" if p.convention else "")
        elif p.tie is not None:
            spec = fit.spec.parameters[p.name]
            what = f"tied: {spec.expr or spec.same_as}"
        else:
            what = f"fixed at {p.value:.6g}"
        if p.constraint is not None:
            what += f", constraint {p.constraint[0]:.6g} +- {p.constraint[1]:.6g}"
        rows.append(f"  {p.name:<15} {p.unit:<4} {what}")
    return "\n".join(rows)


def _data(fit: Fit) -> str:
    """Return where Asimov data are made, with every parameter of the point."""
    assert fit.injected is not None
    return f"  {fit.data}: " + ", ".join(f"{name} = {value:.6g}" for name, value in fit.injected.items())


def _experiments(fit: Fit, spec: FitSpec) -> str:
    rows = ["  experiment (dataset), shape: free parameters it sees"]
    free = [p.name for p in fit.free]
    for name, e in fit.experiments.items():
        seen = moved_by(spec, e.needs)
        asked = spec.experiments[name].definition
        meaning = f", {asked.meaning}" if asked is not None and asked.meaning else ""
        sees = ", ".join(n for n in free if n in seen) or "none"
        rows.append(f"  {name} ({e.dataset}), {e.shape.name}{meaning}: {sees}")
    return "\n".join(rows)


def _seconds(fit: Fit, task: TaskSpec) -> float:
    """Estimate the time of a task from the measured time of one batch; good to a factor of a few."""
    d = max(len(fit.free), 1)
    if task.kind == "sample":
        walkers = int(task.options["walkers"])
        one = _measured(fit, {p.name: np.full(walkers // 2, p.reference) for p in fit.free})
        return one * 2 * 4000 * int(task.options["ensembles"])
    if task.kind == "compare_conventions":
        alone = replace(task, kind="maximise", options={**task.options, **_values(task)})
        return _CONVENTIONS * _seconds(fit, alone)
    if task.kind == "leave_one_out":
        return (len(fit.experiments) + 1) * _seconds(fit, replace(task, kind="maximise"))
    if task.kind == "profile" and task.options["y"]:
        nx, ny = profile_map.cells_of(task.options["points"])
        return profile_map.seconds(fit, nx * ny)
    if task.kind == "waterfall":
        options = {**task.options, "above": "standard_model_each"}
        return _seconds(fit, replace(task, kind="maximise", options=options))
    if task.kind not in ("maximise", "profile", "compare"):
        return 0.0
    one = _measured(fit, {p.name: np.full(2 * d + 1, p.reference) for p in fit.free})
    if task.kind == "maximise" and not task.options.get("along"):
        hops = task.options.get("above") == "standard_model_each"
        return one * _SEARCH_CALLS * (_HOPPING_SEARCHES if hops else _OVERALL_SEARCHES)
    searches = int(task.options["points"]) * (2 * int(task.options.get("starts") or STARTS) + 2)
    # a smooth fit is searched twice: for the smallest chi2, and for the largest quantity or at it
    return one * _SEARCH_CALLS * searches * (1 if fit.hard.all() else 2)


def _with_edges(task: TaskSpec, fit: Fit, fits: Sequence[Fit]) -> TaskSpec:
    """Return a task with as many points as it has values, those at the ends of curves included."""
    if not task.options.get("edges"):
        return task
    return replace(task, options={**task.options, "points": edges.cells(fits, fit, task.options)})


def _values(task: TaskSpec) -> dict[str, int]:
    """Return the number of values where a task lists them."""
    at = task.options.get("at")
    return {"points": len(at)} if at else {}


def _summary_seconds(fit: Fit, tasks: Sequence[TaskSpec]) -> float:
    """Estimate the time of three overall limits for each quantity maximised along a parameter."""
    one = _measured(fit, {p.name: np.full(2 * len(fit.free) + 1, p.reference) for p in fit.free})
    asked = [t for t in tasks if t.kind == "maximise" and t.options.get("above", SMALLEST) == SMALLEST]
    return 3 * one * _SEARCH_CALLS * _OVERALL_SEARCHES * len(asked)


def _measured(fit: Fit, points: Mapping[str, np.ndarray]) -> float:
    fit.chi2(points)
    start = time.perf_counter()
    for _ in range(5):
        fit.chi2(points)
    return (time.perf_counter() - start) / 5


def describe_card(card: Card) -> str:
    """Return an experiment's card as it is written."""
    return (card.folder / "card.yaml").read_text(encoding="utf-8").rstrip()
