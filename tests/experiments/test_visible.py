"""Searches for visible decays: prompt limits, and closed regions that apply where decays are visible."""

import csv
from importlib.resources import files
from math import exp, log
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

from darkmoment.experiments import CurveError, PromptVisibleLimit, VisibleRegion, available, load
from darkmoment.experiments.curve import Curve
from darkmoment.experiments.region import Region
from darkmoment.levels import delta_chi2

PROMPT = ["a1_2014", "babar_2014", "kloe_2018", "lhcb_2019_prompt", "na48_2015"]
REGIONS = ["charm", "e137", "e141", "e774", "faser_2023", "na64_2019", "nucal", "orsay"]


def table(name: str) -> np.ndarray:
    """The CSV file, without the code under test."""
    with (files("darkmoment.likelihoods") / name / f"{name}_visible.csv").open() as file:
        return np.array([[float(x) for x in row.values()] for row in csv.DictReader(file)])


def point(m: float, epsilon: object, visible: float = 1.0) -> dict[str, np.ndarray]:
    return {
        "m_dark_photon": np.array([m]),
        "epsilon": np.atleast_1d(np.asarray(epsilon, dtype=float)),
        "BR_visible": np.array([visible]),
    }


def test_they_are_all_there() -> None:
    loaded = {name: load(name) for name, card in available().items() if card.applies}
    assert [n for n, e in loaded.items() if isinstance(e, PromptVisibleLimit)] == PROMPT
    assert [n for n, e in loaded.items() if isinstance(e, VisibleRegion)] == REGIONS


@pytest.mark.parametrize("name", PROMPT)
def test_a_prompt_search_limits_epsilon_squared_times_the_visible_fraction(name: str) -> None:
    search = load(name)
    assert search.needs == ("epsilon", "m_dark_photon", "BR_visible")
    m, limit = table(name)[len(table(name)) // 2]
    assert search.response(point(m, limit))[0] == pytest.approx(1, rel=1e-12)
    assert search.response(point(m, 2 * limit, 0.25))[0] == pytest.approx(1, rel=1e-12)
    assert search.chi2(point(m, limit, 0.5))[0] == pytest.approx(delta_chi2(0.9) / 4, rel=1e-12)
    np.testing.assert_allclose(search.limit(point(m, 1, 0.25)), 2 * limit, rtol=1e-12)
    hidden = point(m, 1.0, 0.0)
    assert search.response(hidden)[0] == 0
    assert not search.covered(hidden).any()
    assert search.covered(point(m, 1.0, 1e-9)).all()


@pytest.mark.parametrize(
    ("name", "resonances"),
    [
        ("babar_2014", [0.7827, 1.0195, 3.0969, 3.6861]),
        ("lhcb_2019_prompt", [0.7827, 1.0195, 3.0969, 9.4604]),
    ],
)
def test_resonances_that_were_left_out_are_gaps(name: str, resonances: list[float]) -> None:
    search, numbers = load(name), load(name).dataset.numbers
    masses = table(name)[:, 0]
    for end in numbers.values():
        assert end in masses
        assert search.covered(point(end, 1.0)).all()
    for m in resonances:
        assert not search.covered(point(m, 1.0)).any()
        assert search.response(point(m, 1.0))[0] == 0
    below, above = zip(*search.curve.stretches, strict=True)
    assert list(above[:-1]) == [v for k, v in numbers.items() if k.endswith("_from_GeV")]
    assert list(below[1:]) == [v for k, v in numbers.items() if k.endswith("_to_GeV")]
    batch = np.sort(np.concatenate((masses, np.add(below[1:], above[:-1]) / 2)))
    together = search.curve.covers(batch)
    assert together.tolist() == [bool(search.curve.covers(m)) for m in batch]
    assert (~together).sum() == len(numbers) // 2


def test_no_stretch_without_points_is_bridged() -> None:
    """BaBar left out 50 MeV on either side of what is heavier than the phi; else points are 20 MeV apart."""
    masses, numbers = table("babar_2014")[:, 0], load("babar_2014").dataset.numbers
    wide = masses[:-1][(np.diff(masses) > 0.1) & (masses[:-1] > 2)]
    named = [numbers[f"{name}_from_GeV"] for name in ("J_psi", "psi_2S", "upsilon_1S", "upsilon_2S")]
    assert wide.tolist() == named
    for start in wide:
        assert not load("babar_2014").covered(point(start + 0.05, 1.0)).any()


def test_a_gap_out_of_place_is_refused() -> None:
    curve = Curve(np.array([1.0, 2.0, 3.0]), np.ones(3))
    for gap in ((0.5, 1.5), (2.0, 2.0), (2.5, 3.5)):
        with pytest.raises(CurveError, match="cannot be silent"):
            curve.interrupted(gap)


@pytest.mark.parametrize("name", REGIONS)
def test_a_region_excludes_between_its_edges(name: str) -> None:
    dump = load(name)
    for m, low, high in table(name)[:-1]:
        inside = low * (high / low) ** np.array([0.01, 0.3, 0.5, 0.9, 0.99])
        outside = np.array([low / 10, low * 0.999, high * 1.001, high * 10])
        assert (dump.response(point(m, inside)) > 1).all()
        assert (dump.response(point(m, outside)) < 1).all()
        at_edges = dump.response(point(m, [low, high]))
        np.testing.assert_allclose(at_edges, 1, rtol=1e-11)
        np.testing.assert_allclose(dump.limit(point(m, 1.0)), low, rtol=1e-13)


def test_the_strength_is_the_number_of_decays_behind_a_dump() -> None:
    """Production e^2, survival exp(-L/l) and decay e^2, l as 1/e^2: solved for l by hand at one mass."""
    name = "e141"
    m, low, high = table(name)[12]

    def events(epsilon: float, k: float) -> float:
        return epsilon**4 * exp(-k * epsilon**2)

    peak = 2 / high**2
    k = brentq(lambda k: log(events(low, k) / events(high, k)), peak / 100, 100 * peak, xtol=1e-300)
    for epsilon in np.geomspace(low / 3, high * 2, 9):
        expected = events(epsilon, k) / events(low, k)
        assert load(name).response(point(m, epsilon))[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", REGIONS)
def test_a_region_says_nothing_where_decays_are_not_visible(name: str) -> None:
    dump = load(name)
    m, low, high = table(name)[3]
    middle = (low * high) ** 0.5
    assert dump.covered(point(m, middle, 0.9)).all()
    hidden = point(m, middle, 0.899)
    assert not dump.covered(hidden).any()
    assert dump.response(hidden)[0] == 0
    assert np.isnan(dump.limit(hidden)).all()
    first, last = table(name)[[0, -1], 0]
    for outside in (first * 0.999, last * 1.001):
        assert not dump.covered(point(outside, middle)).any()
    assert "visible" in dump.silence


def test_edges_that_meet_leave_one_mixing_at_the_limit() -> None:
    m, low, high = table("faser_2023")[-1]
    assert low == high
    response = load("faser_2023").response(point(m, low * np.array([0.9, 1.0, 1.1])))
    assert response[1] == pytest.approx(1, rel=1e-9)
    assert (response[[0, 2]] < 1).all()


def test_shapes_of_a_region() -> None:
    dump = load("nucal")
    assert (dump.shape.name, dump.hard) == ("region", False)
    assert load("nucal", shape="step").hard
    with pytest.raises(ValueError, match=r"without a second edge.*available: region, step"):
        load("nucal", shape="half_gaussian")
    with pytest.raises(ValueError, match="closed excluded region"):
        load("na64", shape="region")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("mass_GeV,epsilon\n1,1\n2,1\n", 1, "first line must be 'mass_GeV,epsilon_min,epsilon_max'"),
        ("mass_GeV,epsilon_min,epsilon_max\n1,1,2\n2,3\n", 3, "not three numbers"),
        ("mass_GeV,epsilon_min,epsilon_max\n1,1,2\n2,3,2\n", 3, "lies above the upper one"),
        ("mass_GeV,epsilon_min,epsilon_max\n1,1,2\n2,-1,2\n", 3, "epsilon -1 is not positive"),
        ("mass_GeV,epsilon_min,epsilon_max\n2,1,2\n1,1,2\n", 3, "does not exceed"),
    ],
)
def test_bad_regions_name_file_and_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(text)
    with pytest.raises(CurveError, match=message) as caught:
        Region.read(file)
    assert caught.value.line == line


@pytest.mark.parametrize("name", REGIONS)
def test_the_silenced_region_allows_what_the_region_says_nothing_of(name: str) -> None:
    print("seed 47")
    rng = np.random.default_rng(47)
    dump = load(name)
    silent = dump.silenced()
    assert silent is not None
    assert silent.hard
    assert silent.silenced() is None
    visible = np.concatenate((rng.uniform(0, 1, 300), 0.9 + np.array([-1e-6, -1e-8, 0.0, 1e-8]), [0.0, 1.0]))
    first, last = table(name)[[0, -1], 0]
    for m in (first * 0.99, first, (first * last) ** 0.5, last, last * 1.01):
        p = {**point(m, 1e-6), "BR_visible": visible, "BR_invisible": 1 - visible}
        said, allowed = np.broadcast_to(dump.covered(p), visible.shape), silent.chi2(p) == 0
        np.testing.assert_array_equal(allowed, ~said)
        assert silent.covered(p).all()
