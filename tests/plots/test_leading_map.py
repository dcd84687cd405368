import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from darkmoment.plots.axis import Axis
from darkmoment.plots.leading_map import leading_map_figure
from darkmoment.plots.style import colour

M, MU = np.geomspace(1e-3, 8, 20), np.geomspace(1e-14, 1e-9, 25)


@pytest.fixture
def plane() -> pd.DataFrame:
    m, mu = (grid.ravel() for grid in np.meshgrid(M, MU, indexing="ij"))
    leading = np.where(mu > 1e-10, "borexino", np.where(m < 0.1, "na64+meg2", "babar"))
    rise = np.where(mu > 1e-12, (mu / 1e-12) ** 2, 0.0)
    columns = {"m_dark_photon": m, "mu_eff": mu, "leading_experiment": leading, "delta_chi2_at_x": rise}
    return pd.DataFrame(columns).assign(status="range")


def entries(fig: Figure) -> dict[str, object]:
    (legend,) = fig.legends
    return dict(zip((t.get_text() for t in legend.get_texts()), legend.get_patches(), strict=False))


def names(fig: Figure) -> list[str]:
    return [text.get_text() for text in fig.legends[0].get_texts()]


def drawn(fig: Figure) -> np.ndarray:
    """Colour of each cell, (y, x)."""
    mesh = fig.axes[0].collections[0]
    cells = mesh.get_array()
    found = mesh.to_rgba(np.ma.filled(cells, np.nan).reshape(len(MU), len(M)))
    return np.array([[to_hex(c) for c in row] for row in found])


def test_cells_have_the_colour_of_what_objects(plane, moment: Axis, mass: Axis, inside_page) -> None:
    fig = leading_map_figure(plane, mass, moment, "general", labels={"babar": "BaBar (2017)"})
    ax = fig.axes[0]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_ylabel() == r"$\mu_{\rm eff}$ [$\mu_B$]"
    assert sorted(names(fig)) == ["BaBar (2017)", "borexino", "meg2 + na64", "nothing objects"]
    found = drawn(fig)
    assert set(found[MU > 1e-10].ravel()) == {colour("borexino").lower()}
    middle = found[(MU > 1e-12) & (MU < 1e-10)]
    assert set(middle[:, M < 0.1].ravel()) == {colour("meg2+na64").lower()}
    assert set(middle[:, M > 0.1].ravel()) == {colour("babar").lower()}
    (nothing,) = set(found[MU < 1e-12].ravel())
    assert nothing not in {colour(name).lower() for name in ("borexino", "meg2+na64", "babar", "range")}
    title = fig.legends[0].get_title().get_text()
    assert title == r"largest rise of $\chi^2$ above the smallest at the same $m_{A\prime }$"
    box = fig.legends[0].get_window_extent()
    assert inside_page(fig, box)
    assert not box.overlaps(ax.bbox)


def test_joined_names_are_one_kind_and_hatched(plane, moment: Axis, mass: Axis) -> None:
    swapped = plane.copy()
    swapped.loc[::2, "leading_experiment"] = swapped.loc[::2, "leading_experiment"].replace(
        "na64+meg2", "meg2+na64"
    )
    fig = leading_map_figure(swapped, mass, moment, "general")
    assert names(fig).count("meg2 + na64") == 1
    (hatched,) = [c for c in fig.axes[0].collections if c.get_hatch()]
    wanted = (plane["leading_experiment"] == "na64+meg2") & (plane["delta_chi2_at_x"] > 0.1)
    assert len(hatched.get_paths()) == wanted.sum()


def test_small_rises_are_no_objection(plane, moment: Axis, mass: Axis) -> None:
    fig = leading_map_figure(plane.assign(delta_chi2_at_x=0.09), mass, moment, "general")
    assert names(fig) == ["nothing objects"]
    fig = leading_map_figure(plane.assign(leading_experiment="none"), mass, moment, "general")
    assert names(fig) == ["nothing objects"]


def test_rare_combinations_share_a_colour(plane, moment: Axis, mass: Axis) -> None:
    plane.loc[len(plane) - 1, "leading_experiment"] = "babar+meg2"
    fig = leading_map_figure(plane, mass, moment, "general")
    assert "other combinations" in names(fig)
    assert "babar + meg2" not in names(fig)


def test_limit_and_statuses(plane, moment: Axis, mass: Axis) -> None:
    plane.loc[5, "status"] = "uncertified"
    plane.loc[24, ["status", "delta_chi2_at_x", "leading_experiment"]] = "failed", np.inf, "range"
    plane.loc[23, ["status", "delta_chi2_at_x"]] = "failed", np.inf  # beyond a hard limit of borexino
    limits = pd.DataFrame({"m_dark_photon": M, "mu_eff_max": 2e-12})
    fig = leading_map_figure(plane, mass, moment, "general", limits, 0.95)
    assert names(fig)[-3:] == [r"95% limit at each $m_{A\prime }$", "not certified", "no allowed point"]
    cells = fig.axes[0].collections[0].get_array().reshape(len(MU), len(M))
    np.testing.assert_array_equal(np.argwhere(np.ma.getmaskarray(cells)), [[24, 0]])
    grey = fig.axes[0].collections[-1].get_array().reshape(len(MU), len(M))
    np.testing.assert_array_equal(np.argwhere(~np.ma.getmaskarray(grey)), [[24, 0]])
    assert drawn(fig)[23, 0] == colour("borexino").lower()
    assert any(len(line.get_xdata()) == len(M) for line in fig.axes[0].lines)


@pytest.mark.parametrize("rows", [slice(3, 4), slice(7, 40), slice(0)])
def test_odd_tables_build(plane, moment: Axis, mass: Axis, rows: slice) -> None:
    leading_map_figure(plane.iloc[rows], mass, moment, "odd")


@pytest.mark.parametrize(
    "change",
    [
        {"status": "failed", "delta_chi2_at_x": np.inf},
        {"leading_experiment": np.nan, "status": np.nan},
        {"delta_chi2_at_x": np.nan},
    ],
)
def test_odd_columns_build(plane, moment: Axis, mass: Axis, change: dict) -> None:
    leading_map_figure(plane.assign(**change), mass, moment, "odd")
