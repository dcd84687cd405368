"""After the tasks: best fit, the summary table, and profile and posterior limit on one figure."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from darkmoment.fit import Fit
from darkmoment.inference.best_fit import BestFit, best_fit
from darkmoment.inference.maximise import maximise
from darkmoment.tasks import maximise as maximise_task
from darkmoment.tasks import sample as sample_task
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.maximise import Limits

if TYPE_CHECKING:
    from darkmoment.inference.sample import Sample

LEVELS = (0.68, 0.90, 0.95)
STEM = "summary"
JOINT = "profile_and_posterior_"
"""Begins the names of the joint figures."""

BEST_FIT = "best_fit.yaml"


STATUS = "profile_status"
"""Column with the worst certificate of a row's profile limits."""
CERTIFIED = ("certified", "range")
_WORSE = (*CERTIFIED, "uncertified", "failed")


def summarise(context: Context) -> Outcome:
    """Write ``summary.csv``, ``best_fit.yaml`` and the joint figures.

    Upper limits are one-sided: the level is reached at Delta chi2 = delta_chi2(level) for the profile and
    is the quantile of the posterior. Parameters have central posterior intervals.
    """
    done = context.directory.read_table(STEM)
    if done is not None:
        if context.redraw:
            for slug, fit in context.fits.items():
                made = (_results(context, slug, kind) for kind in (maximise_task.KIND, sample_task.KIND))
                _joint_figures(context, fit, slug, *made)
        return Outcome(done[1]["answers"], done[1]["warnings"], certified=not done[1]["warnings"])
    rows: list[dict[str, Any]] = []
    best: dict[str, Any] = {}
    warnings: list[str] = []
    answered: list[str] = []
    for slug, fit in context.fits.items():
        found_limits: list[Limits] = _results(context, slug, maximise_task.KIND)
        # what counts from the Standard Model is no profile likelihood
        limits = [limit for limit in found_limits if limit.above == maximise_task.SMALLEST]
        samples: list[Sample] = _results(context, slug, sample_task.KIND)
        if not limits and not samples:
            continue
        with context.progress(f"{fit.label}: summary") as progress:
            try:
                found = best_fit(fit, context.seed, context.crew)
            except ValueError as error:  # nothing is allowed: the tasks have said so cell by cell
                warnings.append(str(error))
                continue
            progress(1, 2)
            best[fit.label] = _plain(found)
            if not found.agreed:
                warnings.append(f"{fit.label}: the best fit was not reached by two searches")
            own = _rows(context, fit, found, limits, samples, warnings)
            rows += own
            answered += [_sentence(row) for row in own if row["side"] == "upper"]
            progress(2, 2)
        _joint_figures(context, fit, slug, limits, samples)
    outcome = Outcome(answered, warnings, certified=not warnings)
    if not best:
        return outcome
    stream = io.StringIO()
    YAML().dump(best, stream)
    context.directory.write_text(BEST_FIT, stream.getvalue())
    about = {
        "levels": list(LEVELS),
        "answers": answered,
        "warnings": warnings,
        "sides": {
            "upper": "one-sided; profile: where Delta chi2 reaches delta_chi2(level), 2.7055 at 0.90",
            "central": "two-sided, equal tails",
        },
    }
    context.directory.write_table(STEM, pd.DataFrame(rows), about)
    return outcome


def _results(context: Context, slug: str, kind: str) -> list[Any]:
    return [found for (owner, k, _), found in context.results.items() if owner == slug and k == kind]


def _plain(found: BestFit) -> dict[str, Any]:
    return {
        "total_chi2": found.total_chi2,
        "chi2": dict(found.chi2),
        "reached_by_two_searches": found.agreed,
        "migrad": found.migrad,
        "point": dict(found.point),
    }


def _rows(
    context: Context,
    fit: Fit,
    best: BestFit,
    limits: list[Limits],
    samples: list[Sample],
    warnings: list[str],
) -> list[dict[str, Any]]:
    quantities = dict.fromkeys([r.quantity for r in limits] + [q for s in samples for q in s.quantities])
    rows = []
    for quantity in quantities:
        row = _row(fit, quantity, "upper")
        row["best"] = float(fit.predictions(best.point)[quantity][0])
        along = next((r for r in limits if r.quantity == quantity), None)
        if along is not None:
            statuses = []
            for level in LEVELS:
                edge, status = _overall(context, fit, along, level)
                row[f"profile_{level:.0%}".rstrip("%")] = edge
                statuses.append(status)
                if status in ("uncertified", "failed"):
                    warnings.append(f"{fit.label}: the overall {level:.0%} limit on {quantity} is {status}")
            row[STATUS] = max(statuses, key=_WORSE.index)
        for found in samples:
            if quantity in found.quantities:
                for level in LEVELS:
                    row[f"posterior_{level:.0%}".rstrip("%")] = found.limit(quantity, level).value
        rows.append(row)
    for found in samples:
        for name, x in found.parameters.items():
            row = _row(fit, name, "central") | {
                "best": best.point[name],
                "posterior_median": float(np.median(x)),
            }
            for level in LEVELS:
                low, high = np.quantile(x, [(1 - level) / 2, (1 + level) / 2])
                row |= {f"posterior_{level:.0%}_low".replace("%", ""): float(low)}
                row |= {f"posterior_{level:.0%}_high".replace("%", ""): float(high)}
            rows.append(row)
    return rows


def _sentence(row: dict[str, Any]) -> str:
    """Say the 90% limits of one quantity in words, over the whole ranges."""
    found = []
    if "profile_90" in row:
        doubt = "" if row[STATUS] in CERTIFIED else ", not certified: a lower bound on the limit"
        found.append(f"{row['profile_90']:.4g} {row['unit']} (profile{doubt})".replace("  ", " "))
    if "posterior_90" in row:
        found.append(
            f"{row['posterior_90']:.4g} {row['unit']} (posterior, depends on priors)".replace("  ", " ")
        )
    return f"{row['variant']}: {row['name']} over all ranges, 90%: < {', < '.join(found)}"


def _row(fit: Fit, name: str, side: str) -> dict[str, Any]:
    return {"variant": fit.label, "name": name, "unit": axis(fit, name).unit, "side": side}


def _overall(context: Context, fit: Fit, along: Limits, level: float) -> tuple[float, str]:
    """Return the largest value over everything, helped by the best row of the table along a parameter."""
    column = f"{along.quantity}_max"
    known = along.table.dropna(subset=[column])
    hints = []
    if len(known):
        top = known.iloc[int(known[column].argmax())]
        hints = [{p.name: float(top[p.name]) for p in fit.free}]
    result = maximise(fit, along.quantity, level=level, seed=context.seed, hints=hints, crew=context.crew)
    found = result.table.iloc[0]
    return float(found[column]), str(found["status"])


def _joint_figures(
    context: Context, fit: Fit, slug: str, limits: list[Limits], samples: list[Sample]
) -> None:
    from darkmoment.plots.posterior_limit import profile_and_posterior_figure
    from darkmoment.plots.style import save

    for one in limits:
        for found in samples:
            if one.along is None or one.along not in found.parameters or one.quantity not in found.quantities:
                continue
            figure = profile_and_posterior_figure(
                one.table,
                found.parameters[one.along].ravel(),
                found.quantities[one.quantity].ravel(),
                axis(fit, one.quantity),
                axis(fit, one.along),
                one.level,
                fit.title,
            )
            stem = context.stem(slug, f"{JOINT}{one.quantity}")
            save(figure, context.directory.file(stem))
