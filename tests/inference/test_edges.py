"""Where there is no answer, the engine says so; where an answer is odd, it is still the right one."""

import numpy as np
import pytest

from darkmoment.fit import Fit
from darkmoment.inference.best_fit import best_fit
from darkmoment.inference.maximise import maximise
from darkmoment.inference.profile import profile
from darkmoment.runfile.loader import loads

TEXT = """
name: edges
flavour: single_y
parameters:
  m_dark_photon: {{range: [1e-2, 1.0], prior: log_uniform}}
  epsilon: {{range: [1e-7, 1e-2], prior: log_uniform}}
  y: {{range: [1e-3, 0.5], prior: log_uniform}}
  g_D: 0.5
  delta_theta: pi/4
  m_S: {m_S}
  delta_m_S: {delta_m_S}
  m_majorana: {m_majorana}
  m_dirac: {m_dirac}
  m_E: 2000
experiments: {{meg2: {{}}, na64: {{}}}}
"""
PLAIN = {"m_S": "0.3", "delta_m_S": "0.1", "m_majorana": "0.1", "m_dirac": "0.01"}


def fit_of(**changes):
    return Fit(loads(TEXT.format(**{**PLAIN, **changes})).base)


def test_unphysical_cells_fail():
    fit = fit_of(delta_m_S="{range: [0.5, 0.9]}")
    table = maximise(fit, "mu_eff", "delta_m_S", [0.55, 0.65, 0.9]).table
    assert list(table["status"]) == ["range", "failed", "failed"]
    assert table["mu_eff_max"].isna().tolist() == [False, True, True]
    found = profile(fit, "delta_m_S", [0.55, 0.65, 0.9])
    assert list(found.table["status"]) == ["certified", "failed", "failed"]
    assert found.failed == 2
    assert found.interval(0.90) == (None, None), "an edge of what is physical is no limit"


def test_a_fit_without_a_physical_point_has_no_best_fit():
    with pytest.raises(ValueError, match="no allowed point"):
        best_fit(fit_of(delta_m_S="{range: [0.7, 0.9]}"))


def test_a_tied_scalar_mass_may_come_out_unphysical():
    fit = fit_of(m_S='{expr: "3*m_majorana - 0.2"}', m_majorana="{range: [0.05, 0.5]}")
    found = maximise(fit, "mu_eff", "m_dark_photon", [0.1])
    row = found.table.iloc[0]
    assert row["m_S"] == pytest.approx(3 * row["m_majorana"] - 0.2)
    assert row["m_S"] > row["delta_m_S"] / 2
    assert np.isinf(fit.total_chi2({"m_majorana": 0.06})[0])


def test_only_the_dirac_mass_varies():
    fit = fit_of(m_dirac="{range: [0, 0.3]}")
    together = fit.survey({"m_dirac": np.linspace(0, 0.3, 5)}, ["mu_eff"]).quantities["mu_eff"]
    alone = [fit.survey({"m_dirac": x}, ["mu_eff"]).quantities["mu_eff"][0] for x in np.linspace(0, 0.3, 5)]
    np.testing.assert_array_equal(together, alone)


def test_a_quantity_that_changes_sign():
    """The loop sum is largest where m_majorana is, and its own sign counts."""
    fit = fit_of(m_majorana="{range: [-0.1, 0.1]}", m_dirac="0")
    found = maximise(fit, "loop_sum", "m_dark_photon", [0.1])
    row = found.table.iloc[0]
    assert row["status"] == "range"
    assert row["m_majorana"] == pytest.approx(0.1)
    assert row["loop_sum_max"] == fit.predictions({"m_majorana": row["m_majorana"]})["loop_sum"][0] > 0


def test_a_linear_parameter_of_small_range_is_told_apart():
    fit = fit_of(delta_m_S="{range: [0, 0.003]}")
    row = maximise(fit, "delta_m_S", "m_dark_photon", [0.1]).table.iloc[0]
    assert row["delta_m_S_max"] == 0.003
    assert row["hits"] == row["starts"], "every start reaches the end of the range"


def test_arguments_without_meaning():
    fit = fit_of()
    for arguments in ({"points": 0}, {"starts": 0}, {"points": [-1.0]}, {"quantity": "scalar_couplings"}):
        with pytest.raises(ValueError, match=r"give at least|must be >|no quantity"):
            maximise(fit, **{"along": "m_dark_photon", "points": 1, **arguments})
    assert len(maximise(fit, along="m_dark_photon", points=np.int64(2)).table) == 2
