"""delta_l of the W's couplings against Feynman integrals over numerical mass eigenstates."""

from math import log, pi, sqrt

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss

from darkmoment.physics import charged_current as cc
from darkmoment.physics.lepton_flavour import scalar_couplings

SEED = 52
_X, _W = leggauss(150)
# a map that is flat at both ends, where the logarithms of light masses sit
_T = (0.5 * (_X + 1)) ** 3 * (10 - 15 * 0.5 * (_X + 1) + 6 * (0.5 * (_X + 1)) ** 2)
_DT = 0.5 * _W * 30 * (0.5 * (_X + 1)) ** 2 * (0.5 * (1 - _X)) ** 2


def wave_function(M, m):
    """Derivative of the self-energy: int dx x ln(1/Delta), its pole and 4 pi dropped."""
    return -np.sum(_DT * _T * np.log(_T * m**2 + (1 - _T) * M**2))


def vertex(M, m_E, m, chirality):
    """W -> N E with a scalar across: k-slash gamma k-slash in d dimensions, and the mass insertion."""
    s, t = _T[:, None], _T[None, :]  # x + y = s of the two fermions
    Delta = s * (t * M**2 + (1 - t) * m_E**2) + (1 - s) * m**2
    whole = _DT[:, None] * _DT[None, :] * s
    return np.sum(whole * (-np.log(Delta) - 1)), np.sum(whole * chirality * m_E / Delta)


def reference(m, m_majorana, m_dirac, m_E):
    """Return f of one scalar: N_R, which has the Yukawa coupling, through both eigenstates."""
    masses, shares = np.linalg.eigh(np.array([[m_majorana, m_dirac], [m_dirac, m_majorana]]))
    total = -wave_function(m_E, m) / 2
    for M, (left, right) in zip(masses, shares.T, strict=True):
        kinetic, insertion = vertex(M, m_E, m, M * left * right)
        total += right**2 * (kinetic - wave_function(M, m) / 2) + insertion
    return total


def test_loop_is_the_feynman_integral():
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    for k in range(40):
        m, m_E = 10 ** rng.uniform(-1, 1), 10 ** rng.uniform(1, 3)
        m_majorana, m_dirac = 10 ** rng.uniform(-1, 1.5, 2) * rng.choice([-1, 1], 2)
        if k % 4 == 0:
            m_majorana, m_dirac = m_E / 2, m_E / 2  # N_1 massless, N_2 degenerate with E
        if k % 5 == 0:
            m_E = m * (1 + 10 ** rng.uniform(-6, 0))
        found = cc._loop(m, m_majorana, m_dirac, m_E)
        assert found == pytest.approx(reference(m, m_majorana, m_dirac, m_E), rel=1e-9, abs=1e-9)


def test_degenerate_dirac_partners_leave_nothing():
    m = np.array([1e-3, 0.3, 50.0, 2000.0])
    np.testing.assert_allclose(cc._loop(m, 0.0, 2000.0, 2000.0), 0, atol=1e-12)
    np.testing.assert_allclose(cc._loop(m, 0.0, -2000.0, 2000.0) < -0.1, True)  # the sign of m_D matters
    assert abs(cc._loop(0.3, 1e-4, 2000.0, 2000.0)) < 1e-9


@pytest.mark.parametrize(("ratio", "c"), [(0.0, 1.0), (1 / 3, 0.909), (1.0, 0.5)])
def test_constant_beside_the_logarithm(ratio, c):
    m = 0.3
    found = -4 * cc._loop(m, ratio * m, 0.0, 2000.0) - log((2000 / m) ** 2)
    assert found == pytest.approx(c, abs=4e-4)


def test_benchmark():
    one = (1.0, 0.0, sqrt(0.5), sqrt(0.5))
    mean = cc.delta_W(one, (0.3, 0.3, 0.3, 0.3), 0.1, 0.0, 2000.0)
    assert mean == pytest.approx(-0.0293, abs=5e-5)
    assert mean == pytest.approx(-(log((2000 / 0.3) ** 2) + 0.909) / (64 * pi**2), rel=1e-4)
    # the two scalars apart, the electron's vector along H_1
    assert cc.delta_W(one, (0.25, 0.35, 0.25, 0.35), 0.1, 0.0, 2000.0) == pytest.approx(-0.02960, abs=1e-5)


def test_weights_of_a_mixed_spectrum():
    """Each real scalar counts with half of its coupling squared; the four weights add up to y^2."""
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    masses = tuple(rng.uniform(0.1, 2.0, 4))
    couplings = scalar_couplings(0.8, 0.6, 0.7, 0.4, -0.9)
    for yt in couplings:
        wanted = sum(y**2 * reference(m, 0.2, 0.5, 300.0) for y, m in zip(yt, masses, strict=True))
        found = cc.delta_W(yt, masses, 0.2, 0.5, 300.0)
        assert found == pytest.approx(wanted / (32 * pi**2), rel=1e-9)


def test_difference_quotient_meets_its_limit():
    r = np.array([0.3, 1.0, 7.0])
    near, far = cc.p_difference(r, r * (1 + 1e-7)), cc.p_difference(r, r * 1.2499)
    np.testing.assert_allclose(near, cc.p_difference(r, r), rtol=1e-6)
    np.testing.assert_allclose(far, (cc.p(r * 1.2499) - cc.p(r)) / (r * 0.2499), rtol=1e-12)
    assert cc.p_difference(0.0, 4.0) == pytest.approx(cc.p(4.0) / 4, rel=1e-14)


def test_batches_keep_the_bits():
    rng = np.random.default_rng(SEED)
    n = 400
    yt = tuple(rng.uniform(-1, 1, (4, n)))
    masses = tuple(10 ** rng.uniform(-3, 2, (4, n)))
    m, m_D, m_E = 10 ** rng.uniform(-3, 3, (3, n))
    m_D[::3] = m_E[::3]
    batch = cc.delta_W(yt, masses, m, m_D, m_E)
    for i in range(0, n, 9):
        point = (tuple(x[i] for x in yt), tuple(x[i] for x in masses), m[i], m_D[i], m_E[i])
        assert cc.delta_W(*point) == batch[i]
