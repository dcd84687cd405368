"""Coverage of upper edges by toys, beside exact results; and what the README says of levels."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import lambertw
from scipy.stats import norm, poisson

from darkmoment.experiments.shapes import LimitAndSensitivity
from darkmoment.inference.coverage import (
    counting_coverage,
    gaussian_coverage,
    published_limit_coverage,
)
from darkmoment.levels import delta_chi2

SEEDS = [11, 2026, 730001]
LEVELS = [0.90, 0.95]
BACKGROUNDS = [0.0, 0.51, 3.0, 10.0]
SIGNALS = np.array([0.0, 0.3, 1.0, 1.35, 1.36, 2.0, 3.0, 5.0, 8.0, 20.0])
ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
NOTEBOOK = ROOT / "notebooks" / "04_profile_and_posterior.ipynb"


def z_of(level: float) -> float:
    return float(norm.ppf((1 + level) / 2))


def exact_gaussian(s: float, level: float) -> float:
    """Coverage for sigma = 1: x >= 0 reaches up to x + z, a negative x to x + sqrt(x^2 + z^2)."""
    z = z_of(level)
    lowest = s - z if s >= z else (s * s - z * z) / (2 * s) if s > 0 else -np.inf
    return float(norm.cdf(s - lowest))


def exact_published(s: float, level: float) -> float:
    """Coverage of the flat-prior limit for sigma = 1, from the observation whose limit is s."""
    if s == 0:
        return 1.0

    def excess(x: float) -> float:
        return float(norm.logsf(s, loc=x) - norm.logsf(0.0, loc=x) - np.log1p(-level))

    return float(norm.cdf(s - brentq(excess, s - 20 - 20 / s, s, xtol=1e-12)))


def exact_counting(s: float, background: float, level: float) -> float:
    """Sum the Poisson probabilities of the counts whose upper edge, by Lambert's W, reaches s."""
    half = z_of(level) ** 2 / 2
    counts = np.arange(int(s + background + 20 * np.sqrt(s + background + 4) + 30))
    found = 0.0
    for n in counts:
        best = max(n, background)
        if n == 0:
            edge = half + best
        else:
            c = half + best - n * np.log(best)
            edge = float((-n * lambertw(-np.exp(-c / n) / n, -1)).real)
        found += float(poisson.pmf(n, s + background)) * (edge - background >= s)
    return min(found, 1.0)  # the sum of all probabilities may miss 1 by a rounding


def agrees(measured: np.ndarray, exact: np.ndarray, toys: int) -> None:
    """Compare within five binomial standard deviations, as there are hundreds; 0 and 1 are exact."""
    error = np.sqrt(exact * (1 - exact) / toys)
    assert (np.abs(measured - exact) <= 5 * error + 1e-12).all(), (measured, exact, error)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("level", LEVELS)
def test_gaussian(seed, level):
    sigma = 0.37
    found = gaussian_coverage(sigma * SIGNALS, sigma, level, toys=50_000, seed=seed)
    exact = np.array([exact_gaussian(s, level) for s in SIGNALS])
    agrees(found.fraction, exact, found.toys)
    assert found.fraction[0] == 1.0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("level", LEVELS)
def test_published_limit(seed, level):
    sigma = 0.37
    found = published_limit_coverage(sigma * SIGNALS, sigma, level, toys=50_000, seed=seed)
    agrees(found.fraction, np.array([exact_published(s, level) for s in SIGNALS]), found.toys)
    assert found.fraction[-1] == pytest.approx(level, abs=4 * found.error[-1])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_counting(seed, background):
    for level in LEVELS:
        found = counting_coverage(SIGNALS, background, level, toys=50_000, seed=seed)
        exact = np.array([exact_counting(s, background, level) for s in SIGNALS])
        agrees(found.fraction, exact, found.toys)


def test_counting_without_background_is_known_in_closed_form():
    """Nothing is excluded below 1.353 events; above it, up to 3.65, only a count of zero excludes."""
    edge = norm.ppf(0.95) ** 2 / 2
    found = counting_coverage([edge * (1 - 1e-9), edge * (1 + 1e-9), 2.0, 3.0])
    print(found.fraction, found.error)
    assert found.fraction[0] == 1.0
    expected = 1 - np.exp(-np.array([edge, 2.0, 3.0]))
    agrees(found.fraction[1:], expected, found.toys)
    # the three figures of the textbook, at 1.353, 2 and 3 events
    sums = [exact_counting(s, 0.0, 0.90) for s in (1.352, 1.353, 2.0, 3.0)]
    assert sums == pytest.approx([1.0, 0.742, 0.865, 0.950], abs=5e-4)


@pytest.mark.parametrize("observed", [-2.5, -1.0, 0.0, 0.7, 4.0])
@pytest.mark.parametrize("level", LEVELS)
def test_limit_and_sensitivity_has_the_edge_of_the_gaussian(observed, level):
    """Publish the flat-prior limit of an observation: the shape made of it ends where the gaussian does."""
    z = z_of(level)
    limit = observed + norm.isf((1 - level) * norm.cdf(observed))
    shape = LimitAndSensitivity(level, z / limit)
    edge = observed + (z if observed >= 0 else np.hypot(observed, z))
    assert shape.chi2(np.array([edge / limit]))[0] == pytest.approx(delta_chi2(level), rel=1e-9)


def test_the_readme_says_what_is_measured():
    """`level: 0.90` allows 2.7055, and is a one-sided 95% limit for a gaussian without boundary."""
    text = " ".join(README.read_text(encoding="utf-8").split())
    threshold = re.search(r"`level: 0\.90` allows a Delta chi2 of ([\d.]+), 0\.95 one of ([\d.]+)", text)
    stated = re.search(r"At 0\.90 such an upper end is a one-sided (\d+)% limit", text)
    assert threshold is not None
    assert stated is not None
    for level, number in zip(LEVELS, threshold.groups(), strict=True):
        assert delta_chi2(level) == pytest.approx(float(number.rstrip(".,")), abs=5e-5)
    measured = gaussian_coverage([5.0, 20.0], level=0.90, toys=400_000, seed=5)
    print(measured.fraction, measured.error)
    assert measured.fraction == pytest.approx(float(stated[1]) / 100, abs=4 * measured.error.max())
    assert measured.error.max() < 1e-3


def test_readme_and_notebook_say_of_each_shape_what_is_measured():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    notebook = " ".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    notebook, readme = (" ".join(text.split()) for text in (notebook, README.read_text(encoding="utf-8")))
    assert float(
        re.search(r"level: 0\.90` allows \$\\Delta\\chi\^2\\le([\d.]+)\$", notebook)[1]
    ) == pytest.approx(delta_chi2(0.90), abs=5e-5)
    far = gaussian_coverage([10.0], toys=400_000, seed=6)
    one_sided = re.search(r"gaussian without boundary it is a one-sided \*\*(\d+)%\*\*", notebook)
    covers = re.search(
        r"covers the true signal in (\d+)% of repetitions for a gaussian far from zero", readme
    )
    for stated in (one_sided, covers):
        assert float(stated[1]) / 100 == pytest.approx(far.fraction[0], abs=4 * far.error[0])
    published = published_limit_coverage([10.0, 0.5], toys=400_000, seed=6)
    as_often = re.search(r"for `half_gaussian` \((\d+)% or more\)", readme)
    assert float(as_often[1]) / 100 == pytest.approx(published.fraction[0], abs=4 * published.error[0])
    assert published.fraction[1] > published.fraction[0]
    counts = re.search(
        r"always below ([\d.]+) events, (\d+)% just above, (\d+)% at 2 and (\d+)% at 3", readme
    )
    edge = float(counts[1])
    found = counting_coverage([edge - 1e-3, edge + 1e-3, 2.0, 3.0], toys=400_000, seed=6)
    assert found.fraction[0] == 1.0
    # percentages without a digit after the point
    stated = [float(counts[k]) / 100 for k in (2, 3, 4)]
    assert stated == pytest.approx(found.fraction[1:].tolist(), abs=0.005 + 4 * found.error.max())


def test_every_signal_has_toys_of_its_own_and_a_seed_gives_them_again():
    one = gaussian_coverage([1.0, 1.0], seed=3)
    assert one.fraction[0] != one.fraction[1]
    assert (gaussian_coverage([1.0, 1.0], seed=3).fraction == one.fraction).all()
    assert (gaussian_coverage([1.0, 1.0], seed=4).fraction != one.fraction).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gaussian_coverage([-1.0]), "zero or more"),
        (lambda: gaussian_coverage([np.nan]), "zero or more"),
        (lambda: gaussian_coverage([[1.0]]), "zero or more"),
        (lambda: gaussian_coverage([1.0], sigma=0.0), "sigma = 0.0"),
        (lambda: published_limit_coverage([1.0], sigma=-1.0), "sigma = -1.0"),
        (lambda: counting_coverage([1.0], background=-0.5), "background = -0.5"),
        (lambda: counting_coverage([1.0], toys=0), "toys = 0"),
        (lambda: counting_coverage([1.0], level=1.0), "level 1.0"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
