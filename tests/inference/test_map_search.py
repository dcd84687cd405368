"""Profile maps on the shipped fits: targets met, searches that agree, limits that are those of `maximise`."""

import numpy as np
import pytest

from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew
from darkmoment.inference.elimination import eliminate, eliminate_most
from darkmoment.inference.lattice import lattice
from darkmoment.inference.map_search import MapSearch
from darkmoment.inference.maximise import maximise
from darkmoment.inference.problem import Problem
from darkmoment.inference.profile_map import profile_map
from darkmoment.inference.search import CellSearch, search_all
from darkmoment.levels import delta_chi2


@pytest.fixture(scope="module", params=["single_y", "general"])
def fit(request):
    return Fit.load("global", request.param)


@pytest.mark.parametrize(
    "quantities",
    [
        ["mu_eff"],
        ["mu_emu"],
        ["BR_mu_e_gamma"],
        ["mu_eff", "BR_mu_e_gamma"],
        ["delta_a_mu"],
        ["BR_mu_3e"],
        ["CR_mu_e_Al"],
        ["mu_eff", "BR_mu_3e"],
    ],
)
def test_solved_parameters_meet_the_targets(fit, quantities):
    rng = np.random.default_rng(31)
    at = {p.name: p.from_unit(rng.random(50)) for p in fit.free}
    at["m_dark_photon"] = np.full(50, 0.1)
    targets = {q: fit.predictions(at)[q] for q in quantities}
    cells = lattice(fit, (50,), {"m_dark_photon": np.full(50, 0.1), **targets})
    land = cells.landscape
    u = rng.random((50, land.dimension))
    points = land.parameters(u, np.arange(50)) | land.look(u, np.arange(50)).solved
    points = {name: value for name, value in points.items() if not name.endswith("wanted")}
    inside = (land.look(u, np.arange(50)).walls <= 0).all(axis=1)
    assert inside.any()
    kept = {name: value[inside] for name, value in points.items()}
    for q in quantities:
        np.testing.assert_allclose(fit.predictions(kept)[q], targets[q][inside], rtol=1e-11)
    # and what is reported is the fit's own chi2 there
    np.testing.assert_allclose(
        land.look(u, np.arange(50)).chi2[inside], fit.chi2(kept), rtol=1e-9, atol=1e-12
    )


def test_what_is_no_power_is_not_solved_for(fit):
    assert eliminate(fit, ["delta_a_mu"]) is None
    some = eliminate_most(fit, ["mu_eff", "delta_a_mu"])
    assert some is not None
    assert some.quantities == ("mu_eff",)
    # but it rises along some parameter, which will do
    land = lattice(fit, (1,), {"delta_a_mu": np.array([1e-10])}).landscape
    assert land.sprung == []
    assert len(land.solved) == 1


def test_the_widest_range_is_solved_for(fit):
    assert eliminate(fit, ["mu_eff"]).parameters == ("epsilon",)
    assert eliminate(fit, ["mu_eff"], held=["epsilon"]).parameters != ("epsilon",)


@pytest.mark.parametrize("seed", [1, 2])
def test_map_and_sequential_search_agree(fit, seed):
    """The same cells by another route: SLSQP in all coordinates with mu_eff as a constraint."""
    masses, moments = np.array([0.004, 0.1, 2.0]), np.array([1e-13, 1e-11, 3e-10, 3e-9])
    found = profile_map(fit, "m_dark_photon", "mu_eff", (masses, moments), seed=seed)
    assert found.certified
    chi2 = found.grid("chi2")
    for i, m in enumerate(masses):
        row = [
            CellSearch(Problem(fit, "mu_eff", {"m_dark_photon": m}, mu), [seed, i, j], 4)
            for j, mu in enumerate(moments)
        ]
        search_all(row, Crew())
        other = np.array([-cell.found.score for cell in row])
        near = np.isfinite(other) & (other < 40)
        assert near.any()
        # neither is to be lower than the other by what decides a limit
        assert (chi2[i][near] <= other[near] + 1e-3).all()
        agreed = np.array([cell.found.agreed for cell in row])
        np.testing.assert_allclose(chi2[i][near & agreed], other[near & agreed], atol=0.02)


def test_the_map_crosses_the_level_where_maximise_ends(fit):
    masses = np.array([0.01, 0.1, 1.0])
    limits = maximise(fit, "mu_eff", "m_dark_photon", masses).table["mu_eff_max"].to_numpy()
    for m, limit in zip(masses, limits, strict=True):
        found = profile_map(fit, "m_dark_photon", "mu_eff", ([m], limit * np.array([0.999, 1.0, 1.001])))
        delta = found.table["delta_chi2_at_x"].to_numpy()
        assert delta[0] < delta_chi2(0.90) < delta[2]
        assert delta[1] == pytest.approx(delta_chi2(0.90), abs=2e-3)


def test_an_observable_gets_a_window_around_its_largest_values(fit):
    found = profile_map(fit, "m_dark_photon", "mu_eff", (4, 12))
    delta = found.grid("delta_chi2_at_x")
    assert (delta[:, 0] < 0.1).all()
    assert (delta[:, -1] > delta_chi2(0.95)).all()


def test_axes_are_interchangeable(fit):
    masses, moments = np.array([0.01, 0.5]), np.array([1e-12, 1e-10, 1e-9])
    one = profile_map(fit, "m_dark_photon", "mu_eff", (masses, moments)).grid("chi2")
    other = profile_map(fit, "mu_eff", "m_dark_photon", (moments, masses)).grid("chi2")
    both = np.isfinite(one)
    assert (both == np.isfinite(other.T)).all()
    np.testing.assert_allclose(one[both], other.T[both], rtol=1e-3, atol=2e-3)


def test_the_same_seed_gives_the_same_bits_and_another_the_same_answer(fit):
    points = (np.array([0.01, 0.5]), np.array([1e-12, 1e-10, 1e-9]))
    maps = [profile_map(fit, "m_dark_photon", "mu_eff", points, seed=s).table for s in (5, 5, 6)]
    assert maps[0].equals(maps[1])
    near = maps[0]["chi2"] < 40
    np.testing.assert_allclose(maps[0]["chi2"][near], maps[2]["chi2"][near], atol=5e-3)


def test_minima_on_the_knots_of_a_curve_are_found():
    """With m_dark_photon free, BaBar's fine structure decides; the searches must agree on it."""
    fit = Fit.load("global", "single_y")
    moments = np.array([1e-10, 1e-9, 4e-9])
    values = []
    for seed in (1, 2, 3):
        search = MapSearch(lattice(fit, (3,), {"mu_eff": moments}), 8, [seed], Crew())
        search.run()
        assert search.reached.all()
        values.append(search.chi2)
    np.testing.assert_allclose(values, np.broadcast_to(np.min(values, axis=0), (3, 3)), atol=5e-3)
    mass = search.lattice.landscape.parameters(search.u, np.arange(3))["m_dark_photon"]
    knots = fit.experiments["babar"].knots["m_dark_photon"]
    assert (np.abs(np.log(mass[:, None] / knots)).min(axis=1) < 1e-9).any()


def test_a_range_that_a_cell_leans_on_is_named(fit):
    found = profile_map(fit, "m_dark_photon", "mu_eff", ([0.1], [1e-14, 1e-8])).table
    far = found.iloc[1]
    assert far["status"] == "range"
    assert "m_E max" in far["at_bound"] or "y_mu max" in far["at_bound"]
    # d Delta chi2 / d ln(end) by asking again with the end moved by 1%
    from dataclasses import replace

    name, end, _, slope = far["at_bound"].split("; ")[-1].split()[:4]
    spec = fit.spec
    p = spec.parameters[name]
    lower, upper = p.range
    moved = (lower, upper * 1.01) if end == "max" else (lower * 1.01, upper)
    other = Fit(replace(spec, parameters={**spec.parameters, name: replace(p, range=moved)}))
    again = profile_map(other, "m_dark_photon", "mu_eff", ([0.1], [1e-14, 1e-8])).table.iloc[1]
    change = again["delta_chi2_at_x"] - far["delta_chi2_at_x"]
    assert change == pytest.approx(float(slope.strip("()")) * np.log(1.01), rel=0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": "m_dark_photon", "y": "m_dark_photon"}, "both axes"),
        ({"x": "m_dark_photon", "y": "mu_ef"}, "no parameter or observable 'mu_ef'"),
        ({"x": "m_dark_photon", "y": "mu_eff", "points": (1, 5)}, "two or more"),
        ({"x": "m_dark_photon", "y": "mu_eff", "y_window": (1e-9, 1e-12)}, "upside down"),
        ({"x": "m_dark_photon", "y": "mu_eff", "y_window": (0.0, 1e-12)}, "logarithmic"),
        ({"x": "m_dark_photon", "y": "mu_eff", "points": ([0.1, 0.01], 5)}, "rising order"),
        ({"x": "m_dark_photon", "y": "mu_eff", "starts": 0}, "at least one"),
        ({"x": "m_dark_photon", "y": "g_D", "y_window": (-1.0, 0.5)}, "g_D"),
    ],
)
def test_what_makes_no_map_is_refused(fit, options, message):
    with pytest.raises(ValueError, match=message):
        profile_map(fit, **options)
