"""The variants a task runs for: its option `for`, by label or by shell-style pattern."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from darkmoment.runfile.diagnostics import Findings, listed, nearest
from darkmoment.runfile.names import Names
from darkmoment.runfile.schema import FitSpec
from darkmoment.runfile.tree import Entry, Items, Scalar, is_null, shown
from darkmoment.tasks.task import Task

KEY = "for"
"""Option of every task, read here and not by the task."""

_WILD = "*?[]"


@dataclass(frozen=True)
class Variants:
    """The fits of a run file, and what any choice of them has in common.

    Attributes
    ----------
    fits : tuple of FitSpec
        Those that run.
    experiments : tuple of collections of str
        What each of them asks for, readable or not.
    top_level : collection of str
        Experiments of the file's top level.
    labels : tuple of str
        Of every variant of the file, whether it runs or not; empty for a file without variants.
    """

    fits: tuple[FitSpec, ...]
    experiments: tuple[Collection[str], ...]
    top_level: Collection[str]
    labels: tuple[str, ...]

    def names(self, chosen: Collection[str] | None = None) -> Names:
        """Return the names that tasks may use which run for the chosen labels, or for all."""
        pairs = list(zip(self.fits, self.experiments, strict=True))
        kept = [pair for pair in pairs if chosen is None or pair[0].label in chosen] or pairs
        names = Names.of([fit for fit, _ in kept], [asked for _, asked in kept], self.top_level)
        return replace(names, left_out=tuple(name for name in self.labels if name not in names.variants))

    def chosen(self, entry: Entry | None, task: Task, findings: Findings) -> tuple[str, ...] | None:
        """Return the labels that `for` of a task means, in the order of the file; None for all.

        What cannot be read is reported, with the nearest label.
        """
        if entry is None:
            return None
        what = f"{KEY} of task {task.name}"
        refusal = self._refusal(entry, task)
        if refusal is not None:
            findings.problem(entry.where, f"{what}: {refusal}")
            return None
        meant: set[str] = set()
        for node in entry.node.items if isinstance(entry.node, Items) else (entry.node,):
            if not isinstance(node, Scalar) or not node.text or is_null(node):
                findings.problem(node.where, f"{what} is a label or a pattern, not {shown(node)}")
                continue
            found = matching(node.text, self.labels)
            if not found:
                near = nearest(node.text.strip(_WILD), self.labels)
                hint = "" if near else f"; there is {listed(map(repr, self.labels))}"
                findings.problem(node.where, f"{what}: no variant is called {node.text!r}{hint}", near)
            meant.update(found)
        return tuple(label for label in self.labels if label in meant) or None

    def _refusal(self, entry: Entry, task: Task) -> str | None:
        """Say why a task cannot choose variants in this file."""
        if task.top_level:
            return "it asks the top level of the file alone, so there are no variants to choose"
        if not self.labels:
            return "this file has no variants to choose from"
        if is_null(entry.node) or (isinstance(entry.node, Items) and not entry.node.items):
            return "it is empty; leave it out for all variants"
        return None


def matching(pattern: str, labels: Sequence[str]) -> list[str]:
    """Return the label that is written so, or else those that a shell-style pattern fits."""
    # a label may itself hold brackets or stars
    return [pattern] if pattern in labels else [label for label in labels if fnmatchcase(label, pattern)]
