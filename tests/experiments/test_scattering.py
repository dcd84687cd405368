"""Scattering limits for a massive mediator, each against a numerical integration written without them."""

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from math import exp, pi, sqrt

import numpy as np
import pytest
from scipy.integrate import quad

from darkmoment.experiments import Likelihood, load
from darkmoment.physics import reactor, xenon

ME = 510.99895069  # everything here in keV
SEED = 20260
PUBLISHED = {"xenonnt": 6.4e-12, "lz": 1.1e-11, "gemma": 2.9e-11, "texono": 2.2e-10, "lsnd": 1.1e-9}
DATASET = {"xenonnt": "2022_recast"}
XENON = ("xenonnt", "lz")
WINDOW = {
    "xenonnt": (1, 30),
    "lz": (1, 15),
    "gemma": (2.8, 55),
    "texono": (3000, 8000),
    "lsnd": (18000, 50000),
}
Density = Callable[[float], float]


def pp(E: float) -> float:
    """Bahcall's allowed shape, not normalised: a positron in the field of a deuteron."""
    W = 423.4 - E + ME
    p = sqrt(max(W * W - ME * ME, 0.0))
    if p == 0:
        return 0.0
    eta = W / 137.035999177 / p
    return E * E * W * p * 2 * pi * eta / (exp(2 * pi * eta) - 1)


@cache
def spectrum(name: str) -> tuple[Density, list[float], list[tuple[float, float]]]:
    """Continuum, its break points and the lines of each experiment's neutrinos."""
    if name in XENON:
        norm = 5.98e10 / quad(pp, 0, 423.4, epsrel=1e-11)[0]
        lines = [(861.8, 4.93e9 * 0.896), (384.3, 4.93e9 * 0.104), (1442.0, 1.44e8)]
        return lambda E: norm * pp(E), [0.0, 423.4], lines
    if name == "lsnd":
        end = (105658.3755 - 510.99895069**2 / 105658.3755) / 2
        return lambda E: 12 * (E / end) ** 2 * (1 - E / end), [0.0, end], []
    breaks = [1e3 * e for e in reactor.TABLE_MEV] + [710.0, 1260.0, 8000.0]
    return lambda E: float(reactor.density(np.array([E * 1e-6]))[0]), sorted(breaks), []


def massless(name: str, T: float) -> float:
    """int dE phi (1/T - 1/E) by adaptive quadrature, times the electrons that are free."""
    density, breaks, lines = spectrum(name)
    lowest = (T + sqrt(T * T + 2 * ME * T)) / 2
    total = sum(flux * (1 / T - 1 / E) for E, flux in lines if lowest < E)
    starts = [lowest, *(b for b in breaks if b > lowest)] if lowest < breaks[-1] else []
    for low, high in pairwise(starts):
        total += quad(lambda E: density(E) * (1 / T - 1 / E), low, high, epsrel=1e-9, epsabs=0, limit=200)[0]
    free = sum(n for energy, n in xenon.SHELLS if energy < 1e3 * T) if name in XENON else 1
    return total * free


@cache
def recoils(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Recoils and weights of the massless spectrum, Gauss-Legendre in T between its steps."""
    low, high = WINDOW[name]
    steps = [energy / 1e3 for energy, _ in xenon.SHELLS] if name in XENON else []
    steps += [2 * E * E / (2 * E + ME) for E in spectrum(name)[1] if E > 0]
    edges = [low, *sorted(s for s in steps if low < s < high), high]
    x, w = np.polynomial.legendre.leggauss(24)
    T = np.concatenate([(b + a) / 2 + (b - a) / 2 * x for a, b in pairwise(edges)])
    weight = np.concatenate([(b - a) / 2 * w for a, b in pairwise(edges)])
    return T, weight * [massless(name, t) for t in T]


def options(name: str) -> dict[str, str]:
    return {"flavour_weight": "none"} if name in ("lz", "lsnd", "xenonnt") else {}


def direct(name: str, m_keV: np.ndarray) -> np.ndarray:
    T, weight = recoils(name)
    q = 2 * ME * T
    rate = (weight * (q / (q + m_keV[:, None] ** 2)) ** 2).sum(axis=1)
    return PUBLISHED[name] * np.sqrt(weight.sum() / rate)


@pytest.mark.parametrize("name", PUBLISHED)
def test_against_direct_integration(name: str) -> None:
    print("seed", SEED)
    m_keV = np.exp(np.random.default_rng(SEED).uniform(np.log(1e-3), np.log(1e7), 12))
    limit = load(name, DATASET.get(name), **options(name)).limit({"m_dark_photon": m_keV * 1e-6})
    np.testing.assert_allclose(limit, direct(name, m_keV), rtol=3e-7)


@pytest.mark.parametrize("name", PUBLISHED)
def test_massless_and_heavy_mediators(name: str) -> None:
    experiment = load(name, DATASET.get(name), **options(name))
    light = experiment.limit({"m_dark_photon": np.array([0.0, 1e-9])})
    np.testing.assert_allclose(light, PUBLISHED[name], rtol=1e-7)
    m = np.array([1.0, 3.0, 10.0])
    T, weight = recoils(name)
    coefficient = PUBLISHED[name] * sqrt(weight.sum() / (weight * (2 * ME * T) ** 2).sum())  # per keV^2
    np.testing.assert_allclose(
        experiment.limit({"m_dark_photon": m}), coefficient * (m * 1e6) ** 2, rtol=2e-4
    )


def test_adaptive_quadrature_in_both_variables() -> None:
    """One number by nothing but quad: TEXONO at 2 MeV."""

    def rate(m: float) -> float:
        def at(T: float) -> float:
            return massless("texono", T) * (2 * ME * T / (2 * ME * T + m * m)) ** 2

        edge = 2 * 8000.0**2 / (16000 + ME)
        return float(quad(at, 3000, edge, epsrel=1e-7)[0])

    limit = load("texono").limit({"m_dark_photon": np.array([2e-3])})[0]
    assert limit == pytest.approx(2.2e-10 * sqrt(rate(0.0) / rate(2000.0)), rel=1e-6)


def scattering() -> list[Likelihood]:
    datasets = {"lsnd": ["mu_nue", "mu_numu"], "xenonnt": ["2022", "2022_recast"]}
    names = [*PUBLISHED, "borexino"]
    return [load(name, dataset) for name in names for dataset in datasets.get(name, [None])]


def test_one_point_and_a_batch_have_the_same_bits() -> None:
    rng = np.random.default_rng(SEED)
    print("seed", SEED)
    n = 700
    p = {
        "m_dark_photon": np.exp(rng.uniform(np.log(1e-9), np.log(10), n)),
        "mu_eff": np.exp(rng.uniform(np.log(1e-13), np.log(1e-6), n)),
        "P_ee": rng.uniform(0.4, 0.6, n),
        "sin2_theta_23": rng.uniform(0.4, 0.6, n),
    }
    for experiment in scattering():
        together, limits = experiment.chi2(p), experiment.limit(p)
        for i in range(0, n, 10):
            alone = {name: value[i : i + 1] for name, value in p.items()}
            assert experiment.chi2(alone)[0] == together[i], experiment.label
            assert experiment.limit(alone)[0] == limits[i], experiment.label


def test_lsnd_counts_both_flavours_of_a_transition_moment() -> None:
    m = {"m_dark_photon": np.array([0.0, 1e-3, 1.0])}
    e, mu = load("lsnd"), load("lsnd", "mu_numu")
    both = load("lsnd", flavour_weight="transition")
    # rates add: the other flavour's recoils in units of those of nu_e
    others = both.relative_rate(m) - e.relative_rate(m)
    ratio = others[0] / e.relative_rate(m)[0]
    np.testing.assert_allclose(others / ratio, mu.relative_rate(m), rtol=1e-13)
    # (1.1e-9/6.8e-10)^2 = 2.6 as published, with efficiencies and backgrounds of each
    assert ratio == pytest.approx(2.13, abs=0.01)


def test_solar_weights_follow_each_source() -> None:
    m = {"m_dark_photon": np.array([0.0, 1e-4, 1.0])}
    p = {**m, "P_ee": np.array([0.53]), "sin2_theta_23": np.array([0.47])}
    for name in ("lz", "xenonnt"):
        ratio = (load(name, flavour_weight="none").limit(m) / load(name).limit(p)) ** 2
        # most are pp neutrinos, whose P_ee is 0.0185 above that of 7Be
        np.testing.assert_allclose(ratio, 1 - (0.47 - 0.0171) * 0.47, atol=3e-4)
        # nobody is nu_tau
        full = load(name).limit({**p, "sin2_theta_23": np.zeros(1)})
        np.testing.assert_allclose(full, load(name, flavour_weight="none").limit(m), rtol=1e-12)


def test_each_leads_where_its_recoils_are_soft_enough() -> None:
    m = np.array([1e-9, 1e-3, 5e-3, 1.0])
    p = {"m_dark_photon": m, "P_ee": np.array([0.53]), "sin2_theta_23": np.array([0.47])}
    limits = {e.label: e.limit(p) for e in scattering() if e.dataset.name == e.card.default}
    best = [min(limits, key=lambda name, i=i: limits[name][i]) for i in range(len(m))]
    assert best == ["XENONnT (2022)", "Borexino (2017)", "TEXONO CsI (2010)", "LSND (mu_nue)"]
