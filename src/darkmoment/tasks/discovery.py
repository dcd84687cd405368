"""Task `discovery`: which experiment needs the least signal, and at how many sigma each sees one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from darkmoment.fit import Fit
from darkmoment.inference.discovery import COLUMNS, LEVEL, Discoveries, Today, closest, discoveries
from darkmoment.tasks.context import Context, Outcome
from darkmoment.tasks.task import Task

KIND = "discovery"
_SMALL = 0.1
"""An Asimov significance below which an experiment is said to see nothing."""


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str) -> Outcome:
    """Ask every experiment; write table and figure, and say who needs the least signal."""
    from darkmoment.plots.discovery import discovery_figure
    from darkmoment.plots.style import save

    found = discoveries(fit)
    stem = context.stem(slug, name)
    if context.directory.read_table(stem) is None:
        save(discovery_figure(found.table, f"{fit.label}: {fit.data}"), context.directory.file(stem))
        context.directory.write_table(stem, found.table, _about(fit, found))
    warnings = [f"{fit.label}: {text}" for text in warnings_of(found)]
    return Outcome([f"{fit.label}: {text}" for text in sentences(found)], warnings, result=found)


def _about(fit: Fit, found: Discoveries) -> dict[str, Any]:
    assert fit.injected is not None
    return {
        "task": KIND,
        "fit": fit.name,
        "variant": fit.label,
        "data": fit.data,
        "injected": dict(fit.injected),
        "sigma_together": found.sigma,
        "sigma_together_is": "sigma_asimov added in quadrature; those left out expect no background",
        "sigma_together_leaves_out": list(found.left_out),
        "today": [asdict(t) for t in found.today],
        "level_today": LEVEL,
        "units": {p.name: p.unit for p in fit.parameters},
        "columns": COLUMNS,
        "references": {name: list(e.dataset.arxiv) for name, e in fit.experiments.items()},
    }


def sentences(found: Discoveries) -> list[str]:
    """Say who needs the least signal, what each experiment sees, and whether today's data allow it."""
    rows = found.table.to_dict("records")
    ranked = [row for row in rows if row["rank"] > 0]
    said = ["no experiment of this fit sees anything of the injected signal"]
    if ranked:
        first = ranked[0]
        share = f"{first['factor_3']:.3g} of the injected one for 3 sigma"
        least = f"{first['label']} needs the least signal, {share}"
        said = [f"{least}: it sees it first as the signal grows"]
        if first["factor_3"] > 1:
            said = [f"none is likely to see it; {least}"]
        said += [f"{row['rank']:.0f}. {_seen(row)}" for row in ranked]
    silent = [row["label"] for row in rows if row["remark"]]
    if silent:
        said.append(f"no part in it (outside their range, or hard limits): {', '.join(silent)}")
    rest = [row for row in rows if not row["rank"] > 0 and not row["remark"]]
    said += [
        f"measured already, {_seen(row)} if it ran again" for row in rest if row["sigma_asimov"] >= _SMALL
    ]
    little = [row["label"] for row in rest if not row["sigma_asimov"] >= _SMALL]
    if little:
        said.append(f"less than {_SMALL:g} sigma: {', '.join(little)}")
    return [*said, _together(found), _allowed(found.today)]


def _seen(row: Mapping[Any, Any]) -> str:
    """Say what one experiment sees of the injected signal."""
    count = row["signal_events"]
    events = f"{count:.0f} events" if count >= 100 else f"{count:.3g} events"
    if row["background_events"] == 0:
        # one event is a discovery: how many sigma has no meaning, how often it is seen has
        none = "" if row["sigma"] else " (the median experiment sees none)"
        seen = (
            f"{events} and no background, at least one of them with probability {row['chance_3']:.3g}{none}"
        )
    elif count >= 0:
        asimov = f"{events} over {row['background_events']:.3g}; Asimov {row['sigma_asimov']:.3g}"
        seen = f"{row['sigma']:.3g} sigma in the median experiment ({asimov})"
    else:
        seen = f"{row['sigma']:.3g} sigma"
    return f"{row['label']}: {seen}; 3 sigma from {row['factor_3']:.3g} of the signal on"


def _together(found: Discoveries) -> str:
    together = f"together {found.sigma:.3g} sigma (Asimov)"
    if not found.left_out:
        return together
    why = "they expect no background, and one event is a discovery"
    return f"{together}, without {', '.join(found.left_out)}: {why}"


def _allowed(today: Sequence[Today]) -> str:
    if not today:
        return (
            "no experiment of this fit has measured: whether the injected point is allowed today is not asked"
        )
    against = [t for t in today if t.excludes]
    nearest = closest(tuple(today))
    if against:
        return f"the injected point is excluded today by {', '.join(_verdict(t) for t in against)}"
    where = f"; closest is {_verdict(nearest)}" if nearest is not None else ""
    return f"today's data allow the injected point{where}"


def _verdict(t: Today) -> str:
    size = f"pull {t.strength:.3g}" if t.measurement else f"{t.strength:.3g} times its limit"
    return f"{t.label}, {size}"


def warnings_of(found: Discoveries) -> list[str]:
    """Return why the answer may be of no use: the point is excluded, or any event counts as a discovery."""
    warnings = [_allowed(found.today)] if any(t.excludes for t in found.today) else []
    bare = found.table[(found.table["background_events"] == 0) & (found.table["signal_events"] > 0)]
    if len(bare):
        names = ", ".join(bare["label"])
        warnings.append(f"no background at all is assumed for {names}: one event is a discovery there")
    return warnings


def _objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    for fit in fits:
        of = f"{fit.label} has" if fit.spec.label else "this fit has"
        if fit.injected is None:
            where = "in that variant, or choose variants with `for`" if fit.spec.slug else "at the top level"
            return (
                f"{of} published data: write data: {{asimov: {{at: reference}}}} {where} to inject a signal"
            )
        if fit.spec.data is not None and not fit.spec.data.signal:
            return f"{of} Asimov data without signal: write at: reference, or at: {{epsilon: ..., ...}}"
    return None


TASK = Task(
    KIND,
    "which experiment needs the least signal, and at how many sigma each sees an injected one",
    (),
    run,
    objection=_objection,
)
