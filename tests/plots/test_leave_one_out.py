import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from darkmoment.plots.axis import Axis
from darkmoment.plots.leave_one_out import leave_one_out_figure, unchanged
from darkmoment.plots.style import colour

M = np.geomspace(1e-3, 8, 40)
FULL = 1e-12 * M


@pytest.fixture
def removed() -> pd.DataFrame:
    """na64 matters below 0.1 GeV, babar above, where only ranges are left; meg2 nowhere."""
    ratios = {
        "none": np.ones(40),
        "na64": np.where(M < 0.1, 20.0, 1.0),
        "babar": np.where(M > 0.1, 5.0, 1.0),
        "meg2": 1 + 0.004 * np.sin(M),
    }
    parts = [
        pd.DataFrame(
            {
                "without": name,
                "m_dark_photon": M,
                "mu_eff_max": FULL * r,
                "ratio": r,
                "leading_experiment": np.where((name == "babar") & (M > 0.1), "range", "na64"),
                "status": "range",
            }
        )
        for name, r in ratios.items()
    ]
    return pd.concat(parts, ignore_index=True)


def entries(fig: Figure) -> list[str]:
    return [text.get_text() for text in fig.legends[0].get_texts()]


def test_limits_and_ratios(removed, moment: Axis, mass: Axis, inside_page) -> None:
    labels = {"na64": "NA64 (2023)", "meg2": "MEG II (2025)"}
    fig = leave_one_out_figure(removed, moment, mass, 0.90, "general", labels)
    top, below = fig.axes
    assert (top.get_xscale(), top.get_yscale(), below.get_yscale()) == ("log", "log", "log")
    assert (top.get_xlabel(), below.get_xlabel()) == ("", r"$m_{A\prime }$ [GeV]")
    assert top.get_ylabel() == r"$\mu_{\rm eff}$ [$\mu_B$]"
    assert "ratio" in below.get_ylabel()
    assert top.get_xlim() == below.get_xlim() == pytest.approx((1e-3, 8))
    assert entries(fig) == ["all experiments", "without NA64 (2023)", "without babar", "ranges alone"]
    assert fig.legends[0].get_title().get_text() == "upper limits, 90% CL"
    box = fig.legends[0].get_window_extent()
    assert inside_page(fig, box)
    assert not box.overlaps(top.bbox)
    assert fig.get_supxlabel() == "Unchanged within 1% without MEG II (2025)"
    assert inside_page(fig, fig._supxlabel.get_window_extent())


def test_each_curve_has_its_experiments_colour_in_both_panels(removed, moment: Axis, mass: Axis) -> None:
    top, below = leave_one_out_figure(removed, moment, mass, 0.90, "general").axes
    for ax, column in ((top, "mu_eff_max"), (below, "ratio")):
        for name in ("na64", "babar"):
            own = [line for line in ax.lines if to_hex(line.get_color()) == colour(name).lower()]
            drawn = np.concatenate([line.get_ydata() for line in own])
            wanted = removed.loc[removed["without"] == name, column]
            assert set(drawn[np.isfinite(drawn)]) == set(wanted)
    black = [line for line in top.lines if to_hex(line.get_color()) == "#000000"]
    np.testing.assert_array_equal(black[0].get_ydata(), FULL)
    assert black[0].get_zorder() > max(line.get_zorder() for line in top.lines if line not in black)


def test_where_only_ranges_are_left_the_curve_is_dotted(removed, moment: Axis, mass: Axis) -> None:
    top, _ = leave_one_out_figure(removed, moment, mass, 0.90, "general").axes
    own = [line for line in top.lines if to_hex(line.get_color()) == colour("babar").lower()]
    held, free, _ = own
    np.testing.assert_array_equal(np.isfinite(free.get_ydata()), M > 0.1)
    assert held._unscaled_dash_pattern != free._unscaled_dash_pattern
    # they meet in one cell
    assert (np.isfinite(held.get_ydata()) & np.isfinite(free.get_ydata())).sum() == 1


def test_what_changes_nothing() -> None:
    table = pd.DataFrame(
        {"without": ["none", "a", "a", "b", "c", "d"], "ratio": [1, 1.009, 0.995, 1.02, np.nan, 0.9]}
    )
    assert unchanged(table) == ["a"]


def test_a_small_ratio_is_drawn_on_a_linear_axis(removed, moment: Axis, mass: Axis) -> None:
    calm = removed.assign(ratio=1 + (removed["ratio"] > 2) * 0.5)
    assert leave_one_out_figure(calm, moment, mass, 0.90, "calm").axes[1].get_yscale() == "linear"


def test_statuses_are_told_apart(removed, moment: Axis, mass: Axis) -> None:
    removed.loc[[3, 45], "status"] = "uncertified"
    removed.loc[[10, 90], ["status", "mu_eff_max", "ratio"]] = "failed", np.nan, np.nan
    found = entries(leave_one_out_figure(removed, moment, mass, 0.90, "general"))
    assert found.count("not certified") == found.count("no allowed point") == 1


def test_without_an_axis_each_limit_has_a_line(removed, moment: Axis, inside_page) -> None:
    one = removed[np.isclose(removed["m_dark_photon"], M[30])]
    fig = leave_one_out_figure(one, moment, None, 0.95, "general", {"na64": "NA64 (2023)"})
    (ax,) = fig.axes
    ticks = [tick.get_text() for tick in ax.get_yticklabels()]
    assert ticks == ["all experiments", "without NA64 (2023)", "without babar", "without meg2"]
    assert ax.get_xlabel() == r"95% upper limit on $\mu_{\rm eff}$ [$\mu_B$]"
    marks = [line for line in ax.lines if line.get_marker() == "D"]
    np.testing.assert_allclose([m.get_xdata()[0] for m in marks], one["mu_eff_max"])
    assert [text.get_text() for text in ax.texts] == ["unchanged", r"$\times\,$5", "unchanged"]
    assert [to_hex(m.get_markerfacecolor()) for m in marks][2] == "#ffffff"
    assert "only ranges do" in fig.get_supxlabel()
    for text in ax.texts:
        assert inside_page(fig, text.get_window_extent())


@pytest.mark.parametrize(
    "change",
    [
        {"mu_eff_max": np.nan, "ratio": np.nan, "status": "failed", "leading_experiment": ""},
        {"mu_eff_max": 0.0, "ratio": np.nan},
        {"ratio": 1.0},
        {"leading_experiment": "range"},
        {"leading_experiment": np.nan, "status": np.nan},
    ],
)
def test_odd_tables_build(removed, moment: Axis, mass: Axis, change: dict) -> None:
    odd = removed.assign(**change)
    leave_one_out_figure(odd, moment, mass, 0.90, "odd")
    leave_one_out_figure(odd.groupby("without", sort=False).head(1), moment, None, 0.90, "odd")


def test_one_cell_or_none_build(removed, moment: Axis, mass: Axis) -> None:
    leave_one_out_figure(removed.groupby("without", sort=False).head(1), moment, mass, 0.90, "one")
    leave_one_out_figure(removed.iloc[:0], moment, mass, 0.90, "none")
