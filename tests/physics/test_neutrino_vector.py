"""The neutrinos' vector coupling against its diagrams, written with explicit Dirac matrices.

Two computations that share nothing with the package, nor with one another beyond the Dirac matrices: one-loop
diagrams with the rules for Majorana fields in the mass eigenstates of numerically diagonalised matrices, at
any momenta, by Feynman parameters; and the neutrino's self-energy in a constant A', from propagators that are
inverses of matrices, by a sum over Euclidean momenta. The regulator is Pauli and Villars': the same loop with
two complex scalars of mass LAMBDA, degenerate and so symmetric, taken off.
"""

from itertools import product
from math import pi

import numpy as np
import pytest

from darkmoment.physics import neutrino_vector
from darkmoment.physics.angles import cosine_and_sine
from darkmoment.physics.broken_propagators import vector_integrals

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
ZERO, ONE = np.zeros((2, 2)), np.eye(2)
GAMMA = np.array([np.block([[ONE, ZERO], [ZERO, -ONE]]), *(np.block([[ZERO, s], [-s, ZERO]]) for s in PAULI)])
GAMMA_5 = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
METRIC = np.diag([1.0, -1, -1, -1])
LEFT, RIGHT = (np.eye(4) - GAMMA_5) / 2, (np.eye(4) + GAMMA_5) / 2
LAMBDA = 1.5
BENCHMARK = (0.1, 0.0, (0.25, 0.35, 0.25, 0.35), 0.0, pi / 4)


def form_factors(m, m_D, masses, theta_R, delta_theta, y):
    """F as a matrix, of the code under test; y[i, a] may be complex."""
    kernel = neutrino_vector.kernel(vector_integrals(m, m_D, masses), theta_R, delta_theta)
    ee, emu, mumu = neutrino_vector.form_factors(tuple(y[0]), tuple(y[1]), kernel)
    return np.array([[ee, emu], [np.conj(emu), mumu]])


def regulated(m, m_D, masses, theta_R, delta_theta, y):
    """F less that of the regulator: what the diagrams below should give."""
    heavy = form_factors(m, m_D, (LAMBDA,) * 4, 0.0, 0.0, y)
    return form_factors(m, m_D, masses, theta_R, delta_theta, y) - heavy


def squared_masses(masses, theta_R, theta_I):
    """Mass matrices of the CP-even and the CP-odd scalars in the basis S_1, S_2."""

    def one(theta, light, heavy):
        turn = np.array([[np.cos(theta), np.sin(theta)], [-np.sin(theta), np.cos(theta)]])
        return turn @ np.diag([light**2, heavy**2]) @ turn.T

    return one(theta_R, *masses[:2]), one(theta_I, *masses[2:])


def random_point(rng):
    """Complex Yukawas, any angles and signs of M_1 and M_2; masses 0.4 .. 1, for which few nodes do."""
    y = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
    M_1, M_2 = rng.uniform(0.4, 1.0, 2) * rng.choice([-1, 1], 2)
    scalars = tuple(rng.uniform(0.4, 1.0, 4))
    return (M_1 + M_2) / 2, (M_2 - M_1) / 2, scalars, *rng.uniform(-pi, pi, 2), y


def slash(p):
    return np.einsum("...m,mn,nij->...ij", p, METRIC, GAMMA)


def dot(p, q):
    return np.einsum("...m,mn,...n->...", p, METRIC, q)


# --- diagrams in the mass eigenstates --------------------------------------------------------------------


def takagi(m, m_D):
    """Masses and U of n = U chi for the left-handed n = (N_L, N_R^c), from their mass matrix."""
    signed, rotation = np.linalg.eigh(np.array([[m, m_D], [m_D, m]]))
    return np.abs(signed), rotation * np.where(signed < 0, 1j, 1.0)


def real_scalars(even, odd):
    """Masses, couplings S_a = sum_k s_ak phi_k and current T of phi_k T_kl d phi_l, from the 4x4 matrix."""
    square, V = np.linalg.eigh(np.block([[even, ZERO], [ZERO, odd]]))
    return np.sqrt(square), (V[:2] + 1j * V[2:]) / np.sqrt(2), V[:2].T @ V[2:] - V[2:].T @ V[:2]


def simplex(nodes):
    """Feynman parameters (n, 3) and weights of int dz_1 dz_2 dz_3 delta(1 - sum z)."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    x, w = (x + 1) / 2, w / 2
    x, w = x * x * (3 - 2 * x), w * 6 * x * (1 - x)  # ends are tamed: Delta may be small there
    a, b = np.meshgrid(x, x)
    z = np.stack([1 - a, a * (1 - b), a * b], axis=-1)
    return z.reshape(-1, 3), (np.outer(w, w) * a).ravel()


def triangle(numerator, momenta, masses, nodes=20):
    """Return 16 pi^2/i int d^4l/(2 pi)^4 numerator(l)/prod_n [(l + momenta[n])^2 - masses[n]^2].

    The numerator, a function of l (n, 4), is quadratic in l. Its part in l^mu l^nu, divergent, becomes
    g^mu^nu/4 (-ln Delta), whose scale drops out with the regulator; the rest -1/(2 Delta).
    """
    z, w = simplex(nodes)
    momenta, masses = np.array(momenta), np.array(masses)
    shift = -z @ momenta
    delta = z @ (masses**2 - dot(momenta, momenta)) + dot(shift, shift)
    rest = numerator(shift)
    second = sum(
        METRIC[n, n] * (numerator(shift + e) + numerator(shift - e) - 2 * rest) / 2
        for n, e in enumerate(np.eye(4))
    )
    along = (slice(None), *[None] * (rest.ndim - 1))
    integrand = -second / 4 * np.log(delta)[along] - rest / (2 * delta)[along]
    return 2 * np.einsum("n,n...->...", w, integrand)


def vertex(p, p_out, m, m_D, even, odd, y, on=("N", "S")):
    """Return 16 pi^2 Gamma^mu_ij of L = -g_D nubar_i Gamma^mu nu_j A'_mu, momenta p in and p_out out.

    Rules, N Majorana: -i y_ia s_ak U*_2b P_R where N_b phi_k becomes nu_i, and the conjugate where nu_j ends;
    -i g_D gamma (C P_L - C* P_R) at N N A', C from the charges (1, -1) of N_L and N_R^c; for the scalars'
    L = -g_D A' (R dI - I dR), -g_D T_kl (q_in + q_out). Loops on the legs of a neutral neutrino add nothing.
    """
    M, U = takagi(m, m_D)
    m_phi, s, T = real_scalars(even, odd)
    C = U.conj().T @ np.diag([1.0, -1.0]) @ U
    Y = y @ s
    result = np.zeros((2, 2, 4, 4, 4), dtype=complex)
    for a, b, k in product(range(2), range(2), range(4)) if "N" in on else ():
        gauge = np.array([g @ (C[b, a] * LEFT - np.conj(C[b, a]) * RIGHT) for g in GAMMA])

        def line(loop_p, a=a, b=b, gauge=gauge):
            out, into = slash(loop_p + p_out) + M[b] * np.eye(4), slash(loop_p + p) + M[a] * np.eye(4)
            return (RIGHT @ out)[:, None] @ gauge @ (into @ LEFT)[:, None]

        couplings = np.outer(Y[:, k], Y[:, k].conj()) * np.conj(U[1, b]) * U[1, a]
        # vertices and propagators (-i i)^3 = 1, i of the integral; the sum is -i Gamma
        loop = triangle(line, [0 * p, p_out, p], [m_phi[k], M[b], M[a]])
        result -= np.einsum("ij,mst->ijmst", couplings, loop)
    for a, k, n in product(range(2), range(4), range(4)) if "S" in on else ():

        def line(loop_p, a=a):
            numerator = RIGHT @ (slash(loop_p) + M[a] * np.eye(4)) @ LEFT
            return np.einsum("nm,nst->nmst", p + p_out - 2 * loop_p, numerator)

        couplings = np.outer(Y[:, k], Y[:, n].conj()) * abs(U[1, a]) ** 2 * T[k, n]
        # vertices and propagators (-i i)^2 i (-1) = -i, i of the integral
        loop = triangle(line, [0 * p, -p_out, -p], [M[a], m_phi[k], m_phi[n]])
        result += 1j * np.einsum("ij,mst->ijmst", couplings, loop)
    return result


def regulated_vertex(p, p_out, m, m_D, masses, theta_R, delta_theta, y, on=("N", "S")):
    even, odd = squared_masses(masses, theta_R, theta_R + delta_theta)
    heavy = LAMBDA**2 * np.eye(2)
    light = vertex(p, p_out, m, m_D, even, odd, y, on)
    return light - vertex(p, p_out, m, m_D, heavy, heavy, y, on)


@pytest.mark.parametrize("seed", [51, 52])
def test_ward_identity_of_the_symmetric_limit(seed):
    """Dirac N and H = A: q_mu Gamma^mu vanishes at any momenta, off shell, those on N against those on S."""
    print("seed", seed)
    rng = np.random.default_rng(seed)
    _, _, masses, theta, _, y = random_point(rng)
    m_D = rng.uniform(0.4, 1.0)
    point = (0.0, m_D, (*masses[:2], *masses[:2]), theta, 0.0, y)
    p, p_out = rng.uniform(-0.1, 0.1, (2, 4))
    parts = [
        np.einsum("m,ijmst->ijst", METRIC @ (p - p_out), regulated_vertex(p, p_out, *point, on=on))
        for on in ("N", "S")
    ]
    size = np.abs(parts[0]).max()
    assert size > 1e-4
    assert np.abs(parts[0] + parts[1]).max() < 1e-9 * size
    # and broken it does not
    broken = (0.2, m_D, masses, theta, 0.7, y)
    whole = np.einsum("m,ijmst->ijst", METRIC @ (p - p_out), regulated_vertex(p, p_out, *broken))
    assert np.abs(whole).max() > 1e-3 * size


@pytest.mark.parametrize("seed", [61, 62, 63])
def test_diagrams_in_mass_eigenstates(seed):
    print("seed", seed)
    point = random_point(np.random.default_rng(seed))
    rest = np.zeros(4)
    found = regulated_vertex(rest, rest, *point)
    expected = np.einsum("ij,mst->ijmst", regulated(*point), GAMMA @ LEFT)
    assert np.abs(found - expected).max() < 1e-9 * np.abs(expected).max()


# --- the self-energy in a constant A' --------------------------------------------------------------------


def self_energy_slope(m, m_D, even, odd, y):
    """16 pi^2 d Sigma_ij/dA for a constant A' along z, as the coefficient of gamma_z P_L, before regulating.

    Fields and their conjugates are doubled: N, N^c of charges 1, -1 with Majorana masses between them, S, S*
    of charges -1, 1 with mass splittings between them. Inverses of 8x8 and 4x4 matrices at each momentum.
    """
    ln_k, step = np.linspace(-14, 16, 500, retstep=True)
    x, w = np.polynomial.legendre.leggauss(24)
    angle, w = pi * (x + 1) / 2, pi / 2 * w
    k, angle = (grid.ravel() for grid in np.meshgrid(np.exp(ln_k), angle))
    weight = (step * k**4 * 4 * pi) * np.outer(w * np.sin(pi * (x + 1) / 2) ** 2, np.ones(500)).ravel()
    # Euclidean: k_0 = i k_4, the rest of the momentum lies along the fourth axis
    momentum = np.stack([1j * k * np.sin(angle), 0 * k, 0 * k, k * np.cos(angle)], axis=-1)
    same, other = slash(momentum) - m_D * np.eye(4), -m * np.broadcast_to(np.eye(4), (k.size, 4, 4))
    N = np.linalg.inv(np.block([[same, other], [other, same]]))
    background = -slash(np.array([0.0, 0, 0, 1]))
    N_slope = -N @ np.kron(np.diag([1, -1]), background) @ N
    mean, apart = (even + odd) / 2, (even - odd) / 2
    inverse = dot(momentum, momentum)[:, None, None] * np.eye(4) - np.block([[mean, apart], [apart, mean]])
    S = np.linalg.inv(inverse)
    # (q + g A)^2 of S, q = -k and A along z: the derivative is 2 k_z, of S* the opposite
    charges = np.diag([1.0, 1, -1, -1])
    S_slope = -2 * momentum[:, 3].real[:, None, None] * (S @ charges @ S)
    product_rule = [(N_slope, S), (N, S_slope)]
    total = np.zeros((2, 2), dtype=complex)
    for fermion, scalar in product_rule:
        trace = np.einsum("st,ntu,us->n", RIGHT, fermion[:, :4, :4], LEFT @ GAMMA[3])
        # Sigma = -int d^4k_E/(2 pi)^4, and tr gamma_3 (-gamma_3) P_L = 2
        X = -np.einsum("n,n,nab->ab", weight, trace, scalar[:, :2, :2]) / 2 / (2 * pi) ** 4
        total += y @ X @ y.conj().T
    return 16 * pi**2 * total


@pytest.mark.parametrize("seed", [71, 72, 73, 74])
def test_self_energy_in_a_constant_field(seed):
    print("seed", seed)
    m, m_D, masses, theta_R, delta_theta, y = random_point(np.random.default_rng(seed))
    heavy = LAMBDA**2 * np.eye(2)
    light = self_energy_slope(m, m_D, *squared_masses(masses, theta_R, theta_R + delta_theta), y)
    found = light - self_energy_slope(m, m_D, heavy, heavy, y)
    expected = regulated(m, m_D, masses, theta_R, delta_theta, y)
    assert np.abs(found - expected).max() < 1e-7 * np.abs(expected).max()


# --- numbers and limits ----------------------------------------------------------------------------------


def test_benchmark():
    y = 2**0.25 * np.array([[1.0, 0.0], [np.cos(pi / 4), np.sin(pi / 4)]])
    m, m_D, masses, theta_R, delta_theta = BENCHMARK
    F = form_factors(m, m_D, masses, theta_R, delta_theta, y)
    np.testing.assert_allclose(F, [[-0.574764, -0.370693], [-0.370693, -0.473713]], rtol=2e-6)
    g = neutrino_vector.coupling(0.5, F)
    assert (
        neutrino_vector.coupling(0.5, F[0, 0])
        == g[0, 0]
        == pytest.approx(-0.5 * 0.574764 / 157.9137, rel=1e-5)
    )


def test_pieces_of_the_integral_one_by_one():
    """Both diagrams as plain integrals at zero momentum, the constant from the limit of the symmetry."""
    print("seed 81")
    rng = np.random.default_rng(81)
    for _ in range(20):
        m, m_D = rng.uniform(-0.5, 0.5, 2)
        masses, (theta_R, delta_theta) = tuple(rng.uniform(0.05, 2.0, 4)), rng.uniform(-pi, pi, 2)
        even, odd = squared_masses(masses, theta_R, theta_R + delta_theta)
        u, step = np.linspace(-60, 60, 4001, retstep=True)
        v = np.exp(u)[:, None, None]
        even_part, odd_part = (np.linalg.inv(v * np.eye(2) + square) for square in (even, odd))
        a, b, p = (m - m_D) ** 2, (m + m_D) ** 2, (m - m_D) * (m + m_D)
        on_N = v * (v / 2 - p) / ((v + a) * (v + b)) * (even_part + odd_part) / 2
        mixed = even_part @ odd_part + odd_part @ even_part
        on_S = -v * v / 2 * (1 / (v + a) + 1 / (v + b)) / 2 * mixed / 2
        # the symmetric loop, Dirac N of mass 1 and scalars of mass 1, whose sum is 1/2
        symmetric = v * (v / 2 + 1) / (v + 1) ** 3 - v * v / 2 / (v + 1) ** 3
        X = step * (v * (on_N + on_S - symmetric * np.eye(2))).sum(axis=0)
        expected = form_factors(m, m_D, masses, theta_R, delta_theta, np.eye(2))
        np.testing.assert_allclose(X, expected, atol=1e-11 + 1e-9 * np.abs(expected).max())


def test_exact_zeros_of_the_symmetry():
    shared = np.array([0.3]), np.array([0.7])
    masses = (*shared, *shared)
    y = np.array([[0.7, 0.2], [0.1, 0.5]])
    for theta_R in (0.0, 0.4):
        assert (form_factors(0.0, 0.2, masses, theta_R, 0.0, y) == 0).all()
        assert (form_factors(0.0, 0.2, (0.3, 0.7, 0.3, 0.7), theta_R, 0.0, y) == 0).all()
        assert (form_factors(0.0, 0.0, masses, theta_R, 0.0, y) == 0).all()
    # either breaking alone is enough
    assert form_factors(0.1, 0.0, masses, 0.0, 0.0, y)[0, 0] < 0
    assert form_factors(0.0, 0.2, masses, 0.0, 0.3, y)[0, 0] > 0


def test_heavy_scalars_decouple():
    y = np.eye(2)
    sizes = [np.abs(form_factors(0.1, 0.05, (M,) * 4, 0.2, 0.3, y)).max() for M in (1e2, 1e3, 1e4)]
    ratios = np.array(sizes[1:]) / sizes[:-1]
    # (m/M)^2 and a logarithm
    assert ((ratios > 0.01) & (ratios < 0.02)).all()


def test_equal_spectra_given_twice():
    """The short way through equal spectra and the long one."""
    shared = np.array([0.25, 0.4]), np.array([0.35, 3.0])
    y = np.array([[0.7, 0.2], [0.1, 0.5]])
    short = form_factors(0.1, 0.03, (*shared, *shared), 0.3, 0.7, y)
    long = form_factors(0.1, 0.03, (*shared, *(mass.copy() for mass in shared)), 0.3, 0.7, y)
    np.testing.assert_allclose(short, long, rtol=1e-13)


def test_width_counts_pairs_of_flavours():
    """m/(24 pi) for each pair: half of a Dirac neutrino's vector width m/(12 pi), see test_dark_photon."""
    assert neutrino_vector.width(0.3, 0.1, 0.0, 0.0) == pytest.approx(0.01 * 0.3 / (24 * pi), rel=1e-14)
    # whatever the basis of flavours
    g = np.array([[0.3, 0.1 + 0.2j], [0.1 - 0.2j, -0.4]])
    cos, sin = cosine_and_sine(0.7)
    rotation = np.array([[cos, sin], [-sin, cos]])
    turned = rotation @ g @ rotation.T
    assert neutrino_vector.width(1.0, g[0, 0], g[0, 1], g[1, 1]) == pytest.approx(
        neutrino_vector.width(1.0, turned[0, 0], turned[0, 1], turned[1, 1]), rel=1e-14
    )
