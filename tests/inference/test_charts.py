"""Coordinates for narrow corners, and hops along curves, against points whose masses are known."""

import numpy as np
import pytest

from darkmoment.fit import Fit
from darkmoment.inference.charts import CHARTS, chart_at, charts_for
from darkmoment.inference.hop import hop
from darkmoment.inference.leaning import bounds_leaned_on
from darkmoment.inference.problem import Problem, View, slopes, stencil
from darkmoment.runfile.loader import loads

TEXT = """\
name: corner
flavour: single_y
parameters:
  m_dark_photon: {range: [1e-3, 7.99], prior: log_uniform}
  epsilon: {range: [1e-8, 1e-2], prior: log_uniform}
  y: 1e-4
  g_D: 0.5
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: {range: [1e-6, 1e4], prior: log_uniform}
  m_dirac: {range: [1e-6, 1e4], prior: log_uniform}
  m_E: {range: [1270, 1e4], prior: log_uniform}
experiments: {babar: {}, z_invisible: {}}
tasks: [maximise]
"""


NO_T = TEXT.replace("m_E: {range: [1270, 1e4], prior: log_uniform}", "m_E: 2000")


def fit_of(text):
    return Fit(loads(text, "corner.yaml").base)


@pytest.fixture(scope="module")
def fit():
    return fit_of(TEXT.replace("z_invisible: {}", "z_invisible: {}, oblique_t: {cutoff: 10 TeV}"))


def test_charts_are_for_fits_whose_measurements_make_such_corners(fit):
    assert charts_for(fit) == ("doublet+", "doublet-")
    assert charts_for(fit_of(NO_T)) == ("gap+", "gap-")
    assert charts_for(fit_of(NO_T.replace(", z_invisible: {}", ""))) == ()
    assert charts_for(fit, held=["m_dirac"]) == ()


@pytest.mark.parametrize("name", ["gap+", "gap-", "doublet+", "doublet-"])
def test_coordinates_and_points_of_the_box_are_one_to_one(fit, name):
    """Also where M_1 is a millionth of m."""
    seed = 20
    print(f"seed {seed}")
    v = np.random.default_rng(seed).uniform(0.3, 0.7, (200, len(fit.free)))
    v[:, [p.name for p in fit.free].index("m_dirac")] = np.random.default_rng(seed).uniform(0.3, 0.55, 200)
    if name.startswith("gap"):
        v[:, [p.name for p in fit.free].index("m_majorana")] = 0.9
    u = CHARTS[name].box(fit.free, v)
    back = np.array([CHARTS[name].coordinates(fit.free, point) for point in u])
    np.testing.assert_allclose(back, v, atol=1e-7)


@pytest.mark.parametrize(("name", "sign"), [("doublet+", 1), ("doublet-", -1)])
def test_the_doublet_chart_holds_T_at_zero_and_one_N_light(fit, name, sign):
    problem = Problem(fit, "mu_eff").charted(name)
    names = [p.name for p in fit.free]
    v = np.full((5, len(names)), 0.5)
    v[:, names.index("m_E")] = np.linspace(0, 1, 5)
    at = problem.physical(v)
    light = at["m_majorana"] - at["m_dirac"]
    np.testing.assert_allclose(light, sign * 0.1, rtol=1e-6)
    np.testing.assert_allclose(at["m_majorana"] + at["m_dirac"], at["m_E"], rtol=1e-12)
    seen = fit.predictions(at)
    assert (np.abs(seen["T_parameter_10TeV"]) < 0.06).all()
    assert (seen["delta_N_nu"] == 0).all()


FREE = """\
  theta_R: {range: [-pi/4, pi/4]}
  m_H1: {range: [1e-3, 1], prior: log_uniform}
  m_H2: {range: [1e-3, 1], prior: log_uniform}
  m_A1: {range: [1e-3, 1], prior: log_uniform}
  m_A2: {range: [1e-3, 1], prior: log_uniform}
"""


@pytest.fixture(scope="module")
def free_scalars():
    text = TEXT.replace("flavour: single_y", "flavour: general\nspectrum: free")
    text = text.replace(
        "  y: 1e-4\n", "  y_e: 1e-3\n  y_mu: 2e-3\n  flavour_angle: {range: [0, pi/2]}\n" + FREE
    )
    text = text.replace("  m_S: 0.3\n  delta_m_S: 0.1\n", "").replace(
        "delta_theta: pi/4", "delta_theta: {range: [0.01, pi/4]}"
    )
    return fit_of(text.replace("z_invisible: {}", "z_invisible: {}, oblique_t: {cutoff: 10 TeV}, meg2: {}"))


def test_the_symmetric_charts_hold_points_of_Le_Lmu_alone(free_scalars, fit):
    """No mu -> e gamma although the moment is there: by the physics, not by the chart's own formula."""
    names = charts_for(free_scalars)
    assert names == ("doublet+", "doublet-", "doublet+ Le-Lmu", "doublet- Le-Lmu")
    assert charts_for(free_scalars, held=["theta_R"]) == ("doublet+", "doublet-")
    print("seed 21")
    v = np.random.default_rng(21).uniform(0.2, 0.8, (200, len(free_scalars.free)))
    for name in names:
        at = Problem(free_scalars, "mu_eff").charted(name).physical(v)
        found = free_scalars.predictions(at)
        assert (found["mu_eff"] > 0).all()
        if CHARTS[name].symmetric:
            assert found["BR_mu_e_gamma"].max() < 1e-30
        else:
            assert found["BR_mu_e_gamma"].min() > 1e-30
    # where a point is symmetric already, nothing of it is lost
    chart = CHARTS["doublet+ Le-Lmu"]
    u = chart.box(free_scalars.free, v)
    back = np.array([chart.coordinates(free_scalars.free, point) for point in u])
    np.testing.assert_allclose(chart.box(free_scalars.free, back), u, atol=1e-7)


def test_slopes_are_never_taken_on_the_symmetric_points_alone(free_scalars):
    """There the masses of A follow those of H, and no range of their own would be leaned on."""
    chart = CHARTS["doublet+ Le-Lmu"]
    u = chart.box(free_scalars.free, np.full((1, len(free_scalars.free)), 0.5))[0]
    assert chart_at(free_scalars.free, u, charts_for(free_scalars)) == "doublet+"


def test_a_point_is_differentiated_where_its_masses_are_seen(fit):
    problem = Problem(fit)
    point = {"m_dark_photon": 1.0, "epsilon": 1e-4, "m_majorana": 650.025, "m_dirac": 649.975, "m_E": 1300.0}
    assert chart_at(fit.free, problem.unit(point), charts_for(fit)) == "doublet+"
    assert chart_at(fit.free, problem.unit(point | {"m_dirac": 0.1}), charts_for(fit)) == ""
    assert chart_at(fit.free, problem.unit(point), ()) == ""


def test_a_hop_ends_on_the_best_tooth_of_a_curve():
    """epsilon is all that counts here: the best point is the knot at which BaBar allows most."""
    fit = fit_of(
        NO_T.replace(", z_invisible: {}", "").replace("{range: [1e-6, 1e4], prior: log_uniform}", "0.1")
    )
    problem = Problem(fit, "mu_eff")
    curve = fit.experiments["babar"].curve
    inside = curve.knots[(curve.knots > 1e-3) & (curve.knots < 7.99)]
    highest = curve.at(inside).max()
    start = problem.unit({"m_dark_photon": 1.0, "epsilon": curve.at(np.array([1.0]))[0]})
    found = hop(problem, start, 2.7)
    at = problem.physical(found[None, :])
    assert np.isclose(inside, at["m_dark_photon"], rtol=1e-9).any()
    # the ladder in epsilon has rungs of 1%
    assert curve.at(at["m_dark_photon"])[0] > 0.99 * highest
    assert at["epsilon"][0] > 0.98 * highest
    assert fit.total_chi2(at)[0] <= 2.7


def test_what_fits_better_than_the_standard_model_buys_nothing(fit):
    least = [0.0, 0.25, 0.507]
    problem, plain = Problem(fit, "mu_eff", least=least), Problem(fit, "mu_eff")
    point = {"m_dark_photon": 1.0, "epsilon": 1e-6, "m_majorana": 650.0, "m_dirac": 649.9, "m_E": 1300.0}
    u = problem.unit(point)[None, :]
    each = fit.chi2(point)[0]
    assert each[2] < 0.49
    assert plain.view(u).chi2[0] == pytest.approx(each.sum())
    assert problem.view(u).chi2[0] == pytest.approx(np.maximum(each, least).sum())


class Crest:
    """ln f = a.u under a limit with a crest: |u_0 - 1/2| weighs 5 on one side and 3 on the other."""

    logarithmic = True

    def __init__(self, free, reward):
        self.free, self.reward, self.dimension = free, np.asarray(reward, dtype=float), len(free)

    def view(self, u):
        x = u[:, 0] - 0.5
        chi2 = 2.7 + np.where(x > 0, 5 * x, -3 * x) + 2 * (u[:, 1] - 0.4)
        return View(
            u @ self.reward, chi2, np.empty((len(u), 0)), np.empty((len(u), 0)), np.ones(len(u), bool)
        )

    def differentiate(self, u):
        points = stencil(u)
        return slopes(points, self.view(points))


def test_elasticities_on_a_crest_mix_both_slopes_or_are_called_rough():
    """At u = (1/2, 0.4, 1): the reward along the crest is paid by u_1, whose limit costs 2 per unit."""
    free = fit_of(NO_T).free[:3]
    u = np.array([0.5, 0.4, 1.0])
    (bound,) = bounds_leaned_on(Crest(free, (2.0, 4.0, 7.0)), u, 2.7, crests=True)
    width = np.log(free[2].bounds[1] / free[2].bounds[0])
    assert bound.elasticity == pytest.approx(7.0 / width, rel=1e-6)
    assert not bound.rough
    # more than the slopes beside the crest can hold: no maximum
    (bound,) = bounds_leaned_on(Crest(free, (20.0, 4.0, 7.0)), u, 2.7, crests=True)
    assert bound.rough
    assert str(bound).endswith(" rough)")
