"""MIGRAD as a second opinion: confirms minima, improves what is none, is not asked where it cannot be."""

import numpy as np
import pytest

from darkmoment.fit import Fit
from darkmoment.inference.best_fit import best_fit
from darkmoment.inference.crew import Crew
from darkmoment.inference.lattice import lattice
from darkmoment.inference.map_search import MapSearch
from darkmoment.inference.maximise import _ask_migrad, maximise
from darkmoment.inference.migrad import NOT_ASKED_HARD, ask_migrad
from darkmoment.inference.problem import Problem
from darkmoment.inference.search import CellSearch
from tests.inference.toys import hard_edges


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_from_a_poor_point_it_goes_down(seed):
    fit = Fit.load("global", "single_y")
    rng = np.random.default_rng(seed)
    cells = {"m_dark_photon": np.array([0.01, 0.3]), "mu_eff": np.array([2e-11, 1e-9])}
    where = lattice(fit, (2,), cells)
    search = MapSearch(where, 4, [seed], Crew())
    search.run()
    best = {p.name: p.from_unit(search.u[:, i]) for i, p in enumerate(where.landscape.free)}
    poor = [
        {name: float(value[i]) for name, value in best.items()} | {"y": float(best["y"][i]) / factor}
        for i, factor in enumerate(1.5 + 0.5 * rng.random(2))
    ]
    for opinion in ask_migrad(where, poor, Crew()):
        assert opinion.lower > 0.02
    known = [{name: float(value[i]) for name, value in best.items()} for i in range(2)]
    for opinion in ask_migrad(where, known, Crew()):
        assert opinion.lower < 1e-3


def test_what_it_finds_lower_is_taken_up():
    """A cell whose searches stopped half-way: MIGRAD says so, and the search goes on from there."""
    fit = Fit.load("global", "single_y")
    cell = CellSearch(Problem(fit, None, {"m_dark_photon": 0.1}), [1, 0], 4)
    bad = np.full(cell.problem.dimension, 0.5)
    bad[[p.name for p in cell.problem.free].index("y")] = 0.75
    cell.found.add(0, bad, -float(cell.problem.view(bad[None, :]).chi2[0]))
    cell.found.add(1, bad, cell.found.score)
    before = cell.found.score
    assert cell.found.agreed
    _ask_migrad(fit, [cell], {}, Crew())
    true = maximise(fit, "mu_eff", "m_dark_photon", [0.1]).table["chi2_min"][0]
    assert before < -true - 0.02
    assert -cell.found.score == pytest.approx(true, abs=1e-4)
    # certified by searches of its own only
    assert cell.found.hits(0)
    assert cell.found.hits(1)


def test_its_status_is_kept():
    table = maximise(Fit.load("global", "single_y"), "mu_eff", "m_dark_photon", [0.01, 0.1]).table
    assert set(table["migrad"]) <= {"valid", "not valid"}


def test_hard_limits_are_not_for_it():
    fit, _ = hard_edges(True)
    table = maximise(fit, "mu_eff", "m_dark_photon", [0.1]).table
    assert set(table["migrad"]) == {NOT_ASKED_HARD}
    assert best_fit(fit).migrad == NOT_ASKED_HARD
