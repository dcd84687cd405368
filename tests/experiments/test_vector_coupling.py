"""The option `vector_coupling` of scattering experiments, against rates integrated here."""

from collections.abc import Callable
from itertools import pairwise
from math import pi, sqrt

import numpy as np
import pytest
from scipy.integrate import quad

from darkmoment.constants import ALPHA, E_CHARGE, G_F, M_ELECTRON, M_MUON, M_PION
from darkmoment.experiments import load
from darkmoment.fit import Fit
from darkmoment.physics import reactor, solar, xenon
from darkmoment.runfile.loader import loads

ME = M_ELECTRON
NAMES = ["borexino", "lz", "gemma", "texono", "lsnd"]
S2 = 0.2387
Point = dict[str, np.ndarray]
Density = Callable[[float], float]


def point(**changed: float) -> Point:
    values = {
        **{"m_dark_photon": 0.01, "epsilon": 2e-5, "mu_eff": 0.0, "P_ee": 0.53, "sin2_theta_23": 0.47},
        **{"g_nu_ee": -2e-5, "g_nu_emu": 1.3e-5, "g_nu_mumu": -1.1e-5},
        **changed,
    }
    return {name: np.array([float(value)]) for name, value in values.items()}


def rate(E: float, T: float, left: float, right: float) -> float:
    return 2 * G_F**2 * ME / pi * (left**2 + right**2 * (1 - T / E) ** 2 - left * right * ME * T / E**2)


def change(p: Point, E: float, T: float, flavour: str, sign: float = 1, anti: bool = False) -> float:
    """Of dsigma/dT: flavour conserved with the Standard Model, flavour changed without."""
    g = p["g_nu_ee" if flavour == "e" else "g_nu_mumu"][0], p["g_nu_emu"][0]
    unit = sign * E_CHARGE * p["epsilon"][0] / (2 * sqrt(2) * G_F * (2 * ME * T + p["m_dark_photon"][0] ** 2))
    left, right = (0.5 if flavour == "e" else -0.5) + S2, S2
    if anti:
        left, right = right, left
    same = rate(E, T, left + g[0] * unit, right + g[0] * unit) - rate(E, T, left, right)
    return same + rate(E, T, g[1] * unit, g[1] * unit)


def at_limit(limit: float, integral: float) -> float:
    return pi * (ALPHA / ME) ** 2 * limit**2 * integral


def end(E: float) -> float:
    return 2 * E * E / (2 * E + ME)


@pytest.mark.parametrize("sign", ["plus", "minus"])
@pytest.mark.parametrize("weight", ["solar", "none"])
@pytest.mark.parametrize("m", [1e-6, 1e-3, 1e-2, 1.0])
def test_borexino(sign: str, weight: str, m: float) -> None:
    E, low = 862e-6, 190e-6
    p = point(m_dark_photon=m, g_nu_ee=-2e-3 * m, g_nu_emu=1e-3 * m, g_nu_mumu=-1.5e-3 * m)
    shares = {"e": 0.53, "mu": 0.47 * 0.53} if weight == "solar" else {"e": 1.0}

    def added(T: float) -> float:
        s = 1 if sign == "plus" else -1
        return sum(share * change(p, E, T, flavour, s) for flavour, share in shares.items())

    reference = at_limit(2.8e-11, quad(lambda T: 1 / T - 1 / E, low, end(E), epsrel=1e-12)[0])
    expected = quad(added, low, end(E), epsrel=1e-11)[0] / reference
    experiment = load("borexino", vector_coupling="yes", vector_sign=sign, flavour_weight=weight)
    assert experiment.vector is not None
    assert experiment.vector.strength(p)[0] == pytest.approx(expected, rel=1e-8)
    assert experiment.response(p)[0] == pytest.approx(abs(expected), rel=1e-8)


def over_reactor(weight: Callable[[float, float], float], low: float, high: float) -> float:
    """Integral over reactor antineutrinos and recoils, Gauss-Legendre between the spectrum's breaks."""
    breaks = sorted({1e-3 * e for e in reactor.TABLE_MEV} | {0.71e-3, 1.26e-3, 8e-3})
    x, w = np.polynomial.legendre.leggauss(24)
    edges = [low, *sorted(end(e) for e in breaks if e > 0 and low < end(e) < high), min(high, end(8e-3))]
    total = 0.0
    for bottom, top in pairwise(edges):
        for T, w_T in zip((top + bottom) / 2 + (top - bottom) / 2 * x, (top - bottom) / 2 * w, strict=True):
            least = (T + sqrt(T * (T + 2 * ME))) / 2
            starts = [least, *(b for b in breaks if b > least)]
            for a, b in pairwise(starts):
                E = (a + b) / 2 + (b - a) / 2 * x
                values = reactor.density(E) * [weight(e, T) for e in E]
                total += w_T * (b - a) / 2 * float(w @ values)
    return total


@pytest.mark.parametrize(
    ("name", "limit", "window"), [("texono", 2.2e-10, (3e-3, 8e-3)), ("gemma", 2.9e-11, (2.8e-6, 55e-6))]
)
def test_reactors(name: str, limit: float, window: tuple[float, float]) -> None:
    p = point(m_dark_photon=3e-3)
    excess = over_reactor(lambda E, T: change(p, E, T, "e", anti=True), *window)
    reference = at_limit(limit, over_reactor(lambda E, T: 1 / T - 1 / E, *window))
    experiment = load(name, vector_coupling="yes")
    assert experiment.response(p)[0] == pytest.approx(abs(excess) / reference, rel=1e-5)


@pytest.mark.parametrize("weight", ["solar", "none"])
def test_lz_source_by_source(weight: str) -> None:
    """Lines and pp, each with its own P_ee, off the electrons that are free."""
    p = point(m_dark_photon=1e-4, g_nu_ee=-2e-7, g_nu_emu=1e-7, g_nu_mumu=-3e-7)
    x, w = np.polynomial.legendre.leggauss(20)
    steps = [e for e in xenon.THRESHOLDS if 1e-6 < e < 15e-6]
    edges = [1e-6, *steps, 15e-6]
    reference_P = solar.survival_probability(solar.E_BE7)
    excess = reference = 0.0
    for bottom, top in pairwise(edges):
        for T, w_T in zip((top + bottom) / 2 + (top - bottom) / 2 * x, (top - bottom) / 2 * w, strict=True):
            free = float(xenon.free_electrons(np.array([T]))[0]) * w_T
            for flux, mean in solar.sources():
                P = 0.53 + solar.survival_probability(mean) - reference_P if weight == "solar" else 1.0

                def both(E: float, T: float = T, P: float = P) -> tuple[float, float]:
                    muons = (1 - P) * 0.53 * change(p, E, T, "mu")
                    return P * change(p, E, T, "e") + muons, 1 / T - 1 / E

                least = (T + sqrt(T * (T + 2 * ME))) / 2
                for E, number in flux.lines:
                    one = both(E) if least < E else (0.0, 0.0)
                    excess, reference = excess + free * number * one[0], reference + free * number * one[1]
                if flux.density is not None:
                    high = flux.knots[-1]
                    E = (high + least) / 2 + (high - least) / 2 * x
                    weights = (high - least) / 2 * w * flux.density(E)
                    ones = np.array([both(e) for e in E])
                    excess += free * float(weights @ ones[:, 0])
                    reference += free * float(weights @ ones[:, 1])
    found = load("lz", vector_coupling="yes", flavour_weight=weight).response(p)[0]
    assert found == pytest.approx(abs(excess) / at_limit(1.1e-11, reference), rel=1e-5)


@pytest.mark.parametrize(("dataset", "limit"), [("mu_nue", 1.1e-9), ("mu_numu", 6.8e-10)])
@pytest.mark.parametrize("weight", ["none", "transition"])
def test_lsnd(dataset: str, limit: float, weight: str) -> None:
    p = point(m_dark_photon=0.02, g_nu_ee=-2e-4)
    top, line = (M_MUON**2 - ME**2) / (2 * M_MUON), (M_PION**2 - M_MUON**2) / (2 * M_PION)
    low, high = 18e-3, 50e-3
    x, w = np.polynomial.legendre.leggauss(40)

    def over(weigh: Callable[[float, float], float], spectrum: Density) -> float:
        total = 0.0
        for T, w_T in zip((high + low) / 2 + (high - low) / 2 * x, (high - low) / 2 * w, strict=True):
            least = (T + sqrt(T * (T + 2 * ME))) / 2
            E = (top + least) / 2 + (top - least) / 2 * x
            total += w_T * (top - least) / 2 * float(w @ [weigh(e, T) * spectrum(e) for e in E])
        return total

    def on_line(weigh: Callable[[float, float], float]) -> float:
        return float(quad(lambda T: weigh(line, T), low, end(line), epsrel=1e-9)[0])

    def nu_e(E: float) -> float:
        return 12 * (E / top) ** 2 * (1 - E / top) / top

    def nu_mu_bar(E: float) -> float:
        return 2 * (E / top) ** 2 * (3 - 2 * E / top) / top

    def moment(E: float, T: float) -> float:
        return 1 / T - 1 / E

    electrons = over(lambda E, T: change(p, E, T, "e"), nu_e)
    muons = on_line(lambda E, T: change(p, E, T, "mu"))
    muons += over(lambda E, T: change(p, E, T, "mu", anti=True), nu_mu_bar)
    if dataset == "mu_nue":
        reference, own = over(moment, nu_e), electrons
    else:
        reference, own = over(moment, nu_mu_bar) + on_line(moment), muons
    excess = electrons + muons if weight == "transition" else own
    found = load("lsnd", dataset, vector_coupling="yes", flavour_weight=weight).response(p)[0]
    assert found == pytest.approx(abs(excess) / at_limit(limit, reference), rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_off_by_default_and_nothing_without_coupling(name: str) -> None:
    plain, coupled = load(name), load(name, vector_coupling="yes")
    assert plain.options["vector_coupling"] == "no"
    assert not {"epsilon", "g_nu_ee"} & set(plain.needs)
    assert {"epsilon", "g_nu_ee", "g_nu_emu", "g_nu_mumu"} < set(coupled.needs)
    p = point(mu_eff=1e-9)
    for zero in ({"epsilon": 0.0}, {"g_nu_ee": 0.0, "g_nu_emu": 0.0, "g_nu_mumu": 0.0}):
        nothing = {**p, **{name: np.array([value]) for name, value in zero.items()}}
        assert coupled.response(nothing) == plain.response(p)
        assert coupled.limit(nothing) == plain.limit(p)
    assert coupled.response(p) != plain.response(p)


@pytest.mark.parametrize("name", NAMES)
def test_the_limit_is_where_the_strength_is_one(name: str) -> None:
    for sign in ("plus", "minus"):
        experiment = load(name, vector_coupling="yes", vector_sign=sign)
        p = point(epsilon=2e-6)
        p["mu_eff"] = experiment.limit(p)
        assert experiment.response(p) == pytest.approx(1, rel=1e-12)
    # too many recoils whatever the moment
    assert experiment.limit(point(epsilon=1e-2)) == 0
    assert experiment.response(point(epsilon=1e-2)) > 1


@pytest.mark.parametrize("name", NAMES)
def test_one_point_and_a_batch_have_the_same_bits(name: str) -> None:
    print("seed 141")
    rng = np.random.default_rng(141)
    n = 300
    p = {key: np.full(n, value[0]) for key, value in point().items()}
    p["m_dark_photon"] = 10 ** rng.uniform(-7, 1, n)
    p["epsilon"], p["mu_eff"] = 10 ** rng.uniform(-6, -3, n), 10 ** rng.uniform(-12, -8, n)
    for key in ("g_nu_ee", "g_nu_emu", "g_nu_mumu"):
        p[key] = rng.normal(size=n) * 1e-5
    experiment = load(name, vector_coupling="yes")
    together, limits = experiment.chi2(p), experiment.limit(p)
    for i in range(0, n, 7):
        alone = {key: value[i : i + 1] for key, value in p.items()}
        assert experiment.chi2(alone)[0] == together[i]
        assert experiment.limit(alone)[0] == limits[i]


TEXT = """
flavour: single_y
parameters:
  {m_dark_photon: 0.01, epsilon: 2.2275e-5, y: 0.101932, g_D: 0.5, delta_theta: pi/4, m_S: 0.3,
   delta_m_S: 0.1, m_majorana: 0.1, m_dirac: 0, m_E: 2000}
experiments:
  borexino: {vector_coupling: yes, flavour_weight: none}
"""


def test_in_a_run_file_at_the_edges_of_meg2_and_na64() -> None:
    """The change of the rate is three times what Borexino allows, where the moment alone is 1e-11 of it."""
    fit = Fit(loads(TEXT).base)
    found = fit.survey({})
    assert found.strength[0, 0] == pytest.approx(2.9, abs=0.1)
    alone = Fit(loads(TEXT.replace("vector_coupling: yes", "vector_coupling: no")).base)
    assert alone.survey({}).strength[0, 0] < 1e-10
    assert fit.evaluate({}).json()["observables"]["borexino_limit_muB"] > 0


def test_an_objection_names_the_vector_coupling_where_it_moves_the_rate_most() -> None:
    experiment = load("borexino", vector_coupling="yes")
    strong = point(m_dark_photon=0.01, g_nu_ee=-1e-3)
    added = experiment.response(strong)[0]
    said = experiment.objection(strong)
    assert abs(float(said.split("adds ")[1].split(" ")[0])) == pytest.approx(added, rel=5e-3)
    assert experiment.objection(point(mu_eff=1e-3)) == ""
    assert load("borexino").objection(strong) == ""
