"""Run files, cards and experiments as text a person reads on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from darkmoment.asimov import notes
from darkmoment.cli import MOST_HOURS
from darkmoment.estimates import Estimates, beyond, duration
from darkmoment.experiments import Card
from darkmoment.fit import Fit
from darkmoment.gaps import gaps
from darkmoment.runfile.reach import moved_by
from darkmoment.runfile.schema import FitSpec, RunFile, TaskSpec
from darkmoment.tasks.registry import TASKS
from darkmoment.tasks.windows import missing_overlays

_LISTED = 3
"""Labels of variants shown one by one."""


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
    costs = Estimates([Fit(spec) for spec in file.fits])
    for task in file.tasks:
        given = _without_points(task.options)
        options = ", ".join(f"{k}: {_as_yaml(v)}" for k, v in given.items() if v is not None)
        options += _chosen(task, len(file.fits))
        lines.append(f"  {task.kind}: {options}   (about {duration(costs.of(task))})")
        lines += [f"    warning: {text}" for text in _outside(task, file)]
    summary = costs.summary(file.tasks)
    if summary:
        lines.append(f"  summary: limits over all ranges   (about {duration(summary)})")
    total = costs.total(file.tasks)
    lines.append(f"about {duration(total)} altogether on this machine" if file.tasks else "  none")
    if total > MOST_HOURS * 3600:
        lines.append(f"  warning: {beyond(total, MOST_HOURS)}")
    return "\n".join(lines)


def _without_points(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as a run file gives them: of a curve its file and label, and how many points it has."""
    curves = [
        {"file": o["file"], "label": o["label"], "points": len(o["points"][0])}
        for o in options.get("overlay") or ()
    ]
    told = {**options, **({"overlay": curves} if curves else {})}
    if told.get("at"):
        del told["points"]  # in place of which the values stand
    return told


def _outside(task: TaskSpec, file: RunFile) -> list[str]:
    """Say which curves of the user's own lie outside a task's figure."""
    kind = TASKS[task.kind]
    specs = [file.base] if kind.top_level else [spec for spec in file.fits if task.runs_for(spec)]
    fits = [Fit(spec) for spec in specs]
    figures = [fits] if kind.whole_file else [[fit] for fit in fits]
    found = [text for fits in figures for text in missing_overlays(fits, kind.complete(task.options))]
    return list(dict.fromkeys(found))


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
        meaning += ", projected" if e.projected else ""
        sees = ", ".join(n for n in free if n in seen) or "none"
        rows.append(f"  {name} ({e.dataset}), {e.shape.name}{meaning}: {sees}")
    return "\n".join(rows)


def describe_card(card: Card) -> str:
    """Return an experiment's card as it is written."""
    return (card.folder / "card.yaml").read_text(encoding="utf-8").rstrip()
