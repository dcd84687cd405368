import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from darkmoment.plots.legend import covers, on_paper, place_legend

T = np.linspace(0, 1, 30)
CURVES = {
    "rising": (T, T),
    "falling": (T, 1 - T),
    "top": (T, 0 * T + 0.9),
    "bottom": (T, 0 * T + 0.1),
    "peak": (T, 1 - np.abs(2 * T - 1)),
    "valley": (T, np.abs(2 * T - 1)),
    "two points": (np.array([0.0, 1.0]), np.array([1.0, 0.0])),
}


def drawn(x: np.ndarray, y: np.ndarray) -> Figure:
    fig = Figure(figsize=(3.4, 2.7), layout="constrained")
    ax = fig.add_subplot(xlim=(0, 1), ylim=(0, 1))
    (line,) = ax.plot(x, y)
    place_legend(fig, ax, [line, line, line], ["one experiment", "another", "a third"], [(x, y)])
    fig.draw_without_rendering()
    return fig


@pytest.mark.parametrize("name", CURVES)
def test_a_free_corner_is_found(name: str, hidden) -> None:
    fig = drawn(*CURVES[name])
    assert not fig.legends
    assert hidden(fig) == 0


def test_without_a_free_corner_it_goes_outside_and_the_figure_grows(hidden) -> None:
    x = np.linspace(0, 1, 60)
    fig = drawn(x, np.arange(60) % 2)
    assert len(fig.legends) == 1
    assert hidden(fig) == 0
    assert fig.get_figheight() > 2.8


def test_the_check_sees_a_covered_curve(hidden) -> None:
    fig = Figure(figsize=(3.4, 2.7))
    ax = fig.add_subplot(xlim=(0, 1), ylim=(0, 1))
    ax.plot(*CURVES["two points"], label="covers the corner")
    ax.legend(loc="upper left")
    fig.draw_without_rendering()
    assert hidden(fig) > 0


def test_a_curve_on_paper_is_dense_and_keeps_its_gaps() -> None:
    ax = Figure().add_subplot(xlim=(0, 1), ylim=(0, 1))
    points = on_paper(ax, (np.array([0.0, 0.4, np.nan, 0.6, 1.0]), np.array([0.5, 0.5, 0.5, 0.5, 0.5])))
    x = np.sort(ax.transData.inverted().transform(points)[:, 0])
    assert x[0] == pytest.approx(0)
    assert x[-1] == pytest.approx(1)
    steps = np.diff(x)
    assert (steps > 0.05).sum() == 1
    assert not ((x > 0.41) & (x < 0.59)).any()
    far = np.array([[0.5, 0.5, 0.5, 0.5], [0.5, 9.5e9, -1e100, np.inf]])
    seen = on_paper(ax, (far[0], far[1]))
    assert 2 < len(seen) < 1000
    assert (seen <= ax.bbox.max + 10).all()
    assert (seen >= ax.bbox.min - 10).all()
    assert covers(Bbox([[0, 0], [10, 10]]), np.array([[5.0, 5.0]]))
    assert not covers(Bbox([[0, 0], [10, 10]]), np.array([[5.0, 20.0]]))
