"""Finding the shipped experiments: one folder each, nothing to register."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable

from darkmoment.experiments.card import Card, OptionValue
from darkmoment.experiments.errors import ExperimentError, unknown
from darkmoment.experiments.likelihood import Likelihood

PACKAGE = "darkmoment.likelihoods"


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
    folders = [f for f in root.iterdir() if f.is_dir() and f.joinpath("likelihood.py").is_file()]
    if not folders:
        raise ExperimentError(f"no experiment found in {root}: darkmoment is not installed completely")
    return {folder.name: Card.read(folder) for folder in sorted(folders, key=lambda f: f.name)}


@cache
def available() -> Mapping[str, Card]:
    """Return the shipped experiments, name -> card."""
    return find(files(PACKAGE))


def card(name: str) -> Card:
    """Return one shipped card.

    Raises
    ------
    ExperimentError
        If there is no such experiment; the message has the nearest name.
    """
    if name not in available():
        raise unknown("experiment", name, available())
    return available()[name]


def load(name: str, dataset: object = None, shape: str | None = None, **options: OptionValue) -> Likelihood:
    """Return a shipped experiment with its dataset, shape and options chosen.

    Parameters
    ----------
    name : str
        Folder of the experiment: ``meg2``.
    dataset : str, int or None
        The card's default for None; compared as text.
    shape : str or None
        The dataset's default for None.
    **options
        As declared in the card.

    Raises
    ------
    ExperimentError
        If any of them does not exist; the message lists the choices and the nearest.

    Examples
    --------
    >>> load("meg2", dataset=2023).label
    'MEG II (2023)'
    """
    found = card(name)
    experiment: type[Likelihood] = import_module(f"{PACKAGE}.{name}.likelihood").Experiment
    return experiment(found, dataset, shape, **options)
