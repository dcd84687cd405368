"""Task `sample`: the posterior, by independent emcee ensembles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.task import Option, Task, TaskError

if TYPE_CHECKING:
    from darkmoment.inference.sample import Sample

KIND = "sample"
_CORNER_SAMPLES = 20_000


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str) -> Outcome:
    """Sample, write chains (netCDF), table (CSV), convergence (JSON) and corner plot."""
    from darkmoment.inference.chains import read_chains, write_chains
    from darkmoment.inference.sample import sample
    from darkmoment.plots.style import save

    of = options["until"]["of"]
    stem = context.stem(slug, name)
    done = context.directory.read_table(stem)
    if done is None:
        with context.progress(f"{fit.label}: posterior") as progress:
            try:
                found = sample(
                    fit,
                    of,
                    options["until"]["ess"],
                    options["ensembles"],
                    options["walkers"],
                    options["max_steps"],
                    tuple(options["quantities"]),
                    context.seed,
                    progress,
                )
            except ValueError as error:  # no allowed point in the prior
                raise TaskError(str(error)) from error
        write_chains(found, context.directory.file(f"{stem}.nc"), _attributes(fit, context.seed))
        save(_corner(fit, found), context.directory.file(f"{stem}_corner"))
        context.directory.write_text(f"{stem}_samples.csv", _flat(found).to_csv(index=False))
        context.directory.write_table(stem, _convergence(found), _about(fit, found))
        warnings, answer, converged = _warnings(fit, found), f"{fit.label}: {found.verdict}", found.converged
        context.results[slug, KIND, name] = found
    else:
        about = done[1]
        warnings, answer, converged = (
            about["warnings"],
            f"{fit.label}: {about['verdict']}",
            about["converged"],
        )
        found = read_chains(context.directory.file(f"{stem}.nc"), about)
        context.results[slug, KIND, name] = found
    return Outcome([answer], warnings, converged, found)


def _flat(found: Sample) -> pd.DataFrame:
    shape = found.chi2.shape
    ensemble, step, walker = (index.ravel() for index in np.indices(shape))
    columns: dict[str, Any] = {"ensemble": ensemble, "step": step, "walker": walker}
    columns |= {name: x.ravel() for name, x in {**found.parameters, **found.quantities}.items()}
    return pd.DataFrame(columns | {"chi2": found.chi2.ravel()})


def _convergence(found: Sample) -> pd.DataFrame:
    names = list(found.tau)
    return pd.DataFrame(
        {
            "name": names,
            "rhat": [found.rhat[n] for n in names],
            "ess": [found.ess[n] for n in names],
            "tau_steps": [found.tau[n] for n in names],
        }
    )


def _about(fit: Fit, found: Sample) -> dict[str, Any]:
    return {
        "task": KIND,
        "fit": fit.name,
        "variant": fit.label,
        "verdict": found.verdict,
        "converged": found.converged,
        "steps": found.steps,
        "burn_in": found.burn_in,
        "acceptance": found.acceptance,
        "rhat": found.rhat,
        "ess": found.ess,
        "tau": found.tau,
        "quantities": list(found.quantities),
        "units": {name: axis(fit, name).unit for name in found.tau},
        "warnings": _warnings(fit, found),
    }


def _warnings(fit: Fit, found: Sample) -> list[str]:
    if found.converged:
        return []
    return [f"{fit.label}: {found.verdict}"]


def _attributes(fit: Fit, seed: int) -> dict[str, str]:
    return {"fit": fit.name, "variant": fit.label, "seed": str(seed), "sampler": "emcee"}


def _corner(fit: Fit, found: Sample) -> Any:
    from darkmoment.plots.corner_plot import corner_figure

    every = {**found.parameters, **found.quantities}
    step = max(1, found.chi2.size // _CORNER_SAMPLES)
    samples = {name: x.ravel()[::step] for name, x in every.items()}
    return corner_figure(samples, [axis(fit, name) for name in every], one_sided=set(found.quantities))


def _objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    walkers = options["walkers"]
    for fit in fits:
        if not fit.free:
            return f"{fit.label} has no free parameter: there is nothing to sample"
        fewest = 2 * len(fit.free)
        if walkers < fewest or walkers % 2:
            why = f"twice the {len(fit.free)} free parameters of {fit.label}"
            return f"walkers = {walkers}: give an even number, {fewest} or more ({why})"
    return None


TASK = Task(
    KIND,
    "the posterior: chains, table and corner plot",
    (
        Option("ensembles", "integer", "independent emcee ensembles", 4, minimum=2),
        Option("walkers", "integer", "walkers of each ensemble", 128, minimum=4),
        Option(
            "until", "until", "effective samples wanted, and of which quantity", {"ess": 1000, "of": "mu_eff"}
        ),
        Option("max_steps", "integer", "steps after which to stop in any case", 10_000, minimum=1000),
        Option("quantities", "quantities", "further observables to keep", ()),
    ),
    run,
    objection=_objection,
)
