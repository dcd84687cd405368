"""Task `reach`: where each experiment alone meets its limit, and a confidence level."""

import json
from math import pi, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import xlogy
from scipy.stats import chi2 as chi2_distribution

from darkmoment.constants import ALPHA, G_F
from darkmoment.fit import Fit
from darkmoment.inference.reach import ReachError, reach
from darkmoment.runfile.loader import loads

Z90, Z95 = (sqrt(chi2_distribution.isf(1 - level, 1)) for level in (0.90, 0.95))

BASE = """\
name: base
flavour: single_y
parameters:
  m_dark_photon: {range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}
  epsilon: {range: [1e-7, 1e-2], prior: log_uniform, reference: 1e-4}
  y: {range: [1e-3, 2.9], prior: log_uniform, reference: 0.1}
  g_D: 0.5
  delta_theta: {range: [0, pi/2]}
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: 2000
experiments:
"""

MOVED = "tasks:\n  - maximise: {}\n  - profile: {x: m_dark_photon}\n"
"""A question that every free parameter moves."""


def fit(experiments, **changes):
    text = BASE
    for name, value in changes.items():
        (old,) = [line for line in text.splitlines() if line.startswith(f"  {name}:")]
        text = text.replace(old, f"  {name}: {value}")
    return Fit(loads(f"{text}  {experiments}\n{MOVED}").base)


def one(asked, quantity="inner", by="y", level=0.90):
    (found,) = reach(asked, quantity, by, level)
    return found


@pytest.mark.parametrize(("level", "z"), [(0.90, Z90), (0.95, Z95)])
def test_meg_by_the_closed_formula(level, z):
    """BR = alpha inner^2/(768 pi G_F^2 m_E^4) for heavy E; chi2 = (1.645 BR/limit)^2."""
    found = one(fit("meg2: {dataset: 2025}"), level=level)
    expected = sqrt(1.5e-13 * 768 * pi * G_F**2 * 2000**4 / ALPHA)
    assert found.limit.quantity == pytest.approx(expected, rel=1e-5)
    assert found.level.quantity == pytest.approx(expected * sqrt(z / Z90), rel=1e-5)
    assert found.limit.by == pytest.approx(sqrt(found.limit.quantity), rel=1e-12)
    assert (found.outcome, found.notes) == ("reached", ())


@pytest.mark.parametrize(
    ("experiments", "single", "background", "limit"),
    [
        ("mu2e2: {}", 2.8e-18, 0.0, 6.7e-18),
        ("comet: {dataset: phase1}", 3.1e-15, 0.032, 7e-15),
    ],
)
def test_counted_events_by_poisson(experiments, single, background, limit):
    """Conversion goes as inner^2: both edges from the rate at one point and the Poisson ratio alone."""
    asked = fit(experiments)
    rate = float(asked.predictions({"y": 0.05})["CR_mu_e_Al"][0]) / 0.05**4
    found = one(asked)
    assert found.limit.quantity == pytest.approx(sqrt(limit / rate), rel=1e-9)

    def excess(s):
        return 2 * (s - xlogy(background, s + background) + xlogy(background, background)) - Z90**2

    events = brentq(excess, 0.1, 10, xtol=1e-14)
    assert found.level.quantity == pytest.approx(sqrt(events * single / rate), rel=1e-9)


def test_a_rate_that_is_no_power_of_inner():
    """mu -> 3e has a box with y_e^2: found again by a search of its own."""
    asked = fit("sindrum: {}")
    found = one(asked)
    y = brentq(lambda x: float(asked.predictions({"y": x})["BR_mu_3e"][0]) / 1e-12 - 1, 0.01, 3, xtol=1e-14)
    assert found.limit.by == pytest.approx(y, rel=1e-10)
    assert found.limit.quantity == pytest.approx(y**2, rel=1e-10)
    dipole = sqrt(1e-12 / float(asked.predictions({"y": 1e-3})["BR_mu_3e"][0])) * 1e-6
    assert found.limit.quantity < 0.9 * dipole  # the box is what limits it there


def test_epsilon_by_epsilon_is_the_curve():
    asked = fit("na64: {}")
    found = one(asked, "epsilon", "epsilon")
    limit = float(asked.experiments["na64"].limit(asked.predictions({}))[0])
    assert found.limit.quantity == found.limit.by == pytest.approx(limit, rel=1e-12)
    assert found.level.quantity == pytest.approx(limit, rel=1e-6)
    pulled = one(asked, "epsilon", "epsilon", 0.95)
    assert pulled.level.quantity == pytest.approx(limit * sqrt(Z95 / Z90), rel=1e-6)


def test_a_quantity_that_falls():
    """inner falls to zero as the flavour vectors turn: the limit is met coming from pi/2."""
    text = BASE.replace("single_y", "general").replace(
        "  y: {range: [1e-3, 2.9], prior: log_uniform, reference: 0.1}",
        "  y_e: 0.5\n  y_mu: 0.5\n  flavour_angle: {range: [0, pi/2]}",
    )
    asked = Fit(loads(f"{text}  meg2: {{}}\n{MOVED}").base)
    found = one(asked, by="flavour_angle")

    def over(angle):
        return float(asked.predictions({"flavour_angle": angle})["BR_mu_e_gamma"][0]) / 1.5e-13 - 1

    assert found.limit.by == pytest.approx(brentq(over, 0.5, 1.57, xtol=1e-14), rel=1e-12)
    assert found.limit.quantity == pytest.approx(0.25 * np.cos(found.limit.by), rel=1e-12)
    assert found.notes == ()


@pytest.mark.parametrize(
    ("dataset", "value", "sigma"), [("wp2025", 38e-11, 63e-11), ("wp2020", 249e-11, 48e-11)]
)
def test_a_measurement_with_a_pull_at_zero(dataset, value, sigma):
    """Delta chi2 counts from the value that fits best, which is not zero; there is no limit of its own."""
    asked = fit(f"g_minus_2: {{dataset: {dataset}}}", m_E=100)
    found = one(asked)

    def pull(y):
        return (float(asked.predictions({"y": y})["delta_a_mu"][0]) - value) / sigma

    y = brentq(lambda x: pull(x) - Z90, 1e-3, 3.5, xtol=1e-14)
    assert found.level.by == pytest.approx(y, rel=1e-6)
    assert found.level.quantity == pytest.approx(y**2, rel=1e-6)
    assert not found.limit.met
    notes = "; ".join(found.notes)
    assert "a measurement has no limit of its own" in notes
    unseen = pull(1e-9) ** 2
    assert (f"a smaller inner is not allowed: Delta chi2 = {unseen:.3g} at" in notes) == (dataset == "wp2020")


def test_a_hard_limit_meets_both_at_once():
    found = one(fit("meg2: {shape: step}"))
    assert found.limit.quantity == pytest.approx(found.level.quantity, rel=1e-9)
    assert found.limit.quantity == pytest.approx(one(fit("meg2: {}")).limit.quantity, rel=1e-9)


def test_nothing_is_left_out_of_the_list():
    asked = fit("meg2: {}\n  na64: {}\n  borexino: {}\n  g_minus_2: {}", m_dark_photon="{range: [9, 30]}")
    found = {f.experiment: f for f in reach(asked, "inner", "y")}
    assert list(found) == ["meg2", "na64", "borexino", "g_minus_2"]
    outcomes = {name: f.outcome for name, f in found.items()}
    assert outcomes["na64"] == "does not depend on it"
    assert outcomes["borexino"] == outcomes["g_minus_2"] == "not reached"
    notes = found["borexino"].notes
    assert "its limit is not met up to inner = 12.6 (y = 3.54)" in notes
    silent = one(fit("na64: {}", m_dark_photon="{range: [9, 30]}"), "epsilon", "epsilon")
    assert silent.outcome == "says nothing"
    assert silent.notes == ("at this point they are outside its range",)
    assert not silent.limit.met


def test_an_edge_outside_the_range_is_said():
    found = one(fit("meg2: {}", y="{range: [1e-3, 1e-2], prior: log_uniform}"))
    assert found.limit.quantity == pytest.approx(one(fit("meg2: {}")).limit.quantity, rel=1e-9)
    assert any("outside its range 0.001 to 0.01" in note for note in found.notes)


def test_an_edge_that_is_passed_before_the_line_begins():
    found = one(fit("meg2: {}", y="{range: [1, 1.5], prior: uniform}"))
    assert found.outcome == "not reached"
    assert found.notes == (
        "its limit is passed already at inner = 1",
        "the 90% level is passed already at inner = 1",
    )


def test_a_closed_region_is_left_again_further_up():
    asked = fit("meg2: {}")
    shape = asked.experiments["meg2"].shape

    class Closed(type(shape)):
        def chi2(self, response):
            return np.where(response > 100, 0.0, super().chi2(response))

    asked.experiments["meg2"].shape = Closed(shape.cl)
    found = one(asked)
    assert found.level.quantity == pytest.approx(found.limit.quantity, rel=1e-6)
    assert found.notes == ("the 90% level is undone again further up",)


@pytest.mark.parametrize(
    ("quantity", "by", "message"),
    [
        ("inner", "epsilon", "epsilon does not move inner"),
        ("mu_emu", "delta_theta", "mu_emu does not rise, or fall, all along delta_theta"),
    ],
)
def test_what_cannot_be_reached_by_a_parameter(quantity, by, message):
    with pytest.raises(ReachError, match=message):
        reach(fit("meg2: {}"), quantity, by)


# --- the task -----------------------------------------------------------------------------------------------

TASKS = """\
variants:
  - {label: now}
  - {label: soon, add: {mu2e: {dataset: full}}}
  - {label: later, add: {mu2e: {dataset: run1}, sindrum: {}}}
  - {label: light, parameters: {m_E: 1000}}
tasks:
  - reach: {by: y, for: [now, soon, later]}
"""


@pytest.fixture
def file(tmp_path):
    target = tmp_path / "base.yaml"
    target.write_text(f"{BASE}  meg2: {{}}\n  na64: {{}}\n  g_minus_2: {{}}\n{TASKS}")
    return target


def test_one_row_for_what_variants_share(darkmoment, file, tmp_path):
    out = tmp_path / "out"
    answer = darkmoment("run", file, "--out", out)
    assert answer.code == 0, answer.err
    table = pd.read_csv(out / "reach_inner.csv")
    assert table["experiment"].tolist() == ["meg2", "na64", "g_minus_2", "mu2e", "mu2e", "sindrum"]
    assert table["variant"].tolist() == ["now"] * 3 + ["soon", "later", "later"]
    assert table["status"].tolist() == ["measured"] * 3 + ["projected"] * 2 + ["measured"]
    assert table["outcome"].tolist() == [
        *("reached", "does not depend on it", "not reached", "reached", "reached", "reached")
    ]
    assert table["limit_inner"].notna().tolist() == [True, False, False, True, True, True]
    about = json.loads((out / "reach_inner.json").read_text())
    assert about["points"]["now"]["m_E"] == 2000
    assert "y" not in about["points"]["now"]
    assert about["references"]["meg2 (2025)"] == ["2504.15711"]
    said = answer.out.splitlines()
    assert said[0].startswith("Mu2e (full, projected) reaches inner = ")
    assert any(line == "not moved by y: NA64 e- (2023)" for line in said)
    assert any(line.startswith("muon g-2 (wp2025): inner is out of reach: ") for line in said)
    assert (out / "reach_inner.png").read_bytes().startswith(b"\x89PNG")
    again = darkmoment("run", file, "--out", out, "--resume")
    assert again.out == answer.out
    # the same experiment at another reference point is another row
    file.write_text(file.read_text().replace(", for: [now, soon, later]", ""))
    every = darkmoment("run", file, "--out", tmp_path / "all")
    assert every.code == 0
    for variant in ("now", "light"):
        assert f"MEG II (2025) of {variant} reaches inner = " in every.out
    table = pd.read_csv(tmp_path / "all" / "reach_inner.csv")
    own = table[table["experiment"] == "meg2"].set_index("variant")["limit_inner"]
    assert list(own.index) == ["now", "light"]
    assert own["now"] == pytest.approx(4 * own["light"], rel=1e-4)


def test_a_question_without_meaning_is_refused_before_the_run(darkmoment, file, tmp_path):
    for options, message in (
        ("{by: epsilon}", "task reach: now: epsilon does not move inner"),
        ("{by: g_D}", "'g_D' for by of task reach is fixed"),
        ("{quantity: inner}", "task reach needs 'by'"),
        ("{by: y, quantity: inne}", "did you mean 'inner'?"),
        ("{by: y, level: 90}", "did you mean '0.9'?"),
    ):
        file.write_text(file.read_text().partition("  - reach")[0] + f"  - reach: {options}\n")
        answer = darkmoment("run", file, "--out", tmp_path / "no")
        assert answer.code == 2, options
        assert message in answer.err
