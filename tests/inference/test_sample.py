"""The sampler against posteriors known without it."""

import numpy as np
import pytest
from scipy.integrate import quad

from darkmoment.fit import Fit
from darkmoment.inference.sample import sample
from darkmoment.runfile.loader import loads

GAUSSIAN = """
name: gaussian
flavour: general
parameters:
  m_dark_photon: {range: [0.05, 0.5], prior: log_uniform, constraint: 0.2 +- 0.03}
  epsilon: {range: [1e-9, 1e-3], prior: log_uniform}
  y_e: {range: [0, 2], constraint: 1.0 +- 0.1}
  y_mu: {range: [0, 2], constraint: 0.8 +- 0.15}
  flavour_angle: {range: [0, pi/2], constraint: 0.7 +- 0.05}
  g_D: {range: [0.01, 2.0], prior: {half_normal: {sd: 0.5}}}
  delta_theta: {range: [-2, 2], prior: {normal: {mean: 0.3, sd: 0.2}}, constraint: 0.5 +- 0.2}
  m_S: {range: [0.2, 1.0], constraint: 0.6 +- 0.05}
  delta_m_S: {range: [0.01, 0.3], constraint: 0.15 +- 0.02}
  m_majorana: {range: [0.1, 2.0], constraint: 1.0 +- 0.1}
  m_dirac: 0
  m_E: {range: [1000, 3000], constraint: 2000 +- 100}
experiments: {borexino: {}}    # silent here: the moment is far below its limit
tasks:
  - sample: {quantities: [BR_mu_e_gamma]}
"""


@pytest.mark.parametrize("seed", [11, 12])
def test_gaussian_posterior_in_eleven_dimensions(seed):
    """Uniform prior times gaussian constraint: mean and width are the constraint's own."""
    fit = Fit(loads(GAUSSIAN).base)
    assert len(fit.free) == 11
    found = sample(fit, "y_e", ess=1e9, walkers=64, max_steps=2500, seed=seed)
    for name, (mean, sigma) in {
        n: fit.constraints[n]
        for n in ("y_e", "y_mu", "flavour_angle", "m_S", "delta_m_S", "m_majorana", "m_E")
    }.items():
        x = found.parameters[name].ravel()
        error = sigma / np.sqrt(found.ess[name])
        assert abs(x.mean() - mean) < 5 * error, name
        # a move that samples the wrong density shows here: variance off by 10% or more
        assert x.var() == pytest.approx(sigma**2, rel=max(0.05, 5 * np.sqrt(2 / found.ess[name]))), name
    assert not found.converged
    assert "effective samples instead of" in found.verdict


def test_priors_and_constraints_multiply():
    fit = Fit(loads(GAUSSIAN).base)
    found = sample(fit, "y_e", ess=1e9, walkers=64, max_steps=2500, seed=3)
    x = found.parameters["delta_theta"].ravel()
    weight = 1 / 0.2**2 + 1 / 0.2**2
    assert x.mean() == pytest.approx(0.4, abs=5 / np.sqrt(weight * found.ess["delta_theta"]))
    assert x.std() == pytest.approx(weight**-0.5, rel=0.05)
    half_normal = found.parameters["g_D"].ravel()
    assert np.quantile(half_normal, 0.9) == pytest.approx(0.5 * 1.6449, rel=0.06)
    log_uniform = np.log10(found.parameters["epsilon"].ravel())
    assert log_uniform.mean() == pytest.approx(-6.0, abs=0.1)
    assert log_uniform.std() == pytest.approx(6 / 12**0.5, rel=0.05)
    # a log-uniform prior tilts the gaussian constraint on the mass
    mass = found.parameters["m_dark_photon"].ravel()

    def density(m):
        return np.exp(-0.5 * ((m - 0.2) / 0.03) ** 2) / m

    norm = quad(density, 0.05, 0.5)[0]
    expected = quad(lambda m: m * density(m), 0.05, 0.5)[0] / norm
    assert mass.mean() == pytest.approx(expected, abs=5 * 0.03 / np.sqrt(found.ess["m_dark_photon"]))


LIMITS = """
name: limits
flavour: single_y
parameters:
  m_dark_photon: 0.1
  epsilon: {range: [1e-6, 1e-2], prior: log_uniform}
  y: {range: [1e-2, 1.0], prior: log_uniform}
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
tasks:
  - sample: {}
"""


def test_quantiles_of_the_moment_against_a_grid():
    fit = Fit(loads(LIMITS).base)
    found = sample(fit, ess=4000, walkers=64, seed=5)
    assert found.converged, found.verdict
    u = (np.arange(2000) + 0.5) / 2000
    epsilon, y = (p.from_unit(u) for p in fit.free)
    grid = {"epsilon": np.repeat(epsilon, 2000), "y": np.tile(y, 2000)}
    survey = fit.survey(grid, ["mu_eff"])
    weight = np.exp(-0.5 * survey.chi2.sum(axis=1))
    order = np.argsort(survey.quantities["mu_eff"])
    cdf = np.cumsum(weight[order]) / weight.sum()
    truth = np.interp([0.1, 0.5, 0.9], cdf, np.log(survey.quantities["mu_eff"][order]))
    x = np.log(found.quantities["mu_eff"].ravel())
    np.testing.assert_allclose(np.quantile(x, [0.1, 0.5, 0.9]), truth, atol=0.1 * x.std())


def test_same_seed_same_chain():
    fit = Fit(loads(LIMITS).base)
    one, two, other = (sample(fit, ess=1, max_steps=600, walkers=16, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.chi2, two.chi2)
    assert not np.array_equal(one.chi2, other.chi2)


def test_too_few_walkers_are_refused():
    with pytest.raises(ValueError, match="at least 4 walkers"):
        sample(Fit(loads(LIMITS).base), walkers=2)
