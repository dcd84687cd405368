"""Task `waterfall`: one variant after another, and what took the largest value of the last one away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.beside import compared
from darkmoment.inference.waterfall import ALLOWS, STARTS, waterfall
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
        table, warnings = found.table, found.warnings
        figure = waterfall_figure(table, axis(fits[0], quantity), level, context.file.title or fit.name)
        save(figure, context.directory.file(stem))
        said = about(fits[-1], quantity, None, level, warnings)
        said |= {"task": KIND, "variant": "all", "counted_from": "chi2 of the Standard Model"}
        context.directory.write_table(stem, table, said)
    else:
        table, warnings = done[0], done[1]["warnings"]
    certified = bool(table["status"].isin(["certified", "range"]).all())
    return Outcome(
        sentences(table, quantity, axis(fits[0], quantity).unit, level), warnings, certified, table
    )


def sentences(table: pd.DataFrame, quantity: str, unit: str, level: float) -> list[str]:
    """Say each step in one line: the largest value, how it changed, and because of what."""
    said = []
    for i, row in enumerate(table.to_dict("records")):
        value = row[f"{quantity}_max"]
        if not np.isfinite(value):
            what = "no point is allowed"
        else:
            number = f"{value:.4g} {unit}".rstrip()
            what = f"largest {quantity} = {number} ({level:.0%} CL; {row['status']})"
        if i and np.isfinite(row["ratio"]):
            what += f", {row['ratio']:.3g} of the step before"
        if i and str(row["killed_because"]):
            by = f"{row['killed_by']}: " if row["killed_by"] else ""
            what += f"; {by}{row['killed_because']}"
        said.append(f"{row['variant']}: {what}")
    if len(table):
        said += _compared(table.iloc[-1].to_dict(), quantity, unit)
    return said


def _compared(row: Mapping[Any, Any], quantity: str, unit: str) -> list[str]:
    """Say how far the last step is from what experiments see that look for the quantity itself."""
    limits = {
        str(name)[len(quantity) + 1 : -len(ALLOWS)]: float(limit)
        for name, limit in row.items()
        if str(name).startswith(f"{quantity}_") and str(name).endswith(ALLOWS)
    }
    said = compared(limits, quantity, unit, row[f"{quantity}_max"])
    return [f"{row['variant']}: {said}"] if said else []


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
