"""The likelihood of XENONnT's events, against one written without its tables."""

from functools import cache
from importlib.resources import files
from math import sqrt

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from darkmoment.experiments import load
from darkmoment.experiments.closure import closure
from darkmoment.levels import delta_chi2
from darkmoment.physics import xenon

SEED = 433
FOLDER = files("darkmoment.likelihoods") / "xenonnt"
ME = 510.99895069
STEP = 0.01


def table(name: str) -> np.ndarray:
    with (FOLDER / f"xenonnt_2022_{name}.csv").open() as file:
        return np.loadtxt(file, delimiter=",", skiprows=1, ndmin=2)


EVENTS = table("events")[:, 0]
BACKGROUND = table("background")


@cache
def recoils() -> tuple[np.ndarray, np.ndarray]:
    """Recoils (keV), and how many there are per step for a massless mediator at 1e-11 mu_B: plain sums."""
    E = np.linspace(0, 423.4, 40001)[1:-1]
    W = 423.4 - E + ME
    p = np.sqrt(W**2 - ME**2)
    eta = W / 137.035999177 / p
    density = E**2 * W * p * eta / np.expm1(2 * np.pi * eta)
    density *= 5.98e10 / (density.sum() * (E[1] - E[0]))
    T = np.arange(0.05 + STEP / 2, 42, STEP)
    lowest = (T + np.sqrt(T * (T + 2 * ME))) / 2
    above = [np.cumsum((density / E**k)[::-1])[::-1] * (E[1] - E[0]) for k in (0, 1)]
    flux = np.interp(lowest, E, above[0]) / T - np.interp(lowest, E, above[1])
    for energy, line in ((861.8, 4.93e9 * 0.896), (384.3, 4.93e9 * 0.104), (1442.0, 1.44e8)):
        flux += np.where(lowest < energy, line * (1 / T - 1 / energy), 0.0)
    electrons = sum(n * (energy < 1e3 * T) for energy, n in xenon.SHELLS)
    # pi alpha^2/m_e^2 = 2.4947e-25 cm^2; atoms per tonne; seconds per year; exposure
    return T, 2.494672e-25 * 1e-22 * flux * electrons * 6.02214076e29 / 131.293 * 3.15576e7 * 1.16 * STEP


def seen(energy: np.ndarray) -> np.ndarray:
    """Density of reconstructed energies for each recoil."""
    T, _ = recoils()
    sigma = 0.31 * np.sqrt(T) + 0.0037 * T
    gauss = np.exp(-(((energy[:, None] - T) / sigma) ** 2) / 2) / (sqrt(2 * np.pi) * sigma)
    return np.interp(energy, *table("efficiency").T)[:, None] * gauss


@cache
def response() -> tuple[np.ndarray, np.ndarray]:
    """Recoils (keV), and what is seen of each at the events and in the whole window."""
    T, rate = recoils()
    grid = np.arange(1 + STEP / 2, 30, STEP)
    return T, rate[:, None] * np.column_stack([seen(EVENTS).T, STEP * seen(grid).sum(axis=0)])


def minus_2_ln_likelihood(mu: float, m_keV: float) -> float:
    T, of_each = response()
    q = 2 * ME * T
    *signal, total = (mu / 1e-11) ** 2 * (q / (q + m_keV**2)) ** 2 @ of_each
    background = 1.16 * np.interp(EVENTS, *BACKGROUND.T)
    expected = 1.16 * 0.1 * BACKGROUND[:, 1].sum()

    def at(norm: float) -> float:
        return 2 * (norm * expected + total - np.log(norm * background + np.array(signal)).sum())

    best = minimize_scalar(at, bounds=(0, 2), method="bounded", options={"xatol": 1e-12})
    return min(float(best.fun), at(1e-300))


def test_the_released_data_are_complete() -> None:
    assert len(EVENTS) == 433
    assert 1.16 * 0.1 * BACKGROUND[:, 1].sum() == pytest.approx(426.5, abs=0.05)
    assert (np.diff(EVENTS) >= 0).all()
    assert EVENTS[0] > 1
    assert EVENTS[-1] < 30


def test_chi2_against_plain_sums() -> None:
    xenonnt = load("xenonnt", flavour_weight="none")
    rng = np.random.default_rng(SEED)
    print("seed", SEED)
    m_keV = np.exp(rng.uniform(np.log(0.1), np.log(1e5), 25))
    mu = xenonnt.limit({"m_dark_photon": m_keV * 1e-6}) * rng.uniform(0, 3, 25)
    none = minus_2_ln_likelihood(0.0, 1.0)
    direct = [minus_2_ln_likelihood(*point) - none for point in zip(mu, m_keV, strict=True)]
    chi2 = xenonnt.chi2({"mu_eff": mu, "m_dark_photon": m_keV * 1e-6})
    background_alone = xenonnt.chi2({"mu_eff": np.zeros(1), "m_dark_photon": np.array([1e-3])})
    np.testing.assert_allclose(chi2 - background_alone, direct, rtol=2e-3, atol=2e-3)


def test_signals_far_beyond_the_background_follow_the_closed_form() -> None:
    xenonnt = load("xenonnt", flavour_weight="none")
    m = np.array([1e-6, 1e-4, 1e-2])
    limit = xenonnt.limit({"m_dark_photon": m})
    chi2 = [xenonnt.chi2({"m_dark_photon": m, "mu_eff": k * limit}) for k in (30.0, 60.0)]
    number = 900 * xenonnt._release.at_limit(m**2 / (m**2 + ME * 1e-11))
    np.testing.assert_allclose(chi2[1] - chi2[0], 2 * (3 * number - 433 * np.log(4)), rtol=1e-9)


def test_the_published_limit_within_15_percent() -> None:
    found = closure(["xenonnt"]).set_index("dataset")
    assert found["ok"].all()
    assert found.loc["2022", "recovered"] == pytest.approx(7.20e-12, rel=2e-3)
    assert abs(found.loc["2022", "deviation"]) < 0.15
    assert found.loc["2022_recast", "recovered"] == pytest.approx(6.4e-12, rel=1e-6)
    # the same number from plain sums: nothing is preferred over zero there
    none = minus_2_ln_likelihood(0.0, 1e-6)
    edge = brentq(lambda x: minus_2_ln_likelihood(x * 1e-12, 1e-6) - none - delta_chi2(0.9), 3, 12)
    assert found.loc["2022", "recovered"] == pytest.approx(edge * 1e-12, rel=1e-3)


def test_the_limit_is_where_chi2_has_risen_enough() -> None:
    xenonnt = load("xenonnt", flavour_weight="none")
    for m in np.array([[0.0], [3e-5], [1.2e-4], [1e-3], [1.0]]):
        limit = xenonnt.limit({"m_dark_photon": m})
        mu = limit * np.linspace(0, 1, 4001)
        chi2 = xenonnt.chi2({"m_dark_photon": m, "mu_eff": mu})
        assert chi2[-1] - chi2.min() == pytest.approx(delta_chi2(0.9), abs=1e-4)
        assert xenonnt.response({"m_dark_photon": m, "mu_eff": limit})[0] == pytest.approx(1, rel=1e-13)


def test_events_and_recast_part_for_heavy_mediators() -> None:
    """Hard recoils look like the background: the events allow three times the moment a mere count does."""
    m = {"m_dark_photon": np.array([0.0, 1.0])}
    events, counted = (load("xenonnt", d, flavour_weight="none").limit(m) for d in ("2022", "2022_recast"))
    np.testing.assert_allclose(events / counted, [1.125, 3.0], rtol=0.01)


def test_other_shapes_take_the_limit_of_the_events() -> None:
    m = {"m_dark_photon": np.array([0.0])}
    step = load("xenonnt", shape="step", flavour_weight="none")
    assert step.hard
    limit = step.limit(m)
    assert step.chi2({**m, "mu_eff": limit * np.array([0.999, 1.001])}).tolist() == [0.0, np.inf]


def test_best_chi2_is_zero_and_no_signal_is_one_number() -> None:
    xenonnt = load("xenonnt", flavour_weight="none")
    m = np.geomspace(1e-9, 10, 60)
    none = xenonnt.chi2({"m_dark_photon": m, "mu_eff": np.zeros(60)})
    np.testing.assert_allclose(none, none[0], atol=1e-9)
    x = np.linspace(0, 1, 201)[:, None]
    grid = xenonnt.limit({"m_dark_photon": m}) * x
    chi2 = xenonnt.chi2({"m_dark_photon": np.tile(m, 201), "mu_eff": grid.ravel()})
    assert chi2.min() == pytest.approx(0, abs=0.01)
    assert (chi2 >= 0).all()


def limit_of_plain_sums(m_keV: float, near: float) -> float:
    """Limit on the moment, searched around a value."""

    def at(x: float) -> float:
        return minus_2_ln_likelihood(x * near, m_keV)

    best = minimize_scalar(at, bounds=(0, 1), method="bounded")
    return near * float(brentq(lambda x: at(x) - best.fun - delta_chi2(0.9), best.x, 3))


def test_heavy_mediators_against_plain_sums() -> None:
    """The limit grows as the square of a heavy mass, with the coefficient of the plain sums."""
    heavy = load("xenonnt", flavour_weight="none").limit({"m_dark_photon": np.array([0.1, 10.0])})
    assert heavy[1] / heavy[0] == pytest.approx(1e4, rel=1e-4)
    direct = [limit_of_plain_sums(m, near) for m, near in zip((1e5, 1e7), heavy, strict=True)]
    np.testing.assert_allclose(heavy, direct, rtol=1e-3)
    assert direct[1] / 1e8 == pytest.approx(1.622e-9, rel=2e-3)  # muB/MeV^2


BIN = 0.05


@cache
def bins() -> tuple[np.ndarray, np.ndarray]:
    """Background events in fine bins of energy, and what is seen in each of every recoil."""
    energy = np.arange(1 + BIN / 2, 30, BIN)
    background = np.interp(energy, *BACKGROUND.T)
    return background * (1.16 * 0.1 * BACKGROUND[:, 1].sum() / background.sum()), (
        recoils()[1] * seen(energy)
    ).T * BIN


def signal_in_bins(mu: float, m_keV: float) -> np.ndarray:
    q = 2 * ME * recoils()[0]
    return (mu / 1e-11) ** 2 * (q / (q + m_keV**2)) ** 2 @ bins()[1]


def binned(counts: np.ndarray, mu: float, m_keV: float) -> float:
    """-2 ln L of counts in bins, the norm of the background at its best."""
    background, _ = bins()
    signal = signal_in_bins(mu, m_keV)

    def at(norm: float) -> float:
        mean = norm * background + signal
        return 2 * float((mean - counts * np.log(mean)).sum())

    most = 2 * counts.sum() / background.sum()
    found = minimize_scalar(at, bounds=(0, most), method="bounded", options={"xatol": 1e-12})
    return min(float(found.fun), at(1e-300) if signal.any() else np.inf)


def point(mu: float, m_keV: float) -> dict[str, np.ndarray]:
    return {"mu_eff": np.array([mu]), "m_dark_photon": np.array([m_keV * 1e-6])}


@pytest.mark.parametrize(("times", "m_keV"), [(0.0, 1.0), (0.8, 0.5), (3.0, 40.0), (6.0, 200.0), (2.0, 1e5)])
def test_asimov_events_against_plain_sums(times: float, m_keV: float) -> None:
    """The injected signal has chi2 = 0; others have what the binned likelihood of the expectation gives."""
    xenonnt = load("xenonnt", flavour_weight="none")
    mu = times * float(xenonnt.limit(point(0.0, m_keV))[0])
    seen_there = xenonnt.observing(point(mu, m_keV))
    assert seen_there.chi2(point(mu, m_keV))[0] == pytest.approx(0, abs=1e-9)
    counts = bins()[0] + signal_in_bins(mu, m_keV)
    best = 2 * float((counts - counts * np.log(counts)).sum())
    rng = np.random.default_rng(SEED)
    print("seed", SEED)
    for other in (m_keV, *np.exp(rng.uniform(np.log(0.1), np.log(1e5), 3))):
        limit = float(xenonnt.limit(point(0.0, other))[0])
        for size in (0.0, *rng.uniform(0, 2 * max(times, 1.0), 3)):
            chi2 = float(seen_there.chi2(point(size * limit, other))[0])
            direct = binned(counts, size * limit, other) - best
            assert chi2 == pytest.approx(direct, rel=3e-3, abs=3e-3)
    assert xenonnt.observing(point(mu, m_keV)).limit(point(0.0, 1.0)) == xenonnt.limit(point(0.0, 1.0))


def test_asimov_chi2_is_smallest_where_it_was_injected() -> None:
    xenonnt = load("xenonnt", flavour_weight="none")
    where = point(float(xenonnt.limit(point(0.0, 20.0))[0]) * 3, 20.0)
    seen_there = xenonnt.observing(where)
    m = np.repeat(np.geomspace(1e-9, 10, 41), 61)
    mu = xenonnt.limit({"m_dark_photon": m}) * np.tile(np.linspace(0, 6, 61), 41)
    chi2 = seen_there.chi2({"m_dark_photon": m, "mu_eff": mu})
    assert (chi2 >= 0).all()
    near = where["mu_eff"] * np.array([0.99, 1.0, 1.01])
    rises = seen_there.chi2({"m_dark_photon": where["m_dark_photon"], "mu_eff": near})
    assert rises[1] < rises[0] < 0.05 > rises[2] > rises[1]


def test_the_signal_that_is_discovered() -> None:
    """At that multiple, no signal at all is 3 sigma away; half of simulated experiments see as much."""
    xenonnt = load("xenonnt", flavour_weight="none")
    m_keV = 1.0
    where, nothing = point(1e-12, m_keV), point(0.0, m_keV)
    factor = xenonnt.discovery(where, nothing, 3.0)
    mu = 1e-12 * sqrt(factor)  # the signal goes as the square
    assert xenonnt.observing(point(mu, m_keV)).chi2(nothing)[0] == pytest.approx(9, rel=1e-4)
    events, background = xenonnt.expected(point(mu, m_keV))
    assert events == pytest.approx(signal_in_bins(mu, m_keV).sum(), rel=1e-3)
    assert background == pytest.approx(426.5, abs=0.05)
    assert xenonnt.discovery(nothing, nothing, 3.0) == np.inf
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    mean = bins()[0] + signal_in_bins(mu, m_keV)
    found = []
    for _ in range(150):
        counts = rng.poisson(mean)
        scale = minimize_scalar(
            lambda x, n=counts: binned(n, mu * x, m_keV),
            bounds=(0, 3),
            method="bounded",
            options={"xatol": 1e-3},
        )
        found.append(sqrt(max(binned(counts, 0.0, m_keV) - float(scale.fun), 0)))
    assert np.median(found) == pytest.approx(3, abs=0.2)  # the median of 150 is good to 0.1


def test_a_recast_observes_as_other_limits_do() -> None:
    recast = load("xenonnt", "2022_recast", flavour_weight="none")
    where = point(5e-12, 1.0)
    seen_there = recast.observing(where)
    strength = float(recast.response(where)[0])
    none = float(seen_there.chi2(point(0.0, 1.0))[0])
    assert none == pytest.approx(delta_chi2(0.9) * strength**2, rel=1e-12)
    assert recast.discovery(where, point(0.0, 1.0), 3.0) == pytest.approx(3 / sqrt(none), rel=1e-12)
    assert np.isnan(recast.expected(where)).all()
