import numpy as np
import pandas as pd
import pytest
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure

from darkmoment.plots.axis import Axis
from darkmoment.plots.profile_map import profile_map_figure, shades, sharp_minimum


def grid(x: np.ndarray, y: np.ndarray, rise: np.ndarray) -> pd.DataFrame:
    """A row per cell, x slowest; rise has shape (len(x), len(y))."""
    at_x, at_y = np.meshgrid(x, y, indexing="ij")
    columns = {"m_dark_photon": at_x, "mu_eff": at_y, "delta_chi2": rise, "delta_chi2_at_x": rise}
    return pd.DataFrame({name: c.ravel() for name, c in columns.items()}).assign(status="certified")


@pytest.fixture
def plateau() -> pd.DataFrame:
    """chi2 that grows as the fourth power of y over a limit rising with x: flat below."""
    m, mu = np.geomspace(1e-3, 8, 24), np.geomspace(1e-14, 1e-9, 30)
    return grid(m, mu, 2.7055 * (mu / (1e-12 * m[:, None] ** 0.5)) ** 4)


@pytest.fixture
def limits() -> pd.DataFrame:
    m = np.geomspace(1e-3, 8, 24)
    return pd.DataFrame({"m_dark_photon": m, "mu_eff_max": 1e-12 * m**0.5})


def entries(fig: Figure) -> list[str]:
    return [text.get_text() for text in fig.legends[0].get_texts()]


def contour_points(fig: Figure) -> list[np.ndarray]:
    sets = [c for c in fig.axes[0].collections if isinstance(c, ContourSet)]
    return [np.concatenate([path.vertices for path in c.get_paths()]) for c in sets]


def test_axes_labels_and_legend(plateau, limits, moment: Axis, mass: Axis, inside_page) -> None:
    fig = profile_map_figure(plateau, mass, moment, "general", limits=limits)
    ax, bar = fig.axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_xlabel() == r"$m_{A\prime }$ [GeV]"
    assert ax.get_ylabel() == r"$\mu_{\rm eff}$ [$\mu_B$]"
    assert bar.get_ylabel() == r"$\Delta\chi^2$"
    assert ax.get_title(loc="left") == "general"
    assert entries(fig) == [
        "68% (2 parameters)",
        "90% (2 parameters)",
        "95% (2 parameters)",
        r"90% limit at each $m_{A\prime }$",
        "excluded by it",
    ]
    box = fig.legends[0].get_window_extent()
    assert inside_page(fig, box)
    assert not box.overlaps(ax.bbox)
    assert not box.overlaps(bar.bbox)


def test_contours_lie_at_the_levels_of_two_parameters(plateau, moment: Axis, mass: Axis) -> None:
    found = contour_points(profile_map_figure(plateau, mass, moment, "general"))
    # chi2 with two degrees of freedom, from tables
    for points, level in zip(found, (2.27887, 4.60517, 5.99146), strict=True):
        exact = 1e-12 * points[:, 0] ** 0.5 * (level / 2.7055) ** 0.25
        np.testing.assert_allclose(points[:, 1], exact, rtol=0.02)
    (lone,) = contour_points(profile_map_figure(plateau, mass, moment, "general", levels=(0.99,)))
    exact = 1e-12 * lone[:, 0] ** 0.5 * (9.21034 / 2.7055) ** 0.25
    np.testing.assert_allclose(lone[:, 1], exact, rtol=0.02)


def test_the_side_above_the_limit_is_hatched(plateau, limits, moment: Axis, mass: Axis) -> None:
    (ax, _) = profile_map_figure(plateau, mass, moment, "general", limits=limits).axes
    (hatched,) = [c for c in ax.collections if c.get_hatch()]
    (path,) = hatched.get_paths()
    for m, mu in limits.iloc[2:-2:5].to_numpy():
        assert path.contains_point((m, mu * 1.2))
        assert not path.contains_point((m, mu / 1.2))
    (line,) = [line for line in ax.lines if len(line.get_xdata()) == len(limits)]
    np.testing.assert_array_equal(line.get_ydata(), limits["mu_eff_max"])


def test_colours_end_at_the_cap_and_cells_reach_the_frame(plateau, moment: Axis, mass: Axis) -> None:
    fig = profile_map_figure(plateau, mass, moment, "general")
    mesh = fig.axes[0].collections[0]
    assert mesh.get_clim() == (0, 12)
    drawn = mesh.get_array().reshape(30, 24)
    np.testing.assert_allclose(drawn.T.ravel(), plateau["delta_chi2"])
    # the outermost cells are as wide as the others: half a step beyond their values
    step = np.sqrt(8000 ** (1 / 23))
    assert fig.axes[0].get_xlim() == pytest.approx((1e-3 / step, 8 * step))


def test_statuses_are_told_apart(plateau, limits, moment: Axis, mass: Axis) -> None:
    plateau.loc[[100, 300], "status"] = "uncertified"
    plateau.loc[[29, 59], ["status", "delta_chi2"]] = "failed", np.inf
    fig = profile_map_figure(plateau, mass, moment, "general", limits=limits)
    (open_,) = [line for line in fig.axes[0].lines if line.get_marker() == "o"]
    cells = plateau.loc[[100, 300]]
    found = sorted(zip(*open_.get_data(), strict=True))
    np.testing.assert_allclose(found, cells[["m_dark_photon", "mu_eff"]].to_numpy())
    assert entries(fig)[-2:] == ["not certified", "no allowed point"]
    grey = fig.axes[0].collections[-1].get_array().reshape(30, 24)
    np.testing.assert_array_equal(np.argwhere(~grey.mask), [[29, 0], [29, 1]])


def test_a_star_where_the_minimum_is_one_place() -> None:
    x, y = np.linspace(-3, 3, 21), np.linspace(-2, 4, 31)
    bowl = (y[:, None] - 1) ** 2 + x**2
    assert sharp_minimum(bowl) == (15, 10)
    valley = np.repeat((x**2)[None], 31, axis=0)
    assert sharp_minimum(valley) is None
    assert sharp_minimum(np.full((3, 3), np.inf)) is None
    angle, other = Axis("m_dark_photon", "a", "", False), Axis("mu_eff", "b", "", False)
    fig = profile_map_figure(grid(x, y, bowl.T), angle, other, "bowl")
    (star,) = [line for line in fig.axes[0].lines if line.get_marker() == "*"]
    assert star.get_xydata().tolist() == pytest.approx(np.array([[0.0, 1.0]]), abs=1e-12)
    assert fig.axes[0].get_xscale() == "linear"
    assert r"smallest $\chi^2$" in entries(fig)


def test_no_star_on_a_plateau(plateau, moment: Axis, mass: Axis) -> None:
    fig = profile_map_figure(plateau, mass, moment, "general")
    assert not [line for line in fig.axes[0].lines if line.get_marker() == "*"]


def test_the_colours_are_even_to_the_eye() -> None:
    """Lightness, computed from the colours by the CIE formula, falls in equal steps."""
    rgb = np.array(shades().colors)[:, :3]
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    lightness = np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)
    assert lightness[0] > 97
    assert lightness[-1] < 30
    steps = np.diff(lightness)
    np.testing.assert_allclose(steps, steps.mean(), rtol=0.1)


@pytest.mark.parametrize("rise", [np.nan, np.inf, 0.0, 50.0])
def test_odd_tables_build(plateau, limits, moment: Axis, mass: Axis, rise: float) -> None:
    profile_map_figure(plateau.assign(delta_chi2=rise), mass, moment, "odd", limits=limits)


@pytest.mark.parametrize("rows", [slice(3, 4), slice(0, 30), slice(7, 40), slice(0)])
def test_few_cells_build(plateau, limits, moment: Axis, mass: Axis, rows: slice) -> None:
    bare = plateau[["m_dark_photon", "mu_eff", "delta_chi2"]].iloc[rows]
    profile_map_figure(bare, mass, moment, "few", limits=limits.iloc[rows])
    profile_map_figure(bare, mass, moment, "few", limits=limits.assign(mu_eff_max=np.nan))
