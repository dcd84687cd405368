"""What the shipped fits are there to show."""

from math import pi

import numpy as np
import pytest

from darkmoment.experiments import available
from darkmoment.fit import Fit
from darkmoment.inference.maximise import maximise
from darkmoment.inference.profile import profile
from darkmoment.parameters import FLAVOURS
from darkmoment.runfile.loader import load
from darkmoment.tasks.errata import rows

MASSES = [0.002, 0.01, 0.1, 1.0, 5.0]


@pytest.fixture(scope="module")
def single():
    return maximise(Fit.load("global", "single_y"), "mu_eff", "m_dark_photon", MASSES)


@pytest.fixture(scope="module")
def general():
    return maximise(Fit.load("global", "general"), "mu_eff", "m_dark_photon", MASSES)


def test_meg_bites_where_one_yukawa_does_both(single):
    assert single.table["leading_experiment"].str.contains("meg2").all()
    assert (single.table["chi2_meg2"] > 1.0).all()
    assert set(single.table["status"]) == {"range"}


def test_meg_is_evaded_by_orthogonal_flavour_vectors(general, single):
    np.testing.assert_allclose(general.table["flavour_angle"], pi / 2, atol=1e-4)
    assert (general.table["chi2_meg2"] < 1e-3).all()
    assert not general.table["leading_experiment"].str.contains("meg2").any()
    assert set(general.table["status"]) == {"range"}
    assert any("leans on y_mu max" in warning for warning in general.warnings)
    assert (general.table["mu_eff_max"] > 5 * single.table["mu_eff_max"]).all()


def test_answers_stay_below_what_is_asked_of_each_experiment(general):
    """The maximising points, evaluated afresh, use up Delta chi2 = 2.7055 and give the quoted moment."""
    fit = Fit.load("global", "general")
    names = [p.name for p in fit.parameters]
    survey = fit.survey({name: general.table[name].to_numpy() for name in names}, ["mu_eff"])
    np.testing.assert_allclose(survey.quantities["mu_eff"], general.table["mu_eff_max"], rtol=1e-12)
    delta = survey.chi2.sum(axis=1) - general.table["chi2_min"]
    assert (delta <= 2.705544).all()
    assert (delta > 2.7).all()


def test_no_random_point_beats_the_certified_maximum(general):
    """Random points, half of them around the maximum, that are allowed stay below the answer."""
    fit = Fit.load("global", "general")
    seed = 99
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    n = 200_000
    for row in general.table.itertuples():
        u = {p.name: rng.random(n) for p in fit.free}
        top = {p.name: float(p.to_unit(np.array(getattr(row, p.name)))) for p in fit.free}
        near = rng.random(n) < 0.5
        points = {}
        for p in fit.free:
            close = np.clip(top[p.name] + 0.1 * rng.standard_normal(n), 0, 1)
            points[p.name] = p.from_unit(np.where(near, close, u[p.name]))
        points["m_dark_photon"] = np.full(n, row.m_dark_photon)
        survey = fit.survey(points, ["mu_eff"])
        allowed = survey.chi2.sum(axis=1) <= row.chi2_min + 2.705543
        assert allowed.sum() > 1000
        assert survey.quantities["mu_eff"][allowed].max() <= row.mu_eff_max * 1.0001


def test_paper_figure_seven_is_the_product_of_its_limits():
    """Hard limits: corrected curves are epsilon_lim mu_emu(y_lim), printed ones epsilon_lim mu(0.086)."""
    masses = np.geomspace(1.1e-3, 0.9, 6)
    corrected = {label: Fit.load("paper", label) for label in [f.label for f in load("paper").fits]}
    for label, fit in corrected.items():
        at = fit.predictions({"m_dark_photon": masses, "y": 0.086})
        limits = [e.limit(at) for e in fit.experiments.values() if e.card.limits == "epsilon"]
        expected = limits[0] * at["mu_emu"]
        if "meg2" in fit.experiments:
            expected = expected * np.sqrt(fit.experiments["meg2"].dataset.limit / at["BR_mu_e_gamma"])
        found = maximise(fit, "mu_eff", "m_dark_photon", masses, starts=2)
        np.testing.assert_allclose(found.table["mu_eff_max"], expected, rtol=1e-6, err_msg=label)
        assert set(found.table["status"]) == {"certified"}, label


def test_errata_reproduce_the_papers_numbers():
    table = {(row.equation, row.what.split(",")[0]): row for row in rows(Fit.load("paper"), "meg2", "na64")}
    by_equation = {equation: row for (equation, _), row in table.items()}
    assert by_equation["(31)"].own_formula == pytest.approx(0.0727, abs=5e-5)
    assert by_equation["(31)"].correct == pytest.approx(0.1222, abs=5e-5)
    assert by_equation["(29)"].own_formula / by_equation["(29)"].correct == pytest.approx(8.0, rel=1e-3)
    assert by_equation["(32)"].own_formula / by_equation["(32)"].correct == pytest.approx(4.0, rel=1e-3)
    assert by_equation["(22)"].own_formula / by_equation["(22)"].correct == pytest.approx(1033, rel=1e-3)
    assert by_equation["(36)"].correct == pytest.approx(2.1e-13, rel=0.02)
    na64 = [row.correct for row in rows(Fit.load("paper"), "meg2", "na64") if row.equation == "sect. 3.2"]
    assert na64 == pytest.approx([3.3e-5, 3.5e-4], rel=0.02)


@pytest.mark.parametrize("variant", ["single_y", "general"])
def test_profile_and_maximum_meet(variant):
    """Minimising chi2 at the largest moment gives back the Delta chi2 that the moment was maximised under."""
    fit = Fit.load("global", variant).holding({"m_dark_photon": 0.1})
    largest = maximise(fit, "mu_eff").table["mu_eff_max"][0]
    found = profile(fit, "mu_eff", [largest])
    assert found.certified
    assert found.table["delta_chi2"][0] == pytest.approx(2.705543, abs=2e-3)


def test_every_projection_is_set_against_today_in_both_ansaetze():
    """Each projected dataset has a variant of its own, once per ansatz, beside today and all together."""
    file = load("projections")
    by_ansatz = {}
    for spec in file.fits:
        ansatz, _, name = spec.label.partition(", ")
        if ansatz in FLAVOURS:  # the others inject a signal
            assert spec.flavour == ansatz
            by_ansatz.setdefault(ansatz, {})[name] = Fit(spec)
    assert set(by_ansatz) == {"single_y", "general"}
    single, general = by_ansatz["single_y"], by_ansatz["general"]
    assert list(single) == list(general)
    assert {n: f.terms for n, f in single.items()} == {n: f.terms for n, f in general.items()}
    assert [name for name, fit in single.items() if not fit.projected] == ["today"]
    today = set(single["today"].experiments)
    added = {}
    for name, fit in single.items():
        coming = {(key, e.dataset.name): e for key, e in fit.experiments.items() if e.projected}
        superseded = {old for e in coming.values() for old in e.card.supersedes}
        assert {key for key, e in fit.experiments.items() if not e.projected} == today - superseded
        added[name] = set(coming)
    every = {(c.name, d) for c in available().values() if c.status == "projected" for d in c.datasets}
    alone = [coming for name, coming in added.items() if name not in ("today", "all")]
    assert all(len(coming) == 1 for coming in alone)
    assert set().union(*alone) == every
    assert {key for key, _ in added["all"]} == {key for key, _ in every}
    asked = {task.name: task for task in file.tasks}
    assert set(asked["single_y"].variants) == {f"single_y, {name}" for name in single}
    assert set(asked["general"].variants) == {f"general, {name}" for name in general}


def test_what_changes_flavour_gains_nothing_where_vectors_turn():
    """Mu2e gains what its events allow where inner and cross are one number, and nothing where they are not.

    single_y maximises epsilon * inner with chi2 = z^2 a^4 + z^2 b^4 today, a and b in units of the limits of
    NA64 and MEG II, so a b = 1/sqrt(2); with Mu2e alone z^2 a^4 + 2 n c^2, so a c = z 3^(-1/4)/sqrt(3 n).
    """
    gains = {}
    for ansatz in ("single_y", "general"):
        now, soon = (Fit.load("projections", f"{ansatz}, {name}") for name in ("today", "Mu2e full"))
        limits = [maximise(f, "mu_eff", "m_dark_photon", [0.05]).table["mu_eff_max"][0] for f in (now, soon)]
        gains[ansatz] = limits[0] / limits[1]
    fit = Fit.load("projections", "single_y, Mu2e full")
    rates = fit.predictions({"m_E": 1e4, "m_S": 0.2, "delta_m_S": 0.3})
    n, z = 6.7e-17 / 2.8e-17, 2.705543**0.5
    limits = np.sqrt([1.5e-13 / rates["BR_mu_e_gamma"][0], 6.7e-17 / rates["CR_mu_e_Al"][0]])
    expected = limits[0] / limits[1] * 0.5**0.5 / (z * 3**-0.25 / (3 * n) ** 0.5)
    assert gains["single_y"] == pytest.approx(expected, rel=0.01)
    assert gains["general"] == pytest.approx(1.0, abs=1e-3)
