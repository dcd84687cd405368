"""What each experiment does for a limit, where that is known in closed form."""

import numpy as np
import pytest

from darkmoment.fit import Fit
from darkmoment.inference.leave_one_out import leave_one_out
from darkmoment.runfile.loader import loads

TEXT = """\
flavour: single_y
parameters:
  m_dark_photon: {range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}
  epsilon: {range: [1e-7, 1e-2], prior: log_uniform}
  y: {range: [1e-3, 1.0], prior: log_uniform}
  g_D: 0.5
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: 2000
experiments: {meg2: {}, na64: {}}
"""
MASSES = [0.02, 0.3]


@pytest.fixture(scope="module")
def fit():
    return Fit(loads(TEXT, "two.yaml").base)


@pytest.fixture(scope="module")
def found(fit):
    return leave_one_out(fit, "mu_eff", "m_dark_photon", MASSES)


def rows(found, name):
    return found.table[found.table["without"] == name].reset_index(drop=True)


def test_every_limit_has_a_closed_form(fit, found):
    """All: eps_lim mu(y_lim)/sqrt 2. Without one of them its coupling goes to the end of its range."""
    at = fit.predictions({"m_dark_photon": MASSES, "y": 0.1})
    y_lim = 0.1 * (fit.experiments["meg2"].dataset.limit / at["BR_mu_e_gamma"]) ** 0.25
    epsilon_lim = fit.experiments["na64"].limit(at)
    per_y2 = at["mu_emu"] / 0.01
    exact = {
        "none": epsilon_lim * per_y2 * y_lim**2 / np.sqrt(2),
        "meg2": epsilon_lim * per_y2,
        "na64": np.repeat(1e-2 * per_y2 * y_lim**2, 2),
    }
    assert found.table["without"].tolist() == ["none"] * 2 + ["meg2"] * 2 + ["na64"] * 2
    for name, limit in exact.items():
        np.testing.assert_allclose(rows(found, name)["mu_eff_max"], limit, rtol=1e-6, err_msg=name)
        np.testing.assert_allclose(rows(found, name)["ratio"], limit / exact["none"], rtol=1e-6)


def test_statuses_and_leaders_follow(found):
    assert set(rows(found, "none")["status"]) == {"certified"}
    assert set(rows(found, "meg2")["leading_experiment"]) == {"na64"}
    assert set(rows(found, "na64")["leading_experiment"]) == {"meg2"}
    assert set(rows(found, "na64")["status"]) == {"range"}
    assert found.certified
    assert found.warnings == [
        "without meg2 the limit leans on other ranges: y max 1 in 2 of 2 cells",
        "without na64 the limit leans on other ranges: epsilon max 0.01 in 2 of 2 cells",
    ]


def test_where_no_experiment_is_left_that_objects(fit):
    """g-2 alone, with mixing and Yukawa too small for it to see: only ranges hold the moment."""
    text = TEXT.replace("meg2", "g_minus_2").replace("1e-2], prior", "2e-4], prior")
    small = Fit(loads(text.replace("[1e-3, 1.0]", "[1e-5, 1e-3]"), "b").base)
    found = leave_one_out(small, "mu_eff", "m_dark_photon", [0.02])
    assert rows(found, "none")["leading_experiment"][0] == "na64"
    assert rows(found, "na64")["leading_experiment"][0] == "range"
    (warning,) = [w for w in found.warnings if "no experiment forbids more" in w]
    assert warning.startswith("without na64: in 1 of 1 cell no experiment forbids more, only ranges do (")
    assert "epsilon max 0.0002" in warning
    assert "y max 0.001" in warning


def test_overall_and_progress(fit):
    told = []
    found = leave_one_out(fit.holding({"y": 0.1}), "mu_eff", progress=lambda done, of: told.append(done / of))
    assert found.table["without"].tolist() == ["none", "meg2", "na64"]
    assert told == sorted(told)
    assert told[-1] == 1


def test_a_constraint_is_no_experiment():
    text = TEXT.replace("meg2: {}, na64: {}", "borexino: {}, na64: {}")
    fit = Fit(loads(text.replace("  y:", "  P_ee: {constraint: 0.53 +- 0.05}\n  y:"), "c.yaml").base)
    assert "P_ee_constraint" in fit.terms
    found = leave_one_out(fit, "mu_eff", "m_dark_photon", [0.02], starts=1)
    assert found.table["without"].tolist() == ["none", "borexino", "na64"]
    assert found.table["chi2_P_ee_constraint"].notna().all()


def test_one_experiment_is_not_enough(fit):
    with pytest.raises(ValueError, match="1 experiment"):
        leave_one_out(fit.without("na64"), "mu_eff")
