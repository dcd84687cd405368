"""Answers that lie where a dump falls silent, at 90% of visible decays: chi2 steps down there.

A' of 7.5 MeV go to e+ e- and, by loops of the dark sector, to neutrinos; g_D moves the share of these alone.
"""

import pickle
from math import sqrt

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from darkmoment.experiments import load
from darkmoment.fit import Fit
from darkmoment.identity import identity_of
from darkmoment.inference.best_fit import best_fit
from darkmoment.inference.maximise import maximise
from darkmoment.inference.profile import profile
from darkmoment.inference.profile_map import profile_map
from darkmoment.runfile.loader import loads

MASS = 7.5e-3
TEXT = """
flavour: general
invisible_branching: {branching}
parameters:
  m_dark_photon: {{range: [7e-3, 8e-3], prior: log_uniform, reference: 7.5e-3}}
  epsilon: {{range: [2e-7, 3e-4], prior: log_uniform, reference: 1e-5}}
  g_D: {{range: [1e-7, 0.5], prior: log_uniform, reference: 0.1}}
  y_e: 3.5
  y_mu: 3.5
  flavour_angle: pi/2
  delta_theta: pi/4
  m_S: 0.21
  delta_m_S: 0.29
  m_majorana: 0.04
  m_dirac: 0
  m_E: 2000
experiments: {experiments}
"""
DUMPS = "na64: {}, e137: {}, orsay: {}, e141: {}"


def fit(experiments: str = DUMPS, branching: str = "computed", held: bool = False) -> Fit:
    text = TEXT.format(branching=branching, experiments="{" + experiments + "}")
    if held:
        text = text.replace("{range: [7e-3, 8e-3], prior: log_uniform, reference: 7.5e-3}", str(MASS))
    return Fit(loads(text).base)


def largest_hidden() -> float:
    """NA64 sees a tenth of the decays at least, or the dumps see them: epsilon < epsilon_lim/sqrt(0.1)."""
    na64 = load("na64").limit({"m_dark_photon": np.array([MASS]), "BR_invisible": np.ones(1)})
    return float(na64[0]) / sqrt(0.1)


def test_the_dumps_cover_what_hides_from_na64():
    for epsilon in np.geomspace(largest_hidden() / 3.3, 3e-4, 200):
        p = {"m_dark_photon": np.array([MASS]), "epsilon": np.array([epsilon]), "BR_visible": np.ones(1)}
        assert max(load(name).response(p)[0] for name in ("e137", "orsay", "e141")) > 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_largest_mixing_is_on_the_step(seed):
    answer = maximise(fit(), "epsilon", along="m_dark_photon", points=[MASS], seed=seed)
    found = answer.table.iloc[0]
    assert found["epsilon_max"] == pytest.approx(largest_hidden(), rel=1e-6)
    assert found["status"] == "certified"
    (step,) = [w for w in answer.warnings if w.endswith("fall silent")]
    assert step.startswith("in 1 of 1 cells")
    assert "e137, orsay, e141" in step


def test_no_step_is_named_where_the_answer_is_on_none():
    """Mixings that NA64 alone allows, far below the dumps' 90%."""
    text = TEXT.format(branching="computed", experiments="{na64: {}, e137: {}}")
    low = Fit(loads(text.replace("3e-4]", "1e-6]").replace("reference: 1e-5", "reference: 1e-6")).base)
    answer = maximise(low, "epsilon", along="m_dark_photon", points=[MASS], starts=1)
    assert answer.table["epsilon_max"][0] == pytest.approx(1e-6)
    assert not [w for w in answer.warnings if w.endswith("fall silent")]


def smallest() -> float:
    """chi2 of NA64 and the electron along the step, one scan over the mixing; dumps off it."""
    both = fit(DUMPS + ", electron_g_minus_2: {}")
    terms = [both.terms.index(name) for name in ("na64", "electron_g_minus_2")]
    tenth = np.square(largest_hidden() * sqrt(0.1))

    def at(ln_epsilon: float) -> float:
        epsilon = np.exp(ln_epsilon)
        a_e = both.chi2({"m_dark_photon": MASS, "epsilon": epsilon, "g_D": 1e-7})[0, terms[1]]
        return float(a_e) + 2.705543454095404 * (epsilon**2 * 0.1 / tenth) ** 2

    found = minimize_scalar(at, bounds=np.log((1e-6, 3e-4)), method="bounded", options={"xatol": 1e-9})
    return float(found.fun)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_smallest_chi2_is_on_the_step(seed):
    expected = smallest()
    both = fit(DUMPS + ", electron_g_minus_2: {}", held=True)
    best = best_fit(both, seed)
    assert best.total_chi2 == pytest.approx(expected, abs=1e-4)
    assert best.agreed
    # it is worth something: without mixing the electron alone has more
    assert both.total_chi2({"epsilon": 2e-7, "g_D": 1e-7})[0] > expected + 0.2
    along = profile(fit(DUMPS + ", electron_g_minus_2: {}"), "m_dark_photon", [7.2e-3, MASS], seed=seed)
    assert along.table["chi2"].iloc[1] == pytest.approx(expected, abs=1e-4)
    assert along.certified


def test_hushed_fits_have_the_same_chi2_where_they_allow():
    print("seed 12")
    rng = np.random.default_rng(12)
    loud = fit(DUMPS + ", meg2: {}")
    quiet = loud.hushed()
    points = {
        "epsilon": np.exp(rng.uniform(np.log(2e-7), np.log(3e-4), 500)),
        "g_D": np.exp(rng.uniform(np.log(1e-6), np.log(1e-3), 500)),
    }
    ours, theirs = loud.survey(points, ["BR_visible"]), quiet.survey(points)
    allowed = np.isfinite(theirs.chi2).all(axis=1)
    np.testing.assert_array_equal(allowed, ours.quantities["BR_visible"] < 0.9)
    assert 50 < allowed.sum() < 450
    np.testing.assert_array_equal(ours.chi2[allowed], theirs.chi2[allowed])
    assert quiet.terms == loud.terms
    assert quiet.hushed() is None


def test_only_where_something_falls_silent():
    assert fit("na64: {}, babar_2014: {}").hushed() is None
    assert fit(branching="assumed").hushed() is None
    loud = fit()
    assert loud.hushed() is loud.hushed()


def test_hushed_fits_travel():
    quiet = fit().hushed()
    for twin in (quiet, quiet.pinned({"g_D": 0.2})):
        again = pickle.loads(pickle.dumps(twin))
        np.testing.assert_array_equal(again.hard, twin.hard)
        there = {"epsilon": [1e-6, 1e-4], "g_D": [0.5, 1e-7]}
        np.testing.assert_array_equal(again.chi2(there), twin.chi2(there))
        assert [p.name for p in again.free] == [p.name for p in twin.free]
        assert identity_of(again) == identity_of(twin)
    assert identity_of(quiet) != identity_of(fit())
    assert identity_of(quiet) == identity_of(fit().hushed())


def on_the_step_at_an_end(g_D: float = 1e-4, held: str = "") -> Fit:
    """g_D, at the end of its range, and the constrained Yukawas keep up the share of neutrinos."""
    text = TEXT.format(branching="computed", experiments="{" + DUMPS + "}")
    text = text.replace("y_e: 3.5", "y_e: {range: [1e-2, 3.5], prior: log_uniform, constraint: 2 +- 0.5}")
    text = text.replace("y_mu: 3.5", "y_mu: {same_as: y_e}")
    text = text.replace("range: [1e-7, 0.5]", f"range: [1e-7, {g_D}]").replace(
        "reference: 0.1}", "reference: 1e-5}"
    )
    found = Fit(loads(text).base)
    return found.holding({"epsilon": 1.5e-5}) if held else found


def elasticity(at_bound: str) -> float:
    assert at_bound.startswith("g_D max 0.0001 (")
    return float(at_bound.split("(")[1].rstrip(")"))


def test_a_range_that_holds_up_the_step_is_named():
    """On it epsilon is proportional to g_D y_e^2, and y_e pays for what NA64 objects to as epsilon grows."""
    found = maximise(on_the_step_at_an_end(), "epsilon", "m_dark_photon", [MASS]).table.iloc[0]
    assert found["status"] == "range"
    y = found["y_e"]
    price = 4 * found["chi2_na64"] / (y * (y - 2) * 2 / 0.5**2)
    assert 0.002 < 2 * price < 0.05
    assert elasticity(found["at_bound"]) == pytest.approx(1 / (1 + 2 * price), abs=0.006)
    assert found["leading_experiment"] == "e137+orsay+e141+y_e_constraint"


def test_a_range_that_holds_up_the_smallest_chi2_on_the_step():
    """Answer and smallest chi2 both move with the end of g_D; against fits with another end."""
    fits = (on_the_step_at_an_end(g, "epsilon") for g in (1e-4, 1.01e-4))
    answers = [maximise(f, "mu_eff", "m_dark_photon", [MASS]).table.iloc[0] for f in fits]
    moved = np.log(answers[1]["mu_eff_max"] / answers[0]["mu_eff_max"]) / np.log(1.01)
    assert elasticity(answers[0]["at_bound"]) == pytest.approx(moved, abs=0.01)


def test_a_map_leans_on_what_holds_up_the_step():
    """y_e has to make up for g_D: d chi2/d ln g_D = -(y_e/2) d chi2/d y_e."""
    found = profile_map(on_the_step_at_an_end(), "m_dark_photon", "epsilon", (2, 3), None, (1.2e-5, 1.6e-5))
    table = found.table[found.table["at_bound"] != ""]
    assert len(table) >= 4
    expected = -table["y_e"] * (table["y_e"] - 2) / 0.5**2
    given = [elasticity(text) for text in table["at_bound"]]
    np.testing.assert_allclose(given, expected, rtol=0.06)
    assert set(table["leading_experiment"]) == {"e137+orsay+e141+y_e_constraint"}
