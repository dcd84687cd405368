"""What task `sample` asks of a posterior besides its chains: other methods, and other priors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot, log
from typing import Any

import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.importance import importance_sample
from darkmoment.inference.nested import nested_sample
from darkmoment.inference.quantiles import LEVELS, PosteriorLimit
from darkmoment.inference.sample import Sample
from darkmoment.inference.sensitivity import SAMPLED_ESS, Sensitivity, prior_sensitivity
from darkmoment.results import sentences
from darkmoment.tasks.context import Context, axis

NEAR, FAR = 2.0, 3.0
"""Standard deviations within which two methods agree, and beyond which something is wrong."""


@dataclass
class Checks:
    """What the checks of one posterior say.

    Attributes
    ----------
    about : dict
        JSON values for the file beside the table.
    warnings : list of str
        What a reader has to know before quoting the limit.
    agreed : bool
        False where another method gives another limit.
    """

    about: dict[str, Any] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    agreed: bool = True
    sensitivity: Sensitivity | None = None


def levels_of(level: float) -> tuple[float, ...]:
    """Return the levels at which limits are tabled, the one asked for among them."""
    return tuple(sorted({*LEVELS, level}))


def check(context: Context, fit: Fit, found: Sample, options: Mapping[str, Any]) -> Checks:
    """Compare the limits with those of other methods, and under other priors."""
    done, level, of = Checks(), float(options["level"]), options["until"]["of"]
    if not found.quantities:
        return done
    names, levels = list(found.quantities), levels_of(level)
    _by_prior_draws(context, fit, found, names, levels, done)
    if options["cross_check"] == "nested":
        _by_nested_sampling(context, fit, found, names, levels, done)
    driven = False
    if options["sensitivity"] and of in found.quantities:
        with context.progress(f"{fit.label}: prior sensitivity") as progress:
            done.sensitivity = prior_sensitivity(fit, found, of, level, context.seed, context.crew, progress)
        driven = done.sensitivity.prior_driven
        done.about["sensitivity"] = about_sensitivity(done.sensitivity)
        words = f"{fit.label}: {done.sensitivity.verdict}"
        (done.warnings if driven or done.sensitivity.unsettled else done.answers).append(words)
    for name in names:
        # what the chosen quantity shows of the prior is not known of the others
        remark = "set by the prior ranges; quote the profile limit" if driven and name == of else ""
        said = sentences.posterior(found.limit(name, level), axis(fit, name).unit, remark)
        done.answers.insert(0, f"{fit.label}: {said}")
    return done


def about_sensitivity(found: Sensitivity) -> dict[str, Any]:
    """Return what belongs beside the table of changes."""
    return {
        "limit": found.limit.plain(),
        "verdict": found.verdict,
        "prior_driven": found.prior_driven,
        "unsettled": found.unsettled,
    }


def _by_prior_draws(
    context: Context, fit: Fit, found: Sample, names: list[str], levels: Sequence[float], done: Checks
) -> None:
    drawn = importance_sample(fit, names, levels, seed=context.seed, crew=context.crew)
    about: dict[str, Any] = {
        "draws": drawn.draws,
        "efficiency": drawn.efficiency,
        "ess": drawn.ess,
        "log_evidence": drawn.log_evidence if drawn.limits else None,
        "log_evidence_error": drawn.log_evidence_error if drawn.limits else None,
        "limits": [one.plain() for one in drawn.limits],
    }
    if drawn.ess >= SAMPLED_ESS:
        _compare(fit, found, drawn.limits, "weighted prior draws", about, done)
    else:
        about["agreement"] = f"{drawn.draws} draws of the prior are worth only {drawn.ess:.0f} samples"
    done.about["prior_draws"] = about


def _by_nested_sampling(
    context: Context, fit: Fit, found: Sample, names: list[str], levels: Sequence[float], done: Checks
) -> None:
    with context.progress(f"{fit.label}: nested sampling"):
        other = nested_sample(fit, names, levels, seed=context.seed, crew=context.crew)
    about: dict[str, Any] = {
        "sampler": "dynesty",
        "log_evidence": other.log_evidence,
        "log_evidence_error": other.log_evidence_error,
        "ess": other.ess,
        "calls": other.calls,
        "limits": [one.plain() for one in other.limits],
    }
    _compare(fit, found, other.limits, "nested sampling", about, done)
    done.answers.append(
        f"{fit.label}: {about['agreement']}; ln(evidence) {other.log_evidence:.3f} +- "
        f"{other.log_evidence_error:.3f}"
    )
    done.about["nested"] = about


def _compare(
    fit: Fit,
    found: Sample,
    others: Sequence[PosteriorLimit],
    method: str,
    about: dict[str, Any],
    done: Checks,
) -> None:
    """Compare limit by limit; the worst is told."""
    apart = {(o.quantity, o.level): distance(found.limit(o.quantity, o.level), o) for o in others}
    (quantity, level), worst = max(apart.items(), key=lambda item: item[1])
    about["distance"] = worst
    if worst <= NEAR:
        about["agreement"] = f"{method} agrees within errors (at most {worst:.1f} standard deviations apart)"
    else:
        about["agreement"] = (
            f"{method} gives another {level:.0%} limit on {quantity}: {worst:.1f} standard deviations apart"
        )
    if worst > FAR:
        done.warnings.append(f"{fit.label}: {about['agreement']}")
        done.agreed = False


def distance(one: PosteriorLimit, other: PosteriorLimit) -> float:
    """Return how far apart two limits lie, in standard deviations of both together."""
    if one.value == other.value:
        return 0.0
    if min(one.low, other.low, one.value, other.value) <= 0:
        error = hypot(one.error, other.error)
        return abs(one.value - other.value) / error if error > 0 else float("inf")
    errors = [log(limit.high / limit.low) / 2 for limit in (one, other)]
    error = hypot(*errors)
    return abs(log(one.value / other.value)) / error if error > 0 else float("inf")


def table_of(fit: Fit, found: Sample, checks: Mapping[str, Any]) -> pd.DataFrame:
    """Return convergence of every parameter and quantity, and the limits on quantities by each method."""
    names = list(found.tau)
    table = pd.DataFrame(
        {
            "name": names,
            "unit": [axis(fit, n).unit for n in names],
            "rhat": [found.rhat[n] for n in names],
            "ess": [found.ess[n] for n in names],
            "tail_ess": [found.tail_ess[n] for n in names],
            "tau_steps": [found.tau[n] for n in names],
        }
    )
    methods = {"": [limit.plain() for limit in found.limits]}
    methods |= {f"_{key}": checks[key]["limits"] for key in ("prior_draws", "nested") if key in checks}
    for suffix, limits in methods.items():
        for limit in limits:
            row = table["name"] == limit["quantity"]
            column = f"limit_{limit['level'] * 100:g}{suffix}"
            table.loc[row, column] = limit["value"]
            table.loc[row, f"{column}_error"] = limit["error"]
    return table
