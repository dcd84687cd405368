"""From a run file to fits: read, follow `extends`, build variants, check everything, report all at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from darkmoment.experiments.discovery import available
from darkmoment.parameters import PARAMETERS
from darkmoment.runfile.choosing import Variants
from darkmoment.runfile.data import settle
from darkmoment.runfile.diagnostics import Findings, Location, RunFileError, nearest
from darkmoment.runfile.extending import extended
from darkmoment.runfile.fits import Builder
from darkmoment.runfile.mathematics import read_label
from darkmoment.runfile.outside import Outside, brought
from darkmoment.runfile.reach import check_reach
from darkmoment.runfile.schema import SWITCHES, RunFile
from darkmoment.runfile.shipped import Source, find
from darkmoment.runfile.spectrum import check_spectrum
from darkmoment.runfile.tasks import read_tasks
from darkmoment.runfile.text import read_stem, slug
from darkmoment.runfile.tree import Block, read_tree
from darkmoment.runfile.variants import read_variants
from darkmoment.tasks.registry import TASKS

_SHARED = (*SWITCHES, "parameters", "experiments", "remove", "data", "seed", "style", "label")
KEYS = ("name", "title", *_SHARED, "extends", "variants", "cumulative", "tasks")
"""Top-level keys of a run file."""

VARIANT_KEYS = (*_SHARED, "add", "only")
"""Keys of a variant."""


def load(name: str | os.PathLike[str]) -> RunFile:
    """Read and check a run file.

    Parameters
    ----------
    name : str or path
        A shipped fit (`paper`) or the path of a file.

    Raises
    ------
    RunFileError
        With every problem found: file, line, what is wrong and the nearest valid name.
    """
    findings = Findings()
    source = find(os.fspath(name), findings)
    text = source.read(findings) if source is not None else None
    if source is None or text is None:
        raise RunFileError(findings.problems)
    return _load(text, source, findings)


def loads(text: str, file: str = "<text>", folder: Path = Path(), variant: str | None = None) -> RunFile:
    """Read and check a run file given as text.

    Parameters
    ----------
    file : str
        Name for messages.
    folder : Path
        What `extends` is relative to.
    variant : str, optional
        Label or folder name of the only variant to keep: tasks then need to make sense for it alone.

    Raises
    ------
    RunFileError
        With every problem found.
    """
    return _load(text, Source(file, Path(file), folder), Findings(), variant)


def _load(text: str, source: Source, findings: Findings, variant: str | None = None) -> RunFile:
    tree = read_tree(text, source.shown, findings)
    if tree is None:
        raise RunFileError(findings.problems)
    merged, lost = extended(tree, source, KEYS, _elsewhere(), findings)
    named = merged.get("name")
    stem = read_stem(named, "name", findings) if named is not None else slug(Path(source.shown).stem, ())
    title = read_label(merged.get("title"), "", findings)
    builder = Builder(stem or "", source.shown, available(), findings, source.folder)
    base = builder.base(merged, Location(source.shown, 1), lost)
    if "extends" in lost:
        # what it would have given is unknown, and so is whether variants and tasks make sense
        raise RunFileError(findings.problems)
    layers = read_variants(merged, VARIANT_KEYS, _elsewhere(), findings)
    labels = tuple(layer.label for layer in layers)
    layers = [layer for layer in layers if variant in (None, layer.label, layer.slug)] or layers
    fits = tuple(builder.variant(layer, base, merged) for layer in layers) or (base,)
    top_level = _experiments(merged)
    asked = tuple(_experiments(layer.merged) for layer in layers) or (top_level,)
    variants = Variants(fits, asked, top_level, labels)
    files = Outside(source.shown, source.folder, tuple, findings).path
    tasks = read_tasks(merged.get("tasks"), TASKS, variants, findings, files)
    findings.raise_if_any()
    base, fits = settle(base, findings), tuple(settle(fit, findings) for fit in fits)
    findings.raise_if_any()
    base = replace(base, tasks=tasks)
    if layers:
        fits = tuple(replace(fit, tasks=tuple(t for t in tasks if t.runs_for(fit))) for fit in fits)
    else:
        fits = (base,)
    check_reach(fits, tasks, findings)
    findings.raise_if_any()
    check_spectrum(fits, findings)
    return RunFile(
        name=base.name,
        title=title,
        path=source.path,
        source=source.shown,
        text=text,
        base=base,
        fits=fits,
        tasks=tasks,
        warnings=tuple(sorted(findings.warnings)),
    )


def _experiments(layer: Block) -> tuple[str, ...]:
    """Return the experiments a layer asks for, misspelt ones as they were meant."""
    holder = layer.get("experiments")
    asked = holder.node.entries.values() if holder is not None and isinstance(holder.node, Block) else ()
    return tuple(
        entry.key
        if entry.key in available() or brought(entry)
        else nearest(entry.key, available()) or entry.key
        for entry in asked
    )


def _elsewhere() -> Mapping[str, str]:
    """Return names that people put at the wrong level -> where they belong."""
    return {
        **dict.fromkeys(KEYS, "at the top level"),
        **dict.fromkeys(VARIANT_KEYS, "in a variant"),
        **dict.fromkeys(TASKS, "under tasks"),
        **dict.fromkeys(available(), "under experiments"),
        **dict.fromkeys(PARAMETERS, "under parameters"),
    }
