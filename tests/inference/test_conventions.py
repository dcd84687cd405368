"""One question with every shape: who takes a shape, and answers known by other means."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import norm

from darkmoment.fit import Fit
from darkmoment.inference.conventions import (
    AS_IT_IS,
    CONVENTIONS,
    DEFAULT,
    compare_conventions,
    reshaped,
    spread_of,
)
from darkmoment.runfile.loader import loads

# only y and epsilon are free, wide enough that data bound both
TWO = """
name: two
flavour: single_y
parameters:
  m_dark_photon: {range: [1e-2, 0.5], prior: log_uniform, reference: 0.1}
  epsilon: {range: [1e-7, 1e-2], prior: log_uniform, reference: 1e-4}
  y: {range: [1e-3, 2.9], prior: log_uniform, reference: 0.1}
  g_D: 0.5
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: 2000
experiments:
  meg2: {shape: step}
  na64: {}
"""
SEEDS = [1, 7, 2026]
MASSES = [0.03, 0.1]


@pytest.fixture(scope="module")
def fit():
    return Fit(loads(TWO).base)


def half_gaussian(strength):
    return (norm.ppf(0.95) * strength) ** 2


def poisson_of_zero(strength):
    """Nothing seen: chi2 = 2 signal events, ln(10) of them at a 90% limit."""
    return 2 * np.log(10) * strength


def shifted_gaussian(strength, limit=1.5, sensitivity=2.2):
    """MEG II 2025, in 1e-13: as wide as the sensitivity; a tenth of s >= 0 lies above the limit."""
    sigma = sensitivity / norm.ppf(0.95)
    centre = brentq(lambda c: norm.sf((limit - c) / sigma) / norm.sf(-c / sigma) - 0.1, -20 * sigma, limit)
    s = strength * limit
    best = max(centre, 0.0)
    return ((s - centre) ** 2 - (best - centre) ** 2) / sigma**2


def largest_product(first, second):
    """Return the largest sqrt(r t) with first(r) + second(t) <= threshold: mu_eff in units of both edges.

    mu_eff goes as y^2 epsilon, BR(mu -> e gamma) as y^4 and the events in NA64 as epsilon^2.
    """

    threshold = norm.ppf(0.95) ** 2

    def at(share):
        edges = [
            brentq(lambda x, f=f, c=c: f(x) - c, 0.0, 50.0)
            for f, c in ((first, share * threshold), (second, (1 - share) * threshold))
        ]
        return -np.sqrt(edges[0] * edges[1])

    return -minimize_scalar(at, bounds=(1e-6, 1 - 1e-6), method="bounded", options={"xatol": 1e-10}).fun


def test_every_convention_gives_its_closed_result(fit):
    known = {
        AS_IT_IS: 1.0,  # MEG II uses up none of the allowance, NA64 all of it
        DEFAULT: largest_product(half_gaussian, half_gaussian),
        "limit_and_sensitivity": largest_product(shifted_gaussian, half_gaussian),
        "counting": largest_product(half_gaussian, poisson_of_zero),
        "step": 1.0,
    }
    assert known[DEFAULT] == pytest.approx(np.sqrt(0.5), rel=1e-9)
    at = fit.predictions({"m_dark_photon": np.array(MASSES), "y": 0.1})
    y_limit = 0.1 * (fit.experiments["meg2"].limit(at) / at["BR_mu_e_gamma"]) ** 0.25
    edge = fit.experiments["na64"].limit(at)
    edges = edge * fit.predictions({"m_dark_photon": np.array(MASSES), "y": y_limit})["mu_emu"]
    for seed in SEEDS:
        print("seed", seed)
        found = compare_conventions(fit, "mu_eff", "m_dark_photon", MASSES, seed=seed)
        assert found.certified
        for name, expected in known.items():
            part = found.table[found.table["convention"] == name]
            np.testing.assert_allclose(part["mu_eff_max"] / edges, expected, rtol=1e-5, err_msg=name)
            np.testing.assert_allclose(part["ratio_to_default"], expected / known[DEFAULT], rtol=1e-5)
        np.testing.assert_allclose(
            found.spread["spread"], max(known.values()) / min(known.values()), rtol=1e-5
        )
        assert found.spread["m_dark_photon"].tolist() == MASSES


def test_who_takes_a_shape(fit):
    found = compare_conventions(fit, "mu_eff", points=1, starts=1)
    assert found.shapes == {
        AS_IT_IS: {"meg2": "step", "na64": "half_gaussian"},
        DEFAULT: {"meg2": "half_gaussian", "na64": "half_gaussian"},
        "limit_and_sensitivity": {"meg2": "limit_and_sensitivity", "na64": "half_gaussian"},
        "counting": {"meg2": "half_gaussian", "na64": "counting"},
        "step": {"meg2": "step", "na64": "step"},
    }
    assert found.table["convention"].tolist() == list(CONVENTIONS)
    assert len(found.spread) == 1


def test_measurements_keep_their_shape():
    fit = Fit.load("global")
    for name in CONVENTIONS[1:]:
        other = reshaped(fit, name)
        assert other.experiments["g_minus_2"].shape.name == "gaussian"
        # nothing else of the fit changes
        assert [(p.name, p.range) for p in other.parameters] == [(p.name, p.range) for p in fit.parameters]
        for experiment, before in fit.experiments.items():
            assert other.experiments[experiment].dataset == before.dataset
            assert other.experiments[experiment].options == before.options


def test_held_parameters_stay_held(fit):
    assert reshaped(fit.holding({"y": 0.2}), "step").parameter("y").value == 0.2


def test_same_shapes_are_searched_once(fit, monkeypatch):
    from darkmoment.inference import conventions

    asked = []
    true = conventions.maximise

    def counted(some, *arguments, **options):
        asked.append({name: e.shape.name for name, e in some.experiments.items()})
        return true(some, *arguments, **options)

    monkeypatch.setattr(conventions, "maximise", counted)
    reports = []
    found = compare_conventions(
        reshaped(fit, DEFAULT),
        along="m_dark_photon",
        points=MASSES,
        starts=1,
        progress=lambda done, of: reports.append((done, of)),
    )
    assert len(asked) == 4
    assert len({tuple(a.items()) for a in asked}) == 4
    first, second = (found.table[found.table["convention"] == name] for name in CONVENTIONS[:2])
    assert first["mu_eff_max"].tolist() == second["mu_eff_max"].tolist()
    fractions = [done / of for done, of in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_spread_of_odd_answers():
    import pandas as pd

    def spread(*values):
        table = pd.DataFrame({"m": [1.0] * len(values), "q_max": values})
        return spread_of(table, "q", "m")["spread"].iloc[0]

    assert spread(2.0, 3.0, 6.0) == 3.0
    assert spread(2.0, np.nan, 6.0) == 3.0
    assert spread(0.0, 0.0) == 1.0
    assert np.isnan(spread(0.0, 1.0))
    assert np.isnan(spread(np.nan, np.nan))
