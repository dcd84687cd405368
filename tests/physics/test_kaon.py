"""K -> l N Phi against an integral over the Dalitz plot of a squared amplitude traced with numbers."""

from itertools import pairwise
from math import pi, sqrt

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss

from darkmoment.constants import F_KAON, G_F, HBAR_GEV_S, M_ELECTRON, M_KAON, M_MUON, TAU_KAON_S, V_US
from darkmoment.physics import kaon
from darkmoment.physics.lepton_flavour import scalar_couplings
from tests.physics.dirac import ONE, P_L, P_R, bar, slash

SEED = 53
_OUTER, _OUTER_WEIGHTS = leggauss(90)
_INNER, _INNER_WEIGHTS = leggauss(6)  # the squared amplitude is a polynomial along this side of the plot


def traced(m_lepton, M, m_Phi, s, cosine):
    """Sum over spins of |ubar_N P_L q-slash K-slash P_L v_l/q^2|^2 with momenta in the kaon's rest frame."""
    root = sqrt(s)
    E_q = (M_KAON**2 + s - m_lepton**2) / (2 * M_KAON)
    p = sqrt(E_q**2 - s)
    q, lepton = np.array([E_q, 0, 0, p]), np.array([M_KAON - E_q, 0, 0, -p])
    E_N = (s + M**2 - m_Phi**2) / (2 * root)
    k = sqrt(max(E_N**2 - M**2, 0.0))
    gamma, boost = E_q / root, p / root
    along = k * cosine
    N = np.array([gamma * E_N + boost * along, k * sqrt(1 - cosine**2), 0, gamma * along + boost * E_N])
    amplitude = P_L @ slash(q) @ slash([M_KAON, 0, 0, 0]) @ P_L / s
    return np.trace((slash(N) + M * ONE) @ amplitude @ (slash(lepton) - m_lepton * ONE) @ bar(amplitude)).real


def dalitz(m_lepton, M, m_Phi):
    """Width over |yt|^2 of one N with half of the coupling squared, into a real scalar."""
    low, high = (M + m_Phi) ** 2, (M_KAON - m_lepton) ** 2
    if low >= high:
        return 0.0
    angles = 0.5 * pi * (_OUTER + 1)
    total = 0.0
    for angle, weight in zip(angles, _OUTER_WEIGHTS * 0.5 * pi, strict=True):
        s = low + (high - low) * np.sin(angle / 2) ** 2
        jacobian = (high - low) * np.sin(angle) / 2
        # the other side of the plot, m_lN^2, is linear in the cosine
        E_N, E_l = (s + M**2 - m_Phi**2) / (2 * sqrt(s)), (M_KAON**2 - s - m_lepton**2) / (2 * sqrt(s))
        side = 2 * sqrt(max(E_N**2 - M**2, 0)) * sqrt(max(E_l**2 - m_lepton**2, 0))
        inner = sum(w * traced(m_lepton, M, m_Phi, s, c) for c, w in zip(_INNER, _INNER_WEIGHTS, strict=True))
        total += weight * jacobian * side * inner
    # |M|^2 = 2 G_F^2 V_us^2 f_K^2 (yt/sqrt2)^2 (1/sqrt2)^2 trace
    squared = 2 * (G_F * V_US * F_KAON) ** 2 / 4 * total
    return squared / ((2 * pi) ** 3 * 32 * M_KAON**3)


def branching(m_lepton, M, m_Phi):
    return dalitz(m_lepton, M, m_Phi) * TAU_KAON_S / HBAR_GEV_S


def test_the_amplitude_gives_back_the_two_body_decay():
    """Without the last vertex: sum over spins of sqrt2 G_F V f K-slash P_L against the textbook width."""
    p = (M_KAON**2 - M_MUON**2) / (2 * M_KAON)
    neutrino, muon = np.array([p, 0, 0, p]), np.array([sqrt(p**2 + M_MUON**2), 0, 0, -p])
    amplitude = slash([M_KAON, 0, 0, 0]) @ P_L
    trace = np.trace(slash(neutrino) @ amplitude @ (slash(muon) - M_MUON * ONE) @ bar(amplitude)).real
    assert trace > 0
    assert np.trace(slash(neutrino) @ P_R @ slash(muon)).real > 0
    width = 2 * (G_F * V_US * F_KAON) ** 2 * trace * p / (8 * pi * M_KAON**2)
    textbook = (G_F * V_US * F_KAON * M_MUON * (1 - M_MUON**2 / M_KAON**2)) ** 2 * M_KAON / (8 * pi)
    assert width == pytest.approx(textbook, rel=1e-12)
    # measured: 0.6356, the rest is radiative corrections
    assert textbook * TAU_KAON_S / HBAR_GEV_S == pytest.approx(0.62, abs=0.02)


def test_rate_is_the_integral_over_the_dalitz_plot():
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    for k in range(8):
        m_lepton = (M_ELECTRON, M_MUON)[k % 2]
        room = M_KAON - m_lepton
        m_Phi = rng.uniform(0.1, 0.7) * room
        M = rng.uniform(0.02, 1) * (room - m_Phi)
        wanted = branching(m_lepton, M, m_Phi)
        assert kaon.one(m_lepton, M, m_Phi) / 2 == pytest.approx(wanted, rel=2e-8), (m_lepton, M, m_Phi)
        assert kaon.one(m_lepton, -M, m_Phi) == kaon.one(m_lepton, M, m_Phi)


@pytest.mark.parametrize(
    ("m_lepton", "m_Phi", "expected"),
    [
        (M_ELECTRON, 0.25, 2.384e-4),
        (M_ELECTRON, 0.30, 4.935e-5),
        (M_ELECTRON, 0.35, 3.072e-6),
        (M_MUON, 0.25, 5.381e-5),
    ],
)
def test_both_states_of_N_together(m_lepton, m_Phi, expected):
    yt = (1.0, 0.0, 0.0, 0.0)
    found = kaon.BR_K_l_N_Phi(m_lepton, yt, (m_Phi, 1.0, 1.0, 1.0), 0.1, 0.0)
    assert found == pytest.approx(expected, rel=3e-4)


def test_benchmark_total():
    electron, muon = scalar_couplings(1.0, 1.0, pi / 4, 0.0, pi / 4)
    masses = (0.25, 0.35, 0.25, 0.35)
    found = kaon.BR_K_l_N_Phi(M_ELECTRON, electron, masses, 0.1, 0.0)
    assert found == pytest.approx(3.59e-4, rel=1e-3)
    light, heavy = (kaon.BR_K_l_N_Phi(M_ELECTRON, (1.0, 0, 0, 0), (m,) * 4, 0.1, 0.0) for m in (0.25, 0.35))
    assert found == pytest.approx(1.5 * light + 0.5 * heavy, rel=1e-12)
    assert kaon.BR_K_l_N_Phi(M_MUON, muon, masses, 0.1, 0.0) > 0


def test_each_state_opens_at_its_own_threshold():
    m_Phi, edge = 0.3, M_KAON - M_ELECTRON - 0.3
    yt, masses = (1.0, 0.0, 0.0, 0.0), (m_Phi, 1.0, 1.0, 1.0)
    light, heavy = 0.05, 1.2 * edge  # N_1 within reach, N_2 not
    one = kaon.BR_K_l_N_Phi(M_ELECTRON, yt, masses, (light + heavy) / 2, (heavy - light) / 2)
    assert one == pytest.approx(kaon.one(M_ELECTRON, light, m_Phi) / 2, rel=1e-12)
    assert kaon.one(M_ELECTRON, edge * (1 + 1e-12), m_Phi) == 0.0
    assert 0 < kaon.one(M_ELECTRON, edge * (1 - 1e-6), m_Phi) < 1e-9
    assert kaon.one(M_ELECTRON, 0.0, 0.6) == 0.0


@pytest.mark.parametrize("m_Phi", [1e-4, 1e-2, 0.2])
@pytest.mark.parametrize("M", [0.0, 1e-6, 1e-3])
@pytest.mark.parametrize("m_lepton", [M_ELECTRON, M_MUON])
def test_light_particles_lose_no_digits(m_lepton, M, m_Phi):
    """The same integral over ln s in many pieces, where thresholds lie next to one another."""
    low, high = np.log((M + m_Phi) ** 2), np.log((M_KAON - m_lepton) ** 2)
    nodes, weights = leggauss(40)
    half = 0.5 * (nodes + 1)
    bends = np.concatenate([[0], np.geomspace(1e-12, 0.5, 60)])
    cuts = np.concatenate([bends, 1 - bends[-2::-1]])
    total = 0.0
    for a, b in pairwise(cuts):
        t = a + (b - a) * half
        s = np.exp(low + (high - low) * t)
        first = (M_KAON**2 - m_lepton**2 - s) ** 2 - 4 * m_lepton**2 * s
        second = (s - M**2 - m_Phi**2) ** 2 - 4 * M**2 * m_Phi**2
        p_N = s + M**2 - m_Phi**2
        amplitude = p_N / s * ((M_KAON**2 - m_lepton**2 - s) / 2 * (1 + m_lepton**2 / s) + 2 * m_lepton**2)
        integrand = np.sqrt(np.maximum(first, 0) * np.maximum(second, 0)) * amplitude
        total += (b - a) * (high - low) * np.sum(weights / 2 * integrand)
    factor = (G_F * V_US * F_KAON) ** 2 * TAU_KAON_S / HBAR_GEV_S / (2 * M_KAON**3 * 64 * pi**2 * 2 * pi)
    assert kaon.one(m_lepton, M, m_Phi) == pytest.approx(factor * total, rel=1e-8)


def test_batches_keep_the_bits():
    rng = np.random.default_rng(SEED)
    n = 1500
    yt = tuple(rng.uniform(-1, 1, (4, n)))
    masses = tuple(rng.uniform(0.01, 0.6, (4, n)))
    m, m_D = rng.uniform(-0.3, 0.3, (2, n))
    batch = kaon.BR_K_l_N_Phi(M_MUON, yt, masses, m, m_D)
    for i in range(0, n, 50):
        point = (tuple(x[i] for x in yt), tuple(x[i] for x in masses), m[i], m_D[i])
        assert kaon.BR_K_l_N_Phi(M_MUON, *point) == batch[i]
    shared = kaon.BR_K_l_N_Phi(M_MUON, yt, (masses[0], masses[1], masses[0], masses[1]), m, m_D)
    copied = kaon.BR_K_l_N_Phi(M_MUON, yt, (*masses[:2], masses[0].copy(), masses[1].copy()), m, m_D)
    assert np.array_equal(shared, copied)
