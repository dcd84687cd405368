"""Task `sample`: the posterior, by independent emcee ensembles, and how far its limit can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.quantiles import PosteriorLimit
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.task import Option, Task, TaskError

if TYPE_CHECKING:
    from darkmoment.inference.sample import Sample

KIND = "sample"
_CORNER, _SAMPLES, _SENSITIVITY = "_corner", "_samples", "_sensitivity"
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
        found = read_chains(context.directory.path / f"{stem}.nc", about, fit)
        if context.redraw:
            _draw_again(context, fit, found, options["level"], stem)
        context.results[slug, KIND, name] = found
        return Outcome(about["answers"], about["warnings"], about["certified"], found)
    found = _sampled(context, fit, slug, options)
    write_chains(found, context.directory.file(f"{stem}.nc"), _attributes(fit, context.seed))
    save(found.plot(level=options["level"]), context.directory.file(f"{stem}{_CORNER}"))
    context.directory.write_text(f"{stem}{_SAMPLES}.csv", found.chains.to_csv(index=False))
    checks = check(context, fit, found, options)
    if checks.sensitivity is not None:
        about = {
            "task": KIND,
            "fit": fit.name,
            "variant": fit.label,
            "unit": axis(fit, options["until"]["of"]).unit,
        }
        about |= about_sensitivity(checks.sensitivity)
        figure = _sensitivity(fit, checks.sensitivity.table, checks.sensitivity.limit)
        save(figure, context.directory.file(f"{stem}{_SENSITIVITY}"))
        context.directory.write_table(f"{stem}{_SENSITIVITY}", checks.sensitivity.table, about)
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


def _draw_again(context: Context, fit: Fit, found: Sample, level: float, stem: str) -> None:
    """Draw the figures of chains and tables that are finished."""
    from darkmoment.plots.style import save

    save(found.plot(level=level), context.directory.file(f"{stem}{_CORNER}"))
    known = context.directory.read_table(f"{stem}{_SENSITIVITY}")
    if known is not None:
        limit = PosteriorLimit(**{k: v for k, v in known[1]["limit"].items() if k != "error"})
        save(_sensitivity(fit, known[0], limit), context.directory.file(f"{stem}{_SENSITIVITY}"))


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


def _sensitivity(fit: Fit, table: pd.DataFrame, limit: PosteriorLimit) -> Any:
    from darkmoment.plots.sensitivity import sensitivity_figure

    labels = {name: axis(fit, str(name)).label for name in table["parameter"]}
    return sensitivity_figure(table, limit.value, axis(fit, limit.quantity), limit.level, fit.title, labels)


MOST_WALKERS = 20_000
"""Of one ensemble; each keeps its chain in memory."""


def _objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    walkers = options["walkers"]
    for fit in fits:
        if not fit.free:
            return f"{fit.label} has no free parameter: there is nothing to sample"
        fewest = 2 * len(fit.free)
        if walkers < fewest or walkers % 2:
            why = f"twice the {len(fit.free)} free parameters of {fit.label}"
            return f"walkers = {walkers}: give an even number, {fewest} or more ({why})"
    if walkers > MOST_WALKERS:
        more = "for more samples ask for more of them: until: {ess: ...}"
        return f"walkers = {walkers} do not fit into memory: give {MOST_WALKERS} or fewer; {more}"
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
    endings={"": "", _CORNER: "", _SAMPLES: "", _SENSITIVITY: "sensitivity"},
    objection=_objection,
)
