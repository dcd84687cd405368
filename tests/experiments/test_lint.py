"""Every card and every curve that is shipped, whoever adds it."""

from importlib.resources import files
from pathlib import Path

import darkmoment.likelihoods
import numpy as np
import pytest

from darkmoment.experiments import Card, Likelihood, available, load
from darkmoment.experiments.curve import Curve

ROOT = Path(str(files(darkmoment.likelihoods)))
CARDS = list(available().values())
CURVES = sorted(ROOT.glob("*/*.csv"))
named = pytest.mark.parametrize("card", CARDS, ids=[card.name for card in CARDS])


def test_every_folder_has_its_three_files() -> None:
    folders = {file.parent for file in ROOT.glob("*/*") if file.suffix in {".py", ".yaml", ".csv"}}
    assert {folder.name for folder in folders} == set(available())
    for folder in folders:
        assert {"__init__.py", "card.yaml", "likelihood.py"} <= {file.name for file in folder.iterdir()}


@named
def test_every_number_has_a_reference(card: Card) -> None:
    for dataset in card.datasets.values():
        assert dataset.arxiv or dataset.doi or dataset.journal
        assert dataset.where
        assert dataset.verified or "memory" in dataset.notes
        assert dataset.curve is None or dataset.obtained


@named
def test_every_card_loads_in_every_dataset(card: Card) -> None:
    for dataset in card.datasets if card.applies else ():
        likelihood = load(card.name, dataset)
        assert isinstance(likelihood, Likelihood)
        assert likelihood.card is card
        assert card.limits in likelihood.needs
    load(card.name, **card.closure.options)


@pytest.mark.parametrize("file", CURVES, ids=[file.name for file in CURVES])
def test_every_curve_is_in_order_and_used(file: Path) -> None:
    curve = Curve.read(file)
    assert (np.diff(curve.mass) > 0).all()
    assert (curve.epsilon > 0).all()
    assert (curve.epsilon < 1).all()
    assert (curve.mass > 1e-6).all()  # GeV, not MeV or TeV
    assert (curve.mass < 1e3).all()
    used = {
        name for d in available()[file.parent.name].datasets.values() for name in (d.curve, d.curve_below)
    }
    assert file.name in used
    assert b"\r" not in file.read_bytes()
