"""Task `profile`: the profile likelihood of a parameter or observable, or of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from darkmoment.fit import Fit
from darkmoment.inference.map_rows import reasons_for_silence
from darkmoment.inference.profile import STARTS, Profile, profile
from darkmoment.overlays import OVERLAY, overlay_objection, overlays_of
from darkmoment.results import sentences
from darkmoment.tasks import profile_map
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.task import Option, Task
from darkmoment.tasks.windows import missing_overlays

KIND = "profile"


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str) -> Outcome:
    """Profile, write table and figure, and say the interval; with `y`, as `profile_map` does."""
    if options["y"] is not None:
        return profile_map.run(context, fit, slug, options, name, KIND)
    from darkmoment.plots.profile_plot import profile_figure, shown
    from darkmoment.plots.style import save

    x, level = options["x"], options["level"]
    stem = context.stem(slug, name)
    done = context.directory.read_table(stem)
    if done is None:
        with context.progress(f"{fit.label}: profile of {x}") as progress:
            found = profile(
                fit,
                x,
                options["points"],
                options["range"],
                options["starts"],
                context.seed,
                progress,
                level,
                context.crew,
            )
        about = {"task": KIND, "fit": fit.name, "variant": fit.label, "x": x, "level": level}
        about |= {"data": fit.data, "overall": found.overall}
        about["units"] = {name: fit.parameter(name).unit for name in fit.model.parameter_names} | {
            x: axis(fit, x).unit
        }
        about["experiments"] = {key: e.label for key, e in fit.experiments.items()}
        about["references"] = {key: list(e.dataset.arxiv) for key, e in fit.experiments.items()}
    else:
        table, about = done
        # files written before this was kept know nothing of it
        overall = about.get("overall", Profile.overall)
        found = Profile(x, table, axis(fit, x).logarithmic, overall, reasons_for_silence(fit), level, fit)
    if context.draws(done):
        title = fit.title if fit.injected else ""
        save(
            profile_figure(found.table, axis(fit, x), title, overlays_of(options)),
            context.directory.file(stem),
        )
    if done is None:
        context.directory.write_table(stem, found.table, about)
    context.results[slug, KIND, name] = found
    answer = f"{fit.label}: {sentences.interval(found, level, axis(fit, x).unit)}"
    warnings = [f"{fit.label}: {text}" for text in found.warnings]
    if text := profile_map.outside(fit, x, options["range"]):
        warnings.append(text)
    warnings += missing_overlays([fit], options, shown(found.table))
    return Outcome([answer], warnings, found.certified, found)


def _objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    y, points = options["y"], options["points"]
    if y is None:
        if not isinstance(points, int):
            return f"points = {list(points)} are for two axes: give one number, or y"
        for own, what in (("y_range", "a range of y"), ("limit", "a limit on y")):
            if options[own] is not None:
                return f"{own} asks for {what}, but there is no y"
    for fit in fits:
        window = options["range"]
        reason = _refusal(fit, options["x"], window)
        if reason is None and window is None and options["x"] in fit.model.table:
            reason = f"{options['x']} is an observable: give the range to profile it over"
        if reason is None and y is not None:
            reason = _refusal(fit, y, options["y_range"])
        if reason is None:
            from darkmoment.plots.profile_plot import DELTA_CHI2

            reason = overlay_objection(options, axis(fit, options["x"]), axis(fit, y) if y else DELTA_CHI2)
        if reason is not None:
            return reason
    return None if y is None else profile_map.objection(fits, options)


def _refusal(fit: Fit, name: str, window: tuple[float, float] | None) -> str | None:
    """Say why an axis has no meaning for a fit, or its range none for the axis."""
    known = fit.model.table.get(name)
    if known is None and not fit.parameter(name).free:
        return f"{name} is held in {fit.label}: there is nothing to profile"
    if window is None:
        return None
    refused = [] if known else [reason for end in window if (reason := fit.parameter(name).info.refusal(end))]
    if refused:
        return f"range of the profile: {refused[0]}"
    logarithmic = known.logarithmic if known else fit.parameter(name).logarithmic
    if logarithmic and window[0] <= 0:
        return f"{name} lives on a logarithmic axis: the range to profile it over starts above 0"
    return None


TASK = Task(
    KIND,
    "the profile likelihood of a parameter or observable, or of two",
    (
        Option("x", "parameter_or_quantity", "what to profile", required=True),
        Option("y", "parameter_or_quantity", "second axis, for a map"),
        Option("points", "points", "number of values; of a map along x and y, [60, 60]", 60, minimum=2),
        Option("range", "range", "values of x; a free parameter has its own", of="x"),
        Option("y_range", "range", "values of y; by default its range, or decades around its limits", of="y"),
        Option("level", "level", "confidence level of the interval named, or of the limit at each x", 0.90),
        Option("levels", "levels", "confidence levels of the contours of a map", (0.68, 0.90, 0.95)),
        Option("limit", "flag", "upper limit on y at each x; by default where y is an observable"),
        Option("starts", "integer", "starts of each of the two searches, per value", STARTS, minimum=1),
        OVERLAY,
    ),
    run,
    endings={"": "", profile_map.LIMIT: "y", profile_map.LEADING: "y"},
    objection=_objection,
)
