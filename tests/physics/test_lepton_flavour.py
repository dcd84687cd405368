"""Dipole and monopole against mpmath integrals over propagators, and the ratios of the rates."""

from math import pi

import mpmath as mp
import numpy as np
import pytest

from darkmoment.constants import ALPHA, E_CHARGE, G_F
from darkmoment.physics import lepton_flavour as lf
from darkmoment.physics import printed

MASSES = (0.25, 0.35, 0.25, 0.35)
Y = 0.086
SEED = 8


def feynman_sum(y_e, y_mu, theta_R, theta_I, masses, m_E, integrand):
    """Trace of the flavour vectors over the 2x2 scalar propagator, by quadrature in the Feynman parameter.

    R_a = O_ak H_k with O = ((cos, sin), (-sin, cos)), likewise I_a.
    """
    total = mp.mpc(0)
    for theta, pair in ((theta_R, masses[:2]), (theta_I, masses[2:])):
        rotation = np.array([[np.cos(theta), np.sin(theta)], [-np.sin(theta), np.cos(theta)]])
        loop = np.diag(
            [float(mp.quad(lambda s, m=m: integrand(s, s * m_E**2 + (1 - s) * m**2), [0, 1])) for m in pair]
        )
        total += complex(y_e @ rotation @ loop @ rotation.T @ y_mu.conj())
    return complex(total)


@pytest.mark.parametrize("m_E", [0.5, 3.0])
def test_amplitudes_of_complex_couplings(m_E):
    print(f"seed {SEED}")
    rng = np.random.default_rng(SEED)
    y_e, y_mu = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
    theta_R, theta_I = rng.uniform(-pi, pi, 2)
    masses = tuple(rng.uniform(0.2, 1.0, 4))
    yt_e, yt_mu = (lf.rotated(*vector, theta_R, theta_I) for vector in (y_e, y_mu))
    dipole = feynman_sum(y_e, y_mu, theta_R, theta_I, masses, m_E, lambda s, d: s**2 * (1 - s) / d)
    radius = feynman_sum(
        y_e, y_mu, theta_R, theta_I, masses, m_E, lambda s, d: s**3 / 6 * (2 / d + m_E**2 / d**2)
    )
    assert lf.dipole(yt_e, yt_mu, masses, m_E) == pytest.approx(dipole / (64 * pi**2), rel=1e-12)
    assert lf.monopole(yt_e, yt_mu, masses, m_E) == pytest.approx(radius / (32 * pi**2), rel=1e-12)


def test_representative_vectors():
    """The vectors y_e (1, 0) and y_mu (cos, sin) have the inner and the cross product they should have."""
    yt_e, yt_mu = lf.scalar_couplings(0.7, 0.4, 0.3, 1.1, -0.6)
    for couplings, reference in ((yt_e, (0.7, 0.0)), (yt_mu, (0.4 * np.cos(0.3), 0.4 * np.sin(0.3)))):
        assert couplings == pytest.approx(lf.rotated(*reference, 1.1, -0.6), rel=1e-14)
    inner = lf.inner(0.7, 0.4, 0.3)
    for k in (0, 2):
        assert yt_e[k] * yt_mu[k] + yt_e[k + 1] * yt_mu[k + 1] == pytest.approx(inner, rel=1e-14)
        cross = yt_e[k] * yt_mu[k + 1] - yt_e[k + 1] * yt_mu[k]
        assert abs(cross) == pytest.approx(0.28 * np.sin(0.3), rel=1e-14)


def test_heavy_partner():
    couplings = lf.scalar_couplings(0.7, 0.4, 0.3, 1.1, -0.6)
    inner, m_E = lf.inner(0.7, 0.4, 0.3), 2000.0
    dipole, radius = lf.dipole(*couplings, MASSES, m_E), lf.monopole(*couplings, MASSES, m_E)
    assert dipole == pytest.approx(inner / (192 * pi**2 * m_E**2), rel=1e-6)
    assert radius == pytest.approx(inner * 7 / (576 * pi**2 * m_E**2), rel=1e-6)
    heavy = ALPHA * inner**2 / (768 * pi * G_F**2 * m_E**4)
    assert lf.BR_mu_e_gamma(dipole) == pytest.approx(heavy, rel=1e-6)


def test_benchmark():
    norm = 2**0.25 * Y
    couplings = lf.scalar_couplings(norm, norm, pi / 4, 0.0, pi / 4)
    assert lf.BR_mu_e_gamma(lf.dipole(*couplings, MASSES, 2000.0)) == pytest.approx(7.6006e-14, rel=1e-5)
    inner = lf.inner(norm, norm, pi / 4)
    assert printed.BR_mu_e_gamma(inner, 2000.0) == pytest.approx(6.0805e-13, rel=1e-5)


def test_printed_rate_is_eight_times_the_heavy_limit():
    heavy = ALPHA * 0.3**2 / (768 * pi * G_F**2 * 500.0**4)
    assert printed.BR_mu_e_gamma(0.3, 500.0) == pytest.approx(8 * heavy, rel=1e-14)
    assert printed.BR_mu_e_gamma(0.3j, 500.0) == pytest.approx(8 * heavy, rel=1e-14)


def test_mu_3e_ratios():
    def ratio(r, y_e):
        return lf.BR_mu_3e(1e-9, r * 1e-9, y_e) / lf.BR_mu_e_gamma(1e-9)

    assert lf.BR_mu_3e_dipole(1e-9) / lf.BR_mu_e_gamma(1e-9) == pytest.approx(6.13e-3, rel=1e-3)
    assert ratio(7 / 3, 0.0) == pytest.approx(1.04e-2, rel=5e-3)
    assert ratio(7 / 3, 1.0) == pytest.approx(0.163, rel=5e-3)
    r, b = 1.7, -6 * 0.4**2 / E_CHARGE**2
    logarithm = 16 / 3 * np.log(105.6583755 / 0.51099895069) - 22 / 3
    bracket = r**2 + 4 * r + logarithm + b**2 / 6 + 2 / 3 * r * b + 4 / 3 * b
    assert ratio(r, 0.4) == pytest.approx(ALPHA / (8 * pi) * bracket, rel=1e-12)


@pytest.mark.parametrize(
    ("nucleus", "dipole_only", "full"),
    [("Al", 2.67e-3, 3.29e-2), ("Ti", 4.14e-3, 5.34e-2), ("Au", 3.93e-3, 6.01e-2)],
)
def test_conversion_ratios(nucleus, dipole_only, full):
    reference = lf.BR_mu_e_gamma(1e-9)
    assert lf.CR_mu_e_dipole(1e-9, nucleus) / reference == pytest.approx(dipole_only, rel=2e-3)
    assert lf.CR_mu_e(1e-9, 7 / 3 * 1e-9, nucleus) / reference == pytest.approx(full, rel=2e-3)


def test_common_phase_does_not_matter():
    phase = np.exp(0.7j)
    for function in (lambda d, r: lf.BR_mu_3e(d, r, 0.6), lambda d, r: lf.CR_mu_e(d, r, "Al")):
        assert function(2.0 * phase, 3.0 * phase) == pytest.approx(function(2.0, 3.0), rel=1e-14)
        assert function(2.0, 3.0j) != pytest.approx(function(2.0, 3.0), rel=1e-2)


def test_rates_where_the_dipole_vanishes():
    assert lf.BR_mu_e_gamma(0.0) == 0.0
    assert lf.BR_mu_3e(0.0, 0.0, 1.0) == 0.0
    assert lf.CR_mu_e(0.0, 0.0, "Ti") == 0.0
    assert lf.BR_mu_3e(0.0, 1e-9, 1.0) > 0.0
    assert lf.CR_mu_e(np.array([0.0, 1e-9]), np.array([1e-9, 0.0]), "Au").min() > 0.0
    couplings = lf.scalar_couplings(1.0, 1.0, pi / 2, 0.4, -0.4)
    assert lf.BR_mu_e_gamma(lf.dipole(*couplings, MASSES, 2000.0)) < 1e-30


def test_shared_masses_and_batches_keep_the_bits():
    rng = np.random.default_rng(SEED)
    n = 3000
    y_e, y_mu, phi, theta_R, theta_I = rng.uniform(0, 1.5, (5, n))
    H1, H2, A1, A2 = rng.uniform(0.1, 4.0, (4, n))
    m_E = np.array([2.5])
    couplings = lf.scalar_couplings(y_e, y_mu, phi, theta_R, theta_I)
    for amplitude in (lf.dipole, lf.monopole):
        batch = amplitude(*couplings, (H1, H2, A1, A2), m_E)
        for i in rng.integers(0, n, 25):
            point = lf.scalar_couplings(*(x[i] for x in (y_e, y_mu, phi, theta_R, theta_I)))
            assert amplitude(*point, tuple(x[i] for x in (H1, H2, A1, A2)), 2.5) == batch[i]
        shared = amplitude(*couplings, (H1, H2, H1, H2), m_E)
        assert np.array_equal(shared, amplitude(*couplings, (H1, H2, H1.copy(), H2.copy()), m_E))


def test_unknown_nucleus():
    with pytest.raises(KeyError, match="Pb"):
        lf.CR_mu_e(1.0, 1.0, "Pb")
