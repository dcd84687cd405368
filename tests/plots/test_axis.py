from itertools import pairwise

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

from darkmoment.model import Model
from darkmoment.parameters import PARAMETERS
from darkmoment.plots.axis import Axis
from darkmoment.plots.canvas import frame, lone, runs, span
from darkmoment.plots.style import printed, style


@pytest.mark.parametrize(
    ("axis", "text"),
    [
        (Axis("m_dark_photon", r"m_{A'}", "GeV"), r"$m_{A'}$ [GeV]"),
        (Axis("mu_eff", r"\mu_{\rm eff}", "muB"), r"$\mu_{\rm eff}$ [$\mu_B$]"),
        (Axis("mu_emu", r"\mu_{e\mu}", "GeV^-1"), r"$\mu_{e\mu}$ [GeV$^{-1}$]"),
        (Axis("flavour_angle", r"\varphi", "rad", False), r"$\varphi$ [rad]"),
        (Axis("epsilon", r"\epsilon"), r"$\epsilon$"),
    ],
)
def test_label_is_symbol_and_unit(axis: Axis, text: str) -> None:
    assert axis.text == text


def test_coordinates_are_logarithms_and_back() -> None:
    axis = Axis("x", "x")
    np.testing.assert_allclose(axis.coordinate([1e-17, 1.0, 1e3]), [-17, 0, 3])
    np.testing.assert_allclose(axis.value([-17, 0, 3]), [1e-17, 1.0, 1e3])
    assert np.isnan(axis.coordinate([0.0, -1.0, np.nan, np.inf])).all()
    linear = Axis("x", "x", logarithmic=False)
    np.testing.assert_array_equal(linear.coordinate([-1.0, 0.0, np.inf]), [-1.0, 0.0, np.nan])
    np.testing.assert_array_equal(linear.value([-1.0, 2.0]), [-1.0, 2.0])


@pytest.mark.parametrize("logarithmic", [True, False])
@pytest.mark.parametrize("values", [[], [np.nan], [0.3], [1e-17, 1e-8], [0.3, 0.30001], [0.0, 0.5]])
def test_limits_enclose_the_values_and_have_a_width(values: list[float], logarithmic: bool) -> None:
    lower, upper = span(values, Axis("x", "x", logarithmic=logarithmic))
    assert np.isfinite([lower, upper]).all()
    assert upper > (10 - 1e-9) * lower if logarithmic else upper > lower
    for x in values:
        if x > 0 or (not logarithmic and x == 0):
            assert lower <= x <= upper


@pytest.mark.parametrize("limits", [(1e-17, 1e-8), (1e-20, 1e-2), (2e-3, 8.0), (1.5e-3, 1.6e-2), (0.21, 2.2)])
def test_every_logarithmic_axis_has_labelled_ticks_that_do_not_overlap(limits: tuple[float, float]) -> None:
    from matplotlib.figure import Figure

    with style():
        fig = Figure(figsize=(3.4, 2.7), layout="constrained")
        ax = fig.add_subplot()
        frame(ax, Axis("x", "x"), Axis("y", "y"), limits, limits)
        fig.draw_without_rendering()
    for which, extent in ((ax.xaxis, "intervalx"), (ax.yaxis, "intervaly")):
        ticks = [*which.get_major_ticks(), *which.get_minor_ticks()]
        shown = [t.label1 for t in ticks if t.label1.get_text() and limits[0] <= t.get_loc() <= limits[1]]
        boxes = sorted(tuple(getattr(label.get_window_extent(), extent)) for label in shown)
        assert len(boxes) >= 2
        assert all(left[1] < right[0] for left, right in pairwise(boxes))


def test_runs_and_lone_points() -> None:
    assert runs("aabccc") == [(0, 2), (2, 3), (3, 6)]
    assert runs("") == []
    y = np.array([1.0, np.nan, 2.0, np.nan, 3.0, 4.0])
    np.testing.assert_array_equal(lone(y), [True, False, True, False, False, False])


def test_primes_are_set_for_stix_inside_mathematics_only() -> None:
    assert printed(r"Borexino's $m_{A'}$, paper's") == r"Borexino's $m_{A\prime }$, paper's"


def test_every_parameter_of_the_catalogue_can_be_set_in_type() -> None:
    from matplotlib.figure import Figure

    with style():
        fig = Figure()
        for info in PARAMETERS.values():
            fig.text(0, 0, printed(Axis(info.name, info.label, info.unit).coordinate_text))
        fig.draw_without_rendering()


@pytest.mark.parametrize("flavour", ["single_y", "general"])
def test_every_label_can_be_typeset(flavour: str) -> None:
    parser = MathTextParser("path")
    for info in PARAMETERS.values():
        parser.parse(f"${info.label}$")
    for observable in Model(flavour=flavour, invisible_branching="computed").table.values():
        parser.parse(f"${observable.label}$")
