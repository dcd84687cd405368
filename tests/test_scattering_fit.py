"""The shipped fit `scattering`: which experiment limits mu_eff best at which dark-photon mass."""

import json
from itertools import pairwise
from math import log, sqrt
from time import monotonic

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from darkmoment.cli import main
from darkmoment.experiments import load

ME = 510.99895069  # keV
MIXING = {"P_ee": np.array([0.53]), "sin2_theta_23": np.array([0.470])}
PUBLISHED = {
    **{"lz": 1.1e-11, "borexino": 2.8e-11, "gemma": 2.9e-11},
    **{"texono": 2.2e-10, "lsnd": 1.1e-9, "lsnd/mu_numu": 6.8e-10},
}
LIMITS = [
    f"mu_eff_limit_{n}" for n in ("xenonnt", "lz", "borexino", "gemma", "texono", "lsnd", "lsnd_mu_numu")
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("scattering") / "out"
    start = monotonic()
    assert main(["run", "scattering", "--out", str(out)]) == 0
    print(f"{monotonic() - start:.1f} s")
    return out


def read(run, name):
    for suffix in ("png", "pdf"):
        assert (run / f"{name}.{suffix}").stat().st_size > 10_000
    return pd.read_csv(run / f"{name}.csv"), json.loads((run / f"{name}.json").read_text())


def borexino(m_keV):
    """Limit with solar weights: the 7Be line alone, by adaptive quadrature."""
    E = 862.0

    def rate(m):
        def recoils(t):
            T = np.exp(t)
            return (1 - T / E) * (2 * ME * T / (2 * ME * T + m * m)) ** 2

        return quad(recoils, log(190.0), log(2 * E * E / (2 * E + ME)), epsrel=1e-11)[0]

    return 2.8e-11 / sqrt(1 - 0.47 * 0.470) * sqrt(rate(0.0) / rate(m_keV))


def lsnd(m_keV):
    """Limit on mu_numu with the recoils of nu_e, nu_mu and nu_mu_bar, each flux integrated in closed form."""
    end = (105658.3755 - ME**2 / 105658.3755) / 2
    line = (139570.39 - 105658.3755**2 / 139570.39) / 2

    def above(T, powers):
        """int dE phi (1/T - 1/E) of phi = sum c x^n, from the least energy that gives a recoil T."""
        x = (T + sqrt(T * T + 2 * ME * T)) / 2 / end
        return sum(
            c * ((1 - x ** (n + 1)) / (n + 1) / T - (1 - x**n) / n / end) for n, c in powers.items() if x < 1
        )

    step = 2 * line**2 / (2 * line + ME)

    def rate(m, parts):
        def recoils(T):
            mu = above(T, {2: 6, 3: -4}) + (1 / T - 1 / line if step > T else 0.0)
            e = above(T, {2: 12, 3: -12})
            return (mu + (e if parts == "all" else 0.0)) * (2 * ME * T / (2 * ME * T + m * m)) ** 2

        return sum(quad(recoils, a, b, epsrel=1e-10, limit=200)[0] for a, b in ((18e3, step), (step, 50e3)))

    return 6.8e-10 * sqrt(rate(0.0, "own") / rate(m_keV, "all"))


def test_xenon_when_light_then_borexino_then_texono_and_lsnd(run):
    table, about = read(run, "limits")
    assert list(table) == ["m_dark_photon", *LIMITS, "leading_experiment"]
    assert table["m_dark_photon"].iloc[[0, -1]].tolist() == [1e-9, 10.0]
    assert about["options"]["xenonnt"] == {"flavour_weight": "solar"}
    weighting = "flavour_weight: solar (XENONnT, LZ, Borexino), transition (LSND)"
    assert about["weighting"] == weighting
    order = [stretch["experiment"] for stretch in about["leading"]]
    assert order == ["xenonnt", "lz", "borexino", "texono", "lsnd/mu_numu"]
    assert order == table["leading_experiment"].drop_duplicates().tolist()
    limits = table[LIMITS].to_numpy()
    assert np.isfinite(limits).all()
    best = limits.argmin(axis=1)
    names = [*about["experiments"]]
    assert [names[k] for k in best] == table["leading_experiment"].tolist()


@pytest.mark.parametrize("name", ["limits", "limits_as_published"])
def test_changes_of_leadership_are_where_two_limits_are_equal(run, name):
    _, about = read(run, name)
    stretches = about["leading"]
    assert stretches[0]["from"] is None
    assert stretches[-1]["to"] is None
    for one, other in pairwise(stretches):
        assert one["to"] == other["from"]
        limits = []
        for entry in (one["experiment"], other["experiment"]):
            experiment, _, dataset = entry.partition("/")
            likelihood = load(experiment, dataset or None, **about["options"][entry])
            m = one["to"] * np.array([0.97, 1.0, 1.03])
            limits.append(likelihood.limit({"m_dark_photon": m, **MIXING}))
        below, at, above = limits[0] / limits[1]
        assert below < 1 < above
        assert at == pytest.approx(1, abs=1e-6)


def test_the_masses_by_adaptive_quadrature(run):
    """Borexino, LSND, and where they would be equal, with nothing of the package."""
    table, about = read(run, "limits")
    m = table["m_dark_photon"].to_numpy()[::40]
    assert m[-1] == 10.0
    direct = [borexino(x * 1e6) for x in m]
    np.testing.assert_allclose(table["mu_eff_limit_borexino"][::40], direct, rtol=1e-6)
    direct = [lsnd(x * 1e6) for x in m]
    np.testing.assert_allclose(table["mu_eff_limit_lsnd_mu_numu"][::40], direct, rtol=1e-5)
    equal = brentq(lambda x: borexino(x) / lsnd(x) - 1, 1e3, 1e4) * 1e-6  # 2.90 MeV
    texono = next(s for s in about["leading"] if s["experiment"] == "texono")
    assert texono["from"] < equal < texono["to"]
    assert load("texono").limit({"m_dark_photon": np.array([equal])})[0] < 0.99 * borexino(equal * 1e6)


def test_heavy_mediators_in_closed_form(run):
    _, about = read(run, "limits")
    heavy = about["heavy_mediator"]
    assert heavy["unit"] == "muB/GeV^2"
    low, E = 190.0, 862.0
    high = 2 * E * E / (2 * E + ME)
    light = log(high / low) - (high - low) / E
    hard = (2 * ME) ** 2 * ((high**2 - low**2) / 2 - (high**3 - low**3) / 3 / E)
    coefficient = 2.8e-11 / sqrt(1 - 0.47 * 0.470) * sqrt(light / hard) * 1e12  # per GeV^2
    assert heavy["borexino"] == pytest.approx(coefficient, rel=1e-6)
    assert heavy["lsnd/mu_numu"] == pytest.approx(lsnd(1e9) / 1e6, rel=1e-5)


def test_each_gives_its_published_number_as_published(run):
    table, about = read(run, "limits_as_published")
    assert about["as_published"]
    assert about["weighting"] == "flavour_weight: none (XENONnT, LZ, Borexino, LSND)"
    for entry, published in PUBLISHED.items():
        assert about["baselines"][entry] == pytest.approx(published, rel=1e-8)
        column = table[f"mu_eff_limit_{entry.replace('/', '_')}"]
        # any mass raises a limit; 1 eV does not yet
        assert column[0] == pytest.approx(published, rel=1e-6)
        assert column.is_monotonic_increasing
        m = table["m_dark_photon"].iloc[-1]
        assert about["heavy_mediator"][entry] == pytest.approx(column.iloc[-1] / m**2, rel=2e-3)


def test_events_of_xenonnt_come_within_15_percent_and_differ_from_the_recast(run):
    table, about = read(run, "xenonnt_events_and_recast")
    assert about["weighting"] == "flavour_weight: none (XENONnT)"
    events, counted = about["baselines"]["xenonnt"], about["baselines"]["xenonnt/2022_recast"]
    assert abs(events / 6.4e-12 - 1) < 0.15
    assert counted == pytest.approx(6.4e-12, rel=1e-8)
    assert events != counted
    ratio = table["mu_eff_limit_xenonnt"] / table["mu_eff_limit_xenonnt_2022_recast"]
    np.testing.assert_allclose(table["ratio_xenonnt"], ratio, rtol=1e-12)
    # soft recoils stand out from a flat background, hard ones hide in it with its norm free
    assert ratio[0] == pytest.approx(1.125, rel=0.01)
    assert ratio.iloc[-1] == pytest.approx(3.0, rel=0.01)
    assert ratio.max() == pytest.approx(4.7, abs=0.1)
    assert table["m_dark_photon"][ratio.argmax()] == pytest.approx(1.3e-4, rel=0.15)
    assert "leading_experiment" not in table


def test_the_answers_say_where_each_leads(run):
    answers = json.loads((run / "result.json").read_text())["answers"]
    # each task says what no other has said
    assert len(answers) == len(set(answers))
    events = (
        "XENONnT (2022): mu_eff < 7.199e-12 muB from its events (published 6.4e-12) for a massless mediator"
    )
    assert f"as published: {events}" in answers
    assert sum("from its" in a for a in answers) == 1
    leading = [a for a in answers if "leads" in a and "published" not in a]
    assert leading[0].startswith("XENONnT (2022) leads for m_dark_photon below ")
    assert leading[0].endswith(" keV")
    assert leading[2].startswith("Borexino (2017) leads from ")
    assert leading[-1].startswith("LSND (mu_numu) leads above ")
    assert leading[-1].endswith(" MeV")
    assert any(
        a.startswith("as published: limit of XENONnT (2022) over that of XENONnT (2022_recast)")
        for a in answers
    )
