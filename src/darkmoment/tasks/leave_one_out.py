"""Task `leave_one_out`: what each experiment does for a limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from darkmoment.fit import Fit
from darkmoment.inference.leave_one_out import STARTS, leave_one_out
from darkmoment.overlays import OVERLAY, overlays_of
from darkmoment.results.sentences import leave_one_out as sentence
from darkmoment.tasks import edges
from darkmoment.tasks import maximise as maximise_task
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.task import Option, Task
from darkmoment.tasks.windows import missing_overlays

KIND = "leave_one_out"


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str) -> Outcome:
    """Maximise with all experiments and without each; write table and figure, and say what matters."""
    from darkmoment.plots.leave_one_out import leave_one_out_figure
    from darkmoment.plots.style import save

    quantity, along, level = options["quantity"], options["along"], options["level"]
    stem = context.stem(slug, name)
    done = context.directory.read_table(stem)
    if done is None:
        with context.progress(f"{fit.label}: largest {quantity} without each experiment") as progress:
            found = leave_one_out(
                fit,
                quantity,
                along,
                edges.values_along([fit], fit, options),
                level,
                options["starts"],
                context.seed,
                progress,
                context.crew,
            )
        table, warnings = found.table, [f"{fit.label}: {w}" for w in found.warnings]
    else:
        table, warnings = done[0], done[1]["warnings"]
    if context.draws(done):
        labels = {key: e.label for key, e in fit.experiments.items()}
        where, own = axis(fit, along) if along else None, overlays_of(options)
        figure = leave_one_out_figure(table, axis(fit, quantity), where, level, fit.title, labels, own)
        save(figure, context.directory.file(stem))
    if done is None:
        about = maximise_task.about(fit, quantity, along, level, warnings)
        columns = {"without": "experiment left out, 'none' for the full fit", "ratio": "to the full fit"}
        context.directory.write_table(stem, table, {**about, "task": KIND, "columns": columns})
    context.results[slug, KIND, name] = table
    certified = bool(table["status"].isin(["certified", "range"]).all())
    warnings = warnings + missing_overlays([fit], options)
    return Outcome([f"{fit.label}: {sentence(table, quantity, along, level)}"], warnings, certified, table)


def _objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    for fit in fits:
        if len(fit.experiments) < 2:
            held = ", ".join(fit.experiments) or "no experiment"
            return f"{fit.label} has only {held}: give it two experiments or more to leave one out"
    return maximise_task.objection(base, fits, options)


TASK = Task(
    KIND,
    "the largest allowed value of a quantity with each experiment left out in turn",
    (
        Option("quantity", "quantity", "observable to maximise", "mu_eff"),
        Option("along", "axis", "free parameter to draw it along; none for the overall maximum"),
        Option("points", "integer", "number of values of `along`", 30, minimum=1),
        edges.AT,
        Option("level", "level", "confidence level", 0.90),
        Option("starts", "integer", "starts of each of the two searches, per value", STARTS, minimum=1),
        OVERLAY,
    ),
    run,
    objection=_objection,
)
