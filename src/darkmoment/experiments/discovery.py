"""Finding experiments: one folder each here, and what other packages announce; nothing to register."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from darkmoment.experiments.card import Card, OptionValue
from darkmoment.experiments.errors import CardError, CurveError, ExperimentError, unknown
from darkmoment.experiments.likelihood import Likelihood, not_applicable
from darkmoment.experiments.plugins import Plugin, in_words, plugins

PACKAGE = "darkmoment.likelihoods"

_EITHER = ("card.yaml", "likelihood.py")
"""Files that make a folder an experiment; what does not apply to the model has a card alone."""


def find(root: Traversable) -> dict[str, Card]:
    """Read the card of every experiment folder, sorted by name.

    Raises
    ------
    ExperimentError
        If there is none: an installation without its data must not look like a fit without constraints.
    CardError
        If one cannot be used.
    """
    # a removed experiment leaves a folder with nothing but __pycache__ behind
    folders = [f for f in root.iterdir() if f.is_dir() and any(f.joinpath(n).is_file() for n in _EITHER)]
    if not folders:
        raise ExperimentError(f"no experiment found in {root}: darkmoment is not installed completely")
    return {folder.name: Card.read(folder) for folder in sorted(folders, key=lambda f: f.name)}


@cache
def shipped() -> Mapping[str, Card]:
    """Return the experiments of this package, name -> card."""
    return MappingProxyType(find(files(PACKAGE)))


@cache
def announced() -> Mapping[str, Plugin]:
    """Return the experiments of other packages, name -> what they announce.

    Raises
    ------
    ExperimentError
        If one cannot be used or has the name of another; the message names it and its package.
    CardError
        If its card cannot be used.
    """
    return MappingProxyType(plugins(shipped()))


@cache
def available() -> Mapping[str, Card]:
    """Return every experiment, of this package and of others, name -> card."""
    cards = {**shipped(), **{name: plugin.card for name, plugin in announced().items()}}
    return MappingProxyType(dict(sorted(cards.items())))


def card(name: str) -> Card:
    """Return one card.

    Raises
    ------
    ExperimentError
        If there is no such experiment; the message has the nearest name.
    """
    if name not in available():
        raise unknown("experiment", name, available())
    return available()[name]


def load(name: str, dataset: object = None, shape: str | None = None, **options: OptionValue) -> Likelihood:
    """Return an experiment with its dataset, shape and options chosen.

    Parameters
    ----------
    name : str
        Folder of the experiment: ``meg2``; or the name another package announces.
    dataset : str, int or None
        The card's default for None; compared as text.
    shape : str or None
        The dataset's default for None.
    **options
        As declared in the card.

    Raises
    ------
    ExperimentError
        If any of them does not exist; the message lists the choices and the nearest. Or if the experiment of
        another package cannot be made; the message names both.

    Examples
    --------
    >>> load("meg2", dataset=2023).label
    'MEG II (2023)'
    """
    found = card(name)
    if name in announced():
        return _made(announced()[name], dataset, shape, options)
    if not found.applies:
        raise not_applicable(found)
    experiment: type[Likelihood] = import_module(f"{PACKAGE}.{name}.likelihood").Experiment
    return experiment(found, dataset, shape, **options)


def _made(
    plugin: Plugin, dataset: object, shape: str | None, options: Mapping[str, OptionValue]
) -> Likelihood:
    try:
        return plugin.kind(plugin.card, dataset, shape, **options)
    except (CardError, CurveError, ExperimentError):
        raise
    except (Exception, SystemExit) as problem:
        message = f"experiment '{plugin.card.name}' of {plugin.package} cannot be made: {in_words(problem)}"
        raise ExperimentError(message) from problem
