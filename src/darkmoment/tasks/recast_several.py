"""The limits of several experiments on one quantity: who is the strongest where, and where that changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from darkmoment.fit import Fit
from darkmoment.parameters import Array
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.recast_limits import Recast, limit_at

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from darkmoment.plots.overlay import Overlay

_NEAR = 1e-3
"""Relative difference up to which a limit is the published one."""

_PREFIXES = {1e-9: "eV", 1e-6: "keV", 1e-3: "MeV", 1.0: "GeV", 1e3: "TeV"}


TOLD = "recast answers"
"""Under which the answers of a finished recast are kept."""

_COUNTED = {
    "solar": r"solar $\nu_e$ and $\nu_\mu$",
    "transition": r"$\nu_e$, $\nu_\mu$ and $\bar{\nu}_\mu$ of stopped pions",
    "none": "all that is published",
}
"""Whose recoils an experiment counts, by its option `flavour_weight`."""


@dataclass(frozen=True)
class Stretch:
    """Where one experiment has the strongest limit; None for an end of the range."""

    experiment: str
    start: float | None
    end: float | None


def several(
    context: Context,
    fit: Fit,
    stem: str,
    found: Sequence[Recast],
    task: dict[str, Any],
    overlays: Sequence[Overlay] = (),
) -> Outcome:
    """Write the limits of several experiments on one quantity, and which is the strongest where.

    Of datasets of one experiment there is no strongest: they are the same data, and compared.
    """
    from darkmoment.plots.style import save

    one_experiment = len({f.likelihood.name for f in found}) == 1
    leading = strongest({f.experiment: _or_infinite(f.limit) for f in found})
    stretches = [] if one_experiment else leadership(fit, found, leading)
    done = context.directory.read_table(stem)
    if context.draws(done):
        save(_figure(fit, found, leading, stretches, task, overlays), context.directory.file(stem))
    if done is None:
        about = task | _about(fit, found)
        table = pd.DataFrame({found[0].along: found[0].x} | {column(f): f.limit for f in found})
        if one_experiment:
            for f in found[:-1]:
                table[f"ratio_{f.experiment}".replace("/", "_")] = f.limit / found[-1].limit
        else:
            table["leading_experiment"] = leading
            about["leading"] = [{"experiment": s.experiment, "from": s.start, "to": s.end} for s in stretches]
        context.directory.write_table(stem, table, about)
    answers = [spoken(fit, f) for f in found]
    answers += _ratios(found) if one_experiment else [_words(s, fit, found) for s in stretches]
    answers += [_heavy(fit, f) for f in found if np.isfinite(f.heavy)]
    return Outcome(fresh(context, stem, answers, task["as_published"]), result=tuple(found))


def fresh(context: Context, stem: str, answers: Sequence[str], as_published: bool) -> list[str]:
    """Return the answers, marked where as published, without those that a recast of this run gave before."""
    if as_published:
        answers = [f"as published: {answer}" for answer in answers]
    told = {
        answer
        for (_, kind, other), given in context.results.items()
        if kind == TOLD and other != stem
        for answer in given
    }
    context.results["", TOLD, stem] = tuple(answers)
    return [answer for answer in answers if answer not in told]


def column(found: Recast) -> str:
    """Return the column of a limit: ``mu_eff_limit_lsnd_mu_numu`` for ``lsnd/mu_numu``."""
    return f"{found.quantity}_limit_{found.experiment.replace('/', '_')}"


def weighting(found: Sequence[Recast]) -> str:
    """Return in words what the experiments count, from their options that are words.

    As ``flavour_weight: solar (XENONnT, Borexino), transition (LSND)``; empty where none has such options.
    The vector coupling is named where it is counted.
    """
    options: dict[str, dict[str, dict[str, None]]] = {}
    for f in found:
        unused = f.likelihood.options.get("vector_coupling") == "no"
        for name, value in f.likelihood.options.items():
            if isinstance(value, str) and not (unused and name.startswith("vector_")):
                options.setdefault(name, {}).setdefault(value, {})[f.likelihood.card.short_title] = None
    return "; ".join(
        f"{name}: " + ", ".join(f"{value} ({', '.join(titles)})" for value, titles in values.items())
        for name, values in options.items()
    )


def heading(found: Sequence[Recast], as_published: bool) -> str:
    """Return what a figure says above its axes: whose recoils count where experiments have that choice."""
    if as_published:
        own = "effective moment" if found[0].quantity == "mu_eff" else found[0].quantity
        return f"each on the {own} that it publishes"
    counted: dict[str, dict[str, None]] = {}
    for f in found:
        weight = f.likelihood.options.get("flavour_weight")
        if isinstance(weight, str):
            counted.setdefault(_COUNTED.get(weight, weight), {})[f.likelihood.card.short_title] = None
    if not counted:
        return ""
    return "recoils counted: of " + "; ".join(
        f"{whose} ({', '.join(titles)})" for whose, titles in counted.items()
    )


def strongest(limits: Mapping[str, Array]) -> list[str]:
    """Return the experiment with the smallest limit at each value; empty where none has one."""
    names, rows = list(limits), np.stack(list(limits.values()))
    best = np.argmin(rows, axis=0)
    return [names[k] if np.isfinite(rows[k, i]) else "" for i, k in enumerate(best)]


def leadership(fit: Fit, found: Sequence[Recast], leading: Sequence[str]) -> list[Stretch]:
    """Return who leads from where to where; each change is where two limits are equal.

    Parameters
    ----------
    leading : sequence of str
        The strongest at each value of `x`; a stretch between two of these values is not seen.
    """
    by_name = {f.experiment: f for f in found}
    x, stretches = found[0].x, []
    start: float | None = None
    for first, end in _runs(leading):
        change: float | None = None
        if end < len(x):
            one, other = by_name.get(leading[first]), by_name.get(leading[end])
            change = float(x[end])
            if one is not None and other is not None:
                change = _crossing(fit, one, other, float(x[end - 1]), change)
        if leading[first]:
            stretches.append(Stretch(leading[first], start, change))
        start = change
    return stretches


def in_words(value: float, unit: str) -> str:
    """Return a value with its unit, energies with the prefix that suits them: ``0.16 MeV`` is ``160 keV``."""
    if unit != "GeV":
        return f"{value:.3g} {unit}".rstrip()
    scale = max((s for s in _PREFIXES if s <= value * (1 + 1e-9)), default=1e-9)
    return f"{value / scale:.3g} {_PREFIXES[scale]}"


def spoken(fit: Fit, found: Recast) -> str:
    """Return the limit in words: for a massless mediator where there is one, else where it is best.

    Beside it the published number, where the likelihood itself gives another.
    """
    unit, label = axis(fit, found.quantity).unit, found.likelihood.label
    if np.isfinite(found.baseline):
        limit, where = found.baseline, "for a massless mediator"
    else:
        best = int(np.nanargmin(found.limit))
        limit, where = found.limit[best], f"at {found.along} = {found.x[best]:.4g}"
    said = f"{label}: {found.quantity} < {limit:.4g} {unit}".rstrip()
    if found.published is not None and abs(limit / found.published - 1) > _NEAR:
        said += f" from {'its events' if found.from_events else 'its likelihood'}"
        said += f" (published {found.published:.4g})"
    return f"{said} {where}"


def _or_infinite(limit: Array) -> Array:
    return np.where(np.isfinite(limit), limit, np.inf)


def _runs(key: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1) of each stretch of equal keys."""
    starts = [i for i in range(len(key)) if i == 0 or key[i] != key[i - 1]]
    yield from pairwise([*starts, len(key)])


def _crossing(fit: Fit, one: Recast, other: Recast, low: float, high: float) -> float:
    """Return where two limits are equal, or `high` where one of them begins or ends in between."""

    def difference(ln_x: float) -> float:
        x = np.exp([ln_x])
        a, b = (limit_at(fit, f.likelihood, f.along, x)[0] for f in (one, other))
        return float(np.log(a / b))

    at_low, at_high = difference(log(low)), difference(log(high))
    # one without a limit is NaN, and compares false; equal limits at an end leave nothing to solve
    if not at_low < 0 < at_high:
        return low if at_low == 0 else high
    return float(np.exp(brentq(difference, log(low), log(high), xtol=1e-9)))


def _words(stretch: Stretch, fit: Fit, found: Sequence[Recast]) -> str:
    label = next(f.likelihood.label for f in found if f.experiment == stretch.experiment)
    along = found[0].along
    start, end = (
        None if v is None else in_words(v, fit.parameter(along).unit) for v in (stretch.start, stretch.end)
    )
    if start is None:
        where = f"for all {along} drawn" if end is None else f"for {along} below {end}"
    else:
        where = f"above {start}" if end is None else f"from {start} to {end}"
    return f"{label} leads {where}"


def _ratios(found: Sequence[Recast]) -> list[str]:
    """Return how far the limits of datasets of one experiment lie apart."""
    last = found[-1]
    return [
        f"limit of {f.likelihood.label} over that of {last.likelihood.label}: "
        f"{f.baseline / last.baseline:.3f} for a massless mediator, "
        f"{f.heavy / last.heavy:.3f} for a heavy one"
        for f in found[:-1]
        if np.isfinite([f.baseline / last.baseline, f.heavy / last.heavy]).all()
    ]


def _heavy(fit: Fit, found: Recast) -> str:
    unit = axis(fit, found.quantity).unit
    value = f"{found.heavy * 1e-6:.4g} {unit}".rstrip()
    return f"{found.likelihood.label}: {found.quantity} < {value} ({found.along}/MeV)^2 for a heavy mediator"


def _about(fit: Fit, found: Sequence[Recast]) -> dict[str, Any]:
    """Return what the file beside the table says."""
    quantity, along = axis(fit, found[0].quantity), axis(fit, found[0].along)
    heavy = {f.experiment: f.heavy if np.isfinite(f.heavy) else None for f in found}
    return {
        "experiments": {f.experiment: f.likelihood.label for f in found},
        "levels": {f.experiment: f.likelihood.dataset.cl or 0.90 for f in found},
        "baselines": {f.experiment: f.baseline for f in found},
        "heavy_mediator": {"unit": f"{quantity.unit}/GeV^2", **heavy},
        "options": {f.experiment: dict(f.likelihood.options) for f in found},
        "weighting": weighting(found),
        "units": {along.name: along.unit, **{column(f): quantity.unit for f in found}},
    }


def _figure(
    fit: Fit,
    found: Sequence[Recast],
    leading: Sequence[str],
    stretches: Sequence[Stretch],
    task: Mapping[str, Any],
    overlays: Sequence[Overlay],
) -> Figure:
    from darkmoment.plots.recast import recasts_figure
    from darkmoment.plots.recast_datasets import datasets_figure

    along = found[0].along
    axes = axis(fit, found[0].quantity), axis(fit, along)
    labels = {f.experiment: f.likelihood.label for f in found}
    level = min(f.likelihood.dataset.cl or 0.90 for f in found)
    title = heading(found, task["as_published"])
    if not stretches:
        limits = {f.experiment: f.limit for f in found}
        return datasets_figure(found[0].x, limits, labels, *axes, level, title, overlays)
    unit = fit.parameter(along).unit
    starts = {s.start: s.experiment for s in stretches if s.start is not None}
    # each change of the leading experiment becomes a point, where one curve hands over to the next
    who = dict(zip(found[0].x, leading, strict=True)) | starts
    x = np.array(sorted(who))
    return recasts_figure(
        x,
        {f.experiment: limit_at(fit, f.likelihood, along, x) for f in found},
        [who[value] for value in x],
        labels,
        *axes,
        level,
        projected=[f.experiment for f in found if f.likelihood.projected],
        changes=[(start, in_words(start, unit)) for start in starts],
        title=title,
        overlays=overlays,
    )
