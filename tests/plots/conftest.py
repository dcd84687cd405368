"""Tables and axes as the tasks hand them over, and what a reader's eye would check."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from darkmoment.plots.axis import Axis


@pytest.fixture
def mass() -> Axis:
    return Axis("m_dark_photon", r"m_{A'}", "GeV")


@pytest.fixture
def moment() -> Axis:
    return Axis("mu_eff", r"\mu_{\rm eff}", "muB")


def limit(m: np.ndarray) -> np.ndarray:
    """A limit with kinks over nine decades."""
    return np.where(m < 0.2, 1e-17 * (m / 1e-3) ** 2.5, 5e-12 * np.where(m > 5, (m / 5) ** 9, 1.0))


@pytest.fixture
def table() -> pd.DataFrame:
    m = np.geomspace(1e-3, 8, 60)
    return pd.DataFrame(
        {
            "m_dark_photon": m,
            "mu_eff_max": limit(m),
            "leading_experiment": np.where(m < 0.05, "meg2+na64", np.where(m < 0.2, "na64", "babar")),
            "status": "certified",
            "at_bound": "g_D max 0.5 (+1.00 convention)",
        }
    )


def along(ax: Axes) -> np.ndarray:
    """Every point of every curve on paper, in pixels, a thousand between any two vertices."""
    found = []
    for line in ax.lines:
        if line.get_transform() == ax.transData:
            points = line.get_transform().transform(np.column_stack(line.get_data()).astype(float))
            for (x0, y0), (x1, y1) in pairwise(points):
                found.append(np.column_stack([np.linspace(x0, x1, 1000), np.linspace(y0, y1, 1000)]))
            found.append(points)
    return np.concatenate(found)


def on_page(fig: Figure, box: Bbox) -> bool:
    """Tell whether a box is wholly on the figure."""
    return bool((box.min >= fig.bbox.min).all() and (box.max <= fig.bbox.max).all())


@pytest.fixture
def inside_page() -> Callable[[Figure, Bbox], bool]:
    return on_page


@pytest.fixture
def hidden() -> Callable[[Figure], int]:
    """Number of curve points under a legend; legends outside must not touch the axes at all."""

    def count(fig: Figure) -> int:
        (ax,) = fig.axes
        legends = [*fig.legends, *([ax.get_legend()] if ax.get_legend() else [])]
        assert len(legends) == 1
        box = legends[0].get_window_extent()
        assert on_page(fig, box)
        if fig.legends:
            assert not box.overlaps(ax.bbox)
        points = along(ax)
        inside = (
            (points[:, 0] > box.x0)
            & (points[:, 0] < box.x1)
            & (points[:, 1] > box.y0)
            & (points[:, 1] < box.y1)
        )
        return int(inside.sum())

    return count


@pytest.fixture
def shaded() -> Callable[[Axes, float, float], bool]:
    """Tell whether a point (x, y) in data coordinates lies in a filled region."""

    def contains(ax: Axes, x: float, y: float) -> bool:
        return any(path.contains_point((x, y)) for filled in ax.collections for path in filled.get_paths())

    return contains
