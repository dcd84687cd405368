"""Neutrino-electron scattering with an A' beside the Standard Model, against traces and plain integration."""

from math import pi, sqrt

import numpy as np
import pytest
from scipy.integrate import dblquad, quad

from darkmoment.constants import ALPHA, E_CHARGE, G_F, M_ELECTRON
from darkmoment.physics import neutrino_electron as ne
from darkmoment.physics.neutrinos import NeutrinoFlux
from darkmoment.physics.recoil import T_max

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
ZERO, ONE = np.zeros((2, 2)), np.eye(2)
GAMMA = np.array([np.block([[ONE, ZERO], [ZERO, -ONE]]), *(np.block([[ZERO, s], [-s, ZERO]]) for s in PAULI)])
GAMMA_5 = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
METRIC = np.diag([1.0, -1, -1, -1])
LEFT, RIGHT = (np.eye(4) - GAMMA_5) / 2, (np.eye(4) + GAMMA_5) / 2
E_BE7 = 862e-6


def slash(p):
    return np.einsum("m,mn,nij->ij", p, METRIC, GAMMA)


def trace_rate(neutrino, left, right, T, E):
    """dsigma/dT of L = -(nubar gamma P_L nu)(ebar gamma (left P_L + right P_R) e) from traces.

    |M|^2/(32 pi m_e E^2), averaged over the electron's spin; an antineutrino enters with its momenta crossed.
    """
    out = E - T
    p_e = sqrt(T * (T + 2 * M_ELECTRON))
    cos = (E**2 + p_e**2 - out**2) / (2 * E * p_e)
    k = np.array([E, 0, 0, E])
    p = np.array([M_ELECTRON, 0, 0, 0])
    p_out = np.array([M_ELECTRON + T, p_e * sqrt(1 - cos**2), 0, p_e * cos])
    k_out = k + p - p_out
    first, second = (k_out, k) if neutrino.endswith("bar") else (k, k_out)
    vertex = [g @ (left * LEFT + right * RIGHT) for g in GAMMA]
    conjugate = [GAMMA[0] @ v.conj().T @ GAMMA[0] for v in vertex]
    into, away = slash(p) + M_ELECTRON * np.eye(4), slash(p_out) + M_ELECTRON * np.eye(4)
    total = 0
    for m in range(4):
        for n in range(4):
            lepton = np.trace(slash(second) @ GAMMA[m] @ LEFT @ slash(first) @ GAMMA[n] @ LEFT)
            electron = np.trace(away @ vertex[m] @ into @ conjugate[n])
            total += METRIC[m, m] * METRIC[n, n] * lepton * electron
    return total.real / 2 / (32 * pi * M_ELECTRON * E**2)


@pytest.mark.parametrize("neutrino", ne.COUPLINGS)
def test_the_standard_model_by_traces(neutrino):
    left = 0.2387 + (0.5 if "_e" in neutrino else -0.5)
    scale = 2 * sqrt(2) * G_F
    for E in (1e-4, E_BE7, 0.03):
        for share in (0.01, 0.5, 0.99):
            T = share * float(T_max(E))
            expected = trace_rate(neutrino, scale * left, scale * 0.2387, T, E)
            assert ne.standard_model(neutrino, T, E) == pytest.approx(expected, rel=1e-9)


def amplitudes(neutrino, T, m, g_e, g):
    """Couplings left, right for each final flavour: the Standard Model with the A', the A' alone."""
    scale = 2 * sqrt(2) * G_F
    left = 0.2387 + (0.5 if "_e" in neutrino else -0.5)
    exchange = [one * g_e / (2 * M_ELECTRON * T + m * m) for one in g]
    return [(scale * left + exchange[0], scale * 0.2387 + exchange[0]), (exchange[1], exchange[1])]


@pytest.mark.parametrize("neutrino", ne.COUPLINGS)
def test_excess_of_a_line(neutrino):
    """The difference of whole cross-sections, each by traces, integrated over the window."""
    print("seed 131")
    rng = np.random.default_rng(131)
    low, high = 190e-6, float(T_max(E_BE7))
    flux = NeutrinoFlux(lines=((E_BE7, 3.0),))
    recoils = ne.VectorRecoils(neutrino, flux.recoils, low, high)
    for m in (0.0, 1e-4, 1e-3, 1e-2, 1.0):
        g_e, g = 10 ** rng.uniform(-5, -4) * rng.choice([-1, 1]), rng.normal(size=2) * max(m, 1e-3) * 1e-3

        def added(T, m=m, g_e=g_e, g=g):
            whole = sum(trace_rate(neutrino, *pair, T, E_BE7) for pair in amplitudes(neutrino, T, m, g_e, g))
            return whole - ne.standard_model(neutrino, T, E_BE7)

        expected = 3 * quad(added, low, high, epsrel=1e-11)[0]
        found = recoils.excess(np.array([m]), np.array([g_e]), np.array([g[0]]), np.array([(g**2).sum()]))[0]
        assert found == pytest.approx(expected, rel=1e-8)


def test_excess_of_a_continuum():
    flux = NeutrinoFlux(density=lambda E: 30 * (E / 5e-3) ** 2 * (1 - E / 5e-3) ** 2, knots=(0.0, 5e-3))
    low, high, m, g_e, g = 1e-3, 3e-3, 2e-3, 2e-5, 1e-6
    recoils = ne.VectorRecoils("nu_e_bar", flux.recoils, low, high, [float(T_max(5e-3))])
    found = recoils.excess(np.array([m]), np.array([g_e]), np.array([g]), np.array([g * g]))[0]

    def added(E, T):
        delta = g * g_e / (2 * sqrt(2) * G_F * (2 * M_ELECTRON * T + m * m))
        a, b = 0.2387, 0.7387
        with_it = (
            (a + delta) ** 2
            + (b + delta) ** 2 * (1 - T / E) ** 2
            - (a + delta) * (b + delta) * M_ELECTRON * T / E**2
        )
        alone = a * a + b * b * (1 - T / E) ** 2 - a * b * M_ELECTRON * T / E**2
        return 2 * G_F**2 * M_ELECTRON / pi * (with_it - alone) * float(flux.density(E))

    expected = dblquad(
        added, low, high, lambda T: (T + sqrt(T * (T + 2 * M_ELECTRON))) / 2, 5e-3, epsrel=1e-9, epsabs=0
    )[0]
    assert found == pytest.approx(expected, rel=1e-7)


def test_ten_percent_of_the_nu_e_rate_at_the_edges():
    """m_A' = 10 MeV at the edges of MEG II (2025) and NA64 (2023), benchmark: the moment is nowhere near."""
    m, epsilon, y = 0.01, 2.2275e-5, 0.101932
    g_nu, mu = 0.5 / (16 * pi**2) * -0.574764 * y**2, 7.8356e-10 * (y / 0.086) ** 2 * epsilon
    for low in (50e-6, 190e-6):
        high = float(T_max(E_BE7))
        flux = NeutrinoFlux(lines=((E_BE7, 1.0),))
        recoils = ne.VectorRecoils("nu_e", flux.recoils, low, high)
        standard = quad(lambda T: ne.standard_model("nu_e", T, E_BE7), low, high)[0]
        shifts = [
            recoils.excess(*(np.array([x]) for x in (m, sign * E_CHARGE * epsilon, g_nu, g_nu**2)))[0]
            / standard
            for sign in (1, -1)
        ]
        np.testing.assert_allclose(shifts, [-0.10, 0.105], atol=0.005)
    q = 2 * M_ELECTRON
    moment = quad(lambda T: (1 / T - 1 / E_BE7) * (q * T / (q * T + m * m)) ** 2, low, high)[0]
    # 3e-13 of the rate (above 190 keV)
    assert pi * (ALPHA / M_ELECTRON) ** 2 * mu**2 * moment / standard == pytest.approx(3e-13, rel=0.2)
