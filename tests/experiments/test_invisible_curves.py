"""Limits on epsilon from NA62, LEP, NA64 with muons and the electroweak fit, read again from their files."""

import csv
from importlib.resources import files

import numpy as np
import pytest

from darkmoment.experiments import load

SEED = 20
Z_90, Z_95 = 1.6448536269514722, 1.959963984540054

CURVES = {
    "na62_pi0": ("na62_2019_pi0_invisible.csv", (0.03529, 0.11969), Z_90),
    "lep_monophoton": ("lep_2011_monophoton_invisible.csv", (10.0, 90.0), Z_90),
    "na64_muon": ("na64mu_2022_invisible.csv", (0.001008, 3.0), Z_90),
    "electroweak_fit": ("ewfit_2010.csv", (0.1, 989.52), Z_95),
}


def table(name: str) -> tuple[np.ndarray, np.ndarray]:
    with (files("darkmoment.likelihoods") / name / CURVES[name][0]).open() as file:
        rows = [(float(row["mass_GeV"]), float(row["epsilon"])) for row in csv.DictReader(file)]
    mass, epsilon = np.array(rows).T
    return mass, epsilon


@pytest.mark.parametrize("name", CURVES)
def test_chi2_is_that_of_a_straight_line_between_the_logarithms(name: str) -> None:
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    mass, epsilon = table(name)
    ends, z = CURVES[name][1:]
    assert (mass[0], mass[-1]) == ends
    p = {
        "m_dark_photon": np.exp(rng.uniform(*np.log(ends), 200)),
        "epsilon": np.exp(rng.uniform(np.log(1e-5), np.log(0.5), 200)),
        "BR_invisible": rng.uniform(0, 1, 200),
    }
    limit = np.exp(np.interp(np.log(p["m_dark_photon"]), np.log(mass), np.log(epsilon)))
    share = 1.0 if name == "electroweak_fit" else p["BR_invisible"]
    search = load(name)
    np.testing.assert_allclose(search.chi2(p), np.square(z * (p["epsilon"] / limit) ** 2 * share), rtol=1e-11)
    np.testing.assert_allclose(search.limit(p), limit / np.sqrt(share), rtol=1e-12)
    assert search.knots["m_dark_photon"].size == mass.size + 2  # and one beside each end


def test_only_the_electroweak_fit_holds_whatever_the_decays() -> None:
    for name in CURVES:
        needs = load(name).needs
        assert needs[:2] == ("epsilon", "m_dark_photon")
        assert needs[2:] == (() if name == "electroweak_fit" else ("BR_invisible",))


@pytest.mark.parametrize("name", CURVES)
def test_a_silence_outside(name: str) -> None:
    (low, high), _ = CURVES[name][1:]
    p = {"m_dark_photon": np.array([low * 0.999, low, high, high * 1.001]), "epsilon": np.full(4, 0.9)}
    p["BR_invisible"] = np.ones(1)
    search = load(name)
    assert search.covered(p).tolist() == [False, True, True, False]
    assert (search.chi2(p) > 0).tolist() == [False, True, True, False]
    assert np.isnan(search.limit(p)).tolist() == [True, False, False, True]
