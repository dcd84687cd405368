"""Task `sample`: the posterior, by independent emcee ensembles, and how far its limit can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.task import Option, Task, TaskError

if TYPE_CHECKING:
    from darkmoment.inference.sample import Sample
    from darkmoment.tasks.posterior_checks import Checks

KIND = "sample"
_CORNER_SAMPLES = 20_000
_STARTS = 64
"""Maximising points of earlier tasks handed to the sampler, at most."""

_NEAR = 20.0
"""Delta chi2 above which a point of a profile is no place to start from."""


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str) -> Outcome:
    """Sample, check, and write chains (netCDF), tables (CSV), convergence (JSON) and figures.

    Files of stem ``<name>``: ``.nc``, ``_samples.csv``, ``_corner``, with `sensitivity`
    ``_sensitivity.csv`` and its figure, and last ``.csv`` with the limits and their convergence.
    """
    from darkmoment.inference.chains import read_chains, write_chains
    from darkmoment.plots.style import save
    from darkmoment.tasks.posterior_checks import about_sensitivity, check, table_of

    stem = context.stem(slug, name)
    done = context.directory.read_table(stem)
    if done is not None:
        about = done[1]
        found = read_chains(context.directory.file(f"{stem}.nc"), about)
        context.results[slug, KIND, name] = found
        return Outcome(about["answers"], about["warnings"], about["certified"], found)
    found = _sampled(context, fit, slug, options)
    write_chains(found, context.directory.file(f"{stem}.nc"), _attributes(fit, context.seed))
    save(_corner(fit, found, options["level"]), context.directory.file(f"{stem}_corner"))
    context.directory.write_text(f"{stem}_samples.csv", _flat(found).to_csv(index=False))
    checks = check(context, fit, found, options)
    if checks.sensitivity is not None:
        about = {
            "task": KIND,
            "fit": fit.name,
            "variant": fit.label,
            "unit": axis(fit, options["until"]["of"]).unit,
        }
        about |= about_sensitivity(checks.sensitivity)
        save(_sensitivity(fit, checks), context.directory.file(f"{stem}_sensitivity"))
        context.directory.write_table(f"{stem}_sensitivity", checks.sensitivity.table, about)
    outcome = Outcome(
        [f"{fit.label}: {found.verdict}", *checks.answers],
        [*([] if found.converged else [f"{fit.label}: {found.verdict}"]), *checks.warnings],
        found.converged and checks.agreed,
        found,
    )
    about = _about(fit, found) | {"level": options["level"], "checks": checks.about}
    about |= {"answers": outcome.answered, "warnings": outcome.warnings, "certified": outcome.certified}
    context.directory.write_table(stem, table_of(fit, found, checks.about), about)
    context.results[slug, KIND, name] = found
    return outcome


def _sampled(context: Context, fit: Fit, slug: str, options: Mapping[str, Any]) -> Sample:
    from darkmoment.inference.density import NothingAllowedError
    from darkmoment.inference.sample import sample
    from darkmoment.tasks.posterior_checks import levels_of

    with context.progress(f"{fit.label}: posterior") as progress:
        try:
            return sample(
                fit,
                options["until"]["of"],
                options["until"]["ess"],
                options["ensembles"],
                options["walkers"],
                options["max_steps"],
                tuple(options["quantities"]),
                context.seed,
                progress,
                context.crew,
                starts=_points(context, fit, slug),
                levels=levels_of(options["level"]),
            )
        except NothingAllowedError as error:
            raise TaskError(str(error)) from error


def _points(context: Context, fit: Fit, slug: str) -> list[dict[str, float]]:
    """Return points that earlier tasks of this fit ended at, spread evenly over each task's table."""
    names = [p.name for p in fit.free]
    found: list[pd.DataFrame] = []
    for (owner, _, _), result in context.results.items():
        table = getattr(result, "table", result)
        if owner == slug and isinstance(table, pd.DataFrame) and set(names) <= set(table):
            near = table[table["delta_chi2"] < _NEAR] if "delta_chi2" in table else table
            points = near[names].dropna()
            found.append(points.iloc[:: max(1, len(points) // _STARTS)])
    if not found:
        return []
    points = pd.concat(found, ignore_index=True)
    points = points.iloc[:: max(1, -(-len(points) // _STARTS))]
    return [{name: float(point[name]) for name in names} for _, point in points.iterrows()]


def _flat(found: Sample) -> pd.DataFrame:
    shape = found.chi2.shape
    ensemble, step, walker = (index.ravel() for index in np.indices(shape))
    columns: dict[str, Any] = {"ensemble": ensemble, "step": step, "walker": walker}
    columns |= {name: x.ravel() for name, x in {**found.parameters, **found.quantities}.items()}
    return pd.DataFrame(columns | {"chi2": found.chi2.ravel()})


def _about(fit: Fit, found: Sample) -> dict[str, Any]:
    return {
        "task": KIND,
        "fit": fit.name,
        "variant": fit.label,
        "data": fit.data,
        "verdict": found.verdict,
        "converged": found.converged,
        "steps": found.steps,
        "burn_in": found.burn_in,
        "acceptance": found.acceptance,
        "rhat": found.rhat,
        "ess": found.ess,
        "tail_ess": found.tail_ess,
        "tau": found.tau,
        "limits": [asdict(limit) for limit in found.limits],
        "quantities": list(found.quantities),
        "units": {name: axis(fit, name).unit for name in found.tau},
        "priors": {p.name: fit.spec.parameters[p.name].resolved() for p in fit.free},
    }


def _attributes(fit: Fit, seed: int) -> dict[str, str]:
    return {"fit": fit.name, "variant": fit.label, "seed": str(seed), "sampler": "emcee"}


def _corner(fit: Fit, found: Sample, level: float) -> Any:
    from darkmoment.plots.corner_plot import corner_figure

    every = {**found.parameters, **found.quantities}
    step = max(1, found.chi2.size // _CORNER_SAMPLES)
    samples = {name: x.ravel()[::step] for name, x in every.items()}
    limits = {name: found.limit(name, level).value for name in found.quantities}
    axes = [axis(fit, name) for name in every]
    return corner_figure(samples, axes, level, one_sided=set(found.quantities), limits=limits)


def _sensitivity(fit: Fit, checks: Checks) -> Any:
    from darkmoment.plots.sensitivity import sensitivity_figure

    assert checks.sensitivity is not None
    limit, table = checks.sensitivity.limit, checks.sensitivity.table
    labels = {name: axis(fit, str(name)).label for name in table["parameter"]}
    return sensitivity_figure(table, limit.value, axis(fit, limit.quantity), limit.level, fit.title, labels)


def _objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    walkers = options["walkers"]
    for fit in fits:
        if not fit.free:
            return f"{fit.label} has no free parameter: there is nothing to sample"
        fewest = 2 * len(fit.free)
        if walkers < fewest or walkers % 2:
            why = f"twice the {len(fit.free)} free parameters of {fit.label}"
            return f"walkers = {walkers}: give an even number, {fewest} or more ({why})"
    if options["cross_check"] == "nested":
        from darkmoment.inference.nested import NestedMissingError, require

        try:
            require()
        except NestedMissingError as error:
            return f"cross_check: {error}"
    return None


TASK = Task(
    KIND,
    "the posterior: chains, limits, their dependence on the prior, and corner plot",
    (
        Option("ensembles", "integer", "independent emcee ensembles", 4, minimum=2),
        Option("walkers", "integer", "walkers of each ensemble", 128, minimum=4),
        Option(
            "until", "until", "effective samples wanted, and of which quantity", {"ess": 1000, "of": "mu_eff"}
        ),
        Option("max_steps", "integer", "steps after which to stop in any case", 10_000, minimum=1000),
        Option("quantities", "quantities", "further observables to keep", ()),
        Option("level", "level", "level of the upper limits that are quoted", 0.90),
        Option("sensitivity", "flag", "how the limit on an observable changes with the prior", True),
        Option(
            "cross_check",
            "text",
            "a second method for the limits: nested (an extra), or none",
            "none",
            choices=("none", "nested"),
        ),
    ),
    run,
    objection=_objection,
)
