"""Task `waterfall`: one variant after another, and what took the largest value of the last one away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from darkmoment.fit import Fit
from darkmoment.inference.waterfall import STARTS, waterfall
from darkmoment.results import sentences
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.maximise import about
from darkmoment.tasks.task import Option, Task

KIND = "waterfall"


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str) -> Outcome:
    """Maximise for every variant in turn; write table and figure, and say what each step does."""
    from darkmoment.plots.style import save
    from darkmoment.plots.waterfall import waterfall_figure

    quantity, level = options["quantity"], options["level"]
    fits = list(context.fits.values())
    stem = context.stem(slug, name)
    done = context.directory.read_table(stem)
    if done is None:
        with context.progress(f"largest {quantity}, step by step") as progress:
            found = waterfall(fits, quantity, level, options["starts"], context.seed, progress, context.crew)
        table, warnings, title = found.table, found.warnings, context.file.title or fit.name
    else:
        table, warnings, title = done[0], done[1]["warnings"], done[1]["title"]
    if context.draws(done):
        figure = waterfall_figure(table, axis(fits[0], quantity), level, title)
        save(figure, context.directory.file(stem))
    if done is None:
        said = about(fits[-1], quantity, None, level, warnings)
        said |= {"task": KIND, "title": title, "variant": "all", "counted_from": "chi2 of the Standard Model"}
        # last: it says that the task is finished
        context.directory.write_table(stem, table, said)
    certified = bool(table["status"].isin(["certified", "range"]).all())
    said_of = sentences.steps(table, quantity, axis(fits[0], quantity).unit, level)
    return Outcome(said_of, warnings, certified, table)


def _objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    if len(fits) < 2:
        return (
            "one fit makes no waterfall: give the file variants, `cumulative: true` to add them up, and more "
            "than one of them to run for"
        )
    return None


TASK = Task(
    KIND,
    "the largest value step by step along the variants, judged against the Standard Model",
    (
        Option("quantity", "quantity", "observable to maximise", "mu_eff"),
        Option("level", "level", "confidence level", 0.90),
        Option("starts", "integer", "starts of each of the two searches, per step", STARTS, minimum=1),
    ),
    run,
    whole_file=True,
    objection=_objection,
)
