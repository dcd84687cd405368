"""The report: one self-contained HTML page of a run directory, from what the run has saved."""

from __future__ import annotations

from pathlib import Path

from darkmoment.files import write_whole
from darkmoment.report.page import page
from darkmoment.saved import SavedRun
from darkmoment.tasks.runner import REPORT

__all__ = ["write_report"]


def write_report(directory: Path, out: Path | None = None) -> Path:
    """Write the report of a run, finished or not.

    Parameters
    ----------
    directory : Path
        The run directory.
    out : Path, optional
        The file to write; ``report.html`` in the run directory where left out.

    Returns
    -------
    Path
        The file written; the same run gives the same bytes.

    Raises
    ------
    DirectoryError
        If it is no run directory.
    """
    target = out or directory / REPORT
    write_whole(target, page(SavedRun.read(directory)).encode("utf-8"))
    return target
