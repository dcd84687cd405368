"""A run directory as it lies on disk: what is finished, what is missing, and what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from darkmoment.record import BLOCKS, HOW, RECORD, RESULT, RUN_FILE, DirectoryError, digest, read_table
from darkmoment.runfile.recorded import data_spec, task_of
from darkmoment.runfile.schema import TaskSpec
from darkmoment.tasks.registry import TASKS
from darkmoment.tasks.runner import stems
from darkmoment.timing import TIMINGS

_OWN = {RECORD, RESULT, TIMINGS}


@dataclass(frozen=True)
class SavedTable:
    """A finished table.

    Attributes
    ----------
    name : str
        Path without suffix, relative to the run directory: ``single_y/maximise_mu_eff``.
    slug : str
        Folder of its variant; empty at the top.
    about : dict
        What the JSON file beside it says.
    """

    name: str
    slug: str
    table: pd.DataFrame
    about: Mapping[str, Any]

    @property
    def stem(self) -> str:
        """Name without the variant's folder."""
        return self.name.rpartition("/")[2]

    @property
    def task(self) -> str:
        """Kind of task it came from; empty where it does not say."""
        return str(self.about.get("task", ""))

    @property
    def together(self) -> bool:
        """True where it repeats the tables of all variants."""
        # a variant may be called "all": its tables lie in its folder, or have no column of variants
        return not self.slug and self.about.get("variant") == "all" and "variant" in self.table


@dataclass(frozen=True)
class SavedRun:
    """A run directory.

    Attributes
    ----------
    record : dict
        ``record.json``.
    result : dict or None
        ``result.json``; None where the run has not finished.
    tables : dict of str to SavedTable
        Name -> finished table, in the order of the tasks, what else there is after them.
    missing : list of str
        Names of tables that the tasks would have written and that are not there.
    problems : list of str
        Files that cannot be read, with the reason.
    run_file : str
        Text of the run file; empty where there is none.
    """

    path: Path
    record: Mapping[str, Any]
    result: Mapping[str, Any] | None
    tables: Mapping[str, SavedTable]
    missing: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    run_file: str = ""

    @property
    def slugs(self) -> list[str]:
        """Folder of each variant; a single '' for a file without variants."""
        return list(self.record["fits"])

    def label(self, slug: str) -> str:
        """Return the label of a variant, or the name of the run."""
        return self.record["fits"].get(slug, {}).get("label") or str(self.record["name"])

    def projected(self, slug: str) -> bool:
        """Return True where a variant has an experiment that has not measured yet."""
        known = (self.record.get("references") or {}).get("experiments", {})
        asked = self.record["fits"].get(slug, {}).get("experiments", {})
        facts = (known.get(name, {}).get(str(e.get("dataset")), {}) for name, e in asked.items())
        return any(about.get("status") == "projected" for about in facts)

    def data(self, slug: str) -> str:
        """Return what the experiments of a variant observe, in words; empty for what has been published."""
        given = self.record["fits"].get(slug, {}).get("data")
        try:
            return "" if given is None else data_spec(given).text
        except (KeyError, TypeError, ValueError):
            return "Asimov data"

    @property
    def experiments(self) -> dict[str, str]:
        """Labels of experiments, as the tables have them or from their titles."""
        found: dict[str, str] = {}
        for name, datasets in (self.record.get("references") or {}).get("experiments", {}).items():
            first = next(iter(datasets.items()), None)
            if first is not None:
                found[name] = f"{str(first[1].get('title') or name).partition(',')[0]} ({first[0]})"
        for saved in self.tables.values():
            known = saved.about.get("experiments")
            if isinstance(known, dict):
                found |= {str(name): str(label) for name, label in known.items()}
        return found

    @property
    def tasks(self) -> list[TaskSpec]:
        """The tasks, those of a damaged record left out."""
        try:
            return [task_of(task) for task in self.record["tasks"]]
        except (KeyError, TypeError):
            return []

    def asked(self, stem: str) -> list[str]:
        """Return the slugs of the variants that the task asks whose results have this stem."""
        tasks = self.tasks
        found = (task for task, own in zip(tasks, stems(tasks), strict=True) if own == stem)
        task = next(found, TaskSpec(""))
        return [slug for slug, fit in self.record["fits"].items() if _asks(task, fit)]

    def overlays(self, stem: str) -> list[Mapping[str, Any]]:
        """Return the user's own curves on the figures of the task with this stem."""
        tasks = self.tasks
        found = (task for task, own in zip(tasks, stems(tasks), strict=True) if own == stem)
        given = next(found, TaskSpec("")).options.get("overlay") or []
        return [o for o in given if isinstance(o, dict) and {"label", "points"} <= set(o)]

    def of(self, task: str) -> list[SavedTable]:
        """Return the tables that a kind of task wrote."""
        return [saved for saved in self.tables.values() if saved.task == task]

    @property
    def finished(self) -> bool:
        """True where every task and the summary are finished."""
        return self.result is not None and not self.missing

    @classmethod
    def read(cls, path: Path) -> SavedRun:
        """Read what can be read.

        Raises
        ------
        DirectoryError
            If it is no run directory.
        """
        record = _record(path)
        problems: list[str] = []
        expected = list(_expected(record))
        found: dict[str, SavedTable] = {}
        for name in dict.fromkeys([*expected, *_present(path, record)]):
            if (saved := _table(path, name, problems)) is not None:
                found[name] = saved
        result = _json(path / RESULT, problems) if (path / RESULT).exists() else None
        run_file = path / RUN_FILE
        try:
            text = run_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            text = ""
        missing = [name for name in expected if name not in found]
        return cls(path, record, result, found, missing, problems, text)

    def files(self, pattern: str) -> list[Path]:
        """Return the files of a pattern, tables of unfinished blocks left out, in a fixed order."""
        kept = (p for p in self.path.rglob(pattern) if p.is_file() and not p.name.startswith("."))
        inside = ((p.relative_to(self.path).parts, p) for p in kept)
        return [p for parts, p in sorted(inside) if BLOCKS not in parts and parts[0] != "inputs"]


@contextmanager
def reading(*directories: Path) -> Iterator[None]:
    """Blame what goes wrong inside on a record whose digest does not match its content, where one has such.

    Raises
    ------
    DirectoryError
        Naming the record.
    """
    try:
        yield
    except DirectoryError:
        raise
    except (AttributeError, LookupError, StopIteration, TypeError, ValueError) as error:
        for path in directories:
            if not _intact(path):
                what = f"{type(error).__name__}: {error}"
                raise DirectoryError(
                    f"{path / RECORD} is damaged: its digest does not match its content ({what})"
                ) from error
        raise


def _intact(path: Path) -> bool:
    try:
        return is_intact(json.loads((path / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False


def is_intact(record: object) -> bool:
    """Return True where a record's digest is that of its content."""
    if not isinstance(record, dict):
        return False
    return digest({key: value for key, value in record.items() if key not in HOW}) == record.get("digest")


def _record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise DirectoryError(f"{path} holds no readable {RECORD}: it is no run directory") from None
    if not (isinstance(record, dict) and isinstance(record.get("fits"), dict) and "tasks" in record):
        raise DirectoryError(f"{path / RECORD} does not describe a run: it is no run directory")
    return record


def _expected(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the tables that the tasks of a record write."""
    try:
        tasks = [task_of(task) for task in record["tasks"]]
    except (KeyError, TypeError):
        return
    for task, stem in zip(tasks, stems(tasks), strict=True):
        kind = TASKS.get(task.kind)
        if kind is None:
            continue  # of another version: nobody knows what it writes
        if kind.whole_file:
            yield stem
        else:
            asked = [slug for slug, fit in record["fits"].items() if _asks(task, fit)]
            yield from (f"{slug}/{stem}" if slug else stem for slug in asked)


def _asks(task: TaskSpec, fit: Mapping[str, Any]) -> bool:
    return task.variants is None or fit.get("label") in task.variants


def _present(path: Path, record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of all tables that are there: at the top, then variant by variant."""
    for slug in dict.fromkeys(["", *record["fits"]]):
        folder = path / slug
        if folder.is_dir():
            for about in sorted(folder.glob("*.json")):
                if slug or about.name not in _OWN:
                    yield f"{slug}/{about.stem}" if slug else about.stem


def _table(path: Path, name: str, problems: list[str]) -> SavedTable | None:
    try:
        found = read_table(path, name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        problems.append(f"{name}.csv cannot be read ({type(error).__name__}: {error})")
        return None
    return None if found is None else SavedTable(name, name.rpartition("/")[0], *found)


def _json(file: Path, problems: list[str]) -> Mapping[str, Any] | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problems.append(f"{file.name} cannot be read ({error})")
        return None
    return found if isinstance(found, dict) else None
