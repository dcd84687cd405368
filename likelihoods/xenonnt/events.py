"""The unbinned extended likelihood of events, observed or expected, the norm of their background profiled."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import BSpline, RectBivariateSpline, make_interp_spline
from scipy.optimize import brentq

from darkmoment.experiments.likelihood import Array

_U_NODES, _Z_NODES = 49, 65
_SCALE = 30.0
"""Signal events at which the coordinate z = ln(1 + N/_SCALE) turns from linear to logarithmic."""


def mass_nodes() -> Array:
    """Return the values of u at which signals are computed, denser at both ends."""
    return (1 - np.cos(np.linspace(0, np.pi, _U_NODES))) / 2


@dataclass(frozen=True, eq=False)
class Sample:
    """Energies that were, or might have been, observed.

    Attributes
    ----------
    background : ndarray (n,)
        Density per keV of the background model at each energy.
    expected : float
        Number of events of the background model.
    weights : ndarray (n,)
        Events that each energy stands for: 1 for one that was observed.
    """

    background: Array
    expected: float
    weights: Array

    @property
    def events(self) -> float:
        """Number of events."""
        return float(self.weights.sum())


@dataclass(frozen=True, eq=False)
class EventsLikelihood:
    """chi2 as a function of the number of signal events and of u, from splines.

    Where the signal is so large that the best background is none, chi2 is known in closed form; below that
    number, `full`, a table is interpolated.

    Attributes
    ----------
    events : float
        Observed.
    table : RectBivariateSpline
        chi2 over (z/z_full, u).
    log_full : BSpline
        ln of `full` over u.
    zero : float
        What is subtracted from the table.
    """

    events: float
    table: RectBivariateSpline
    log_full: BSpline
    zero: float = 0.0

    @classmethod
    def build(cls, sample: Sample, shape: Array) -> EventsLikelihood:
        """Compute the table.

        Parameters
        ----------
        shape : ndarray (k, n)
            Density per keV of one signal event at each energy, at `mass_nodes`.
        """
        u, background, weights = mass_nodes(), sample.background, sample.weights
        full = (weights * background / shape).sum(axis=1) / sample.expected
        fractions = np.linspace(0, 1, _Z_NODES)
        numbers = _SCALE * np.expm1(fractions[:, np.newaxis] * np.log1p(full / _SCALE))
        values = np.empty((_Z_NODES, len(u)))
        norm = np.zeros(len(u))
        for row in range(_Z_NODES - 1, -1, -1):
            # from many signal events to none: the background's norm grows, and Newton never passes it
            norm = _norm(norm, numbers[row], sample, shape)
            density = norm[:, np.newaxis] * background + numbers[row][:, np.newaxis] * shape
            logs = (weights * np.log(density)).sum(axis=1)
            values[row] = 2 * (norm * sample.expected + numbers[row] - logs)
        table = RectBivariateSpline(fractions, u, values - values.min(), kx=5, ky=5)
        return cls(sample.events, table, make_interp_spline(u, np.log(full), k=5))

    def relative_to(self, number: Array, u: Array) -> EventsLikelihood:
        """Return the same with chi2 = 0 for a number of signal events at u, both (1,): the best there is."""
        return replace(self, zero=self.zero + float(self._relative(number, u)[0]))

    def chi2(self, number: Array, u: Array) -> Array:
        """Return chi2 for numbers of signal events at u."""
        return np.maximum(self._relative(number, u), 0.0)

    def _relative(self, number: Array, u: Array) -> Array:
        number, u = np.broadcast_arrays(number, u)
        full = np.exp(self.log_full(u))
        below = np.minimum(number, full)
        inside = self.table.ev(np.log1p(below / _SCALE) / np.log1p(full / _SCALE), u) - self.zero
        # without background -2 ln L = 2 (N - n ln N) + const
        beyond = np.maximum(number / full, 1.0)
        with np.errstate(invalid="ignore"):
            extra = 2 * (full * (beyond - 1) - self.events * np.log(beyond))
        total = inside + np.where(np.isinf(beyond), np.inf, extra)
        return np.where(np.isnan(number) | np.isnan(u), np.nan, total)

    def edges(self, rise: float) -> Array:
        """Return the number of signal events where chi2 is `rise` above its smallest, at `mass_nodes`."""
        u = mass_nodes()
        full = np.exp(self.log_full(u))
        return np.array([_edge(self.table, k, full[i], rise) for i, k in enumerate(u)])


def _norm(start: Array, number: Array, sample: Sample, shape: Array) -> Array:
    """Return the norm of the background that fits best beside a number of signal events; all (k,)."""
    if not number.any():
        return np.full_like(start, sample.events / sample.expected)
    norm, background, weights = start, sample.background, sample.weights
    for _ in range(200):
        density = norm[:, np.newaxis] * background + number[:, np.newaxis] * shape
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = background / density
            slope = (weights * ratio).sum(axis=1) - sample.expected
            step = slope / (weights * np.square(ratio)).sum(axis=1)
        norm = norm + np.maximum(step, 0.0)
        if np.all(step <= 1e-15 * norm):
            break
    return norm


def _edge(table: RectBivariateSpline, u: float, full: float, rise: float) -> float:
    """Return the number of signal events where chi2 is `rise` above its smallest value at this u."""
    fine = np.linspace(0, 1, 8 * _Z_NODES)
    values = table.ev(fine, u)
    best = int(np.argmin(values))
    fraction = brentq(
        lambda f: float(table.ev(f, u)) - values[best] - rise, fine[best], 1.0, xtol=1e-14, rtol=1e-14
    )
    return float(_SCALE * np.expm1(fraction * np.log1p(full / _SCALE)))
