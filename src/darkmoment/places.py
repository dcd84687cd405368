"""Where the command line writes single files: a place that cannot be written to is told before the work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os.path import isdir
from pathlib import Path

import pandas as pd

from darkmoment.files import TEMPORARY, write_whole


class UsageError(ValueError):
    """Arguments that cannot be used together, or name something that does not exist."""


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Say which file cannot be written, and what to do."""
    try:
        yield
    except OSError as error:
        reason = f"{target}: cannot be written ({error.strerror})"
        raise UsageError(f"{reason}: choose a place in a directory that exists and is yours") from None


def can_be_written(target: Path) -> None:
    """Refuse a place before anything is computed for it."""
    if isdir(target):  # where Path.is_dir raises for a name that is too long
        raise UsageError(f"{target} is a directory: choose the name of a file")
    probe = target.with_name(f".{target.name}{TEMPORARY}")
    with writing(target):
        try:
            probe.touch()
        finally:
            probe.unlink(missing_ok=True)


def write_csv(table: pd.DataFrame, target: Path) -> None:
    """Write a table whole or not at all."""
    with writing(target):
        write_whole(target, table.to_csv(index=False).encode("utf-8"))
