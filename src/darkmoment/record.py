"""The run directory: every file written whole or not at all, and enough beside it to know what it is."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.resources.abc import Traversable
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd

from darkmoment.citing import references
from darkmoment.experiments.discovery import announced, card
from darkmoment.experiments.outside import sha256
from darkmoment.files import TEMPORARY, is_unfinished, remove_unfinished, write_whole
from darkmoment.fit import Fit
from darkmoment.manifest import MANIFEST, compare_manifest, write_manifest
from darkmoment.runfile.datasets import named_by
from darkmoment.runfile.schema import ExperimentSpec, FitSpec, RunFile, TaskSpec
from darkmoment.versions import making, versions

RECORD = "record.json"
RUN_FILE = "run.yaml"
RESULT = "result.json"
BLOCKS = "blocks"

LEAST_FREE = 50 * 10**6
"""Bytes that have to be free before a run begins: several times what one of many tasks and chains takes."""

_PROBE = 8 * 1024


class DirectoryError(ValueError):
    """A run directory that cannot be used: not empty, not writable, full, or of another fit."""


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

    Attributes
    ----------
    notes : list of str
        What differs from when the run was begun, and does not stop it from being resumed.

    Raises
    ------
    DirectoryError
        If the directory holds something and `resume` is not asked for, holds a run of another fit,
        cannot be written to, or less than 50 MB are free.
    """

    def __init__(self, path: Path, record: Mapping[str, Any], resume: bool = False) -> None:
        self.path = path
        self.record = {**record, "digest": digest(record)}
        self.notes: list[str] = []
        try:
            made = not path.exists()
            if not made and not path.is_dir():
                raise DirectoryError(f"{path} is a file, not a directory: choose another --out")
            path.mkdir(parents=True, exist_ok=True)
            held = sorted(p.name for p in path.iterdir() if not is_unfinished(p.name))
            _probe(path)
        except OSError as error:
            raise DirectoryError(
                f"{path}: cannot be written to ({error.strerror}): choose another --out"
            ) from None
        except DirectoryError:
            if made:
                path.rmdir()
            raise
        if held and not resume:
            raise DirectoryError(
                f"{path} is not empty (it holds {held[0]}): choose another --out, or --resume"
            )
        begun: dict[str, Any] = {"versions": versions(), "making": making()}
        if held:
            begun |= self._same_run()
            self._unseal()
        remove_unfinished(path)
        self.write_json(RECORD, {**self.record, **begun})

    def _same_run(self) -> dict[str, Any]:
        """Compare with the run that is held; return what its record says of how it was begun."""
        try:
            old = json.loads((self.path / RECORD).read_text(encoding="utf-8"))
            if not isinstance(old, dict):
                raise ValueError("a record is an object")
        except (OSError, ValueError):
            raise DirectoryError(
                f"{self.path} holds no readable {RECORD}: it is not a run to resume"
            ) from None
        if old.get("digest") != self.record["digest"]:
            changed = "; ".join(differences(old, self.record)) or "the record itself"
            raise DirectoryError(f"{self.path} belongs to another run; changed since: {changed}")
        kept = {key: old[key] for key in ("versions", "making", "resumed_with") if key in old}
        before, now = (kept.get("resumed_with") or [kept.get("making")])[-1], making()
        if isinstance(before, dict) and before != now:
            changed = ", ".join(differences(before, now))
            self.notes.append(
                f"{self.path} was begun with other software: {changed}; finished tables are taken over as "
                "they are, the rest is computed anew"
            )
            kept["resumed_with"] = [*kept.get("resumed_with", []), now]
        return kept

    def _unseal(self) -> None:
        """Remove the list of what a finished run wrote: it is written again in the end."""
        try:
            found = compare_manifest(self.path)
        except (OSError, ValueError) as error:
            self.notes.append(f"{self.path / MANIFEST} cannot be read ({error})")
        else:
            self.notes += [
                f"{self.path / name} is not the file that the run wrote; it is taken over as it is"
                for name in (found[0] if found else [])
                if name not in (RECORD, RUN_FILE)  # written anew
            ]
        for name in (RESULT, MANIFEST):  # until it has finished again it has not
            (self.path / name).unlink(missing_ok=True)

    def seal(self, folders: Iterable[str]) -> None:
        """Write down what the run has written, at the top and in these folders: it has finished."""
        write_manifest(self.path, folders)

    def file(self, name: str) -> Path:
        """Return a path inside the directory; its folder exists."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def write_text(self, name: str, text: str) -> Path:
        """Write a text file whole: to a temporary name, synced, renamed."""
        target = self.file(name)
        write_whole(target, text.encode("utf-8"))
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
        return read_table(self.path, stem)


def read_table(folder: Path, stem: str) -> tuple[pd.DataFrame, dict[str, Any]] | None:
    """Return a finished table of a run directory and what it is; None where it was not finished."""
    file = folder / f"{stem}.json"
    if not file.exists():
        return None
    about = json.loads(file.read_text(encoding="utf-8"))
    # a variant may be called 0.10 or nan: text stays text, to the letter
    texts = about.pop("text_columns")
    read = pd.read_csv(folder / f"{stem}.csv", dtype=str, keep_default_na=False)
    numbers = [column for column in read if column not in texts]
    return read.assign(**{str(column): _as_numbers(read[column]) for column in numbers}), about


def _probe(path: Path) -> None:
    """Really write to the directory; raises OSError, or DirectoryError where the disk is nearly full."""
    free = shutil.disk_usage(path).free
    if free < LEAST_FREE:
        raise DirectoryError(
            f"{path}: only {free / 1e6:.1f} MB are free there, a run needs {LEAST_FREE / 1e6:.0f} MB: "
            "free some space or choose another --out"
        )
    probe = path / f".writable{TEMPORARY}"
    try:
        write_whole(probe, bytes(_PROBE))
    finally:
        probe.unlink(missing_ok=True)


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


HOW = ("digest", "versions", "making", "resumed_with")
"""Entries of a record that say how, not what, was run."""


def differences(old: Any, new: Any, path: tuple[str, ...] = ()) -> list[str]:
    """Name the entries that differ between two records."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in dict.fromkeys([*old, *new]) if path or key not in HOW]
        return [d for key in keys for d in _changed(old, new, key, path)]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return [d for i, (a, b) in pairs for d in differences(a, b, (*path[:-1], f"{path[-1]}[{i}]"))]
    if old == new:
        return []
    if path[0] == "data":
        return [f"the content of {'/'.join(path[1:])}"]
    return [f"{_joined(path)} ({_short(old)} -> {_short(new)})"]


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], key: str, path: tuple[str, ...]) -> list[str]:
    if key in old and key in new:
        return differences(old[key], new[key], (*path, key))
    what, where = ("added", new) if key in new else ("removed", old)
    return [f"{_joined((*path, key))} ({_short(where[key])} {what})"]


def _joined(path: Iterable[str]) -> str:
    return ".".join(part for part in path if part)


def _short(value: Any) -> str:
    text = json.dumps(value, default=_plain)
    return text if len(text) < 60 else text[:57] + "..."


def describe(
    file: RunFile, fits: Mapping[str, Fit], seed: int, fixed: Mapping[str, float], tasks: Sequence[TaskSpec]
) -> dict[str, Any]:
    """Return what defines a run: the resolved fits, the seed, the data's sha256 and their references.

    Tasks may name experiments of the top level that no variant has, and other datasets than a fit's: they
    are kept as `named`, and the top level that they are asked of as `base`.
    """
    named, top = named_by(tasks, file.base), top_level(file, tasks)
    used = [asked for fit in fits.values() for asked in fit.spec.experiments.values()]
    likelihoods = [e for fit in fits.values() for e in fit.experiments.values()]
    return {
        "name": file.name,
        "title": file.title,
        "seed": seed,
        "fixed": dict(fixed),
        "fits": {slug: fit.spec.resolved() for slug, fit in fits.items()},
        # nothing where nothing is: records of before stay as they are
        **({"named": {entry: asked.resolved() for entry, asked in named.items()}} if named else {}),
        **({"base": top.resolved()} if top is not None else {}),
        "data": data_of([*used, *named.values()]),
        "references": references([*likelihoods, *(asked.load() for asked in named.values())]),
        "tasks": [task.resolved() for task in tasks],
    }


def top_level(file: RunFile, tasks: Sequence[TaskSpec]) -> FitSpec | None:
    """Return the file's top level with the experiments that tasks name; None where a fit is that."""
    named = {asked.name for asked in named_by(tasks, file.base).values()}
    if file.base in file.fits or not named:
        return None
    return replace(file.base, experiments={n: e for n, e in file.base.experiments.items() if n in named})


def data_of(experiments: Iterable[ExperimentSpec]) -> dict[str, dict[str, str]]:
    """Return the sha256 of every file an experiment is made from, experiment -> file -> sha256."""
    data: dict[str, dict[str, str]] = {}
    for asked in experiments:
        name = asked.name
        known = data.setdefault(name, {})
        if asked.definition is not None:
            known |= {shown: sha256(path) for shown, path in asked.definition.files(name).items()}
        elif not known:
            known |= _hashes(card(name).folder)
            if name in announced():
                known["(package)"] = announced()[name].package
    return dict(sorted(data.items()))


def _hashes(folder: Traversable) -> dict[str, str]:
    kept = sorted(
        (f for f in folder.iterdir() if f.name.endswith((".csv", ".yaml", ".py"))), key=lambda f: f.name
    )
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in kept}
