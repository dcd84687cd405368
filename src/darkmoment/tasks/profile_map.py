"""The two-dimensional part of task `profile`: map, leading experiments, and the limit at each x."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.upper_limits import refined_limits
from darkmoment.overlays import overlays_of
from darkmoment.results import sentences
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.windows import missing_overlays

if TYPE_CHECKING:
    from darkmoment.inference.profile_map import ProfileMap

LIMIT, LEADING = "_limit", "_leading"
"""Endings of the names of further tables and figures."""

MOST_CELLS = 250_000
_CALLS = 15_000
"""Evaluations of chi2 that a cell takes, in batches; measured on maps of the shipped fits."""

_BATCH = 4096


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str, kind: str) -> Outcome:
    """Profile over the plane, write tables and figures, and say what came out."""
    stem = context.stem(slug, name)
    done = context.directory.read_table(stem)
    if done is None:
        found, about = _compute(context, fit, options, kind)
        table = found.table
        limits = (
            refined_limits(fit, found, options["level"], context.seed, context.crew)
            if _limits_wanted(fit, options)
            else None
        )
    else:
        table, about = done
        kept = context.directory.read_table(f"{stem}{LIMIT}")
        limits = None if kept is None else kept[0]
    if context.draws(done):
        _draw(context, fit, table, limits, options, stem)
    if done is None:
        if limits is not None:
            context.directory.write_table(f"{stem}{LIMIT}", limits, _about_limits(fit, options, about))
        context.directory.write_table(stem, table, about)
    context.results[slug, kind, name] = table
    said = sentences.plane(
        table, limits, options["x"], options["y"], options["level"], lambda n: axis(fit, n).unit
    )
    certified = not bool((table["status"] == "uncertified").any())
    shown = float(table[options["y"]].min()), float(table[options["y"]].max())
    warnings = about["warnings"] + missing_overlays([fit], options, shown)
    return Outcome([f"{fit.label}: {said}"], warnings, certified, table)


def _compute(
    context: Context, fit: Fit, options: Mapping[str, Any], kind: str
) -> tuple[ProfileMap, dict[str, Any]]:
    from darkmoment.inference.profile_map import profile_map

    x, y, level = options["x"], options["y"], options["level"]
    with context.progress(f"{fit.label}: profile of {x} and {y}") as progress:
        found = profile_map(
            fit,
            x,
            y,
            cells_of(options["points"]),
            options["range"],
            options["y_range"],
            options["starts"],
            context.seed,
            progress,
            context.crew,
            level,
        )
    table = found.table
    warnings = list(found.warnings)
    warnings += [
        w
        for name, window in ((x, options["range"]), (y, options["y_range"]))
        if (w := outside(fit, name, window))
    ]
    if failed := int((table["status"] == "failed").sum()):
        warnings.append(f"{fit.label}: {failed} of {len(table)} cells have no allowed point")
    about = {
        "task": kind,
        "fit": fit.name,
        "variant": fit.label,
        "data": fit.data,
        "x": x,
        "y": y,
        "level": level,
        "levels": list(options["levels"]),
        "units": {n: fit.parameter(n).unit for n in fit.model.parameter_names}
        | {n: axis(fit, n).unit for n in (x, y)},
        "experiments": {key: e.label for key, e in fit.experiments.items()},
        "references": {key: list(e.dataset.arxiv) for key, e in fit.experiments.items()},
        "warnings": warnings,
    }
    return found, about


def outside(fit: Fit, name: str, window: tuple[float, float] | None) -> str:
    """Say that a window leaves a free parameter's range; nothing where it does not."""
    if window is None or name in fit.model.table or not fit.parameter(name).free:
        return ""
    lower, upper = fit.parameter(name).bounds
    if window[0] >= lower * (1 - 1e-9) and window[1] <= upper * (1 + 1e-9):
        return ""
    return (
        f"{fit.label}: {name} is asked for from {window[0]:.4g} to {window[1]:.4g}, beyond its range in "
        f"the fit, {lower:.4g} to {upper:.4g}"
    )


def cells_of(points: int | tuple[int, int]) -> tuple[int, int]:
    """Return the number of values along x and y."""
    return (points, points) if isinstance(points, int) else points


def _limits_wanted(fit: Fit, options: Mapping[str, Any]) -> bool:
    """Return whether the upper limit on y at each x is asked for, or makes sense where nobody says."""
    x, y, asked = options["x"], options["y"], options["limit"]
    return bool(y in fit.model.table and x not in fit.model.table if asked is None else asked)


def _about_limits(fit: Fit, options: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    x, y = options["x"], options["y"]
    unit = axis(fit, y).unit
    columns = {
        f"{y}_max": "where delta_chi2_at_x crosses the level, between cells",
        "allowed": "largest value looked at within the level",
        "excluded": "the next value looked at",
        "edge": "reached; bracketed: a hard limit lies between allowed and excluded; above, below: "
        "no crossing within the map; failed: nothing is allowed",
    }
    units = {x: axis(fit, x).unit, f"{y}_max": unit, "allowed": unit, "excluded": unit}
    return {**about, "what": f"upper limit on {y} at each {x}", "columns": columns, "units": units}


def _draw(
    context: Context,
    fit: Fit,
    table: pd.DataFrame,
    limits: pd.DataFrame | None,
    options: Mapping[str, Any],
    stem: str,
) -> None:
    from darkmoment.plots.leading_map import leading_map_figure
    from darkmoment.plots.profile_map import profile_map_figure
    from darkmoment.plots.style import save

    x, y, level = axis(fit, options["x"]), axis(fit, options["y"]), options["level"]
    own = overlays_of(options)
    figure = profile_map_figure(table, x, y, fit.title, options["levels"], limits, level, overlays=own)
    save(figure, context.directory.file(stem))
    labels = {name: e.label for name, e in fit.experiments.items()}
    figure = leading_map_figure(table, x, y, fit.title, limits, level, labels, own)
    save(figure, context.directory.file(f"{stem}{LEADING}"))


def objection(fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    """Say why there is no map of these axes."""
    x, y = options["x"], options["y"]
    if x == y:
        return f"x and y are both {x}: leave y out to profile it alone"
    nx, ny = cells_of(options["points"])
    for fit in fits:
        if nx * ny > MOST_CELLS:
            hours = seconds(fit, nx * ny) / 3600
            return (
                f"points = [{nx}, {ny}] are {nx * ny} cells, about {hours:.2g} hours on one core: "
                f"give {MOST_CELLS} or fewer, or several maps, each over a part of the plane (range, y_range)"
            )
    return None


def seconds(fit: Fit, cells: int) -> float:
    """Estimate the time of a map on one core from that of a batch; good to a factor of a few."""
    points = {p.name: np.full(_BATCH, p.reference) for p in fit.free}
    fit.chi2(points)
    start = time.perf_counter()
    fit.chi2(points)
    per_point = (time.perf_counter() - start) / _BATCH
    return cells * _CALLS * per_point
