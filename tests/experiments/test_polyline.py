"""A line without a search beside numpy.interp."""

import numpy as np
import pytest

from darkmoment.experiments.polyline import Polyline


def lines(seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Evenly spread points, bunches of them, two a float apart, and just two."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    spread = np.sort(rng.uniform(-7, 2, 60))
    bunch = np.sort(np.concatenate((rng.uniform(-7, 2, 9), 1 + 1e-6 * rng.random(40))))
    jump = np.array([-3.0, 0.5, np.nextafter(0.5, 1), 4.0])
    return [(x, rng.normal(size=len(x))) for x in (spread, bunch, jump, np.array([1.0, 2.0]))]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_value_is_that_of_interp(seed: int) -> None:
    for x, y in lines(seed):
        line = Polyline(x, y)
        between = np.random.default_rng(seed).uniform(x[0] - 1, x[-1] + 1, 5000)
        asked = np.concatenate((between, x, np.nextafter(x, 9), np.nextafter(x, -9), [-np.inf, np.inf]))
        found = line.at(asked)
        np.testing.assert_allclose(found, np.interp(asked, x, y), rtol=1e-14, atol=1e-15)
        assert [line.at(asked[i : i + 1])[0] for i in range(len(asked))] == found.tolist()
        np.testing.assert_array_equal(line.at(asked[7:].reshape(-1, 1))[:, 0], found[7:])
        assert line.at(asked[0]).shape == ()


def test_nan_stays_nan() -> None:
    line = Polyline(np.array([0.0, 1.0]), np.array([2.0, 3.0]))
    assert np.isnan(line.at(np.array([np.nan]))).all()
    assert np.isnan(line.at(np.array([0.5, np.nan]))).tolist() == [False, True]
