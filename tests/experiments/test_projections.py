"""Projected experiments: counting built from single-event sensitivity and background."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from darkmoment.experiments import Card, CardError, available, load
from darkmoment.experiments.closure import closure
from darkmoment.experiments.counting import flat_prior_limit, median_limit, median_observation
from darkmoment.experiments.shapes import Counting, shape_of

COUNTED = {
    # single-event sensitivity, background; limit where the paper quotes one
    ("meg2_final", "design"): (6e-14 / np.log(10), 0, 6e-14),
    ("mu3e", "phase1"): (2e-15, 0, 2e-15 * np.log(10)),
    ("mu3e", "phase2"): (1e-16 / np.log(10), 0, 1e-16),
    ("mu2e", "run1"): (6.2e-16 / np.log(10), 0.11, 6.2e-16),
    ("mu2e", "full"): (2.8e-17, 0, 6.7e-17),
    ("mu2e2", "goal"): (2.8e-18, 0, 6.7e-18),
    ("comet", "phase1"): (3.1e-15, 0.032, 7e-15),
    ("comet", "phase2"): (2.6e-17, 0, 2.6e-17 * np.log(10)),
}
NAMES = ["meg2_final", "mu3e", "mu2e", "mu2e2", "comet", "belle2", "na64_1e13"]


@pytest.mark.parametrize("cl", [0.90, 0.95])
@pytest.mark.parametrize(("n", "b"), [(0, 0.0), (0, 0.53), (1, 0.9), (3, 2.7), (12, 10.0)])
def test_flat_prior_limit_of_whole_events(n: int, b: float, cl: float) -> None:
    def posterior(s: float) -> float:
        return float(stats.poisson.pmf(n, s + b))

    total = integrate.quad(posterior, 0, 200, points=(5, 20), epsabs=0, epsrel=1e-12, limit=400)[0]

    def excess(s: float) -> float:
        return integrate.quad(posterior, 0, s, epsabs=0, epsrel=1e-12, limit=400)[0] / total - cl

    assert flat_prior_limit(n, b, cl) == pytest.approx(optimize.brentq(excess, 0.1, 60, xtol=1e-12), rel=1e-8)


@pytest.mark.parametrize("b", [0.0, 0.11, 0.6, 1.7, 4.3, 30.0])
def test_the_median_limit_is_that_of_pseudo_experiments(b: float) -> None:
    seed = 5
    print("seed", seed)
    toys = np.random.default_rng(seed).poisson(b, 200_001)
    seen, counts = np.unique(toys, return_counts=True)
    limits = np.array([flat_prior_limit(int(n), b, 0.9) for n in seen])
    assert (np.diff(limits) > 0).all()  # so that the median limit is the limit of the median
    middle = np.searchsorted(np.cumsum(counts), 100_001)
    assert median_observation(b) == seen[middle]
    assert median_limit(b, 0.9) == limits[middle]


def test_nothing_is_seen_up_to_a_background_of_ln_2() -> None:
    assert [median_observation(np.log(2) + x) for x in (-1e-9, 1e-9)] == [0, 1]


@pytest.mark.parametrize(("key", "numbers"), COUNTED.items(), ids=lambda x: "-".join(map(str, x)))
def test_numbers_of_the_cards(key: tuple[str, str], numbers: tuple[float, float, float]) -> None:
    one, background, limit = numbers
    experiment = load(*key)
    dataset, shape = experiment.dataset, experiment.shape
    assert experiment.projected
    assert experiment.label.endswith(", projected)")
    assert dataset.single_event_sensitivity == pytest.approx(one, rel=1e-12)
    assert dataset.limit == pytest.approx(limit, rel=1e-12)
    assert isinstance(shape, Counting)
    assert (shape.observed, shape.background) == (background, background)
    assert shape.events_at_limit == pytest.approx(limit / one, rel=1e-12)
    x = one * np.array([0.0, 0.3, 1.0, 4.0])
    chi2 = experiment.chi2({experiment.card.limits: x})
    s = x / one
    # the continued Poisson distribution: ln L = n ln(s + b) - (s + b), with n = b
    expected = 2 * s if background == 0 else 2 * (s - background * np.log((s + background) / background))
    np.testing.assert_allclose(chi2, expected, rtol=1e-11, atol=1e-14)
    alone = [experiment.chi2({experiment.card.limits: x[i : i + 1]})[0] for i in range(4)]
    np.testing.assert_array_equal(alone, chi2)


def test_a_whole_background_is_poisson_itself() -> None:
    shape = Counting(0.9, 3, 3, events=2.0)
    s = 2.0 * np.array([0.0, 0.5, 1.0, 3.0])
    expected = -2 * (stats.poisson.logpmf(3, s + 3) - stats.poisson.logpmf(3, 3))
    np.testing.assert_allclose(shape.chi2(s / 2), expected, rtol=1e-12, atol=1e-13)


def test_all_are_projections_and_close() -> None:
    assert {name for name, card in available().items() if card.status == "projected"} == set(NAMES)
    table = closure(NAMES, points=7)
    assert table["ok"].all()
    quoted_twice = table["experiment"].isin(["mu2e", "mu2e2", "comet"])
    assert table[~quoted_twice]["deviation"].abs().max() < 1e-5
    worst = table[quoted_twice].set_index(["experiment", "dataset"])["deviation"]
    assert worst["mu2e", "full"] == pytest.approx(2.8e-17 * np.log(10) / 6.7e-17 - 1, abs=1e-5)
    assert worst["comet", "phase1"] == pytest.approx(3.1e-15 * np.log(10) / 7e-15 - 1, abs=1e-5)


def test_other_shapes_give_the_projected_limit_at_its_delta_chi2() -> None:
    experiment = load("meg2_final", shape="half_gaussian")
    assert experiment.chi2({"BR_mu_e_gamma": np.array([6e-14])})[0] == pytest.approx(2.705543, abs=1e-6)


def test_what_supersedes_what() -> None:
    cards = available()
    said = {name: card.supersedes for name, card in cards.items() if card.supersedes}
    assert said == {"meg2_final": ("meg2",), "na64_1e13": ("na64",)}
    assert all(other in cards for names in said.values() for other in names)


GOOD = """\
name: toy
title: TOY
limits: BR_toy
status: projected
default: goal
datasets:
  goal:
    single_event_sensitivity: 2e-15
    cl: 0.95
    background: 1.2
    arxiv: "2504.15711"
    where: abstract
    verified: yes
closure: {method: median, tolerance: 0.005}
notes: A goal.
"""


def read(folder: Path, *changes: tuple[str, str]) -> Card:
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "toy").mkdir(exist_ok=True)
    (folder / "toy" / "card.yaml").write_text(text)
    return Card.read(folder / "toy")


def test_a_limit_follows_from_the_sensitivity_and_back(tmp_path: Path) -> None:
    dataset = read(tmp_path).dataset()
    events = median_limit(1.2, 0.95)
    assert dataset.limit == 2e-15 * events
    assert dataset.observed == dataset.background == 1.2
    back = read(
        tmp_path,
        ("single_event_sensitivity: 2e-15", f'limit: "< {2e-15 * events!r} @ 95% CL"'),
        ("    cl: 0.95\n", ""),
    ).dataset()
    assert back.single_event_sensitivity == pytest.approx(2e-15, rel=1e-14)
    assert pickle.loads(pickle.dumps(back)) == back
    assert shape_of(back).name == "counting"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    background: 1.2\n", "", r"toy.card.yaml: datasets.goal.background: is missing"),
        ("2e-15", "-2e-15", "datasets.goal.single_event_sensitivity: must be positive"),
        ("    cl: 0.95\n", "", "datasets.goal.cl: is missing"),
        ("cl: 0.95", "cl: 95", "datasets.goal.cl: a confidence level lies between 0 and 1"),
        ("background: 1.2", "background: 1.2\n    observed: 1", "a projection has observed nothing yet"),
        ("background: 1.2", "background: -1", "datasets.goal.background: must not be negative"),
        ('    arxiv: "2504.15711"\n', "", "datasets.goal.arxiv: a reference is missing"),
        ("status: projected", "status: measured", "exactly one of limit, value, curve and region"),
        ("notes: A goal.", "notes: A goal.\nformulas: [Huber]", "formulas: 'Huber' is not an arXiv ident"),
    ],
)
def test_bad_projections_name_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(CardError, match=message):
        read(tmp_path, (old, new))
