"""U(1)_{Le-Lmu}: theta_I = -theta_R, equal spectra and orthogonal vectors leave the moment and no cLFV."""

import numpy as np
import pytest

from darkmoment import Fit
from darkmoment.runfile.loader import loads

CORNER = """
name: corner
spectrum: {spectrum}
invisible_branching: computed
parameters:
  m_dark_photon: {{range: [1e-3, 8], prior: log_uniform}}
  epsilon: 1e-4
  g_D: 0.5
  y_e: {{range: [1e-3, 3.5], prior: log_uniform}}
  y_mu: {{range: [1e-3, 3.5], prior: log_uniform}}
  flavour_angle: pi/2
  delta_theta: {{range: [0.01, 0.78]}}
  theta_R: {{expr: "-delta_theta/2"}}
  {masses}
  m_majorana: {{range: [1e-3, 3]}}
  m_dirac: {{range: [0, 3]}}
  m_E: {{range: [500, 3000]}}
experiments: {{meg2: {{}}, mu_e_dark_photon: {{}}, kaon: {{}}}}
"""
PAIRED = "m_S: {range: [0.01, 2]}\n  delta_m_S: 5e-3"
FREE = """m_H1: {range: [1e-3, 2]}
  m_H2: {range: [1e-3, 2]}
  m_A1: {same_as: m_H1}
  m_A2: {same_as: m_H2}"""
FORBIDDEN = (
    *("BR_mu_e_gamma", "BR_mu_3e", "CR_mu_e_Al", "CR_mu_e_Ti", "CR_mu_e_Au"),
    *("BR_mu_e_dark_photon", "BR_mu_3e_dark_photon"),
)
SEED = 55


@pytest.mark.parametrize(("spectrum", "masses"), [("paired", PAIRED), ("free", FREE)])
def test_no_flavour_violation_of_charged_leptons_but_a_moment(spectrum: str, masses: str) -> None:
    fit = Fit(loads(CORNER.format(spectrum=spectrum, masses=masses), "corner.yaml").base)
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    n = 400
    points = {p.name: p.from_unit(rng.uniform(size=n)) for p in fit.free}
    found = fit.survey(points, [*FORBIDDEN, "mu_emu", "m_nu_emu", "F_1_mu_e"]).quantities
    light = points["m_dark_photon"] < 0.1
    assert 20 < light.sum() < n
    for name in FORBIDDEN:
        assert found[name].max() < 1e-30, name
    assert found["mu_emu"].min() > 0
    assert np.median(found["mu_emu"]) > 1e-16
    assert np.abs(found["m_nu_emu"]).min() > 0
    # the corner is left: a vector turned, or the angles no longer opposite
    for away in ({"flavour_angle": 1.4}, {"theta_R": 0.3}):
        off = fit.survey({**points, **away}, FORBIDDEN).quantities
        for name in FORBIDDEN[:5] if "flavour_angle" in away else FORBIDDEN[5:6]:
            assert np.median(off[name][light]) > 1e-30, (name, away)


def test_the_moment_is_that_of_any_other_choice_of_theta_R() -> None:
    fit = Fit(loads(CORNER.format(spectrum="paired", masses=PAIRED), "corner.yaml").base)
    point = {"y_e": 0.5, "y_mu": 0.3, "delta_theta": 0.6, "m_S": 0.25, "m_majorana": 0.1, "m_dirac": 0.0}
    corner, other = (fit.evaluate({**point, **extra}) for extra in ({}, {"theta_R": 0.4}))
    name = "mu_emu_muB"
    assert corner.observables[name].iloc[0] == other.observables[name].iloc[0] > 0
    # what sees the single couplings is left too
    assert corner.observables["BR_K_mu_N_Phi"].iloc[0] > 0
    assert corner.observables["delta_W_mu"].iloc[0] < 0
