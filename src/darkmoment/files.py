"""Files written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

TEMPORARY = ".darkmoment-tmp"


def write_whole(target: Path, content: bytes) -> None:
    """Write a file under a temporary name, sync it, and give it its name."""
    temporary = target.with_name(f".{target.name}{TEMPORARY}")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        # where a file system finds out late, it names no file
        raise OSError(error.errno, error.strerror, str(target)) from None
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make a new name survive a loss of power, where the system knows how."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_unfinished(name: str) -> bool:
    """Return True for a name that only an interrupted `write_whole` leaves behind."""
    return name.endswith(TEMPORARY)


def remove_unfinished(folder: Path) -> None:
    """Remove what an interrupted `write_whole` left behind, at any depth."""
    for file in folder.rglob(f"*{TEMPORARY}"):
        file.unlink(missing_ok=True)
