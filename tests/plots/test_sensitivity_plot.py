import numpy as np
import pandas as pd
import pytest

from darkmoment.plots.axis import Axis
from darkmoment.plots.sensitivity import sensitivity_figure

LABELS = {"epsilon": r"\epsilon", "m_E": "m_E", "mu_eff": r"\mu_{\rm eff}"}


def changes(limits: list[float]) -> pd.DataFrame:
    limit = np.array(limits)
    return pd.DataFrame(
        {
            "parameter": ["epsilon", "epsilon", "m_E", "mu_eff"],
            "change": ["lower end / 10", "lower end x 10", "lower end / 10", "flat"],
            "edge": [1e-9, 1e-7, 127.0, np.nan],
            "limit": limit,
            "limit_low": 0.9 * limit,
            "limit_high": 1.1 * limit,
            "note": ["", "", "no curve there", "prior density times mu_eff"],
        }
    )


def test_every_change_has_a_line(moment: Axis, inside_page) -> None:
    fig = sensitivity_figure(changes([1e-14, 2e-14, 5e-15, 3e-10]), 1.2e-14, moment, 0.90, "general", LABELS)
    (ax,) = fig.axes
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == [
        r"$\epsilon$ from $10^{-9}$",
        r"$\epsilon$ from $10^{-7}$",
        "$m_E$ from $127$*",
        r"flat in $\mu_{\rm eff}$",
    ]
    assert ax.get_xscale() == "log"
    assert ax.get_xlabel().startswith("90% posterior limit on ")
    # what lies far away is an arrow with its value, so that the others stay apart
    assert ax.get_xlim()[1] < 1e-12
    assert r"$3.0\times10^{-10}$" in [text.get_text() for text in ax.texts]
    words = [text.get_text() for text in fig.legends[0].get_texts()]
    assert {"prior as it is", "within a factor 2 of it", "see the table's note"} <= set(words)
    for text in [*ax.get_yticklabels(), *ax.texts, ax.xaxis.label]:
        if text.get_text():
            assert inside_page(fig, text.get_window_extent()), text.get_text()


@pytest.mark.parametrize("limits", [[np.nan] * 4, [1e-14, np.nan, np.nan, 1e-30], [0.0, 1e-14, 1e-14, 0.0]])
def test_missing_limits_build(moment: Axis, limits: list[float]) -> None:
    fig = sensitivity_figure(changes(limits), 1e-14, moment, 0.90, "few", LABELS)
    assert len(fig.axes[0].get_yticklabels()) == sum(np.nan_to_num(limits) > 0)
