"""Every card and every curve that is shipped, whoever adds it."""

from importlib.resources import files
from pathlib import Path

import darkmoment.likelihoods
import numpy as np
import pytest

from darkmoment.experiments import Card, Likelihood, available, load
from darkmoment.experiments.curve import Curve
from darkmoment.experiments.region import HEADER as REGION
from darkmoment.experiments.region import Region

ROOT = Path(str(files(darkmoment.likelihoods)))
CARDS = list(available().values())
EVENTS = sorted(ROOT.glob("xenonnt/*.csv"))
CURVES = sorted(set(ROOT.glob("*/*.csv")) - set(EVENTS))
named = pytest.mark.parametrize("card", CARDS, ids=[card.name for card in CARDS])


def test_every_folder_has_its_three_files() -> None:
    folders = {file.parent for file in ROOT.glob("*/*") if file.suffix in {".py", ".yaml", ".csv"}}
    assert {folder.name for folder in folders} == set(available())
    for folder in folders:
        names = {file.name for file in folder.iterdir()}
        assert {"__init__.py", "card.yaml"} <= names
        assert ("likelihood.py" in names) == available()[folder.name].applies


@named
def test_every_number_has_a_reference(card: Card) -> None:
    for dataset in card.datasets.values():
        assert dataset.arxiv or dataset.doi or dataset.journal
        assert dataset.where
        assert dataset.verified or any(word in dataset.notes for word in ("memory", "secondary"))
        assert (dataset.curve is None and dataset.region is None) or dataset.obtained


@named
def test_every_card_loads_in_every_dataset(card: Card) -> None:
    for dataset in card.datasets if card.applies else ():
        likelihood = load(card.name, dataset)
        assert isinstance(likelihood, Likelihood)
        assert likelihood.card is card
        assert likelihood.limits in likelihood.needs
    if card.applies:
        load(card.name, **card.closure.options)


@pytest.mark.parametrize("file", CURVES, ids=[file.name for file in CURVES])
def test_every_curve_is_in_order_and_used(file: Path) -> None:
    if file.read_text().startswith(REGION):
        region = Region.read(file)
        edges = [region.lower, region.upper]
    else:
        edges = [Curve.read(file)]
    for edge in edges:
        check(edge)
    used = {
        name
        for d in available()[file.parent.name].datasets.values()
        for name in (d.curve, d.curve_below, d.region)
    }
    assert file.name in used
    assert b"\r" not in file.read_bytes()


def check(curve: Curve) -> None:
    assert (np.diff(curve.mass) > 0).all()
    assert (curve.epsilon > 0).all()
    assert (curve.epsilon < 1).all()
    assert (curve.mass > 1e-6).all()  # GeV, not MeV or TeV
    assert (curve.mass < 1e3).all()


@pytest.mark.parametrize("file", EVENTS, ids=[file.name for file in EVENTS])
def test_every_table_of_events_is_numbers_in_order(file: Path) -> None:
    columns = np.loadtxt(file, delimiter=",", skiprows=1, ndmin=2)
    assert (np.diff(columns[:, 0]) >= 0).all()
    assert (columns >= 0).all()
    read_by = [code for code in file.parent.glob("*.py") if file.stem.rpartition("_")[2] in code.read_text()]
    assert read_by
    assert b"\r" not in file.read_bytes()
