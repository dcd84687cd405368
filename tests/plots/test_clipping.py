"""What of a path lies within a box."""

import numpy as np
import pytest

from darkmoment.plots.clipping import clipped


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ([(-1, 0.5), (2, 0.5)], [(0, 0.5, 1, 0.5)]),
        ([(0.2, 0.2), (0.3, 0.3), (5, 5)], [(0.2, 0.2, 0.3, 0.3), (0.3, 0.3, 1, 1)]),
        ([(-1, 3), (3, 3)], []),
        ([(-1, 0.5), (0.5, -1)], []),
        ([(0.5, 0.5), (np.nan, 1), (0.5, 0.6), (0.5, 9.5e9)], [(0.5, 0.6, 0.5, 1)]),
        ([(0.5, 0.5), (0.5, np.inf)], []),
        ([(0.5, 0.5), (0.5, 0.5)], [(0.5, 0.5, 0.5, 0.5)]),
        ([(2, 2), (2, 2)], []),
        ([(1, -1), (1, 2)], [(1, 0, 1, 1)]),
        ([(0.1, 0.7)], []),
    ],
)
def test_parts(path, parts):
    begin, end = clipped(np.array(path, dtype=float), np.zeros(2), np.ones(2))
    np.testing.assert_allclose(np.hstack([begin, end]), np.array(parts).reshape(-1, 4), atol=1e-15)
