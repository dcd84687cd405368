"""Task `sample` from the command line: what it says, what it writes, what it takes over."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from darkmoment.fit import Fit
from darkmoment.tasks.sample import _points

OPTIONS = "ensembles: 2, walkers: 16, until: {ess: 200}"


@pytest.fixture
def sampled(tiny):
    text = tiny.read_text()
    start = text.index("tasks:")
    tiny.write_text(
        text[:start]
        + "tasks:\n  - maximise: {along: m_dark_photon, points: 2, starts: 1}\n"
        + f"  - sample: {{{OPTIONS}, cross_check: nested}}\n"
    )
    return tiny


def test_limits_checks_and_sensitivity(sampled, darkmoment, tmp_path):
    out = tmp_path / "out"
    answer = darkmoment("run", sampled, "--out", out)
    assert answer.code == 0, answer.err
    about = json.loads((out / "sample.json").read_text())
    assert about["converged"]
    assert any("converged for mu_eff" in line for line in about["answers"])
    assert any("mu_eff < " in line and "(90%, posterior +- " in line for line in about["answers"])
    assert any("nested sampling agrees within errors" in line for line in about["answers"])
    assert any("ln(evidence)" in line for line in about["answers"])
    assert any("set by the prior ranges; quote the profile limit" in line for line in about["warnings"])
    assert about["checks"]["prior_draws"]["efficiency"] > 0.01
    assert "agrees within errors" in about["checks"]["prior_draws"]["agreement"]
    row = pd.read_csv(out / "sample.csv").set_index("name").loc["mu_eff"]
    for method in ("prior_draws", "nested"):
        error = np.hypot(row["limit_90_error"], row[f"limit_90_{method}_error"])
        assert abs(row["limit_90"] - row[f"limit_90_{method}"]) < 4 * error
    table = pd.read_csv(out / "sample_sensitivity.csv")
    assert set(table["parameter"]) == {"m_dark_photon", "epsilon", "mu_eff"}
    assert json.loads((out / "sample_sensitivity.json").read_text())["prior_driven"]
    for figure in ("sample_corner", "sample_sensitivity"):
        assert (out / f"{figure}.png").stat().st_size > 10_000
        assert (out / f"{figure}.pdf").exists()
    # taken over, not sampled again
    before = (out / "sample.nc").stat().st_mtime_ns
    again = darkmoment("run", sampled, "--out", out, "--resume")
    assert (out / "sample.nc").stat().st_mtime_ns == before
    assert [line for line in again.out.splitlines() if "posterior" in line] == [
        line for line in answer.out.splitlines() if "posterior" in line
    ]


def test_sensitivity_can_be_left_out(sampled, darkmoment, tmp_path):
    sampled.write_text(sampled.read_text().replace("cross_check: nested", "sensitivity: false, level: 0.95"))
    out = tmp_path / "out"
    answer = darkmoment("run", sampled, "--out", out)
    assert answer.code == 0, answer.err
    assert not (out / "sample_sensitivity.csv").exists()
    about = json.loads((out / "sample.json").read_text())
    assert any("(95%, posterior" in line for line in about["answers"])
    assert "nested" not in about["checks"]


def test_a_missing_extra_is_said_before_anything_runs(sampled, darkmoment, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "dynesty", None)
    answer = darkmoment("run", sampled, "--out", tmp_path / "out")
    assert answer.code == 2
    assert "pip install '.[nested]' in the clone" in answer.err
    assert not (tmp_path / "out").exists()


def test_maxima_of_earlier_tasks_are_handed_to_the_sampler(tiny):
    fit = Fit.load(tiny)
    n = 500
    table = pd.DataFrame({"m_dark_photon": np.linspace(0.01, 1, n), "epsilon": 1e-5, "mu_eff_max": 1e-12})
    table.loc[0, "epsilon"] = np.nan  # a cell without an allowed point
    results = {
        ("", "maximise", "a"): SimpleNamespace(table=table),
        ("", "recast", "b"): table.drop(columns="epsilon"),
        ("other", "maximise", "a"): SimpleNamespace(table=table.assign(epsilon=1.0)),
    }
    points = _points(SimpleNamespace(results=results), fit, "")
    assert 32 <= len(points) <= 64
    assert all(set(point) == {"m_dark_photon", "epsilon"} for point in points)
    assert {point["epsilon"] for point in points} == {1e-5}
    masses = [point["m_dark_photon"] for point in points]
    assert min(masses) < 0.1
    assert max(masses) > 0.9
    assert _points(SimpleNamespace(results={}), fit, "") == []
