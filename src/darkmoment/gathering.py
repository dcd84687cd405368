"""Warnings that many variants share, said once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MANY = 3
_NAMED = 3
_NUMBER = re.compile(r"(?<!\w)[-+]?\d[\d.]*(?:e[-+]?\d+)?")


def gathered(warnings: Sequence[str], labels: Iterable[str]) -> list[str]:
    """Return warnings with those said three times or more, up to their numbers, gathered.

    Parameters
    ----------
    warnings : sequence of str
        ``LABEL: text`` where a warning is about one variant.
    labels : iterable of str
        Labels of the variants.
    """
    heads = {f"{label}: ": label for label in labels}
    groups: dict[str, list[tuple[str, str]]] = {}
    for warning in warnings:
        head = max((h for h in heads if warning.startswith(h)), key=len, default="")
        text = warning[len(head) :]
        key = without_numbers(text) if head else warning
        groups.setdefault(key, []).append((heads.get(head, ""), text))
    return [line for group in groups.values() for line in _said(group)]


def _said(group: Sequence[tuple[str, str]]) -> list[str]:
    """Return warnings, (label, text), that are equal up to their numbers: one where there are many."""
    if len(group) < _MANY:
        return [f"{label}: {text}" if label else text for label, text in group]
    labels = list(dict.fromkeys(label for label, _ in group))
    same = len({text for _, text in group}) == 1
    if len(labels) < _MANY:
        more = "" if same else f"; {len(group) - 1} times more, with other numbers"
        head = f"{' and '.join(labels)}: " if any(labels) else ""
        return [f"{head}{group[0][1]}{more}"]
    names = "; ".join(labels[:_NAMED]) + ("; ..." if len(labels) > _NAMED else "")
    numbers = "" if same else "; with other numbers in the others"
    return [f"{len(labels)} variants ({names}): {group[0][1]}{numbers}"]


def without_numbers(text: str) -> str:
    """Return a text that is the same for texts equal up to their numbers."""
    return _NUMBER.sub("#", text)
