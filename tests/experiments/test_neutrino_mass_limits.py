"""The limits on neutrino masses: closure, the allowance for cancellations, and the benchmark."""

import numpy as np
import pytest

from darkmoment.experiments import load
from darkmoment.experiments.closure import closure
from darkmoment.fit import Fit
from darkmoment.levels import z_score
from darkmoment.runfile.loader import loads

DATASETS = {
    "desi_planck": ("sum_m_nu", 0.07, 1),
    "katrin": ("m_nu_e", 0.8, 2),
    "kamland_zen_strong": ("m_nu_ee", 0.036, 2),
    "kamland_zen_weak": ("m_nu_ee", 0.156, 2),
}
MASSES = ("sum_m_nu", "m_nu_e", "m_nu_ee")


def point(**values: float) -> dict[str, np.ndarray]:
    names = [*MASSES, *(f"{name}_uncancelled" for name in MASSES)]
    return {name: np.array([values.get(name, 0.0)]) for name in names}


def test_closure() -> None:
    table = closure(["neutrino_mass"], every_shape=True)
    assert len(table) == 10
    assert table["ok"].all()


@pytest.mark.parametrize("dataset", DATASETS)
def test_one_limit(dataset: str) -> None:
    quantity, limit, power = DATASETS[dataset]
    experiment = load("neutrino_mass", dataset)
    assert experiment.needs == (quantity, f"{quantity}_uncancelled")
    assert experiment.response(point(**{quantity: limit}))[0] == pytest.approx(1, rel=1e-14)
    assert experiment.response(point(**{quantity: -3 * limit}))[0] == pytest.approx(3**power, rel=1e-14)
    assert experiment.limit(point())[0] == limit
    assert experiment.limit(point(**{f"{quantity}_uncancelled": 1.01 * limit}))[0] == 0


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_allowance_multiplies_the_bound_on_the_pieces(dataset: str) -> None:
    quantity, limit, power = DATASETS[dataset]
    cancelled = point(**{f"{quantity}_uncancelled": 30 * limit})
    for allowance in (1, 10, 30, 100):
        strength = load("neutrino_mass", dataset, fine_tuning=allowance).response(cancelled)[0]
        assert strength == pytest.approx((30 / allowance) ** power, rel=1e-13)
    # the mass itself is bounded all the same, unless another mass may cancel it
    both = point(**{quantity: 2 * limit, f"{quantity}_uncancelled": 3 * limit})
    assert load("neutrino_mass", dataset, fine_tuning=100).response(both)[0] == pytest.approx(2**power)
    free = load("neutrino_mass", dataset, fine_tuning=100, bare_mass="yes")
    assert free.response(both)[0] == pytest.approx(0.03**power)
    assert free.limit(both)[0] == pytest.approx(100 * limit)


def test_all_adds_chi2() -> None:
    p = point(sum_m_nu=0.1, m_nu_e=0.9, m_nu_ee=0.2, m_nu_ee_uncancelled=0.3)
    whole = load("neutrino_mass").chi2(p)[0]
    parts = [load("neutrino_mass", name).chi2(p)[0] for name in ("desi_planck", "katrin", "kamland_zen_weak")]
    assert whole == pytest.approx(sum(parts), rel=1e-13)
    assert parts[1] == pytest.approx((z_score(0.90) * (0.9 / 0.8) ** 2) ** 2, rel=1e-13)
    rest = point(m_nu_e=0.5, m_nu_ee=0.1)
    rest["sum_m_nu"] = load("neutrino_mass").limit(rest)
    assert 0 < rest["sum_m_nu"][0] < 0.07
    assert load("neutrino_mass").response(rest)[0] == pytest.approx(1, rel=1e-13)
    # where only an edge counts, that of the largest
    step = load("neutrino_mass", shape="step")
    assert step.response(p)[0] == pytest.approx((0.3 / 0.156) ** 2, rel=1e-13)
    assert step.chi2(point(sum_m_nu=0.069, m_nu_e=0.79, m_nu_ee=0.155))[0] == 0


TEXT = """
flavour: single_y
parameters:
  {m_dark_photon: 0.01, epsilon: 1e-5, y: 1, g_D: 0.5, delta_theta: pi/4, m_S: 0.3, delta_m_S: 0.1,
   m_majorana: 0.1, m_dirac: 0, m_E: 2000}
experiments:
  neutrino_mass: {OPTIONS}
"""


def fit(options: str = "") -> Fit:
    return Fit(loads(TEXT.replace("OPTIONS", options)).base)


def test_the_benchmark_is_far_beyond() -> None:
    observables = fit().evaluate({}).json()["observables"]
    assert observables["m_nu_eV"] == pytest.approx(0.17307e6, rel=1e-4)
    assert fit("dataset: katrin, fine_tuning: 1e9").survey({}).strength[0, 0] == pytest.approx(
        (0.21196e6 / 0.8) ** 2, rel=1e-3
    )
    # the paper's y at the edge of MEG II still is 1e4 above
    small = fit("dataset: desi_planck, fine_tuning: 1e9").survey({"y": 0.1}).strength[0, 0]
    assert 1e4 < small < 1e5


def test_an_accidental_zero_of_the_mass_does_not_escape() -> None:
    """m_dirac above m_majorana: the mass passes through zero with the moment alive; the pieces do not."""
    names = ["sum_m_nu", "sum_m_nu_uncancelled", "mu_emu"]
    here = fit("dataset: desi_planck")
    m_dirac = np.linspace(0.1, 2.0, 4001)
    found = here.survey({"m_dirac": m_dirac}, names).quantities
    k = int(np.argmin(found["sum_m_nu"]))
    assert found["sum_m_nu"][k] < 1e-3 * found["sum_m_nu"][0]
    assert found["mu_emu"][k] > 1e-3 * found["mu_emu"][0]
    assert found["sum_m_nu_uncancelled"][k] > 0.1 * found["sum_m_nu_uncancelled"][0]


def test_one_point_and_a_batch_have_the_same_bits() -> None:
    print("seed 151")
    rng = np.random.default_rng(151)
    n = 60
    there = {
        **{"m_majorana": rng.uniform(-0.3, 0.3, n), "m_dirac": rng.uniform(-0.3, 0.3, n)},
        **{"theta_R": rng.uniform(-3, 3, n), "delta_theta": rng.uniform(-3, 3, n), "y": rng.uniform(0, 1, n)},
    }
    names = [*MASSES, *(f"{name}_uncancelled" for name in MASSES), "m_nu", "m_nu_ee", "m_nu_emu", "m_nu_mumu"]
    names += ["m_nu_uncancelled", "g_nu_ee", "g_nu_emu", "g_nu_mumu", "width_nu_nu_vector"]
    free = TEXT.replace("m_S: 0.3, delta_m_S: 0.1", "m_H1: 0.2, m_H2: 0.4, m_A1: 0.3, m_A2: 0.35")
    for text in (TEXT, "spectrum: free" + free):
        fit = Fit(loads(text.replace("OPTIONS", "")).base)
        together = fit.survey(there, names)
        for i in range(n):
            alone = fit.survey({name: value[i] for name, value in there.items()}, names)
            assert alone.chi2[0, 0] == together.chi2[i, 0]
            for name in names:
                assert alone.quantities[name][0] == together.quantities[name][i], name


def test_the_le_lmu_corner() -> None:
    """theta_I = -theta_R, equal spectra, orthogonal flavours: only m_emu, and g_nu conserves flavour."""
    text = TEXT.replace("single_y", "general").replace("y: 1,", "y_e: 0.7, y_mu: 0.4, flavour_angle: pi/2,")
    text = text.replace("delta_theta: pi/4", 'delta_theta: pi/4, theta_R: {expr: "-delta_theta/2"}')
    names = ["m_nu_ee", "m_nu_emu", "m_nu_mumu", "g_nu_ee", "g_nu_emu", "g_nu_mumu", "mu_emu"]
    found = Fit(loads(text.replace("OPTIONS", "")).base).survey({}, names).quantities
    value = {name: x[0] for name, x in found.items()}
    assert value["m_nu_ee"] == 0
    assert abs(value["m_nu_mumu"]) < 1e-15 * abs(value["m_nu_emu"])
    assert abs(value["m_nu_emu"]) > 1e3
    assert abs(value["g_nu_emu"]) < 1e-15 * abs(value["g_nu_ee"])
    assert value["g_nu_ee"] < 0
    assert value["g_nu_mumu"] < 0
    assert value["mu_emu"] > 0


def test_an_objection_names_the_worst_mass_and_what_it_is_left_of() -> None:
    tuned = load("neutrino_mass", fine_tuning=100)
    assert tuned.objection(point(sum_m_nu=5.0, m_nu_ee=0.1)).startswith("sum_m_nu = 5 eV, ")
    assert tuned.objection(point(sum_m_nu=0.05, m_nu_ee=7.0)).endswith(" allows 0.156")
    said = tuned.objection(point(sum_m_nu=0.05, sum_m_nu_uncancelled=70.0))
    assert said.startswith("sum_m_nu = 0.05 eV is what is left of pieces of 70 eV, ")
    assert said.endswith(" with fine_tuning = 100 allows 7")
    free = load("neutrino_mass", "desi_planck", fine_tuning=10, bare_mass="yes")
    assert free.objection(point(sum_m_nu=5.0, sum_m_nu_uncancelled=2.0)).endswith(" allows 0.7")
