"""Measures of convergence against processes whose answer is known."""

import os
import tempfile

import numpy as np
import pytest

from darkmoment.inference.convergence import (
    autocorrelation_time,
    quantile_ess,
    rank_rhat,
    split_rhat,
    tail_ess,
)
from darkmoment.inference.quantiles import PosteriorLimit, kish


def autoregressive(rho: float, shape: tuple[int, int, int], seed: int) -> np.ndarray:
    """A gaussian process with autocorrelation time (1 + rho)/(1 - rho) and unit variance."""
    print("seed", seed)
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    for i in range(1, shape[1]):
        x[:, i] = rho * x[:, i - 1] + np.sqrt(1 - rho**2) * x[:, i]
    return x


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_time_of_an_autoregressive_process(rho):
    x = autoregressive(rho, (4, 2000, 64), 1)
    assert autocorrelation_time(x) == pytest.approx((1 + rho) / (1 - rho), rel=0.05)


def test_walkers_that_never_move_are_slow():
    x = np.zeros((2, 100, 4)) + np.arange(4)
    assert autocorrelation_time(x) > 30
    assert autocorrelation_time(np.ones((2, 100, 4))) == 100
    # a tail that one ensemble never visits
    x = autoregressive(0.0, (2, 100, 8), 2)
    x[0] += 5
    assert np.isfinite(tail_ess(x))


def test_independent_ensembles_agree():
    x = autoregressive(0.5, (4, 500, 16), 3)
    assert split_rhat(x) == pytest.approx(1, abs=5e-3)
    assert rank_rhat(x) == pytest.approx(1, abs=5e-3)


def test_a_shift_and_a_width_are_seen():
    x = autoregressive(0.0, (4, 200, 8), 4)
    shifted, wider = x.copy(), x.copy()
    shifted[0] += 0.5
    wider[0] *= 2
    assert rank_rhat(shifted) > 1.02
    assert split_rhat(wider) < 1.01 < rank_rhat(wider)


def test_rank_rhat_is_that_of_arviz():
    os.environ.setdefault("MPLCONFIGDIR", tempfile.gettempdir())
    import arviz

    x = autoregressive(0.8, (4, 200, 8), 5)
    x[1] = 1.3 * x[1] + 0.1
    assert rank_rhat(x) == pytest.approx(float(arviz.rhat(x.reshape(4, -1), method="rank")), abs=1e-3)


def test_effective_samples_of_a_quantile():
    x = autoregressive(0.0, (4, 500, 16), 6)
    assert quantile_ess(x, 0.9) == pytest.approx(x.size, rel=0.1)
    assert tail_ess(autoregressive(0.9, (4, 500, 16), 7)) < x.size / 5


def test_the_error_of_a_limit_is_its_scatter():
    """The 90% quantile of correlated chains, 200 times: pulls have unit width."""
    truth = 1.2815515655
    pulls = []
    for seed in range(200):
        x = np.empty((2, 200, 8))
        x[:] = autoregressive(0.7, x.shape, seed)
        limit = PosteriorLimit.of("x", 0.9, x, quantile_ess(x, 0.9))
        assert limit.low < limit.value < limit.high
        pulls.append((limit.value - truth) / limit.error)
    assert np.std(pulls) == pytest.approx(1, abs=0.2)
    assert abs(np.mean(pulls)) < 4 / np.sqrt(len(pulls)) + 0.1


def test_weighted_limits():
    print("seed 8")
    x = np.random.default_rng(8).uniform(0, 1, 200_000)
    weights = x  # the distribution with density 2x has quantiles sqrt(q)
    limit = PosteriorLimit.of("x", 0.9, x, kish(weights), weights)
    assert limit.value == pytest.approx(np.sqrt(0.9), abs=4 * limit.error)
    assert kish(weights) == pytest.approx(0.75 * len(x), rel=0.01)
    assert kish(np.zeros(3)) == 0
