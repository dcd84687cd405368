import warnings
from math import inf, log, nan

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from darkmoment.experiments import ExperimentError
from darkmoment.experiments.card import Dataset
from darkmoment.experiments.shapes import (
    Counting,
    Gaussian,
    HalfGaussian,
    LimitAndSensitivity,
    Shape,
    Step,
    shape_of,
    shapes_of,
)
from darkmoment.levels import delta_chi2, z_score


def flat_prior_limit(likelihood: object, cl: float, end: float) -> float:
    """Direct numerical integration of a posterior flat in s >= 0."""

    def integral(upper: float) -> float:
        return float(integrate.quad(likelihood, 0, upper, epsabs=0, epsrel=1e-11, limit=200)[0])

    total = integral(end)
    return float(optimize.brentq(lambda s: integral(s) / total - cl, 1e-6, end, xtol=1e-12))


def posterior_of(shape: Shape) -> object:
    return lambda s: float(np.exp(-shape.chi2(np.array([s]))[0] / 2))


def test_thresholds() -> None:
    assert z_score(0.90) == pytest.approx(1.6448536269514722, rel=1e-14)
    assert z_score(0.95) == pytest.approx(1.959963984540054, rel=1e-14)
    assert delta_chi2(0.90) == pytest.approx(2.7055434540954146, rel=1e-14)


@pytest.mark.parametrize("cl", [0.90, 0.95])
def test_half_gaussian(cl: float) -> None:
    shape = HalfGaussian(cl)
    s = np.array([0.0, 0.3, 1.0, 4.0])
    best = stats.norm.logpdf(0.0, scale=1 / stats.norm.isf((1 - cl) / 2))
    expected = -2 * (stats.norm.logpdf(s, scale=1 / stats.norm.isf((1 - cl) / 2)) - best)
    np.testing.assert_allclose(shape.chi2(s), expected, rtol=1e-13, atol=1e-13)
    assert shape.chi2(np.array([1.0]))[0] == pytest.approx(stats.chi2.isf(1 - cl, 1), rel=1e-13)
    assert flat_prior_limit(posterior_of(shape), cl, 10) == pytest.approx(1.0, rel=1e-8)
    assert not shape.hard


def test_gaussian() -> None:
    pull = np.array([-2.0, 0.0, 3.0])
    np.testing.assert_allclose(Gaussian().chi2(pull), -2 * (stats.norm.logpdf(pull) - stats.norm.logpdf(0)))


@pytest.mark.parametrize("cl", [0.90, 0.95])
@pytest.mark.parametrize("ratio", [0.6, 0.95, 1.0, 4.3 / 3.1, 2.2 / 1.5, 5.0])
def test_limit_and_sensitivity(cl: float, ratio: float) -> None:
    shape = LimitAndSensitivity(cl, ratio)
    width = ratio / stats.norm.isf((1 - cl) / 2)
    assert shape.width == pytest.approx(width, rel=1e-13)

    def likelihood(s: float) -> float:
        return float(
            stats.norm.pdf(s, shape.centre, width) / stats.norm.pdf(max(0, shape.centre), shape.centre, width)
        )

    assert flat_prior_limit(likelihood, cl, 12) == pytest.approx(1.0, rel=1e-7)
    s = np.linspace(0, 3, 7)
    np.testing.assert_allclose(shape.chi2(s), [-2 * log(likelihood(x)) for x in s], rtol=1e-11, atol=1e-12)
    # less seen than expected: the gaussian's maximum is unphysical
    assert np.sign(shape.centre) == (0 if ratio == 1.0 else np.sign(1 - ratio)) or abs(shape.centre) < 1e-12


@pytest.mark.parametrize("cl", [0.90, 0.95])
@pytest.mark.parametrize(
    ("observed", "background"), [(0, 0.0), (0, 0.51), (3, 0.0), (2, 1.3), (1, 4.0), (12, 8.5)]
)
def test_counting(cl: float, observed: int, background: float) -> None:
    shape = Counting(cl, observed, background)
    events = shape.events_at_limit
    best = max(observed - background, 0.0)

    def likelihood(s: float) -> float:
        peak = stats.poisson.pmf(observed, best + background)
        return float(stats.poisson.pmf(observed, events * s + background) / peak)

    assert flat_prior_limit(likelihood, cl, 60 / events) == pytest.approx(1.0, rel=1e-7)
    s = np.linspace(0.1, 3, 7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = [-2 * log(likelihood(x)) for x in s]
    np.testing.assert_allclose(shape.chi2(s), expected, rtol=1e-10, atol=1e-10)
    if observed == 0:
        assert events == pytest.approx(-log(1 - cl), rel=1e-12)  # 2.303 at 90%, whatever the background
    at_zero = shape.chi2(np.zeros(1))[0]
    assert at_zero == (
        inf if observed and not background else pytest.approx(-2 * log(likelihood(0)), abs=1e-12)
    )


def test_chi2_is_zero_at_the_best_physical_signal() -> None:
    shapes = [
        HalfGaussian(0.9),
        LimitAndSensitivity(0.9, 0.7),
        LimitAndSensitivity(0.9, 1.5),
        Counting(0.9, 5, 2.0),
    ]
    for shape in [*shapes, Counting(0.9, 0, 0.5), Counting(0.9, 1, 3.0)]:
        chi2 = shape.chi2(np.linspace(0, 5, 200001))
        assert chi2.min() == pytest.approx(0, abs=1e-8)
        assert chi2.min() >= -1e-12


def test_step() -> None:
    strength = np.array([0.0, 0.999, 1.0, 1 + 5e-13, 1 + 5e-12, 2.0, inf])
    np.testing.assert_array_equal(Step().chi2(strength), [0, 0, 0, 0, inf, inf, inf])
    assert Step().hard


def test_nan_is_never_swallowed() -> None:
    for shape in (
        HalfGaussian(0.9),
        Gaussian(),
        LimitAndSensitivity(0.9, 1.5),
        Counting(0.9, 0, 0.5),
        Step(),
    ):
        assert np.isnan(shape.chi2(np.array([nan, 1.0]))).tolist() == [True, False]


LIMIT = Dataset("limit", True, limit=1.5e-13, cl=0.9, sensitivity=2.2e-13)
COUNTED = Dataset("counted", True, curve="a.csv", cl=0.9, observed=0, background=0.5)
MEASURED = Dataset("measured", True, value=1.0, sigma=2.0)
BARE = Dataset("bare", True, curve="a.csv", cl=0.95)


def test_shapes_a_dataset_has_the_numbers_for() -> None:
    assert shapes_of(LIMIT) == ("half_gaussian", "limit_and_sensitivity", "step")
    assert shapes_of(COUNTED) == ("half_gaussian", "counting", "step")
    assert shapes_of(MEASURED) == ("gaussian",)
    assert shapes_of(BARE) == ("half_gaussian", "step")


def test_shapes_take_the_numbers_of_their_dataset() -> None:
    assert shape_of(LIMIT) == HalfGaussian(0.9)
    assert shape_of(LIMIT, "limit_and_sensitivity") == LimitAndSensitivity(0.9, 2.2 / 1.5)
    assert shape_of(COUNTED, "counting") == Counting(0.9, 0, 0.5)
    assert shape_of(MEASURED) == Gaussian()
    assert shape_of(BARE) == HalfGaussian(0.95)
    assert shape_of(BARE, "step") == Step()


@pytest.mark.parametrize(
    ("dataset", "shape", "message"),
    [
        (
            BARE,
            "limit_and_sensitivity",
            "needs a sensitivity, which dataset 'bare' .* available: half_gaussian, step",
        ),
        (BARE, "counting", "needs the observed events"),
        (LIMIT, "gaussian", "needs a measured value"),
        (MEASURED, "step", "needs an upper limit.*available: gaussian"),
        (MEASURED, "half_gaussian", "needs an upper limit"),
        (BARE, "halfgaussian", "shape 'halfgaussian' does not exist.*did you mean 'half_gaussian'"),
    ],
)
def test_shapes_without_numbers_are_refused(dataset: Dataset, shape: str, message: str) -> None:
    with pytest.raises(ExperimentError, match=message):
        shape_of(dataset, shape)
