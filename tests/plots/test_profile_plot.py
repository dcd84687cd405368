import tracemalloc

import numpy as np
import pandas as pd
import pytest

from darkmoment.plots.axis import Axis
from darkmoment.plots.overlay import Overlay
from darkmoment.plots.profile_plot import profile_figure


@pytest.fixture
def profile() -> pd.DataFrame:
    m = np.geomspace(1e-3, 8, 60)
    return pd.DataFrame({"m_dark_photon": m, "delta_chi2": np.log(m / 0.05) ** 2, "status": "certified"})


def test_lines_at_the_thresholds(profile: pd.DataFrame, mass: Axis) -> None:
    fig = profile_figure(profile, mass)
    (ax,) = fig.axes
    levels = [line.get_ydata()[0] for line in ax.lines[:3]]
    # chi2 with one degree of freedom, from tables
    np.testing.assert_allclose(levels, [0.98895, 2.70554, 3.84146], rtol=1e-5)
    assert [text.get_text() for text in ax.texts] == ["68%", "90%", "95%"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert ax.get_ylabel() == r"$\Delta\chi^2$"
    np.testing.assert_array_equal(ax.lines[3].get_ydata(), profile["delta_chi2"])
    assert ax.get_ylim()[1] == 10


def test_statuses_are_told_apart(profile: pd.DataFrame, mass: Axis, hidden) -> None:
    profile.loc[[25, 30], "status"] = "uncertified"
    profile.loc[40, "status"] = "failed"
    profile.loc[40, "delta_chi2"] = np.inf
    fig = profile_figure(profile, mass)
    (ax,) = fig.axes
    (open_,) = [line for line in ax.lines if line.get_marker() == "o"]
    np.testing.assert_array_equal(open_.get_xdata(), profile["m_dark_photon"][[25, 30]])
    (ticks,) = [line for line in ax.lines if line.get_transform() == ax.get_xaxis_transform()]
    np.testing.assert_array_equal(ticks.get_xdata(), profile["m_dark_photon"][[40]])
    assert np.isnan(ax.lines[3].get_ydata()[40])


def test_a_shallow_profile_still_shows_all_levels(profile: pd.DataFrame, mass: Axis) -> None:
    (ax,) = profile_figure(profile.assign(delta_chi2=0.0), mass).axes
    assert ax.get_ylim()[1] > 3.85


@pytest.mark.parametrize("rise", [np.nan, np.inf, 0.0, 50.0])
def test_odd_tables_build(profile: pd.DataFrame, mass: Axis, rise: float) -> None:
    profile["delta_chi2"] = rise
    profile_figure(profile, mass)
    profile_figure(profile.iloc[[3]].drop(columns="status"), mass)
    profile_figure(profile.assign(status=np.nan), mass)
    profile_figure(profile.iloc[:0], mass)


def test_values_far_beyond_the_axes_cost_nothing(profile: pd.DataFrame, mass: Axis) -> None:
    rise = [0.0, 1.0, 1e12, 9.5e9, *[np.inf] * (len(profile) - 4)]
    table = profile.assign(delta_chi2=rise, status="failed")
    overlays = [Overlay("far", [table[mass.name].iloc[0], table[mass.name].iloc[1]], [0.0, 1e100])]
    tracemalloc.start()
    profile_figure(table, mass, overlays=overlays).canvas.draw()
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert used < 1e8


def test_a_linear_axis(profile: pd.DataFrame) -> None:
    angle = Axis("m_dark_photon", r"\varphi", "rad", False)
    assert profile_figure(profile, angle).axes[0].get_xscale() == "linear"
