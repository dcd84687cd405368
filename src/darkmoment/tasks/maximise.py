"""Task `maximise`: the largest allowed value of a quantity, along a parameter or overall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.beside import compared, limits_beside
from darkmoment.inference.cell import ORIGINS
from darkmoment.inference.maximise import STARTS, maximise
from darkmoment.observables.heavy_neutrinos import MASSES
from darkmoment.overlays import OVERLAY, overlay_objection, overlays_of
from darkmoment.results import sentences
from darkmoment.tasks import edges
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.task import Option, Task
from darkmoment.tasks.windows import missing_overlays

KIND = "maximise"
SMALLEST = "smallest"


@dataclass(frozen=True)
class Limits:
    """A finished `maximise`, as other tasks and the summary read it."""

    quantity: str
    along: str | None
    level: float
    points: int
    starts: int
    table: pd.DataFrame
    values: int | Sequence[float] = 0
    above: str = SMALLEST

    def answers(self, options: Mapping[str, Any], values: int | Sequence[float]) -> bool:
        """Return True where it was made with the options of another task, at its values of `along`."""
        keys = ("quantity", "along", "level", "points", "starts")
        alike = self.values == values and self.above == options.get("above", SMALLEST)
        return alike and all(getattr(self, key) == options[key] for key in keys)


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str) -> Outcome:
    """Maximise, write table and figure, and say the answer in one line."""
    from darkmoment.plots.limit import limit_figure
    from darkmoment.plots.style import save

    quantity, along, level = options["quantity"], options["along"], options["level"]
    stem = context.stem(slug, name)
    values = edges.values_along(context.fits.values(), fit, options)
    done = context.directory.read_table(stem)
    if done is None:
        with context.progress(f"{fit.label}: largest {quantity}") as progress:
            found = maximise(
                fit,
                quantity,
                along,
                values,
                level,
                options["starts"],
                context.seed,
                progress,
                crew=context.crew,
                above=options["above"],
            )
        table, warnings = found.table, [f"{fit.label}: {w}" for w in found.warnings]
    else:
        table, warnings = done[0], done[1]["warnings"]
    if along and context.draws(done):
        axes, own = (axis(fit, quantity), axis(fit, along)), overlays_of(options)
        figure = limit_figure(table, *axes, level, fit.title, projected=fit.projected, overlays=own)
        save(figure, context.directory.file(stem))
    if done is None:
        # last: it says that the task is finished
        said_of = about(fit, quantity, along, level, warnings) | counted_from(options["above"])
        context.directory.write_table(stem, table, said_of)
    limits = Limits(
        quantity, along, level, options["points"], options["starts"], table, values, options["above"]
    )
    context.results[slug, KIND, name] = limits
    certified = bool(table["status"].isin(["certified", "range"]).all())
    said = sentences.limit(table, quantity, along, level, axis(fit, quantity).unit)
    compared_with = _compared(fit, limits, options["above"])
    warnings = warnings + missing_overlays([fit], options)
    return Outcome([f"{fit.label}: {said}", *compared_with], warnings, certified, limits)


def about(fit: Fit, quantity: str, along: str | None, level: float, warnings: list[str]) -> dict[str, Any]:
    """Return what the JSON file beside a table of limits says of it."""
    columns = {name: fit.parameter(name).unit for name in fit.model.parameter_names}
    columns[f"{quantity}_max"] = axis(fit, quantity).unit
    return {
        "task": KIND,
        "fit": fit.name,
        "variant": fit.label,
        "quantity": quantity,
        "along": along,
        "level": level,
        "units": columns,
        "experiments": {name: e.label for name, e in fit.experiments.items()},
        "references": {name: list(e.dataset.arxiv) for name, e in fit.experiments.items()},
        "data": fit.data,
        "warnings": warnings,
    }


def counted_from(above: str) -> dict[str, str]:
    """Return what the JSON file says Delta chi2 is counted from, where it is not the smallest chi2."""
    return {} if above == SMALLEST else {"counted_from": "chi2 of the Standard Model"}


def _compared(fit: Fit, limits: Limits, above: str) -> list[str]:
    """Say where an overall maximum sits, and how far it is from limits on the quantity itself.

    Only where the scale is absolute.
    """
    if above == SMALLEST or limits.along:
        return []
    row = {str(name): value for name, value in limits.table.iloc[0].items()}
    largest = row[f"{limits.quantity}_max"]
    if not largest > 0:
        return []
    free = {p.name: row[p.name] for p in fit.free}
    predicted = fit.predictions(free)
    # m_majorana and m_dirac may agree to many digits
    free |= {name: float(predicted[name][0]) for name in MASSES}
    sits = ", ".join(f"{name} = {value:.4g}" for name, value in free.items())
    beside = limits_beside(fit, row, limits.quantity)
    said = compared(beside, limits.quantity, axis(fit, limits.quantity).unit, largest)
    return [f"{fit.label}: it sits at {sits}", *([f"{fit.label}: {said}"] if said else [])]


def objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    """Ask for a free parameter to draw the answer along, in every fit."""
    along = options["along"]
    for fit in fits:
        if along is not None and not fit.parameter(along).free:
            return f"{along} is held in {fit.label}: the answer cannot be drawn along it"
        axes = axis(fit, options["quantity"]), axis(fit, along) if along is not None else None
        if reason := overlay_objection(options, axes[1], axes[0]):
            return reason
    return edges.objection(fits, options)


TASK = Task(
    KIND,
    "the largest allowed value of a quantity, with its certificate",
    (
        Option("quantity", "quantity", "observable to maximise", "mu_eff"),
        Option("along", "axis", "free parameter to draw the answer along; none for the overall maximum"),
        Option("points", "integer", "number of values of `along`", 60, minimum=1),
        edges.AT,
        Option("level", "level", "confidence level", 0.90),
        Option("starts", "integer", "starts of each of the two searches, per value", STARTS, minimum=1),
        Option("above", "text", "what Delta chi2 is counted from", SMALLEST, choices=tuple(ORIGINS)),
        edges.EDGES,
        OVERLAY,
    ),
    run,
    objection=objection,
)
