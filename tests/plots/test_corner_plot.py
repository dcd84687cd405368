from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from darkmoment.plots.axis import Axis
from darkmoment.plots.corner_plot import corner_figure, scientific

N = 4000
LINEAR = {"x0", "x1", "x4"}


def posterior(dimensions: int, seed: int = 11) -> tuple[dict[str, np.ndarray], list[Axis]]:
    """Gaussians with a curved correlation between the second and the third; logarithmic but for a few."""
    print("seed", seed)
    z = np.random.default_rng(seed).normal(size=(dimensions, N))
    if dimensions > 2:
        z[2] = 0.2 * z[2] + z[1] ** 2
    names = [f"x{i}" for i in range(dimensions)]
    axes = [Axis(n, f"x_{{{n[1:]}}}", "GeV", n not in LINEAR) for n in names]
    return {n: u if n in LINEAR else 10 ** (u - 12) for n, u in zip(names, z, strict=True)}, axes


def titles(fig: Figure, n: int) -> list[str]:
    return [fig.axes[i * n + i].get_title() for i in range(n)]


@pytest.mark.parametrize("n", [1, 3])
def test_labels_and_titles(n: int) -> None:
    samples, axes = posterior(n)
    fig = corner_figure(samples, axes, 0.90, {f"x{n - 1}"} if n > 1 else set())
    assert len(fig.axes) == n * n
    bottom = [fig.axes[n * (n - 1) + j].get_xlabel() for j in range(n)]
    assert (
        bottom
        == ["$x_{0}$ [GeV]", "$x_{1}$ [GeV]", *(rf"$\log_{{10}}$$x_{{{i}}}$ [GeV]" for i in (2, 3))][:n]
    )
    assert [fig.axes[n * i].get_ylabel() for i in range(1, n)] == bottom[1:]
    assert titles(fig, n)[0].startswith("$x_{0}$\n$=")
    if n > 1:
        limit = np.quantile(samples[f"x{n - 1}"], 0.90)
        assert titles(fig, n)[-1] == f"$x_{{{n - 1}}}$\n$<{scientific(limit)}$ (90%)"


def test_median_and_central_68_per_cent() -> None:
    x = np.linspace(0, 1, 100_001)
    fig = corner_figure({"x": x, "y": x}, [Axis("x", "x", "", False), Axis("y", "y", "", False)])
    assert titles(fig, 2)[0] == "$x$\n$=0.50_{-0.34}^{+0.34}$"
    marked = [line.get_xdata()[0] for line in fig.axes[0].lines]
    np.testing.assert_allclose(marked, [0.16, 0.5, 0.84], atol=1e-4)


def test_thirteen_dimensions_stay_on_the_page(inside_page) -> None:
    samples, axes = posterior(13)
    fig = corner_figure(samples, axes, 0.90, {"x12"})
    assert fig.get_figwidth() <= 11
    everything = [
        text for ax in fig.axes for text in (ax.title, ax.xaxis.label, ax.yaxis.label) if text.get_text()
    ]
    assert len(everything) == 13 + 13 + 12
    for text in everything:
        assert inside_page(fig, text.get_window_extent()), text.get_text()
    # neighbouring labels and titles do not run into each other
    for row in (fig.axes[-13:], [fig.axes[14 * i] for i in range(13)]):
        boxes = [
            (ax.xaxis.label if row[0] is not fig.axes[0] else ax.title).get_window_extent() for ax in row
        ]
        assert not any(a.overlaps(b) for a, b in pairwise(boxes))


@pytest.mark.parametrize("constant", [0.0, 2000.0])
def test_a_constant_column(constant: float) -> None:
    samples, axes = posterior(3)
    samples["x1"] = np.full(N, constant)
    fig = corner_figure(samples, axes, 0.90, {"x2"})
    assert titles(fig, 3)[1] == f"$x_{{1}}$\n$={scientific(constant)}$"


def test_nothing_but_constants() -> None:
    _, axes = posterior(2)
    fig = corner_figure({"x0": np.full(N, 0.5), "x1": np.full(N, -3.0)}, axes)
    assert titles(fig, 2) == ["$x_{0}$\n$=0.5$", "$x_{1}$\n$=-3$"]


def test_zeros_on_a_logarithmic_axis_count_in_the_limit() -> None:
    samples = {"x2": np.concatenate([np.zeros(5000), np.linspace(1, 2, 5001)])}
    fig = corner_figure(samples, [Axis("x2", "x_2")], 0.90, {"x2"})
    assert titles(fig, 1) == ["$x_2$\n$<1.8$ (90%)"]


@pytest.mark.parametrize("bad", [np.nan, 0.0])
def test_samples_that_cannot_be_drawn_are_refused(bad: float) -> None:
    samples, axes = posterior(3)
    samples["x2"][:] = bad
    with pytest.raises(ValueError, match="0 of 4000 samples can be drawn on all 3 axes"):
        corner_figure(samples, axes)


def test_corner_does_not_complain(caplog: Any) -> None:
    samples, axes = posterior(3)
    corner_figure({n: x[:10] for n, x in samples.items()}, axes)
    assert caplog.records == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.14e-14, r"3.1\times10^{-14}"),
        (0.5, "0.5"),
        (0.0, "0"),
        (2000.0, r"2.0\times10^{3}"),
        (127.0, "130"),
        (0.0123, "0.012"),
    ],
)
def test_numbers_in_titles(value: float, text: str) -> None:
    assert scientific(value) == text
