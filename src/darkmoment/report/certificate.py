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
    hits, starts = row.get("hits_per_search"), row.get("starts")
    if status != "failed" and hits and starts:
        said += f": reached by {hits} of {starts} starts of two searches"
    return said


def worst(states: list[str]) -> str:
    """Return the least certain of several states."""
    order = ["failed", "uncertified", "range", "certified"]
    return next((state for state in order if state in states), states[0] if states else "")
