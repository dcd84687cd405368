import numpy as np
import pandas as pd
import pytest

from darkmoment.plots.axis import Axis
from darkmoment.plots.posterior_limit import conditional_quantile, profile_and_posterior_figure


def samples(n: int, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    print("seed", seed)
    rng = np.random.default_rng(seed)
    m = 10 ** rng.uniform(-3, 0.9, n)
    return m, 1e-12 * m * 10 ** rng.normal(-2, 1, n)


def test_the_quantile_of_each_bin() -> None:
    print("seed 5")
    rng = np.random.default_rng(5)
    u = rng.uniform(-3, 1, 200_000)
    # uniform up to a ceiling that doubles from bin to bin: the quantile is a fraction of the ceiling
    ceiling = 2.0 ** np.floor((u + 3) / 4 * 8)
    edges, found = conditional_quantile(u, ceiling * rng.uniform(size=u.size), 0.90, bins=8)
    np.testing.assert_allclose(edges, np.linspace(-3, 1, 9), atol=1e-4)
    np.testing.assert_allclose(found, 0.9 * 2.0 ** np.arange(8), rtol=0.02)


def test_bins_with_too_few_samples_say_nothing() -> None:
    u = np.concatenate([np.zeros(100), np.full(49, 1.0), np.full(51, 2.0)])
    _, found = conditional_quantile(u, np.ones(200), 0.90, bins=3)
    np.testing.assert_array_equal(found, [1.0, np.nan, 1.0])


def test_zeros_count_below_the_quantile() -> None:
    values = np.concatenate([np.zeros(95), np.ones(5)])
    _, found = conditional_quantile(np.linspace(0, 1, 100), values, 0.90, bins=1)
    assert found[0] == 0
    assert np.isnan(conditional_quantile(np.full(3, np.nan), np.ones(3), 0.90)[1]).all()


def test_limit_and_posterior_in_one_plane(
    table: pd.DataFrame, moment: Axis, mass: Axis, shaded, hidden
) -> None:
    fig = profile_and_posterior_figure(table, *samples(20_000), moment, mass, 0.90, "global")
    (ax,) = fig.axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_xlabel() == r"$m_{A\prime }$ [GeV]"
    assert ax.get_title(loc="left") == "global"
    words = " ".join(text.get_text() for text in fig.legends[0].get_texts())
    assert "90% CL" in words
    assert "depends on priors" in words
    assert shaded(ax, 0.01, 1e-13)
    assert hidden(fig) == 0
    (steps,) = ax.patches
    # m times a lognormal: at the middle of a bin 1e-14 m 10^1.28155
    values, edges, _ = steps.get_data()
    middle = np.sqrt(edges[7] * edges[8])
    assert values[7] == pytest.approx(1e-14 * middle * 10**1.28155, rel=0.25)


@pytest.mark.parametrize("n", [0, 1, 10])
def test_few_samples_build(table: pd.DataFrame, moment: Axis, mass: Axis, n: int) -> None:
    profile_and_posterior_figure(table, *samples(n), moment, mass, 0.90, "few")
    profile_and_posterior_figure(table.assign(mu_eff_max=np.nan), *samples(n), moment, mass, 0.90, "few")
    profile_and_posterior_figure(table.iloc[[5]], *samples(n), moment, mass, 0.90, "few")


def test_a_moment_that_is_always_zero_builds(table: pd.DataFrame, moment: Axis, mass: Axis) -> None:
    m, _ = samples(100)
    profile_and_posterior_figure(table, m, np.zeros(100), moment, mass, 0.90, "zero")
    profile_and_posterior_figure(table, m, np.full(100, np.nan), moment, mass, 0.90, "nan")
