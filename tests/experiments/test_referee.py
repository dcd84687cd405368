"""Z width, T, universality, kaons, mu -> e A' and nucleosynthesis: from the parameters to chi2."""

from math import exp, log, pi, sqrt

import numpy as np
import pytest

from darkmoment import Fit
from darkmoment.experiments import ExperimentError, load
from darkmoment.physics.muon_dark_photon import THRESHOLD
from darkmoment.runfile.loader import loads

Z_90 = 1.6448536269514722
NAMES = ("z_invisible", "oblique_t", "lepton_universality", "kaon", "mu_e_dark_photon", "bbn")
BENCHMARK = {"y": 1.0, "m_dark_photon": 0.01, "epsilon": 1e-4, "g_D": 0.5}


def fit(experiments: str, branching: str = "assumed") -> Fit:
    text = f"extends: paper\nname: t\ninvisible_branching: {branching}\nexperiments: {experiments}\n"
    return Fit(loads(text, "t.yaml").base)


def at(**values: float) -> dict[str, np.ndarray]:
    return {name: np.atleast_1d(np.asarray(x, dtype=float)) for name, x in values.items()}


def test_the_benchmark_of_the_paper_is_excluded_by_each() -> None:
    guarded = fit("{" + ", ".join(f"{name}: {{}}" for name in NAMES) + "}")
    chi2 = dict(zip(guarded.terms, guarded.chi2(BENCHMARK)[0], strict=True))
    assert sqrt(chi2["z_invisible"]) == pytest.approx(271, abs=0.5)
    assert sqrt(chi2["oblique_t"]) == pytest.approx((107.65 - 0.047) / 0.066, rel=1e-3)
    assert sqrt(chi2["lepton_universality"]) > 50
    assert sqrt(chi2["kaon"]) > 50
    # invisible by assumption: below the limit on the line
    assert chi2["mu_e_dark_photon"] == pytest.approx((Z_90 * 5.727e-7 / 5.8e-5) ** 2, rel=1e-3)
    assert chi2["bbn"] == 0


def test_what_the_standard_model_gives() -> None:
    assert load("z_invisible").standard_model_response == pytest.approx(0.5)
    assert load("oblique_t").standard_model_response == pytest.approx(-0.047 / 0.066)
    for name in NAMES[2:]:
        assert load(name).standard_model_response == 0


def test_cut_off_of_T() -> None:
    near, far = load("oblique_t"), load("oblique_t", cutoff="10 TeV")
    assert (near.needs, far.needs) == (("T_parameter",), ("T_parameter_10TeV",))
    p = at(T_parameter=0.047, T_parameter_10TeV=0.047 + 2 * 0.066)
    assert (near.chi2(p)[0], far.chi2(p)[0]) == (pytest.approx(0, abs=1e-20), pytest.approx(4))
    with pytest.raises(ExperimentError, match="cutoff"):
        load("oblique_t", cutoff="5 TeV")


def test_equal_couplings_evade_the_difference_alone() -> None:
    shifts = at(delta_W_mu_minus_e=0.0, delta_W_e_plus_mu=-4e-3, delta_W_mu=-2e-3)
    assert load("lepton_universality", "difference").chi2(shifts)[0] == 0
    assert load("lepton_universality", "g_f").response(shifts)[0] == pytest.approx(2)
    assert load("lepton_universality", "ckm").response(shifts)[0] == pytest.approx(1)
    together = load("lepton_universality")
    assert together.chi2(shifts)[0] == pytest.approx(Z_90**2 * 5)
    assert load("lepton_universality", shape="step").response(shifts)[0] == pytest.approx(2)


def test_one_coupling_is_seen_with_either_sign() -> None:
    for sign in (1, -1):
        p = at(delta_W_mu_minus_e=sign * 2e-3, delta_W_e_plus_mu=0, delta_W_mu=0)
        assert load("lepton_universality").response(p)[0] == pytest.approx(1)


def test_kaons_with_either_lepton() -> None:
    p = at(BR_K_mu_N_Phi=3e-6, BR_K_e_N_Phi=24e-5)
    assert load("kaon", "muon").response(p)[0] == pytest.approx(3)
    assert load("kaon", "electron").response(p)[0] == pytest.approx(4)
    assert load("kaon").response(p)[0] == pytest.approx(5)
    assert load("kaon", shape="step").response(p)[0] == pytest.approx(4)
    assert load("kaon", "muon").needs == ("BR_K_mu_N_Phi",)


def test_limit_on_one_channel_leaves_room_for_the_other() -> None:
    both, step = load("kaon"), load("kaon", shape="step")
    p = at(BR_K_e_N_Phi=[0.0, 3.6e-5, 6e-5, 7e-5])
    np.testing.assert_allclose(both.limit(p), [1e-6, 0.8e-6, 0.0, np.nan], rtol=1e-12)
    np.testing.assert_allclose(step.limit(p), [1e-6, 1e-6, 1e-6, np.nan], rtol=1e-12)


def test_line_searches_and_their_masses() -> None:
    search = load("mu_e_dark_photon")
    mass = np.array([0.001, 0.0129, 0.0131, 0.08, 0.095, 0.0952, 0.2])
    p = at(m_dark_photon=mass, BR_mu_e_dark_photon=1e-5, BR_visible=0, width_total=1e-12)
    expected = [1e-5 / 5.8e-5] * 2 + [1.0] * 3 + [0.0] * 2
    np.testing.assert_allclose(search.response(p), expected, rtol=1e-12)
    assert search.covered(p).tolist() == [True] * 5 + [False] * 2
    np.testing.assert_allclose(search.limit(p), [5.8e-5] * 2 + [1e-5] * 3 + [np.nan] * 2)
    assert THRESHOLD in search.knots["m_dark_photon"]
    lost = at(m_dark_photon=0.05, BR_mu_e_dark_photon=np.nan, BR_visible=0, width_total=1)
    assert np.isnan(search.response(lost)).all()


def test_prompt_pairs_feed_three_electrons() -> None:
    """The share that decays within 10 mm, from the width and the momentum of the two-body decay."""
    m, width = 0.05, 1e-14
    m_mu, m_e = 0.1056583755, 0.00051099895069
    momentum = sqrt((m_mu**2 - (m + m_e) ** 2) * (m_mu**2 - (m - m_e) ** 2)) / (2 * m_mu)
    length = momentum / m * 1.973269804e-13 / width  # hbar c in GeV mm
    prompt = 0.7 * (1 - exp(-10 / length))
    assert 0.01 < prompt < 0.65
    p = at(m_dark_photon=m, BR_mu_e_dark_photon=1e-13, BR_visible=0.7, width_total=width)
    strength = 1e-13 * sqrt((prompt / 1e-12) ** 2 + ((1 - prompt) / 1e-5) ** 2)
    assert load("mu_e_dark_photon").response(p)[0] == pytest.approx(strength, rel=1e-8)
    assert load("mu_e_dark_photon", visible="ignore").response(p)[0] == pytest.approx(1e-8, rel=1e-12)
    everything = load("mu_e_dark_photon", prompt_mm=1e9)
    assert everything.response(p)[0] == pytest.approx(0.07, rel=1e-6)
    # heavier than the line searches go: the pairs alone
    p |= at(m_dark_photon=0.1)
    assert everything.covered(p).all()
    assert everything.response(p)[0] == pytest.approx(0.07, rel=1e-12)


def test_visible_decays_decide_where_they_are_computed() -> None:
    seen, assumed = fit("{mu_e_dark_photon: {}}", "computed"), fit("{mu_e_dark_photon: {}}")
    point = {**BENCHMARK, "y": 0.05, "m_dark_photon": 0.03, "epsilon": 1e-3}
    strong, weak = (f.chi2(point)[0, -1] for f in (seen, assumed))
    found = seen.evaluate(point).observables.iloc[0]
    assert found["BR_visible"] > 0.01
    assert found["BR_mu_3e_dark_photon"] == found["BR_mu_e_dark_photon"] * found["BR_visible"]
    # prompt at this mixing, so all of the pairs count
    expected = Z_90 * found["BR_mu_3e_dark_photon"] / 1e-12
    assert sqrt(strong) == pytest.approx(expected, rel=1e-3)
    assert weak < 1e-6 * strong


def test_thermal_dark_sector() -> None:
    alone, lightest = load("bbn"), load("bbn", particles="lightest")
    p = at(m_dark_photon=0.01, m_majorana=0.1, m_dirac=0.098, m_H1=0.3, m_H2=0.4, m_A1=0.3, m_A2=0.4)
    assert alone.chi2(p)[0] == 0
    assert lightest.chi2(p)[0] == np.inf  # N_1 of 2 MeV
    assert lightest.response(p)[0] == pytest.approx(3.7e-3 / 2e-3)
    assert lightest.chi2({**p, "m_dirac": np.zeros(1)})[0] == 0
    assert lightest.response({**p, "m_dirac": np.array([-0.1])})[0] == np.inf  # N_2 massless
    assert alone.chi2(at(m_dark_photon=3.6e-3))[0] == np.inf
    assert "thermal contact" in alone.card.notes


def test_universality_at_the_benchmark() -> None:
    found = fit("{lepton_universality: {}}").evaluate({**BENCHMARK, "y": 2**-0.25}).observables.iloc[0]
    # y_e = 1, its vector along H_1 (0.25 GeV) and half of each A
    logs = 1.5 / 2 * log((2000 / 0.25) ** 2) + 0.5 / 2 * log((2000 / 0.35) ** 2)
    assert found["delta_W_e"] == pytest.approx(-(logs + 0.9) / (64 * pi**2), rel=5e-3)


def test_an_objection_names_the_test_that_objects() -> None:
    """Where y_e = y_mu evades the difference, and where kaons do not decay to muons."""
    shifts = at(delta_W_mu_minus_e=4.9e-4, delta_W_e_plus_mu=-0.06, delta_W_mu=-0.03)
    said = load("lepton_universality").objection(shifts)
    assert said.startswith("delta_W_e_plus_mu = -0.06, ")
    assert said.endswith(" allows 0.002")
    assert (
        load("lepton_universality", "difference").objection(shifts).startswith("delta_W_mu_minus_e = 0.00049")
    )
    rates = at(BR_K_mu_N_Phi=0.0, BR_K_e_N_Phi=1.2e-4)
    assert load("kaon").objection(rates) == "BR_K_e_N_Phi = 0.00012, kaons (both) allows 6e-05"
    rates = at(BR_K_mu_N_Phi=4e-6, BR_K_e_N_Phi=1.2e-4)
    assert load("kaon").objection(rates) == "BR_K_mu_N_Phi = 4e-06, kaons (both) allows 1e-06"
