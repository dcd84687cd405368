"""The shipped experiments, each against numbers worked out without them."""

import csv
from importlib.resources import files
from math import sqrt

import numpy as np
import pytest
from scipy import integrate

from darkmoment.experiments import ExperimentError, Likelihood, available, load
from darkmoment.levels import delta_chi2

M_ELECTRON_KEV = 510.99895069
P_EE, SIN2 = np.array([0.53]), np.array([0.470])


def first_and_last(name: str) -> tuple[tuple[float, float], tuple[float, float]]:
    with (files("darkmoment.likelihoods") / name).open() as file:
        rows = [(float(row["mass_GeV"]), float(row["epsilon"])) for row in csv.DictReader(file)]
    return rows[0], rows[-1]


@pytest.mark.parametrize(
    ("dataset", "limit", "label"), [(None, 1.5e-13, "MEG II (2025)"), (2023, 3.1e-13, "MEG II (2023)")]
)
def test_meg2(dataset: int | None, limit: float, label: str) -> None:
    meg2 = load("meg2", dataset)
    assert (meg2.label, meg2.needs, meg2.hard) == (label, ("BR_mu_e_gamma",), False)
    p = {"BR_mu_e_gamma": limit * np.array([0.0, 0.5, 1.0, 2.0])}
    np.testing.assert_allclose(meg2.response(p), [0, 0.5, 1, 2], rtol=1e-15)
    np.testing.assert_allclose(meg2.chi2(p), delta_chi2(0.9) * np.array([0, 0.25, 1, 4]), rtol=1e-14)
    assert meg2.limit(p) == [limit]
    assert meg2.covered(p).all()


def test_meg2_saw_less_than_expected() -> None:
    p = {"BR_mu_e_gamma": np.array([0.7e-13, 1.5e-13, 2e-13])}
    expected, seen = load("meg2").chi2(p), load("meg2", shape="limit_and_sensitivity").chi2(p)
    assert expected[1] == pytest.approx(2.705543, abs=1e-6)
    # its gaussian has its maximum below zero, so the posterior's 90% point has another Delta chi2
    assert seen[1] != pytest.approx(2.705543, rel=0.05)


@pytest.mark.parametrize(
    ("name", "dataset", "file"),
    [("na64", 2019, "na64/na64_2019_invisible.csv"), ("babar", 2017, "babar/babar_2017_invisible.csv")],
)
def test_invisible_searches(name: str, dataset: int, file: str) -> None:
    search = load(name, dataset)
    assert search.needs == ("epsilon", "m_dark_photon", "BR_invisible")
    (low, first), (high, last) = first_and_last(file)
    p = {
        "m_dark_photon": np.array([low, high, low * 0.999, high * 1.001, low]),
        "epsilon": np.array([first, 2 * last, 1.0, 1.0, first]),
        "BR_invisible": np.array([1.0, 1.0, 1.0, 1.0, 0.25]),
    }
    np.testing.assert_allclose(search.response(p), [1, 4, 0, 0, 0.25], rtol=1e-13)
    np.testing.assert_allclose(search.chi2(p), delta_chi2(0.9) * np.array([1, 16, 0, 0, 1 / 16]), rtol=1e-13)
    assert search.covered(p).tolist() == [True, True, False, False, True]
    np.testing.assert_allclose(search.limit(p), [first, last, np.nan, np.nan, 2 * first], rtol=1e-13)


def test_na64_2019_gives_the_limits_the_published_figure_shows() -> None:
    limit = load("na64", 2019).limit({"m_dark_photon": np.array([0.01, 0.1]), "BR_invisible": np.ones(1)})
    np.testing.assert_allclose(limit, [3.3e-5, 3.5e-4], rtol=0.02)


def test_without_invisible_decays_there_is_no_limit() -> None:
    p = {"m_dark_photon": np.array([0.1]), "epsilon": np.array([0.5]), "BR_invisible": np.zeros(1)}
    na64 = load("na64")
    assert na64.response(p) == [0]
    assert na64.limit(p) == [np.inf]


def test_counting_searches_saw_nothing() -> None:
    for dataset in (2019, 2023):
        na64 = load("na64", dataset, "counting")
        p = {"m_dark_photon": np.array([0.05]), "BR_invisible": np.ones(1)}
        p["epsilon"] = na64.limit(p)
        assert na64.chi2(p)[0] == pytest.approx(2 * np.log(10), rel=1e-12)


def test_g_minus_2() -> None:
    p = {"delta_a_mu": np.array([38e-11, 101e-11, 0.0])}
    now, paper = load("g_minus_2"), load("g_minus_2", "wp2020")
    np.testing.assert_allclose(now.response(p), [0, 1, -38 / 63], atol=1e-14)
    np.testing.assert_allclose(now.chi2(p), [0, 1, (38 / 63) ** 2], atol=1e-14)
    assert paper.chi2(p)[2] == pytest.approx((249 / 48) ** 2, rel=1e-13)  # five sigma, never hidden
    assert np.isnan(now.limit(p)).all()
    assert now.label == "muon g-2 (wp2025)"


# --- Borexino ---------------------------------------------------------------------------------------------


def rate(m_keV: float, T_min: float, E: float = 862.0) -> float:
    """The recoil integral by adaptive quadrature in T, all in keV."""
    T_max = 2 * E**2 / (2 * E + M_ELECTRON_KEV)

    def integrand(T: float) -> float:
        return (1 / T - 1 / E) * (2 * M_ELECTRON_KEV * T / (2 * M_ELECTRON_KEV * T + m_keV**2)) ** 2

    return float(integrate.quad(integrand, T_min, T_max, epsabs=0, epsrel=1e-12)[0])


@pytest.mark.parametrize(("m_MeV", "limit"), [(0.1, 3.01703e-11), (1.0, 1.57438e-10), (10.0, 1.15565e-8)])
def test_borexino_as_the_paper_takes_it(m_MeV: float, limit: float) -> None:
    borexino = load("borexino", T_min_keV=50, flavour_weight="none")
    assert borexino.needs == ("mu_eff", "m_dark_photon")
    p = {"m_dark_photon": np.array([m_MeV * 1e-3])}
    assert borexino.limit(p)[0] == pytest.approx(limit, rel=3e-6)
    p["mu_eff"] = borexino.limit(p)
    assert borexino.response(p)[0] == pytest.approx(1, rel=1e-14)
    assert borexino.chi2({**p, "mu_eff": p["mu_eff"] / 2})[0] == pytest.approx(
        delta_chi2(0.9) / 16, rel=1e-13
    )


def test_borexino_asymptote_and_massless_limit() -> None:
    borexino = load("borexino", T_min_keV=50, flavour_weight="none")
    m = np.array([0.3, 1.0, 100.0])
    expected = 1.15108e-10 * (m / 1e-3) ** 2
    np.testing.assert_allclose(borexino.limit({"m_dark_photon": m}), expected, rtol=1e-5)
    np.testing.assert_allclose(borexino.limit({"m_dark_photon": np.array([0.0, 1e-8])}), 2.8e-11, rtol=1e-8)


@pytest.mark.parametrize("T_min", [1, 50, 190, 400, 660])
def test_borexino_against_adaptive_quadrature(T_min: int) -> None:
    borexino = load("borexino", T_min_keV=T_min, flavour_weight="none")
    m_keV = np.array([1.0, 100.0, 600.0, 3e3, 1e5])
    expected = [2.8e-11 * sqrt(rate(0, T_min) / rate(m, T_min)) for m in m_keV]
    np.testing.assert_allclose(borexino.limit({"m_dark_photon": m_keV * 1e-6}), expected, rtol=2e-12)


def test_borexino_flavour_weight_counts_rates() -> None:
    m = {"m_dark_photon": np.array([0.02])}
    solar, none = load("borexino"), load("borexino", flavour_weight="none")
    assert solar.needs == ("mu_eff", "m_dark_photon", "P_ee", "sin2_theta_23")
    mixing = {"P_ee": P_EE, "sin2_theta_23": SIN2}
    p = {**m, **mixing, "mu_eff": np.array([1e-9])}
    assert (solar.response(p) / none.response(p))[0] == pytest.approx(0.7791, abs=1e-12)
    assert (solar.limit({**m, **mixing}) / none.limit(m))[0] == pytest.approx(1 / sqrt(0.7791), rel=1e-12)


def test_borexino_returns_its_flavour_basis_to_a_few_percent() -> None:
    """Published, each with the paper's own mixing inputs: nu_e 3.9, nu_mu 5.8 (1e-11 mu_B)."""
    borexino, massless = load("borexino"), {"m_dark_photon": np.zeros(1), "P_ee": P_EE}
    electron = borexino.limit({**massless, "sin2_theta_23": np.ones(1)})[0]  # mu-type neutrinos left out
    both = borexino.limit({**massless, "sin2_theta_23": SIN2})[0]
    muon = 1 / sqrt(1 / both**2 - 1 / electron**2)
    assert electron == pytest.approx(3.9e-11, rel=0.04)
    assert muon == pytest.approx(5.8e-11, rel=0.04)


# --- all ---------------------------------------------------------------------------------------------------


def points(n: int, seed: int = 11) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    print("seed", seed)
    ranges = {"m_dark_photon": (1e-4, 10), "epsilon": (1e-7, 1e-1), "BR_mu_e_gamma": (1e-17, 1e-9)}
    ranges |= {"mu_eff": (1e-14, 1e-8), "BR_invisible": (1e-3, 1), "delta_a_mu": (1e-14, 1e-8)}
    ranges |= {"BR_mu_3e": (1e-16, 1e-8), "CR_mu_e_Au": (1e-16, 1e-8), "CR_mu_e_Ti": (1e-16, 1e-8)}
    ranges |= {"CR_mu_e_Al": (1e-20, 1e-12), "delta_a_e": (1e-18, 1e-10), "m_E": (100, 1e4)}
    masses = ["sum_m_nu", "m_nu_e", "m_nu_ee"]
    ranges |= dict.fromkeys([*masses, *(f"{name}_uncancelled" for name in masses)], (1e-5, 1e-2))
    ranges |= {"delta_N_nu": (1e-3, 2), "T_parameter": (1e-3, 100), "width_total": (1e-20, 1e-8)}
    shifts = ["delta_W_mu_minus_e", "delta_W_e_plus_mu", "delta_W_mu"]
    ranges |= dict.fromkeys(shifts, (1e-6, 1e-3))
    ranges |= dict.fromkeys(["BR_K_e_N_Phi", "BR_K_mu_N_Phi", "BR_mu_e_dark_photon"], (1e-14, 1e-6))
    p = {name: np.exp(rng.uniform(*np.log(ends), n)) for name, ends in ranges.items()}
    p |= {"P_ee": rng.uniform(0.4, 0.6, n), "sin2_theta_23": rng.uniform(0.4, 0.6, n)}
    return p | {"BR_visible": 1 - rng.uniform(0, 1, n) ** 4}


def experiments() -> list[Likelihood]:
    cards = [card for card in available().values() if card.applies]
    return [load(card.name, dataset) for card in cards for dataset in card.datasets]


def test_one_point_and_a_batch_give_the_same_number() -> None:
    batch = points(300)
    for experiment in experiments():
        together = experiment.chi2(batch)
        assert together.shape == (300,)
        alone = [experiment.chi2({k: v[i : i + 1] for k, v in batch.items()})[0] for i in range(300)]
        np.testing.assert_allclose(together, alone, rtol=1e-13, err_msg=experiment.name)


def test_shared_values_broadcast() -> None:
    batch = points(50)
    for name in batch:
        shared = {**batch, name: batch[name][:1]}
        full = {**batch, name: np.full(50, batch[name][0])}
        for experiment in experiments():
            np.testing.assert_allclose(
                np.broadcast_to(experiment.chi2(shared), 50), experiment.chi2(full), rtol=1e-13
            )


def test_only_what_is_needed_is_read() -> None:
    batch = points(3)
    for experiment in experiments():
        needed = {name: batch[name] for name in experiment.needs}
        experiment.chi2(needed)
        for name in needed:
            with pytest.raises(KeyError):
                experiment.chi2({k: v for k, v in needed.items() if k != name})
        quantity = experiment.limits
        rest = {k: v for k, v in needed.items() if k != quantity}
        limit = experiment.limit(rest)
        says = experiment.covered(rest) & np.isfinite(limit)
        at_limit = experiment.response({**rest, quantity: limit})
        np.testing.assert_allclose(at_limit[says], 1, rtol=1e-13)


def test_nan_reaches_chi2() -> None:
    batch = points(1) | {"BR_visible": np.array([0.95])}
    for experiment in experiments():
        knots = experiment.knots.get("m_dark_photon", np.array([0.1]))
        batch["m_dark_photon"] = knots[len(knots) // 2, None]  # within the curve, where it has one
        for name in experiment.needs:
            bad = experiment.chi2({**batch, name: np.array([np.nan])})
            assert np.isnan(bad).all(), f"{experiment.name} hides a nan in {name}"


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("meg", {}, r"experiment 'meg' does not exist; available: .*babar, .*did you mean 'meg2'"),
        ("NA64", {}, r"did you mean 'na64'"),
        ("zzz", {}, r"experiment 'zzz' does not exist; available: .*na64, "),
        ("meg2", {"dataset": 2052}, r"dataset of meg2 '2052' does not exist; available: 2025, 2023 .*'2025'"),
        ("g_minus_2", {"dataset": "wp2026"}, r"did you mean 'wp202[05]'"),
        ("na64", {"resonnance": "keep"}, r"option of na64 'resonnance'.*did you mean 'resonance'"),
        ("na64", {"resonance": "removed"}, r"'removed' does not exist; available: keep, remove .*'remove'"),
        ("borexino", {"flavour_weight": "solr"}, r"flavour_weight of borexino.*did you mean 'solar'"),
        ("borexino", {"t_min_kev": 50}, r"did you mean 'T_min_keV'"),
        ("borexino", {"T_min_keV": 800}, r"T_min_keV of borexino = 800: must be at most 660"),
        ("borexino", {"T_min_keV": 0}, r"must be at least 1"),
        ("borexino", {"T_min_keV": "50"}, r"expected a number"),
        ("borexino", {"T_min_keV": float("nan")}, r"expected a number"),
        ("meg2", {"resonance": "keep"}, r"option of meg2 'resonance' does not exist; available: none"),
        ("meg2", {"shape": "stepp"}, r"meg2: shape 'stepp'.*did you mean 'step'"),
        (
            "meg2",
            {"shape": "counting"},
            r"meg2: .*needs the observed events.*available: half_gaussian, limit_and",
        ),
        ("g_minus_2", {"shape": "step"}, r"g_minus_2: .*needs an upper limit.*available: gaussian"),
    ],
)
def test_slips_are_answered_with_the_nearest_choice(name: str, arguments: dict, message: str) -> None:
    with pytest.raises(ExperimentError, match=message):
        load(name, **arguments)
