"""Neutrino spectra: norms, mean energies, and recoils against adaptive quadrature."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from darkmoment.constants import M_ELECTRON
from darkmoment.physics import reactor, recoil, solar, stopped_pion, xenon
from darkmoment.physics.neutrinos import E_min, NeutrinoFlux, allowed_spectrum


def test_least_energy_is_the_inverse_of_the_largest_recoil() -> None:
    E = np.geomspace(1e-6, 1, 30)
    np.testing.assert_allclose(E_min(recoil.T_max(E)), E, rtol=1e-13)


def test_pp_neutrinos_have_the_mean_energy_of_the_solar_model() -> None:
    (pp, mean), *_ = solar.sources()
    assert pp.total() == pytest.approx(5.98e10, rel=1e-12)
    found = quad(lambda E: E * pp.density(np.array([E]))[0], 0, solar.PP_ENDPOINT, epsrel=1e-10)[0]
    assert found / 5.98e10 == pytest.approx(mean, rel=1e-4)  # Bahcall: 0.2668 MeV


def test_solar_sources_survive_as_in_vacuum_at_low_energy_and_less_above() -> None:
    vacuum = (1 - 0.02215) ** 2 * (1 - 2 * 0.308 * (1 - 0.308)) + 0.02215**2
    assert solar.survival_probability(0.0) == pytest.approx(vacuum, rel=1e-12)
    found = [solar.survival_probability(E) for E in (solar.PP_MEAN, solar.E_BE7, solar.E_PEP)]
    np.testing.assert_allclose(found, [0.541, 0.523, 0.503], atol=1e-3)


def test_allowed_spectrum_ends_and_knows_the_charge() -> None:
    E = np.array([0.0, 0.1e-3, 0.3e-3, 0.4e-3, 0.5e-3])
    free = allowed_spectrum(E, 0.4e-3, 0)
    W = 0.4e-3 - E[:3] + M_ELECTRON
    np.testing.assert_allclose(free[:3], E[:3] ** 2 * W * np.sqrt(W**2 - M_ELECTRON**2), rtol=1e-10)
    assert free[3:].tolist() == [0, 0]
    attracted, repelled = (allowed_spectrum(E, 0.4e-3, charge) for charge in (20, -20))
    assert (attracted[1:3] > free[1:3]).all()
    assert (repelled[1:3] < free[1:3]).all()


def test_a_reactor_has_six_to_seven_antineutrinos_per_fission() -> None:
    assert reactor.flux().total() == pytest.approx(6.83, abs=0.01)
    assert sum(reactor.FRACTIONS.values()) == pytest.approx(1)
    E = np.array([3.0, 5.0, 8.1]) * 1e-3
    assert reactor.density(E)[2] == 0
    # the two parametrisations meet within 5%
    low, high = reactor.density(np.array([1.999e-3, 2.001e-3]))
    assert low == pytest.approx(high, rel=0.05)


def test_stopped_muons_give_one_neutrino_of_each_kind() -> None:
    assert stopped_pion.NU_E.total() == pytest.approx(1, rel=1e-12)
    assert stopped_pion.NU_MU.total() == pytest.approx(2, rel=1e-12)
    assert pytest.approx(52.828e-3, rel=1e-4) == stopped_pion.E_MUON
    assert pytest.approx(29.79e-3, rel=1e-3) == stopped_pion.E_PION


@pytest.mark.parametrize(
    ("flux", "T"),
    [
        (solar.sources()[0][0], 5e-6),
        (solar.sources()[0][0], 2e-4),
        (reactor.flux(), 3e-5),
        (reactor.flux(), 4e-3),
        (stopped_pion.NU_E, 3e-2),
        (stopped_pion.NU_MU, 2e-2),
    ],
)
def test_recoils_against_adaptive_quadrature(flux: NeutrinoFlux, T: float) -> None:
    lowest = float(E_min(T))
    expected = sum(f * (1 / T - 1 / E) for E, f in flux.lines if lowest < E)
    ends = [lowest, *(knot for knot in flux.knots if knot > lowest)]
    for low, high in pairwise(ends):
        expected += quad(
            lambda E: flux.density(np.array([E]))[0] * (1 / T - 1 / E), low, high, epsabs=0, epsrel=1e-10
        )[0]
    assert flux.dipole_recoils(np.array([T]))[0] == pytest.approx(expected, rel=1e-9)


def test_electrons_of_xenon() -> None:
    assert sum(n for _, n in xenon.SHELLS) == 54
    T = np.array([1e-9, 0.1e-6, 1.1e-6, 5e-6, 40e-6])
    assert xenon.free_electrons(T).tolist() == [0, 18, 42, 48, 54]
