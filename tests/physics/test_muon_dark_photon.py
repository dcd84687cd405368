"""mu -> e A' against the loop with explicit Dirac matrices at physical momenta, and the sum over spins."""

from functools import partial
from math import pi, sqrt

import mpmath as mp
import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss

from darkmoment.constants import G_F, M_ELECTRON, M_MUON
from darkmoment.physics import lepton_flavour as lf
from darkmoment.physics import muon_dark_photon as mu_e
from tests.physics.dirac import GAMMA, METRIC, P_L, P_R, massive_vector, slash, spin_sum

SEED = 54
MUON_WIDTH = G_F**2 * M_MUON**5 / (192 * pi**3)
SPLIT = (0.25, 0.35, 0.25, 0.35)


def kinematics(mass):
    """Momenta of muon, electron and A', and the width per squared amplitude."""
    p = sqrt((M_MUON**2 - (M_ELECTRON + mass) ** 2) * (M_MUON**2 - (M_ELECTRON - mass) ** 2)) / (2 * M_MUON)
    electron = np.array([sqrt(p**2 + M_ELECTRON**2), 0, 0, -p])
    dark = np.array([sqrt(p**2 + mass**2), 0, 0, p])
    return np.array([M_MUON, 0, 0, 0]), electron, dark, p / (8 * pi * M_MUON**2) / 2


def width(vertex, mass):
    muon, electron, dark, factor = kinematics(mass)
    return factor * spin_sum(vertex, electron, M_ELECTRON, muon, M_MUON, massive_vector(dark, mass))


def form_factor_vertex(f_V, f_D, q):
    lowered = METRIC @ q
    vertex = []
    for g in GAMMA:
        sigma_q = sum(0.5j * (g @ h - h @ g) * x for h, x in zip(GAMMA, lowered, strict=True))
        vertex.append(f_V * g @ P_L + 1j * f_D * sigma_q @ (M_MUON * P_R + M_ELECTRON * P_L))
    return vertex


def rate(mass, electron, muon, delta_theta, masses, m_E, g_D=0.5):
    """BR(mu -> e A') as the package has it."""
    static = (
        lf.monopole(electron, muon, masses, m_E),
        lf.dipole(electron, muon, masses, m_E),
    )
    return mu_e.BR_mu_e_dark_photon(mass, g_D, (electron, muon), delta_theta, masses, m_E, static)


def aligned(mass, delta_theta=pi / 4, masses=SPLIT, m_E=2000.0):
    return rate(mass, *lf.scalar_couplings(1.0, 1.0, 0.0, 0.0, delta_theta), delta_theta, masses, m_E)


def test_rate_is_the_spin_sum():
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    for mass in [*(mu_e.THRESHOLD * 10 ** rng.uniform(-3, 0, 10)), mu_e.THRESHOLD * (1 - 1e-9)]:
        real, imaginary, dipole = rng.normal(size=3) * (1, 1, 1 / M_MUON**2)
        vertex = form_factor_vertex(real + 1j * imaginary, dipole, kinematics(mass)[2])
        found = mu_e.BR_of_form_factors(mass, 0.7, real, imaginary, dipole)
        wanted = 0.7**2 * width(vertex, mass) / MUON_WIDTH
        assert found == pytest.approx(wanted, rel=1e-6 if mass > 0.9999 * mu_e.THRESHOLD else 1e-10)


def feynman_nodes():
    """Nodes over two Feynman parameters: E's share exp(u), the rest of the scalars, t within what is two."""
    u, wu = leggauss(300)
    t, wt = leggauss(48)
    u = -22.5 * (1 - u)
    heavy, light = np.exp(u)[:, None], -np.expm1(u)[:, None]
    return heavy, light, 0.5 * (1 + t[None, :]), 11.25 * wu[:, None] * wt[None, :] * heavy


def matrices(p, q_out, coefficients):
    """Sum c_ij slash(i) gamma^mu slash(j) over pairs from p, p'."""
    vectors = (slash(p), slash(q_out))
    return [
        sum(coefficients[i][j] * vectors[i] @ g @ vectors[j] for i in (0, 1) for j in (0, 1)) for g in GAMMA
    ]


def from_charged_partner(p, p_out, M, m):
    """The A' from E: -gamma (ln Delta + 1) + [k'-slash gamma k-slash + M^2 gamma]/Delta, over 16 pi^2.

    The -1 is what gamma matrices in d dimensions leave.
    """
    q2 = (p - p_out) @ METRIC @ (p - p_out)
    s, w, t, weights = feynman_nodes()
    x, y, weights = s * t, s * (1 - t), weights * s  # E before (k), E after (k - q)
    Delta = s * M**2 + w * m**2 - x * y * q2 - x * w * M_MUON**2 - y * w * M_ELECTRON**2
    plain = np.sum(weights * (M**2 / Delta - np.log(Delta) - 1))
    # k = w p + y q, k' = w p - x q' ... with q = p - p': in terms of (p, p')
    k, k_out = (w + y, -y), (-x, w + x)
    c = [[np.sum(weights * a * b / Delta) for b in k] for a in k_out]
    return [plain * g + m_ for g, m_ in zip(GAMMA, matrices(p, p_out, c), strict=True)]


def from_scalars(p, p_out, M, m_before, m_after):
    """The A' from the scalars: gamma ln Delta - (x p-slash + y p'-slash)[(1-2x) p + (1-2y) p']/Delta."""
    q2 = (p - p_out) @ METRIC @ (p - p_out)
    z, s, t, weights = feynman_nodes()
    x, y, weights = s * t, s * (1 - t), weights * s
    Delta = z * M**2 + x * m_before**2 + y * m_after**2 - x * y * q2
    Delta = Delta - z * x * M_MUON**2 - z * y * M_ELECTRON**2
    plain = np.sum(weights * np.log(Delta))
    both = [[np.sum(weights * a * b / Delta) for b in (1 - 2 * x + 0 * y, 1 - 2 * y + 0 * x)] for a in (x, y)]
    vectors = (slash(p), slash(p_out))
    return [
        plain * g - sum(both[i][j] * vectors[i] * (p, p_out)[j][mu] for i in (0, 1) for j in (0, 1))
        for mu, g in enumerate(GAMMA)
    ]


def explicit_rate(mass, electron, muon, delta_theta, masses, M, g_D=0.5):
    """BR from the whole loop at physical momenta: nothing is expanded, no form factor is named."""
    p, p_out, _, _ = kinematics(mass)
    vertex = [np.zeros((4, 4), dtype=complex) for _ in GAMMA]
    for e, mu, m in zip(electron, muon, masses, strict=True):
        part = from_charged_partner(p, p_out, M, m)
        vertex = [v + e * mu / 2 * x for v, x in zip(vertex, part, strict=True)]
    cos, sin = np.cos(delta_theta), np.sin(delta_theta)
    for k, m, C in ((0, 2, cos), (0, 3, sin), (1, 2, -sin), (1, 3, cos)):
        for before, after in ((k, m), (m, k)):
            part = from_scalars(p, p_out, M, masses[before], masses[after])
            weight = C * muon[before] * electron[after] / 2
            vertex = [v + weight * x for v, x in zip(vertex, part, strict=True)]
    vertex = [v @ P_L * g_D / (16 * pi**2) for v in vertex]
    return width(vertex, mass) / MUON_WIDTH


@pytest.mark.parametrize("broken", [True, False])
def test_rate_is_that_of_the_whole_loop(broken):
    """Up to m_mu^2/M^2, which is 1e-5 here."""
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    M = 30.0
    for _ in range(5):
        theta_R, delta_theta = rng.uniform(-1, 1), rng.uniform(0.2, 0.7) if broken else 0.0
        phi = rng.uniform(0.1, 1.3)
        couplings = lf.scalar_couplings(1.3, 0.8, phi, theta_R, theta_R + delta_theta)
        masses = tuple(rng.uniform(0.1, 0.5, 4))
        if not broken:
            masses = (*masses[:2], *masses[:2])
        mass = mu_e.THRESHOLD * rng.uniform(0.1, 0.95)
        wanted = explicit_rate(mass, *couplings, delta_theta, masses, M)
        # the parts of f_V have either sign: what they would give without cancelling
        emission, cut, _ = mu_e.scalar_emission(*couplings, delta_theta, masses, M, mass)
        breaking = mu_e.breaking(*couplings, delta_theta, masses, M)
        alone = [mu_e.BR_of_form_factors(mass, 0.5, x, cut, 0.0) for x in (breaking, emission)]
        found = rate(mass, *couplings, delta_theta, masses, M)
        assert found == pytest.approx(wanted, abs=1e-4 * max(*alone, wanted))


def test_breaking_is_the_integral_over_propagators():
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    for k in range(3):
        theta_R, delta_theta, phi = rng.uniform(-1, 1), rng.uniform(0, 0.8), rng.uniform(0, pi / 2)
        masses = 10 ** rng.uniform(-3, 1, 4)
        if k == 0:  # splittings so small that propagators cannot be subtracted
            masses[1:] = masses[0] * (1 + 1e-7 * rng.normal(size=3))
        M = 10 ** rng.uniform(1.5, 4)
        couplings = lf.scalar_couplings(1.0, 1.0, phi, theta_R, theta_R + delta_theta)
        found = mu_e.breaking(*couplings, delta_theta, tuple(masses), M)

        def propagator(v, angle, pair):
            c, s = mp.cos(angle), mp.sin(angle)
            O = mp.matrix([[c, s], [-s, c]])  # noqa: E741
            return O * mp.diag([1 / (v + mp.mpf(m) ** 2) for m in pair]) * O.T

        def integrand(u, theta_R=theta_R, delta_theta=delta_theta, phi=phi, masses=masses, M=M, whole=False):
            v = mp.exp(u)
            angle = mp.mpf(theta_R)
            D = propagator(v, angle, masses[:2]) - propagator(v, angle + mp.mpf(delta_theta), masses[2:])
            e, mu = mp.matrix([1, 0]), mp.matrix([mp.cos(phi), mp.sin(phi)])
            if whole:
                return v**3 / (v + mp.mpf(M) ** 2) * mp.norm(D * e) * mp.norm(D * mu)
            return v**3 / (v + mp.mpf(M) ** 2) * (e.T * D * D * mu)[0]

        with mp.workdps(30):
            cuts = [-40, *(2 * mp.log(m) for m in sorted(masses)), 2 * mp.log(M), 60]
            wanted = mp.quad(integrand, cuts) / (64 * mp.pi**2)
            size = mp.quad(partial(integrand, whole=True), cuts) / (64 * mp.pi**2)
        assert found == pytest.approx(float(wanted), rel=1e-9, abs=1e-9 * float(size))


def pair(m_H, m_A, M, q):
    """S_V M^2 and S_D M^2 of one pair: static parts over both Feynman parameters, the rest at order 1/M^2."""
    heavy, light, _, weights = feynman_nodes()
    weights = weights[:, :1] / leggauss(48)[1][0]
    t, wt = leggauss(400)
    angle = 0.5 * pi * (1 + t[None, :])
    t, weights = np.sin(angle / 2) ** 2, weights * wt * 0.5 * pi * np.sin(angle)
    b = t * m_H**2 + (1 - t) * m_A**2
    Delta = heavy * M**2 + light * b
    static = np.sum(weights * light**3 * t * (1 - t) * q**2 / Delta)
    dipole = np.sum(weights * light**2 * heavy / Delta) / 2

    def rest(t, part):
        b, c = t * m_H**2 + (1 - t) * m_A**2, t * (1 - t) * q**2
        return part((b - c) * mp.log(mp.mpc(b - c, -(mp.mpf(10) ** -60)) / b) + c)

    cuts = [mp.mpf(0), mp.mpf(1) / 2, mp.mpf(1)]
    if q > m_H + m_A:
        half = mp.sqrt((mp.mpf(q) ** 2 - (m_H + m_A) ** 2) * (q**2 - (m_H - m_A) ** 2)) / (2 * q**2)
        middle = (q**2 + m_A**2 - m_H**2) / (2 * q**2)
        cuts = [mp.mpf(0), middle - half, middle, middle + half, mp.mpf(1)]
    real, imaginary = (mp.quad(partial(rest, part=part), cuts) for part in (mp.re, mp.im))
    return -(static * M**2 + float(real)), -float(imaginary), dipole * M**2


@pytest.mark.parametrize(
    ("m_H", "m_A", "q"),
    [
        (0.25, 0.35, 0.09),
        (0.03, 0.05, 0.0799),
        (0.03, 0.04, 0.1),
        (1e-3, 2e-3, 0.1),
        (0.3, 0.3, 1e-3),
        (50, 0.1, 0.05),
    ],
)
def test_emission_from_scalars_at_any_momentum(m_H, m_A, q):
    vector, cut, dipole = mu_e._pair(*(np.array([x]) for x in (m_H, m_A, 2000.0, q)))[:, 0]
    wanted = pair(m_H, m_A, 2000.0, q)
    assert vector == pytest.approx(wanted[0], rel=1e-8)
    assert cut == pytest.approx(wanted[1], rel=1e-8, abs=1e-25)
    assert (cut != 0) == (q > m_H + m_A)
    assert dipole == pytest.approx(wanted[2], rel=1e-9)


@pytest.mark.parametrize(
    ("mass", "broken"), [(2e-3, 1.67e-5), (1e-2, 5.71e-7), (5e-2, 9.63e-8), (9e-2, 1.40e-7)]
)
def test_benchmark(mass, broken):
    assert aligned(mass) == pytest.approx(broken, rel=3e-3)


@pytest.mark.parametrize(
    ("mass", "unbroken"), [(2e-3, 3.4e-8), (1e-2, 4.0e-8), (5e-2, 2.1e-7), (9e-2, 1.7e-7)]
)
def test_degenerate_scalars(mass, unbroken):
    # vectors along S_1 + S_2, so that both masses take part
    vector = lf.scalar_couplings(1.0, 1.0, 0.0, pi / 4, pi / 4)
    assert rate(mass, *vector, 0.0, SPLIT, 2000.0) == pytest.approx(unbroken, rel=2.5e-2)


def test_light_limits():
    """Broken: like 1/m_A'^2. Unbroken: the dipole, alone, as in mu -> e gamma."""
    assert aligned(1e-5) / aligned(1e-4) == pytest.approx(100, rel=1e-3)
    assert aligned(1e-9, delta_theta=0.0) == pytest.approx(aligned(1e-6, delta_theta=0.0), rel=1e-5)
    electron, muon = lf.scalar_couplings(1.0, 1.0, 0.0, 0.0, 0.0)
    A_2 = lf.dipole(electron, muon, SPLIT, 2000.0)
    # E's emission and twice as much from the scalars, with g_D^2 in place of e^2
    gamma = lf.BR_mu_e_gamma(3 * A_2) * 0.5**2 / lf.E_CHARGE**2
    assert aligned(1e-9, delta_theta=0.0) == pytest.approx(gamma, rel=1e-4)


def test_threshold_and_flight():
    edge = mu_e.THRESHOLD
    assert aligned(edge) == 0.0
    assert aligned(1.0) == 0.0
    assert 0 < aligned(edge * (1 - 1e-9)) < 1e-10
    found = aligned(np.array([0.01, edge, 3.0, 0.05]))
    assert found[1:3].tolist() == [0.0, 0.0]
    assert found[[0, 3]].tolist() == [aligned(0.01), aligned(0.05)]
    _, _, dark, _ = kinematics(0.03)
    assert mu_e.flight(0.03) == pytest.approx(dark[3] / 0.03, rel=1e-12)
    assert mu_e.flight(np.array([edge, 5.0])).tolist() == [0.0, 0.0]


def test_batches_keep_the_bits():
    rng = np.random.default_rng(SEED)
    n = 700
    angles = rng.uniform(-1, 1, (3, n))
    couplings = lf.scalar_couplings(rng.uniform(0, 1, n), rng.uniform(0, 1, n), *angles)
    delta_theta = angles[2] - angles[1]
    masses = tuple(10 ** rng.uniform(-3, 1, (4, n)))
    m_E, mass = 10 ** rng.uniform(2, 4, n), 10 ** rng.uniform(-3, 0, n)
    batch = rate(mass, *couplings, delta_theta, masses, m_E)
    assert (batch > 0).any()
    for i in range(0, n, 20):
        pair = [tuple(x[i] for x in four) for four in couplings]
        point = (mass[i], *pair, delta_theta[i], tuple(x[i] for x in masses), m_E[i])
        assert rate(*point) == batch[i]
