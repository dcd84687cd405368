"""A YAML document as plain values that remember their line; every duplicate key and tab is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode
from ruamel.yaml.reader import ReaderError

from darkmoment.runfile.diagnostics import Findings, Location

Plain = str | int | float | bool | None

_MOST_NODES = 100_000
"""A run file is short; more than this is an alias that multiplies itself."""

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = {".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(frozen=True)
class Scalar:
    """A single value; `text` is how it was written, without quotes."""

    value: Plain
    text: str
    where: Location


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    where: Location


@dataclass(frozen=True)
class Entry:
    """A key of a block with its value; `where` is the key's line."""

    key: str
    where: Location
    node: Node


@dataclass(frozen=True)
class Block:
    """A mapping; keys are text, as written (`2025` and `"2025"` are the same key)."""

    entries: dict[str, Entry]
    where: Location

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def get(self, key: str) -> Entry | None:
        """Return an entry, or None where the key is not given."""
        return self.entries.get(key)


Node = Scalar | Items | Block


def is_null(node: Node) -> bool:
    """Return True for `null`, `~` and nothing at all."""
    return isinstance(node, Scalar) and node.value is None


def shown(node: Node, width: int = 60) -> str:
    """Return a value roughly as it was written, on one line and cut where long."""
    text = " ".join(_flow(node).split())
    return text if len(text) <= width else text[: width - 4] + " ..."


def _flow(node: Node) -> str:
    if isinstance(node, Scalar):
        return repr(node.text) if isinstance(node.value, str) else node.text or "nothing"
    if isinstance(node, Items):
        return "[" + ", ".join(shown(item) for item in node.items[:5]) + "]"
    return "{" + ", ".join(f"{entry.key}: {shown(entry.node)}" for entry in list(node)[:5]) + "}"


def read_tree(text: str, file: str, findings: Findings) -> Block | None:
    """Read a YAML 1.2 document whose top level is a mapping.

    Parameters
    ----------
    text : str
        The document.
    file : str
        Its name, for locations.
    findings : Findings
        Receives duplicate keys, tabs, broken YAML, an empty file, a top level that is no mapping.

    Returns
    -------
    Block or None
        None where nothing can be made of the text; a problem says why.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False  # reported with its line below
    try:
        root = yaml.compose(text)
        node = None if root is None else _Converter(file, findings).node(root)
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        findings.problem(Location(file, line), f"character {_character(error)} is not allowed in YAML")
        return None
    except MarkedYAMLError as error:
        _report_broken(error, text, file, findings)
        return None
    except (YAMLError, ValueError) as error:
        findings.problem(Location(file, 1), f"broken YAML: {_first_line(str(error))}")
        return None
    except RecursionError:
        findings.problem(Location(file, 1), "nested far too deeply for a run file")
        return None
    if node is None or is_null(node):
        findings.problem(Location(file, 1), "the file is empty")
        return None
    if not isinstance(node, Block):
        findings.problem(node.where, f"a run file is a mapping (key: value), not {shown(node)}")
        return None
    return node


def _character(error: ReaderError) -> str:
    code = error.character if isinstance(error.character, int) else ord(error.character)
    return f"U+{code:04X}"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _report_broken(error: MarkedYAMLError, text: str, file: str, findings: Findings) -> None:
    """Report tabs by line where there are any: they are the usual cause, and YAML's message hides it."""
    lines = text.split("\n")
    tabs = [number for number, line in enumerate(lines, 1) if re.match(r" *\t", line) and line.strip()]
    # what is never closed is found at the end; where it was opened says more
    open_ended = "end of stream" in str(error.problem) and error.context_mark is not None
    mark = error.context_mark if open_ended else error.problem_mark or error.context_mark
    line = min(mark.line + 1, len(lines)) if mark is not None else 1
    for number in tabs:
        findings.problem(Location(file, number), "a tab indents this line; YAML wants spaces")
    if line not in tabs:
        parts = [_first_line(part) for part in (error.context, error.problem) if part]
        bound = _UNQUOTED.search(lines[line - 1])
        hint = f'; a text that begins with > is quoted: "{bound[1].strip()}"' if bound else ""
        findings.problem(Location(file, line), f"broken YAML: {', '.join(parts)}{hint}")


_UNQUOTED = re.compile(r":\s+(>\s*[\d.][^,}#]*)")
"""A lower limit written as YAML does not read it."""


class _Converter:
    """Turns composed YAML nodes into located values; aliases are shared, and may not contain themselves."""

    def __init__(self, file: str, findings: Findings) -> None:
        self._file = file
        self._findings = findings
        self._done: dict[int, tuple[Node, int]] = {}
        self._open: set[int] = set()
        self._anchors: dict[str, YamlNode] = {}

    def node(self, node: YamlNode, line: int = 0) -> Node:
        converted, size = self._sized(node, line)
        if size > _MOST_NODES:
            raise ValueError("its aliases multiply to more than a run file can hold")
        return converted

    def _sized(self, node: YamlNode, line: int) -> tuple[Node, int]:
        """Return the located value and how many values it amounts to with aliases written out."""
        if id(node) in self._done:
            return self._done[id(node)]
        where = Location(self._file, line or node.start_mark.line + 1)
        if id(node) in self._open:
            self._findings.problem(where, f"the alias *{node.anchor} contains itself")
            return Scalar(None, "", where), 1
        if node.anchor is not None and self._anchors.setdefault(node.anchor, node) is not node:
            self._findings.problem(where, f"the anchor &{node.anchor} is given twice")
        self._open.add(id(node))
        result: tuple[Node, int]
        if isinstance(node, MappingNode):
            result = self._block(node, where)
        elif isinstance(node, SequenceNode):
            sized = [self._sized(item, 0) for item in node.value]
            result = Items(tuple(item for item, _ in sized), where), 1 + sum(size for _, size in sized)
        else:
            result = self._scalar(node, where), 1
        self._open.remove(id(node))
        self._done[id(node)] = result
        return result

    def _block(self, node: MappingNode, where: Location) -> tuple[Block, int]:
        entries: dict[str, Entry] = {}
        total = 1
        for key, value in node.value:
            at = Location(self._file, key.start_mark.line + 1)
            if not isinstance(key, ScalarNode):
                self._findings.problem(at, "a key must be a word, not a list or a mapping")
                continue
            # an absent value is marked where the next token is: it belongs to its key's line
            line = at.line if isinstance(value, ScalarNode) and value.value == "" else 0
            converted, size = self._sized(value, line)
            total += size
            earlier = entries.get(key.value)
            if earlier is not None:
                self._findings.problem(
                    at, f"key {key.value!r} is given twice, first on line {earlier.where.line}"
                )
            else:
                entries[key.value] = Entry(key.value, at, converted)
        return Block(entries, where), total

    def _scalar(self, node: YamlNode, where: Location) -> Scalar:
        text: str = node.value
        tag = str(node.tag)
        if not tag.startswith("tag:yaml.org,2002:"):
            self._findings.problem(where, f"the tag {tag} has no meaning in a run file")
        quoted = getattr(node, "style", None) is not None
        return Scalar(text if quoted else plain_value(text), text, where)


def plain_value(text: str) -> Plain:
    """Return what an unquoted word means in YAML 1.2: null, a boolean, a number or text."""
    folded = text if text in ("", text.lower(), text.upper(), text.capitalize()) else None
    if folded is not None and folded.lower() in _WORDS:
        return _WORDS[folded.lower()]
    if _INTEGER.fullmatch(text) and len(text) < 19:
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return _SPECIAL.get(text.lower(), text)
