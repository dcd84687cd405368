"""`edges: true`: a cell on either side of where an experiment's curve begins or ends."""

import numpy as np
import pandas as pd
import pytest

from darkmoment.fit import Fit
from darkmoment.runfile.loader import loads
from darkmoment.tasks.edges import cells, ends_of_curves, values_along

MASS = "m_dark_photon"
FILE = """\
name: steps
flavour: single_y
parameters:
  m_dark_photon: {range: [0.05, 2.0], prior: log_uniform}
  epsilon: {range: [1e-7, 1e-2], prior: log_uniform}
  y: {range: [1e-2, 1.0], prior: log_uniform}
  g_D: 0.5
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 1e-3
  m_E: 2000
experiments: {meg2: {}, na64: {}, babar: {}}
variants:
  - {label: today}
  - {label: Belle II, add: {belle2: {}}}
tasks:
  - maximise: {along: m_dark_photon, points: 3, starts: 1, edges: true}
  - compare: {along: m_dark_photon, points: 3, starts: 1, edges: true, gain_over: today}
"""
OPTIONS = {"along": MASS, "points": 3, "edges": True}


@pytest.fixture(scope="module")
def fits() -> list[Fit]:
    return [Fit(spec) for spec in loads(FILE, "steps.yaml").fits]


def test_ends_are_where_the_experiments_fall_silent(fits) -> None:
    """Asked point by point: NA64 ends at 1.2765 GeV, Belle II begins at 0.14087 GeV."""
    ends = ends_of_curves(fits, MASS)
    inside = ends[(ends > 0.05) & (ends < 2)]
    np.testing.assert_allclose(inside, [0.14087, 1.2765], rtol=1e-5)
    for end, name in zip(inside, ("belle2", "na64"), strict=True):
        beside = end * np.array([1 - 1e-6, 1 + 1e-6])
        points, _ = fits[1].complete({MASS: beside})
        covered = fits[1].experiments[name].covered(fits[1].model.predict(points))
        assert covered.tolist() == ([False, True] if name == "belle2" else [True, False])
    # a gap within a curve has two ends as well; nothing bends along epsilon alone
    jumps = ends_of_curves([Fit(loads(FILE.replace("belle2: {}", "babar_2014: {}"), "x").fits[1])], MASS)
    assert set(ends_of_curves(fits[:1], MASS)) <= set(jumps)
    assert not len(ends_of_curves(fits, "epsilon"))


def test_values_are_the_points_and_two_beside_each_end_within_the_range(fits) -> None:
    assert values_along(fits, fits[0], {**OPTIONS, "edges": False}) == 3
    assert values_along(fits, fits[0], {**OPTIONS, "along": None}) == 3
    found = values_along(fits, fits[0], OPTIONS)
    assert found == values_along(fits, fits[1], OPTIONS)
    assert cells(fits, fits[0], OPTIONS) == 7
    expected = [0.05, np.sqrt(0.1), 2.0] + [e * (1 + s) for e in (0.14087, 1.2765) for s in (-1e-6, 1e-6)]
    np.testing.assert_allclose(found, sorted(expected), rtol=1e-5)
    assert (found[0], found[-1]) == pytest.approx((0.05, 2.0), rel=1e-12)
    assert cells(fits[:1], fits[0], OPTIONS) == 5


def test_a_run_has_the_step(darkmoment, tmp_path) -> None:
    file, out = tmp_path / "steps.yaml", tmp_path / "out"
    file.write_text(FILE)
    answer = darkmoment("run", file, "--out", out)
    table = pd.read_csv(out / "compare_mu_eff.csv")
    assert table.groupby("variant").size().tolist() == [7, 7]
    soon = table[table["variant"] == "Belle II"].sort_values(MASS)
    near = soon[np.abs(soon[MASS] / 0.14087 - 1) < 1e-4]
    before, after = near["mu_eff_max"]
    today = table[(table["variant"] == "today") & table[MASS].isin(near[MASS])]["mu_eff_max"]
    # below its curve Belle II says nothing; chi2 of measured data is the same
    assert before == pytest.approx(today.iloc[0], rel=0.01)
    assert after < 0.3 * before
    gain = pd.read_csv(out / "compare_mu_eff_gain.csv").set_index("variant").loc["Belle II"]
    assert gain["compared"] == 7
    # `compare` took over what `maximise` had found: the same values, none computed twice
    for name in ("today", "Belle-II"):
        own = pd.read_csv(out / name / "maximise_mu_eff.csv")
        label = name.replace("-", " ")
        pd.testing.assert_series_equal(
            own["mu_eff_max"], table.loc[table["variant"] == label, "mu_eff_max"].reset_index(drop=True)
        )
    again = darkmoment("run", file, "--out", out, "--resume")
    assert (again.code, again.out) == (answer.code, answer.out)


def test_edges_of_nothing_are_refused(darkmoment, tmp_path) -> None:
    file = tmp_path / "steps.yaml"
    tasks = FILE.index("tasks:")
    file.write_text(FILE[:tasks] + "tasks:\n  - maximise: {edges: true}\n")
    answer = darkmoment("check", file)
    assert answer.code == 2
    assert "task maximise: edges: true puts values at the ends of curves along a parameter" in answer.err


def test_the_time_goes_with_the_values(fits) -> None:
    from darkmoment.reading import _with_edges

    task = loads(FILE, "steps.yaml").tasks[0]
    assert _with_edges(task, fits[0], fits).options["points"] == 7
    assert task.options["points"] == 3
