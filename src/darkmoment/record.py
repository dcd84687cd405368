"""The run directory: every file written whole or not at all, and enough beside it to know what it is."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from importlib.resources import files
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd

from darkmoment.fit import Fit
from darkmoment.runfile.schema import RunFile

PACKAGES = ("darkmoment", "numpy", "scipy", "emcee", "iminuit", "arviz", "pandas", "matplotlib", "corner")
RECORD = "record.json"
RUN_FILE = "run.yaml"


class DirectoryError(ValueError):
    """A run directory that cannot be used: not empty, not writable, or of another fit."""


class RunDirectory:
    """A directory that holds one run.

    Parameters
    ----------
    path : Path
        Made if missing. Must be empty unless `resume`.
    record : mapping
        What defines the run, JSON values; its digest decides whether a run may be resumed.
    resume : bool
        Continue a run of the same digest.

    Raises
    ------
    DirectoryError
        If the directory holds something and `resume` is not asked for, holds a run of another fit, or
        cannot be written to.
    """

    def __init__(self, path: Path, record: Mapping[str, Any], resume: bool = False) -> None:
        self.path = path
        self.record = {**record, "digest": digest(record)}
        if path.exists() and not path.is_dir():
            raise DirectoryError(f"{path} is a file, not a directory: choose another --out")
        try:
            path.mkdir(parents=True, exist_ok=True)
            held = sorted(p.name for p in path.iterdir())
            probe = path / ".writable"
            probe.write_text("")
            probe.unlink()
        except OSError as error:
            raise DirectoryError(f"{path}: cannot be written to ({error.strerror})") from None
        if held and not resume:
            raise DirectoryError(
                f"{path} is not empty (it holds {held[0]}): choose another --out, or --resume"
            )
        if held:
            self._same_run()
        self.write_json(RECORD, {**self.record, "versions": versions()})

    def _same_run(self) -> None:
        try:
            old = json.loads((self.path / RECORD).read_text())
        except (OSError, ValueError):
            raise DirectoryError(
                f"{self.path} holds no readable {RECORD}: it is not a run to resume"
            ) from None
        if old.get("digest") != self.record["digest"]:
            changed = ", ".join(_differences(old, self.record)) or "the record itself"
            raise DirectoryError(f"{self.path} belongs to another run; changed since: {changed}")

    def file(self, name: str) -> Path:
        """Return a path inside the directory; its folder exists."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def write_text(self, name: str, text: str) -> Path:
        """Write a text file whole: to a temporary name, synced, renamed."""
        target = self.file(name)
        temporary = target.with_name(f".{target.name}.tmp")
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
        return target

    def write_json(self, name: str, content: Any) -> Path:
        """Write JSON; numbers keep every digit."""
        return self.write_text(name, json.dumps(content, indent=1, default=_plain) + "\n")

    def write_table(self, stem: str, table: pd.DataFrame, about: Mapping[str, Any]) -> None:
        """Write ``stem.csv`` and, last, ``stem.json`` with what the table is."""
        texts = [column for column in table if not pd.api.types.is_numeric_dtype(table[column])]
        self.write_text(f"{stem}.csv", table.to_csv(index=False))
        self.write_json(f"{stem}.json", {**about, "text_columns": texts})

    def read_table(self, stem: str) -> tuple[pd.DataFrame, dict[str, Any]] | None:
        """Return a finished table and what it is; None where it was not finished."""
        file = self.path / f"{stem}.json"
        if not file.exists():
            return None
        about = json.loads(file.read_text())
        # a variant may be called 0.10 or nan: text stays text, to the letter
        texts = about.pop("text_columns")
        read = pd.read_csv(self.path / f"{stem}.csv", dtype=str, keep_default_na=False)
        numbers = [column for column in read if column not in texts]
        return read.assign(**{str(column): _as_numbers(read[column]) for column in numbers}), about


def _as_numbers(texts: Iterable[str]) -> list[int] | list[float]:
    """Read a column to the last bit; an empty cell is NaN."""
    texts = list(texts)
    try:
        return [int(text) for text in texts]
    except ValueError:
        return [float(text) if text else nan for text in texts]


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{value!r} is no JSON value")


def digest(content: Mapping[str, Any]) -> str:
    """Return the sha256 of JSON values in a canonical form."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=_plain).encode()).hexdigest()


def _differences(old: Any, new: Any, path: str = "") -> list[str]:
    """Name the entries that differ between two records."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for key in dict.fromkeys([*old, *new]):
            if key not in ("digest", "versions"):
                found += _differences(
                    old.get(key), new.get(key), ".".join(part for part in (path, key) if part)
                )
        return found
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return [d for i, (a, b) in pairs for d in _differences(a, b, f"{path}[{i}]")]
    return [] if old == new else [f"{path} ({_short(old)} -> {_short(new)})"]


def _short(value: Any) -> str:
    text = json.dumps(value, default=_plain)
    return text if len(text) < 60 else text[:57] + "..."


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages a number depends on."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in PACKAGES}


def describe(file: RunFile, fits: Mapping[str, Fit], seed: int, fixed: Mapping[str, float]) -> dict[str, Any]:
    """Return what defines a run: the resolved fits, the seed, and the data's sha256."""
    used = sorted({name for fit in fits.values() for name in fit.experiments})
    return {
        "name": file.name,
        "seed": seed,
        "fixed": dict(fixed),
        "fits": {slug: fit.spec.resolved() for slug, fit in fits.items()},
        "data": {name: _hashes(name) for name in used},
    }


def _hashes(experiment: str) -> dict[str, str]:
    folder = files("darkmoment.likelihoods") / experiment
    kept = sorted((f for f in folder.iterdir() if f.name.endswith((".csv", ".yaml"))), key=lambda f: f.name)
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in kept}
