"""How one layer of a run file changes another: `extends`, and variants.

Scalar keys replace. `parameters` and `experiments` merge entry by entry, an entry replaced whole.
`name: null` under `parameters` takes a parameter away. Of the inherited experiments `remove: [names]` takes
some away and `only: [names]` keeps no others; then `experiments` and `add` (which must be new) come in.
`tasks` and `variants` replace those inherited, and `cumulative` goes with its `variants`. A layer that
chooses another ansatz leaves behind the parameters that only the former one has. `name` and `title` are never
inherited.
Every entry keeps the file and line it came from.
"""

from __future__ import annotations

from collections.abc import Mapping

from darkmoment.parameters import FLAVOURS, SPECTRA
from darkmoment.runfile.diagnostics import Findings, nearest
from darkmoment.runfile.tree import Block, Entry, Items, Scalar, is_null, shown

ANSAETZE: Mapping[str, tuple[str, Mapping[str, tuple[str, ...]]]] = {
    "spectrum": ("paired", SPECTRA),
    "flavour": ("general", FLAVOURS),
}
"""Switch -> (its default, choice -> the parameters of that choice)."""

BLOCKS = ("parameters", "experiments", "add")
_CHANGES = ("extends", "remove", "add", "only")


def clean(
    layer: Block, keys: tuple[str, ...], elsewhere: Mapping[str, str], findings: Findings
) -> tuple[Block, frozenset[str]]:
    """Return a layer with what cannot be merged reported and left out.

    Parameters
    ----------
    keys : tuple of str
        Keys this layer may have.
    elsewhere : mapping
        Names that are known but belong elsewhere -> where ('under parameters').

    Returns
    -------
    Block
        The layer with the rest.
    frozenset of str
        Keys that were meant by what is left out.
    """
    kept: dict[str, Entry] = {}
    lost: set[str] = set()
    for entry in layer:
        if entry.key not in keys:
            if entry.key in elsewhere:
                place = elsewhere[entry.key]
                findings.problem(entry.where, f"{entry.key!r} does not belong here but {place}")
                lost.add(place.removeprefix("under "))
            else:
                findings.unknown(entry.where, "key", entry.key, keys)
                lost.add(nearest(entry.key, keys) or "")
        elif entry.key in BLOCKS and not isinstance(entry.node, Block):
            # the same key with nothing below it is how people leave a block empty
            if not is_null(entry.node):
                message = f"{entry.key} is a mapping (name: ...), not {shown(entry.node)}"
                findings.problem(entry.where, message)
                lost.add(entry.key)
        else:
            kept[entry.key] = entry
    return Block(kept, layer.where), frozenset(lost)


def merge(base: Block, over: Block, findings: Findings) -> Block:
    """Return `base` with the changes of `over`; both are layers passed by `clean`.

    Removing or adding what is not there, or is there already, is reported.
    """
    entries = {entry.key: entry for entry in base if entry.key not in ("name", "title")}
    if "variants" in over:
        entries.pop("cumulative", None)
    entries |= {entry.key: entry for entry in over if entry.key not in (*BLOCKS, *_CHANGES)}
    parameters = _merged_parameters(base, over, findings)
    experiments = _merged_experiments(base, over, findings)
    for key, found in (("parameters", parameters), ("experiments", experiments)):
        holder = over.get(key) or base.get(key)
        where = holder.where if holder is not None else over.where
        if found or holder is not None:
            entries[key] = Entry(key, where, Block(found, where))
    return Block(entries, over.where)


def _block(layer: Block, key: str) -> dict[str, Entry]:
    entry = layer.get(key)
    return dict(entry.node.entries) if entry is not None and isinstance(entry.node, Block) else {}


def _merged_parameters(base: Block, over: Block, findings: Findings) -> dict[str, Entry]:
    inherited = _block(base, "parameters")
    left_behind = _left_behind(base, over)
    merged = {name: entry for name, entry in inherited.items() if name not in left_behind}
    for name, entry in _block(over, "parameters").items():
        if not is_null(entry.node):
            merged[name] = entry
        elif name in inherited:
            merged.pop(name, None)
        elif inherited:
            findings.unknown(entry.where, "parameter", name, inherited, " to take away")
        else:
            merged[name] = entry  # nothing to take it from: an entry without a value, reported as such
    return merged


def _left_behind(base: Block, over: Block) -> set[str]:
    """Return the parameters of an ansatz that `over` exchanges for another."""
    names: set[str] = set()
    for switch, (default, choices) in ANSAETZE.items():
        chosen = over.get(switch)
        former = base.get(switch)
        new = chosen.node.text if chosen is not None and isinstance(chosen.node, Scalar) else ""
        old = former.node.text if former is not None and isinstance(former.node, Scalar) else default
        if new in choices and old in choices and new != old:
            names |= set(choices[old]) - set(choices[new])
    return names


def _merged_experiments(base: Block, over: Block, findings: Findings) -> dict[str, Entry]:
    inherited = _block(base, "experiments")
    given, added = _block(over, "experiments"), _block(over, "add")
    here = {**given, **added}
    merged = dict(inherited)
    for name, entry in _names(over, "remove", findings).items():
        if name in here:
            findings.problem(entry.where, f"experiment {name!r} is removed and given in the same place")
        elif merged.pop(name, None) is None:
            findings.unknown(entry.where, "experiment", name, inherited, " to remove")
    if "only" in over:
        keep = _names(over, "only", findings)
        for name, entry in keep.items():
            if name not in merged and name not in here:
                findings.unknown(entry.where, "experiment", name, merged, " to keep")
        for name, entry in given.items():
            if name in inherited and name not in keep:
                findings.problem(entry.where, f"experiment {name!r} is given here, but 'only' leaves it out")
        merged = {name: entry for name, entry in merged.items() if name in keep}
    for name, entry in added.items():
        if name in inherited or name in given:
            message = f"experiment {name!r} is there already: change it under 'experiments', not 'add'"
            findings.problem(entry.where, message)
    return {**merged, **here}


def _names(layer: Block, key: str, findings: Findings) -> dict[str, Entry]:
    """Return the names listed under `remove` or `only`."""
    holder = layer.get(key)
    if holder is None:
        return {}
    if not isinstance(holder.node, Items):
        findings.problem(holder.where, f"{key} is a list of experiments, not {shown(holder.node)}")
        return {}
    found: dict[str, Entry] = {}
    for item in holder.node.items:
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            findings.problem(item.where, f"{key} lists names of experiments, not {shown(item)}")
        elif item.text in found:
            findings.problem(item.where, f"experiment {item.text!r} is listed twice under {key}")
        else:
            found[item.text] = Entry(item.text, item.where, item)
    return found
