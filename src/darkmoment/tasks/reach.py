"""Task `reach`: how small a quantity each experiment alone can see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from darkmoment.experiments import Likelihood
from darkmoment.fit import Fit
from darkmoment.inference.reach import Reach, ReachError, reach
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.task import Option, Task

KIND = "reach"

_SAME = 1e-6


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str) -> Outcome:
    """Ask every experiment of the variants alone; write table and figure, and say each answer."""
    from darkmoment.plots.reach import reach_figure
    from darkmoment.plots.style import save

    quantity, by, level = options["quantity"], options["by"], options["level"]
    stem = context.stem(slug, name)
    some = next(iter(context.fits.values()))
    done = context.directory.read_table(stem)
    if done is None:
        table = reach_table(list(context.fits.values()), quantity, by, level)
        figure = reach_figure(table, axis(some, quantity), axis(some, by), level)
        save(figure, context.directory.file(stem))
        context.directory.write_table(stem, table, _about(context, options, table))
    else:
        table = done[0]
    return Outcome(sentences(table, quantity, by, axis(some, quantity).unit, level), result=table)


def reach_table(fits: Sequence[Fit], quantity: str, by: str, level: float) -> pd.DataFrame:
    """Return one row per experiment, asked alone; what several fits share in every respect has one row.

    Returns
    -------
    DataFrame
        `variant` is the first with that experiment, `limit_<...>` where its own limit is met (signal
        strength 1), `level_<...>` where its Delta chi2 meets the level; empty where they are not.
    """
    rows: list[dict[str, Any]] = []
    seen: list[tuple[Any, ...]] = []
    for fit in fits:
        for found in reach(fit, quantity, by, level):
            experiment = fit.experiments[found.experiment]
            key = (found.experiment, experiment.dataset.name, experiment.shape.name, dict(experiment.options))
            if any(key == other[:-1] and _same(found, other[-1]) for other in seen):
                continue
            seen.append((*key, found))
            rows.append(_row(fit, experiment, found, quantity, by))
    return pd.DataFrame(rows)


def _same(one: Reach, other: Reach) -> bool:
    """Return True where two fits give the same answer, and for the same reasons."""
    a, b = ([r.limit.by, r.limit.quantity, r.level.by, r.level.quantity] for r in (one, other))
    return one.outcome == other.outcome and np.allclose(a, b, rtol=_SAME, atol=0.0, equal_nan=True)


def _row(fit: Fit, experiment: Likelihood, found: Reach, quantity: str, by: str) -> dict[str, Any]:
    return {
        "variant": fit.label,
        "experiment": found.experiment,
        "dataset": experiment.dataset.name,
        "label": experiment.label,
        "status": experiment.card.status,
        "limits": experiment.limits,
        "shape": experiment.shape.name,
        f"limit_{quantity}": found.limit.quantity,
        f"limit_{by}": found.limit.by,
        f"level_{quantity}": found.level.quantity,
        f"level_{by}": found.level.by,
        "outcome": found.outcome,
        "notes": "; ".join(found.notes),
    }


def _about(context: Context, options: Mapping[str, Any], table: pd.DataFrame) -> dict[str, Any]:
    quantity, by = options["quantity"], options["by"]
    some = next(iter(context.fits.values()))
    units = {
        f"{edge}_{name}": axis(some, name).unit for edge in ("limit", "level") for name in (quantity, by)
    }
    by_variant = {fit.label: fit for fit in context.fits.values()}
    shown = [by_variant[label] for label in dict.fromkeys(table["variant"])]
    references = {
        f"{row['experiment']} ({row['dataset']})": list(
            by_variant[row["variant"]].experiments[row["experiment"]].dataset.arxiv
        )
        for row in table.to_dict("records")
    }
    return {
        "task": KIND,
        "quantity": quantity,
        "by": by,
        "level": options["level"],
        "units": units,
        "columns": {
            f"limit_{quantity}": "where the experiment's own limit is met: signal strength 1, at its own CL",
            f"level_{quantity}": "where its Delta chi2, from its own best signal, meets the level",
            "variant": "the first with this experiment; every other parameter is at the reference of that",
        },
        "points": {fit.label: _point(fit, by) for fit in shown},
        "references": references,
    }


def _point(fit: Fit, by: str) -> dict[str, float]:
    """Return the parameters that stayed, ties as they are at the reference."""
    values, _ = fit.complete({})
    return {name: float(value[0]) for name, value in values.items() if name != by}


def sentences(table: pd.DataFrame, quantity: str, by: str, unit: str, level: float) -> list[str]:
    """Say what each experiment reaches, the smallest first, and name those that reach nothing."""
    # as the bars of the figure: by its own limit, where it has one
    starts = table[f"limit_{quantity}"].fillna(table[f"level_{quantity}"])
    # where variants differ, an experiment has more than one answer
    twice = table["label"].duplicated(keep=False)
    labels = table["label"].where(~twice, table["label"] + " of " + table["variant"].astype(str))
    ranked = table.assign(order=starts, label=labels).sort_values("order", kind="stable")
    said = []
    for row in ranked[ranked["outcome"] == "reached"].to_dict("records"):
        parts = []
        for edge, text in (("limit", "at its own limit"), ("level", f"{level:.0%} CL")):
            value = row[f"{edge}_{quantity}"]
            if np.isfinite(value):
                at = f"{by} = {row[f'{edge}_{by}']:.3g}"
                parts.append(f"{value:.3g} {unit}".rstrip() + f" ({text}, {at})")
        status = ", projected" if row["status"] == "projected" and "projected" not in row["label"] else ""
        notes = f"; {row['notes']}" if row["notes"] else ""
        said.append(f"{row['label']}{status} reaches {quantity} = {', '.join(parts)}{notes}")
    for row in ranked[ranked["outcome"] == "not reached"].to_dict("records"):
        said.append(f"{row['label']}: {quantity} is out of reach: {row['notes']}")
    for outcome, words in (("does not depend on it", f"not moved by {by}"), ("says nothing", "silent here")):
        names = list(ranked.loc[ranked["outcome"] == outcome, "label"])
        if names:
            said.append(f"{words}: {', '.join(names)}")
    return said


def _objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    for fit in fits:
        if not fit.parameter(options["by"]).free:
            return f"{options['by']} is held in {fit.label}: there is nothing to move"
        try:
            reach(fit, options["quantity"], options["by"], options["level"])
        except ReachError as error:
            return f"{fit.label}: {error}"
    return None


TASK = Task(
    KIND,
    "how small a quantity each experiment alone can see",
    (
        Option("quantity", "parameter_or_quantity", "what is reached", "inner"),
        Option(
            "by",
            "axis",
            "the free parameter that moves it; all others stay at their reference",
            required=True,
        ),
        Option("level", "level", "confidence level of the second edge, by Delta chi2", 0.90),
    ),
    run,
    whole_file=True,
    objection=_objection,
)
