"""The answers in words, as the command line and the results themselves say them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from darkmoment.inference.beside import ALLOWS, compared
from darkmoment.inference.leave_one_out import NONE
from darkmoment.inference.upper_limits import ABOVE, BELOW, BRACKETED

if TYPE_CHECKING:
    from darkmoment.inference.profile import Profile
    from darkmoment.inference.quantiles import PosteriorLimit

_SAME = 0.01


def limit(table: pd.DataFrame, quantity: str, along: str | None, level: float, unit: str) -> str:
    """Say the largest value of a table of `maximise`, and who forbids more."""
    column = f"{quantity}_max"
    known = table[table[column].notna()]
    if known.empty:
        return "no allowed point was found"
    row = known.iloc[int(known[column].argmax())]
    where = f", highest of {len(table)} values of {along}, at {row[along]:.4g}" if along else ""
    if along and len(table) == 1:
        where = f", at {along} = {row[along]:.4g}"
    return (
        f"largest {quantity} = {row[column]:.4g}{' ' + unit if unit else ''} "
        f"({level:.0%} CL{where}; forbids more: {row['leading_experiment']}; {row['status']})"
    )


def interval(found: Profile, level: float, unit: str) -> str:
    """Say the interval of a profile, or that there is none."""
    x, (lower, upper), unit = found.x, found.interval(level), f" {unit}".rstrip()
    ends = [f"{x} > {lower:.4g}{unit}"] if lower is not None else []
    ends += [f"{x} < {upper:.4g}{unit}"] if upper is not None else []
    said = " and ".join(ends) or f"no bound on {x} is reached within the values asked for"
    allowed = found.table[x][found.table["status"] != "failed"]
    if allowed.empty:
        said = f"no allowed point was found for any value of {x}"
    elif found.failed:
        said += f"; allowed points were found from {allowed.min():.4g} to {allowed.max():.4g}{unit} only"
    return f"{said} ({level:.0%} CL)"


def plane(
    table: pd.DataFrame,
    limits: pd.DataFrame | None,
    x: str,
    y: str,
    level: float,
    unit_of: Callable[[str], str],
) -> str:
    """Say the limits on y read off a map, or where its smallest chi2 is where they make no sense."""
    allowed = table[np.isfinite(table["delta_chi2"])]
    if allowed.empty:
        return f"no allowed point was found for any {x} and {y}"
    if limits is None:
        best = allowed.loc[allowed["delta_chi2"].idxmin()]
        where = " and ".join(f"{n} = {best[n]:.4g} {unit_of(n)}".rstrip() for n in (x, y))
        return f"profile of {x} and {y}: smallest chi2 of the map {best['chi2']:.4g} at {where}"
    unit = f" {unit_of(y)}".rstrip()
    known = limits.dropna(subset=[f"{y}_max"])
    if known.empty:
        return f"profile of {x} and {y}: no upper limit on {y} is reached within the map"
    low, high = (known.loc[getattr(known[f"{y}_max"], end)()] for end in ("idxmin", "idxmax"))
    ends = [f"{row[f'{y}_max']:.4g}{unit} at {x} = {row[x]:.4g}" for row in (low, high)]
    # a limit that does not depend on x has no ends to name
    flat = high[f"{y}_max"] <= 1.001 * low[f"{y}_max"]
    said = f"{y} < " + (f"{low[f'{y}_max']:.4g}{unit}" if flat else " to ".join(ends))
    said += f" ({level:.0%} CL at each {x}, read off the map)"
    open_ends = [
        f"; {count} of {len(limits)} values of {x} {words}"
        for edge, words in (
            (ABOVE, "reach no limit within the map"),
            (BELOW, "are excluded for every value of the map"),
            (BRACKETED, "end at a hard limit between two values of the map: the lower is quoted"),
        )
        if (count := int((limits["edge"] == edge).sum()))
    ]
    return said + "".join(open_ends)


def leave_one_out(table: pd.DataFrame, quantity: str, along: str | None, level: float) -> str:
    """Say which experiment's removal raises the limit most, where, and which ones change nothing."""
    kept = table[(table["without"] != NONE) & table["ratio"].notna()]
    what = f"{level:.0%} limit on {quantity}"
    if kept.empty:
        return f"no {what} to leave experiments out of"
    tops = kept.loc[kept.groupby("without", sort=False)["ratio"].idxmax()]
    tops = tops.sort_values("ratio", ascending=False, kind="stable")
    raised = [
        f"{row['ratio']:.3g} times without {row['without']}"
        + (f" (at {along} = {row[along]:.3g})" if along else "")
        for row in tops[tops["ratio"] > 1 + _SAME].to_dict("records")
    ]
    change = (kept["ratio"] - 1).abs().groupby(kept["without"], sort=False).max()
    same = list(change.index[change <= _SAME])
    rises = f"{what} rises by up to {', '.join(raised)}" if raised else f"{what} rises without no experiment"
    return rises + (f"; within 1% the same without {', '.join(same)}" if same else "")


def posterior(found: PosteriorLimit, unit: str, remark: str = "") -> str:
    """Say a posterior limit with its sampling error."""
    value = f"{found.value:.3g} {unit}".strip()
    size = f" +- {found.error / found.value:.1%} from sampling" if found.value > 0 else ""
    return f"{found.quantity} < {value} ({found.level:.0%}, posterior{size}{'; ' + remark if remark else ''})"


def steps(table: pd.DataFrame, quantity: str, unit: str, level: float) -> list[str]:
    """Say each step of a waterfall: the largest value, how it changed, and because of what."""
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
        said += _beside(table.iloc[-1].to_dict(), quantity, unit)
    return said


def _beside(row: Mapping[Any, Any], quantity: str, unit: str) -> list[str]:
    """Say how far the last step is from what experiments see that look for the quantity itself."""
    limits = {
        str(name)[len(quantity) + 1 : -len(ALLOWS)]: float(limit)
        for name, limit in row.items()
        if str(name).startswith(f"{quantity}_") and str(name).endswith(ALLOWS)
    }
    said = compared(limits, quantity, unit, row[f"{quantity}_max"])
    return [f"{row['variant']}: {said}"] if said else []
