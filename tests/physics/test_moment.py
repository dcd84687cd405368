"""The moment against a sum over all diagrams, and the paper's benchmark."""

from itertools import product
from math import pi

import numpy as np
import pytest

from darkmoment.constants import E_CHARGE, M_ELECTRON
from darkmoment.physics import loops, moment, printed

BENCHMARK = (0.1, 0.0, 0.25, 0.35, 0.25, 0.35)
Y = 0.086
SEED = 31


def rotation(theta):
    """O with real fields R_a = O_ak H_k, so that y O are the rotated couplings of eq. (11)."""
    return np.array([[np.cos(theta), np.sin(theta)], [-np.sin(theta), np.cos(theta)]])


def sum_over_paths(g_D, lam, theta_R, theta_I, masses, m, m_D, J):
    """Moment tensor mu_ij in GeV^-1 from every diagram nu_j -> N_alpha Phi_1 -> N_alpha Phi_2 -> nubar_i.

    The factors, one by one:
    - S_a = (R_a + i I_a)/sqrt2: a vertex with H_k has lt_iHk/sqrt2, one with A_m has i lt_iAm/sqrt2.
    - N_R = (chi_1 +- chi_2)/sqrt2 with signed masses and real mixing: 1/sqrt2 per vertex, so 1/2 per chi.
    - Both neutrino vertices have P_R; the chi line between them leaves its mass, P_R (k + M) P_R = M P_R.
    - The dark current of S is g_D (R dI - I dR) A' = g_D C_km (H_k dA_m - A_m dH_k) A', C = O_R^T O_I; the
      diagram with A_m at vertex i and H_k at vertex j has the opposite sign.
    - The four i's of propagators and vertices, and int d^4k/(2 pi)^4 of three propagators =
      -i/(16 pi^2) int dx dy/Delta, leave 1/(16 pi^2); the scalars' momentum sum p_1 + p_2 - 2k becomes
      (1-x-y)(p_1 + p_2) after the shift of k, which is the numerator of J.
    - Gordon: (p_1 + p_2)^mu = -i sigma^mu nu q_nu between massless spinors; L = 1/2 mu nubar^c sigma F nu
      with F = dA - dA gives mu sigma q, so mu_ij is the coefficient found, without further factors.
    """
    lt_H, lt_A = lam @ rotation(theta_R), 1j * lam @ rotation(theta_I)
    C = rotation(theta_R).T @ rotation(theta_I)
    m_H, m_A = masses[:2], masses[2:]
    tensor = np.zeros((2, 2), dtype=complex)
    for i, j, k, n in product(range(2), repeat=4):
        for M in (m - m_D, m + m_D):
            amplitude = g_D * C[k, n] * M * float(J(M, m_H[k], m_A[n])) / (16 * pi**2)
            vertices = lt_H[i, k] * lt_A[j, n] - lt_A[i, n] * lt_H[j, k]
            tensor[i, j] += amplitude * vertices * (1 / np.sqrt(2)) ** 2 * (1 / np.sqrt(2)) ** 2
    return tensor


@pytest.mark.parametrize("case", range(4))
def test_sum_over_paths(case, exact):
    print(f"seed {SEED + case}")
    rng = np.random.default_rng(SEED + case)
    lam = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
    theta_R, theta_I = rng.uniform(-pi, pi, 2)
    masses = rng.uniform(0.1, 1.0, 4)
    m, m_D = rng.uniform(-0.5, 0.5, 2)

    def J(*point):
        return exact.J("derived", *map(float, point))

    tensor = sum_over_paths(0.7, lam, theta_R, theta_I, masses, m, m_D, J)
    cross = lam[0, 0] * lam[1, 1] - lam[0, 1] * lam[1, 0]
    formula = moment.mu_emu(0.7, theta_I - theta_R, cross, loops.signed_sum(m, m_D, *masses))
    scale = np.abs(tensor).max()
    # antisymmetric by itself: only transition moments
    assert np.abs(tensor + tensor.T).max() < 1e-12 * scale
    assert formula == pytest.approx(abs(tensor[0, 1]), rel=1e-10)


def test_common_rotation_is_unphysical():
    """Only theta_I - theta_R enters, whatever theta_R."""
    lam = np.array([[0.3, 0.1j], [0.2, 0.5]])
    tensors = [
        sum_over_paths(1.0, lam, theta, theta + 0.4, (0.2, 0.3, 0.4, 0.6), 0.1, 0.05, loops.J)[0, 1]
        for theta in (0.0, 0.9)
    ]
    assert tensors[0] == pytest.approx(tensors[1], rel=1e-12)


@pytest.mark.parametrize(
    ("formulas", "in_mu_B"),
    [((loops, moment), 7.8356e-10), ((printed, printed), 8.0981e-7)],
    ids=["derived", "printed"],
)
def test_benchmark(formulas, in_mu_B):
    sums, moments = formulas
    cross = moment.cross(2**0.25 * Y, 2**0.25 * Y, pi / 4)
    assert cross == pytest.approx(Y**2, rel=1e-14)
    mu = moments.mu_emu(0.5, pi / 4, cross, sums.signed_sum(*BENCHMARK))
    assert moment.in_bohr_magnetons(mu) == pytest.approx(in_mu_B, rel=1e-5)


def test_the_paper_lacks_m_e_over_e():
    """Printed over derived, per loop sum: e/m_e GeV, to be read as 592.6."""
    ratio = printed.mu_emu(0.5, 0.3, 0.2, 1.0) / moment.mu_emu(0.5, 0.3, 0.2, 1.0)
    assert ratio == pytest.approx(E_CHARGE / M_ELECTRON, rel=1e-14)
    assert ratio == pytest.approx(592.6, rel=1e-4)
    assert printed.signed_sum(*BENCHMARK) / loops.signed_sum(*BENCHMARK) == pytest.approx(1.744, rel=1e-3)


@pytest.mark.parametrize("formulas", [moment, printed])
def test_exact_zeros_and_shapes(formulas):
    delta_theta = np.array([0.0, 0.2, -0.2])
    mu = formulas.mu_emu(0.5, delta_theta, np.array([0.1]), np.array([-2.0]))
    assert mu[0] == 0.0
    assert mu[1] == mu[2] > 0.0
    assert formulas.mu_emu(0.5, 0.2, moment.cross(1.0, 1.0, 0.0), 1.0) == 0.0
    assert formulas.mu_emu(0.5, 0.2, 1.0, 0.0) == 0.0


def test_bohr_magneton():
    assert moment.in_bohr_magnetons(1.0) == pytest.approx(3.37491e-3, rel=2e-6)
    assert moment.in_bohr_magnetons(296.3) == pytest.approx(1.0, rel=1e-4)
