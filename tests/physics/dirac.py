"""Dirac matrices, spinors and polarisations as numbers, in the chiral representation."""

import numpy as np

METRIC = np.diag([1.0, -1.0, -1.0, -1.0])
_SIGMA = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex)
_ZERO = np.zeros((2, 2))
GAMMA = np.array(
    [np.block([[_ZERO, s], [s if mu == 0 else -s, _ZERO]]) for mu, s in enumerate(_SIGMA)], dtype=complex
)
"""gamma^mu, shape (4, 4, 4)."""

G5 = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
ONE = np.eye(4)
P_L, P_R = (ONE - G5) / 2, (ONE + G5) / 2
LOWER = np.einsum("mn,nab->mab", METRIC, GAMMA)
"""gamma_mu."""


def slash(p):
    """Return p-slash of a contravariant four-vector (..., 4)."""
    return np.einsum("...m,mab->...ab", np.asarray(p), LOWER)


def bar(matrix):
    """Return gamma^0 A^dagger gamma^0."""
    return GAMMA[0] @ np.swapaxes(matrix, -1, -2).conj() @ GAMMA[0]


def spin_sum(amplitude, out, m_out, incoming, m_in, polarisations):
    """Return the sum over spins and polarisations of |ubar(out) amplitude^mu u(in) eps*_mu|^2.

    `polarisations` is sum eps_mu^* eps_nu with upper indices; a v-spinor is one of opposite `m_in`.
    """
    lower = METRIC @ polarisations @ METRIC
    left, right = slash(out) + m_out * ONE, slash(incoming) + m_in * ONE
    terms = np.array([[np.trace(left @ a @ right @ bar(b)) for b in amplitude] for a in amplitude])
    return float(np.sum(lower * terms).real)


def massive_vector(q, mass):
    """Return sum eps^mu* eps^nu of a massive vector."""
    q = np.asarray(q)
    return -METRIC + np.outer(q, q) / mass**2
