"""The figure of task `discovery`."""

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg

from darkmoment.plots.discovery import discovery_figure

INF, NAN = np.inf, np.nan


def table(**changes: list) -> pd.DataFrame:
    columns = {
        "label": [
            "Counts (a, projected)",
            "Curve (b, projected)",
            "Old (c)",
            "Weak (d)",
            "Silent (e, projected)",
        ],
        "status": ["projected", "projected", "measured", "measured", "projected"],
        "sigma": [INF, 4.2, 1.1, 1e-3, 0.0],
        "sigma_asimov": [INF, 4.2, 1.1, 1e-3, 0.0],
        "signal_events": [1635.2, NAN, NAN, NAN, NAN],
        "factor_3": [4e-4, 0.7, 2.7, 3e3, INF],
        "factor_5": [4e-4, 1.2, 4.5, 5e3, INF],
        "remark": ["", "", "", "", "says nothing here"],
    }
    return pd.DataFrame(columns | changes)


def test_bars_and_marks() -> None:
    figure = discovery_figure(table(), "a signal")
    left, right = figure.axes
    assert [t.get_text() for t in left.get_yticklabels()] == ["Counts (a)", "Curve (b)", "Old (c)"]
    title, panel = left.get_title(loc="left").split("\n")
    assert (title, panel) == ("a signal", "the injected signal, as the median experiment sees it")
    assert right.get_title(loc="left") == "the signal that a median experiment needs"
    ends = [bar.get_x() + bar.get_width() for bar in left.patches]
    np.testing.assert_allclose(ends, [left.get_xlim()[1], 4.2, 1.1])
    assert [t.get_text() for t in left.texts] == [r"$\infty$: 1635 events", "4.2", "1.1"]
    assert left.get_xscale() == right.get_xscale() == "log"
    drawn = [float(line.get_xdata()[0]) for line in right.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(drawn, [4e-4, 0.7, 2.7])
    low, high = right.get_xlim()
    assert low < 4e-4 < 4.5 < high
    below = figure._supxlabel.get_text()
    assert "Less than 0.1 sigma: Weak (d)" in below
    assert "Outside their range, or hard limits: Silent (e)" in below


def test_the_best_is_on_top_whatever_the_order() -> None:
    shuffled = table().iloc[[2, 4, 0, 3, 1]]
    labels = [t.get_text() for t in discovery_figure(shuffled, "").axes[0].get_yticklabels()]
    assert labels == ["Counts (a)", "Curve (b)", "Old (c)"]


def test_nothing_is_seen() -> None:
    nothing = [0.0, 0.01, NAN, 0.0, 0.0]
    figure = discovery_figure(table(sigma=nothing, sigma_asimov=nothing), "nothing")
    assert not figure.axes[0].texts


def test_a_median_experiment_without_an_event_has_no_bar_and_is_there() -> None:
    """0.67 events without background: half of the experiments and more see none of them."""
    few = table(sigma=[0.0, 4.2, 1.1, 1e-3, 0.0], signal_events=[0.67, NAN, NAN, NAN, NAN])
    left, right = discovery_figure(few, "").axes
    assert [t.get_text() for t in left.texts] == ["0: 0.67 events expected", "4.2", "1.1"]
    assert left.patches[0].get_width() == 0
    assert len([line for line in right.lines if line.get_marker() == "o"]) == 3


def test_the_legend_covers_nothing() -> None:
    figure = discovery_figure(table(), "a signal")
    (legend,) = figure.legends or [a.get_legend() for a in figure.axes if a.get_legend()]
    renderer = FigureCanvasAgg(figure).get_renderer()
    box = legend.get_window_extent(renderer)
    for ax in figure.axes:
        assert not box.overlaps(ax.get_window_extent(renderer))
        assert not box.overlaps(ax.title.get_window_extent(renderer)) or not ax.title.get_text()
    title = figure.axes[0]._left_title.get_window_extent(renderer)
    assert not box.overlaps(title)
