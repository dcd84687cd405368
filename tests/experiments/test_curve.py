import bisect
import csv
import math
import pickle
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from darkmoment.experiments import CurveError, load
from darkmoment.experiments.curve import Curve

SHIPPED = ["na64/na64_2019_invisible.csv", "na64/na64_2023_invisible.csv", "babar/babar_2017_invisible.csv"]


def points(name: str) -> list[tuple[float, float]]:
    """The CSV file, without the code under test."""
    with (files("darkmoment.likelihoods") / name).open() as file:
        return [(float(row["mass_GeV"]), float(row["epsilon"])) for row in csv.DictReader(file)]


def log_log(table: list[tuple[float, float]], mass: float) -> float:
    """Power law between neighbouring points, one mass at a time."""
    right = min(max(bisect.bisect_right(table, (mass, math.inf)), 1), len(table) - 1)
    (m0, e0), (m1, e1) = table[right - 1], table[right]
    power = math.log(e1 / e0) / math.log(m1 / m0)
    return e0 * (mass / m0) ** power


@pytest.mark.parametrize("name", SHIPPED)
def test_interpolation_is_a_power_law_between_points(name: str) -> None:
    table, curve = points(name), Curve.read(files("darkmoment.likelihoods") / name)
    print("seed 20250711")
    low, high = table[0][0], table[-1][0]
    mass = np.exp(np.random.default_rng(20250711).uniform(math.log(low), math.log(high), 500))
    expected = [log_log(table, m) for m in mass]
    np.testing.assert_allclose(curve.at(mass), expected, rtol=1e-13)


@pytest.mark.parametrize("name", SHIPPED)
def test_points_themselves_and_both_ends(name: str) -> None:
    table, curve = points(name), Curve.read(files("darkmoment.likelihoods") / name)
    mass, epsilon = np.array(table).T
    np.testing.assert_allclose(curve.at(mass), epsilon, rtol=2e-15)
    assert curve.covers(mass).all()
    assert curve.range == (mass[0], mass[-1])
    outside = np.array([np.nextafter(mass[0], 0), np.nextafter(mass[-1], np.inf), 0.0, 1e-9, 1e3])
    assert np.isnan(curve.at(outside)).all()
    assert not curve.covers(outside).any()
    assert np.isnan(curve.at(np.nan))


def test_one_point_and_a_batch_agree() -> None:
    curve = load("na64").curve
    mass = np.geomspace(0.9e-3, 1.4, 257)
    one_by_one = np.array([curve.at(m) for m in mass])
    np.testing.assert_allclose(curve.at(mass), one_by_one, rtol=2e-15)
    np.testing.assert_allclose(curve.at(np.repeat(mass, 3)[::3]), one_by_one, rtol=2e-15)


def test_na64_2023_continues_with_2019_below_its_first_point() -> None:
    old, new = points("na64/na64_2019_invisible.csv"), points("na64/na64_2023_invisible.csv")
    curve = load("na64", dataset=2023).curve
    start = new[0][0]
    assert curve.range == (old[0][0], new[-1][0])
    below = np.append(np.geomspace(old[0][0], start * (1 - 1e-9), 60), [m for m, _ in old if m < start])
    np.testing.assert_allclose(curve.at(below), [log_log(old, m) for m in below], rtol=1e-13)
    above = np.geomspace(start, new[-1][0], 60)
    above[-1] = new[-1][0]
    np.testing.assert_allclose(curve.at(above), [log_log(new, m) for m in above], rtol=1e-13)
    jump = curve.at(start * (1 - 1e-9)) / curve.at(start)
    assert jump == pytest.approx(1.4, abs=0.03)


def test_the_resonant_dip_can_be_removed() -> None:
    table = points("na64/na64_2023_invisible.csv")
    lower, upper = 0.18616, 0.33401
    bridged = [(m, e) for m, e in table if not lower < m < upper]
    assert len(table) - len(bridged) == 17
    keep, remove = (load("na64", resonance=choice).curve for choice in ("keep", "remove"))
    print("seed 7")
    mass = np.exp(np.random.default_rng(7).uniform(math.log(0.0032), math.log(1.27), 400))
    np.testing.assert_allclose(remove.at(mass), [log_log(bridged, m) for m in mass], rtol=1e-13)
    inside = (mass > lower) & (mass < upper)
    assert inside.sum() > 20
    np.testing.assert_array_equal(remove.at(mass[~inside]), keep.at(mass[~inside]))
    assert (remove.at(mass[inside]) > keep.at(mass[inside])).all()
    # without the resonance the datasets differ by little more than their statistics, sqrt(9.37/2.84) = 1.82
    ratio = load("na64", dataset=2019).curve.at(mass[inside]) / remove.at(mass[inside])
    assert ratio.min() > 1.85
    assert ratio.max() < 2.05
    # the stretch below 3.1 MeV stays, and so does a curve without a dip
    assert remove.range == keep.range
    old = load("na64", dataset=2019, resonance="remove").curve
    np.testing.assert_array_equal(old.mass, [m for m, _ in points("na64/na64_2019_invisible.csv")])


def test_a_bridge_between_points_keeps_the_curve_at_its_edges() -> None:
    curve = Curve(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 0.1, 0.2, 2.0]))
    bridged = curve.bridged(1.5, 3.5)
    np.testing.assert_allclose(bridged.mass, [1.0, 1.5, 3.5, 4.0])
    np.testing.assert_allclose(bridged.at([1.5, 3.5]), curve.at([1.5, 3.5]), rtol=1e-14)
    with pytest.raises(CurveError, match="cannot be bridged"):
        curve.bridged(0.5, 3)
    with pytest.raises(CurveError, match="cannot be bridged"):
        curve.bridged(3, 2)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("mass,epsilon\n1,1\n2,1\n", 1, "first line must be"),
        ("", 1, "first line must be"),
        ("mass_GeV,epsilon\n", 0, "two points"),
        ("mass_GeV,epsilon\n1,1\n", 0, "two points"),
        ("mass_GeV,epsilon\n1,1\n2,-1\n3,1\n", 3, "epsilon -1 is not positive"),
        ("mass_GeV,epsilon\n1,1\n2,nan\n", 3, "epsilon nan"),
        ("mass_GeV,epsilon\n1,1\n2,inf\n", 3, "epsilon inf"),
        ("mass_GeV,epsilon\n0,1\n2,1\n", 2, "mass 0 is not positive"),
        ("mass_GeV,epsilon\n1,1\n3,1\n2,1\n", 4, "does not exceed"),
        ("mass_GeV,epsilon\n1,1\n1,2\n", 3, "does not exceed"),
        ("mass_GeV,epsilon\n1,1\n2\n", 3, "not two numbers"),
        ("mass_GeV,epsilon\n1,1\n2,3,4\n", 3, "not two numbers"),
        ("mass_GeV,epsilon\n1,1\n\n2,3\n", 3, "not two numbers"),
        ("mass_GeV,epsilon\n1,1\n# 2,3\n", 3, "not two numbers"),
    ],
)
def test_bad_curves_name_file_and_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(text)
    with pytest.raises(CurveError, match=message) as caught:
        Curve.read(file)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{file}:{line}: " if line else f"{file}: ")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(CurveError, match="no such file"):
        Curve.read(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CurveError, match="not a text file"):
        Curve.read(tmp_path / "binary.csv")


def test_a_gap_between_two_curves_is_refused() -> None:
    upper = Curve(np.array([2.0, 3.0]), np.ones(2))
    with pytest.raises(CurveError, match="starts above the end"):
        upper.continued_by(Curve(np.array([0.5, 1.0]), np.ones(2)))
