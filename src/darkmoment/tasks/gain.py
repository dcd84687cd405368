"""How much more one variant forbids than another: the table beside a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

Side = Literal["", "at least", "at most", "about"]
"""How a number that is not certified may lie: below the true one, above it, or either."""

_CERTIFIED = ("certified", "range")
_UNCHANGED = 0.01

COLUMNS: Mapping[str, str] = {
    "gain": "largest value of the reference variant over that of this one: 1 or more where this forbids more",
    "gain_is": "how the true gain may lie where something is not certified: at least, at most, about",
    "gain_min": "smallest gain at one value of `along`, and where",
    "gain_max": "largest gain at one value of `along`, and where",
    "compared": "values of `along` at which both variants have a limit",
    "certified": "yes where every limit of both variants is certified",
}
"""What is not clear from a column's name."""

MEANING = (
    "All experiments of a variant share one Delta chi2, that of the confidence level: a gain is that of the "
    "whole variant over the other, so the gains of several experiments do not multiply."
)


def gain_table(table: pd.DataFrame, quantity: str, along: str, over: str) -> pd.DataFrame:
    """Compare the limits of each variant with those of one.

    Parameters
    ----------
    table : DataFrame
        Columns `variant`, `along`, ``<quantity>_max``, `status`, and of the certificate `hits_per_search`
        and `migrad`.
    over : str
        Variant in the numerator of each gain.

    Returns
    -------
    DataFrame
        One row per variant, the reference among them; NaN where a variant has no limit.
    """
    column = f"{quantity}_max"
    parts = {str(name): part for name, part in table.groupby("variant", sort=False)}
    reference = parts[over]
    rows = []
    for name, part in parts.items():
        top, top_is = _largest(part, column)
        most, most_is = _largest(reference, column)
        row: dict[str, Any] = {"variant": name, column: np.nan, along: np.nan, "status": "failed"}
        if top is not None:
            row |= {column: top[column], along: top[along], "status": top["status"]}
        reached = np.nan if most is None else most[column]
        row[f"{column}_of_reference"] = reached
        row["gain"] = _ratio(reached, row[column])
        row["gain_is"] = "" if name == over else _quotient(most_is, top_is)
        row |= _along(part, reference, column, along)
        sure = bool(part["status"].isin(_CERTIFIED).all() and reference["status"].isin(_CERTIFIED).all())
        rows.append(row | {"certified": "yes" if sure else "no"})
    return pd.DataFrame(rows)


def gains_along(table: pd.DataFrame, quantity: str, along: str, over: str) -> dict[str, pd.DataFrame]:
    """Return variant -> columns `along`, `gain`, `status`, the reference variant left out."""
    parts = {str(name): part for name, part in table.groupby("variant", sort=False)}
    return {
        name: _together(part, parts[over], f"{quantity}_max", along)
        for name, part in parts.items()
        if name != over
    }


def _together(part: pd.DataFrame, reference: pd.DataFrame, column: str, along: str) -> pd.DataFrame:
    """Return the gains where both variants were asked at the same value of `along`."""
    x, own = reference[along].to_numpy(dtype=float), part[along].to_numpy(dtype=float)
    same = np.isclose(own[:, None], x[None, :], rtol=1e-9, atol=0.0)
    rows, of = np.nonzero(same)
    mine, theirs = part.iloc[rows].reset_index(drop=True), reference.iloc[of].reset_index(drop=True)
    pairs = zip(_records(theirs), _records(mine), strict=True)
    sides = [_quotient(_side(a), _side(b)) for a, b in pairs]
    gain = [_ratio(a, b) for a, b in zip(theirs[column], mine[column], strict=True)]
    status = np.where(mine["status"].isin(_CERTIFIED), theirs["status"], mine["status"])
    return pd.DataFrame({along: mine[along], "gain": gain, "gain_is": sides, "status": status})


def _along(part: pd.DataFrame, reference: pd.DataFrame, column: str, along: str) -> dict[str, Any]:
    """Return the smallest and the largest gain at one value of `along`, and where they are."""
    found = _together(part, reference, column, along).dropna(subset=["gain"]).reset_index(drop=True)
    row: dict[str, Any] = {}
    for end, pick in (("min", "idxmin"), ("max", "idxmax")):
        at = found.loc[getattr(found["gain"], pick)()] if len(found) else None
        row[f"gain_{end}"] = np.nan if at is None else at["gain"]
        row[f"gain_{end}_at"] = np.nan if at is None else at[along]
        row[f"gain_{end}_is"] = "" if at is None else at["gain_is"]
    return row | {"compared": len(found)}


def _largest(part: pd.DataFrame, column: str) -> tuple[dict[str, Any] | None, Side]:
    """Return the row of the largest value, and how the true largest may lie beside it."""
    known = part.dropna(subset=[column])
    if known.empty:
        return None, ""
    top = _records(known)[int(known[column].argmax())]
    sides = {_side(row) for row in _records(part)}
    if _side(top) == "about":
        return top, "about"
    # a cell that is not certified may hide a larger value, be it the highest that was found or not
    return top, "at least" if sides != {""} else ""


def _side(row: Mapping[str, Any]) -> Side:
    """Return how the true limit of a cell may lie.

    What a search reached is allowed, so the true limit is no smaller; unless it was the smallest chi2 that
    the searches did not agree on, when too much may have been allowed.
    """
    if row["status"] in _CERTIFIED:
        return ""
    hits = str(row.get("hits_per_search", "")).split("+")
    missed = "0" in hits or str(row.get("migrad", "")).startswith("lower")
    return "at least" if missed or row["status"] == "failed" else "about"


def _quotient(above: Side, below: Side) -> Side:
    """Return how a/b may lie, from how a and b may."""
    inverse: dict[Side, Side] = {"": "", "at least": "at most", "at most": "at least", "about": "about"}
    turned = inverse[below]
    if not above or not turned:
        return above or turned
    return above if above == turned else "about"


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _ratio(above: Any, below: Any) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.divide(float(above), float(below)))
    return ratio if np.isfinite(ratio) else np.nan


def sentences(table: pd.DataFrame, quantity: str, along: str, unit: str, over: str) -> list[str]:
    """Say each variant's gain in words."""
    return [_sentence(row, quantity, along, unit, over) for row in _records(table) if row["variant"] != over]


def _sentence(row: Mapping[str, Any], quantity: str, along: str, unit: str, over: str) -> str:
    label = f"{row['variant']}".replace("$", "")
    against = over.replace("$", "")
    if np.isnan(row["gain"]):
        return f"{label}: no gain over {against} can be named: one of them has no limit on {quantity}"
    near = abs(row["gain"] - 1) <= _UNCHANGED
    if near:
        said = f"largest {quantity} as for {against}, within 1%"
        said += f" (a gain of {_number(row['gain'], row['gain_is'])})" if row["gain_is"] else ""
    elif row["gain"] >= 1 - _UNCHANGED:
        said = (
            f"largest {quantity} lower by a factor of {_number(row['gain'], row['gain_is'])} than {against}"
        )
    else:
        turned = _quotient("", row["gain_is"])
        said = f"largest {quantity} higher by a factor of {_number(1 / row['gain'], turned)} than {against}"
    if row["compared"] > 1 and abs(row["gain_max"] / row["gain_min"] - 1) <= _UNCHANGED:
        said += f", and so at each of {row['compared']:.0f} values of {along}"
    elif row["compared"] > 1:
        said += f"; at one {along} {_ends(row, unit)}"
    elif not row["compared"]:
        said += f"; they share no value of {along}"
    return f"{label}: {said}" + ("" if row["certified"] == "yes" else "; not certified throughout")


def _ends(row: Mapping[str, Any], unit: str) -> str:
    """Say the smallest and the largest gain at one value; where one is below 1, that it is a loss."""
    low, high = (f"(at {_at(row[f'gain_{end}_at'], unit)})" for end in ("min", "max"))
    most = _number(row["gain_max"], row["gain_max_is"])
    if row["gain_min"] >= 1 - _UNCHANGED:
        return f"by {_number(row['gain_min'], row['gain_min_is'])} {low} to {most} {high}"
    side = _quotient("", row["gain_min_is"])
    loss = f"{_number(1 / row['gain_min'], side or 'up to')} times weaker {low}"
    if row["gain_max"] <= 1 + _UNCHANGED:
        return f"{loss}, nowhere stronger"
    return f"{loss}, up to {most} times stronger {high}"


def _number(value: float, side: str) -> str:
    return f"{side} {value:.3g}".strip()


def _at(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}".rstrip()
