"""Neutrino-electron scattering through the moment, with a massive mediator (arXiv:2603.25704 eqs. 33-34)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from itertools import pairwise
from math import asinh, ceil, log, pi, sqrt

import numpy as np
from numpy.polynomial.legendre import leggauss

from darkmoment.constants import M_ELECTRON
from darkmoment.physics.quadrature import Array, Value, flatten, fold, in_blocks

_BLOCK = 2048
_ROUNDING = 37.0  # exp(-37) = 9e-17
_SPECTRUM = 10  # nodes for a neutrino spectrum, which is smooth between its edges
_SPARE = 4  # nodes for what stands before the geometric decrease of the error: a double pole


def T_max(E: Value) -> Array:
    """Return the largest electron recoil energy, 2 E^2/(2 E + m_e), for neutrino energy E (GeV)."""
    E = np.asarray(E, dtype=float)
    return 2 * E * E / (2 * E + M_ELECTRON)


def q_squared(T: Value) -> Array:
    """Return the squared momentum transfer 2 m_e T (GeV^2) of a recoil T (GeV)."""
    return 2 * M_ELECTRON * np.asarray(T, dtype=float)


def dipole_recoil_integral(m_dark_photon: Value, T_min: Value, T_max: Value, E: Value) -> Array:
    """Return int_Tmin^Tmax dT (1/T - 1/E) [2 m_e T/(2 m_e T + m_A'^2)]^2, which the rate is proportional to.

    By Gauss-Legendre in ln T with as many points as the window asks for (12 for 190 keV, 16 for 50 keV to
    the 7Be edge): the closed form loses all digits for m_A' above 0.1 GeV.

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
        If not 0 < T_min < T_max < inf.
    """
    shape, columns = flatten(m_dark_photon, T_min, T_max, E)
    mass, low, high, energy = columns
    if not np.all((low > 0) & (low < high) & (high < np.inf)):
        raise ValueError(f"a recoil window needs 0 < T_min < T_max, not {T_min!r} .. {T_max!r} GeV")
    if low.size == high.size == energy.size == 1:
        return integral_in_window(mass, low[0], high[0], energy[0]).reshape(shape)[()]
    # each point on the nodes of its own window, so that it gives the same number alone
    windows = np.stack(np.broadcast_arrays(low, high, energy))
    distinct, member = np.unique(windows, axis=1, return_inverse=True)
    result = np.empty(member.size)
    for k, window in enumerate(distinct.T):
        chosen = member == k
        result[chosen] = integral_in_window(mass if mass.size == 1 else mass[chosen], *window)
    return result.reshape(shape)[()]


def integral_in_window(mass: Array, low: float, high: float, energy: float) -> Array:
    """Return `dipole_recoil_integral` for masses (n,) in one window, which is not checked again."""
    return in_blocks(partial(_integral, *_rule(low, high, energy)), [mass], _BLOCK)


@lru_cache(maxsize=64)
def _rule(low: float, high: float, energy: float) -> tuple[Array, Array]:
    """Return 2 m_e T at the nodes and the weights with 1 - T/E in them, as columns.

    In ln T the poles lie pi above and below the real axis whatever the masses. So the error falls with the
    number n of nodes as rho^(-2 n), rho the sum of the half-axes of the ellipse through i pi/half.
    """
    half = log(high / low) / 2
    ln_rho = asinh(pi / half)
    x, weights = (column[:, np.newaxis] for column in leggauss(_SPARE + ceil(_ROUNDING / (2 * ln_rho))))
    T = sqrt(low * high) * np.exp(half * x)
    return 2 * M_ELECTRON * T, half * weights * (1 - T / energy)


def _integral(q_squared: Array, weights: Array, mass: Array, power: int = 2) -> Array:
    terms = q_squared + mass * mass
    np.divide(q_squared, terms, out=terms)
    if power == 2:
        terms *= terms
    terms *= weights
    return fold(terms)


class RecoilSpectrum:
    """Recoils of a whole neutrino spectrum in a window, for mediators of any mass.

    The rate is proportional to int dT g(T) [2 m_e T/(2 m_e T + m_A'^2)]^2, where g(T) is what a massless
    mediator gives: for neutrinos of one energy 1/T - 1/E.

    Parameters
    ----------
    g : callable
        Recoil spectrum of a massless mediator at recoils T in GeV, in any unit.
    T_min, T_max : float
        Window in GeV.
    edges : iterable of float
        Recoils in GeV at which g is not smooth; those outside the window do not matter.
    power : {2, 1}
        1 where the mediator's propagator enters once, as in interference with another one.

    Raises
    ------
    ValueError
        If not 0 < T_min < T_max < inf, or g vanishes in the window.
    """

    def __init__(
        self,
        g: Callable[[Array], Array],
        T_min: float,
        T_max: float,
        edges: Iterable[float] = (),
        power: int = 2,
    ) -> None:
        if not 0 < T_min < T_max < np.inf:
            raise ValueError(f"a recoil window needs 0 < T_min < T_max, not {T_min!r} .. {T_max!r} GeV")
        panels = pairwise([T_min, *sorted({e for e in edges if T_min < e < T_max}), T_max])
        parts = [_panel(low, high) for low, high in panels]
        T = np.concatenate([T for T, _ in parts])
        weights = np.concatenate([w for _, w in parts]) * T * g(T)
        nodes = q_squared(T)[:, np.newaxis], weights[:, np.newaxis]
        self._nodes = partial(_integral, *nodes, power=power)
        self._massless = float(self.integral(np.zeros(1))[0])

    def integral(self, mass: Array) -> Array:
        """Return the integral for dark-photon masses (n,) in GeV."""
        return in_blocks(self._nodes, [mass], _BLOCK)

    @property
    def massless(self) -> float:
        """The integral for a massless mediator."""
        return self._massless

    def dilution(self, mass: Array) -> Array:
        """Return I(0)/I(m_A'), by which a massive mediator lowers the rate: a limit on mu grows by its root.

        Parameters
        ----------
        mass : ndarray (n,)
            Dark-photon masses in GeV.
        """
        return self._massless / self.integral(mass)


def _panel(low: float, high: float) -> tuple[Array, Array]:
    """Return recoils T and weights of int d ln T between two recoils; see `_rule` for their number."""
    half = log(high / low) / 2
    nodes = _SPECTRUM + ceil(_ROUNDING / (2 * asinh(pi / half)))
    x, weights = leggauss(nodes)
    return sqrt(low * high) * np.exp(half * x), half * weights
