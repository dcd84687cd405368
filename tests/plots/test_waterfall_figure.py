"""The figure of a waterfall: a bar per step, words that stay on the page."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from darkmoment.plots.axis import Axis
from darkmoment.plots.style import colour
from darkmoment.plots.waterfall import bar_looks, waterfall_figure
from darkmoment.runfile.loader import load

LONG = (
    "sum_m_nu = 0.0436 eV is what is left of pieces of 8.73 eV, Neutrino masses (all) with fine_tuning = 100 "
    "allows 7, and more words than two lines hold: " + "more " * 30
)


@pytest.fixture(scope="module")
def figure():
    table = pd.DataFrame(
        {
            "variant": ["start", "+ T", "+ vector coupling of neutrinos", "+ more"],
            "mu_eff_max": [1e-7, 3e-8, 2e-15, np.nan],
            "status": ["range", "uncertified", "certified", "failed"],
            "killed_by": ["", "oblique_t", "neutrino_mass", "meg2+sindrum"],
            "killed_because": ["", "T_parameter = 421", LONG, "x"],
        }
    )
    fig = waterfall_figure(table, Axis("mu_eff", "muB", r"\mu_{\rm eff}"), 0.90, "title")
    fig.canvas.draw()
    return fig


def test_no_words_leave_the_page(figure):
    page = figure.bbox
    texts = [text for ax in figure.axes for text in ax.texts if text.get_text()]
    assert len(texts) >= 6
    for text in texts:
        box = text.get_window_extent()
        assert box.x0 >= page.x0
        assert box.x1 <= page.x1
    told = [" ".join(text.get_text().split()) for text in texts]
    assert LONG.strip() in told  # to the last word


def test_words_of_one_row_do_not_run_into_the_next(figure):
    boxes = [t.get_window_extent() for t in figure.axes[1].texts if t.get_position()[0] > 0 and t.get_text()]
    assert len(boxes) == 3
    assert all(a.y0 > b.y1 for a, b in pairwise(boxes))


def test_every_experiment_of_scrutiny_has_a_look_of_its_own():
    file = load("scrutiny")
    names = list(dict.fromkeys(name for spec in file.fits for name in spec.experiments))
    assert len(names) > 25
    looks = bar_looks([*names, "", names[0]])
    assert len(looks) == len(set(looks.values())) == len(names) + 1
    assert looks["na64"] == (colour("na64"), "")
    # the steps of a figure need no hatch
    few = ["borexino", "z_invisible", "oblique_t", "lepton_universality", "kaon", "neutrino_mass"]
    assert {hatch for _, hatch in bar_looks(few).values()} == {""}


def test_numbers_and_words_do_not_touch(figure):
    words = figure.axes[1]
    rows: dict[float, list] = {}
    for text in words.texts:
        if text.get_text():
            rows.setdefault(text.get_position()[1], []).append(text.get_window_extent())
    for boxes in rows.values():
        if len(boxes) == 2:
            first, second = sorted(boxes, key=lambda box: box.x0)
            assert first.x1 < second.x0


def test_bars_are_open_where_not_certified_and_missing_where_nothing_is_allowed(figure):
    ax = figure.axes[0]
    faces = [bar.get_facecolor()[:3] for bar in ax.patches]
    assert len(faces) == 3
    assert [face == (1.0, 1.0, 1.0) for face in faces] == [False, True, False]
    assert [line.get_marker() for line in ax.lines] == ["x"]


def test_labels_of_the_decades_do_not_run_into_each_other(figure):
    ax = figure.axes[0]
    low, high = ax.get_xlim()
    boxes = [
        label.get_window_extent()
        for label, at in zip(ax.get_xticklabels(), ax.get_xticks(), strict=True)
        if low <= at <= high and label.get_text()
    ]
    assert len(boxes) >= 3
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))
