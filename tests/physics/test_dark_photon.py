"""Widths of the dark photon against traces of explicit Dirac matrices, summed over the spins numerically."""

from math import pi, sqrt

import numpy as np
import pytest

from darkmoment.constants import ALPHA, E_CHARGE, M_ELECTRON, M_MUON, M_TAU
from darkmoment.physics import dark_photon as dp
from darkmoment.physics.hadronic_ratio import R

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
ZERO, ONE = np.zeros((2, 2)), np.eye(2)
GAMMA = np.array([np.block([[ONE, ZERO], [ZERO, -ONE]]), *(np.block([[ZERO, s], [-s, ZERO]]) for s in PAULI)])
GAMMA_5 = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
METRIC = np.diag([1.0, -1, -1, -1])


def slash(p):
    return np.einsum("m,mn,nij->ij", p, METRIC, GAMMA)


def kinematics(m, m1, m2):
    """Momenta of the pair at rest frame of the A', along a skew axis, and |p|."""
    size = sqrt((m**2 - (m1 + m2) ** 2) * (m**2 - (m1 - m2) ** 2)) / (2 * m)
    axis = size * np.array([0.36, 0.48, 0.8])
    return np.array([sqrt(m1**2 + size**2), *axis]), np.array([sqrt(m2**2 + size**2), *-axis]), size


def trace_width(m, m1, m2, vertex):
    """Width from L = A'_mu ubar(p1) vertex^mu v(p2): |p|/(8 pi m^2), averaged over three polarisations."""
    p1, p2, size = kinematics(m, m1, m2)
    up = vertex(p1 + p2)
    first, second = slash(p1) + m1 * np.eye(4), slash(p2) - m2 * np.eye(4)
    q = METRIC @ (p1 + p2)
    tensor = -METRIC + np.outer(q, q) / m**2
    conjugate = np.array([GAMMA[0] @ v.conj().T @ GAMMA[0] for v in up])
    total = np.einsum("mn,ij,mjk,kl,nli->", tensor, first, up, second, conjugate)
    assert abs(total.imag) < 1e-9 * (abs(total.real) + 1e-300)
    return size / (8 * pi * m**2) * total.real / 3


@pytest.mark.parametrize("m_lepton", [M_ELECTRON, M_MUON, M_TAU])
def test_leptons_by_traces(m_lepton):
    for ratio in (2.0001, 2.3, 5.0, 400.0):
        m = ratio * m_lepton
        expected = trace_width(m, m_lepton, m_lepton, lambda q: 1e-3 * E_CHARGE * GAMMA)
        assert dp.lepton_pair(m, 1e-3, m_lepton) == pytest.approx(expected, rel=1e-9)


def test_hadrons_are_measured_against_muons_without_mass():
    m = np.array([0.3, 0.775, 1.5, 7.0])
    massless = dp.lepton_pair(m, 1e-3, 1e-9)
    np.testing.assert_allclose(dp.hadrons(m, 1e-3), massless * R(m), rtol=1e-12)
    # the muon's mass is what Gamma(mu mu) R would differ by
    assert dp.lepton_pair(1.0, 1e-3, M_MUON) * R(1.0) == pytest.approx(dp.hadrons(1.0, 1e-3), rel=1e-3)


def majorana_vertex(m_majorana, m_dirac, g_D):
    """Couplings of N_1, N_2 from the mass matrix of the left-handed fields (N_L, N_R^c) with charges +1, -1.

    A Takagi factorisation makes both masses positive; the vertex of two Majorana fields i, j with charge
    matrix C is gamma^mu (C_ij P_L - C_ij^* P_R).
    """
    mass_matrix = np.array([[m_majorana, m_dirac], [m_dirac, m_majorana]])
    signed, rotation = np.linalg.eigh(mass_matrix)
    unitary = rotation * np.where(signed < 0, 1j, 1.0)
    charges = unitary.conj().T @ np.diag([1.0, -1.0]) @ unitary
    np.testing.assert_allclose(np.diag(charges), 0, atol=1e-15)  # never N_1 N_1
    left, right = (np.eye(4) - GAMMA_5) / 2, (np.eye(4) + GAMMA_5) / 2
    c = g_D * charges[0, 1]
    return np.abs(signed), np.array([g @ (c * left - np.conj(c) * right) for g in GAMMA])


def test_heavy_neutrinos_from_their_mass_matrix():
    print("seed 41")
    rng = np.random.default_rng(41)
    for _ in range(200):
        m_majorana, m_dirac = rng.uniform(-1, 1, 2)
        (m1, m2), vertex = majorana_vertex(m_majorana, m_dirac, 0.5)
        m = (m1 + m2) * (1 + rng.exponential(0.7))
        expected = trace_width(m, m1, m2, lambda q, v=vertex: v)
        found = dp.heavy_neutrinos(m, 0.5, m_majorana, m_dirac)
        assert found == pytest.approx(expected, rel=1e-8)


def test_heavy_neutrinos_by_the_formula_that_is_not_factorised():
    print("seed 42")
    rng = np.random.default_rng(42)
    majorana, dirac = rng.uniform(-1, 1, (2, 1000))
    M1, M2 = majorana - dirac, majorana + dirac
    m = (np.abs(M1) + np.abs(M2)) * rng.uniform(1.001, 4, 1000)
    r1, r2 = (M1 / m) ** 2, (M2 / m) ** 2
    lam = 1 + r1**2 + r2**2 - 2 * (r1 + r2 + r1 * r2)
    bracket = 1 - (r1 + r2) / 2 - (r1 - r2) ** 2 / 2 - 3 * np.sign(M1 * M2) * np.sqrt(r1 * r2)
    expected = 0.25 * m / (12 * pi) * np.sqrt(lam) * bracket
    np.testing.assert_allclose(dp.heavy_neutrinos(m, 0.5, majorana, dirac), expected, rtol=1e-9)


def test_heavy_neutrinos_in_the_limits():
    m, g = 1.0, 0.3
    for mass in (0.0, 0.1, 0.49):
        r = mass**2
        vector = g**2 * m / (12 * pi) * (1 + 2 * r) * sqrt(1 - 4 * r)
        axial = g**2 * m / (12 * pi) * (1 - 4 * r) ** 1.5
        for sign in (1, -1):
            assert dp.heavy_neutrinos(m, g, 0.0, sign * mass) == pytest.approx(vector, rel=1e-13)
            assert dp.heavy_neutrinos(m, g, sign * mass, 0.0) == pytest.approx(axial, rel=1e-13)
    # at the benchmark the pair opens at 200 MeV
    assert dp.heavy_neutrinos(np.array([0.1, 0.2, np.nextafter(0.2, 1)]), 0.5, 0.1, 0.0)[1] == 0
    assert dp.heavy_neutrinos(0.2001, 0.5, 0.1, 0.0) > 0


def test_scalars_by_their_momenta():
    print("seed 43")
    rng = np.random.default_rng(43)
    for _ in range(50):
        m_H, m_A = rng.uniform(0.01, 1, 2)
        m = (m_H + m_A) * (1 + rng.exponential(0.7))
        p1, p2, size = kinematics(m, m_H, m_A)
        q, apart = METRIC @ (p1 + p2), p1 - p2
        tensor = -METRIC + np.outer(q, q) / m**2
        expected = size / (8 * pi * m**2) * (0.4**2) * (apart @ tensor @ apart) / 3
        assert dp.scalar_pair(m, 0.4, m_H, m_A) == pytest.approx(expected, rel=1e-8)


def test_scalars_are_summed_with_the_product_of_both_rotations():
    print("seed 44")
    rng = np.random.default_rng(44)
    for _ in range(30):
        theta_R, theta_I, g = rng.uniform(-3, 3, 3)
        masses = rng.uniform(0.05, 1.0, 4)
        m = 2 * masses.max() + 0.1

        def rotation(angle):
            return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])

        C = rotation(theta_R).T @ rotation(theta_I)
        pairs = [dp.scalar_pair(m, g * C[k, n], masses[k], masses[2 + n]) for k in range(2) for n in range(2)]
        assert dp.scalars(m, g, theta_I - theta_R, *masses) == pytest.approx(sum(pairs), rel=1e-12)
    # two complex scalars without mass or misalignment: each g^2 m/(48 pi)
    assert dp.scalars(1.0, 0.3, 0.7, *[1e-9] * 4) == pytest.approx(2 * 0.09 / (48 * pi), rel=1e-12)


def test_neutrinos_by_traces():
    """The chiral vertex of nu_e nu_mu and its conjugate are mu sigma^(mu nu) q_nu of a Dirac neutrino."""
    mu = 1e-3

    def vertex(q):
        sigma = 0.5j * (np.einsum("mij,njk->mnik", GAMMA, GAMMA) - np.einsum("nij,mjk->mnik", GAMMA, GAMMA))
        return mu * np.einsum("mnij,n->mij", sigma, METRIC @ q)

    left = (np.eye(4) - GAMMA_5) / 2
    for m in (0.01, 1.0, 7.0):
        whole = trace_width(m, 0.0, 0.0, vertex)
        half = trace_width(m, 0.0, 0.0, lambda q: vertex(q) @ left)
        assert half == pytest.approx(whole / 2, rel=1e-12)
        assert dp.neutrinos_by_moment(m, mu) == pytest.approx(whole, rel=1e-12)


def calls():
    return {
        "e": lambda m: dp.lepton_pair(m, 1e-3, M_ELECTRON),
        "tau": lambda m: dp.lepton_pair(m, 1e-3, M_TAU),
        "hadrons": lambda m: dp.hadrons(m, 1e-3),
        "N": lambda m: dp.heavy_neutrinos(m, 0.5, 0.1, -0.07),
        "massless N": lambda m: dp.heavy_neutrinos(m, 0.5, 0.0, 0.0),
        "scalars": lambda m: dp.scalars(m, 0.5, 0.3, 0.2, 0.3, 0.25, 0.28),
        "nu": lambda m: dp.neutrinos_by_moment(m, 1e-7),
    }


@pytest.mark.parametrize("name", calls())
def test_one_point_and_a_batch_and_any_scale(name):
    width = calls()[name]
    m = np.concatenate((np.geomspace(1e-9, 1e3, 500), [0.2, 0.45, 2 * M_ELECTRON, 2 * M_TAU]))
    together = width(m)
    assert np.isfinite(together).all()
    assert (together >= 0).all()
    np.testing.assert_array_equal([width(x) for x in m], together)
    assert np.isnan(width(np.array([np.nan]))).all()
    if name not in ("nu", "massless N"):
        assert together[0] == 0


def test_thresholds_are_exact():
    for m_lepton in (M_ELECTRON, M_MUON, M_TAU):
        edge = 2 * m_lepton
        assert dp.lepton_pair(edge, 1.0, m_lepton) == 0
        assert dp.lepton_pair(np.nextafter(edge, 9), 1.0, m_lepton) > 0
    for mass in (0.1, 1 / 3, 0.0137):
        assert dp.heavy_neutrinos(2 * mass, 1.0, mass, 0.2 * mass) == 0
        assert dp.heavy_neutrinos(2 * mass, 1.0, 0.2 * mass, -mass) == 0
        # just above, a^(3/2) (1 - m_D^2/m^2 ...): far from rounding
        assert dp.heavy_neutrinos(2 * mass * (1 + 1e-9), 1.0, mass, 0.2 * mass) > 0
        assert dp.scalar_pair(mass + 0.2, 1.0, mass, 0.2) == 0
    heavy = dp.lepton_pair(1e6, 1e-3, M_ELECTRON)
    assert heavy == pytest.approx(ALPHA * 1e-6 * 1e6 / 3, rel=1e-12)


def test_shares():
    visible, invisible = np.array([0.0, 0.0, 1e-20, 3.0]), np.array([0.0, 2.0, 0.0, 1.0])
    np.testing.assert_array_equal(dp.visible_share(visible, invisible), [0, 0, 1, 0.75])
    np.testing.assert_array_equal(dp.invisible_share(visible, invisible), [1, 1, 0, 0.25])
    for share in (dp.visible_share, dp.invisible_share):
        assert np.isnan(share(np.array([np.nan]), np.ones(1)))
        assert np.isnan(share(np.ones(1), np.array([np.nan])))
