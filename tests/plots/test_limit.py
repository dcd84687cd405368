from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from darkmoment.plots.axis import Axis
from darkmoment.plots.limit import limit_figure, range_note
from darkmoment.plots.style import COLUMN, colour


def entries(fig: Figure) -> list[str]:
    (ax,) = fig.axes
    legend = ax.get_legend() or fig.legends[0]
    return [text.get_text() for text in legend.get_texts()]


def curves(fig: Figure) -> list:
    return [line for line in fig.axes[0].lines if line.get_marker() == "None"]


def test_axes_scales_labels_and_legend(table: pd.DataFrame, moment: Axis, mass: Axis, hidden) -> None:
    fig = limit_figure(table, moment, mass, 0.90, "global")
    (ax,) = fig.axes
    assert fig.get_figwidth() == COLUMN
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_xlabel() == r"$m_{A\prime }$ [GeV]"
    assert ax.get_ylabel() == r"$\mu_{\rm eff}$ [$\mu_B$]"
    assert ax.get_title(loc="left") == "global"
    assert ax.get_xlim() == pytest.approx((1e-3, 8))
    assert entries(fig) == ["meg2 + na64", "na64", "babar", "excluded, 90% CL"]
    assert hidden(fig) == 0


def test_printed_names_of_experiments(table: pd.DataFrame, moment: Axis, mass: Axis) -> None:
    fig = limit_figure(table, moment, mass, 0.95, "global", {"meg2": "MEG II (2025)", "na64": "NA64 (2023)"})
    assert entries(fig) == ["MEG II (2025) + NA64 (2023)", "NA64 (2023)", "babar", "excluded, 95% CL"]


def test_segments_have_the_leaders_colour_and_join(table: pd.DataFrame, moment: Axis, mass: Axis) -> None:
    fig = limit_figure(table.sample(frac=1, random_state=1), moment, mass, 0.90, "global")
    parts = curves(fig)
    assert [to_hex(p.get_color()) for p in parts] == [
        colour(n).lower() for n in ("meg2+na64", "na64", "babar")
    ]
    for left, right in pairwise(parts):
        np.testing.assert_allclose(left.get_xydata()[-1], right.get_xydata()[0])
    # every cell is on the curve of its own leader
    for part, name in zip(parts, ("meg2+na64", "na64", "babar"), strict=True):
        own = table[table["leading_experiment"] == name]
        np.testing.assert_array_equal(np.isin(own["mu_eff_max"], part.get_ydata()), True)


def test_the_excluded_side_is_above(table: pd.DataFrame, moment: Axis, mass: Axis, shaded) -> None:
    (ax,) = limit_figure(table, moment, mass, 0.90, "global").axes
    for x, y in zip(table["m_dark_photon"][5:-5:7], table["mu_eff_max"][5:-5:7], strict=True):
        assert shaded(ax, x * 1.001, y * 1.2)
        assert not shaded(ax, x * 1.001, y / 1.2)


def test_statuses_are_told_apart(table: pd.DataFrame, moment: Axis, mass: Axis, shaded, hidden) -> None:
    table.loc[[4, 9], "status"] = "uncertified"
    table.loc[[30, 31], "status"] = "failed"
    table.loc[[30, 31], "mu_eff_max"] = np.nan
    table.loc[40:, "status"] = "range"
    fig = limit_figure(table, moment, mass, 0.90, "global")
    (ax,) = fig.axes
    assert entries(fig)[3:] == [
        "dashed: leans on ranges",
        "not certified",
        "no allowed point",
        "excluded, 90% CL",
    ]
    (open_,) = [line for line in ax.lines if line.get_marker() == "o"]
    np.testing.assert_array_equal(open_.get_xdata(), table["m_dark_photon"][[4, 9]])
    assert to_hex(open_.get_markerfacecolor()) == "#ffffff"
    (ticks,) = [line for line in ax.lines if line.get_transform() == ax.get_xaxis_transform()]
    np.testing.assert_array_equal(ticks.get_xdata(), table["m_dark_photon"][[30, 31]])
    gap = np.sqrt(table["m_dark_photon"][30] * table["m_dark_photon"][31])
    assert not shaded(ax, gap, ax.get_ylim()[1] * 0.9)
    # meg2+na64, na64 on either side of the gap, babar, babar leaning on ranges
    assert [line.get_linestyle() for line in curves(fig)] == ["-", "-", "-", "-", "--"]
    assert hidden(fig) == 0


def test_a_range_driven_answer_names_its_ranges(
    table: pd.DataFrame, moment: Axis, mass: Axis, hidden, inside_page
) -> None:
    table["status"] = "range"
    table["at_bound"] = "m_E max 1e+04 (+2.00); g_D max 0.5 (+1.00 convention)"
    fig = limit_figure(
        table, moment, mass, 0.90, "general", dict.fromkeys(["meg2", "na64", "babar"], "A long name")
    )
    note = fig.get_supxlabel().replace("\n", " ")
    assert (
        note
        == "Range-driven in 60 of 60 cells: leans on m_E max 1e+04 (+2.00); g_D max 0.5 (+1.00, convention)"
    )
    box = fig._supxlabel.get_window_extent()
    assert inside_page(fig, box)
    assert box.y1 < fig.axes[0].xaxis.label.get_window_extent().y0
    assert hidden(fig) == 0


def test_the_note_sums_up_the_cells() -> None:
    status = np.array(["range", "range", "range", "certified", "failed"], dtype=object)
    bound = np.array(
        ["m_S min 0.01 (-1.50)", "m_S min 0.01 (-0.20)", "", "y max 1 (+9.00)", ""], dtype=object
    )
    assert range_note(status, bound) == "Range-driven in 3 of 5 cells: leans on m_S min 0.01 (-1.50 to -0.20)"
    assert range_note(status[[0, 3, 3]], bound[[0, 3, 3]]) == ""
    assert range_note(np.array(["", ""], dtype=object), np.array(["", ""], dtype=object)) == ""
    many = np.array(["; ".join(f"p{i} max 1 (+{i}.00)" for i in range(1, 7))], dtype=object)
    assert range_note(status[:1], many).endswith(
        "p6 max 1 (+6.00); p5 max 1 (+5.00); p4 max 1 (+4.00); p3 max 1 (+3.00) ..."
    )


def test_the_bounds_of_a_maximisation_are_understood() -> None:
    from darkmoment.inference.leaning import Bound

    text = "; ".join(map(str, [Bound("m_E", "max", 1e4, 2.0, False), Bound("g_D", "max", 0.5, 1.0, True)]))
    note = range_note(np.array(["range"], dtype=object), np.array([text], dtype=object))
    assert note.endswith("leans on m_E max 1e+04 (+2.00); g_D max 0.5 (+1.00, convention)")


@pytest.mark.parametrize(
    "change",
    [
        {"mu_eff_max": np.nan, "status": "failed", "leading_experiment": ""},
        {"mu_eff_max": 0.0},
        {"mu_eff_max": 1e-12},
        {"leading_experiment": "meg2"},
        {"leading_experiment": np.nan, "status": np.nan, "at_bound": np.nan},
        {"status": ""},
        {"status": "range", "at_bound": np.nan},
    ],
)
def test_odd_tables_build(table: pd.DataFrame, moment: Axis, mass: Axis, change: dict) -> None:
    limit_figure(table.assign(**change), moment, mass, 0.90, "odd")


@pytest.mark.parametrize("rows", [slice(7, 8), slice(0)])
def test_one_cell_or_none_build(table: pd.DataFrame, moment: Axis, mass: Axis, rows: slice) -> None:
    limit_figure(table.iloc[rows], moment, mass, 0.90, "one")
    limit_figure(table.iloc[rows].assign(mu_eff_max=np.nan, status="failed"), moment, mass, 0.90, "one")


def test_two_columns_are_enough(table: pd.DataFrame, moment: Axis, mass: Axis) -> None:
    fig = limit_figure(table[["m_dark_photon", "mu_eff_max"]], moment, mass, 0.90, "bare")
    assert entries(fig) == ["not named", "excluded, 90% CL"]


def test_a_lone_cell_is_a_dot(table: pd.DataFrame, moment: Axis, mass: Axis) -> None:
    table.loc[[19, 21], "mu_eff_max"] = np.nan
    (ax,) = limit_figure(table, moment, mass, 0.90, "gaps").axes
    (dot,) = [line for line in ax.lines if line.get_marker() == "."]
    np.testing.assert_array_equal(dot.get_xdata(), [table["m_dark_photon"][20]])


def test_linear_axes(mass: Axis) -> None:
    angle, pull = Axis("flavour_angle", r"\varphi", "rad", False), Axis("x", "x", "", False)
    table = pd.DataFrame({"flavour_angle": np.linspace(0, 1.5, 9), "x_max": np.linspace(-1, 2, 9)})
    (ax,) = limit_figure(table, pull, angle, 0.90, "linear").axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "linear")
    assert ax.get_xlim() == pytest.approx((0, 1.5))


def test_a_projected_limit_is_called_one_and_dashes_mean_ranges(table, moment: Axis, mass: Axis) -> None:
    fig = limit_figure(table.assign(status="range"), moment, mass, 0.90, "soon", projected=True)
    texts = entries(fig)
    assert texts[-1] == "excluded (projected), 90% CL"
    assert "dashed: leans on ranges" in texts
