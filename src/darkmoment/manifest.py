"""What a finished run wrote: the sha256 of every file of results, as `sha256sum --check` reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from darkmoment.files import is_unfinished, write_whole
from darkmoment.timing import TIMINGS

MANIFEST = "files.sha256"

_RESULTS = {".csv", ".json", ".nc", ".tex", ".yaml"}
"""Figures can be drawn again, by another matplotlib with other bytes."""


def write_manifest(directory: Path, folders: Iterable[str]) -> None:
    """Write the sha256 of the results of a run, at the top and in the folders of its variants."""
    places = [directory, *(directory / folder for folder in folders if folder)]
    files = sorted(file for place in places if place.is_dir() for file in place.iterdir() if _is_result(file))
    lines = [f"{_sha256(file)}  {file.relative_to(directory).as_posix()}\n" for file in files]
    write_whole(directory / MANIFEST, "".join(lines).encode())


def _is_result(file: Path) -> bool:
    return (
        file.is_file()
        and file.suffix in _RESULTS
        and file.name != TIMINGS
        and not is_unfinished(file.name)
        and not file.name.startswith(".")
    )


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def compare_manifest(directory: Path) -> tuple[list[str], list[str]] | None:
    """Return the files that are not what the run wrote, and those that are missing; None without a manifest.

    Raises
    ------
    OSError, ValueError
        If the manifest, or a file, cannot be read.
    """
    file = directory / MANIFEST
    if not file.exists():
        return None
    entries = [line.split("  ", 1) for line in file.read_text(encoding="utf-8").splitlines()]
    if any(len(entry) != 2 for entry in entries):
        raise ValueError("a line has no sha256 and name")
    missing = [name for _, name in entries if not (directory / name).is_file()]
    changed = [name for found, name in entries if name not in missing and _sha256(directory / name) != found]
    return changed, missing
