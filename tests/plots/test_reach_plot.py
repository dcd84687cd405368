"""The bars of task `reach`: measured filled, projected hatched, what has no bar named."""

import numpy as np
import pandas as pd
import pytest

from darkmoment.plots.axis import Axis
from darkmoment.plots.reach import reach_figure

INNER = Axis("inner", r"|\sum_a y_{ea} y_{\mu a}^*|")
Y = Axis("y", "y")


def table() -> pd.DataFrame:
    rows = [
        ("COMET (phase1, projected)", "projected", 1.2e-2, 9.9e-3, "reached"),
        ("MEG II (2025)", "measured", 1e-2, 1e-2, "reached"),
        ("Mu2e (full, projected)", "projected", 1.2e-3, 9e-4, "reached"),
        ("muon g-2 (wp2025)", "measured", np.nan, 0.5, "reached"),
        ("NA64 e- (2023)", "measured", np.nan, np.nan, "does not depend on it"),
        ("Belle II (50ab, projected)", "projected", np.nan, np.nan, "does not depend on it"),
        ("Borexino (2017)", "measured", np.nan, np.nan, "not reached"),
    ]
    return pd.DataFrame(rows, columns=["label", "status", "limit_inner", "level_inner", "outcome"])


def test_the_smallest_reach_is_on_top(inside_page) -> None:
    fig = reach_figure(table(), INNER, Y, 0.90)
    (ax,) = fig.axes
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        *("Mu2e (full)", "MEG II (2025)", "COMET (phase1)", "muon g-2 (wp2025)")
    ]
    assert ax.get_xlabel() == r"$|\mathrm{inner}| = |\sum_a y_{ea} y_{\mu a}^*|$"
    texts = [text.get_text() for text in fig.legends[0].get_texts()]
    assert texts[0] == "beyond its own limit, measured"
    assert texts[2] == r"$\Delta\chi^2$ = 2.71 (90% CL)"
    starts = [bar.get_x() for bar in ax.patches]
    # without a limit of its own the bar begins at the confidence level
    assert starts == pytest.approx([1.2e-3, 1e-2, 1.2e-2, 0.5])
    ends = [bar.get_x() + bar.get_width() for bar in ax.patches]
    assert ends == pytest.approx([ax.get_xlim()[1]] * 4)
    assert [bool(bar.get_hatch()) for bar in ax.patches] == [True, False, True, False]
    assert [line.get_xdata()[0] for line in ax.lines] == pytest.approx([9e-4, 1e-2, 9.9e-3, 0.5])
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    assert inside_page(fig, fig.legends[0].get_window_extent())
    below = fig.get_supxlabel()
    assert "NA64 e- (2023), Belle II (50ab)" in below
    assert "Borexino (2017)" in below


@pytest.mark.parametrize("rows", [slice(4, None), slice(0, 1), slice(0, 0)])
def test_little_to_draw(rows: slice) -> None:
    reach_figure(table().iloc[rows].reset_index(drop=True), INNER, Y, 0.90)
