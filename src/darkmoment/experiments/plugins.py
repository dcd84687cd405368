"""Experiments of other packages, announced by entry points of the group ``darkmoment.experiments``.

An entry point is the experiment's name and either a package, which holds ``card.yaml`` and a module
``likelihood`` with a class ``Experiment``, or ``package.module:Class``, with the card in that package::

    [project.entry-points."darkmoment.experiments"]
    my_search = "my_package.my_search"
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from inspect import getsourcefile, isclass
from pathlib import Path
from traceback import walk_tb
from types import ModuleType

from darkmoment.experiments.card import Card
from darkmoment.experiments.errors import CardError, ExperimentError
from darkmoment.experiments.likelihood import Likelihood

GROUP = "darkmoment.experiments"


@dataclass(frozen=True)
class Plugin:
    """One experiment of another package.

    Attributes
    ----------
    card : Card
    kind : type of Likelihood
        Its likelihood.
    package : str
        Name and version of the package.
    """

    card: Card
    kind: type[Likelihood]
    package: str


def plugins(taken: Collection[str]) -> dict[str, Plugin]:
    """Return what other packages announce, sorted by name.

    Parameters
    ----------
    taken : collection of str
        Names that are in use.

    Raises
    ------
    ExperimentError
        If one cannot be used or its name is taken; the message names it and its package.
    CardError
        If its card cannot be used.
    """
    found: dict[str, Plugin] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        package = _package(point)
        if point.name in found:
            raise ExperimentError(
                f"experiment '{point.name}' of {package} has the name of one of {found[point.name].package}: "
                "uninstall one of them"
            )
        if point.name in taken:
            raise ExperimentError(
                f"experiment '{point.name}' of {package} has the name of one of darkmoment: "
                f"uninstall {package}, or have it renamed"
            )
        if not point.name.isidentifier():
            raise ExperimentError(
                f"experiment '{point.name}' of {package} cannot have that name: only letters, digits and _"
            )
        found[point.name] = _plugin(point)
    return found


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value


def _plugin(point: EntryPoint) -> Plugin:
    package = _package(point)
    what = f"experiment '{point.name}' of {package}"
    if point.pattern.match(point.value) is None:
        raise ExperimentError(
            f"{what} is announced as '{point.value}': neither package nor package.module:Class"
        )
    try:
        kind, folder = _class(point)
        card = Card.read(files(folder), point.name)
    except (CardError, ExperimentError) as problem:
        raise ExperimentError(f"{what}: {problem}") from problem
    except (Exception, SystemExit) as problem:
        message = f"{what} cannot be imported: {in_words(problem)}"
        raise ExperimentError(message) from problem
    return Plugin(card, checked(kind, what), package)


def _class(point: EntryPoint) -> tuple[object, str]:
    """Return what should be the class, and the package that holds its card."""
    loaded = point.load()
    if isinstance(loaded, ModuleType):
        return getattr(import_module(f"{loaded.__name__}.likelihood"), "Experiment", None), loaded.__name__
    module = import_module(point.module)
    return loaded, module.__name__ if hasattr(module, "__path__") else module.__name__.rpartition(".")[0]


def in_words(problem: BaseException) -> str:
    """Return what somebody else's code raised, in one line."""
    return f"{type(problem).__name__}: {' '.join(str(problem).split())}"


def raised_in(kind: type, problem: BaseException) -> str:
    """Return where in the file of a class something was raised, ``mine.py:23``; empty where it was elsewhere.

    The last line of that file on the way there: what it called may lie in another.
    """
    try:
        file = getsourcefile(kind)
    except (OSError, TypeError):
        return ""
    lines = [line for frame, line in walk_tb(problem.__traceback__) if frame.f_code.co_filename == file]
    return f"{Path(file).name}:{lines[-1]}" if file and lines else ""


def checked(kind: object, what: str) -> type[Likelihood]:
    """Return a class that is a likelihood; raises ExperimentError where it is none."""
    if not (isclass(kind) and issubclass(kind, Likelihood)):
        shown = "has no class Experiment" if kind is None else f"has {kind!r} as its class"
        raise ExperimentError(f"{what} {shown}: it has to derive from darkmoment.experiments.Likelihood")
    return kind
