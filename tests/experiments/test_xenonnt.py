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
def response() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Recoils (keV), massless recoils per step at 1e-11 mu_B, and what is seen of each: plain sums."""
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
    rate = 2.494672e-25 * 1e-22 * flux * electrons * 6.02214076e29 / 131.293 * 3.15576e7 * 1.16 * STEP
    grid = np.arange(1 + STEP / 2, 30, STEP)
    sigma = 0.31 * np.sqrt(T) + 0.0037 * T

    def seen(energy: np.ndarray) -> np.ndarray:
        gauss = np.exp(-(((energy[:, None] - T) / sigma) ** 2) / 2) / (sqrt(2 * np.pi) * sigma)
        return np.interp(energy, *table("efficiency").T)[:, None] * gauss

    return T, rate[:, None] * np.column_stack([seen(EVENTS).T, STEP * seen(grid).sum(axis=0)]), sigma


def minus_2_ln_likelihood(mu: float, m_keV: float) -> float:
    T, seen, _ = response()
    q = 2 * ME * T
    *signal, total = (mu / 1e-11) ** 2 * (q / (q + m_keV**2)) ** 2 @ seen
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
    number = 900 * xenonnt._events.at_limit(m**2 / (m**2 + ME * 1e-11))
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
