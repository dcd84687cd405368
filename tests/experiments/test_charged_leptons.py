"""mu -> 3e, conversion and the electron's g-2, from the parameters to chi2, beside a computation of its own.

That computation takes the amplitudes as Feynman integrals over the scalars' 2x2 propagators, and the rates as
arXiv:hep-ph/0203110 and the textbooks have them.
"""

from math import cos, log, pi, sin, sqrt

import numpy as np
import pytest
from scipy.integrate import quad

from darkmoment import Fit
from darkmoment.experiments import load
from darkmoment.model import Model
from darkmoment.runfile.loader import loads

SEED = 41
Z_90 = 1.6448536269514722
ALPHA = 1 / 137.035999177
E2 = 4 * pi * ALPHA
M_MU, M_E, G_F = 0.1056583755, 0.00051099895069, 1.1663788e-5
HBAR = 6.582119569e-25
OVERLAPS = {"Al": (0.0362, 0.0161, 0.7054e6), "Ti": (0.0864, 0.0396, 2.59e6), "Au": (0.189, 0.0974, 13.07e6)}
RARE = ["BR_mu_3e", *(f"CR_mu_e_{nucleus}" for nucleus in OVERLAPS)]
FULL = {"BR_mu_3e": 1.04e-2, "CR_mu_e_Al": 3.29e-2, "CR_mu_e_Ti": 5.34e-2, "CR_mu_e_Au": 6.01e-2}
DIPOLE = {"BR_mu_3e": 6.13e-3, "CR_mu_e_Al": 2.67e-3, "CR_mu_e_Ti": 4.14e-3, "CR_mu_e_Au": 3.93e-3}


def points(n: int) -> dict[str, np.ndarray]:
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    p = {name: rng.uniform(0.05, 3.0, n) for name in ("y_e", "y_mu")}
    p |= {"m_H1": rng.uniform(0.05, 1, n), "m_H2": rng.uniform(0.05, 300, n)}
    p |= {"m_A1": rng.uniform(0.05, 1, n), "m_A2": rng.uniform(0.05, 300, n)}
    p |= {"flavour_angle": rng.uniform(0, pi / 2, n), "theta_R": rng.uniform(-1, 1, n)}
    p |= {"delta_theta": rng.uniform(0, pi / 4, n), "m_E": np.exp(rng.uniform(np.log(200), np.log(5000), n))}
    return p | {"epsilon": 10 ** rng.uniform(-6, -2, n), "m_dark_photon": 10 ** rng.uniform(-3, 1, n)}


def integral(kernel, heavy: float, light: float) -> float:
    """Integrate over the share s of the charged partner's propagators."""
    found = quad(
        lambda s: kernel(s, s * heavy**2 + (1 - s) * light**2), 0, 1, epsabs=0, epsrel=1e-11, limit=200
    )
    return float(found[0])


def amplitudes(q: dict[str, float]) -> tuple[float, float, float]:
    """Return A_2, A_1 and the sum that the electron's g-2 is made of, each a trace over the propagators."""
    electron = q["y_e"] * np.array([1.0, 0.0])
    muon = q["y_mu"] * np.array([cos(q["flavour_angle"]), sin(q["flavour_angle"])])
    M = q["m_E"]
    A_2 = A_1 = own = 0.0
    for angle, masses in (
        (q["theta_R"], ("m_H1", "m_H2")),
        (q["theta_R"] + q["delta_theta"], ("m_A1", "m_A2")),
    ):
        O = np.array([[cos(angle), sin(angle)], [-sin(angle), cos(angle)]])  # noqa: E741
        G = [integral(lambda s, d: s**2 * (1 - s) / d, M, q[m]) for m in masses]
        K = [integral(lambda s, d: s**3 / 6 * (2 / d + M**2 / d**2), M, q[m]) for m in masses]
        A_2 += electron @ O @ np.diag(G) @ O.T @ muon / (64 * pi**2)
        A_1 += electron @ O @ np.diag(K) @ O.T @ muon / (32 * pi**2)
        own += electron @ O @ np.diag(G) @ O.T @ electron / (32 * pi**2)
    return float(A_2), float(A_1), float(own)


def rates(A_2: float, A_1: float, y_e: float) -> dict[str, float]:
    """Return the rates of muons, those of the muons that decay or are captured."""
    gamma = 48 * pi**3 * ALPHA / G_F**2 * A_2**2
    r, b = A_1 / A_2, -6 * y_e**2 / E2
    bracket = r**2 + 4 * r + 16 / 3 * log(M_MU / M_E) - 22 / 3 + b**2 / 6 + 2 / 3 * r * b + 4 / 3 * b
    found = {"BR_mu_e_gamma": gamma, "BR_mu_3e": gamma * ALPHA / (8 * pi) * bracket}
    for nucleus, (D, V, capture) in OVERLAPS.items():
        shape = (1 + r * 8 * sqrt(E2) * V / D) ** 2
        found[f"CR_mu_e_{nucleus}"] = gamma * G_F**2 * D**2 * M_MU**5 / (192 * pi**2 * capture * HBAR) * shape
    return found


def electron(q: dict[str, float], own: float) -> float:
    """Return the electron's g-2 from the scalars and from the dark photon."""
    ratio = (q["m_dark_photon"] / M_E) ** 2
    vector = quad(
        lambda z: 2 * z * (1 - z) ** 2 / ((1 - z) ** 2 + z * ratio), 0, 1, epsabs=0, epsrel=1e-10, limit=500
    )[0]
    return M_E**2 * own + ALPHA * q["epsilon"] ** 2 / (2 * pi) * vector


def test_rates_and_chi2_at_random_points() -> None:
    n = 20
    p = points(n)
    seen = Model(spectrum="free").predict(p)
    experiments = {
        "BR_mu_3e": (load("sindrum"), 1.0e-12),
        "CR_mu_e_Au": (load("sindrum2"), 7e-13),
        "CR_mu_e_Ti": (load("sindrum2", "ti"), 4.3e-12),
    }
    for i in range(n):
        q = {name: float(x[i]) for name, x in p.items()}
        A_2, A_1, own = amplitudes(q)
        wanted = rates(A_2, A_1, q["y_e"])
        for name, value in wanted.items():
            assert seen[name][i] == pytest.approx(value, rel=1e-8), (name, q)
        for name, (experiment, limit) in experiments.items():
            assert experiment.needs == (name,)
            assert experiment.chi2(seen)[i] == pytest.approx((Z_90 * wanted[name] / limit) ** 2, rel=1e-7)
        a_e = electron(q, own)
        for dataset, value, sigma in (("rb", 3.4e-13, 1.6e-13), ("cs", -10.2e-13, 2.6e-13)):
            pull = (a_e - value) / sigma
            found = load("electron_g_minus_2", dataset).chi2(seen)[i]
            assert found == pytest.approx(pull**2, rel=1e-6, abs=1e-9)


def heavy(**values: float) -> dict[str, np.ndarray]:
    p = {"y_e": 1e-4, "y_mu": 0.7, "flavour_angle": 0.4, "theta_R": 0.3, "delta_theta": 0.2, "m_E": 2000.0}
    p |= {"m_S": 0.3, "delta_m_S": 0.1, "epsilon": 1e-4, "m_dark_photon": 0.1, **values}
    return {name: np.array([x]) for name, x in p.items()}


@pytest.mark.parametrize("name", RARE)
def test_ratios_to_mu_e_gamma_for_a_heavy_partner(name: str) -> None:
    p = heavy()
    for switch, expected in (("full", FULL), ("dipole", DIPOLE)):
        seen = Model(lepton_flavour=switch).predict(p)
        assert seen[name][0] / seen["BR_mu_e_gamma"][0] == pytest.approx(expected[name], rel=5e-3)


def test_the_box_of_a_large_electron_coupling() -> None:
    p = heavy(y_e=1.0)
    full, dipole = Model().predict(p), Model(lepton_flavour="dipole").predict(p)
    assert full["BR_mu_3e"][0] / full["BR_mu_e_gamma"][0] == pytest.approx(0.163, rel=5e-3)
    assert dipole["BR_mu_3e"][0] / dipole["BR_mu_e_gamma"][0] == pytest.approx(6.13e-3, rel=5e-3)


@pytest.mark.parametrize("switch", ["full", "dipole"])
def test_a_run_file_switches_to_the_dipole_alone(switch: str) -> None:
    expected = FULL if switch == "full" else DIPOLE
    text = f"""
extends: paper
name: t
lepton_flavour: {switch}
experiments: {{sindrum: {{}}, sindrum2: {{dataset: ti}}}}
"""
    fit = Fit(loads(text, "t.yaml").base)
    point = {"y": np.array([0.086])}
    chi2 = dict(zip(fit.terms, fit.chi2(point)[0], strict=True))
    gamma = fit.evaluate({"y": 0.086}).observables["BR_mu_e_gamma"].iloc[0]
    assert chi2["sindrum2"] == pytest.approx((Z_90 * gamma * expected["CR_mu_e_Ti"] / 4.3e-12) ** 2, rel=2e-2)
    b = -6 * sqrt(2) * 0.086**2 / E2 if switch == "full" else 0.0  # y_e = 2^(1/4) y
    box = ALPHA / (8 * pi) * (b**2 / 6 + 14 / 9 * b + 4 / 3 * b)
    ratio = expected["BR_mu_3e"] + box
    assert chi2["sindrum"] == pytest.approx((Z_90 * gamma * ratio / 1.0e-12) ** 2, rel=2e-2)


def test_titanium_and_gold_are_limits_on_different_rates() -> None:
    gold, titanium = load("sindrum2"), load("sindrum2", "ti")
    assert (gold.limits, titanium.limits) == ("CR_mu_e_Au", "CR_mu_e_Ti")
    p = {"CR_mu_e_Au": np.array([7e-13]), "CR_mu_e_Ti": np.array([8.6e-12])}
    assert (gold.response(p)[0], titanium.response(p)[0]) == pytest.approx((1, 2), rel=1e-14)


def test_both_values_of_the_fine_structure_constant() -> None:
    nothing = {"delta_a_e": np.zeros(1)}
    assert load("electron_g_minus_2").chi2(nothing)[0] == pytest.approx((3.4 / 1.6) ** 2)
    assert load("electron_g_minus_2", "cs").chi2(nothing)[0] == pytest.approx((10.2 / 2.6) ** 2)
