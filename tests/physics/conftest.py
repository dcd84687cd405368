"""References at many digits, from the defining formulas and not from the code under test."""

from types import SimpleNamespace

import mpmath as mp
import pytest


def _feynman(kind, M, m1, m2, x, y):
    z = 1 - x - y
    numerator = z if kind == "derived" else x + y
    return numerator / (x * m2**2 + y * m1**2 + z * M**2)


def double_integral(kind, M, pairs):
    """Sum of sign * J(M, m1, m2) over (sign, m1, m2): the Feynman integral of eq. (21), in one integrand."""

    def over_y(x):
        # y = (1 - x) t
        return mp.quad(
            lambda t: (1 - x) * sum(s * _feynman(kind, M, m1, m2, x, (1 - x) * t) for s, m1, m2 in pairs),
            [0, 1],
            method="gauss-legendre",
            maxdegree=4,
        )

    return mp.quad(over_y, [0, 1], method="gauss-legendre", maxdegree=4)


def g(kind, r):
    """Closed form of which J is the divided difference."""
    if r == 1:
        return mp.mpf(1) / 4 if kind == "derived" else mp.mpf(3) / 4
    log, u = mp.log(r), 1 - r
    if kind == "derived":
        return (r / u + r**2 * log / u**2) / 2
    return -(r / u + r * (2 - r) * log / u**2) / 2


def J(kind, M, m1, m2):
    """J from g, with digits to spare for m1 close to m2 close to M; equal masses are told apart by 1e-40."""
    with mp.workdps(250):
        r1, r2 = (mp.mpf(m1) / M) ** 2, (mp.mpf(m2) / M) ** 2
        if r1 == r2:
            r2 *= 1 + mp.mpf("1e-40")
        return (g(kind, r2) - g(kind, r1)) / (r2 - r1) / mp.mpf(M) ** 2


def delta_J(kind, M, m_H1, m_H2, m_A1, m_A2):
    """Mixed difference of eq. (23), term by term."""
    with mp.workdps(250):
        same = J(kind, M, m_H1, m_A1) + J(kind, M, m_H2, m_A2)
        return same - J(kind, M, m_H1, m_A2) - J(kind, M, m_H2, m_A1)


def signed_sum(kind, m, m_D, *scalars):
    """Sum of M_a DeltaJ(|M_a|), each by itself; a massless state does not contribute."""
    signed = (mp.mpf(m) - mp.mpf(m_D), mp.mpf(m) + mp.mpf(m_D))
    return mp.fsum(M * delta_J(kind, abs(M), *scalars) for M in signed if M != 0)


@pytest.fixture(scope="session")
def exact():
    """The references of this file."""
    return SimpleNamespace(double_integral=double_integral, g=g, J=J, delta_J=delta_J, signed_sum=signed_sum)
