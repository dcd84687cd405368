"""Pieces of work for the tests of crews; at the top of a module, so that other processes find them."""

import os
import signal
import time
import warnings
from pathlib import Path

import numpy as np

from darkmoment.fit import Fit, LikelihoodError


def log(item):
    """Leave a line for each item done, whoever does it; after a while, where it says so."""
    time.sleep(item.get("wait", 0))
    if "log" in item:
        with Path(item["log"]).open("a") as stream:
            stream.write(f"{item['x']:g} {os.getpid()}\n")


def chi2_at(fit: Fit, items):
    """Return what depends on the fit and on the item, in every kind of value."""
    found = []
    for item in items:
        log(item)
        chi2 = fit.chi2({"epsilon": item["x"]})
        found.append({"total": float(chi2.sum()), "chi2": chi2[0], "x": (item["x"], fit.label, None)})
    return found


def who(fit: Fit, items):
    """Return the process that does it and what its fit is in memory."""
    time.sleep(0.05)
    return [[os.getpid(), id(fit), os.environ.get("OMP_NUM_THREADS")] for _ in items]


def fail_at(fit: Fit, items):
    """Fail as a likelihood does, at the item that says so."""
    for item in items:
        log(item)
        if item.get("bad"):
            raise LikelihoodError(f"na64 returned NaN as chi2, at epsilon = {item['x']:g}")
    return [item["x"] for item in items]


class TwoPartError(Exception):
    """An error that pickle cannot bring back."""

    def __init__(self, what, where):
        super().__init__(f"{what} at {where}")


def fail_oddly(fit: Fit, items):
    raise TwoPartError("nothing", 3)


def killed(fit: Fit, items):
    """End the process, as the kernel does where memory runs out; as often as there are files to remove."""
    for item in items:
        log(item)
        marks = sorted(Path(item["marks"]).glob("*"))
        if item.get("deadly") and marks:
            marks[0].unlink()
            os.kill(os.getpid(), signal.SIGKILL)
    return [item["x"] for item in items]


def warn(fit: Fit, items):
    for item in items:
        warnings.warn(f"odd: {item}", RuntimeWarning, stacklevel=1)
    return list(items)


def too_few(fit: Fit, items):
    return list(items)[1:]


def layouts(fit: Fit, items):
    """Return arrays in other layouts than C's."""
    grid = np.arange(24.0).reshape(4, 6)
    return [[np.asfortranarray(grid), grid[::2, 1::2], grid.T] for _ in items]
