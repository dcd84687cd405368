"""Z -> N N and oblique T against spin sums and vacuum polarisations of numerical mass eigenstates."""

from math import pi, sqrt

import mpmath as mp
import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss

from darkmoment.constants import M_Z, SIN2_THETA_W
from darkmoment.model import Model
from darkmoment.physics import electroweak as ew
from tests.physics.dirac import G5, GAMMA, ONE, P_L, P_R, massive_vector, slash, spin_sum

SEED = 51
WEAK = 4 * pi * SIN2_THETA_W * (1 - SIN2_THETA_W) * M_Z**2


def eigenstates(m, m_D):
    """Signed masses, and the shares (N_L, N_R^c) of each eigenstate in the columns."""
    return np.linalg.eigh(np.array([[m, m_D], [m_D, m]]))


def z_width(i, j, masses, shares):
    """Width of Z -> Psi_i Psi_j over the coupling squared, for Majorana spinors with signed masses."""
    m1, m2 = masses[i], masses[j]
    if abs(m1) + abs(m2) >= M_Z:
        return 0.0
    coupling = shares[0, i] * shares[0, j] - shares[1, i] * shares[1, j]
    momentum = sqrt((M_Z**2 - (m1 + m2) ** 2) * (M_Z**2 - (m1 - m2) ** 2)) / (2 * M_Z)
    first = (sqrt(momentum**2 + m1**2), 0, 0, momentum)
    second = (sqrt(momentum**2 + m2**2), 0, 0, -momentum)
    vertex = [coupling * g @ (P_L - P_R) for g in GAMMA]
    squared = spin_sum(vertex, first, m1, second, -m2, massive_vector((M_Z, 0, 0, 0), M_Z)) / 3
    return squared * momentum / (8 * pi * M_Z**2) * (0.5 if i == j else 1.0)


def test_z_width_is_the_spin_sum_over_mass_eigenstates():
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    vertex = [g @ P_L for g in GAMMA]
    half = M_Z / 2
    one = spin_sum(vertex, (half, 0, 0, half), 0, (half, 0, 0, -half), 0, massive_vector((M_Z, 0, 0, 0), M_Z))
    neutrino = one / 3 * half / (8 * pi * M_Z**2)
    opened = 0
    for m, m_D in [*rng.uniform(-48, 48, (60, 2)), (0.0, 20.0), (20.0, 0.0), (45.0, 45.0), (0.1, 0.0)]:
        masses, shares = eigenstates(m, m_D)
        widths = {(i, j): z_width(i, j, masses, shares) for i in (0, 1) for j in (i, 1)}
        if m * m_D != 0:  # else the two are degenerate, and which pairs there are is a matter of basis
            assert widths[0, 0] == pytest.approx(0, abs=1e-25)
            assert widths[1, 1] == pytest.approx(0, abs=1e-25)
        found = ew.delta_N_nu(m, m_D)
        assert found == pytest.approx(sum(widths.values()) / neutrino, rel=1e-10, abs=1e-14), (m, m_D)
        opened += found > 0
    assert 40 < opened < 64


def test_z_width_in_its_limits():
    r = np.array([0.0, 0.05, 0.2])
    mass = np.sqrt(r) * M_Z
    np.testing.assert_allclose(ew.delta_N_nu(0.0, mass), 2 * (1 + 2 * r) * np.sqrt(1 - 4 * r), rtol=1e-13)
    np.testing.assert_allclose(ew.delta_N_nu(mass, 0.0), 2 * (1 - 4 * r) ** 1.5, rtol=1e-13)
    # closed although N_1 is massless: N_2 is at the threshold, or above it
    assert ew.delta_N_nu(M_Z / 2, M_Z / 2) == 0.0
    assert ew.delta_N_nu(1000.0, 1000.0) == 0.0
    assert ew.delta_N_nu(0.1, 0.0) == pytest.approx(2.0, abs=5e-5)


def K(A, B, p, cutoff):
    A, B, p, cutoff = (mp.mpf(x) for x in (A, B, p, cutoff))

    def integrand(u):
        x = u * u * (3 - 2 * u)
        D = x * A * A + (1 - x) * B * B
        return 6 * u * (1 - u) * (D + p) * mp.log(cutoff**2 / D)

    return mp.quad(integrand, [0, 0.5, 1])


def T_points(n):
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    for k in range(n):
        m_E = 10 ** rng.uniform(2, 4)
        m, m_D = 10 ** rng.uniform(-3, 3.5, 2) * rng.choice([-1, 1], 2)
        if k % 4 == 0:  # next to the point where nothing is left
            m, m_D = m_E / 2 * (1 + 10 ** rng.uniform(-9, -1)), m_E / 2
        yield m, m_D, m_E, (1e4 if k % 2 else m_E)


def test_T_is_the_integral():
    for m, m_D, m_E, cutoff in T_points(40):
        M_1, M_2 = m - m_D, m + m_D
        terms = [
            K(M_2, m_E, -M_2 * m_E, cutoff),
            K(M_1, m_E, M_1 * m_E, cutoff),
            -K(M_1, M_2, M_1 * M_2, cutoff),
        ]
        scale = float(sum(abs(t) for t in terms)) / WEAK
        found = ew.T_parameter(m, m_D, m_E, cutoff)
        assert found == pytest.approx(float(sum(terms)) / WEAK, rel=1e-9, abs=1e-13 * scale)


def polarisation(first, second, m1, m2, v):
    """Integrand in v of the vacuum polarisation at q = 0, from a trace at k^2 = -v with an explicit k."""
    k = np.array([0.0, 0.3, 0.4, sqrt(1 - 0.25)])
    total = np.zeros(v.shape)
    for n, value in enumerate(v):
        up = first @ (slash(k) * sqrt(value) + m1 * ONE)
        down = second @ (slash(k) * sqrt(value) + m2 * ONE)
        sign = (1, -1, -1, -1)
        trace = sum(s * np.trace(g @ up @ g @ down).real for s, g in zip(sign, GAMMA, strict=True))
        total[n] = -trace / 4 * value / ((value + m1**2) * (value + m2**2))
    return total / (16 * pi**2)


def T_integrand(m, m_D, m_E, v):
    """4 pi (Pi_11 - Pi_33)/(s^2 c^2 m_Z^2) before the integral over v, from the currents of the doublet."""
    masses, shares = eigenstates(m, m_D)
    total = -polarisation(ONE, ONE, m_E, m_E, v) / 4
    for i, M in enumerate(masses):
        vertex = shares[0, i] * P_R + shares[1, i] * P_L  # N_L, N_R in Nbar gamma E = gamma moved to the left
        total += polarisation(vertex, vertex, M, m_E, v) / 2
        for j, other in enumerate(masses):
            C = shares[0, i] * shares[0, j] - shares[1, i] * shares[1, j]
            total -= polarisation(C * G5, C * G5, M, other, v) / 8
    return 4 * pi * total / (SIN2_THETA_W * (1 - SIN2_THETA_W) * M_Z**2)


def test_T_is_the_difference_of_vacuum_polarisations():
    """Where the divergence is the same at two points, their difference is an integral without cut-off."""
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    nodes, weights = leggauss(160)
    for _ in range(4):
        m, m_D, m_E = rng.uniform(100, 900), rng.uniform(-500, 500), rng.uniform(900, 2000)
        m_E2, m_D2 = m_E + rng.uniform(300, 600), rng.uniform(-500, 100)
        m2 = sqrt((m_E2 - m_D2) ** 2 - (m_E - m_D) ** 2 + m**2)
        u = 15 + 18 * nodes  # ln v; further up, the terms cancel to nothing in floats
        v = np.exp(u)
        difference = T_integrand(m, m_D, m_E, v) - T_integrand(m2, m_D2, m_E2, v)
        wanted = 18 * np.sum(weights * v * difference)
        found = ew.T_parameter(m, m_D, m_E, 1e4) - ew.T_parameter(m2, m_D2, m_E2, 1e4)
        assert found == pytest.approx(wanted, rel=1e-6)


def test_T_at_the_benchmark_and_where_it_vanishes():
    assert ew.T_parameter(0.1, 0.0, 2000.0, 2000.0) == pytest.approx(107.65, abs=0.01)
    # the cut-off adds m_E^2 ln(10 TeV/m_E)^2 over the same denominator
    log = 2000.0**2 * np.log(25) / WEAK
    assert ew.T_parameter(0.1, 0.0, 2000.0, 1e4) == pytest.approx(107.65 + log, abs=0.01)
    # N_1 massless, N_2 degenerate with E: no triplet breaking is left
    assert ew.T_parameter(1000.0, 1000.0, 2000.0, 2000.0) == 0.0
    assert ew.T_parameter(1000.0, 1000.0, 2000.0, 1e4) == 0.0
    assert ew.T_parameter(0.0, 2000.0, 2000.0, 1e4) == 0.0
    # the cut-off's accidental zeros
    assert (
        ew.T_parameter(0.0, 0.40 * 2000, 2000.0, 2000.0)
        > 0
        > ew.T_parameter(0.0, 0.42 * 2000, 2000.0, 2000.0)
    )
    assert (
        ew.T_parameter(0.35 * 2000, 0.0, 2000.0, 2000.0)
        > 0
        > ew.T_parameter(0.36 * 2000, 0.0, 2000.0, 2000.0)
    )
    assert ew.T_parameter(0.0, 0.42 * 2000, 2000.0, 1e4) > 100
    assert np.isfinite(ew.T_parameter(np.zeros(2), np.zeros(1), np.array([2000.0]), 1e4)).all()


def test_batches_keep_the_bits():
    model = Model()
    rng = np.random.default_rng(SEED)
    n = 300
    p = {name: rng.uniform(-50, 50, n) for name in ("m_majorana", "m_dirac")}
    p["m_E"] = rng.uniform(30, 3000, n)
    batch = model.predict(p)
    for i in range(0, n, 10):
        point = model.predict({name: x[i : i + 1] for name, x in p.items()})
        for name in ("delta_N_nu", "T_parameter", "T_parameter_10TeV"):
            assert point[name][0] == batch[name][i]
