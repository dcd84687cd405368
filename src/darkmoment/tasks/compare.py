"""Task `compare`: the same question to every variant, on one figure and in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.maximise import STARTS, maximise
from darkmoment.overlays import OVERLAY, overlays_of
from darkmoment.tasks import edges, gain
from darkmoment.tasks import maximise as maximise_task
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.recast import recast
from darkmoment.tasks.task import Option, Task
from darkmoment.tasks.windows import missing_overlays

if TYPE_CHECKING:
    from darkmoment.plots.comparison import Curve

KIND = "compare"


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str) -> Outcome:
    """Maximise for every variant (taking over what this run has), write one table and one figure."""
    from darkmoment.plots.comparison import comparison_figure
    from darkmoment.plots.style import save

    quantity, along, level = options["quantity"], options["along"], options["level"]
    stem = context.stem(slug, name)
    done = context.directory.read_table(stem)
    if done is None:
        tables = [_table(context, f, s, options) for s, f in context.fits.items()]
        together = pd.concat(tables, ignore_index=True)
        warnings = list(dict.fromkeys(w for t in tables for w in t.attrs["warnings"]))
    else:
        together, warnings = done[0], done[1]["warnings"]
    some = next(iter(context.fits.values()))
    if context.draws(done):
        of, parts = _colours(context, options), dict(list(together.groupby("variant", sort=False)))
        curves = [
            _curve(f, parts[f.label], f"{quantity}_max", along, of[f.label])
            for f in context.fits.values()
            if f.label in parts
        ]
        curves += _overlay(context, fit, options["recast"], together[along])
        axes, own = (axis(some, quantity), axis(some, along)), overlays_of(options)
        save(comparison_figure(curves, *axes, level, own), context.directory.file(stem))
    if done is None:
        about = {"task": KIND, "quantity": quantity, "along": along, "level": level, "warnings": warnings}
        about["units"] = {along: axis(some, along).unit, f"{quantity}_max": axis(some, quantity).unit}
        context.directory.write_table(stem, together, about)
    answers = _answers(context, options, together)
    answers += _gains(context, stem, options, together)
    certified = bool(together["status"].isin(["certified", "range"]).all())
    warnings = warnings + missing_overlays(list(context.fits.values()), options)
    return Outcome(answers, warnings, certified, together)


def _answers(context: Context, options: Mapping[str, Any], together: pd.DataFrame) -> list[str]:
    """Say the largest value of each variant that no task of this run has told of before."""
    quantity, along, level = options["quantity"], options["along"], options["level"]
    column = f"{quantity}_max"
    unit = axis(next(iter(context.fits.values())), quantity).unit
    told = {f.label for s, f in context.fits.items() if _taken_over(context, f, s, options) is not None}
    tops = together.dropna(subset=[column]).groupby("variant", sort=False)[column].max()
    return [
        f"{label}: largest {quantity} along {along} = {value:.4g} {unit} ({level:.0%} CL)".replace("$", "")
        for label, value in tops.items()
        if label not in told
    ]


def _gains(context: Context, stem: str, options: Mapping[str, Any], together: pd.DataFrame) -> list[str]:
    """Write how much more each variant forbids than one of them, and say it."""
    from darkmoment.plots.comparison import gain_figure
    from darkmoment.plots.style import save

    over, quantity, along = options["gain_over"], options["quantity"], options["along"]
    if over is None:
        return []
    if over not in set(together["variant"]):
        return [f"no gains: {over}, which they are over, is not among the variants of this run"]
    some = next(iter(context.fits.values()))
    unit = axis(some, along).unit
    own = f"{stem}{gain.ENDING}"
    done = context.directory.read_table(own)
    if done is None:
        table = gain.gain_table(together, quantity, along, over)
        projected = {f.label: "projected" if f.projected else "measured" for f in context.fits.values()}
        table.insert(1, "experiments", [projected[label] for label in table["variant"]])
    else:
        table = done[0]
    if context.draws(done):
        found = gain.gains_along(together, quantity, along, over)
        drawn = [f for f in context.fits.values() if f.label in found]
        of = _colours(context, options)
        curves = [_curve(f, found[f.label], "gain", along, of[f.label]) for f in drawn]
        figure = gain_figure(curves, axis(some, quantity), axis(some, along), over, options["level"])
        save(figure, context.directory.file(own))
    if done is None:
        about = {"task": KIND, "quantity": quantity, "along": along, "level": options["level"]}
        about |= {"gain_over": over, "meaning": gain.MEANING, "columns": dict(gain.COLUMNS)}
        moment = axis(some, quantity).unit
        about["units"] = {f"{quantity}_max": moment, f"{quantity}_max_of_reference": moment}
        about["units"] |= dict.fromkeys((along, "gain_min_at", "gain_max_at"), unit)
        context.directory.write_table(own, table, about)
    return gain.sentences(table, quantity, along, unit, over)


def _table(context: Context, fit: Fit, slug: str, options: Mapping[str, Any]) -> pd.DataFrame:
    quantity, along, level = options["quantity"], options["along"], options["level"]
    values = edges.values_along(context.fits.values(), fit, options)
    known = _taken_over(context, fit, slug, options)
    if known is not None:
        table = known.table.copy()
        table.attrs["warnings"] = []
    else:
        with context.progress(f"{fit.label}: largest {quantity}") as progress:
            result = maximise(
                fit,
                quantity,
                along,
                values,
                level,
                options["starts"],
                context.seed,
                progress,
                crew=context.crew,
            )
        table = result.table.copy()
        table.attrs["warnings"] = [f"{fit.label}: {w}" for w in result.warnings]
    table.insert(0, "variant", fit.label)
    return table


def _taken_over(
    context: Context, fit: Fit, slug: str, options: Mapping[str, Any]
) -> maximise_task.Limits | None:
    """Return what a `maximise` of this run has found for a variant with the same options, if there is one."""
    values = edges.values_along(context.fits.values(), fit, options)
    for (owner, kind, _), found in context.results.items():
        if owner == slug and kind == maximise_task.KIND and found.answers(options, values):
            return found
    return None


_OVERLAID = "C4"


def _colours(context: Context, options: Mapping[str, Any]) -> dict[str, str]:
    """Return the colour of each variant: the same in the figures of limits and of gains."""
    from darkmoment.plots.comparison import colours_of

    wanted = {f.label: f.spec.style.get("color") for f in context.fits.values()}
    more = [] if options["recast"] is None else [_OVERLAID]
    return dict(zip(wanted, colours_of([*wanted.values(), *more]), strict=False))


def _curve(fit: Fit, table: pd.DataFrame, column: str, along: str, color: str | None = None) -> Curve:
    from darkmoment.plots.comparison import Curve

    style = fit.spec.style
    dashed = fit.projected and "linestyle" not in style
    label = f"{fit.label} (projected)" if fit.projected and not dashed else fit.label
    return Curve(
        label if fit.injected is None else f"{label} (Asimov data)",
        table[along].to_numpy(),
        table[column].to_numpy(),
        color=color or style.get("color"),
        linestyle=style.get("linestyle", "--" if dashed else "-"),
        linewidth=float(style.get("linewidth", 1.6)),
        projected=dashed,
    )


def _overlay(context: Context, fit: Fit, experiment: str | None, along: pd.Series) -> list[Curve]:
    """Return the limit of an experiment of the file's top level, its excluded side shaded."""
    from darkmoment.plots.comparison import Curve

    if experiment is None:
        return []
    x = np.geomspace(along.min(), along.max(), 200)
    found = recast(context.base, experiment, str(along.name), x)
    likelihood = context.base.experiments[experiment]
    line = "--" if likelihood.projected else "-"
    return [Curve(likelihood.label, x, found.limit, color=_OVERLAID, linestyle=line, shaded=True)]


def _objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    experiment, quantity = options["recast"], options["quantity"]
    if experiment is not None:
        limited = base.experiments[experiment].limits
        if limited != quantity:
            return f"{experiment} limits {limited}: its recast limit does not belong on an axis of {quantity}"
        if options["along"] != "m_dark_photon":
            return (
                f"the recast limit of {experiment} can be drawn along m_dark_photon, not {options['along']}"
            )
    return maximise_task.objection(base, fits, options)


TASK = Task(
    KIND,
    "all variants on one figure and in one table",
    (
        Option("quantity", "quantity", "observable to maximise", "mu_eff"),
        Option("along", "axis", "free parameter to draw it along", "m_dark_photon"),
        Option("points", "integer", "number of values of `along`", 60, minimum=2),
        Option("level", "level", "confidence level", 0.90),
        Option("starts", "integer", "starts of each of the two searches, per value", STARTS, minimum=1),
        edges.EDGES,
        Option("recast", "experiment", "an experiment of the top level whose recast limit is drawn beside"),
        OVERLAY,
        Option("gain_over", "variant", "a variant of those compared: how much more the others forbid"),
    ),
    run,
    whole_file=True,
    endings={"": "", gain.ENDING: "gain_over"},
    objection=_objection,
)
