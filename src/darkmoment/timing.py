"""How long each task took: in a file of its own, so that two runs of one file are otherwise equal."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from darkmoment.files import write_whole

TIMINGS = "timings.json"


@contextmanager
def timed(directory: Path, what: str) -> Iterator[None]:
    """Add the seconds spent inside to those that ``timings.json`` has for `what`, also where it ends badly.

    A run that is resumed adds to what it took before.
    """
    start = time.perf_counter()
    try:
        yield
    finally:
        known = read_timings(directory)
        known[what] = round(known.get(what, 0.0) + time.perf_counter() - start, 3)
        write_whole(directory / TIMINGS, (json.dumps({"seconds": known}, indent=1) + "\n").encode())


def read_timings(directory: Path) -> dict[str, float]:
    """Return what ``timings.json`` says, task -> seconds; nothing where there is none to read."""
    try:
        found = json.loads((directory / TIMINGS).read_text(encoding="utf-8"))["seconds"]
        return {str(what): float(seconds) for what, seconds in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
