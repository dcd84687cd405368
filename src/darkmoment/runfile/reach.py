"""What each free parameter moves: one that moves nothing is a mistake, or at least worth a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from darkmoment.runfile.diagnostics import Findings
from darkmoment.runfile.names import model_of
from darkmoment.runfile.schema import FitSpec, TaskSpec
from darkmoment.runfile.ties import tie_of
from darkmoment.tasks.registry import TASKS


def moved_by(fit: FitSpec, names: Iterable[str]) -> set[str]:
    """Return the parameters that observables or parameters depend on in a fit, through ties as well."""
    model = model_of(fit)
    waiting = [parameter for name in names for parameter in model.reach(name)]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        tie = tie_of(fit.parameters[name]) if name in fit.parameters else None
        waiting += tie.names if tie is not None else ()
    return reached


def check_reach(fits: Sequence[FitSpec], tasks: Sequence[TaskSpec], findings: Findings) -> None:
    """Report free parameters that move no experiment and no quantity asked for.

    One that moves nothing in any fit of the file is a problem; one that moves nothing in some variants only
    (a waterfall adds its experiments one by one) is a warning.
    """
    idle: dict[str, list[FitSpec]] = {}
    for fit in fits:
        needs = {need for spec in fit.experiments.values() for need in spec.load().needs}
        moved = moved_by(fit, needs | set(_asked([task for task in tasks if task.runs_for(fit)])))
        for name, parameter in fit.parameters.items():
            if parameter.free and name not in moved:
                idle.setdefault(name, []).append(fit)
    for name, where_idle in idle.items():
        place = where_idle[0].parameters[name].where
        message = f"free parameter {name!r} moves no experiment and no quantity asked for"
        if all(fit in where_idle for fit in fits if name in fit.parameters and fit.parameters[name].free):
            findings.problem(place, f"{message}: give it a value or leave it out")
        else:
            labels = ", ".join(repr(fit.label) for fit in where_idle)
            findings.warning(place, f"{message} in variant {labels}")


def _asked(tasks: Sequence[TaskSpec]) -> Iterator[str]:
    """Yield the quantities that tasks ask for; without tasks, the one the package is about."""
    if not tasks:
        yield "mu_eff"
    for task in tasks:
        for option in TASKS[task.kind].options:
            value = task.options[option.name]
            if option.kind in ("quantity", "parameter_or_quantity") and isinstance(value, str):
                yield value
            elif option.kind == "quantities":
                yield from value
            elif option.kind == "until" and isinstance(value, dict):
                yield value["of"]
