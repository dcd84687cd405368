import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from darkmoment.plots.axis import Axis
from darkmoment.plots.comparison import Curve, comparison_figure, gain_figure
from darkmoment.plots.recast import recast_figure, recasts_figure
from darkmoment.plots.style import COLUMN, CYCLE, PAGE

M = np.geomspace(1e-3, 8, 80)
MASSLESS = 2.8e-11


def recast(m: np.ndarray) -> np.ndarray:
    return MASSLESS * np.sqrt(1 + (m / 4.9e-4) ** 4)


def test_a_recast_as_in_the_paper(moment: Axis, mass: Axis, hidden, shaded) -> None:
    m = np.geomspace(1e-6, 10, 200)
    fig = recast_figure(m, recast(m), MASSLESS, moment, mass, "Borexino (2017)", 0.90)
    (ax,) = fig.axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_xlim() == pytest.approx((1e-6, 10))
    curve, flat = ax.lines
    assert curve.get_linestyle() == "-"
    assert flat.is_dashed()
    np.testing.assert_array_equal(flat.get_ydata(), [MASSLESS, MASSLESS])
    assert shaded(ax, 1e-2, 1e-7)
    assert not shaded(ax, 1e-2, 1e-9)
    assert hidden(fig) == 0
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["Borexino (2017)", "massless mediator", "excluded, 90% CL"]


@pytest.mark.parametrize(
    ("limit", "baseline"),
    [(np.full(5, np.nan), np.nan), (np.array([np.nan, np.nan, 1e-10, np.nan, np.inf]), MASSLESS)],
)
def test_a_recast_of_little(limit: np.ndarray, baseline: float, moment: Axis, mass: Axis) -> None:
    recast_figure(np.geomspace(1e-6, 10, 5), limit, baseline, moment, mass, "nothing", 0.90)
    recast_figure([0.1], limit[2:3], baseline, moment, mass, "nothing", 0.90)


def test_recasts_show_where_each_leads(moment: Axis, mass: Axis, hidden, shaded) -> None:
    m = np.geomspace(1e-9, 10, 120)
    limits = {"borexino": recast(m), "lsnd": 1e-9 * np.sqrt(1 + (m / 5e-3) ** 4)}
    limits["na64"] = np.where(m < 1e-5, 1e-12, np.nan)
    rows = np.stack([np.where(np.isfinite(y), y, np.inf) for y in limits.values()])
    leading = [list(limits)[k] for k in rows.argmin(axis=0)]
    fig = recasts_figure(m, limits, leading, {n: f"{n} (2020)" for n in limits}, moment, mass, 0.90)
    (ax,) = fig.axes
    assert [text.get_text() for text in ax.texts] == ["na64", "borexino", "lsnd"]
    assert sum(line.get_linewidth() > 2 for line in ax.lines) == 3
    assert hidden(fig) == 0
    assert shaded(ax, 1e-7, 1e-10)
    assert not shaded(ax, 1e-3, 1e-11)
    nobody = recasts_figure(m, {"a": np.full(120, np.nan)}, [""] * 120, {"a": "a"}, moment, mass, 0.90)
    assert not nobody.axes[0].texts


def paper() -> list[Curve]:
    """Borexino, NA64 and BaBar with MEG II, derived and printed: ten curves over twenty decades."""
    na64 = 1e-17 * (M / 1e-3) ** 1.1
    babar = np.where(M < 0.1, np.nan, 3e-15 * M**0.2)
    curves = [
        Curve("Borexino (2017)", M, recast(M), "C4", shaded=True),
        Curve("BaBar + MEG II", M, babar, "C3"),
    ]
    for g, dashes in ((0.5, "-"), (0.05, "--"), (0.005, ":")):
        curves.append(Curve(f"NA64 + MEG II, $g_D$ = {g}", M, na64 * g, "C0", dashes))
        curves.append(Curve(f"printed, NA64 + MEG II, $g_D$ = {g}", M, 1033 * na64 * g, "C5", dashes))
    return [
        *curves,
        Curve("printed, its own eq. (29)", M, 700 * na64, "black", ":", 0.8),
        Curve("last", M, 1e-5 * na64),
    ]


def test_many_curves_have_their_legend_at_the_right(moment: Axis, mass: Axis, hidden, shaded) -> None:
    fig = comparison_figure(paper(), moment, mass, 0.90)
    (ax,) = fig.axes
    assert fig.get_figwidth() == PAGE
    assert len(fig.legends) == 1
    assert hidden(fig) == 0
    assert [text.get_text() for text in fig.legends[0].get_texts()] == [c.label for c in paper()]
    assert fig.legends[0].get_title().get_text() == "upper limits, 90% CL"
    assert shaded(ax, 0.1, 1e-4)
    assert not shaded(ax, 0.1, 1e-9)


def test_few_curves_fit_a_column(moment: Axis, mass: Axis, hidden) -> None:
    fig = comparison_figure(paper()[:3], moment, mass, 0.90)
    assert fig.get_figwidth() == COLUMN
    assert hidden(fig) == 0


def test_colours_asked_for_are_not_given_twice(moment: Axis, mass: Axis) -> None:
    asked = {"a": None, "b": "C0", "c": "#E69F00", "d": None}
    curves = [Curve(name, M, (k + 1) * M, color) for k, (name, color) in enumerate(asked.items())]
    lines = comparison_figure(curves, moment, mass, 0.90).axes[0].lines
    found = [to_hex(line.get_color()) for line in lines if len(line.get_xdata()) > 1]
    assert found == [c.lower() for c in (CYCLE[2], CYCLE[0], CYCLE[1], CYCLE[3])]


def test_line_styles_are_kept(moment: Axis, mass: Axis) -> None:
    (ax,) = comparison_figure([Curve("a", M, M, "black", ":", 0.7)], moment, mass, 0.90).axes
    assert (ax.lines[0].get_linestyle(), ax.lines[0].get_linewidth()) == (":", 0.7)


@pytest.mark.parametrize(
    "y", [np.full(80, np.nan), np.zeros(80), np.where(np.arange(80) == 40, 1e-12, np.nan)]
)
def test_empty_curves_build(y: np.ndarray, moment: Axis, mass: Axis) -> None:
    fig = comparison_figure([Curve("a", M, y, shaded=True)], moment, mass, 0.90)
    dots = [len(line.get_xdata()) for line in fig.axes[0].lines if line.get_marker() == "."]
    assert sum(dots) == int(np.nansum(y) > 0)


def test_curves_that_are_the_same_are_drawn_once(moment: Axis, mass: Axis, hidden) -> None:
    """Within 0.5% everywhere: the legend names the others below the one that is drawn."""
    gap = np.where(np.arange(80) < 9, np.nan, M)
    curves = [
        Curve("now", M, M, "black"),
        Curve("soon", M, 1.004 * M, linestyle="--"),
        Curve("later", M, np.where(M > 1, 1.006, 1.0) * M, linestyle="--"),
        Curve("gap", M, gap),
        Curve("as well", M, 0.998 * M),
        Curve("in part", M[10:], M[10:]),
        Curve("gap too", M, gap),
    ]
    fig = comparison_figure(curves, moment, mass, 0.90)
    (ax,) = fig.axes
    assert len([line for line in ax.lines if line.get_marker() == "None"]) == 4
    (legend,) = fig.legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts == ["now", "= soon", "= as well", "later", "gap", "= gap too", "in part"]
    drawn = [line.get_linestyle() != "None" for line in legend.get_lines()]
    assert drawn == [not text.startswith("=") for text in texts]
    assert hidden(fig) == 0


def test_gains_have_a_line_at_one(moment: Axis, mass: Axis, hidden) -> None:
    curves = [Curve(f"g{k}", M, 1 + k * M, linestyle="--") for k in range(6)]
    fig = gain_figure(curves, moment, mass, "today", 0.90)
    (ax,) = fig.axes
    assert ax.get_yscale() == "log"
    assert "gain" in ax.get_ylabel()
    assert fig.legends[0].get_title().get_text() == "gain over today, 90% CL"
    level = [line for line in ax.lines if set(line.get_ydata()) == {1.0} and len(line.get_xdata()) == 2]
    assert len(level) == 1
    assert ax.get_ylim()[0] < 1
    gain_figure([], moment, mass, "today", 0.90)


@pytest.mark.parametrize("curves", [[], [Curve("a", [0.1], [1e-12], shaded=True)]])
def test_no_curve_and_one_point_build(curves: list[Curve], moment: Axis, mass: Axis) -> None:
    comparison_figure(curves, moment, mass, 0.90)


def test_pyplot_keeps_nothing(moment: Axis, mass: Axis) -> None:
    comparison_figure(paper(), moment, mass, 0.90)
    assert plt.get_fignums() == []


def test_what_dashes_mean_is_said_where_something_is_projected(moment: Axis, mass: Axis, hidden) -> None:
    curves = [Curve("now", M, M), Curve("soon", M, M / 9, linestyle="--", projected=True)]
    fig = comparison_figure(curves, moment, mass, 0.90)
    legend = fig.axes[0].get_legend() or fig.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["now", "soon", "dashed: projected"]
    assert legend.get_lines()[-1].is_dashed()
    assert hidden(fig) == 0
