"""Columns of a table that follow from its other columns: Delta chi2 and what it is counted from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from darkmoment.inference.cell import ORIGINS
from darkmoment.parameters import Array
from darkmoment.reevaluation import CHI2_FLOOR, Column
from darkmoment.saved import SavedTable

Followed = tuple[Column, Array, Array]
"""A column, what was stored in it and what its other columns say."""


def followed(saved: SavedTable) -> Iterator[Followed]:
    """Yield each column that follows from others, with what they say it is."""
    table = saved.table
    for origin in dict.fromkeys(ORIGINS.values()):
        if {f"chi2_{origin}", "delta_chi2"} <= set(table):
            yield from _from_terms(table, origin)
    if saved.task == "profile" and {"chi2", "delta_chi2"} <= set(table):
        yield _above_smallest(table, "delta_chi2", None)
        if "delta_chi2_at_x" in table:
            yield _above_smallest(table, "delta_chi2_at_x", str(saved.about.get("x")))


def _numbers(table: pd.DataFrame, name: str) -> Array:
    return table[name].to_numpy(dtype=float)


def _from_terms(table: pd.DataFrame, origin: str) -> Iterator[Followed]:
    """Add the terms up; one that a variant does not have is left empty in its rows."""
    ending = f"_at_{origin}"
    terms = [str(c).removesuffix(ending) for c in table if str(c).endswith(ending)]
    if not terms:
        return
    here = table[terms].to_numpy(dtype=float)
    there = table[[f"{term}{ending}" for term in terms]].to_numpy(dtype=float)
    stored = _numbers(table, "delta_chi2")
    total = np.nansum(there, axis=1)
    nothing = np.isnan(here).all(axis=1)
    each = np.nansum(np.maximum(here, there) - there, axis=1)
    together = np.nansum(here, axis=1) - total
    # whether terms count together or each upwards is told by the one that is nearer
    nearer = np.abs(each - stored) < np.abs(together - stored)
    yield (
        Column("delta_chi2", floor=CHI2_FLOOR),
        stored,
        np.where(nothing, np.nan, np.where(nearer, each, together)),
    )
    yield Column(f"chi2_{origin}", floor=CHI2_FLOOR), _numbers(table, f"chi2_{origin}"), total


def _above_smallest(table: pd.DataFrame, name: str, along: str | None) -> Followed:
    """Take one number off every chi2: all of a variant, or all at the same value, share it."""
    chi2, stored = _numbers(table, "chi2"), _numbers(table, name)
    new = chi2.copy()
    keys = [table[c].to_numpy() for c in ("variant", along) if c in table]
    for group in pd.Series(np.arange(len(table))).groupby(keys or [np.zeros(len(table))]):
        rows = group[1].to_numpy()
        known = rows[np.isfinite(chi2[rows]) & np.isfinite(stored[rows])]
        if len(known):
            # where chi2 is smallest it is known best: a large one has lost the digits of what was taken off
            least = known[chi2[known].argmin()]
            new[rows] = chi2[rows] - (chi2[least] - stored[least])
    return Column(name, floor=CHI2_FLOOR), stored, new
