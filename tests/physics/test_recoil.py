"""The recoil integral against scipy's and mpmath's quadrature, and the check values."""

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import quad

from darkmoment.constants import M_ELECTRON
from darkmoment.physics import recoil

E = 862e-6
T_MIN = 50e-6


def line() -> recoil.RecoilSpectrum:
    """The recoils of one neutrino energy, as a spectrum."""
    return recoil.RecoilSpectrum(lambda T: 1 / T - 1 / E, T_MIN, float(recoil.T_max(E)))


def test_kinematic_edge():
    assert recoil.T_max(E) == pytest.approx(664.92e-6, rel=1e-5)
    # elastic scattering off an electron at rest, backwards: T = E - E' with momentum E + E'
    T = recoil.T_max(E)
    energy, momentum = T + M_ELECTRON, E + (E - T)
    assert energy**2 - momentum**2 == pytest.approx(M_ELECTRON**2, rel=1e-11)


@pytest.mark.parametrize("mass", [0.0, 1e-6, 1e-4, 1e-3, 1e-2, 1.0, 100.0])
@pytest.mark.parametrize("T_min", [50e-6, 190e-6, 660e-6])
def test_integral(mass, T_min):
    T_max = recoil.T_max(E)
    size = 1 + mass**2 / (2 * M_ELECTRON * T_max)  # of the propagators: mpmath judges errors absolutely

    def integrand(T):
        q_squared = 2 * mp.mpf(M_ELECTRON) * T
        return (1 / T - 1 / mp.mpf(E)) * (size * q_squared / (q_squared + mp.mpf(mass) ** 2)) ** 2

    with mp.workdps(25):
        reference = mp.quad(integrand, mp.linspace(T_min, T_max, 5))
        value = size**2 * recoil.dipole_recoil_integral(mass, T_min, T_max, E)
        assert abs(float(value) / reference - 1) < 1e-13
    by_scipy, _ = quad(lambda T: float(integrand(T)), T_min, T_max, epsabs=0, epsrel=1e-10)
    assert value == pytest.approx(by_scipy, rel=1e-9)


@pytest.mark.parametrize(
    ("mass", "limit"),
    [(1e-4, 3.01703e-11), (1e-3, 1.57438e-10), (1e-2, 1.15565e-8), (1.0, 1.15108e-10 * 1e6)],
)
def test_check_values(mass, limit):
    found = 2.8e-11 * np.sqrt(line().dilution(np.array([mass]))[0])
    assert found == pytest.approx(limit, rel=6e-6)


def test_massless_mediator_dilutes_nothing():
    assert line().dilution(np.zeros(1)) == [1.0]
    T_max = recoil.T_max(E)
    massless = np.log(T_max / T_MIN) - (T_max - T_MIN) / E
    assert recoil.dipole_recoil_integral(0.0, T_MIN, T_max, E) == pytest.approx(massless, rel=1e-13)


def test_batches_keep_the_bits():
    rng = np.random.default_rng(9)
    mass = np.exp(rng.uniform(np.log(1e-6), np.log(10.0), 3000))
    T_max = recoil.T_max(E)
    for batch, function in (
        (line().dilution(mass), line().dilution),
        (
            recoil.dipole_recoil_integral(mass, T_MIN, T_max, E),
            lambda m: recoil.dipole_recoil_integral(m, T_MIN, T_max, E),
        ),
    ):
        assert [float(function(mass[i : i + 1])[0]) for i in range(40)] == batch[:40].tolist()
        assert np.array_equal(function(mass[11:1500]), batch[11:1500])
    columns = recoil.dipole_recoil_integral(mass[:6].reshape(2, 3), np.array([50e-6, 60e-6, 70e-6]), T_max, E)
    assert columns.shape == (2, 3)
    assert columns[1, 2] == recoil.dipole_recoil_integral(mass[5], 70e-6, T_max, E)


@pytest.mark.parametrize("T_min", [0.0, -1e-6, 1e-3, np.nan])
def test_empty_window_is_refused(T_min):
    with pytest.raises(ValueError, match="recoil window"):
        recoil.dipole_recoil_integral(0.1, T_min, 6e-4, E)
    with pytest.raises(ValueError, match="recoil window"):
        recoil.RecoilSpectrum(lambda T: 1 / T, T_min, 6e-4)
