"""Task `recast`: an experiment's limit on its own quantity, carried over to every dark-photon mass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from darkmoment.experiments import ExperimentError
from darkmoment.fit import Fit
from darkmoment.overlays import OVERLAY, overlay_objection, overlays_of
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.recast_limits import Recast, asked_for, recast
from darkmoment.tasks.recast_several import column, fresh, several, spoken
from darkmoment.tasks.task import Option, Task
from darkmoment.tasks.windows import missing_overlays

__all__ = ["KIND", "TASK", "Recast", "column", "recast", "run"]

KIND = "recast"
MOST_POINTS = 20_000
"""All are computed at once, each with its quadrature nodes."""


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str) -> Outcome:
    """Recast, write table and figure."""
    along, (lower, upper) = options["along"], options["range"]
    x = np.geomspace(lower, upper, options["points"])
    x[0], x[-1] = lower, upper  # geomspace rounds, and an end is the edge of a parameter's domain
    stem, published = context.stem(slug, name), options["as_published"]
    entries = options["experiments"] or (options["experiment"],)
    found = [recast(fit, entry, along, x, published) for entry in entries]
    if len(found) == 1:
        outcome = _one(context, fit, stem, found[0], options)
    else:
        task = {"task": KIND, "as_published": published}
        outcome = several(context, fit, stem, found, task, overlays_of(options))
    outcome.warnings.extend(missing_overlays([fit], options))
    return outcome


def _one(context: Context, fit: Fit, stem: str, found: Recast, options: Mapping[str, Any]) -> Outcome:
    """Write the limit of one experiment beside that for a massless mediator."""
    from darkmoment.plots.recast import recast_figure
    from darkmoment.plots.style import save

    likelihood, along, published = found.likelihood, found.along, options["as_published"]
    done = context.directory.read_table(stem)
    if context.draws(done):
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
            overlays_of(options),
        )
        save(figure, context.directory.file(stem))
    if done is None:
        table = pd.DataFrame({along: found.x, f"{found.quantity}_limit": found.limit})
        level = likelihood.dataset.cl or 0.90
        about = {"task": KIND, "experiment": found.experiment, "label": likelihood.label, "level": level}
        about |= {"as_published": published, "baseline": found.baseline, "options": dict(likelihood.options)}
        about |= {
            "units": {
                along: fit.parameter(along).unit,
                f"{found.quantity}_limit": axis(fit, found.quantity).unit,
            }
        }
        context.directory.write_table(stem, table, about)
    return Outcome(fresh(context, stem, [spoken(fit, found)], published), result=found)


def _objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    along, (lower, upper) = options["along"], options["range"]
    if options["experiments"] and options["experiment"]:
        return "give either experiment or experiments, not both"
    names = options["experiments"] or (options["experiment"],)
    if names == (None,):
        return "experiments is empty"
    if along != "m_dark_photon":
        return f"a limit is recast along m_dark_photon, not along {along}"
    if lower <= 0:
        return "the range of a recast starts above 0"
    if options["points"] > MOST_POINTS:
        most = f"give {MOST_POINTS} or fewer, or several recasts, each over a part of the range"
        return f"points = {options['points']:.10g} do not fit into memory at once: {most}"
    try:
        limited = {name: asked_for(base, name, options["as_published"]).limits for name in names}
    except ExperimentError as error:
        hint = f" (did you mean {error.suggestion!r}?)" if error.suggestion else ""
        return f"{error.message}{hint}"
    if len(set(limited.values())) > 1:
        shown = ", ".join(f"{name} {quantity}" for name, quantity in limited.items())
        return f"limits on different quantities do not belong on one axis: {shown}"
    for name in names:
        grid = np.geomspace(lower, upper, options["points"])
        found = recast(base, name, along, grid, options["as_published"])
        if reason := overlay_objection(options, axis(base, along), axis(base, found.quantity)):
            return reason
        if not np.isfinite(found.limit).any():
            return f"{name} has no upper limit between {lower:g} and {upper:g} GeV"
    return None


TASK = Task(
    KIND,
    "an experiment's limit against the dark-photon mass",
    (
        Option("experiment", "experiment", "whose limit", required=True, alternative="experiments"),
        Option(
            "experiments",
            "experiments",
            "several, on one figure with the strongest of them; another dataset than the fit's after a slash",
            (),
        ),
        Option("along", "parameter_or_quantity", "parameter to draw it along", "m_dark_photon"),
        Option("range", "range", "range of `along`", (1e-6, 10.0), of="along"),
        Option("points", "integer", "number of values", 200, minimum=2),
        Option("as_published", "flag", "each with the options under which it gives its own number", False),
        OVERLAY,
    ),
    run,
    whole_file=True,
    top_level=True,
    objection=_objection,
)
