"""The key `extends`: a run file as changes to another one, which may itself extend a third."""

from __future__ import annotations

from collections.abc import Mapping

from darkmoment.runfile.diagnostics import Findings
from darkmoment.runfile.merging import clean, merge
from darkmoment.runfile.shipped import Source, find, shipped
from darkmoment.runfile.tree import Block, Entry, Scalar, is_null, read_tree, shown


def extended(
    tree: Block,
    source: Source,
    keys: tuple[str, ...],
    elsewhere: Mapping[str, str],
    findings: Findings,
    chain: tuple[Source, ...] = (),
) -> tuple[Block, frozenset[str]]:
    """Return a file's top level merged over what it extends.

    Parameters
    ----------
    tree : Block
        The file's top level.
    keys, elsewhere
        See `merging.clean`.
    chain : tuple of Source
        The files that led here.

    Returns
    -------
    Block
        The merged top level, every entry with the line it came from.
    frozenset of str
        Keys that were meant but could not be read; 'extends' where the other file could not.
    """
    layer, lost = clean(tree, keys, elsewhere, findings)
    entry = layer.get("extends")
    if entry is None:
        return merge(Block({}, layer.where), layer, findings), lost
    base = _base(entry, (*chain, source), keys, elsewhere, findings)
    if base is None:
        return _alone(layer), lost | {"extends"}
    merged, lost_below = base
    return merge(merged, layer, findings), lost | lost_below


def _base(
    entry: Entry,
    chain: tuple[Source, ...],
    keys: tuple[str, ...],
    elsewhere: Mapping[str, str],
    findings: Findings,
) -> tuple[Block, frozenset[str]] | None:
    """Return the top level of the extended file, or None with a problem noted."""
    node, here = entry.node, chain[-1]
    if not isinstance(node, Scalar) or is_null(node) or isinstance(node.value, bool) or not node.text:
        findings.problem(entry.where, f"extends is one file or shipped fit, not {shown(node)}")
        return None
    if here.folder is None and node.text not in shipped():
        findings.unknown(node.where, "shipped fit", node.text, shipped(), " to extend")
        return None
    source = find(node.text, findings, here.folder, node.where)
    if source is None:
        return None
    keys_so_far = [link.key for link in chain]
    if source.key in keys_so_far:
        circle = [*chain[keys_so_far.index(source.key) :], source]
        findings.problem(
            node.where, f"extends runs in a circle: {' -> '.join(link.shown for link in circle)}"
        )
        return None
    text = source.read(findings)
    tree = read_tree(text, source.shown, findings) if text is not None else None
    return extended(tree, source, keys, elsewhere, findings, chain) if tree is not None else None


def _alone(layer: Block) -> Block:
    """Return a layer without what only makes sense over the file it could not extend."""
    entries = {entry.key: entry for entry in layer if entry.key != "remove"}
    holder = layer.get("parameters")
    if holder is not None and isinstance(holder.node, Block):
        kept = {entry.key: entry for entry in holder.node if not is_null(entry.node)}
        entries["parameters"] = Entry(holder.key, holder.where, Block(kept, holder.node.where))
    return merge(Block({}, layer.where), Block(entries, layer.where), Findings())
