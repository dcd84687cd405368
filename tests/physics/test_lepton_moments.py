"""Anomalous magnetic moments against mpmath integrals and the check values."""

from math import pi

import mpmath as mp
import numpy as np
import pytest

from darkmoment.constants import M_ELECTRON, M_MUON
from darkmoment.physics import lepton_flavour, lepton_moments, printed

MASSES = (0.25, 0.35, 0.25, 0.35)


def vector_integral(k):
    """The Feynman integral with the dark photon, k = m_A'^2/m_l^2; split where the integrand turns."""
    with mp.workdps(25):
        k = mp.mpf(k)
        turns = {mp.mpf(0), mp.mpf(1), mp.mpf(1) / 2, 1 / (1 + k), 1 - mp.sqrt(k) if k < 1 else mp.mpf(1)}
        turns |= {10 / (10 + k), 1 - mp.sqrt(k) / 10 if k < 1 else mp.mpf(1), 100 / (100 + k)}
        return mp.quad(lambda z: 2 * z * (1 - z) ** 2 / ((1 - z) ** 2 + z * k), sorted(turns))


def test_vector_function():
    ratios = np.concatenate((10.0 ** np.arange(-4, 5.5, 0.5), [1.9, 2 - 1e-9, 2.0, 2 + 1e-9, 2.1, 3.0]))
    values = lepton_moments.vector_function(ratios**2)
    deviations = [abs(float(v / vector_integral(r**2) - 1)) for v, r in zip(values, ratios, strict=True)]
    assert max(deviations) < 1e-12
    assert [float(lepton_moments.vector_function(r**2)) for r in ratios] == values.tolist()
    assert lepton_moments.vector_function(0.0) == pytest.approx(1.0, rel=1e-15)
    assert lepton_moments.vector_function(1e12) == pytest.approx(2 / 3e12, rel=1e-9)


@pytest.mark.parametrize("edge", [4.0, np.nextafter(4.0, 5.0), np.nextafter(4.0, 3.0)])
def test_vector_function_where_the_roots_meet(edge):
    # b = 1: 2 - 1 + 16 L - 4 with L = ln 2 - 1/2
    assert lepton_moments.vector_function(edge) == pytest.approx(16 * np.log(2) - 11, rel=1e-12)


def test_dark_photon_check_values():
    assert lepton_moments.dark_photon(M_MUON, 1e-5, 0.01) == pytest.approx(9.09e-14, rel=1e-3)
    assert lepton_moments.dark_photon(M_MUON, 1e-4, 0.1) == pytest.approx(2.57e-12, rel=1e-3)
    schwinger = lepton_moments.dark_photon(M_ELECTRON, 1.0, 1e-12)
    assert schwinger == pytest.approx(1 / 137.035999177 / (2 * pi), rel=1e-8)
    assert lepton_moments.dark_photon(M_MUON, 0.0, 0.1) == 0.0


def test_yukawa_part():
    electron, muon = lepton_flavour.scalar_couplings(0.7, 0.4, 0.3, 1.1, -0.6)
    for mass, couplings, norm in ((M_ELECTRON, electron, 0.7), (M_MUON, muon, 0.4)):
        heavy = mass**2 * norm**2 / (96 * pi**2 * 2000.0**2)
        assert lepton_moments.yukawa(mass, couplings, MASSES, 2000.0) == pytest.approx(heavy, rel=1e-6)
        assert printed.yukawa(mass, couplings, MASSES, 2000.0) == pytest.approx(4 * heavy, rel=1e-13)


def test_yukawa_part_of_light_partner():
    """Exact sum with complex couplings, by quadrature in the Feynman parameter."""
    vector = np.array([0.3 + 0.2j, -0.1 + 0.5j])
    theta_R, theta_I, m_E, masses = 0.4, 1.3, 0.6, (0.2, 0.9, 0.5, 1.4)
    strengths = [abs(vector[0] * np.cos(t) - vector[1] * np.sin(t)) ** 2 for t in (theta_R, theta_R - pi / 2)]
    strengths += [
        abs(vector[0] * np.cos(t) - vector[1] * np.sin(t)) ** 2 for t in (theta_I, theta_I - pi / 2)
    ]
    total = sum(
        strength * mp.quad(lambda s, m=m: s**2 * (1 - s) / (s * m_E**2 + (1 - s) * m**2), [0, 1])
        for strength, m in zip(strengths, masses, strict=True)
    )
    couplings = lepton_flavour.rotated(*vector, theta_R, theta_I)
    value = lepton_moments.yukawa(M_MUON, couplings, masses, m_E)
    assert value == pytest.approx(float(M_MUON**2 / (32 * pi**2) * total), rel=1e-12)


def test_batches_keep_the_bits():
    rng = np.random.default_rng(4)
    mass = np.exp(rng.uniform(np.log(1e-3), np.log(8.0), 3000))
    for lepton in (M_ELECTRON, M_MUON):
        batch = lepton_moments.dark_photon(lepton, np.array([1e-3]), mass)
        assert batch.shape == mass.shape
        assert [float(lepton_moments.dark_photon(lepton, 1e-3, m)) for m in mass[:50]] == batch[:50].tolist()
        assert np.array_equal(lepton_moments.dark_photon(lepton, 1e-3, mass[7:900]), batch[7:900])
