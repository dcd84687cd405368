"""The dark transition magnetic moment (arXiv:2603.25704 eq. 22, corrected)."""

from __future__ import annotations

from math import pi

import numpy as np

from darkmoment.constants import MU_BOHR
from darkmoment.physics.angles import sine
from darkmoment.physics.quadrature import Array, Value


def cross(y_e: Value, y_mu: Value, flavour_angle: Value) -> Array:
    """Return |y_e1 y_mu2 - y_e2 y_mu1| = y_e y_mu sin(flavour_angle), what the moment sees of the Yukawas."""
    return y_e * y_mu * sine(flavour_angle)


def mu_emu(g_D: Value, delta_theta: Value, cross: Value, signed_sum: Value) -> Array:
    """Return |mu_emu|, the e-mu transition moment under U(1)_D, with |Q_S| = 1.

    g_D/(128 pi^2) |sin 2 delta_theta| |cross| |sum_a M_a DeltaJ(|M_a|)|: arXiv:2603.25704 eq. (22) with the
    correct normalisation, loop function and phase convention. It is the coefficient in
    L = 1/2 mu nubar^c sigma nu F' + h.c. of one flavour pair, so that neutrino-electron scattering through
    it goes like (pi alpha^2/m_e^2) (mu/mu_B)^2 (1/T - 1/E).

    Parameters
    ----------
    g_D : array_like
        Dark gauge coupling.
    delta_theta : array_like
        theta_I - theta_R in rad.
    cross : array_like
        y_e1 y_mu2 - y_e2 y_mu1, real or complex.
    signed_sum : array_like
        `darkmoment.physics.loops.signed_sum` in GeV^-1.

    Returns
    -------
    ndarray
        The moment in GeV^-1.
    """
    misalignment = np.abs(sine(2.0 * delta_theta))
    return g_D * (1 / (128 * pi**2)) * misalignment * np.abs(cross) * np.abs(signed_sum)


def in_bohr_magnetons(mu: Array) -> Array:
    """Convert a moment from GeV^-1 to mu_B = e/(2 m_e)."""
    return mu / MU_BOHR
