"""chi2 of each experiment at a point, as bars."""

import numpy as np
import pytest

from darkmoment.plots.terms import terms_figure


def test_bars_numbers_and_names():
    chi2 = {"meg2": 1.5, "na64": np.inf, "babar": 1480.0, "borexino": 1e-12, "own": np.nan}
    (ax,) = terms_figure(chi2, "a point", {"meg2": "MEG II"}).axes
    assert [bar.get_width() for bar in ax.patches] == [1.5, 25.0, 25.0, pytest.approx(0, abs=1e-9), 0.0]
    assert [text.get_text() for text in ax.texts] == ["1.5", "excluded", "1480", "0", "not known"]
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "MEG II",
        "na64",
        "babar",
        "borexino",
        "own",
    ]
    assert ax.get_xlim()[1] > 25.0


def test_the_threshold_is_in_sight_where_nothing_objects():
    (ax,) = terms_figure({"meg2": 0.0}, "").axes
    (line,) = ax.lines
    assert 2.70 < line.get_xdata()[0] < 2.71 < ax.get_xlim()[1]
