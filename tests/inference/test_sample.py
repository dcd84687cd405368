"""The sampler against posteriors known without it."""

import pickle

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import halfnorm, kstest, truncnorm

from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew
from darkmoment.inference.density import NothingAllowedError, Posterior, probability
from darkmoment.inference.ensembles import advance, begin
from darkmoment.inference.maximise import maximise
from darkmoment.inference.sample import sample
from darkmoment.parameters import Prior
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


def grid_quantiles(fit, levels, tilted=False):
    """Quantiles of ln mu_eff by brute force over epsilon and y."""
    u = (np.arange(2000) + 0.5) / 2000
    epsilon, y = (p.from_unit(u) for p in fit.free)
    grid = {"epsilon": np.repeat(epsilon, 2000), "y": np.tile(y, 2000)}
    survey = fit.survey(grid, ["mu_eff"])
    weight = np.exp(-0.5 * survey.chi2.sum(axis=1))
    if tilted:
        weight *= survey.quantities["mu_eff"]
    order = np.argsort(survey.quantities["mu_eff"])
    cdf = np.cumsum(weight[order]) / weight.sum()
    return np.interp(levels, cdf, np.log(survey.quantities["mu_eff"][order]))


@pytest.mark.parametrize("tilt", ["", "mu_eff"])
def test_quantiles_of_the_moment_against_a_grid(tilt):
    fit = Fit(loads(LIMITS).base)
    found = sample(fit, ess=4000, walkers=64, seed=5, tilt=tilt)
    assert found.converged, found.verdict
    truth = grid_quantiles(fit, [0.1, 0.5, 0.9], bool(tilt))
    x = np.log(found.quantities["mu_eff"].ravel())
    np.testing.assert_allclose(np.quantile(x, [0.1, 0.5, 0.9]), truth, atol=0.1 * x.std())
    limit = found.limit("mu_eff", 0.90)
    assert abs(np.log(limit.value) - truth[2]) < 5 * np.log(limit.high / limit.low) / 2
    assert "of the tail" in found.verdict


@pytest.mark.parametrize("seed", [21, 22])
def test_starts_at_maxima_are_forgotten(seed):
    """A quarter of the walkers starts where mu_eff is largest, far out in the posterior's tail."""
    fit = Fit(loads(LIMITS).base)
    top = maximise(fit, "mu_eff", starts=1).table.iloc[0]
    point = {p.name: float(top[p.name]) for p in fit.free}
    posterior = Posterior(fit)
    z = posterior.starts(np.random.default_rng(seed), 64, [point] * 100)
    near = np.abs(z - posterior.coordinates(point)).max(axis=1) < 0.5
    assert near.sum() >= 16
    assert np.isfinite(posterior.log_density(z)).all()
    assert len(np.unique(z, axis=0)) == 64
    found = sample(fit, ess=4000, walkers=64, seed=seed, starts=[point] * 100)
    limits = [found.limit("mu_eff", level) for level in (0.68, 0.90, 0.95)]
    for limit, truth in zip(limits, grid_quantiles(fit, [0.68, 0.90, 0.95]), strict=True):
        assert abs(np.log(limit.value) - truth) < 5 * np.log(limit.high / limit.low) / 2, limit


def test_starts_are_wider_than_the_posterior():
    fit = Fit(loads(LIMITS).base)
    posterior = Posterior(fit)
    starts = posterior.starts(np.random.default_rng(1), 4000, [])
    chi2 = fit.survey(posterior.physical(starts)).chi2.sum(axis=1)
    found = sample(fit, ess=2000, walkers=64, seed=2)
    assert chi2[2000:].mean() > 1.5 * found.chi2.mean()
    assert chi2[:2000].mean() == pytest.approx(found.chi2.mean(), rel=0.15)


class Keeping(Crew):
    """Keeps what is finished; runs one item at a time; may be interrupted after some pieces."""

    def __init__(self, patience=10**9):
        self.kept, self.patience, self.done, self.together = {}, patience, 0, set()

    def run(self, work, fit, items, together=1, report=lambda done, total: None):
        self.together.add(together)
        results = []
        for item in items:
            key = (work.__name__, pickle.dumps(item))
            if key not in self.kept:
                if self.done == self.patience:
                    raise KeyboardInterrupt
                self.kept[key] = work(fit, [item])[0]
                self.done += 1
            results.append(dict(self.kept[key]))
        return results


def same(one, two):
    for a, b in ((one.parameters, two.parameters), (one.quantities, two.quantities)):
        assert a.keys() == b.keys()
        for name in a:
            np.testing.assert_array_equal(a[name], b[name])
    np.testing.assert_array_equal(one.chi2, two.chi2)
    assert (one.rhat, one.ess, one.limits) == (two.rhat, two.ess, two.limits)


def test_an_interrupted_run_ends_as_if_it_had_not_been():
    """Each ensemble by itself, stopped half-way and taken up again: the same to the last bit."""
    fit = Fit(loads(LIMITS).base)
    options = {"ess": 1e9, "max_steps": 1100, "walkers": 16, "ensembles": 3, "seed": 7}
    whole = sample(fit, **options)
    for patience in (2, 5, 9):
        crew = Keeping(patience)
        with pytest.raises(KeyboardInterrupt):
            sample(fit, crew=crew, **options)
        crew.patience = 10**9
        same(whole, sample(fit, crew=crew, **options))
        # three beginnings and three blocks of three ensembles; two workers share them
        assert crew.done == 12
        assert crew.together == {2}


PRIORS = {
    "y": ("{range: [0.5, 2]}", lambda x: (x - 0.5) / 1.5),
    "epsilon": ("{range: [1e-8, 1e-3], prior: log_uniform}", lambda x: np.log10(x / 1e-8) / 5),
    "delta_theta": (
        "{range: [-0.1, 2], prior: {normal: {mean: 0.3, sd: 0.2}}}",
        lambda x: truncnorm.cdf(x, -2, 8.5, 0.3, 0.2),
    ),
    "g_D": (
        "{range: [0, 1], prior: {half_normal: {sd: 0.5}}}",
        lambda x: halfnorm.cdf(x, scale=0.5) / halfnorm.cdf(1, scale=0.5),
    ),
}


def test_each_prior_is_sampled():
    """Far from any limit the posterior is the prior."""
    text = LIMITS
    for name, (prior, _) in PRIORS.items():
        lines = [
            f"  {name}: {prior}" if line.strip().startswith(f"{name}:") else line for line in text.split("\n")
        ]
        text = "\n".join(lines)
    text = text.replace("meg2: {}\n  na64: {}", "borexino: {}").replace("m_E: 2000", "m_E: 1e5")
    fit = Fit(loads(text).base)
    assert {p.name for p in fit.free} == set(PRIORS)
    found = sample(fit, "y", ess=2000, walkers=64, seed=31)
    assert found.chi2.max() < 0.01
    for name, (_, cdf) in PRIORS.items():
        x = found.parameters[name].ravel()
        distance = kstest(x, cdf).statistic
        assert distance < 2.2 / np.sqrt(min(found.ess[name], found.tail_ess[name])), name


@pytest.mark.parametrize(
    ("prior", "bounds"),
    [
        (Prior("uniform"), (-1.0, 3.0)),
        (Prior("log_uniform"), (1e-6, 1e2)),
        (Prior("normal", 0.3, 0.2), (-1.0, 1.0)),
        (Prior("normal", 0.0, 0.2), (0.5, 1.5)),
        (Prior("half_normal", sd=2.0), (0.0, 3.0)),
    ],
)
def test_probability_undoes_quantile(prior, bounds):
    for u in (0.0, 1e-3, 0.5, 0.9, 1.0):
        x = float(prior.quantile(np.array([u]), *bounds)[0])
        assert probability(prior, x, *bounds) == pytest.approx(u, abs=1e-9)


def test_same_seed_same_chain():
    fit = Fit(loads(LIMITS).base)
    one, two, other = (sample(fit, ess=1, max_steps=600, walkers=16, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.chi2, two.chi2)
    assert not np.array_equal(one.chi2, other.chi2)


def test_too_few_walkers_are_refused():
    with pytest.raises(ValueError, match="at least 4 walkers"):
        sample(Fit(loads(LIMITS).base), walkers=2)


def test_a_run_without_anything_to_keep_is_refused():
    with pytest.raises(ValueError, match="the first 500 are discarded"):
        sample(Fit(loads(LIMITS).base), max_steps=500)


def test_a_prior_that_is_excluded_is_refused():
    text = LIMITS.replace("[1e-6, 1e-2]", "[0.9, 1]").replace("meg2: {}", "meg2: {shape: step}")
    fit = Fit(loads(text.replace("na64: {}", "na64: {shape: step}")).base)
    with pytest.raises(NothingAllowedError, match="none of 20000 prior draws is allowed"):
        sample(fit, walkers=16)


@pytest.mark.parametrize("variant", ["single_y", "general"])
def test_ensembles_in_step_do_not_see_each_other(variant):
    """On the shipped fit: one likelihood call for all, or one for each, the same to the last bit."""
    fit = Fit.load("global", variant)
    common = {"seed": 3, "points": [], "tilt": ""}
    items = [{**common, "ensemble": i, "walkers": 64 - 16 * i} for i in range(3)]
    states = begin(fit, items)
    work = [{"state": s, "steps": 50, "quantities": ["mu_eff"], "tilt": ""} for s in states]
    together, alone = advance(fit, work), [advance(fit, [item])[0] for item in work]
    for i, (one, other) in enumerate(zip(together, alone, strict=True)):
        np.testing.assert_array_equal(states[i]["z"], begin(fit, [items[i]])[0]["z"])
        for key in ("chain", "chi2", "accepted"):
            np.testing.assert_array_equal(one[key], other[key])
        np.testing.assert_array_equal(one["state"]["log_prob"], other["state"]["log_prob"])
        np.testing.assert_array_equal(one["values"]["mu_eff"], other["values"]["mu_eff"])
    # log density and chi2 are two ways to the same number
    z, last = together[0]["chain"][-1], together[0]["state"]["log_prob"]
    np.testing.assert_allclose(-2 * last - (z**2).sum(axis=1), together[0]["chi2"][-1], atol=1e-9)
