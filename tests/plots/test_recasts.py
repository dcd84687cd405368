"""Figures of several limits: who leads, where that changes, and what is excluded."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from darkmoment.plots.axis import Axis
from darkmoment.plots.recast import looks_of, recasts_figure
from darkmoment.plots.recast_datasets import datasets_figure
from darkmoment.plots.style import colour

M = np.geomspace(1e-9, 10, 201)
LIMITS = {
    "xenonnt": 7e-12 * (1 + (M / 5e-5) ** 2),
    "borexino": 3e-11 * (1 + (M / 8e-4) ** 2),
    "lsnd": 1e-9 * (1 + (M / 6e-3) ** 2),
    "lsnd/mu_numu": 7e-10 * (1 + (M / 6e-3) ** 2),
}
LABELS = {name: f"{name.partition('/')[0].upper()} ({name[5:] or 2020})" for name in LIMITS}


@pytest.fixture
def drawn(moment: Axis, mass: Axis):
    rows = np.stack(list(LIMITS.values()))
    leading = [list(LIMITS)[k] for k in rows.argmin(axis=0)]
    starts = [M[i] for i in range(1, len(M)) if leading[i] != leading[i - 1]]
    words = [(value, f"{value * 1e3:.2g} MeV") for value in starts]
    return recasts_figure(
        M, LIMITS, leading, LABELS, moment, mass, 0.90, changes=words, title="weights"
    ), words


def test_masses_names_and_colours(drawn, hidden) -> None:
    fig, words = drawn
    (ax,) = fig.axes
    texts = {text.get_text(): text for text in ax.texts}
    assert {word for _, word in words} < set(texts)
    assert {"XENONNT", "BOREXINO", r"LSND ($\mu_{\nu_{\mu}}$)"} < set(texts)
    assert ax.get_title(loc="left") == "weights"
    assert hidden(fig) == 0
    x_of = {line.get_xdata()[0] for line in ax.lines if line.get_linewidth() == 0.8}
    assert x_of == {value for value, _ in words}
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    thick = [line for line in ax.lines if line.get_linewidth() > 2]
    assert [line.get_color() for line in thick] == [colour(n) for n in ("xenonnt", "borexino", "lsnd")]
    # the second dataset of LSND leads: dotted as in the legend, thin and thick
    shown = {
        t.get_text(): h
        for t, h in zip(ax.get_legend().get_texts(), ax.get_legend().get_lines(), strict=False)
    }
    legend = shown[r"LSND ($\mu_{\nu_{\mu}}$)"]
    assert legend.is_dashed()
    assert legend.get_color() == thick[2].get_color()
    assert [line.is_dashed() for line in thick] == [False, False, True]
    assert not shown["LSND (2020)"].is_dashed()


def test_a_curve_is_thin_or_thick_nowhere_both(drawn) -> None:
    (ax,) = drawn[0].axes
    thin = [line.get_ydata() for line in ax.lines if line.get_linewidth() == 1.0]
    thick = [line for line in ax.lines if line.get_linewidth() > 2]
    for line in thick:
        inner = np.isin(M, line.get_xdata()[1:-1])
        known = [np.isfinite(y) & (y == np.interp(M, line.get_xdata(), line.get_ydata())) for y in thin]
        assert not any((k & inner).any() for k in known)
    assert all(np.isfinite(y).any() for y in thin)


def test_the_excluded_side_has_the_colour_of_who_excludes_it(drawn) -> None:
    (ax,) = drawn[0].axes
    for mass, name, limit in ((1e-7, "xenonnt", 7e-12), (3e-4, "borexino", 3.4e-11), (1.0, "lsnd", 2e-5)):
        at = [c for c in ax.collections if any(p.contains_point((mass, 10 * limit)) for p in c.get_paths())]
        assert [tuple(c.get_facecolor()[0][:3]) for c in at] == [to_rgb(colour(name))]
        assert not any(p.contains_point((mass, limit / 10)) for c in ax.collections for p in c.get_paths())


def test_close_changes_are_marked_beside_one_another(moment: Axis, mass: Axis) -> None:
    changes = [(1e-3, "1 MeV"), (1.2e-3, "1.2 MeV"), (1.0, "1 GeV")]
    who = np.select([M < 1e-3, M < 1.2e-3, M < 1], ["xenonnt", "borexino", "lsnd"], "lsnd/mu_numu").tolist()
    fig = recasts_figure(M, LIMITS, who, LABELS, moment, mass, 0.90, changes=changes)
    boxes = [text.get_window_extent() for text in fig.axes[0].texts]
    assert len(boxes) == 7
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_datasets_of_one_experiment_share_its_colour() -> None:
    looks = looks_of(["lsnd", "borexino", "lsnd/mu_numu", "mu2e"], projected=["mu2e"])
    assert looks["lsnd"]["color"] == looks["lsnd/mu_numu"]["color"] == colour("lsnd")
    assert looks["lsnd"]["linestyle"] != looks["lsnd/mu_numu"]["linestyle"]
    assert looks["mu2e"]["linestyle"] == "--"


@pytest.mark.parametrize("factor", [3.0, 1e3])
def test_two_datasets_and_their_ratio(factor: float, moment: Axis, mass: Axis) -> None:
    limits = {"xenonnt": factor * LIMITS["xenonnt"], "xenonnt/2022_recast": LIMITS["xenonnt"]}
    labels = {"xenonnt": "XENONnT (2022)", "xenonnt/2022_recast": "XENONnT (2022_recast)"}
    fig = datasets_figure(M, limits, labels, moment, mass, 0.90, "title")
    top, below = fig.axes
    assert below.get_ylabel() == "ratio to\n2022_recast"
    np.testing.assert_allclose([line.get_ydata()[0] for line in below.lines], [factor, 1.0])
    assert below.get_yscale() == ("log" if factor > 10 else "linear")
    assert top.get_title(loc="left") == "title"
