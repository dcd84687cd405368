"""R(m) against measured values that it was not made from, and against its own dispersion integrals."""

from itertools import pairwise
from math import log, pi

import numpy as np
import pytest
from scipy import integrate

from darkmoment.constants import ALPHA, M_MUON, M_PION
from darkmoment.physics.hadronic_ratio import TABLE, R

COMPILED = [
    *[(0.345, 0.0855), (0.405, 0.212), (0.465, 0.36), (0.505, 0.505), (0.5652, 0.893), (0.623, 1.70)],
    *[(0.665, 2.94), (0.705, 5.15), (0.725, 6.65), (0.745, 8.15), (0.760, 9.0), (0.810, 5.63), (0.840, 3.70)],
    *[
        (0.885, 2.09),
        (0.945, 1.15),
        (0.975, 1.03),
        (1.0200, 45.3),
        (1.045, 1.42),
        (1.070, 1.00),
        (1.10, 0.92),
    ],
    *[(1.225, 0.966), (1.275, 1.10), (1.325, 1.22), (1.375, 1.487), (1.425, 1.75), (1.475, 1.98)],
    *[(1.525, 2.15), (1.575, 2.31), (1.625, 2.47), (1.70, 2.45), (1.75, 2.30), (1.85, 2.06), (1.96, 2.11)],
    *[(2.2392, 2.21), (2.7446, 2.27), (3.2225, 2.20), (3.4996, 2.22), (5.25, 3.57), (6.0, 3.44), (8.6, 3.66)],
]
"""Energies of the Review of Particle Physics' compilation (2020) between the points of the table."""


def test_values_of_the_compilation():
    m, expected = np.array(COMPILED).T
    assert np.abs(R(m) / expected - 1).max() < 0.06
    assert (np.diff(TABLE[:, 0]) > 0).all()
    np.testing.assert_allclose(R(TABLE[:, 0]), TABLE[:, 1], rtol=1e-12)


def kernel(s):
    """K(s) = int_0^1 dx x^2 (1-x)/(x^2 + (1-x) s/m_mu^2)."""
    k = s / M_MUON**2
    return integrate.quad(lambda x: x**2 * (1 - x) / (x**2 + (1 - x) * k), 0, 1)[0]


def test_hadronic_vacuum_polarisation_of_the_muon():
    """Dispersion integral for a_mu: 693(4)e-10 (arXiv:2006.04822), 8e-10 of it from J/psi and psi(2S)."""
    edges = np.concatenate(([2 * M_PION], TABLE[:, 0], [1e3]))
    nodes, weights = np.polynomial.legendre.leggauss(6)
    log_m = [(log(b) + log(a)) / 2 + (log(b) - log(a)) / 2 * nodes for a, b in pairwise(edges)]
    width = [(log(b) - log(a)) / 2 * weights for a, b in pairwise(edges)]
    m, w = np.exp(np.concatenate(log_m)), np.concatenate(width)
    K = np.array([kernel(x * x) for x in m])
    a_mu = (ALPHA / pi) ** 2 / 3 * np.sum(w * 2 * K * R(m))  # ds/s = 2 d ln m
    print(f"{a_mu:.4g}")
    assert a_mu == pytest.approx(685e-10, rel=0.02)


def test_threshold():
    edge = 2 * M_PION
    assert R(np.array([1e-9, 0.1, edge])).tolist() == [0, 0, 0]
    assert R(np.nextafter(edge, 1)) > 0
    just, twice = R(edge * (1 + 1e-6)), R(edge * (1 + 2e-6))
    assert twice / just == pytest.approx(2**1.5, rel=1e-4)
    assert R(100.0) == pytest.approx(TABLE[-1, 1], rel=1e-3)  # the pion's beta^3 goes on
