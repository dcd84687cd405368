"""What differs between two runs: in what went in, and in what came out, in words a person reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from darkmoment.inference.profile import Profile
from darkmoment.record import HOW, differences
from darkmoment.saved import SavedRun, SavedTable

SAME = 1e-9
"""Relative difference of two numbers that count as one."""

_NOTICED = 1e-3

_ROWS = (("variant", "experiment"), ("experiment",), ("variant", "name"), ("name",), ("what",), ("variant",))
"""Columns that name a row where there is no parameter along which an answer is drawn."""

_TOLD = 7
"""Entries of such a row that are told one by one."""

_DIAGNOSTICS = ("rhat", "ess", "tail_ess", "tau_steps")
"""Columns that differ between any two samples: not told beside those that say something."""

_SPLITS = ("variant", "without", "convention")
"""Columns that split a table into answers of their own."""


@dataclass
class RunDifferences:
    """Differences of two runs.

    Attributes
    ----------
    inputs : list of str
        Ranges, datasets, hashes, seeds, tasks.
    software : list of str
        Versions of packages and this package's code.
    answers : list of str
        What came out.
    """

    inputs: list[str] = field(default_factory=list)
    software: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """True where anything differs."""
        return bool(self.inputs or self.software or self.answers)

    def lines(self) -> list[str]:
        """Return it as lines of text."""
        found: list[str] = []
        for heading, entries in (
            ("inputs", self.inputs),
            ("software", self.software),
            ("answers", self.answers),
        ):
            found.append(f"{heading}:" if entries else f"{heading}: the same")
            found += [f"  {entry}" for entry in entries]
        return found


def compare_runs(first: Path, second: Path) -> RunDifferences:
    """Compare two run directories.

    Raises
    ------
    DirectoryError
        If one is no run directory.
    """
    old, new = SavedRun.read(first), SavedRun.read(second)
    found = RunDifferences()
    found.inputs = list(_inputs(old, new))
    for key in ("versions", "making", "resumed_with"):
        found.software += differences(old.record.get(key, {}), new.record.get(key, {}), ("",))
    # a package that `versions` and `making` both name is told once
    found.software = list(dict.fromkeys(found.software))
    found.answers = list(_answers(old, new))
    return found


def _inputs(old: SavedRun, new: SavedRun) -> Iterator[str]:
    before, after = old.record, new.record
    # what tasks name is told with the tasks, and with the top level that they are asked of
    apart = ("fits", "base", "named", "data", "references", *HOW)
    rest = [{key: value for key, value in record.items() if key not in apart} for record in (before, after)]
    found = differences(rest[0], rest[1])
    # that a curve of the user's own is another is said by its sha256
    yield from (_in_words(text, before) for text in found if not _POINT.search(text))
    for slug in dict.fromkeys([*before["fits"], *after["fits"]]):
        if slug not in before["fits"] or slug not in after["fits"]:
            where = "second" if slug not in before["fits"] else "first"
            yield f"variant {slug or 'without a name'}: only in the {where} run"
            continue
        which = f"{old.label(slug)}: " if slug else ""
        found = differences(*_pair(before, after, slug), ("",))
        yield from (f"{which}{_in_words(text, before)}" for text in found)
    if "base" in before and "base" in after:
        own = [_of_a_fit(record["base"]) for record in (before, after)]
        told = {text for slug in before["fits"] for text in differences(*_pair(before, after, slug), ("",))}
        for text in differences(own[0], own[1], ("",)):
            if text not in told:
                yield f"top level: {_in_words(text, before)}"
    yield from _data(before.get("data", {}), after.get("data", {}))


def _of_a_fit(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record says of a fit; name, title, tasks and seed are those of the run."""
    return {key: value for key, value in resolved.items() if key not in ("tasks", "seed", "name", "title")}


def _pair(old: Mapping[str, Any], new: Mapping[str, Any], slug: str) -> tuple[Any, Any]:
    """Return what two records say of a variant; nothing where one does not know it."""
    if slug not in old["fits"] or slug not in new["fits"]:
        return {}, {}
    return _of_a_fit(old["fits"][slug]), _of_a_fit(new["fits"][slug])


def _data(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Name the files whose content differs."""
    for experiment in old:
        if experiment not in new:
            continue  # it was said with the fit it belongs to
        a, b = old[experiment], new[experiment]
        for file in dict.fromkeys([*a, *b]):
            if a.get(file) != b.get(file):
                state = "differs" if file in a and file in b else "recorded in one run only"
                yield f"content of {experiment}/{file} {state}"


_WORDS = (
    (re.compile(r"^parameters\.(\w+)\.range\[0\]"), r"\1, lower end of its range"),
    (re.compile(r"^parameters\.(\w+)\.range\[1\]"), r"\1, upper end of its range"),
    (re.compile(r"^parameters\.(\w+)\.(\w+)"), r"\1, \2"),
    (re.compile(r"^parameters\.(\w+)"), r"\1"),
    (re.compile(r"^data\.asimov\.point\.(\w+)"), r"Asimov data at \1"),
    (re.compile(r"^data\.asimov\.at"), "Asimov data at"),
    (re.compile(r"^data \((.*) (added|removed)\)$"), r"Asimov data \2 (\1)"),
    (re.compile(r"^experiments\.(\w+)\.(\w+)"), r"\1, \2"),
    (re.compile(r"^experiments\.(\w+)"), r"experiment \1"),
)
_POINT = re.compile(r"\.overlay\[\d+\]\.points")
_TASK = re.compile(r"^tasks\[(\d+)\]\.(?:options\.)?(\S+)")


def _in_words(text: str, record: Mapping[str, Any]) -> str:
    """Return a difference of records as a person says it."""
    if task := _TASK.match(text):
        kind = record["tasks"][int(task[1])]["kind"]
        return f"task {int(task[1]) + 1} ({kind}), {task[2]}{text[task.end() :]}"
    for pattern, words in _WORDS:
        if pattern.match(text):
            return pattern.sub(words, text)
    return text


def _answers(old: SavedRun, new: SavedRun) -> Iterator[str]:
    repeated = {saved.stem for run in (old, new) for saved in run.tables.values() if saved.slug}
    for name in dict.fromkeys([*old.tables, *new.tables]):
        one, other = old.tables.get(name), new.tables.get(name)
        if one is None or other is None:
            yield f"{name}.csv: only in the {'second' if one is None else 'first'} run"
        elif not (one.together and other.together and name in repeated):
            yield from (f"{name}: {text}" for text in _tables(one, other))
    for words, run in (("first", old), ("second", new)):
        if run.result is None:
            yield f"the {words} run is not finished"
    if old.result and new.result:
        told = [set(run.result.get("warnings", [])) for run in (old, new) if run.result]
        yield from (f"warning no more: {text}" for text in sorted(told[0] - told[1]))
        yield from (f"new warning: {text}" for text in sorted(told[1] - told[0]))


def _tables(one: SavedTable, other: SavedTable) -> Iterator[str]:
    """Say how two tables of the same name differ: the answers first, else how many numbers."""
    parts = list(_parts(one.table, other.table))
    ask = _interval if one.task == "profile" and "y" not in one.about else _limits
    answers = "gain" not in one.table  # made from those of the comparison, which tells them
    said = [text for what, a, b in parts for text in ask(what, a, b, one.about)] if answers else []
    yield from said
    if not said:
        rows = _named_rows(one.table, other.table)
        yield from _cells(one.table, other.table) if rows is None else rows


def _parts(one: pd.DataFrame, other: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Yield the parts of two tables that answer the same question."""
    split = next((c for c in _SPLITS if c in one and c in other), None)
    if split is None:
        yield "", one, other
        return
    for value in dict.fromkeys([*one[split], *other[split]]):
        a, b = (t[t[split] == value] for t in (one, other))
        yield f"{split} {value}, ".replace("without none", "all experiments"), a, b


def _limits(what: str, one: pd.DataFrame, other: pd.DataFrame, about: Mapping[str, Any]) -> Iterator[str]:
    """Compare limits: the largest value, the limits along a parameter, who forbids more."""
    quantity, along = about.get("quantity"), about.get("along")
    if quantity is None and {"x", "y", "what"} <= set(about):
        quantity, along = about["y"], about["x"]
    column = f"{quantity}_max"
    if quantity is None or column not in one or column not in other:
        return
    unit = f" {about.get('units', {}).get(column, '')}".rstrip()
    known = [t[t[column].notna()] for t in (one, other)]
    if known[0].empty or known[1].empty:
        if known[0].empty != known[1].empty:
            which = "second" if known[0].empty else "first"
            yield f"{what}an allowed value of {quantity} only in the {which} run"
        return
    tops = [t.iloc[int(t[column].to_numpy(dtype=float).argmax())] for t in known]
    a, b = (float(top[column]) for top in tops)
    if not _same(a, b):
        yield f"{what}largest {quantity} {a:.6g} -> {b:.6g}{unit}{_times(a, b)}"
    if "leading_experiment" in one and tops[0]["leading_experiment"] != tops[1]["leading_experiment"]:
        names = " -> ".join(str(top["leading_experiment"]) or "nobody" for top in tops)
        yield f"{what}what forbids more at the largest value: {names}"
    if "killed_by" in one and "killed_by" in other and tops[0]["killed_by"] != tops[1]["killed_by"]:
        names = " -> ".join(str(top["killed_by"]) or "nothing" for top in tops)
        yield f"{what}what forbids the largest value of the step before: {names}"
    if along and along in one and along in other:
        yield from _along(what, one, other, str(along), column)


def _interval(what: str, one: pd.DataFrame, other: pd.DataFrame, about: Mapping[str, Any]) -> Iterator[str]:
    """Compare the ends of the interval of a profile."""
    x, level = str(about["x"]), float(about.get("level") or 0.90)
    if not all({x, "delta_chi2"} <= set(t) for t in (one, other)):
        return
    logarithmic = all((t[x] > 0).all() for t in (one, other))
    unit = f" {about.get('units', {}).get(x, '')}".rstrip()
    ends = [Profile(x, t.sort_values(x), logarithmic).interval(level) for t in (one, other)]
    for words, a, b in zip((">", "<"), *ends, strict=True):
        if a is None or b is None:
            if a != b:
                shown = " -> ".join("no bound" if v is None else f"{v:.6g}" for v in (a, b))
                yield f"{what}{x} {words} {shown}{unit} ({level:.0%} CL)"
        elif not _same(a, b):
            yield f"{what}{x} {words} {a:.6g} -> {b:.6g}{unit} ({level:.0%} CL){_times(a, b)}"


def _along(what: str, one: pd.DataFrame, other: pd.DataFrame, along: str, column: str) -> Iterator[str]:
    both = one.merge(other, on=along, suffixes=("_1", "_2"))
    if len(both) < max(len(one), len(other)):
        yield f"{what}{len(one)} and {len(other)} values of {along}, {len(both)} of them in both runs"
    if both.empty:
        return
    a, b = (both[f"{column}_{k}"].to_numpy(dtype=float) for k in (1, 2))
    changed = ~np.array([_same(x, y) for x, y in zip(a, b, strict=True)], dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((a > 0) & (b > 0), b / a, np.nan)
    if changed.any():
        text = f"{what}limits differ at {int(changed.sum())} of {len(both)} values of {along}"
        if np.isfinite(ratio[changed]).any():
            most = int(np.nanargmax(np.where(changed, np.abs(np.log(ratio)), np.nan)))
            change = f"{a[most]:.4g} -> {b[most]:.4g}{_times(a[most], b[most])}"
            text += f", most at {both[along].iloc[most]:.4g}: {change}"
        yield text
    for name, words in (("leading_experiment", "what forbids more"), ("status", "the certificate")):
        if f"{name}_1" in both:
            other_words = (both[f"{name}_1"] != both[f"{name}_2"]).to_numpy()
            if other_words.any():
                first = both[other_words].iloc[0]
                change = f"{first[f'{name}_1'] or 'none'} -> {first[f'{name}_2'] or 'none'}"
                example = f"e.g. {change} at {along} = {first[along]:.4g}"
                yield f"{what}{words} differs at {int(other_words.sum())} of {len(both)} values, {example}"


def _named_rows(one: pd.DataFrame, other: pd.DataFrame) -> list[str] | None:
    """Say row by row what differs, whatever the order; None where nothing names the rows."""
    key = next((k for k in _ROWS if all(set(k) <= set(t) for t in (one, other))), None)
    if key is None or any(t.duplicated(list(key)).any() for t in (one, other)):
        return None
    rows = [{tuple(row[k] for k in key): row for row in t.to_dict("records")} for t in (one, other)]
    said = []
    for name in dict.fromkeys([*rows[0], *rows[1]]):
        called = ", ".join(str(part) for part in name if part)
        a, b = rows[0].get(name), rows[1].get(name)
        if a is None or b is None:
            said.append(f"{called}: only in the {'second' if a is None else 'first'} run")
            continue
        columns = [c for c in a if c in b and not _equal(a[c], b[c])]
        columns = [c for c in columns if c not in _DIAGNOSTICS] or columns
        changed = [f"{c} {_shown(a[c])} -> {_shown(b[c])}" for c in columns]
        if changed:
            more = f", and {len(changed) - _TOLD} more" if len(changed) > _TOLD else ""
            said.append(f"{called}: {', '.join(changed[:_TOLD])}{more}")
    return said


def _equal(a: object, b: object) -> bool:
    return a == b or (isinstance(a, float) and isinstance(b, float) and _same(a, b))


def _shown(value: object) -> str:
    return f"{value:.6g}" if _numbers(value) else str(value) or "nothing"


def _cells(one: pd.DataFrame, other: pd.DataFrame) -> Iterator[str]:
    """Count the entries that differ, and name the largest change."""
    if list(one.columns) != list(other.columns) or len(one) != len(other):
        sizes = [f"{len(t)} rows of {len(t.columns)} columns" for t in (one, other)]
        yield f"{sizes[0]} -> {sizes[1]}"
        return
    worst: tuple[float, str] = (0.0, "")
    count = 0
    for name in one:
        for row, (a, b) in enumerate(zip(one[name], other[name], strict=True)):
            if _equal(a, b):
                continue
            count += 1
            size = abs(b - a) / max(abs(a), abs(b)) if _numbers(a, b) else np.inf
            if not worst[1] or size > worst[0]:
                worst = size, f"{name} in row {row}: {_shown(a)} -> {_shown(b)}"
    if count:
        yield f"{count} entries differ, most {worst[1]}"


def _numbers(*values: object) -> bool:
    return all(isinstance(v, int | float) and np.isfinite(v) for v in values)


def _same(a: float, b: float) -> bool:
    """Return whether two numbers are one; two that are missing are."""
    if np.isnan(a) or np.isnan(b):
        return bool(np.isnan(a) and np.isnan(b))
    return a == b or abs(a - b) <= SAME * max(abs(a), abs(b))


def _times(a: float, b: float) -> str:
    if not (a > 0 and b > 0):
        return ""
    return f" ({b / a:.4g} times)" if abs(b / a - 1) > _NOTICED else f" (changed by {b / a - 1:+.1g})"
