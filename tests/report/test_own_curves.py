"""The user's own curves in the interactive plots of the page."""

import re

import numpy as np
import pytest

from darkmoment.report.curve_plot import curve_figure
from darkmoment.report.curves import curve_plots
from darkmoment.report.drawing import BOTTOM, LEFT, RIGHT, TOP
from darkmoment.report.maps import map_figure
from darkmoment.report.names import Names
from darkmoment.report.palette import Palette
from darkmoment.runfile.loader import load
from darkmoment.saved import SavedRun
from darkmoment.tasks.runner import run

TASKS = """\
  - maximise: {along: m_dark_photon, points: 2, starts: 1, overlay: [{file: span.csv, label: span}]}
  - maximise: {name: strict, level: 0.95, along: m_dark_photon, points: 2, starts: 1,
               overlay: [{file: span.csv, label: span}]}
  - compare: {along: m_dark_photon, points: 2, starts: 1, overlay: [{file: half.csv, label: half}]}
  - profile: {x: mu_eff, range: [1e-16, 3e-16], points: 2, starts: 1, overlay: [{file: chi.csv, label: chi}]}
  - profile: {x: m_dark_photon, y: epsilon, points: 2, starts: 1, overlay: [{file: eps.csv, label: eps}]}
"""
CURVES = {
    "span": "m_dark_photon [GeV],mu_eff [muB]\n1e-6,1e-16\n100,1e-10\n",
    "half": "m_dark_photon [GeV],mu_eff [muB]\n0.1,1e-13\n10,1e-12\n",
    "chi": "mu_eff [muB],delta_chi2\n1e-16,0\n2e-16,1e12\n",
    "eps": "m_dark_photon [GeV],epsilon\n1e-6,1e-8\n100,1e-1\n",
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    from tests.conftest import TINY

    folder = tmp_path_factory.mktemp("own")
    for name, text in CURVES.items():
        (folder / f"{name}.csv").write_text(text)
    (folder / "tiny.yaml").write_text(TINY[: TINY.index("tasks:")] + "tasks:\n" + TASKS)
    run(load(folder / "tiny.yaml"), folder / "out")
    return SavedRun.read(folder / "out")


@pytest.fixture(scope="module")
def names(finished):
    return Names.of(finished.record, finished.experiments)


@pytest.fixture(scope="module")
def pages(finished, names):
    return {p.name: (p, curve_figure(p, names, "p").text) for p in curve_plots(finished, names, Palette())}


def line(page, k):
    """Return the pixels of a curve."""
    found = re.search(rf'data-k="{k}".*?class="line"[^>]* d="([^"]*)"', page)
    return np.array([pair.split() for pair in re.findall(r"[ML]([^ML]+)", found[1])], dtype=float)


def test_those_of_a_table_that_is_drawn_elsewhere_go_there(pages):
    assert set(pages) == {"strict", "compare_mu_eff", "profile_mu_eff"}
    plot, _ = pages["compare_mu_eff"]
    assert [s.label for s in plot.series if s.own] == ["half", "span"]


def test_a_curve_without_a_point_in_the_figure_crosses_it(pages):
    _, page = pages["strict"]
    pixels = line(page, 1)
    assert pixels[0, 0] < LEFT < RIGHT < pixels[-1, 0]
    # clipped by the frame, and not drawn far beyond it
    assert (np.abs(pixels) < 1000).all()
    assert '"label":"span","x":[],"y":[],"rows":[]' in page


def test_it_does_not_stretch_the_axis_of_x(pages):
    for name in ("strict", "compare_mu_eff"):
        _, page = pages[name]
        np.testing.assert_allclose(line(page, 0)[[0, -1], 0], [LEFT, RIGHT])


def test_a_profile_keeps_its_axis_and_is_logarithmic_as_its_figure(pages):
    plot, page = pages["profile_mu_eff"]
    assert (plot.log_x, plot.log_y) == (True, False)
    assert "1.5×10" not in page
    pixels = line(page, 1)
    assert (pixels[:, 1] <= BOTTOM).all()
    assert pixels[-1, 1] < TOP


def test_the_lead_stands_before_what_it_leads(pages):
    _, page = pages["strict"]
    legend = page[page.index('class="legend"') :]
    assert legend.index("span</") < legend.index("forbids more:") < legend.index("NA64")


def test_on_a_map(finished, names):
    saved = finished.tables["profile_m_dark_photon_epsilon"]
    page = map_figure(finished, saved, None, names, Palette(), "m").text
    assert "stroke-dasharray" in page
    assert "eps</span>" in page
