"""The block `tasks` of a run file: each task's options, checked and completed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from darkmoment.parameters import PARAMETERS
from darkmoment.runfile.choosing import KEY, Variants
from darkmoment.runfile.diagnostics import Findings, Location, nearest
from darkmoment.runfile.names import Names
from darkmoment.runfile.schema import TaskSpec
from darkmoment.runfile.task_values import ValueReader
from darkmoment.runfile.text import read_stem
from darkmoment.runfile.tree import Block, Entry, Items, Node, Scalar, is_null, shown
from darkmoment.tasks.task import Option, Task


def read_tasks(
    entry: Entry | None, tasks: Mapping[str, Task], variants: Variants, findings: Findings
) -> tuple[TaskSpec, ...]:
    """Read the list of tasks.

    Parameters
    ----------
    entry : Entry or None
        The key `tasks`.
    tasks : mapping
        Every kind of task there is.
    variants : Variants
        The fits of the file; options of a task may refer to what those it runs for have in common.
    """
    if entry is None or is_null(entry.node):
        return ()
    if not isinstance(entry.node, Items):
        message = f"tasks is a list (- maximise: {{...}}), not {shown(entry.node)}"
        findings.problem(entry.where, message)
        return ()
    read: list[TaskSpec] = []
    stems: dict[str, Location] = {}
    for item in entry.node.items:
        found = _head(item, findings)
        if found is None:
            continue
        kind, where, options = found
        if kind not in tasks:
            findings.unknown(where, "task", kind, tasks)
            continue
        before = findings.noted
        chosen = variants.chosen(options.get(KEY), tasks[kind], findings)
        if findings.noted > before:
            continue  # what its options may name goes with the variants that were meant
        spec = _Reader(tasks[kind], where, variants.names(chosen), findings, chosen).read(options)
        read.append(spec)
        if spec.name is not None and spec.name in stems:
            message = f"two tasks are named {spec.name!r}, the first on line {stems[spec.name].line}"
            findings.problem(where, message)
        elif spec.name is not None:
            stems[spec.name] = where
    return tuple(read)


def _head(item: Node, findings: Findings) -> tuple[str, Location, Block] | None:
    """Return kind, place and options of one list item."""
    if isinstance(item, Scalar) and isinstance(item.value, str):
        return item.value, item.where, Block({}, item.where)
    if not isinstance(item, Block) or not item.entries:
        findings.problem(item.where, f"a task is written '- maximise: {{...}}', not {shown(item)}")
        return None
    first, *more = item
    if more:
        message = f"one task per list item, options indented further: {more[0].key!r} is beside {first.key!r}"
        findings.problem(more[0].where, message)
        return None
    if is_null(first.node):
        return first.key, first.where, Block({}, first.where)
    if not isinstance(first.node, Block):
        findings.problem(first.where, f"options of {first.key} are a mapping, not {shown(first.node)}")
        return None
    return first.key, first.where, first.node


@dataclass(frozen=True)
class _Reader:
    """Reads the options of one task."""

    task: Task
    where: Location
    names: Names
    findings: Findings
    chosen: tuple[str, ...] | None = None

    def read(self, given: Block) -> TaskSpec:
        known = {option.name: option for option in self.task.options}
        windows = [option for option in known.values() if option.kind == "range" and option.of]
        ranged = {w.of for w in windows if w.name in given or w.default is not None}
        units = {o.name: self._unit_of(known[o.of], given) for o in known.values() if o.of}
        values = ValueReader(self.task, self.names, self.findings, units, frozenset(ranged))
        read: dict[str, Any] = {}
        meant: set[str | None] = set()
        for entry in given:
            option = known.get(entry.key)
            if option is not None:
                value = self._value(values, option, entry)
                if value is not None:
                    read[option.name] = value
            elif entry.key not in ("name", KEY):
                valid = [*known, "name", KEY]
                meant.add(nearest(entry.key, valid))
                self.findings.unknown(entry.where, "option", entry.key, valid, f" of task {self.task.name}")
        for option in known.values():
            if option.name in given or option.name in meant:
                continue
            if option.required:
                if option.alternative not in given:
                    self._missing(option, self.where)
            else:
                values.check_default(option, self.where)
        options = self.task.complete(read)
        return TaskSpec(self.task.name, options, self._name(given), self.where, self.chosen)

    def _name(self, given: Block) -> str | None:
        entry = given.get("name")
        what = f"name of task {self.task.name}"
        return read_stem(entry, what, self.findings) if entry is not None else None

    def _value(self, values: ValueReader, option: Option, entry: Entry) -> Any:
        """Read one option; `null` stands for leaving it out, where that has a meaning of its own."""
        if not is_null(entry.node):
            return values.read(option, entry.node)
        if option.required:
            self._missing(option, entry.where)
        elif option.default is not None:
            default = f"leave it out for {option.default!r}"
            message = f"{option.name} of task {self.task.name} has no value; {default}"
            self.findings.problem(entry.where, message)
        return None

    def _missing(self, option: Option, where: Location) -> None:
        other = f" or {option.alternative!r}" if option.alternative else ""
        self.findings.problem(where, f"task {self.task.name} needs {option.name!r}{other}: {option.help}")

    def _unit_of(self, axis: Option, given: Block) -> str:
        """Return the unit of a parameter that an option names: its range may be written in it."""
        entry = given.get(axis.name)
        name = entry.node.text if entry is not None and isinstance(entry.node, Scalar) else axis.default
        return PARAMETERS[name].unit if name in PARAMETERS else ""
