"""Limits read off a map: against functions whose crossing is known, and against `maximise`."""

import numpy as np
import pandas as pd
import pytest

from darkmoment.inference.upper_limits import upper_limits


def table(y: np.ndarray, rises: dict[float, np.ndarray], status: str = "certified") -> pd.DataFrame:
    parts = [pd.DataFrame({"m": m, "mu": y, "delta_chi2_at_x": rise}) for m, rise in rises.items()]
    return pd.concat(parts).assign(status=status, leading_experiment="na64").sample(frac=1, random_state=3)


@pytest.mark.parametrize("power", [1, 2, 4])
def test_a_power_is_crossed_exactly(power):
    y = np.geomspace(1e-14, 1e-9, 9)
    scales = {0.1: 3e-13, 1.0: 8e-12}
    found = upper_limits(table(y, {m: (y / s) ** power for m, s in scales.items()}), "m", "mu", 0.90, True)
    exact = [s * 2.705543454 ** (1 / power) for s in scales.values()]
    assert found["m"].tolist() == [0.1, 1.0]
    np.testing.assert_allclose(found["mu_max"], exact, rtol=1e-9)
    assert set(found["edge"]) == {"reached"}
    assert (found["allowed"] < exact).all()
    assert (found["excluded"] > exact).all()


def test_a_gaussian_on_a_linear_axis():
    y = np.linspace(-3, 3, 241)
    found = upper_limits(table(y, {1.0: (y - 0.3) ** 2}), "m", "mu", 0.95, False)
    assert found["mu_max"][0] == pytest.approx(0.3 + 1.959964, abs=1e-4)
    # one cell at the minimum, the next far up: the root of Delta chi2 is a straight line
    coarse = upper_limits(table(np.array([0.0, 4.0]), {1.0: np.array([0.0, 16.0])}), "m", "mu", 0.95, False)
    assert coarse["mu_max"][0] == pytest.approx(1.959964, abs=1e-6)


def test_the_outermost_crossing_counts():
    y = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    rise = np.array([0.0, 9.0, 1.0, 4.0, 9.0])
    (row,) = upper_limits(table(y, {1.0: rise}), "m", "mu", 0.90, False).to_dict("records")
    assert 3 < row["mu_max"] < 4
    assert (row["allowed"], row["excluded"]) == (3, 4)


def test_edges_are_named():
    y = np.array([1.0, 2.0, 3.0])
    rises = {
        1.0: [0.0, 0.5, 1.0],
        2.0: [4.0, 5.0, 6.0],
        3.0: [0.0, 0.5, np.inf],
        4.0: [np.inf, np.inf, np.inf],
        5.0: [0.0, 1.0, 9.0],
    }
    found = upper_limits(table(y, {m: np.array(r) for m, r in rises.items()}), "m", "mu", 0.90, True)
    assert found["edge"].tolist() == ["above", "below", "bracketed", "failed", "reached"]
    np.testing.assert_array_equal(np.isfinite(found["mu_max"]), [False, False, True, False, True])
    assert found["mu_max"][2] == found["allowed"][2] == 2
    assert found["excluded"][2] == 3


def test_the_worse_of_two_cells_is_quoted():
    y = np.array([1.0, 2.0, 3.0])
    cells = table(y, {1.0: np.array([0.0, 1.0, 9.0])}).sort_values("mu")
    for statuses, wanted in [
        (["uncertified", "certified", "certified"], "certified"),
        (["certified", "range", "certified"], "range"),
        (["certified", "certified", "uncertified"], "uncertified"),
    ]:
        found = upper_limits(cells.assign(status=statuses), "m", "mu", 0.90, True)
        assert found["status"][0] == wanted
