"""Experiments that observe what they expect, against distributions written out and simulated experiments."""

from dataclasses import replace
from math import inf, log, sqrt

import mpmath
import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from darkmoment.asimov import as_arrays, observing, without_signal
from darkmoment.experiments import CurveLimit, ExperimentError, UpperLimit, available, load
from darkmoment.experiments.counting import (
    events_for_discovery,
    median_significance,
    signal_for_discovery,
)
from darkmoment.experiments.shapes import (
    Counting,
    Gaussian,
    HalfGaussian,
    LimitAndSensitivity,
    Region,
    Shape,
    Step,
    shapes_of,
)
from darkmoment.model import Model, Predictions

SEED = 1007
POINT = {
    "m_dark_photon": 0.15,
    "epsilon": 2e-4,
    "g_D": 0.3,
    "y": 0.15,
    "theta_R": 0.1,
    "delta_theta": 0.6,
    "m_S": 0.3,
    "delta_m_S": 0.1,
    "m_majorana": 0.2,
    "m_dirac": 0.02,
    "m_E": 1500.0,
    "P_ee": 0.53,
    "sin2_theta_23": 0.47,
}
TOYS = 40_000


def at(**changes: float) -> Predictions:
    model = Model(flavour="single_y", invisible_branching="computed")
    return model.predict(as_arrays({**POINT, **changes}))


def number(x: object) -> float:
    return float(np.ravel(x)[0])


@pytest.mark.parametrize(
    ("shape", "width"),
    [
        (HalfGaussian(0.90), 1 / stats.norm.isf(0.05)),
        (HalfGaussian(0.95), 1 / stats.norm.isf(0.025)),
        (Region(0.90), 1 / stats.norm.isf(0.05)),
        (LimitAndSensitivity(0.90, 2.2 / 1.5), 2.2 / 1.5 / stats.norm.isf(0.05)),
        (LimitAndSensitivity(0.95, 0.7), 0.7 / stats.norm.isf(0.025)),
        (Gaussian(), 1.0),
    ],
)
@pytest.mark.parametrize("injected", [0.0, 0.37, 4.2])
def test_gaussians_stay_as_wide_as_they_were(shape: Shape, width: float, injected: float) -> None:
    injected = -injected if isinstance(shape, Gaussian) else injected  # a pull has a sign
    s = np.array([injected, 0.0, 0.2, 1.0, 7.0])
    best = stats.norm.logpdf(0, scale=width)
    expected = -2 * (stats.norm.logpdf(s, injected, width) - best)
    seen = shape.observing(injected)
    np.testing.assert_allclose(seen.chi2(s), expected, rtol=1e-10, atol=1e-12)
    assert seen.chi2(s)[0] == 0.0
    assert type(seen) is type(shape)
    # without a signal the median experiment is as far away as the signal is large
    if injected > 0:
        assert sqrt(seen.chi2(s)[1]) * seen.discovery(injected, 3) == pytest.approx(3, rel=1e-12)


@pytest.mark.parametrize("published", [(0, 0.5), (3, 0.51), (12, 7.5)])
@pytest.mark.parametrize("injected", [0.0, 0.3, 5.0])
def test_counts_need_not_be_whole(published: tuple[int, float], injected: float) -> None:
    observed, background = published
    shape = Counting(0.90, observed, background)
    events = shape.events_at_limit
    seen = shape.observing(injected)
    assert seen.observed == pytest.approx(background + events * injected)
    assert seen.events_at_limit == events  # the efficiency does not change with the observation
    s = np.array([injected, 0.0, 0.1, 1.0, 8.0])
    n, mean = background + events * injected, background + events * s
    logs = n * np.log(mean) - mean - gammaln(n + 1)
    best = n * log(n) - n - gammaln(n + 1)
    np.testing.assert_allclose(seen.chi2(s), -2 * (logs - best), rtol=1e-9, atol=1e-12)
    assert seen.chi2(s)[0] == pytest.approx(0, abs=1e-12)
    # arXiv:1007.1727, eq. 97
    signal = events * injected
    q0 = 2 * (n * log(1 + signal / background) - signal)
    assert seen.chi2(s)[1] == pytest.approx(q0, abs=1e-11)


def test_without_background_no_number_of_sigmas_is_large_enough() -> None:
    seen = Counting(0.90, 0, 0.0).observing(1.0)
    assert seen.chi2(np.array([0.0, 1.0])).tolist() == [inf, 0.0]


def test_a_hard_limit_stays_as_published() -> None:
    step = Step()
    assert step.observing(3.0) is step
    assert np.isnan(step.discovery(3.0, 3))


def tail(n: int, mean: float) -> float:
    """P(N >= n) by summing up what is below."""
    below = sum(np.exp(k * log(mean) - mean - gammaln(k + 1)) for k in range(n)) if mean else float(n > 0)
    return 1 - below


@pytest.mark.parametrize("background", [0.0, 1e-9, 0.01, 0.11, 0.51, 3.7, 40.0])
@pytest.mark.parametrize("sigmas", [1.0, 3.0, 5.0])
def test_events_that_are_enough(background: float, sigmas: float) -> None:
    n = events_for_discovery(background, sigmas)
    unlikely = stats.norm.sf(sigmas)
    assert tail(n, background) <= unlikely * (1 + 1e-6)
    if n > 1:
        assert tail(n - 1, background) > unlikely * (1 - 1e-6)
    signal = signal_for_discovery(background, sigmas)
    assert tail(n, background + signal) == pytest.approx(0.5, rel=1e-9)
    if background == 0:
        assert (n, signal) == (1, pytest.approx(log(2), rel=1e-12))


@pytest.mark.parametrize("background", [0.0, 0.11, 3.7, 150.0])
@pytest.mark.parametrize("sigmas", [3.0, 5.0])
def test_half_of_simulated_counts_are_a_discovery(background: float, sigmas: float) -> None:
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    shape = Counting(0.90, background, background)
    strength = 0.8
    factor = shape.discovery(strength, sigmas)
    for change, low, high in ((0.9, 0.0, 0.49), (1.0, 0.48, 0.52), (1.1, 0.51, 1.0)):
        mean = background + change * factor * strength * shape.events_at_limit
        counts, often = np.unique(rng.poisson(mean, TOYS), return_counts=True)
        p = np.array([tail(n, background) for n in counts])
        reached = often[p <= stats.norm.sf(sigmas)].sum() / TOYS
        assert low < reached < high, (change, reached)


def test_the_median_of_simulated_measurements() -> None:
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    shape, signal = LimitAndSensitivity(0.90, 1.4), 0.6
    factor = shape.discovery(signal, 5)
    seen = rng.normal(factor * signal, shape.width, TOYS)
    assert np.median(seen / shape.width) == pytest.approx(5, abs=0.03)
    assert HalfGaussian(0.9).discovery(1.0, 3) == pytest.approx(3 / stats.norm.isf(0.05), rel=1e-14)


CASES = [
    pytest.param(name, dataset, shape, id=f"{name}-{dataset}-{shape}")
    for name, card in available().items()
    if card.applies
    for dataset in card.datasets
    for shape in shapes_of(card.dataset(dataset))
]


@pytest.mark.parametrize(("name", "dataset", "shape"), CASES)
def test_every_experiment_is_content_with_what_it_expects(name: str, dataset: str, shape: str) -> None:
    """chi2 is 0 at the injected point, positive elsewhere; what is hard, or silent, stays as it was."""
    published = load(name, dataset, shape)
    injected = at()
    seen = observing(name, published, injected)
    elsewhere = [at(**change) for change in ({"y": 0.3}, {"epsilon": 1e-3}, {"y": 0.0, "epsilon": 0.0})]
    if published.hard:
        for p in (injected, *elsewhere):
            assert number(seen.chi2(p)) == number(published.chi2(p))
        return
    assert number(seen.chi2(injected)) == pytest.approx(0, abs=1e-9)
    strength = number(published.response(injected))
    for p in elsewhere:
        if number(published.response(p)) != pytest.approx(strength, rel=1e-9):
            assert number(seen.chi2(p)) > 0
    assert number(seen.response(injected)) == strength
    # what was published is what it was
    assert number(published.chi2(injected)) == number(load(name, dataset, shape).chi2(injected))


UNCOUPLED = ("z_invisible", "oblique_t")
"""Measurements of the masses alone: they see the same without any coupling to neutrinos."""


def test_no_coupling_is_no_signal() -> None:
    none = without_signal(POINT)
    assert {n for n in none if none[n] != POINT[n]} == {"epsilon", "y"}
    p = Model(flavour="single_y", invisible_branching="computed").predict(as_arrays(none))
    for name, card in available().items():
        if card.applies:
            e = load(name)
            if name in UNCOUPLED:
                assert number(e.response(p)) == number(e.response(at())) > 100
            elif card.datasets[e.dataset.name].value is not None:
                assert number(e.response(p)) == pytest.approx(-e.dataset.value / e.dataset.sigma)
            elif not e.dataset.lower:
                assert number(e.response(p)) == 0.0


class Own(UpperLimit):
    """A chi2 of its own, and no word on what it would observe."""

    def chi2_of(self, response, p):
        return response**2


class Wrong(Own):
    """Says that it would observe what it has observed."""

    def observing(self, p):
        return self


class Broken(CurveLimit):
    def response(self, p):
        raise KeyError("charge")


def test_an_experiment_that_does_not_say_is_refused() -> None:
    card = available()["meg2"]
    with pytest.raises(
        ExperimentError, match=r"meg2 has a chi2 of its own.*overrides chi2_of and not observing"
    ):
        observing("meg2", Own(card), at())
    with pytest.raises(
        ExperimentError, match=r"no Asimov data for meg2: at the injected point chi2 is [0-9.]+"
    ):
        observing("meg2", Wrong(card), at())
    with pytest.raises(ExperimentError, match="no Asimov data for na64: it raised KeyError: 'charge'"):
        observing("na64", Broken(available()["na64"]), at())


def test_a_shape_that_does_not_say_is_refused() -> None:
    class Flat(HalfGaussian):
        name = "flat"
        observing = Shape.observing

    meg = load("meg2")
    meg.shape = Flat(0.9)
    with pytest.raises(ExperimentError, match="shape 'flat' does not say"):
        observing("meg2", meg, at())


def test_what_is_asked_for_with_another_curve_or_level_is_seen_as_such() -> None:
    """A limit at 95% is narrower: the same signal is seen at more sigmas than with one at 90%."""
    meg = load("meg2")
    tighter = load("meg2")
    tighter.shape = replace(meg.shape, cl=0.95)
    none = at(y=0.0, epsilon=0.0)
    at_90, at_95 = (sqrt(number(observing("meg2", e, at()).chi2(none))) for e in (meg, tighter))
    assert at_95 / at_90 == pytest.approx(1.959963985 / 1.644853627, rel=1e-8)


@pytest.mark.parametrize(
    ("signal", "background"),
    [(1.48, 0.032), (17.0, 0.11), (3.0, 3.0), (0.9, 1.2), (4.0, 250.0), (900.0, 250.0), (1600.0, 0.01)],
)
def test_the_median_experiment_by_sums_of_probabilities(signal: float, background: float) -> None:
    """1600 events over 0.01: p = 1e-8000 is no float, and the significance is still finite."""
    with mpmath.workdps(60):
        s, b = mpmath.mpf(signal), mpmath.mpf(background)

        def term(n: int, mean: mpmath.mpf) -> mpmath.mpf:
            return mpmath.exp(n * mpmath.log(mean) - mean - mpmath.loggamma(n + 1))

        number, below = 0, term(0, s + b)
        while below < 0.5:
            number += 1
            below += term(number, s + b)
        p = mpmath.fsum(term(n, b) for n in range(number, number + 700))
        found = median_significance(signal, background)
        if p >= 0.5:
            assert found == 0
        else:
            assert abs(mpmath.erfc(found / mpmath.sqrt(2)) / 2 / p - 1) < 1e-9 * max(1, found**2)


def test_without_background_one_event_is_all_there_is() -> None:
    assert median_significance(log(2) * 1.001, 0.0) == inf
    assert median_significance(log(2) * 0.999, 0.0) == 0
    assert median_significance(0.0, 0.0) == median_significance(0.0, 5.2) == 0
