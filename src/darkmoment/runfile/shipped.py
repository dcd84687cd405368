"""The run files that come with the package, and where a run file named by a user is."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from darkmoment.runfile.diagnostics import Findings, Location, nearest


def shipped() -> dict[str, Traversable]:
    """Return the shipped fits: name -> file."""
    found = {
        item.name.removesuffix(".yaml"): item
        for item in files("darkmoment.fits").iterdir()
        if item.name.endswith(".yaml")
    }
    return dict(sorted(found.items()))


def text_of(name: str) -> str:
    """Return the text of a shipped fit.

    Raises
    ------
    RunFileError
        If there is no shipped fit of that name.
    """
    findings = Findings()
    fits = shipped()
    if name not in fits:
        findings.unknown(Location(name), "shipped fit", name, fits)
        findings.raise_if_any()
    return fits[name].read_text(encoding="utf-8")


@dataclass(frozen=True)
class Source:
    """A run file that exists.

    Attributes
    ----------
    shown : str
        As the user named it; a shipped fit by its file name.
    file : Traversable
        The file itself.
    folder : Path or None
        Where relative names in it are looked for; None for a shipped fit, which may extend shipped fits only.
    path : Path or None
        The file on disk; None for a shipped fit, and for text.
    """

    shown: str
    file: Traversable
    folder: Path | None = None
    path: Path | None = None

    @property
    def key(self) -> str:
        """The same for two names of the same file."""
        return str(self.file.resolve()) if isinstance(self.file, Path) else str(self.file)

    def read(self, findings: Findings) -> str | None:
        """Return the text, or None with a problem noted."""
        try:
            data = self.file.read_bytes()
        except OSError as error:
            findings.problem(Location(self.shown), f"cannot be read: {error.strerror or error}")
            return None
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            byte = data[error.start]
            findings.problem(Location(self.shown, line), f"is not UTF-8 text (byte 0x{byte:02x})")
            return None


def find(
    name: str, findings: Findings, folder: Path | None = None, where: Location | None = None
) -> Source | None:
    """Return a run file by shipped name or path.

    A bare word is looked for among the shipped fits first, so `run paper` means the same in every folder;
    anything with an ending or a folder is a path.

    Parameters
    ----------
    folder : Path, optional
        What a relative path is relative to.
    where : Location, optional
        Where the name was written; the name itself where left out.
    """
    fits = shipped()
    if name in fits:
        return Source(f"{name}.yaml", fits[name])
    at = where or Location(name or "''")
    called = f"{name!r} " if where else ""
    try:
        path = (folder or Path()) / Path(name).expanduser()
        if path.is_file():
            return Source(str(path), path, path.parent, path)
        exists, is_folder = path.exists(), path.is_dir()
        beside = _run_files(path.parent)
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: ~someone without a home
        findings.problem(at, f"{called}cannot be looked for: {error}")
        return None
    if exists:
        kind = "a directory" if is_folder else "no regular file"
        findings.problem(at, f"{called}is {kind}, not a run file")
        return None
    near = nearest(name, fits)
    if near is None:
        stem = nearest(path.stem, beside)
        near = str(Path(name).with_name(beside[stem])) if stem is not None else None
    known = f"; shipped fits: {', '.join(fits)}" if fits and near is None else ""
    findings.problem(at, f"no such run file{f': {name!r}' if where else ''}{known}", near)
    return None


def _run_files(folder: Path) -> dict[str, str]:
    """Return what may be run files in a folder: stem -> file name."""
    if not folder.is_dir():
        return {}
    return {item.stem: item.name for item in folder.iterdir() if item.suffix in (".yaml", ".yml")}
