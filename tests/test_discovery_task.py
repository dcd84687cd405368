"""Task `discovery`: who needs the least of an injected signal, and at how many sigma each sees it."""

import json
from math import exp, log, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, poisson

from darkmoment.fit import Fit
from darkmoment.inference.discovery import discoveries
from darkmoment.runfile.loader import loads
from darkmoment.tasks.discovery import sentences

FILE = """\
name: signal
flavour: single_y
parameters:
  m_dark_photon: {range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}
  epsilon: {range: [1e-7, 1e-2], prior: log_uniform, reference: 2e-4}
  y: {range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}
  g_D: 0.5
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 1e-3
  m_E: 2000
experiments:
  g_minus_2: {dataset: wp2025}
  babar: {shape: step}
  mu2e: {dataset: run1}
  mu2e2: {}
  na64_1e13: {}
  belle2: {}
data: {asimov: {at: reference}}
"""
TASK = "tasks:\n  - discovery: {}\n"


@pytest.fixture(scope="module")
def fit() -> Fit:
    return Fit(loads(FILE, "signal.yaml").base)


@pytest.fixture(scope="module")
def found(fit: Fit) -> object:
    return discoveries(fit)


@pytest.fixture(scope="module")
def table(found) -> pd.DataFrame:
    return found.table.set_index("experiment")


def test_ranks(found, table) -> None:
    assert list(found.table["experiment"][:3]) == ["mu2e2", "mu2e", "na64_1e13"]
    assert found.table["rank"][:3].tolist() == [1, 2, 3]
    # neither what has measured nor what says nothing here
    assert found.table["rank"][3:].isna().all()
    assert table.loc["belle2", "remark"] == "says nothing here"
    assert table.loc["belle2", ["sigma", "factor_3"]].tolist() == [0, np.inf]
    assert table.loc["babar", "remark"] == "a hard limit knows no data"
    assert table.loc["babar", ["sigma", "factor_3"]].isna().all()
    some = table.loc[["mu2e", "na64_1e13", "g_minus_2"]]
    assert (some["factor_5"] > some["factor_3"]).all()


def test_counting_with_background(fit, table) -> None:
    row, b = table.loc["mu2e"], 0.11
    # 2.303 events at the limit, as no event is the median without a signal
    s = 2.302585093 * float(fit.predictions({})["CR_mu_e_Al"][0]) / 6.2e-16
    assert row["signal_events"] == pytest.approx(s, rel=1e-8)
    assert row["background_events"] == b
    assert row["sigma_asimov"] == pytest.approx(sqrt(2 * ((s + b) * log(1 + s / b) - s)), rel=1e-8)
    median = next(n for n in range(99) if poisson.cdf(n, s + b) >= 0.5)
    assert row["sigma"] == pytest.approx(norm.isf(poisson.sf(median - 1, b)), rel=1e-6)
    # 3 events: P(N >= 2 | 0.11) = 5.6e-3 is too often, P(N >= 3 | 0.11) = 2.0e-4 is not
    need = next(n for n in range(9) if poisson.sf(n - 1, b) <= norm.sf(3))
    assert need == 3
    assert poisson.sf(2, b + row["factor_3"] * s) == pytest.approx(0.5, rel=1e-9)
    assert row["chance_3"] == pytest.approx(poisson.sf(2, b + s), rel=1e-9)


def test_counting_without_background(fit, found, table) -> None:
    row = table.loc["mu2e2"]
    s = float(fit.predictions({})["CR_mu_e_Al"][0]) / 2.8e-18
    assert row["sigma"] == row["sigma_asimov"] == np.inf
    # together without it: one event would be all there is to say
    assert found.left_out == ("Mu2e-II (goal, projected)",)
    others = table["sigma_asimov"].drop(["mu2e2", "babar"])
    assert found.sigma == pytest.approx(sqrt((others**2).sum()), rel=1e-12)
    assert row["signal_events"] == pytest.approx(s, rel=1e-8)
    assert row["chance_3"] == pytest.approx(1 - exp(-s))
    assert row["factor_3"] == row["factor_5"] == pytest.approx(log(2) / s, rel=1e-8)


@pytest.mark.parametrize("power", [0.99, 1.01])
def test_the_median_experiment_has_three_sigma_where_the_factor_is_below_one(fit, table, power) -> None:
    """At 1.01 times the signal that factor_3 asks for it has 3 sigma or more, at 0.99 of it less."""
    for name in ("mu2e", "mu2e2"):
        for n in (3, 5):
            scale = (power * table.loc[name, f"factor_{n}"]) ** (1 / 4)
            there = fit.observing({"y": fit.injected["y"] * scale})
            again = discoveries(there).table.set_index("experiment").loc[name]
            assert (again["sigma"] >= n) == (power > 1)
            if name == "mu2e2":
                assert again["sigma"] == (np.inf if power > 1 else 0.0)


def test_gaussians(fit, table) -> None:
    for name, width in (("na64_1e13", norm.isf(0.05)), ("g_minus_2", 1.0)):
        row = table.loc[name]
        e = fit.experiments[name]
        if name == "g_minus_2":
            signal = float(fit.predictions({})["delta_a_mu"][0]) / e.dataset.sigma
            assert row["strength"] == pytest.approx(signal - e.dataset.value / e.dataset.sigma, rel=1e-9)
        else:
            signal = float(e.response(fit.predictions({}))[0])
            assert row["strength"] == pytest.approx(signal)
        assert row["sigma"] == pytest.approx(width * abs(signal), rel=1e-7)
        assert row["factor_5"] == pytest.approx(5 / (width * abs(signal)), rel=1e-7)
        assert row["chance_3"] == pytest.approx(norm.sf(3 - row["sigma"]), rel=1e-9)
        assert np.isnan(row["signal_events"])


def test_the_factor_is_one_where_three_sigma_are_injected(fit, table) -> None:
    """The strength goes as epsilon^2 and y^4: move there, and nothing more is needed."""
    for name, parameter, power in (("na64_1e13", "epsilon", 2), ("mu2e", "y", 4), ("mu2e2", "y", 4)):
        factor = table.loc[name, "factor_3"]
        there = fit.observing({parameter: fit.injected[parameter] * factor ** (1 / power)})
        again = discoveries(there).table.set_index("experiment").loc[name]
        assert again["factor_3"] == pytest.approx(1, rel=1e-6)
        assert again["chance_3"] == pytest.approx(0.5, rel=1e-6)


def test_only_what_is_to_come_sees_it_first_but_where_there_is_nothing_to_come() -> None:
    text = FILE
    for name in ("mu2e:", "mu2e2:", "na64_1e13:", "belle2:"):
        (line,) = [x for x in text.splitlines() if x.startswith(f"  {name}")]
        text = text.replace(f"{line}\n", "")
    measured = discoveries(Fit(loads(text, "signal.yaml").base)).table
    assert measured["experiment"][0] == "g_minus_2"
    assert measured["rank"][0] == 1


def test_today_holds_what_projections_contain(found) -> None:
    today = {t.experiment: t for t in found.today}
    assert set(today) == {"g_minus_2", "babar", "na64"}  # na64_1e13 supersedes na64
    assert today["g_minus_2"].measurement
    assert not any(t.excludes for t in found.today)


@pytest.mark.parametrize(
    ("epsilon", "excluded"), [(2e-4, set()), (4e-4, {"na64"}), (2e-3, {"na64", "babar"})]
)
def test_what_is_excluded_today(fit, epsilon, excluded) -> None:
    found = discoveries(fit.observing({"epsilon": epsilon}))
    assert {t.experiment for t in found.today if t.excludes} == excluded


def test_a_measurement_excludes_what_is_worse_than_no_signal(fit) -> None:
    found = {t.experiment: t for t in discoveries(fit.observing({"y": 3.0})).today}
    e = fit.experiments["g_minus_2"].dataset
    pull = found["g_minus_2"].strength
    assert found["g_minus_2"].excludes == (pull**2 - (e.value / e.sigma) ** 2 > 2.7055)


def test_published_data_hold_no_signal() -> None:
    published = Fit(loads(FILE.replace("data: {asimov: {at: reference}}\n", ""), "signal.yaml").base)
    with pytest.raises(ValueError, match="published data"):
        discoveries(published)


def test_the_run(darkmoment, tmp_path) -> None:
    file, out = tmp_path / "signal.yaml", tmp_path / "out"
    file.write_text(FILE + TASK)
    answer = darkmoment("run", file, "--out", out)
    assert answer.code == 0
    assert (
        "signal: Mu2e-II (goal, projected) needs the least signal, 0.000424 of the injected one" in answer.out
    )
    assert (
        "2. Mu2e (run1, projected): 11.6 sigma in the median experiment (17 events over 0.11; Asimov 11.8); "
        "3 sigma from 0.151" in answer.out
    )
    assert "no part in it (outside their range, or hard limits): " in answer.out
    assert "today's data allow the injected point; closest is NA64" in answer.out
    assert "warning: signal: no background at all is assumed for Mu2e-II (goal, projected)" in answer.err
    assert "belle2 says nothing at the injected point" in answer.err
    assert "babar is a hard limit, which knows no data" in answer.err
    about = json.loads((out / "discovery.json").read_text())
    assert about["data"] == "Asimov data at reference"
    assert about["injected"]["epsilon"] == 2e-4
    together = (
        f"signal: together {about['sigma_together']:.3g} sigma (Asimov), without Mu2e-II (goal, projected)"
    )
    assert together in answer.out
    assert about["sigma_together_leaves_out"] == ["Mu2e-II (goal, projected)"]
    assert [t["experiment"] for t in about["today"]] == ["g_minus_2", "babar", "na64"]
    assert set(about["columns"]) <= set(pd.read_csv(out / "discovery.csv").columns)
    for suffix in ("png", "pdf"):
        assert (out / f"discovery.{suffix}").stat().st_size > 5000
    again = darkmoment("run", file, "--out", out, "--resume")
    assert again.code == 0
    assert again.out == answer.out


def test_a_point_that_is_excluded_is_a_warning(darkmoment, tmp_path) -> None:
    file = tmp_path / "signal.yaml"
    file.write_text(FILE.replace("at: reference", "at: {epsilon: 2e-3}") + TASK)
    answer = darkmoment("run", file, "--out", tmp_path / "out")
    assert answer.code == 0
    assert (
        "warning: signal: the injected point is excluded today by BaBar (2017), 4.46 times its limit"
        in answer.err
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "this fit has published data: write data: {asimov: {at: reference}} at the top level"),
        ("data: observed\n", "this fit has published data: write data: {asimov: {at: reference}}"),
        (
            "data: {asimov: {at: background}}\n",
            "this fit has Asimov data without signal: write at: reference",
        ),
    ],
)
def test_nothing_to_discover_is_said_before_anything_runs(darkmoment, tmp_path, data, message) -> None:
    file, out = tmp_path / "signal.yaml", tmp_path / "out"
    file.write_text(FILE.replace("data: {asimov: {at: reference}}\n", data) + TASK)
    line = (
        (FILE.replace("data: {asimov: {at: reference}}\n", data) + TASK)
        .splitlines()
        .index("  - discovery: {}")
    )
    for answer in (darkmoment("run", file, "--out", out), darkmoment("check", file)):
        assert answer.code == 2
        assert f"signal.yaml:{line + 1}: task discovery: {message}" in answer.err
    assert not out.exists()


def test_variants_without_a_signal_are_named(darkmoment, tmp_path) -> None:
    file = tmp_path / "signal.yaml"
    variants = "variants:\n  - {label: with}\n  - {label: without, data: observed}\n"
    file.write_text(FILE + variants + TASK)
    answer = darkmoment("check", file)
    assert (
        "without has published data: write data: {asimov: {at: reference}} in that variant, or" in answer.err
    )
    file.write_text(FILE + variants + "tasks:\n  - discovery: {for: with}\n")
    assert darkmoment("check", file).code == 0


def test_a_signal_too_small_for_all(fit) -> None:
    faint = sentences(discoveries(fit.observing({"y": 0.01, "epsilon": 1e-6})))
    assert faint[0].startswith(
        "none is likely to see it; Mu2e-II (goal, projected) needs the least signal, 4.2"
    )
    assert any("no background" in text and "(the median experiment sees none)" in text for text in faint)
    none = sentences(discoveries(fit.observing({"y": 0.0, "epsilon": 0.0})))
    assert none[0] == "no experiment of this fit sees anything of the injected signal"


@pytest.mark.parametrize(("flavour", "meg"), [("single_y", 0.93), ("general", 0.46)])
@pytest.mark.parametrize(("phases", "first"), [("first", "meg2_final"), ("last", "mu2e2")])
def test_the_shipped_fit(flavour: str, meg: float, phases: str, first: str) -> None:
    """What its comments say: the reference point is allowed today, and who sees it first."""
    fit = Fit.load("projections", f"signal, {flavour}, {phases} phases")
    assert set(fit.injected) == set(fit.model.parameter_names)
    assert all(fit.injected[p.name] == p.reference for p in fit.parameters)
    found = discoveries(fit)
    assert found.table["experiment"][0] == first
    assert not any(t.excludes for t in found.today)
    today = {t.experiment: t.strength for t in found.today}
    assert today["meg2"] == pytest.approx(meg, abs=0.005)
    assert sqrt(today["na64"]) == pytest.approx(0.48, abs=0.005)
