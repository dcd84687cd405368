"""The dependence of a posterior limit on the prior, against brute force over a grid."""

from dataclasses import replace

import numpy as np
import pytest

from darkmoment.fit import Fit
from darkmoment.inference.importance import importance_sample
from darkmoment.inference.sample import sample
from darkmoment.inference.sensitivity import DOWN, FLAT, UP, prior_sensitivity
from darkmoment.runfile.loader import loads

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


def grid_limit(fit, ranges, level=0.90, flat=False):
    """The limit on mu_eff by brute force, with other ranges."""
    n = 1500
    u = (np.arange(n) + 0.5) / n
    points = {name: lower * (upper / lower) ** u for name, (lower, upper) in ranges.items()}
    first, second = points
    grid = {first: np.repeat(points[first], n), second: np.tile(points[second], n)}
    survey = fit.survey(grid, ["mu_eff"])
    mu = survey.quantities["mu_eff"]
    weight = np.exp(-0.5 * survey.chi2.sum(axis=1)) * (mu if flat else 1.0)
    order = np.argsort(mu)
    return mu[order][np.searchsorted(np.cumsum(weight[order]), level * weight.sum())]


@pytest.fixture(scope="module")
def study():
    fit = Fit(loads(LIMITS).base)
    found = sample(fit, ess=2000, walkers=64, seed=3)
    return fit, found, prior_sensitivity(fit, found, seed=3)


@pytest.mark.parametrize("name", ["epsilon", "y"])
@pytest.mark.parametrize(("change", "factor"), [(DOWN, 0.1), (UP, 10.0)])
def test_a_moved_edge(study, name, change, factor):
    fit, _, found = study
    ranges = {p.name: p.bounds for p in fit.free}
    ranges[name] = (ranges[name][0] * factor, ranges[name][1])
    truth = grid_limit(fit, ranges)
    (row,) = (r for r in found.table.itertuples() if (r.parameter, r.change) == (name, change))
    assert row.edge == pytest.approx(ranges[name][0])
    assert abs(np.log(row.limit / truth)) < 5 * np.log(row.limit_high / row.limit_low) / 2
    assert row.limit == pytest.approx(truth, rel=0.25)
    assert row.ratio == pytest.approx(truth / grid_limit(fit, {p.name: p.bounds for p in fit.free}), rel=0.3)
    # a range cannot be extended by samples from inside it
    assert row.method == ("reweighted" if change == UP else "prior draws")
    assert row.ess > (200 if change == UP else 400)


def test_a_flat_prior(study):
    fit, _, found = study
    truth = grid_limit(fit, {p.name: p.bounds for p in fit.free}, flat=True)
    row = found.table.iloc[-1]
    assert (row["parameter"], row["change"]) == ("mu_eff", FLAT)
    assert abs(np.log(row["limit"] / truth)) < 5 * np.log(row["limit_high"] / row["limit_low"]) / 2
    assert row["limit"] == pytest.approx(truth, rel=0.1)
    assert row["method"] in ("reweighted", "sampled")


def test_the_verdict_names_the_changes(study):
    _, sampled, found = study
    assert found.limit == sampled.limit("mu_eff", 0.90)
    assert found.prior_driven
    assert "is set by the prior ranges; quote the profile limit (" in found.verdict
    assert "flat in mu_eff: x " in found.verdict
    assert "y from 0.1: x " in found.verdict
    strongest = [float(words.split("x ")[1]) for words in found.moving]
    assert all(max(r, 1 / r) > 2 for r in strongest)
    assert sorted((max(r, 1 / r) for r in strongest), reverse=True) == pytest.approx(
        [max(r, 1 / r) for r in strongest]
    )


def test_what_data_decide_does_not_depend_on_the_prior():
    measured = LIMITS.replace(
        "[1e-6, 1e-2], prior: log_uniform", "[1e-6, 1e-2], prior: log_uniform, constraint: 1e-5 +- 1e-6"
    )
    measured = measured.replace(
        "1.0], prior: log_uniform", "1.0], prior: log_uniform, constraint: 0.5 +- 0.05"
    )
    fit = Fit(loads(measured.replace("meg2: {}\n  na64: {}", "borexino: {}")).base)
    found = prior_sensitivity(fit, sample(fit, ess=1000, walkers=64, seed=4), seed=4)
    assert not found.prior_driven
    assert found.verdict == (
        "the 90% posterior limit on mu_eff does not depend on the prior ranges within a factor 2"
    )
    assert not found.unsettled
    # so narrow that the chains can be reweighted to a flat prior, and that prior draws miss it
    assert found.table.iloc[-1]["method"] == "reweighted"
    assert set(found.table["method"]) <= {"reweighted", "prior draws", "sampled"}


def test_what_an_extension_means_is_said():
    text = LIMITS.replace("m_dark_photon: 0.1", "m_dark_photon: {range: [1e-3, 1], prior: log_uniform}")
    text = text.replace("m_S: 0.3", "m_S: {range: [0.1, 0.5], prior: log_uniform}")
    text = text.replace("y: {range: [1e-2, 1.0], prior: log_uniform}", "y: 0.1")
    fit = Fit(loads(text).base)
    found = prior_sensitivity(fit, sample(fit, ess=100, walkers=16, seed=5), seed=5).table
    rows = {(row.parameter, row.change): row for row in found.itertuples()}
    assert "no curve bounds epsilon for m_dark_photon in 0.0001" in rows["m_dark_photon", DOWN].note
    assert "is unphysical (a scalar mass is not positive)" in rows["m_S", DOWN].note
    assert rows["m_S", DOWN].limit > 0
    above = rows["m_S", UP]
    assert (above.method, above.note) == ("none", "the range ends at 0.5")
    assert np.isnan(above.limit)


def test_nothing_logarithmic_is_nothing_to_change():
    text = LIMITS.replace("range: [1e-6, 1e-2], prior: log_uniform", "range: [0, 1e-2]")
    text = text.replace("range: [1e-2, 1.0], prior: log_uniform", "range: [0, 1]")
    fit = Fit(loads(text).base)
    found = prior_sensitivity(fit, sample(fit, ess=100, walkers=16, seed=6), seed=6)
    (row,) = found.table.itertuples()
    assert (row.method, row.note) == ("none", "no prior here is even in the logarithm of the quantity")
    assert not found.prior_driven


def test_samples_are_drawn_again_where_reweighting_leaves_too_few():
    """With a curve of chains too short for a cut, the cut fit is sampled instead."""
    fit = Fit(loads(LIMITS).base)
    found = sample(fit, ess=100, walkers=16, max_steps=700, seed=7)
    poor = replace(found, limits=tuple(replace(one, ess=150.0) for one in found.limits))
    table = prior_sensitivity(fit, poor, seed=7).table
    assert set(table["method"]) <= {"prior draws", "sampled", "sampled, not converged"}
    ranges = {p.name: p.bounds for p in fit.free} | {"y": (0.1, 1.0)}
    (row,) = (r for r in table.itertuples() if (r.parameter, r.change) == ("y", UP))
    assert row.limit == pytest.approx(grid_limit(fit, ranges), rel=0.25)


def test_draws_of_the_prior(study):
    fit, sampled, _ = study
    ranges = {p.name: p.bounds for p in fit.free}
    for seed in (1, 2, 3):
        drawn = importance_sample(fit, levels=[0.90], seed=seed)
        (limit,) = drawn.limits
        assert 0.01 < drawn.efficiency < 1
        truth = grid_limit(fit, ranges)
        assert abs(np.log(limit.value / truth)) < 5 * np.log(limit.high / limit.low) / 2
    assert sampled.limit("mu_eff").value == pytest.approx(limit.value, rel=0.3)
