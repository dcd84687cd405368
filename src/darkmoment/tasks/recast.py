"""Task `recast`: an experiment's limit on its own quantity, carried over to every dark-photon mass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.parameters import Array
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.task import Option, Task

KIND = "recast"
_MASSLESS = 1e-9
"""Any parameter small against every scale of an experiment, GeV: the massless mediator."""


@dataclass(frozen=True)
class Recast:
    """The limit of one experiment along one parameter."""

    experiment: str
    quantity: str
    along: str
    x: Array
    limit: Array
    baseline: float


def recast(fit: Fit, experiment: str, along: str, x: Array) -> Recast:
    """Return an experiment's limit at each value of `along`, other parameters at their reference.

    Parameters
    ----------
    x : ndarray (n,)
        Values of `along`; its range does not apply.

    Returns
    -------
    Recast
        `limit` (n,) in the quantity's unit, NaN where the experiment says nothing; `baseline` for a
        massless mediator.
    """
    likelihood = fit.experiments[experiment]
    points, n = fit.complete({along: x})
    limit = np.broadcast_to(likelihood.limit(fit.model.predict(points)), (n,))
    massless, _ = fit.complete({along: np.array([_MASSLESS])})
    baseline = float(likelihood.limit(fit.model.predict(massless))[0])
    return Recast(experiment, likelihood.limits, along, x, limit, baseline)


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str) -> Outcome:
    """Recast, write table and figure."""
    along, (lower, upper) = options["along"], options["range"]
    x = np.geomspace(lower, upper, options["points"])
    stem = context.stem(slug, name)
    if options["experiments"]:
        found = [recast(fit, experiment, along, x) for experiment in options["experiments"]]
        return _several(context, fit, stem, found)
    return _one(context, fit, stem, recast(fit, options["experiment"], along, x))


def _one(context: Context, fit: Fit, stem: str, found: Recast) -> Outcome:
    """Write the limit of one experiment beside that for a massless mediator."""
    from darkmoment.plots.recast import recast_figure
    from darkmoment.plots.style import save

    likelihood, along = fit.experiments[found.experiment], found.along
    if context.directory.read_table(stem) is None:
        table = pd.DataFrame({along: found.x, f"{found.quantity}_limit": found.limit})
        level = likelihood.dataset.cl or 0.90
        figure = recast_figure(
            found.x,
            found.limit,
            found.baseline,
            axis(fit, found.quantity),
            axis(fit, along),
            likelihood.label,
            level,
            "--" if likelihood.projected else "-",
        )
        save(figure, context.directory.file(stem))
        about = {"task": KIND, "experiment": found.experiment, "label": likelihood.label, "level": level}
        about |= {"baseline": found.baseline, "options": dict(likelihood.options)}
        about |= {
            "units": {
                along: fit.parameter(along).unit,
                f"{found.quantity}_limit": axis(fit, found.quantity).unit,
            }
        }
        context.directory.write_table(stem, table, about)
    return Outcome([_spoken(fit, found)], result=found)


def _spoken(fit: Fit, found: Recast) -> str:
    """Return the limit in words: for a massless mediator where there is one, else where it is best."""
    unit, label = axis(fit, found.quantity).unit, fit.experiments[found.experiment].label
    if np.isfinite(found.baseline):
        limit, where = found.baseline, "for a massless mediator"
    else:
        best = int(np.nanargmin(found.limit))
        limit, where = found.limit[best], f"at {found.along} = {found.x[best]:.4g}"
    return f"{label}: {found.quantity} < {limit:.4g} {unit}".rstrip() + f" {where}"


def _several(context: Context, fit: Fit, stem: str, found: Sequence[Recast]) -> Outcome:
    """Write the limits of several experiments on one quantity, and which is the strongest where."""
    from darkmoment.plots.recast import recasts_figure
    from darkmoment.plots.style import save

    quantity, along, x = found[0].quantity, found[0].along, found[0].x
    limits = {f.experiment: np.where(np.isfinite(f.limit), f.limit, np.inf) for f in found}
    leading = strongest(limits)
    labels = {name: fit.experiments[name].label for name in limits}
    if context.directory.read_table(stem) is None:
        columns = {f"{quantity}_limit_{f.experiment}": f.limit for f in found}
        table = pd.DataFrame({along: x, **columns, "leading_experiment": leading})
        levels = [fit.experiments[name].dataset.cl or 0.90 for name in limits]
        axes = axis(fit, quantity), axis(fit, along)
        projected = [name for name in limits if fit.experiments[name].projected]
        figure = recasts_figure(x, limits, leading, labels, *axes, min(levels), projected)
        save(figure, context.directory.file(stem))
        about = {"task": KIND, "experiments": labels, "levels": dict(zip(limits, levels, strict=True))}
        about |= {"baselines": {f.experiment: f.baseline for f in found}}
        about |= {"options": {name: dict(fit.experiments[name].options) for name in limits}}
        units = dict.fromkeys(columns, axis(fit, quantity).unit)
        about |= {"units": {along: fit.parameter(along).unit, **units}}
        context.directory.write_table(stem, table, about)
    answers = [_spoken(fit, f) for f in found]
    unit = fit.parameter(along).unit
    for first, end in _runs(leading):
        if leading[first]:
            ends = f"{x[first]:.3g} to {x[end - 1]:.3g} {unit}".rstrip()
            answers.append(f"strongest for {along} = {ends}: {labels[leading[first]]}")
    return Outcome(answers, result=tuple(found))


def strongest(limits: Mapping[str, Array]) -> list[str]:
    """Return the experiment with the smallest limit at each value; empty where none has one."""
    names, rows = list(limits), np.stack(list(limits.values()))
    best = np.argmin(rows, axis=0)
    return [names[k] if np.isfinite(rows[k, i]) else "" for i, k in enumerate(best)]


def _runs(key: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1) of each stretch of equal keys."""
    starts = [i for i in range(len(key)) if i == 0 or key[i] != key[i - 1]]
    yield from pairwise([*starts, len(key)])


def _objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    along, (lower, upper) = options["along"], options["range"]
    if options["experiments"] and options["experiment"]:
        return "give either experiment or experiments, not both"
    names = options["experiments"] or (options["experiment"],)
    if along != "m_dark_photon":
        return f"a limit is recast along m_dark_photon, not along {along}"
    if lower <= 0:
        return "the range of a recast starts above 0"
    limited = {name: base.experiments[name].limits for name in names}
    if len(set(limited.values())) > 1:
        shown = ", ".join(f"{name} {quantity}" for name, quantity in limited.items())
        return f"limits on different quantities do not belong on one axis: {shown}"
    for name in names:
        found = recast(base, name, along, np.geomspace(lower, upper, options["points"]))
        if not np.isfinite(found.limit).any():
            return f"{name} has no upper limit between {lower:g} and {upper:g} GeV"
    return None


TASK = Task(
    KIND,
    "an experiment's limit against the dark-photon mass",
    (
        Option("experiment", "experiment", "whose limit", required=True, alternative="experiments"),
        Option("experiments", "experiments", "several, on one figure with the strongest of them", ()),
        Option("along", "parameter_or_quantity", "parameter to draw it along", "m_dark_photon"),
        Option("range", "range", "range of `along`", (1e-6, 10.0), of="along"),
        Option("points", "integer", "number of values", 200, minimum=2),
    ),
    run,
    whole_file=True,
    objection=_objection,
)
