import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from darkmoment.plots.axis import Axis
from darkmoment.plots.conventions import conventions_figure

NAMES = ["as_it_is", "half_gaussian", "limit_and_sensitivity", "counting", "step"]
RATIOS = [1.0, 1.0, 0.8, 0.7, 1.4]


def table(masses: np.ndarray) -> pd.DataFrame:
    limit = 1e-11 * (masses / 1e-3) ** 1.5
    parts = [
        pd.DataFrame(
            {
                "convention": name,
                "m_dark_photon": masses,
                "mu_eff_max": ratio * limit,
                "ratio_to_default": ratio,
                "status": "range",
            }
        )
        for name, ratio in zip(NAMES, RATIOS, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def test_curves_and_their_ratio(mass: Axis, moment: Axis) -> None:
    given = table(np.geomspace(1e-3, 8, 30))
    fig = conventions_figure(given, moment, mass, 0.90, "general")
    top, bottom = fig.axes
    solid = [line for line in top.lines if len(line.get_xdata()) == 30]
    assert len(solid) == 5
    for name, line in zip(NAMES, solid, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), given.loc[given["convention"] == name, "mu_eff_max"])
    ratios = [line.get_ydata()[0] for line in bottom.lines if len(line.get_xdata()) == 30]
    assert ratios == RATIOS
    low, high = bottom.get_ylim()
    assert low < 0.7
    assert high > 1.4
    assert bottom.get_xlabel() == r"$m_{A\prime }$ [GeV]"
    assert top.get_xlabel() == ""
    assert top.get_ylabel() == r"$\mu_{\rm eff}$ [$\mu_B$]"
    legend = top.get_legend() or fig.legends[0]
    assert legend.get_title().get_text() == "general, 90% CL"
    # five lines that a colour-blind reader tells apart
    assert len({str(line._dash_pattern) for line in solid}) == 5


def test_one_answer_each(mass: Axis, moment: Axis) -> None:
    given = table(np.array([0.1]))
    given.loc[2, "status"] = "uncertified"
    given.loc[3, ["status", "mu_eff_max"]] = ["failed", np.nan]
    fig = conventions_figure(given, moment, mass, 0.95, "general")
    (ax,) = fig.axes
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == [
        "fit as it is",
        "half_gaussian (default)",
        "limit_and_sensitivity (not certified)",
        "counting (no allowed point)",
        "step",
    ]
    assert [line.get_markerfacecolor() == "white" for line in ax.lines] == [False, False, True, True, False]
    assert ax.get_title() == r"general, $m_{A\prime }$ = 0.1 GeV, 95% CL"
    without = conventions_figure(given.drop(columns="m_dark_photon"), moment, None, 0.95, "general")
    assert without.axes[0].get_title() == "general, 95% CL"


@pytest.mark.parametrize("value", [np.nan, 0.0, 1e-300])
def test_odd_tables_build(mass: Axis, moment: Axis, value: float) -> None:
    for masses in (np.geomspace(1e-3, 8, 3), np.array([0.1])):
        given = table(masses).assign(mu_eff_max=value, ratio_to_default=value)
        fig = conventions_figure(given, moment, mass, 0.90)
        assert isinstance(fig, Figure)
