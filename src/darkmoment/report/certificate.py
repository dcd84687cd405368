"""What a cell's certificate says, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BADGES = {
    "certified": ("certified", "good"),
    "range": ("certified, leans on ranges", "fair"),
    "uncertified": ("not certified", "bad"),
    "failed": ("no allowed point", "bad"),
}
"""Status -> words and how good that is."""


def words(row: Mapping[Any, Any]) -> str:
    """Return the certificate of a row of a table in words; empty where it has none."""
    status = str(row.get("status", ""))
    if not status:
        return ""
    said, _ = BADGES.get(status, (status, ""))
    if status == "failed":
        return said
    if "chi2" in row:
        return said + _handed(row, status)
    hits, starts = row.get("hits_per_search"), row.get("starts")
    return f"{said}: reached by {hits} of {starts} starts of two searches" if hits and starts else said


def _handed(row: Mapping[Any, Any], status: str) -> str:
    """Say how a cell of a profile or map was found: neighbours hand values over after the first round."""
    hits, starts = row.get("hits"), row.get("starts")
    if not (
        isinstance(hits, int | float) and isinstance(starts, int | float) and hits == hits and starts > 0
    ):
        return ""
    whole = "map" if "delta_chi2_at_x" in row else "line"
    agree = f"; two searches of the whole {whole} agree" if status in ("certified", "range") else ""
    return f": {hits:.0f} of {starts:.0f} starts of the first round{agree}"


def worst(states: list[str]) -> str:
    """Return the least certain of several states."""
    order = ["failed", "uncertified", "range", "certified"]
    return next((state for state in order if state in states), states[0] if states else "")
