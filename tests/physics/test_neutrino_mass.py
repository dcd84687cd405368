"""The radiative neutrino mass against loops over mass eigenstates, divergence and all, and by integration."""

from itertools import product
from math import pi

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import quad

from darkmoment.physics import lepton_flavour, neutrino_mass
from darkmoment.physics.broken_propagators import mass_integrals, vector_integrals

SHARED = np.array([0.25]), np.array([0.35])
BENCHMARK = (0.1, 0.0, (*SHARED, *SHARED), 0.0, pi / 4)
EVEN, ODD = slice(0, 2), slice(2, 4)


def matrix(m, m_D, masses, theta_R, delta_theta, y):
    """The mass matrix of the code under test; y[i, a] may be complex."""
    kernel = neutrino_mass.kernel(mass_integrals(m, m_D, masses), theta_R, delta_theta)
    ee, emu, mumu = neutrino_mass.matrix(tuple(y[0]), tuple(y[1]), kernel)
    return np.array([[ee, emu], [emu, mumu]])


def random_point(rng):
    y = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
    m, m_D = rng.uniform(-0.5, 0.5, 2)
    return m, m_D, tuple(rng.uniform(0.1, 1.0, 4)), *rng.uniform(-pi, pi, 2), y


def scalar_eigenstates(masses, theta_R, theta_I):
    """Masses of four real scalars and s of S_a = sum_k s_ak phi_k, from their 4x4 mass matrix."""
    blocks = []
    for theta, light, heavy in ((theta_R, *masses[:2]), (theta_I, *masses[2:])):
        turn = np.array([[np.cos(theta), np.sin(theta)], [-np.sin(theta), np.cos(theta)]])
        blocks.append(turn @ np.diag([light**2, heavy**2]) @ turn.T)
    zero = np.zeros((2, 2))
    square, V = np.linalg.eigh(np.block([[blocks[0], zero], [zero, blocks[1]]]))
    return np.sqrt(square), (V[:2] + 1j * V[2:]) / np.sqrt(2)


def bubble(M, m, pole, scale):
    """B_0(0; M, m) in dimensional regularisation, 1/epsilon included: int_0^1 dx of the propagators."""
    logs = quad(lambda x: np.log((x * M * M + (1 - x) * m * m) / scale**2), 0, 1, epsabs=1e-13, epsrel=1e-13)
    return pole - logs[0]


def sum_over_eigenstates(m, m_D, masses, theta_R, delta_theta, y, pole, scale):
    """-L = nubar_i m_ij nu_j^c/2 + h.c. from every N_a and phi_k, all masses positive (Takagi).

    -i y_ia s_ak U*_2b P_R at nubar_i N_b phi_k twice, i (k + M)/(k^2 - M^2) between, i B_0/(16 pi^2):
    -i m_ij = (-i)^2 i^2 i Y_ik Y_jk U*_2b^2 M_b B_0/(16 pi^2).
    """
    signed, rotation = np.linalg.eigh(np.array([[m, m_D], [m_D, m]]))
    U, M = rotation * np.where(signed < 0, 1j, 1.0), np.abs(signed)
    m_phi, s = scalar_eigenstates(masses, theta_R, theta_R + delta_theta)
    Y = y @ s
    total = np.zeros((2, 2), dtype=complex)
    for b, k in product(range(2), range(4)):
        loop = M[b] * bubble(M[b], m_phi[k], pole, scale) / (16 * pi**2)
        total -= np.outer(Y[:, k], Y[:, k]) * np.conj(U[1, b]) ** 2 * loop
    return total


@pytest.mark.parametrize("seed", range(91, 97))
def test_sum_over_eigenstates(seed):
    print("seed", seed)
    point = random_point(np.random.default_rng(seed))
    found = matrix(*point)
    whole = sum_over_eigenstates(*point, pole=0.0, scale=1.0)
    # the phase of nu is free: one sign for all
    sign = np.sign((found[0, 0] / whole[0, 0]).real)
    np.testing.assert_allclose(sign * whole, found, rtol=1e-9, atol=1e-11 * np.abs(found).max())
    # and the divergence, with whatever scale, is not there
    for pole, scale in ((1e3, 1.0), (0.0, 1e6), (-3e2, 1e-4)):
        other = sum_over_eigenstates(*point, pole=pole, scale=scale)
        np.testing.assert_allclose(other, whole, atol=1e-11 * np.abs(pole + np.log(scale)) + 1e-14)


def test_it_is_the_cancellation_that_is_finite():
    """CP-even scalars alone do depend on the pole."""
    point = random_point(np.random.default_rng(97))
    m, m_D, masses, theta_R, _, y = point
    alone = [
        sum(M * bubble(abs(M), k, pole, 1.0) for M in (m - m_D, m + m_D) for k in masses[EVEN])
        for pole in (0.0, 10.0)
    ]
    assert abs(alone[1] - alone[0]) == pytest.approx(abs(10 * 2 * 2 * m), rel=1e-9)
    assert theta_R != 0
    assert y.shape == (2, 2)


@pytest.mark.parametrize("seed", range(101, 105))
def test_as_one_integral(seed):
    """-1/(64 pi^2) int dv sum_a M_a v/(v + M_a^2) y_i^T (R - I) y_j by adaptive quadrature."""
    print("seed", seed)
    m, m_D, masses, theta_R, delta_theta, y = random_point(np.random.default_rng(seed))
    m_phi, s = scalar_eigenstates(masses, theta_R, theta_R + delta_theta)
    Y = y @ s

    def integrand(u, i, j):
        v = np.exp(u)
        fermions = sum(M * v / (v + M * M) for M in (m - m_D, m + m_D))
        # S S: 1/2 (R - I), and 1/2 for each N
        return v * fermions * (Y[i] * Y[j] / (v + m_phi**2)).sum() * 2

    found = matrix(m, m_D, masses, theta_R, delta_theta, y)
    for i, j in ((0, 0), (0, 1), (1, 1)):
        parts = [
            quad(lambda u: getattr(integrand(u, i, j), part), -40, 40, epsrel=1e-11, limit=400)[0]  # noqa: B023
            for part in ("real", "imag")
        ]
        assert -complex(*parts) / (64 * pi**2) == pytest.approx(found[i, j], rel=1e-9)


def closed_form(m, m_D, masses, theta_R, delta_theta, y):
    """The sum over N and scalars of section 2.3, term by term, in many digits."""
    with mp.workdps(60):

        def B(M, mass):
            r = (mp.mpf(mass) / M) ** 2
            return mp.mpf(1) if r == 1 else r * mp.log(r) / (r - 1)

        yt = [lepton_flavour.rotated(*y[i], theta_R, theta_R + delta_theta) for i in range(2)]
        entries = []
        for i, j in ((0, 0), (0, 1), (1, 1)):
            total = mp.mpc(0)
            for M in (mp.mpf(m) - mp.mpf(m_D), mp.mpf(m) + mp.mpf(m_D)):
                if M == 0:
                    continue
                for k, mass in enumerate(masses):
                    sign = 1 if k < 2 else -1
                    total += sign * M * mp.mpc(yt[i][k]) * mp.mpc(yt[j][k]) * B(abs(M), mass)
            entries.append(complex(total / (64 * mp.pi**2)))
        return entries


@pytest.mark.parametrize("seed", range(111, 117))
def test_closed_form(seed):
    print("seed", seed)
    rng = np.random.default_rng(seed)
    for case in range(8):
        y = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
        scalars = tuple(10 ** rng.uniform(-3, 3, 4))
        m, m_D = 10 ** rng.uniform(-3, 3, 2) * rng.choice([-1, 1], 2)
        if case == 1:
            m_D = m  # massless N_1
        if case == 2:
            m_D = 0.0
        point = (m, m_D, scalars, *rng.uniform(-pi, pi, 2), y)
        found, expected = matrix(*point), closed_form(*point)
        scale = sum(abs(x) for x in expected)
        for one, other in zip((found[0, 0], found[0, 1], found[1, 1]), expected, strict=True):
            assert one == pytest.approx(other, rel=1e-8, abs=1e-9 * scale)


def test_small_splittings_keep_their_digits():
    """H and A almost degenerate: the term-by-term sum needs many digits, the integral does not."""
    y = np.array([[0.7, 0.2], [0.3, 0.6]])
    for split in (1e-3, 1e-6, 1e-9):
        masses = (0.3, 0.5, 0.3 * (1 + split), 0.5 * (1 + 2 * split))
        with mp.workdps(60):
            slope = [mp.mpf(0), mp.mpf(0)]
            for M in (mp.mpf("0.05"), mp.mpf("0.35")):
                for k in range(2):
                    ends = [mp.mpf(masses[k + 2 * n]) for n in range(2)]
                    f = [(x / M) ** 2 * mp.log((x / M) ** 2) / ((x / M) ** 2 - 1) for x in ends]
                    slope[k] += M * (f[0] - f[1]) / (64 * mp.pi**2)
        found = matrix(0.2, 0.15, masses, 0.0, 0.0, y)
        expected = [
            [sum(y[i, k] * y[j, k] * float(slope[k]) for k in range(2)) for j in range(2)] for i in range(2)
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_benchmark():
    y = 2**0.25 * np.array([[1.0, 0.0], [np.cos(pi / 4), np.sin(pi / 4)]])
    found = matrix(*BENCHMARK, y)[..., 0]
    np.testing.assert_allclose(np.abs(found) * 1e3, [[0.12238, 0.17307], [0.17307, 0.12238]], rtol=5e-5)
    entries = found[0, 0], found[0, 1], found[1, 1]
    assert neutrino_mass.largest_entry(*entries) == abs(found[0, 1])
    half = matrix(*BENCHMARK, y / 2)[..., 0]
    np.testing.assert_allclose(half, found / 4, rtol=1e-13)


def test_exact_zeros():
    y = np.array([[0.7, 0.2], [0.3, 0.6]])
    # lepton number, and U(1)_D in the scalars
    assert (matrix(0.0, 0.2, (0.2, 0.3, 0.25, 0.4), 0.1, 0.3, y) == 0).all()
    assert (matrix(0.1, 0.2, (0.2, 0.3, 0.2, 0.3), 0.1, 0.0, y) == 0).all()
    assert (matrix(0.1, 0.2, (*SHARED, *SHARED), 0.1, 0.0, y) == 0).all()
    assert (matrix(0.0, 0.0, (0.2, 0.3, 0.25, 0.4), 0.1, 0.3, y) == 0).all()


def test_the_le_lmu_corner():
    """theta_I = -theta_R, equal spectra, orthogonal flavours: m_emu alone is left."""
    y_e, y_mu = np.array([0.7, 0.0]), np.array([6e-17 * 0.4, 0.4])
    for delta in (0.3, pi / 4, -1.1):
        found = matrix(0.1, 0.03, (*SHARED, *SHARED), -delta / 2, delta, np.array([y_e, y_mu]))[..., 0]
        assert found[0, 0] == 0
        assert abs(found[1, 1]) < 1e-15 * abs(found[0, 1])
        assert abs(found[0, 1]) > 1e-6


def test_pieces_add_up():
    print("seed 121")
    rng = np.random.default_rng(121)
    for _ in range(20):
        m, m_D, masses, theta_R, delta_theta, y = random_point(rng)
        yt = [lepton_flavour.rotated(*y[i], theta_R, theta_R + delta_theta) for i in range(2)]
        found = list(neutrino_mass.pieces(m, m_D, *yt, masses))
        signs = [np.sign(M) * s for M in (m - m_D, m + m_D) for s in (1, 1, -1, -1)]
        phases = [np.exp(2j * np.angle(yt[0][k])) for _ in range(2) for k in range(4)]
        total = sum(s * e * f * phase for s, (e, _, f), phase in zip(signs, found, phases, strict=True))
        assert total == pytest.approx(matrix(m, m_D, masses, theta_R, delta_theta, y)[0, 0], rel=1e-9)
        # rank one: entries, electron mass and singular values of each follow from two numbers
        largest = neutrino_mass.largest_pieces(m, m_D, *yt, masses)
        expected = np.zeros(4)
        for e, mu, factor in found:
            one = factor * np.array([[e, np.sqrt(e * mu)], [np.sqrt(e * mu), mu]])
            singular = np.linalg.svd(one, compute_uv=False)
            sizes = [np.abs(one).max(), one[0, 0], np.hypot(*one[0]), singular.sum()]
            expected = np.maximum(expected, sizes)
        np.testing.assert_allclose(np.concatenate(largest), expected, rtol=1e-12)


def test_singular_values():
    print("seed 122")
    rng = np.random.default_rng(122)
    for _ in range(50):
        ee, emu, mumu = rng.normal(size=3) + 1j * rng.normal(size=3) * rng.integers(0, 2)
        singular = np.linalg.svd(np.array([[ee, emu], [emu, mumu]]), compute_uv=False)
        assert neutrino_mass.sum_of_masses(ee, emu, mumu) == pytest.approx(singular.sum(), rel=1e-13)
        square = np.array([[ee, emu], [emu, mumu]]) @ np.array([[ee, emu], [emu, mumu]]).conj().T
        assert neutrino_mass.electron_mass(ee, emu) == pytest.approx(np.sqrt(square[0, 0].real), rel=1e-14)
    assert neutrino_mass.sum_of_masses(0.0, 0.0, 0.0) == 0


def test_B_at_any_ratio():
    M = np.array([1.0, 1.0, 1.0, 1.0, 0.3, 1e-9, 1e6, -1.0, 1.0, 1.0])
    m = np.array([1.0, 1 + 1e-9, 1 - 1e-12, 1.2, 0.7, 1.0, 1e-3, 0.4, 1e-90, 1e90])
    found = neutrino_mass.B(M, m)
    for one, a, b in zip(found, M, m, strict=True):
        with mp.workdps(50):
            r = (mp.mpf(b) / mp.mpf(a)) ** 2
            expected = mp.mpf(1) if r == 1 else r * mp.log(r) / (r - 1)
        assert one == pytest.approx(float(expected), rel=3e-14)
    assert 0.0 * neutrino_mass.B(0.0, 0.3) == 0
    assert neutrino_mass.B(np.float64(0.2), np.float64(0.3)) == neutrino_mass.B(
        np.array([0.2]), np.array([0.3])
    )


@pytest.mark.parametrize("integrals", [mass_integrals, vector_integrals])
def test_one_point_and_a_batch_have_the_same_bits(integrals):
    print("seed 123")
    rng = np.random.default_rng(123)
    n = 1000
    m, m_D = 10 ** rng.uniform(-4, 4, (2, n)) * rng.choice([-1.0, 0.0, 1.0], (2, n))
    scalars = [10 ** rng.uniform(-4, 4, n) for _ in range(4)]
    for masses in (tuple(scalars), (scalars[0], scalars[1], scalars[0], scalars[1])):
        together = np.array(integrals(m, m_D, masses))
        assert np.isfinite(together).all()
        for i in range(0, n, 7):
            one = [np.float64(mass[i]) for mass in masses[:2]]
            four = (*one, *(one if masses[2] is masses[0] else (np.float64(x[i]) for x in masses[2:])))
            np.testing.assert_array_equal(
                integrals(np.float64(m[i]), np.float64(m_D[i]), four), together[:, i]
            )
    fixed = integrals(np.array([0.1]), np.array([0.0]), (scalars[0], *(np.array([0.3]),) * 3))
    np.testing.assert_array_equal(
        fixed, integrals(np.full(n, 0.1), np.zeros(n), (scalars[0], *(np.full(n, 0.3) for _ in range(3))))
    )


@pytest.mark.parametrize("integrals", [mass_integrals, vector_integrals])
def test_no_number_where_a_scalar_mass_is_not_positive(integrals):
    good = np.array([0.3, 0.3, 0.3, 0.3])
    bad = np.array([0.0, -0.1, np.nan, 0.2])
    for found in integrals(0.1, 0.0, (good, good, bad, good)):
        assert np.isnan(found[:3]).all()
        assert np.isfinite(found[3])
