"""Delta chi2 counted from the Standard Model, and one fit after another, where the answer is known."""

import json
from copy import deepcopy
from dataclasses import replace
from math import nan

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

from darkmoment.fit import Fit
from darkmoment.inference.beside import compared
from darkmoment.inference.maximise import maximise
from darkmoment.inference.reference import standard_model_chi2
from darkmoment.inference.waterfall import waterfall
from darkmoment.levels import delta_chi2
from darkmoment.runfile.loader import load, loads

TEXT = """\
name: steps
flavour: single_y
parameters:
  m_dark_photon: 0.1
  epsilon: {range: [1e-7, 1e-2], prior: log_uniform}
  y: {range: [1e-3, 300], prior: log_uniform}
  g_D: 0.5
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: 2000
experiments: {g_minus_2: {dataset: wp2025}, na64: {}}
cumulative: true
variants:
  - {label: start}
  - {label: + MEG II, add: {meg2: {}}}
  - {label: + SINDRUM, add: {sindrum: {}}}
tasks:
  - waterfall: {starts: 2}
"""
WP2025 = (3.8e-10 / 6.3e-10) ** 2
"""Pull of the Standard Model, by hand from the published numbers."""


@pytest.fixture(scope="module")
def fits():
    return [Fit(spec) for spec in loads(TEXT, "steps.yaml").fits]


def test_the_standard_model_is_no_point_of_the_fit_but_has_a_chi2(fits):
    found = dict(zip(fits[-1].terms, standard_model_chi2(fits[-1]), strict=True))
    assert found == {"g_minus_2": pytest.approx(WP2025, rel=1e-12), "na64": 0, "meg2": 0, "sindrum": 0}


@pytest.mark.parametrize("shape", ["half_gaussian", "limit_and_sensitivity", "counting", "step"])
def test_no_signal_costs_what_the_shape_says(shape):
    """A coupling of zero is the same as nothing new, for everything that needs the coupling."""
    names = {"half_gaussian": "meg2", "limit_and_sensitivity": "meg2", "counting": "na64", "step": "na64"}
    text = TEXT.replace("na64: {}}", f"{names[shape]}: {{shape: {shape}}}}}", 1)
    fit = Fit(loads(text.split("cumulative")[0] + "tasks: [maximise]\n", "one.yaml").base)
    off = fit.chi2({"y": 0.0, "epsilon": 0.0})[0]
    np.testing.assert_allclose(standard_model_chi2(fit), off, rtol=1e-9, atol=1e-12)


def test_the_largest_coupling_against_the_standard_model(fits):
    """g-2 alone holds y, with no mixing to add to it: a root of the total chi2 by another route."""
    fit = Fit(replace(fits[0].spec, experiments={"g_minus_2": fits[0].spec.experiments["g_minus_2"]}))
    allowed = WP2025 + delta_chi2(0.90)
    y = brentq(lambda y: fit.total_chi2({"y": y, "epsilon": 1e-7})[0] - allowed, 1e-3, 300, xtol=1e-12)
    row = maximise(fit, "y", above="standard_model", starts=2).table.iloc[0]
    assert row["y_max"] == pytest.approx(y, rel=1e-6)
    assert row["status"] == "certified"
    assert row["chi2_standard_model"] == pytest.approx(WP2025)


def test_an_unknown_origin_is_refused(fits):
    with pytest.raises(ValueError, match=r"above = 'sm' .there is smallest, standard_model"):
        maximise(fits[0], "mu_eff", above="sm")


def test_each_step_names_what_took_the_last_maximum_away(fits):
    found = waterfall(fits, starts=2)
    table = found.table.set_index("variant")
    assert found.certified
    assert list(table["killed_by"]) == ["", "meg2", ""]
    assert table["ratio"].iloc[1] < 0.9
    assert table["ratio"].iloc[2] == pytest.approx(1, abs=1e-6)
    before = table.loc["start"]
    point = {name: before[name] for name in ("epsilon", "y")}
    excess = fits[1].chi2(point)[0][fits[1].terms.index("meg2")]
    assert table["killed_chi2"].iloc[1] == pytest.approx(excess, rel=1e-9)
    said = table["killed_because"].iloc[1]
    assert said.startswith("BR_mu_e_gamma = ")
    assert said.endswith("MEG II (2025) allows 1.5e-13")
    # each step by itself
    alone = maximise(fits[1], "mu_eff", above="standard_model").table.iloc[0]
    assert table.loc["+ MEG II", "mu_eff_max"] == pytest.approx(alone["mu_eff_max"], rel=1e-6)


def test_what_kills_only_together_with_others_says_so(fits):
    """A limit half as strong again as the largest value: chi2 = 2.7055/1.5^4 there, the rest is others'."""
    largest = maximise(fits[0], "mu_eff", above="standard_model_each", starts=2).table["mu_eff_max"].iloc[0]
    own = f"add: {{own: {{limits: mu_eff, value: {1.5 * largest:.12e}, cl: 0.90}}}}"
    text = TEXT.replace("add: {meg2: {}}", own)
    row = waterfall([Fit(spec) for spec in loads(text, "steps.yaml").fits][:2], starts=2).table.iloc[1]
    alone = delta_chi2(0.90) / 1.5**4
    assert row["killed_by"] == "own"
    assert row["killed_chi2"] == pytest.approx(alone, rel=1e-3)
    together = f"chi2 is {alone + delta_chi2(0.90):.3g} above the Standard Model's, and 2.71 is allowed"
    assert f", not too much by itself; with g_minus_2, na64 {together}" in row["killed_because"]


def test_a_limit_exceeded_at_the_expense_of_another_is_said():
    """Where g-2 is better than in the Standard Model, Delta chi2 leaves room for others to be worse."""
    text = TEXT.replace("wp2025", "wp2020").split("cumulative")[0] + "tasks: [maximise]\n"
    found = maximise(Fit(loads(text, "one.yaml").base), "mu_eff", above="standard_model", starts=2)
    assert found.table["chi2_na64"].iloc[0] > 9
    assert any(w.startswith("na64 alone forbids the maximum in 1 of 1 answer") for w in found.warnings)


def test_a_rise_is_said(fits):
    found = waterfall([fits[1], fits[0]], starts=2)
    assert any("start: mu_eff rises by" in w for w in found.warnings)
    (said,) = [w for w in found.warnings if "no step of a waterfall" in w]
    assert said.startswith("start: no step of a waterfall, meg2 of + MEG II is left out")
    assert not [w for w in waterfall(fits, starts=1).warnings if "no step of a waterfall" in w]


def test_nothing_allowed_is_an_answer(fits):
    """A Yukawa range that starts above what MEG II allows."""
    text = TEXT.replace("y: {range: [1e-3, 300]", "y: {range: [0.5, 300]")
    high = [Fit(spec) for spec in loads(text, "steps.yaml").fits][1]
    found = waterfall([fits[0], high, fits[1]], starts=2)
    assert list(found.table["status"]) == ["certified", "failed", "certified"]
    assert not found.certified
    assert np.isnan(found.table["mu_eff_max"].iloc[1])


def test_run_writes_table_figure_and_words(darkmoment, tmp_path):
    file = tmp_path / "steps.yaml"
    file.write_text(TEXT)
    answer = darkmoment("run", file, "--out", tmp_path / "out")
    assert answer.code == 0
    for suffix in ("csv", "json", "png", "pdf"):
        assert (tmp_path / "out" / f"waterfall_mu_eff.{suffix}").is_file()
    assert "+ MEG II: largest mu_eff = " in answer.out
    assert "meg2: BR_mu_e_gamma = " in answer.out


def test_a_step_adopts_what_the_next_one_found(fits):
    """The same answer up to the searches' tolerance; a better or forbidden one is no business of theirs."""
    found = maximise(fits[0], "mu_eff", above="standard_model_each", starts=2)
    row = found.table.iloc[0]
    best = {p.name: row[p.name] for p in fits[0].free}
    limited = replace(found, cells=[deepcopy(found.cells[0])])
    peak = limited.cells[0].peak.found
    peak.u, peak.score = limited.cells[0].problem.unit({**best, "y": best["y"] * 0.999}), peak.score - 2e-3
    adopted = limited.adopting(best)
    assert adopted is not None
    assert adopted.table["mu_eff_max"].iloc[0] == pytest.approx(row["mu_eff_max"], rel=1e-9)
    assert adopted.table["hits"].iloc[0] == row["hits"]
    assert found.adopting({**best, "y": best["y"] * 1.5}) is None
    peak.score -= 0.1
    assert limited.adopting(best) is None


def test_the_waterfall_never_rises_by_rounding(fits):
    ratio = waterfall(fits, starts=2).table["ratio"].iloc[1:]
    assert (ratio <= 1 + 1e-12).all()


def test_maximise_counts_from_the_standard_model_in_a_run_file(darkmoment, tmp_path):
    file = tmp_path / "absolute.yaml"
    task = "tasks:\n  - maximise: {above: standard_model_each, name: absolute, starts: 2}\n"
    text = TEXT.split("cumulative")[0].replace("na64: {}", "na64: {}, borexino: {}")
    file.write_text(text + task)
    answer = darkmoment("run", file, "--out", tmp_path / "out")
    assert answer.code == 0
    table = pd.read_csv(tmp_path / "out" / "absolute.csv")
    assert table["chi2_standard_model"].iloc[0] == pytest.approx(WP2025, rel=1e-6)
    about = json.loads((tmp_path / "out" / "absolute.json").read_text())
    assert about["counted_from"] == "chi2 of the Standard Model"
    assert not (tmp_path / "out" / "summary.csv").exists()  # no profile likelihood: no line of its summary
    assert "it sits at epsilon = " in answer.out
    largest = table["mu_eff_max"].iloc[0]
    fit = Fit(load(file).base)
    limit = fit.experiments["borexino"].limit(
        fit.predictions({"epsilon": table["epsilon"].iloc[0], "y": 1.0})
    )
    said = f"borexino misses the largest value by a factor {float(limit[0]) / largest:.2g}"
    assert f"at this point mu_eff is seen by borexino above {float(limit[0]):.3g} muB: {said}" in answer.out


def test_what_holds_the_answer_does_not_miss_it():
    assert compared({"meg2": 1.5e-13}, "BR_mu_e_gamma", "", 1.4999e-13).endswith(": meg2 holds it there")
    said = compared({"borexino": 2e-11, "lz": nan}, "mu_eff", "muB", 1e-12)
    assert said.startswith("at this point mu_eff is seen by borexino above 2e-11 muB: ")
    assert said.endswith("borexino misses the largest value by a factor 20")
    assert compared({"lz": nan}, "mu_eff", "muB", 1e-12) == ""


def test_maximise_refuses_another_origin(darkmoment, tmp_path):
    file = tmp_path / "absolute.yaml"
    file.write_text(TEXT.split("cumulative")[0] + "tasks:\n  - maximise: {above: standard}\n")
    answer = darkmoment("run", file, "--out", tmp_path / "out")
    assert answer.code == 2
    assert "standard_model" in answer.err


def test_one_fit_makes_no_waterfall(darkmoment, tmp_path):
    file = tmp_path / "one.yaml"
    file.write_text(TEXT.split("cumulative")[0] + "tasks: [waterfall]\n")
    answer = darkmoment("run", file, "--out", tmp_path / "out")
    assert answer.code == 2
    assert "one fit makes no waterfall" in answer.err
