from dataclasses import replace
from pathlib import Path

import pytest

from darkmoment.experiments import CardError, ExperimentError, UpperLimit, available
from darkmoment.experiments.discovery import card, find


def test_the_core_five_are_found() -> None:
    assert {"meg2", "na64", "babar", "borexino", "g_minus_2"} <= set(available())
    assert list(available()) == sorted(available())
    assert available() is available()  # read once
    defaults = {name: card(name).default for name in ("meg2", "na64", "babar", "borexino", "g_minus_2")}
    assert defaults == {
        **{"meg2": "2025", "na64": "2023", "babar": "2017", "borexino": "2017", "g_minus_2": "wp2025"},
    }


def test_an_installation_without_experiments_fails_loudly(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").touch()
    (tmp_path / "__pycache__").mkdir()
    removed = tmp_path / "removed" / "__pycache__"
    removed.mkdir(parents=True)
    with pytest.raises(ExperimentError, match="no experiment found in"):
        find(tmp_path)


def test_an_experiment_without_a_card_is_named(tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "likelihood.py").touch()
    with pytest.raises(CardError, match=r"toy.card\.yaml: there is no card\.yaml"):
        find(tmp_path)


def test_what_does_not_apply_cannot_enter_a_fit() -> None:
    idle = replace(card("meg2"), applies=False, notes="Another particle.")
    with pytest.raises(ExperimentError, match=r"meg2 does not apply to this model: Another particle\."):
        UpperLimit(idle)
