"""What the numbers of a run depend on besides its inputs: the packages, and this one's code."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib import metadata
from importlib.resources import files
from importlib.resources.abc import Traversable

PACKAGES = ("darkmoment", "numpy", "scipy", "emcee", "iminuit", "arviz", "pandas", "matplotlib", "corner")
EXTRAS = ("dynesty", "distributed")
_NUMBERS = ("numpy", "scipy", "emcee", "iminuit")


def versions() -> dict[str, str]:
    """Return the versions of Python, of the packages a number depends on, and of extras that are there."""
    found = {"python": platform.python_version()} | {name: metadata.version(name) for name in PACKAGES}
    return found | {name: version for name in EXTRAS if (version := _installed(name))}


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


@cache
def code_digest() -> str:
    """Return the sha256 of this package's code, likelihoods included."""
    found = hashlib.sha256()
    for folder in ("darkmoment", "darkmoment.likelihoods"):
        for name, content in sorted(_sources(files(folder), folder)):
            found.update(f"{name} {len(content)}\n".encode() + content)
    return found.hexdigest()


def _sources(folder: Traversable, name: str) -> list[tuple[str, bytes]]:
    found = []
    for item in folder.iterdir():
        if item.is_dir() and item.name not in ("likelihoods", "fits", "__pycache__"):
            found += _sources(item, f"{name}.{item.name}")
        elif item.name.endswith(".py"):
            found.append((f"{name}.{item.name}", item.read_bytes()))
    return found


def making() -> dict[str, str]:
    """Return what two places must share to make the same numbers: versions, and this package's code."""
    python = ".".join(platform.python_version_tuple()[:2])
    packages = {name: metadata.version(name) for name in ("darkmoment", *_NUMBERS)}
    return {"python": python, **packages, "darkmoment's code": code_digest()[:12]}
