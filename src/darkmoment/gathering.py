"""Warnings that many variants share, said once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MANY = 3
_NAMED = 3
_NUMBER = re.compile(r"(?<!\w)[-+]?\d[\d.]*(?:e[-+]?\d+)?")


def gathered(warnings: Sequence[str], labels: Iterable[str]) -> list[str]:
    """Return warnings with those that three variants or more share, up to their numbers, said once.

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
        key = _NUMBER.sub("#", text) if head else warning
        groups.setdefault(key, []).append((heads.get(head, ""), text))
    said = []
    for group in groups.values():
        if len(group) < _MANY:
            said += [f"{label}: {text}" if label else text for label, text in group]
            continue
        names = "; ".join(label for label, _ in group[:_NAMED]) + ("; ..." if len(group) > _NAMED else "")
        same = len({text for _, text in group}) == 1
        numbers = "" if same else "; with other numbers in the others"
        said.append(f"{len(group)} variants ({names}): {group[0][1]}{numbers}")
    return said
