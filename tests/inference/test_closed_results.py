"""The two results known in closed form: single_y, only MEG II and NA64, y and epsilon free."""

import numpy as np
import pytest

from darkmoment.fit import Fit
from darkmoment.inference.maximise import maximise
from darkmoment.runfile.loader import loads

MASSES = np.geomspace(1.2e-3, 0.8, 20)

TEXT = """
name: closed
flavour: single_y
parameters:
  m_dark_photon: {{range: [1e-3, 1.0], prior: log_uniform}}
  epsilon: {{range: [1e-9, 1e-1], prior: log_uniform}}
  y: {{range: [1e-3, 1.0], prior: log_uniform}}
  g_D: 0.5
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: 2000
experiments:
  meg2: {{dataset: {meg2}, shape: {shape}}}
  na64: {{dataset: {na64}, shape: {shape}}}
"""


def closed_product(fit: Fit, masses: np.ndarray) -> np.ndarray:
    """epsilon_lim(m) * mu_emu(y_lim); BR goes as y^4, the moment as y^2: sqrt(BR_lim/BR) carries it over."""
    at = fit.predictions({"m_dark_photon": masses, "y": 0.05})
    meg2, na64 = fit.experiments["meg2"], fit.experiments["na64"]
    return na64.limit(at) * at["mu_emu"] * np.sqrt(meg2.dataset.limit / at["BR_mu_e_gamma"])


@pytest.mark.parametrize(("meg2", "na64"), [("2023", "2019"), ("2025", "2023")])
@pytest.mark.parametrize(
    ("shape", "factor", "tolerance"), [("step", 1.0, 1e-6), ("half_gaussian", 2**-0.5, 1e-3)]
)
def test_largest_moment_is_the_closed_result(meg2, na64, shape, factor, tolerance):
    fit = Fit(loads(TEXT.format(meg2=meg2, na64=na64, shape=shape)).base)
    found = maximise(fit, "mu_eff", "m_dark_photon", MASSES, 0.90)
    expected = factor * closed_product(fit, MASSES)
    np.testing.assert_allclose(found.table["mu_eff_max"], expected, rtol=tolerance)
    assert set(found.table["status"]) == {"certified"}
    assert set(found.table["leading_experiment"]) == {"meg2+na64"}
    assert set(found.table["at_bound"]) == {""}


def test_the_answer_does_not_exceed_its_own_limits():
    fit = Fit(loads(TEXT.format(meg2="2025", na64="2023", shape="half_gaussian")).base)
    table = maximise(fit, "mu_eff", "m_dark_photon", MASSES[:4], 0.95).table
    assert (table["delta_chi2"] <= 3.841459).all()
    assert (table["delta_chi2"] > 3.8414).all()


def test_a_range_that_holds_the_answer_back_is_named_with_its_elasticity():
    text = TEXT.format(meg2="2023", na64="2019", shape="step").replace(
        "g_D: 0.5", "g_D: {range: [1e-2, 0.5]}"
    )
    found = maximise(Fit(loads(text).base), "mu_eff", "m_dark_photon", [0.01, 0.1], 0.90)
    assert set(found.table["status"]) == {"range"}
    for cell in found.bounds:
        (bound,) = cell
        assert (bound.parameter, bound.end) == ("g_D", "max")
        assert bound.elasticity == pytest.approx(1.0, abs=1e-4)
    convention = text.replace("g_D: {range: [1e-2, 0.5]}", "g_D: {range: [1e-2, 0.5], convention: true}")
    again = maximise(Fit(loads(convention).base), "mu_eff", "m_dark_photon", [0.01, 0.1], 0.90)
    assert set(again.table["status"]) == {"certified"}
    assert again.table["at_bound"].str.contains("convention").all()


def test_elasticity_of_the_heavy_mass_is_the_square():
    text = TEXT.format(meg2="2023", na64="2019", shape="half_gaussian")
    text = text.replace("m_E: 2000", "m_E: {range: [1300, 4000], prior: log_uniform}")
    found = maximise(Fit(loads(text).base), "mu_eff", "m_dark_photon", [0.1], 0.90)
    (bound,) = found.bounds[0]
    assert (bound.parameter, bound.end) == ("m_E", "max")
    assert bound.elasticity == pytest.approx(2.0, abs=1e-2)


def test_same_seed_same_numbers_other_seed_same_answer():
    fit = Fit(loads(TEXT.format(meg2="2023", na64="2019", shape="half_gaussian")).base)
    one, two, other = (maximise(fit, "mu_eff", "m_dark_photon", MASSES[::7], seed=s).table for s in (3, 3, 4))
    assert one.equals(two)
    np.testing.assert_allclose(one["mu_eff_max"], other["mu_eff_max"], rtol=1e-6)


def test_outside_every_curve_the_range_answers_and_the_experiment_is_named_silent():
    text = TEXT.format(meg2="2023", na64="2019", shape="step").replace(
        "[1e-3, 1.0], prior: log_uniform}\n  eps", "[1e-3, 8.0], prior: log_uniform}\n  eps"
    )
    found = maximise(Fit(loads(text).base), "mu_eff", "m_dark_photon", [0.1, 5.0])
    assert list(found.table["silent"]) == ["", "na64"]
    assert list(found.table["status"]) == ["certified", "range"]
    assert "epsilon max" in found.table["at_bound"][1]
    assert any("na64 says nothing in 1 of 2" in w for w in found.warnings)


def test_a_measurement_the_model_cannot_meet_is_the_first_warning():
    text = TEXT.format(meg2="2023", na64="2019", shape="half_gaussian")
    text = text.replace("experiments:", "experiments:\n  g_minus_2: {dataset: wp2020}")
    found = maximise(Fit(loads(text).base), "mu_eff", "m_dark_photon", [0.01, 0.1])
    assert found.warnings[0].startswith("g_minus_2 (wp2020) is 5.2 sigma from anything this model gives")
    # the dark photon's own loop goes the way of the excess, so the limit may only grow
    closed = 2**-0.5 * closed_product(Fit(loads(text).base), np.array([0.01, 0.1]))
    assert (found.table["mu_eff_max"] > closed).all()


def test_a_quantity_that_vanishes_everywhere_is_zero_and_said_to_be():
    fit = Fit.load("global", "general").holding({"flavour_angle": 0.0})
    found = maximise(fit, "mu_eff", "m_dark_photon", [0.01])
    assert found.table["mu_eff_max"][0] == 0.0
    assert "mu_eff is zero in 1 of 1 cells, whatever the free parameters" in found.warnings


ELASTIC = """
flavour: single_y
parameters:
  m_dark_photon: {{range: [1e-2, {upper}], prior: log_uniform}}
  epsilon: {{range: [1e-7, 2e-2], prior: log_uniform}}
  y: {{range: [1e-3, 0.2], prior: log_uniform}}
  g_D: {{range: [0.01, {g_D}]}}
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: {{range: [1500, {m_E}]}}
experiments: {{meg2: {{}}, g_minus_2: {{dataset: wp2020}}}}
"""


def test_elasticities_are_the_answers_own_derivatives():
    """Against moving each range end by 1% and asking again, the smallest chi2 moving along."""
    base = {"upper": 1.0, "g_D": 0.5, "m_E": 3000}

    def ask(**moved):
        fit = Fit(loads(ELASTIC.format(**{**base, **moved})).base)
        return maximise(fit, "mu_eff", "epsilon", [1e-2], starts=8)

    here = ask()
    found = {b.parameter: b.elasticity for b in here.bounds[0] if b.end == "max"}
    for key, parameter in (("upper", "m_dark_photon"), ("g_D", "g_D"), ("m_E", "m_E")):
        up, down = (ask(**{key: base[key] * factor}).table["mu_eff_max"][0] for factor in (1.01, 0.99))
        expected = np.log(up / down) / np.log(1.01 / 0.99)
        assert found.get(parameter, 0.0) == pytest.approx(expected, abs=0.02), parameter
