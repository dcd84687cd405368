"""The shipped fit `scrutiny`: one objection of a referee after another, and what is left."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from darkmoment.cli import main
from darkmoment.fit import Fit
from darkmoment.inference.reference import standard_model_chi2
from darkmoment.reading import describe_file
from darkmoment.runfile.loader import load

STEPS = 12
CHANGED = {
    "+ vector coupling of neutrinos": {"vector_coupling"},
    "+ neutrino mass, not tuned": {"fine_tuning"},
}
"""Which options a step may change of what is there already."""


@pytest.fixture(scope="module")
def fits():
    return [Fit(spec) for spec in load("scrutiny").fits]


def test_each_step_has_all_that_the_one_before_has(fits):
    for before, after in pairwise(fits):
        assert before.terms == after.terms[: len(before.terms)]
        for name in before.terms:
            one, other = (step.spec.experiments[name].load() for step in (before, after))
            changed = {key for key in one.options if one.options[key] != other.options[key]}
            assert one.dataset == other.dataset, (after.label, name)
            assert changed <= CHANGED.get(after.label, set()), (after.label, name)
    assert len({fit.terms for fit in fits}) == STEPS - 2  # two steps change an option and add nothing
    assert [p.name for p in fits[STEPS].free if p.name not in {q.name for q in fits[0].free}] == [
        "theta_R",
        "m_H1",
        "m_H2",
        "m_A1",
        "m_A2",
    ]


def test_decays_are_computed_from_the_first_step_on(fits):
    assert {fit.spec.invisible_branching for fit in fits} == {"computed"}
    for before, after in pairwise(fits[:STEPS]):
        assert [(p.name, p.range) for p in before.parameters] == [(p.name, p.range) for p in after.parameters]


def test_two_tasks_and_the_first_leaves_the_free_spectrum_out():
    file = load("scrutiny")
    first, second = file.tasks
    assert (first.kind, second.kind) == ("waterfall", "maximise")
    assert first.variants == tuple(spec.label for spec in file.fits[:STEPS])
    assert second.variants == tuple(spec.label for spec in file.fits[STEPS:])


@pytest.mark.parametrize("step", [6, 11])
def test_the_corner_that_Z_and_T_leave_is_allowed(fits, step):
    """N_1 light, N_2 as heavy as E: every N as heavy as allowed otherwise makes no moment."""
    corner = {
        **{"m_dark_photon": 7.78, "epsilon": 1.1e-3, "g_D": 0.5, "y_e": 3e-4, "y_mu": 3e-4},
        **{"flavour_angle": np.pi / 2, "delta_theta": np.pi / 4, "m_S": 0.2, "delta_m_S": 0.3},
        **{"m_majorana": 635.02, "m_dirac": 634.98, "m_E": 1270.0},
    }
    fit = fits[step]
    seen = fit.predictions(corner)
    assert seen["delta_N_nu"][0] == 0
    assert abs(seen["T_parameter_10TeV"][0]) < 1e-9
    assert seen["mu_eff"][0] > 1e-16
    chi2 = dict(zip(fit.terms, fit.chi2(corner)[0], strict=True))
    assert chi2["z_invisible"] < 0.3
    assert chi2["oblique_t"] < 0.6


@pytest.mark.slow
def test_the_waterfall_never_rises_and_every_step_is_certified(tmp_path):
    out = tmp_path / "out"
    assert main(["run", "scrutiny", "--workers", "2", "--out", str(out)]) == 0
    table = pd.read_csv(out / "waterfall_mu_eff.csv", keep_default_na=False)
    for column in ("ratio", "mu_eff_max"):
        table[column] = pd.to_numeric(table[column])
    assert len(table) == STEPS
    assert table["status"].isin(["certified", "range"]).all()
    assert (table["ratio"].iloc[1:] <= 1 + 1e-12).all()
    killers = table.set_index("variant")["killed_by"]
    assert killers["+ Z width"] == "z_invisible"
    assert killers["+ T"] == "oblique_t"
    assert "lepton_universality" in killers["+ W universality"]
    assert killers["+ kaon decays"] == "kaon"
    assert "neutrino_mass" in killers["+ neutrino mass, not tuned"]
    last = table.iloc[-1]
    assert last["m_majorana"] == pytest.approx(last["m_E"] / 2, rel=0.01)
    assert last["m_dirac"] == pytest.approx(last["m_E"] / 2, rel=0.01)
    assert (table["mu_eff_max"] > 0).all()
    # differential evolution in other coordinates: 9.67e-16, and 3.2334e-12 in the corner of Le-Lmu
    assert last["mu_eff_max"] == pytest.approx(9.665e-16, rel=5e-3)
    anywhere = pd.read_csv(out / "anywhere.csv").iloc[0]
    assert anywhere["status"] == "range"
    assert anywhere["mu_eff_max"] == pytest.approx(3.2334e-12, rel=5e-3)
    assert anywhere["theta_R"] == pytest.approx(-anywhere["delta_theta"] / 2, rel=0.05)
    assert anywhere["m_H1"] == pytest.approx(anywhere["m_A1"], rel=0.05)
    assert anywhere["m_H2"] == pytest.approx(anywhere["m_A2"], rel=0.05)
    assert min(anywhere["m_H1"], anywhere["m_H2"]) == pytest.approx(1e-3, rel=1e-3)
    assert anywhere["flavour_angle"] == pytest.approx(np.pi / 2, rel=0.05)


def test_the_corner_of_Le_Lmu_beats_every_other_with_everything_on(fits):
    """The point differential evolution ends at, made symmetric: allowed, above all of the pairs."""
    corner = {
        **{"m_dark_photon": 7.78, "epsilon": 1.2e-3, "g_D": 0.5, "y_e": 5e-3, "y_mu": 3e-3},
        **{"flavour_angle": np.pi / 2, "delta_theta": 0.66, "theta_R": -0.33},
        **{"m_H1": 1e-3, "m_A1": 1e-3, "m_H2": 7.4e-3, "m_A2": 7.4e-3},
        **{"m_majorana": 635.0 - 1e-4, "m_dirac": 635.0 + 1e-4, "m_E": 1270.0},
    }
    fit = fits[STEPS]
    seen = fit.predictions(corner)
    assert seen["BR_mu_e_gamma"][0] < 1e-30
    assert seen["mu_eff"][0] > 1e-12
    worse = np.maximum(fit.chi2(corner)[0] - standard_model_chi2(fit), 0)
    assert worse.sum() < 2.7055


def test_check_tells_how_long_it_takes():
    """Minutes, not seconds and not hours; and no summary, as nothing is a profile likelihood."""
    *_, waterfall, anywhere, total = describe_file(load("scrutiny")).splitlines()
    assert "waterfall: " in waterfall
    assert "maximise: " in anywhere
    seconds = float(total.split()[1]) * {"s": 1, "min": 60}[total.split()[2]]
    assert 60 < seconds < 3600
