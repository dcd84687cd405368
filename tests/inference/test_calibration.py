"""Simulation-based calibration: it passes for the sampler, and fails for data the model does not describe."""

import numpy as np
import pytest

from darkmoment.fit import Fit
from darkmoment.inference import calibration
from darkmoment.inference.calibration import simulation_based_calibration
from darkmoment.runfile.loader import loads

MEASURED = """
name: measured
flavour: single_y
parameters:
  m_dark_photon: 0.1
  epsilon: {range: [1e-6, 1e-2], prior: log_uniform, constraint: 1e-3 +- 1e-3}
  y: {range: [0, 1], constraint: 0.5 +- 0.2}
  g_D: {range: [0.01, 2], prior: {half_normal: {sd: 0.5}}, constraint: 0.5 +- 0.3}
  delta_theta: {range: [-2, 2], prior: {normal: {mean: 0.3, sd: 0.2}}, constraint: 0.3 +- 0.2}
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: 2000
experiments: {borexino: {}}
tasks:
  - sample: {}
"""
SHORT = {"walkers": 32, "steps": 600}


def test_the_sampler_is_calibrated():
    fit = Fit(loads(MEASURED).base)
    found = simulation_based_calibration(fit, 20, quantities=["mu_eff"], seed=1, **SHORT)
    print("seed", found.seed, found.table, sep="\n")
    assert list(found.ranks) == ["epsilon", "g_D", "y", "delta_theta", "mu_eff"]
    assert found.ranks.shape == (20, 5)
    assert found.ranks.to_numpy().min() >= 0
    assert found.ranks.to_numpy().max() <= found.draws
    assert found.fewest > 100
    assert found.p_value > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_the_sampler_is_calibrated_at_length(seed):
    fit = Fit(loads(MEASURED).base)
    found = simulation_based_calibration(fit, 300, quantities=["mu_eff"], seed=seed)
    print("seed", found.seed, found.table, sep="\n")
    assert found.p_value > 1e-3
    assert (abs(found.table["mean"] - 0.5) < 5 / np.sqrt(12 * 300)).all()


def test_wrong_data_are_seen(monkeypatch):
    """Data with four times the noise that the fit believes in push the truth to the ends of the posterior."""
    honest = calibration.simulate

    def noisy(fit, rng):
        truth, twin = honest(fit, rng)
        parameters = dict(twin.spec.parameters)
        for name, value in truth.items():
            mean, sigma = parameters[name].constraint
            constraint = (value + 4 * (mean - value), sigma)
            parameters[name] = calibration.replace(parameters[name], constraint=constraint)
        return truth, Fit(calibration.replace(twin.spec, parameters=parameters), twin.fixed)

    monkeypatch.setattr(calibration, "simulate", noisy)
    found = simulation_based_calibration(Fit(loads(MEASURED).base), 15, seed=4, **SHORT)
    assert found.p_value < 1e-3


def test_replicas_do_not_depend_on_their_neighbours():
    fit = Fit(loads(MEASURED).base)
    few, more = (simulation_based_calibration(fit, n, seed=5, **SHORT).ranks for n in (1, 3))
    assert few.iloc[0].to_dict() == more.iloc[0].to_dict()


def test_without_data_there_is_nothing_to_simulate():
    text = "\n".join(
        line.split(", constraint")[0] + ("}" if ", constraint" in line else "")
        for line in MEASURED.split("\n")
    )
    with pytest.raises(ValueError, match="no gaussian constraint on a free parameter"):
        simulation_based_calibration(Fit(loads(text).base), 1)
