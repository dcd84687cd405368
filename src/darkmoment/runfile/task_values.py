"""Values of task options, by their kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from darkmoment.overlays import OverlayError, read_overlay
from darkmoment.runfile.datasets import experiment_and_dataset
from darkmoment.runfile.diagnostics import Findings, Location, listed
from darkmoment.runfile.mathematics import check_label
from darkmoment.runfile.names import Names
from darkmoment.runfile.numbers import read_number
from darkmoment.runfile.text import read_text
from darkmoment.runfile.tree import Block, Entry, Items, Node, Scalar, shown
from darkmoment.tasks.task import Option, OptionKind, Task

Files = Callable[[Entry], Path | None]

_REFERENCES = ("quantity", "axis", "parameter_or_quantity", "experiment")


@dataclass(frozen=True)
class ValueReader:
    """Reads option values of one task; None means a problem was noted.

    Attributes
    ----------
    units : mapping
        Option of kind `range` or `numbers` -> unit in which it may be written.
    files : callable
        Returns the file that an entry names, or None with a problem noted.
    ranged : frozenset of str
        Options whose axis the task brings a range for, so that a fixed parameter can be drawn along it.
    """

    task: Task
    names: Names
    findings: Findings
    units: Mapping[str, str]
    files: Files
    ranged: frozenset[str] = frozenset()

    def read(self, option: Option, node: Node) -> Any:
        """Return the value of an option as the task takes it."""
        readers: dict[str, Callable[[Option, Node], Any]] = {
            **dict.fromkeys(_REFERENCES, self._reference),
            "quantities": partial(self._several, "quantity"),
            "experiments": self._experiments,
            "integer": self._integer,
            "points": self._points,
            "number": self._number,
            "numbers": self._numbers,
            "level": self._level,
            "levels": self._levels,
            "range": self._range,
            "text": self._text,
            "flag": self._flag,
            "variant": self._variant,
            "until": self._until,
            "overlay": self._overlays,
        }
        return readers[option.kind](option, node)

    def check_default(self, option: Option, where: Location) -> None:
        """Check that what a default refers to exists in this file's fits."""
        if isinstance(option.default, str) and option.kind in _REFERENCES:
            self._check(option, f"{option.name} (its default)", option.default, where)

    def _what(self, option: Option) -> str:
        return f"{option.name} of task {self.task.name}"

    def _problem(self, node: Node, message: str, suggestion: str | None = None) -> None:
        self.findings.problem(node.where, message, suggestion)

    def _reference(self, option: Option, node: Node) -> str | None:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            self._problem(node, f"{self._what(option)} is a name, not {shown(node)}")
            return None
        return node.value if self._check(option, option.name, node.value, node.where) else None

    def _check(self, option: Option, spoken: str, name: str, where: Location) -> bool:
        """Report a name that is not there or cannot be used; return True where it can."""
        kind, of = option.kind, f" for {spoken} of task {self.task.name}"
        names = self.names
        valid: tuple[str, ...]
        called: str = kind.replace("_", " ")
        if kind == "experiment":
            valid = names.top_level if self.task.whole_file else names.experiments
            if name in names.absent and not self.task.whole_file:
                self.findings.problem(where, f"experiment {name!r}{of} is not {names.absent[name]}")
                return False
        elif kind == "quantity":
            valid = names.quantities
        elif kind == "axis":
            valid, called = names.parameters, "parameter"
        else:
            valid = (*names.parameters, *names.quantities)
        if kind == "quantity" and name in names.parameters:
            message = f"{name!r}{of} is a parameter; a quantity is wanted: {listed(valid)}"
            self.findings.problem(where, message)
            return False
        if name not in valid:
            besides = (*names.parameters, *names.quantities) if kind in ("quantity", "axis") else ()
            self.findings.unknown(where, called, name, dict.fromkeys(valid), of, besides)
            return False
        needs_range = kind == "axis" or (kind == "parameter_or_quantity" and option.name not in self.ranged)
        if needs_range and name in names.held and name in names.parameters:
            free = ", ".join(names.free) or "none"
            self.findings.problem(where, f"{name!r}{of} {names.held[name]}; free parameters: {free}")
            return False
        return True

    def _several(self, kind: OptionKind, option: Option, node: Node) -> tuple[str, ...] | None:
        nodes = node.items if isinstance(node, Items) else (node,)
        inner = Option(option.name, kind, option.help)
        names = [self._reference(inner, item) for item in nodes]
        found = tuple(name for name in names if name is not None)
        return found if len(found) == len(nodes) else None

    def _experiments(self, option: Option, node: Node) -> tuple[str, ...] | None:
        """Read names, each alone or with a dataset after a slash, which the task looks up itself."""
        read: list[str] = []
        items = node.items if isinstance(node, Items) else (node,)
        inner = Option(option.name, "experiment", option.help)
        for item in items:
            if not isinstance(item, Scalar) or not isinstance(item.value, str):
                self._problem(item, f"{self._what(option)} is a name, not {shown(item)}")
                continue
            name, _ = experiment_and_dataset(item.value, self.names.top_level)
            if item.value in read:
                self._problem(item, f"{self._what(option)}: {item.value} is there twice")
            elif self._check(inner, option.name, name, item.where):
                read.append(item.value)
        return tuple(read) if len(read) == len(items) else None

    def _overlays(self, option: Option, node: Node) -> tuple[dict[str, Any], ...] | None:
        """Read curves of the user's own, each with its points."""
        nodes = node.items if isinstance(node, Items) else (node,)
        found = [self._overlay(option, item) for item in nodes]
        read = tuple(overlay for overlay in found if overlay is not None)
        return read if len(read) == len(found) else None

    def _overlay(self, option: Option, node: Node) -> dict[str, Any] | None:
        if not isinstance(node, Block) or "file" not in node:
            hint = "write [{file: mine.csv, label: Mine}]"
            self._problem(node, f"{self._what(option)} is a list of curves, not {shown(node)}: {hint}")
            return None
        unknown = [entry for entry in node if entry.key not in ("file", "label")]
        for entry in unknown:
            self.findings.unknown(
                entry.where, "key", entry.key, ("file", "label"), f" of {self._what(option)}"
            )
        file = node.get("file")
        assert file is not None
        path = self.files(file)
        if path is None or unknown:
            return None
        label = read_text(node.get("label"), path.stem, self.findings)
        check_label(label, f"label of {self._what(option)}:", node.where, self.findings)
        try:
            return read_overlay(path, read_text(file, "", self.findings), label)
        except OverlayError as error:
            self._problem(file.node, f"{self._what(option)}: {error}")
            return None

    def _integer(self, option: Option, node: Node) -> int | None:
        value = self._whole(node)
        if value is None:
            self._problem(node, f"{self._what(option)} is a whole number, not {shown(node)}")
            return None
        return value if self._large_enough(option, node, value) else None

    def _whole(self, node: Node) -> int | None:
        if not isinstance(node, Scalar) or isinstance(node.value, bool):
            return None
        if isinstance(node.value, int):
            return node.value
        # 1e4 is how people write a large count
        return int(node.value) if isinstance(node.value, float) and node.value.is_integer() else None

    def _large_enough(self, option: Option, node: Node, value: float) -> bool:
        if option.minimum is not None and value < option.minimum:
            self._problem(node, f"{self._what(option)} = {value:g} must be at least {option.minimum:g}")
            return False
        return True

    def _points(self, option: Option, node: Node) -> int | tuple[int, ...] | None:
        if not isinstance(node, Items):
            return self._integer(option, node)
        if len(node.items) != 2:
            self._problem(node, f"{self._what(option)} is a number or two, not {shown(node)}")
            return None
        numbers = [self._integer(option, item) for item in node.items]
        found = tuple(number for number in numbers if number is not None)
        return found if len(found) == 2 else None

    def _number(self, option: Option, node: Node) -> float | None:
        value = read_number(node, self._what(option), self.findings)
        return value if value is not None and self._large_enough(option, node, value) else None

    def _numbers(self, option: Option, node: Node) -> tuple[float, ...] | None:
        nodes = node.items if isinstance(node, Items) else (node,)
        if not nodes:
            self._problem(node, f"{self._what(option)} is empty")
        unit = self.units.get(option.name, "")
        values = [read_number(item, self._what(option), self.findings, unit) for item in nodes]
        found = tuple(value for value in values if value is not None)
        return found if nodes and len(found) == len(nodes) else None

    def _level(self, option: Option, node: Node) -> float | None:
        value = read_number(node, self._what(option), self.findings)
        if value is None or 0 < value < 1:
            return value
        suggestion = f"{value / 100:.4g}" if 50 <= value < 100 else None
        message = f"{self._what(option)} = {value:g} is not a confidence level between 0 and 1"
        self._problem(node, message, suggestion)
        return None

    def _levels(self, option: Option, node: Node) -> tuple[float, ...] | None:
        nodes = node.items if isinstance(node, Items) else (node,)
        if not nodes:
            self._problem(node, f"{self._what(option)} is empty")
        levels = [self._level(option, item) for item in nodes]
        found = tuple(level for level in levels if level is not None)
        return found if nodes and len(found) == len(nodes) else None

    def _range(self, option: Option, node: Node) -> tuple[float, float] | None:
        what = self._what(option)
        if not isinstance(node, Items) or len(node.items) != 2:
            self._problem(node, f"{what} is [lower, upper], not {shown(node)}")
            return None
        lower, upper = (
            read_number(item, what, self.findings, self.units.get(option.name, "")) for item in node.items
        )
        if lower is None or upper is None:
            return None
        if lower < upper:
            return lower, upper
        if lower > upper:
            self._problem(node, f"{what} is inverted: [{lower:g}, {upper:g}]", f"[{upper:g}, {lower:g}]")
        else:
            self._problem(node, f"{what} is empty: [{lower:g}, {upper:g}]")
        return None

    def _text(self, option: Option, node: Node) -> str | None:
        if not isinstance(node, Scalar) or not node.text or isinstance(node.value, bool):
            self._problem(node, f"{self._what(option)} is text, not {shown(node)}")
            return None
        if option.choices and node.text not in option.choices:
            self.findings.unknown(
                node.where, "choice", node.text, option.choices, f" for {self._what(option)}"
            )
            return None
        return node.text

    def _variant(self, option: Option, node: Node) -> str | None:
        if not isinstance(node, Scalar) or not node.text or isinstance(node.value, bool):
            self._problem(node, f"{self._what(option)} is the label of a variant, not {shown(node)}")
            return None
        if node.text in self.names.left_out:
            among = f"it runs for {listed(map(repr, self.names.variants))}"
            message = f"{self._what(option)}: {node.text!r} is a variant that 'for' leaves out; {among}"
            self._problem(node, message)
            return None
        if node.text not in self.names.variants:
            of = f" for {self._what(option)}"
            self.findings.unknown(node.where, "variant", node.text, self.names.variants, of)
            return None
        return node.text

    def _flag(self, option: Option, node: Node) -> bool | None:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self._problem(node, f"{self._what(option)} is true or false, not {shown(node)}")
        return None

    def _until(self, option: Option, node: Node) -> dict[str, Any] | None:
        """Read {ess: 1000, of: mu_eff}; what is left out comes from the default."""
        what = self._what(option)
        if not isinstance(node, Block) or not node.entries:
            self._problem(node, f"{what} is written {{ess: 1000, of: mu_eff}}, not {shown(node)}")
            return None
        default = option.default if isinstance(option.default, dict) else {}
        result: dict[str, Any] = {"ess": 1000.0, "of": "mu_eff", **default}
        for entry in node:
            if entry.key == "ess":
                value = read_number(entry.node, f"ess of {what}", self.findings)
                if value is not None and value <= 0:
                    self._problem(entry.node, f"ess of {what} = {value:g} must be > 0")
                elif value is not None:
                    result["ess"] = value
            elif entry.key == "of":
                inner = Option("of", "parameter_or_quantity", "")
                name = self._reference(inner, entry.node)
                if name is not None:
                    result["of"] = name
            else:
                self.findings.unknown(entry.where, "key", entry.key, ("ess", "of"), f" of {what}")
        return result
