"""The contract of Fit: from points to chi2, whatever the shape and order of the points."""

import numpy as np
import pytest

from darkmoment import Fit
from darkmoment.fit import BLOCK, LikelihoodError, PointError
from darkmoment.runfile.loader import loads

SEED = 20260401


@pytest.fixture(scope="module")
def general() -> Fit:
    return Fit.load("global", "general")


def draw(fit: Fit, n: int, seed: int = SEED) -> dict[str, np.ndarray]:
    """Return n points of the whole box; the seed is printed where a test fails."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    return {p.name: p.from_unit(rng.random(n)) for p in fit.free}


@pytest.mark.parametrize("name", ["paper", "global"])
def test_a_shipped_fit_says_what_its_parameters_are(name):
    fit = Fit.load(name)
    for p in fit.parameters:
        assert (p.range is None) != (p.value is None)
        assert p.free == (p.range is not None)
    epsilon = fit.parameter("epsilon")
    assert epsilon.free
    assert epsilon.unit == ""
    assert fit.parameter("m_S").unit == "GeV"


def test_the_row_sum_is_the_total(general):
    points = draw(general, 300)
    chi2 = general.chi2(points)
    assert chi2.shape == (300, 5)
    assert general.terms == ("meg2", "na64", "babar", "borexino", "g_minus_2")
    assert (chi2 >= 0).all()
    np.testing.assert_array_equal(chi2.sum(axis=1), general.total_chi2(points))


def test_a_single_point_gives_the_same_bits_as_a_batch(general):
    points = draw(general, 200)
    together = general.survey(points, ["mu_eff", "BR_mu_e_gamma", "CR_mu_e_Au", "delta_a_mu"])
    for row in range(200):
        alone = general.survey(
            {name: x[row] for name, x in points.items()},
            ["mu_eff", "BR_mu_e_gamma", "CR_mu_e_Au", "delta_a_mu"],
        )
        np.testing.assert_array_equal(alone.chi2[0], together.chi2[row])
        np.testing.assert_array_equal(alone.strength[0], together.strength[row])
        for quantity, x in alone.quantities.items():
            assert x[0] == together.quantities[quantity][row], quantity


def test_the_order_of_a_batch_plays_no_part(general):
    points = draw(general, 500)
    shuffled = np.random.default_rng(SEED).permutation(500)
    expected = general.chi2(points)[shuffled]
    np.testing.assert_array_equal(general.chi2({k: x[shuffled] for k, x in points.items()}), expected)


def test_a_batch_longer_than_a_block_is_the_same_as_its_pieces(general):
    n = BLOCK + 3
    points = draw(general, n)
    points["m_E"] = np.array([1500.0])
    found = general.chi2(points)
    assert found.shape == (n, 5)
    tail = {k: x if len(x) == 1 else x[BLOCK - 2 :] for k, x in points.items()}
    np.testing.assert_array_equal(found[BLOCK - 2 :], general.chi2(tail))


def test_what_is_left_out_takes_the_reference(general):
    spelt_out = {p.name: p.reference for p in general.parameters if p.reference is not None}
    np.testing.assert_array_equal(general.chi2({}), general.chi2(spelt_out))
    assert general.chi2({}).shape == (1, 5)


def test_fixed_parameters_can_be_overridden():
    fit = Fit.load("paper")
    m_E = fit.parameter("m_E")
    assert m_E.value == 2000
    ratio = fit.predictions({"m_E": [1000.0, 2000.0]})["BR_mu_e_gamma"]
    # BR goes as m_E^-4, up to corrections of order m_S^2/m_E^2
    assert ratio[0] / ratio[1] == pytest.approx(16, rel=1e-5)
    assert fit.parameter("m_E").value == 2000


def test_holding_fixes_a_parameter_outside_its_range():
    fit = Fit.load("paper")
    held = fit.holding({"epsilon": 0.5})
    assert fit.parameter("epsilon").range == (1e-9, 1e-1)
    assert held.parameter("epsilon").value == 0.5
    assert "epsilon" not in {p.name for p in held.free}
    np.testing.assert_array_equal(held.chi2({}), fit.chi2({"epsilon": 0.5}))


TIED = """\
name: tied
flavour: single_y
parameters:
  m_dark_photon: 0.1
  epsilon: 1e-5
  y: {range: [0.01, 1]}
  g_D: {expr: "2 * y"}
  delta_theta: {range: [0.1, pi/4]}
  theta_R: {expr: "-delta_theta/2"}
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: {range: [0.01, 1]}
  m_dirac: {same_as: m_majorana}
  m_E: 2000
  P_ee: {constraint: 0.53 +- 0.05}
experiments: {meg2: {}, borexino: {}}
"""


def test_ties_are_followed_and_can_be_overridden():
    fit = Fit(loads(TIED, "tied.yaml").base)
    assert fit.parameter("g_D").range is None
    assert fit.parameter("g_D").value is None
    p = fit.predictions({"y": [0.1, 0.2], "delta_theta": 0.5, "m_majorana": 0.4})
    np.testing.assert_array_equal(p["g_D"], [0.2, 0.4])
    assert p["theta_R"] == -0.25
    assert p["m_dirac"] == 0.4
    assert fit.predictions({"y": 0.1, "g_D": 0.3})["g_D"] == 0.3
    spelt_out = {
        "y": 0.1,
        "g_D": 0.2,
        "theta_R": -0.25,
        "delta_theta": 0.5,
        "m_dirac": 0.4,
        "m_majorana": 0.4,
    }
    tied = {"y": 0.1, "delta_theta": 0.5, "m_majorana": 0.4}
    np.testing.assert_array_equal(fit.chi2(spelt_out), fit.chi2(tied))


def test_a_tied_value_without_meaning_is_refused():
    text = TIED.replace('"2 * y"', '"y - 0.5"')
    fit = Fit(loads(text, "tied.yaml").base)
    with pytest.raises(PointError, match=r"g_D = -0\.4 must be >= 0"):
        fit.chi2({"y": 0.1})


def test_a_constraint_is_a_term_of_chi2():
    fit = Fit(loads(TIED, "tied.yaml").base)
    found = fit.chi2({"P_ee": [0.53, 0.58, 0.48, 0.63]})
    assert fit.terms[-1] == "P_ee_constraint"
    np.testing.assert_allclose(found[:, -1], [0, 1, 1, 4], atol=1e-12)


def test_zero_is_exactly_zero(general):
    for held in ({"m_majorana": 0.0}, {"delta_theta": 0.0}, {"delta_m_S": 0.0}, {"flavour_angle": 0.0}):
        found = general.predictions(draw(general, 50) | {k: np.array([v]) for k, v in held.items()})
        assert (np.broadcast_to(found["mu_eff"], (50,)) == 0).all(), held
    many = draw(general, 50) | {"flavour_angle": np.linspace(0.0, 1.5, 50)}
    assert general.predictions(many)["mu_eff"][0] == 0
    assert (general.predictions(many)["mu_eff"][1:] > 0).all()


@pytest.mark.parametrize("splitting", [0.6, 0.7])
def test_an_unphysical_spectrum_is_infinitely_unlikely_and_spares_its_neighbours(splitting):
    fit = Fit.load("paper")
    found = fit.survey({"m_S": 0.3, "delta_m_S": [0.1, splitting, 0.2]}, ["mu_eff"])
    assert found.physical.tolist() == [True, False, True]
    assert np.isinf(found.chi2[1]).all()
    assert np.isnan(found.quantities["mu_eff"][1])
    kept = fit.survey({"m_S": 0.3, "delta_m_S": [0.1, 0.2]}, ["mu_eff"])
    np.testing.assert_array_equal(found.chi2[[0, 2]], kept.chi2)
    np.testing.assert_array_equal(found.quantities["mu_eff"][[0, 2]], kept.quantities["mu_eff"])


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"epsilom": 1e-4}, r"has no parameter 'epsilom' \(did you mean 'epsilon'"),
        ({"y": 0.1}, "has no parameter 'y'"),
        ({"mu_eff": 1e-12}, "has no parameter 'mu_eff'"),
        ({"epsilon": [1e-4, 1e-5], "m_E": [1, 2, 3]}, "unequal length: epsilon 2, m_E 3"),
        ({"epsilon": float("nan")}, "epsilon = nan is not a finite number"),
        ({"epsilon": [1e-4, float("inf")]}, "epsilon = inf is not a finite number"),
        ({"m_S": [0.3, -0.3]}, "m_S = -0.3 must be > 0"),
        ({"m_S": 0}, "m_S = 0 must be > 0"),
        ({"m_majorana": float("nan")}, "m_majorana = nan is not a finite number"),
        ({"g_D": -0.1}, "g_D = -0.1 must be >= 0"),
        ({"epsilon": 1.5}, "epsilon = 1.5 must be <= 1"),
        ({"epsilon": "large"}, "epsilon = 'large' is not a number"),
        ({"epsilon": [[1e-4]]}, r"epsilon has shape \(1, 1\)"),
        ({"epsilon": []}, r"epsilon has shape \(0,\)"),
    ],
)
def test_points_without_meaning_are_refused(general, point, message):
    with pytest.raises(PointError, match=message):
        general.chi2(point)


def test_negative_majorana_mass_is_a_sign_not_an_error(general):
    plus, minus = general.predictions({"m_majorana": [0.1, -0.1]})["mu_eff"]
    assert plus == minus > 0


def test_unknown_variant_and_parameter():
    with pytest.raises(ValueError, match=r"no variant 'singel_y' \(did you mean 'single_y'"):
        Fit.load("global", "singel_y")
    with pytest.raises(PointError, match=r"no parameter 'y' in this fit \(it belongs to another ansatz"):
        Fit.load("global", "general", fixed={"y": 0.1})


def raising(*_: object) -> np.ndarray:
    raise ZeroDivisionError("boom")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (raising, "meg2 raised ZeroDivisionError: boom, at m_dark_photon = 0.1, epsilon = 0.0001"),
        (lambda self, p: np.full(1, np.nan), "meg2 returned NaN as chi2, at m_dark_photon = 0.1"),
        (lambda self, p: np.ones((2, 3)), r"meg2 returned a chi2 of shape \(2, 3\) for 1 points, at m_dark"),
        (lambda self, p: np.ones(4), r"meg2 returned a chi2 of shape \(4,\) for 1 points"),
    ],
)
def test_a_likelihood_that_gives_no_answer_stops_with_its_name_and_point(monkeypatch, answer, message):
    fit = Fit.load("global")
    monkeypatch.setattr(type(fit.experiments["meg2"]), "response", answer)
    with pytest.raises(LikelihoodError, match=message):
        fit.chi2({})


def test_nan_in_the_middle_of_a_batch_names_that_point(monkeypatch):
    fit = Fit.load("global")
    monkeypatch.setattr(
        type(fit.experiments["meg2"]), "response", lambda self, p: np.where(p["epsilon"] == 2e-4, np.nan, 0.0)
    )
    with pytest.raises(LikelihoodError, match=r"meg2 returned NaN as chi2, at .*epsilon = 0.0002"):
        fit.chi2({"epsilon": [1e-4, 2e-4, 3e-4]})


def test_the_point_at_which_a_likelihood_raises_is_named(monkeypatch):
    fit = Fit.load("paper")
    meg2 = fit.experiments["meg2"]
    answer = type(meg2).response

    def picky(self, p):
        if np.any(p["BR_mu_e_gamma"] > 1e-12):
            raise ArithmeticError("too large")
        return answer(self, p)

    monkeypatch.setattr(type(meg2), "response", picky)
    with pytest.raises(LikelihoodError, match=r"meg2 raised ArithmeticError: too large, at .*y = 0\.3,"):
        fit.chi2({"y": [0.01, 0.05, 0.3, 0.4]})
