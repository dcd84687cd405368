"""Task `recast`: an experiment's limit on its own quantity, carried over to every dark-photon mass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.parameters import Array
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.task import Option, Task

KIND = "recast"
_MASSLESS = 1e-9
"""Any parameter small against every scale of an experiment, GeV: the massless mediator."""


@dataclass(frozen=True)
class Recast:
    """The limit of one experiment along one parameter."""

    experiment: str
    quantity: str
    along: str
    x: Array
    limit: Array
    baseline: float


def recast(fit: Fit, experiment: str, along: str, x: Array) -> Recast:
    """Return an experiment's limit at each value of `along`, other parameters at their reference.

    Parameters
    ----------
    x : ndarray (n,)
        Values of `along`; its range does not apply.

    Returns
    -------
    Recast
        `limit` (n,) in the quantity's unit, NaN where the experiment says nothing; `baseline` for a
        massless mediator.
    """
    likelihood = fit.experiments[experiment]
    points, n = fit.complete({along: x})
    limit = np.broadcast_to(likelihood.limit(fit.model.predict(points)), (n,))
    massless, _ = fit.complete({along: np.array([_MASSLESS])})
    baseline = float(likelihood.limit(fit.model.predict(massless))[0])
    return Recast(experiment, likelihood.card.limits, along, x, limit, baseline)


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str) -> Outcome:
    """Recast, write table and figure."""
    from darkmoment.plots.recast import recast_figure
    from darkmoment.plots.style import save

    experiment, along, (lower, upper) = options["experiment"], options["along"], options["range"]
    stem = context.stem(slug, name)
    found = recast(fit, experiment, along, np.geomspace(lower, upper, options["points"]))
    likelihood = fit.experiments[experiment]
    done = context.directory.read_table(stem)
    if done is None:
        table = pd.DataFrame({along: found.x, f"{found.quantity}_limit": found.limit})
        level = likelihood.dataset.cl or 0.90
        figure = recast_figure(
            found.x,
            found.limit,
            found.baseline,
            axis(fit, found.quantity),
            axis(fit, along),
            likelihood.label,
            level,
        )
        save(figure, context.directory.file(stem))
        about = {"task": KIND, "experiment": experiment, "label": likelihood.label, "level": level}
        about |= {"baseline": found.baseline, "options": dict(likelihood.options)}
        about |= {
            "units": {
                along: fit.parameter(along).unit,
                f"{found.quantity}_limit": axis(fit, found.quantity).unit,
            }
        }
        context.directory.write_table(stem, table, about)
    unit = axis(fit, found.quantity).unit
    if np.isfinite(found.baseline):
        what = f"{found.quantity} < {found.baseline:.4g} {unit}".rstrip() + " for a massless mediator"
    else:
        best = int(np.nanargmin(found.limit))
        what = (
            f"{found.quantity} < {found.limit[best]:.4g} {unit}".rstrip()
            + f" at {along} = {found.x[best]:.4g}"
        )
    return Outcome([f"{likelihood.label}: {what}"], result=found)


def _objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    experiment, along, (lower, upper) = options["experiment"], options["along"], options["range"]
    if along != "m_dark_photon":
        return f"a limit is recast along m_dark_photon, not along {along}"
    if lower <= 0:
        return "the range of a recast starts above 0"
    found = recast(base, experiment, along, np.geomspace(lower, upper, options["points"]))
    return (
        None
        if np.isfinite(found.limit).any()
        else f"{experiment} has no upper limit between {lower:g} and {upper:g} GeV"
    )


TASK = Task(
    KIND,
    "an experiment's limit against the dark-photon mass",
    (
        Option("experiment", "experiment", "whose limit", required=True),
        Option("along", "parameter_or_quantity", "parameter to draw it along", "m_dark_photon"),
        Option("range", "range", "range of `along`", (1e-6, 10.0), of="along"),
        Option("points", "integer", "number of values", 200, minimum=2),
    ),
    run,
    whole_file=True,
    objection=_objection,
)
