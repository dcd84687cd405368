"""Profiles against closed forms.

MEG II and NA64 alone give chi2 = z^2 (a^4 + b^4), a = eps/eps_lim, b = (y/y_lim)^2.
"""

import numpy as np
import pytest

from darkmoment.fit import Fit
from darkmoment.inference.profile import profile
from darkmoment.levels import delta_chi2
from darkmoment.runfile.loader import loads

TEXT = """
name: closed
flavour: single_y
parameters:
  m_dark_photon: 0.1
  epsilon: {range: [1e-9, 1e-1], prior: log_uniform}
  y: {range: [1e-3, 1.0], prior: log_uniform}
  g_D: 0.5
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: 2000
experiments:
  meg2: {}
  na64: {}
"""


@pytest.fixture(scope="module")
def fit():
    return Fit(loads(TEXT).base)


def test_profile_of_a_parameter_gives_back_its_limit(fit):
    at = fit.predictions({"y": 0.05})
    y_lim = 0.05 * (fit.experiments["meg2"].dataset.limit / at["BR_mu_e_gamma"][0]) ** 0.25
    found = profile(fit, "y", np.geomspace(0.2 * y_lim, 1.5 * y_lim, 25))
    expected = delta_chi2(0.90) * (found.table["y"] / y_lim) ** 8
    np.testing.assert_allclose(found.table["delta_chi2"], expected, atol=1e-5, rtol=1e-6)
    lower, upper = profile(fit, "y", y_lim * np.linspace(0.95, 1.05, 41)).interval(0.90)
    assert lower is None
    assert upper == pytest.approx(y_lim, rel=1e-4)


def test_profile_of_the_moment_is_the_closed_curve(fit):
    at = fit.predictions({"y": 0.05})
    y_lim = 0.05 * (fit.experiments["meg2"].dataset.limit / at["BR_mu_e_gamma"][0]) ** 0.25
    product = fit.experiments["na64"].limit(at)[0] * at["mu_emu"][0] * (y_lim / 0.05) ** 2
    k = np.geomspace(1e-3, 2.0, 15)
    found = profile(fit, "mu_eff", k * product)
    np.testing.assert_allclose(found.table["delta_chi2"], 2 * delta_chi2(0.90) * k**2, atol=2e-4, rtol=1e-4)
    assert found.certified


def test_an_observable_needs_a_window(fit):
    with pytest.raises(ValueError, match="give the range"):
        profile(fit, "mu_eff", 10)
