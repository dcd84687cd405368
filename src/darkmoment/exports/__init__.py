"""What a run is handed on as: LaTeX tables, chains for GetDist, a submission for HEPData."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from darkmoment.saved import SavedRun

__all__ = ["FORMATS", "ExportError", "export"]


class ExportError(ValueError):
    """Nothing to export, nowhere to put it, or a package that is not installed."""


def _getdist(run: SavedRun, out: Path) -> list[Path]:
    from darkmoment.exports.getdist_chains import write_chains

    return write_chains(run, out)


def _hepdata(run: SavedRun, out: Path) -> list[Path]:
    from darkmoment.exports.hepdata_submission import write_submission

    return write_submission(run, out)


_WRITERS: Mapping[str, tuple[str, str, Callable[[SavedRun, Path], list[Path]]]] = {
    "getdist": ("getdist", "GetDist", _getdist),
    "hepdata": ("hepdata_lib", "hepdata_lib", _hepdata),
}
"""Format, and so the extra -> the module it needs, its name, and who writes it."""

FORMATS = tuple(_WRITERS)


def export(directory: Path, to: str, out: Path | None = None) -> list[Path]:
    """Write a run in another format.

    Parameters
    ----------
    directory : Path
        The run directory.
    to : str
        One of `FORMATS`.
    out : Path, optional
        New or empty directory; the format's name in the run directory where left out.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    DirectoryError
        If it is no run directory.
    ExportError
        If the run holds nothing of the kind, `out` is not empty, or a package is missing.
    """
    module, name, writer = _WRITERS[to]
    run = SavedRun.read(directory)
    if find_spec(module) is None:
        raise ExportError(f"--to {to} needs the package {name}, an extra: pip install '.[{to}]' in the clone")
    target = out or directory / to
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ExportError(f"{target} is there already and not empty: choose another --out")
    try:
        return writer(run, target)
    except OSError as error:
        where = error.filename or target
        raise ExportError(f"{where}: cannot be written ({error.strerror})") from None
