"""The key `variants`: each is the fit with some keys replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from darkmoment.runfile.diagnostics import Findings, Location
from darkmoment.runfile.mathematics import read_label
from darkmoment.runfile.merging import clean, merge
from darkmoment.runfile.text import read_flag, slug
from darkmoment.runfile.tree import Block, Items, is_null, shown


@dataclass(frozen=True)
class Layer:
    """A variant merged over the fit it changes.

    Attributes
    ----------
    merged : Block
        Its top level, every entry with the line it came from.
    lost : frozenset of str
        Keys that were meant but could not be read.
    where : Location
        Line of the variant.
    """

    label: str
    slug: str
    merged: Block
    lost: frozenset[str]
    where: Location


def read_variants(
    merged: Block, keys: tuple[str, ...], elsewhere: Mapping[str, str], findings: Findings
) -> list[Layer]:
    """Read the variants of a run file.

    Parameters
    ----------
    merged : Block
        The top level with what it extends.
    keys, elsewhere
        See `merging.clean`.
    """
    cumulative = read_flag(merged.get("cumulative"), findings)
    holder = merged.get("variants")
    if holder is None or is_null(holder.node):
        flag = merged.get("cumulative")
        if flag is not None and cumulative:
            findings.problem(flag.where, "cumulative has no meaning without variants")
        return []
    if not isinstance(holder.node, Items):
        findings.problem(holder.where, f"variants is a list (- {{label: ...}}), not {shown(holder.node)}")
        return []
    layers: list[Layer] = []
    labels: dict[str, Location] = {}
    below = merged
    for node in holder.node.items:
        if not isinstance(node, Block):
            message = (
                f"a variant is a mapping with a label ({{label: ..., formulas: printed}}), not {shown(node)}"
            )
            findings.problem(node.where, message)
            continue
        cleaned, lost = clean(node, keys, elsewhere, findings)
        layer = merge(_anonymous(below), cleaned, findings)
        if cumulative:
            below = layer
        label = _label(node, labels, findings)
        name = slug(label, [other.slug for other in layers])
        layers.append(Layer(label, name, layer, lost, node.where))
    return layers


def _label(node: Block, labels: dict[str, Location], findings: Findings) -> str:
    entry = node.get("label")
    if entry is None:
        findings.problem(node.where, f"variant {shown(node)} has no label")
        return ""
    label = read_label(entry, "", findings)
    if label in labels:
        findings.problem(
            entry.where, f"two variants are labelled {label!r}, the first on line {labels[label].line}"
        )
    elif label:
        labels[label] = entry.where
    return label


def _anonymous(layer: Block) -> Block:
    """Return a layer without label and style: two variants that share them could not be told apart."""
    return Block({entry.key: entry for entry in layer if entry.key not in ("label", "style")}, layer.where)
