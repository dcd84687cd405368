"""Files that a run file brings itself, copied into the run directory: its record can be checked anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from darkmoment.experiments.outside import LocalFile
from darkmoment.files import write_whole
from darkmoment.runfile.schema import FitSpec

INPUTS = "inputs"
TOP_LEVEL = "_top"
"""In place of a variant's name, for the file's top level."""


def inputs_of(directory: Path, slug: str) -> Path:
    """Return the folder in which a variant's own experiments have a folder each."""
    return directory / INPUTS / (slug or TOP_LEVEL)


def keep_inputs(directory: Path, fits: Mapping[str, FitSpec]) -> None:
    """Copy every file of experiments that are no part of any package: ``inputs/<variant>/<experiment>/``.

    Parameters
    ----------
    directory : Path
        The run directory.
    fits : mapping of str to FitSpec
        Folder name -> fit, one per variant; '' for a file's top level.
    """
    for slug, fit in fits.items():
        for name, asked in fit.experiments.items():
            if asked.definition is None:
                continue
            folder = inputs_of(directory, slug) / name
            main = asked.definition.shown if isinstance(asked.definition, LocalFile) else None
            for shown, path in asked.definition.files(name).items():
                # curves lie beside the Python file, in folders of the card's choice
                beside = main is not None and shown != main
                _copy(path, folder, PurePosixPath(shown if beside else path.name))


def _copy(path: Path, folder: Path, name: PurePosixPath) -> None:
    if name.is_absolute() or ".." in name.parts:
        return  # it stays where it is; `verify` says that it has no copy
    target, content = folder / name, path.read_bytes()
    if target.exists() and target.read_bytes() == content:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, content)
