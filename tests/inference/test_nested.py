"""Nested sampling and prior draws against evidence and limits known without them."""

import sys

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from darkmoment.fit import Fit
from darkmoment.inference.importance import importance_sample
from darkmoment.inference.nested import NestedMissingError, nested_sample
from darkmoment.inference.sample import sample
from darkmoment.runfile.loader import loads

# uniform priors times gaussian constraints: the evidence is a product of gaussian integrals
GAUSSIAN = """
name: gaussian
flavour: single_y
parameters:
  m_dark_photon: 0.1
  epsilon: {range: [0, 1e-3], constraint: 4e-4 +- 1e-4}
  y: {range: [0, 1], constraint: 0.5 +- 0.1}
  g_D: {range: [0, 2], constraint: 0.3 +- 0.2}
  delta_theta: 0
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: 2000
experiments: {borexino: {}}    # silent: without misalignment there is no moment
tasks:
  - sample: {}
"""


def known(fit):
    """ln of the mean of exp(-chi2/2) over the prior, and the 90% quantile of epsilon."""
    log_evidence = 0.0
    for p in fit.free:
        (mean, sigma), (lower, upper) = p.constraint, p.bounds
        inside = ndtr((upper - mean) / sigma) - ndtr((lower - mean) / sigma)
        log_evidence += np.log(np.sqrt(2 * np.pi) * sigma * inside / (upper - lower))
    a, b = ndtr(-4.0), ndtr(6.0)
    return log_evidence, 4e-4 + 1e-4 * ndtri(a + 0.9 * (b - a))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_evidence_and_limit_of_a_gaussian(seed):
    fit = Fit(loads(GAUSSIAN).base)
    log_evidence, limit = known(fit)
    found = nested_sample(fit, ["epsilon"], [0.90], live=100, seed=seed)
    assert abs(found.log_evidence - log_evidence) < 4 * found.log_evidence_error
    assert found.log_evidence_error < 0.3
    (one,) = found.limits
    assert abs(one.value - limit) < 4 * one.error
    assert one.error < 1e-5
    assert found.ess > 200
    drawn = importance_sample(fit, ["epsilon"], [0.90], seed=seed)
    assert abs(drawn.log_evidence - log_evidence) < 4 * drawn.log_evidence_error
    assert drawn.log_evidence_error < 0.05
    assert drawn.limits[0].value == pytest.approx(limit, abs=4 * drawn.limits[0].error)


def test_same_seed_same_answer():
    fit = Fit(loads(GAUSSIAN).base)
    one, two = (nested_sample(fit, ["epsilon"], [0.90], live=50, seed=4) for _ in range(2))
    assert one == two


def test_hard_limits_are_no_obstacle():
    """With step shapes L is 1 or 0: the evidence is the allowed fraction of the prior."""
    text = GAUSSIAN.replace("delta_theta: 0", "delta_theta: pi/4").replace(
        "borexino: {}", "na64: {shape: step}"
    )
    for name, constraint in (("epsilon", "4e-4 +- 1e-4"), ("y", "0.5 +- 0.1"), ("g_D", "0.3 +- 0.2")):
        text = text.replace(f", constraint: {constraint}", "")
        assert name in text
    fit = Fit(loads(text).base)
    u = (np.arange(200_000) + 0.5) / 200_000
    allowed = float(np.isfinite(fit.chi2({"epsilon": 1e-3 * u})).all(axis=1).mean())
    assert 0.01 < allowed < 0.5
    found = nested_sample(fit, ["epsilon"], [0.90], live=100, seed=5)
    assert abs(found.log_evidence - np.log(allowed)) < 4 * max(found.log_evidence_error, 0.1)
    assert found.limits[0].value == pytest.approx(0.9 * allowed * 1e-3, rel=0.15)


def test_without_dynesty(monkeypatch):
    monkeypatch.setitem(sys.modules, "dynesty", None)
    with pytest.raises(NestedMissingError, match=r"pip install '\.\[nested\]'"):
        nested_sample(Fit(loads(GAUSSIAN).base))


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["single_y", "general"])
def test_three_methods_agree_on_the_global_fit(variant):
    fit = Fit.load("global", variant)
    by_draws = importance_sample(fit, draws=2_000_000, seed=1)
    assert by_draws.efficiency > 0.3
    by_nesting = nested_sample(fit, seed=1)
    error = np.hypot(by_nesting.log_evidence_error, by_draws.log_evidence_error)
    assert abs(by_nesting.log_evidence - by_draws.log_evidence) < 4 * error
    sampled = sample(fit, seed=1)
    for truth, *others in zip(by_draws.limits, by_nesting.limits, sampled.limits, strict=True):
        for other in others:
            errors = [np.log(one.high / one.low) / 2 for one in (truth, other)]
            assert abs(np.log(other.value / truth.value)) < 4 * np.hypot(*errors), other
