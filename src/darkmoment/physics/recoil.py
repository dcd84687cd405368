"""Neutrino-electron scattering through the moment, with a massive mediator (arXiv:2603.25704 eqs. 33-34)."""

from __future__ import annotations

import numpy as np
from numpy.polynomial.legendre import leggauss

from darkmoment.constants import M_ELECTRON
from darkmoment.physics.quadrature import Array, Value, flatten, fold, in_blocks

_NODES, _WEIGHTS = (column[:, np.newaxis] for column in leggauss(48))
_BLOCK = 1024


def T_max(E: Value) -> Array:
    """Return the largest electron recoil energy, 2 E^2/(2 E + m_e), for neutrino energy E (GeV)."""
    E = np.asarray(E, dtype=float)
    return 2 * E * E / (2 * E + M_ELECTRON)


def dipole_recoil_integral(m_dark_photon: Value, T_min: Value, T_max: Value, E: Value) -> Array:
    """Return int_Tmin^Tmax dT (1/T - 1/E) [2 m_e T/(2 m_e T + m_A'^2)]^2, which the rate is proportional to.

    By 48-point Gauss-Legendre in ln T: the closed form loses all digits for m_A' above 0.1 GeV.

    Parameters
    ----------
    m_dark_photon : array_like
        Mass of the dark photon in GeV; 0 gives the electromagnetic moment's own integral.
    T_min, T_max : array_like
        Recoil window in GeV.
    E : array_like
        Neutrino energy in GeV.

    Returns
    -------
    ndarray
        The integral (dimensionless), to 1e-14 relative.

    Raises
    ------
    ValueError
        If T_min is not below T_max, or not positive.
    """
    shape, columns = flatten(m_dark_photon, T_min, T_max, E)
    low, high = columns[1:3]
    if not np.all((low > 0) & (low < high)):
        raise ValueError(f"a recoil window needs 0 < T_min < T_max, not {T_min!r} .. {T_max!r} GeV")
    return in_blocks(_integral, columns, _BLOCK).reshape(shape)[()]


def _integral(mass: Array, low: Array, high: Array, energy: Array) -> Array:
    half = np.log(high / low) / 2
    T = np.sqrt(low * high) * np.exp(half * _NODES)
    q_squared = 2 * M_ELECTRON * T
    terms = q_squared + mass * mass
    np.divide(q_squared, terms, out=terms)
    terms *= terms
    terms *= half * _WEIGHTS * (1 - T / energy)
    return fold(terms)


def dilution(m_dark_photon: Value, T_min: Value, T_max: Value, E: Value) -> Array:
    """Return I(0)/I(m_A'), by which the massive mediator lowers the rate: a limit on mu grows by its root.

    Arguments and errors as for `dipole_recoil_integral`.
    """
    massless = dipole_recoil_integral(0.0, T_min, T_max, E)
    return massless / dipole_recoil_integral(m_dark_photon, T_min, T_max, E)
