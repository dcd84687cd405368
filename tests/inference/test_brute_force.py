"""The certified engine against brute force, on three test likelihoods and at five seeds."""

import numpy as np
import pytest

from darkmoment.inference.maximise import maximise
from darkmoment.inference.profile_map import profile_map
from darkmoment.inference.search import CHI2_TOLERANCE
from tests.inference.toys import curved_valley, hard_edges, two_modes

TOYS = {
    "edges": lambda: hard_edges(False),
    "step": lambda: hard_edges(True),
    "valley": curved_valley,
    "modes": two_modes,
}
SEEDS = (11, 12, 13, 14, 15)
MASSES = np.geomspace(0.012, 0.9, 8)
SPANS = {"edges": (1e-15, 1e-11), "step": (1e-15, 1e-11), "valley": (1e-15, 1e-11), "modes": (1e-15, 1e-11)}


@pytest.fixture(scope="module", params=TOYS)
def case(request):
    fit, truth = TOYS[request.param]()
    at = fit.predictions({})["mu_eff"][0]
    moments = np.geomspace(1e-2 * at, 1e3 * at, 9)
    known = np.array([[truth(m, mu) for mu in moments] for m in MASSES])
    return request.param, fit, truth, moments, known


@pytest.mark.parametrize("seed", SEEDS)
def test_no_cell_of_a_map_is_wrongly_certified(case, seed):
    name, fit, _, moments, known = case
    found = profile_map(fit, "m_dark_photon", "mu_eff", (MASSES, moments), seed=seed)
    chi2, status = found.grid("chi2"), found.grid("status")
    answered = np.isin(status, ["certified", "range"])
    # above 40 the searches agree to a fraction of chi2: nobody draws a contour there
    possible = np.isfinite(known)
    both = answered & possible
    miss = np.abs(chi2[both] - known[both])
    print(name, seed, f"largest miss below 40: {miss[known[both] < 40].max():.2g}")
    assert (miss <= np.maximum(CHI2_TOLERANCE, 1e-3 * known[both])).all()
    assert not (answered & ~possible).any()
    # and it does answer: certainty about nothing would pass the lines above
    print(name, seed, {s: int((status == s).sum()) for s in np.unique(status)})
    assert answered[possible].mean() > 0.95
    assert (status[~possible] == "failed").all()


@pytest.mark.parametrize("seed", SEEDS)
def test_no_maximum_is_wrongly_certified(case, seed):
    _, fit, truth, _, _ = case
    found = maximise(fit, "mu_eff", "m_dark_photon", MASSES[[1, 6]], 0.90, seed=seed).table
    for row in found.itertuples():
        assert row.status in ("certified", "range")
        assert truth(row.m_dark_photon, row.mu_eff_max) == pytest.approx(row.chi2_min + 2.705543, abs=0.02)
