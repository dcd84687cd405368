"""The pieces of the search: batches that do not change answers, agreement, convergence measures."""

import numpy as np
import pytest

from darkmoment.fit import Fit
from darkmoment.inference.convergence import autocorrelation_time, split_rhat
from darkmoment.inference.leaning import leading
from darkmoment.inference.lockstep import lockstep
from darkmoment.inference.problem import Problem, compressed, differentiate_all
from darkmoment.inference.search import Findings


def test_cells_differentiated_together_are_differentiated_alone():
    fit = Fit.load("global", "general")
    seed = 20260
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    cells = [Problem(fit, "mu_eff", {"m_dark_photon": m}) for m in (0.0011, 0.01, 0.47, 7.9)]
    at = [rng.random(cells[0].dimension) for _ in cells]
    for cell, u, together in zip(cells, at, differentiate_all(cells, at), strict=True):
        for one, other in zip(cell.differentiate(u), together, strict=True):
            np.testing.assert_array_equal(one.ln_quantity, other.ln_quantity)
            np.testing.assert_array_equal(one.chi2, other.chi2)


def test_gradient_is_the_derivative():
    """d ln mu_eff/d ln epsilon = d ln mu_eff/d ln g_D = 1 in physical logarithms, whatever the point."""
    fit = Fit.load("global", "single_y")
    problem = Problem(fit, "mu_eff", {"m_dark_photon": 0.1})
    _, slope = problem.differentiate(np.full(problem.dimension, 0.4))
    for i, p in enumerate(problem.free):
        if p.name in ("epsilon", "g_D"):
            assert slope.ln_quantity[i] / np.log(p.bounds[1] / p.bounds[0]) == pytest.approx(1.0, abs=1e-7)
        if p.name == "y":
            assert slope.ln_quantity[i] / np.log(p.bounds[1] / p.bounds[0]) == pytest.approx(2.0, abs=1e-7)


def test_cells_of_different_fits_are_refused():
    one, other = (Fit.load("global", "single_y") for _ in range(2))
    with pytest.raises(ValueError, match="different fits"):
        differentiate_all([Problem(one), Problem(other)], [np.zeros(10), np.zeros(10)])


def test_compression_keeps_order_and_small_values():
    x = np.array([0.0, 1.0, 39.0, 40.0, 41.0, 1e10, 1e250])
    assert (np.diff(compressed(x)) > 0).all()
    np.testing.assert_array_equal(compressed(x[:3]), x[:3])


def test_lockstep_answers_each_its_own():
    batches = []

    def job(start, count):
        def run(ask):
            return [ask(start + i) for i in range(count)]

        return run

    def answer_all(asked):
        batches.append(len(asked))
        return [request * 10 for _, request in asked]

    found = lockstep([job(0, 3), job(100, 1), job(200, 5)], answer_all)
    assert found == [[0, 10, 20], [1000], [2000, 2010, 2020, 2030, 2040]]
    assert batches == [3, 2, 2, 1, 1]


def test_lockstep_passes_errors_on():
    def fails(ask):
        ask(1)
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        lockstep([fails, lambda ask: ask(2)], lambda asked: [0 for _ in asked])

    def refuses(asked):
        raise KeyError("no answer")

    with pytest.raises(KeyError, match="no answer"):
        lockstep([lambda ask: ask(2)], refuses)


def test_agreement_needs_both_searches():
    found = Findings(tolerance=0.005)
    assert found.add(0, np.zeros(1), 1.0)
    assert not found.agreed
    found.add(1, np.zeros(1), 0.5)
    assert not found.agreed, "the second search ended on a worse value"
    found.add(1, np.zeros(1), 0.997)
    assert found.agreed
    assert found.add(-1, np.zeros(1), 1.2), "a neighbour's point undercuts"
    assert not found.agreed, "what only a neighbour reached is not certified"
    assert (found.starts, found.hits()) == (3, 0)


def test_nothing_allowed_is_no_agreement():
    found = Findings(tolerance=0.005)
    found.add(0, np.zeros(1), -np.inf)
    found.add(1, np.zeros(1), -np.inf)
    assert not found.agreed
    assert found.u is None


def test_leading_joins_what_is_within_five_percent():
    hard = np.array([False, False, False])
    args = (hard, np.zeros(3))
    assert leading("abc", *args, np.array([1.0, 0.96, 0.7]), np.zeros(3), 2.66) == "a+b"
    assert leading("abc", *args, np.array([1.0, 0.90, 0.8]), np.zeros(3), 2.70) == "a"
    assert leading("abc", *args, np.array([1.0, 0.0, 0.0]), np.zeros(3), 2.70) == "range", (
        "Delta chi2 not used up"
    )
    hard = np.array([True, False, True])
    assert leading("abc", hard, np.array([1.0, 0.0, 0.5]), np.zeros(3), np.zeros(3), 2.7) == "a"


def autoregressive(rng, rho, ensembles, steps, walkers, shift=0.0):
    x = np.empty((ensembles, steps, walkers))
    x[:, 0] = rng.standard_normal((ensembles, walkers))
    for i in range(1, steps):
        x[:, i] = rho * x[:, i - 1] + np.sqrt(1 - rho**2) * rng.standard_normal((ensembles, walkers))
    return x + shift * np.arange(ensembles)[:, None, None]


def test_autocorrelation_time_of_a_known_process():
    """AR(1) has the time (1 + rho)/(1 - rho)."""
    seed = 7
    print(f"seed {seed}")
    for rho in (0.0, 0.5, 0.9):
        x = autoregressive(np.random.default_rng(seed), rho, 4, 4000, 32)
        assert autocorrelation_time(x) == pytest.approx((1 + rho) / (1 - rho), rel=0.06)


def test_rhat_sees_ensembles_that_disagree():
    rng = np.random.default_rng(8)
    assert split_rhat(autoregressive(rng, 0.5, 4, 2000, 32)) < 1.001
    # variance between four means 0, .5, 1, 1.5, each halved into two chains, over one within
    between = np.var(np.tile(0.5 * np.arange(4), 2), ddof=1)
    assert split_rhat(autoregressive(rng, 0.5, 4, 2000, 32, shift=0.5)) == pytest.approx(
        np.sqrt(1 + between), rel=0.02
    )
    assert split_rhat(np.ones((4, 10, 8))) == 1.0
    assert split_rhat(np.ones((4, 10, 8)) * np.arange(4)[:, None, None]) == np.inf
