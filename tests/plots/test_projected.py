"""What has not been measured yet is drawn dashed and called projected."""

import numpy as np
import pytest

from darkmoment import Fit
from darkmoment.plots.axis import Axis
from darkmoment.plots.recast import recast_figure, recasts_figure
from darkmoment.runfile.loader import loads
from darkmoment.tasks.compare import _curve
from darkmoment.tasks.recast import recast

M = np.geomspace(1e-3, 8, 40)


def test_recasts(moment: Axis, mass: Axis) -> None:
    fig = recast_figure(M, 1e-9 * M, 1e-12, moment, mass, "soon", 0.90, linestyle="--")
    assert fig.axes[0].lines[0].is_dashed()
    limits = {"now": 1e-9 * M, "soon": 5e-10 * M}
    names = {"now": "Now", "soon": "Soon"}
    fig = recasts_figure(M, limits, ["soon"] * 40, names, moment, mass, 0.90, projected=["soon"])
    assert [line.is_dashed() for line in fig.axes[0].lines[:2]] == [False, True]


@pytest.fixture
def fits() -> list[Fit]:
    text = """\
extends: global
name: soon
experiments: {mu2e: {}, mu3e: {}}
variants:
  - {label: now, remove: [mu2e, mu3e]}
  - {label: soon}
  - {label: chosen, style: {linestyle: "-."}}
tasks:
  - maximise: {along: m_dark_photon, points: 2}
"""
    return [Fit(spec) for spec in loads(text, "soon.yaml").fits]


def test_variants_with_a_projection_are_dashed_unless_they_say_otherwise(fits: list[Fit]) -> None:
    assert [fit.projected for fit in fits] == [False, True, True]
    found = recast(fits[1], "borexino", "m_dark_photon", M)
    assert np.isfinite(found.limit).all()
    import pandas as pd

    table = pd.DataFrame({"m_dark_photon": M, "mu_eff_max": 1e-10 * M})
    styles = [_curve(fit, table, "mu_eff_max", "m_dark_photon").linestyle for fit in fits]
    assert styles == ["-", "--", "-."]
    curves = [_curve(fit, table, "mu_eff_max", "m_dark_photon") for fit in fits]
    assert [(c.label, c.projected) for c in curves] == [
        ("now", False),
        ("soon", True),
        ("chosen (projected)", False),
    ]
    assert fits[1].experiments["mu2e"].label == "Mu2e (run1, projected)"
    assert fits[1].experiments["meg2"].label == "MEG II (2025)"
