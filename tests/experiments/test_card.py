import pickle
from pathlib import Path

import pytest

from darkmoment.experiments import Card, CardError, ExperimentError

GOOD = """\
name: toy
title: TOY, some decay
limits: BR_toy
status: measured
default: 2025
datasets:
  2025:
    limit: "< 1.5e-13 @ 90% CL"
    sensitivity: 2.2e-13
    arxiv: "2504.15711"
    where: abstract
    verified: yes
  curve:
    curve: toy.csv
    cl: 0.95
    journal: Some Journal 1 (2000) 1
    where: Fig. 1
    verified: no
    notes: the level is from memory
  counted:
    value: 38(63)e-11
    observed: 0
    background: 0.53 +- 0.17
    arxiv: ["hep-ex/0101039", "2505.21476"]
    where: abstract
    verified: yes
options:
  threshold: {type: number, default: 3, minimum: 1, maximum: 9, help: lowest energy}
  weight: {type: choice, choices: [one, none], default: none, help: flavour}
closure: {method: delta_chi2, tolerance: 0.005, at: {m_dark_photon: 0}, options: {weight: none}}
notes: An upper limit.
"""


def write(folder: Path, text: str = GOOD) -> Path:
    toy = folder / "toy"
    toy.mkdir(exist_ok=True)
    (toy / "toy.csv").write_text("mass_GeV,epsilon\n0.1,1e-3\n1,2e-3\n")
    (toy / "card.yaml").write_text(text, encoding="utf-8")
    return toy


def test_a_good_card(tmp_path: Path) -> None:
    card = Card.read(write(tmp_path))
    assert (card.name, card.short_title, card.limits, card.status, card.applies) == (
        *("toy", "TOY", "BR_toy", "measured", True),
    )
    assert list(card.datasets) == ["2025", "curve", "counted"]
    assert card.dataset() is card.dataset(2025) is card.dataset("2025")
    assert (card.dataset().limit, card.dataset().cl, card.dataset().sensitivity) == (1.5e-13, 0.90, 2.2e-13)
    assert (card.dataset("curve").cl, card.dataset("curve").verified) == (0.95, False)
    counted = card.dataset("counted")
    assert (counted.observed, counted.background, counted.background_sigma) == (0, 0.53, 0.17)
    assert counted.arxiv == ("hep-ex/0101039", "2505.21476")
    assert card.options["weight"].default == "none"
    assert card.closure.at == {"m_dark_photon": 0}
    assert pickle.loads(pickle.dumps(card)) == card


def test_a_dataset_may_limit_a_quantity_of_its_own_and_from_below(tmp_path: Path) -> None:
    text = GOOD.replace(
        '    limit: "< 1.5e-13 @ 90% CL"\n    sens', '    limits: m_toy\n    limit: "> 3 @ 95% CL"\n    sens'
    )
    card = Card.read(write(tmp_path, text))
    assert (card.dataset().limits, card.dataset().lower, card.dataset().limit) == ("m_toy", True, 3)
    assert (card.dataset("curve").limits, card.dataset("curve").lower) == ("", False)


def test_what_does_not_apply_needs_a_reference_but_no_number_and_no_closure(tmp_path: Path) -> None:
    text = GOOD.replace("    value: 38(63)e-11\n    observed: 0\n    background: 0.53 +- 0.17\n", "")
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("closure"))
    with pytest.raises(CardError, match="exactly one of limit, value, curve and region"):
        Card.read(write(tmp_path, text))
    text = text.replace("status: measured", "status: measured\napplies: no")
    card = Card.read(write(tmp_path, text))
    assert not card.applies
    assert card.dataset("counted").limit is None
    unnamed = text.replace('    arxiv: ["hep-ex/0101039", "2505.21476"]\n', "")
    with pytest.raises(CardError, match="reference is missing") as caught:
        Card.read(write(tmp_path, unnamed))
    assert caught.value.key == "datasets.counted.arxiv"


def test_cards_cannot_be_changed(tmp_path: Path) -> None:
    card = Card.read(write(tmp_path))
    with pytest.raises(AttributeError):
        card.name = "other"


@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        ("title: TOY, some decay\n", "", "title", "missing"),
        ("title: TOY, some decay\n", "titel: TOY\n", "titel", "did you mean 'title'"),
        ("name: toy", "name: tory", "name", "folder"),
        ("status: measured", "status: mesured", "status", "did you mean 'measured'"),
        ("default: 2025", "default: 2026", "default", "did you mean '2025'"),
        ("limits: BR_toy", "limits: 3", "limits", "expected a text"),
        ("    sensitivity:", "    sensitivty:", "datasets.2025.sensitivty", "did you mean 'sensitivity'"),
        ("2.2e-13", "-2.2e-13", "datasets.2025.sensitivity", "positive"),
        ("2.2e-13", ".nan", "datasets.2025.sensitivity", "expected a number"),
        ('"< 1.5e-13 @ 90% CL"', '"1.5e-13"', "datasets.2025.limit", "upper limit"),
        ('"< 1.5e-13 @ 90% CL"', '"= 1.5e-13 @ 90% CL"', "datasets.2025.limit", "or lower, with >"),
        ("    sensitivity: 2.2e-13", "    limits: 3", "datasets.2025.limits", "expected a text"),
        ("    value: 38(63)e-11\n", "", "datasets.counted", "exactly one"),
        ('    arxiv: "2504.15711"\n', "", "datasets.2025.arxiv", "reference is missing"),
        ('"2504.15711"', "2504.15711", "datasets.2025.arxiv", "quoted"),
        ('"2504.15711"', '"25041571"', "datasets.2025.arxiv", "not an arXiv identifier"),
        (
            "    where: abstract\n    verified: yes\n  curve",
            "    where: abstract\n  curve",
            "datasets.2025.verified",
            "missing",
        ),
        (
            "    verified: no\n    notes: the level is from memory",
            "    verified: no",
            "datasets.curve.notes",
            "memory",
        ),
        ("curve: toy.csv", "curve: toi.csv", "datasets.curve.curve", "no file 'toi.csv'"),
        ("cl: 0.95", "cl: 95", "datasets.curve.cl", "between 0 and 1"),
        ("    cl: 0.95\n", "", "datasets.curve.cl", "missing"),
        ("    sensitivity: 2.2e-13", "    cl: 0.9", "datasets.2025.cl", "its own"),
        ("    sensitivity: 2.2e-13", "    value: 1 +- 1", "datasets.2025", "exactly one"),
        ("    observed: 0\n", "", "datasets.counted.observed", "together"),
        ("observed: 0", "observed: 0.5", "datasets.counted.observed", "whole number"),
        (
            "    cl: 0.95\n",
            "    cl: 0.95\n    curve_below: no.csv\n",
            "datasets.curve.curve_below",
            "no file",
        ),
        ("38(63)e-11", "38", "datasets.counted.value", "expected a text"),
        ("38(63)e-11", "38(63", "datasets.counted.value", "measurement"),
        ("default: 3,", "default: 30,", "options.threshold.default", "at most 9"),
        ("default: none", "default: three", "options.weight.default", "one of one, none"),
        ("minimum: 1", "choices: [a]", "options.threshold.choices", "no meaning"),
        ("type: number", "type: nummer", "options.threshold.type", "did you mean 'number'"),
        ("method: delta_chi2", "method: delta_chi", "closure.method", "did you mean 'delta_chi2'"),
        ("tolerance: 0.005", "tolerance: 0", "closure.tolerance", "positive"),
        ("status: measured", "status: measured\napplies: perhaps", "applies", "yes or no"),
        ("  2025:\n", '  2025: {}\n  "2025":\n', "datasets.2025", "twice"),
    ],
)
def test_bad_cards_name_file_and_key(tmp_path: Path, old: str, new: str, key: str, message: str) -> None:
    assert old in GOOD
    folder = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(CardError, match=message) as caught:
        Card.read(folder)
    assert caught.value.key == key
    assert str(caught.value).startswith(f"{folder / 'card.yaml'}: {key}: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "name: toy\n", "duplicate key"),
        ("name: [toy\n", "YAML"),
        ("just text\n", "pairs"),
        ("", "pairs"),
        ("datasets: [1]\nname: toy\n", "datasets: expected 'key: value' pairs"),
    ],
)
def test_unreadable_cards(tmp_path: Path, text: str, message: str) -> None:
    folder = write(tmp_path, text)
    with pytest.raises(CardError, match=message):
        Card.read(folder)


def test_a_missing_card(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"no card\.yaml"):
        Card.read(tmp_path)


def test_an_unknown_dataset(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match=r"dataset of toy '2024' .* 2025, curve, counted .*mean '2025'"):
        Card.read(write(tmp_path)).dataset(2024)


def test_errors_survive_a_trip_between_processes(tmp_path: Path) -> None:
    with pytest.raises(CardError) as caught:
        Card.read(tmp_path)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
