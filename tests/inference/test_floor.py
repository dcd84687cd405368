"""The smallest chi2 that limits are counted from: what the engine of maps adds to its certificate."""

from types import SimpleNamespace

import numpy as np
import pytest

from darkmoment.fit import Fit
from darkmoment.inference import maximise as module
from darkmoment.inference.cell import Cell
from darkmoment.inference.crew import Crew
from darkmoment.inference.maximise import maximise
from darkmoment.inference.problem import Problem
from darkmoment.runfile.loader import loads

WALLED = """
extends: global
variants: null
tasks: null
flavour: general
parameters:
  y: null
  y_e: {range: [1e-3, sqrt(4*pi)], prior: log_uniform, reference: 0.1}
  y_mu: {range: [1e-3, sqrt(4*pi)], prior: log_uniform, reference: 0.1}
  flavour_angle: {range: [0, pi/2], prior: uniform, reference: pi/4}
experiments: {atlas_vll: {}, electron_g_minus_2: {}}
"""


@pytest.mark.parametrize("seed", [2, 6])
def test_a_floor_behind_a_hard_limit_is_certified(seed):
    """With these seeds none or one of the own searches reaches it; both of the engine of maps do."""
    print(f"seed {seed}")
    fit = Fit(loads(WALLED).base)
    found = maximise(fit, along="m_dark_photon", points=[0.03, 0.3], seed=seed).table.iloc[1]
    assert found["chi2_min"] == pytest.approx(4.667894, abs=1e-3)
    assert found["status"] == "range"
    assert found["chi2_min_hits"] >= 2


def floor_after(monkeypatch, map_chi2, own=(6.0, 6.0), doubted=False):
    """Ask a map that has found `map_chi2` in its two searches, for a cell whose own searches have `own`."""
    fit = Fit.load("global", "single_y")
    cell = Cell(Problem(fit, "mu_eff", {"m_dark_photon": 0.1}), [1, 0], 1, 0.90)
    u = np.full(cell.problem.dimension, 0.5)
    for number, chi2 in enumerate(own):
        cell.floor.found.add(number, u, -chi2)
    searches = [
        SimpleNamespace(exact=u[None] + 0.1 * (k + 1), chi2=np.array([c])) for k, c in enumerate(map_chi2)
    ]
    best = min(searches, key=lambda search: search.chi2[0])
    lines = SimpleNamespace(
        searches=searches, u=best.exact, chi2=best.chi2, doubted=doubted, run=lambda: None
    )
    offers, insisted = [], []
    monkeypatch.setattr(module, "MapSearch", lambda *given: lines)
    monkeypatch.setattr(module, "launch", lambda asked, crew: offers.extend(asked) or [])
    monkeypatch.setattr(module, "insist", lambda floors, crew: insisted.extend(floors))
    module._ask_the_map(fit, [cell], 1, Crew())
    return cell.floor.found, offers, insisted


def test_both_searches_of_a_map_are_evidence(monkeypatch):
    found, offers, insisted = floor_after(monkeypatch, (5.01, 5.0))
    assert found.agreed
    assert found.score == -5.0
    assert found.u[0] == pytest.approx(0.7)
    assert len(offers) == 1
    assert insisted


def test_one_search_of_a_map_is_not(monkeypatch):
    for map_chi2 in ((5.0, 5.1), (5.0, np.inf), (5.1, 5.0)):
        found, _, insisted = floor_after(monkeypatch, map_chi2)
        assert found.score == -5.0
        assert not found.agreed
        assert insisted


def test_each_of_a_pair_counts_for_its_own_number(monkeypatch):
    assert floor_after(monkeypatch, (5.0, 5.3), own=(6.0, 5.0))[0].agreed
    # twice the first, never the second
    assert not floor_after(monkeypatch, (5.0, 5.3), own=(5.0, 6.0))[0].agreed


def test_a_map_that_doubts_itself_is_none(monkeypatch):
    found, offers, _ = floor_after(monkeypatch, (5.0, 5.0), doubted=True)
    assert len(offers) == 1
    assert len(found.arrivals) == 2


def test_a_map_that_finds_nothing_allowed_changes_nothing(monkeypatch):
    found, offers, insisted = floor_after(monkeypatch, (np.inf, np.inf))
    assert found.agreed
    assert len(found.arrivals) == 2
    assert not offers
    assert not insisted
