"""The unbinned extended likelihood of XENONnT's events, its background's norm profiled."""

from __future__ import annotations

from dataclasses import dataclass

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
class EventsLikelihood:
    """chi2 as a function of the number of signal events and of u, from splines.

    Where the signal is so large that the best background is none, chi2 is known in closed form; below that
    number, `full`, a table is interpolated.

    Attributes
    ----------
    events : int
        Observed.
    table : RectBivariateSpline
        chi2 over (z/z_full, u).
    curves : BSpline
        ln of `full`, ln of the number at the 90% limit, ln of the number per (1 - u)^2 at the reference
        moment, and the mean shift of P_ee, over u.
    """

    events: int
    table: RectBivariateSpline
    curves: BSpline

    @classmethod
    def build(
        cls, background: Array, expected: float, signal: Array, total: Array, shift: Array, rise: float
    ) -> EventsLikelihood:
        """Compute the tables.

        Parameters
        ----------
        background : ndarray (n,)
            Density per keV of the background model at each observed energy.
        expected : float
            Number of events of the background model.
        signal, total, shift : ndarray (k, n), (k,), (k,)
            As `Signal`, at `mass_nodes`.
        rise : float
            What chi2 rises by at the limit.
        """
        u, n = mass_nodes(), len(background)
        shape = signal / total[:, np.newaxis]
        full = (background / shape).sum(axis=1) / expected
        fractions = np.linspace(0, 1, _Z_NODES)
        numbers = _SCALE * np.expm1(fractions[:, np.newaxis] * np.log1p(full / _SCALE))
        values = np.empty((_Z_NODES, len(u)))
        norm = np.zeros(len(u))
        for row in range(_Z_NODES - 1, -1, -1):
            # from many signal events to none: the background's norm grows, and Newton never passes it
            norm = _norm(norm, numbers[row], background, expected, shape)
            density = norm[:, np.newaxis] * background + numbers[row][:, np.newaxis] * shape
            values[row] = 2 * (norm * expected + numbers[row] - np.log(density).sum(axis=1))
        table = RectBivariateSpline(fractions, u, values - values.min(), kx=5, ky=5)
        edges = [_edge(table, k, fractions, full[i], rise) for i, k in enumerate(u)]
        curves = np.stack([np.log(full), np.log(edges), np.log(total), shift], axis=1)
        return cls(n, table, make_interp_spline(u, curves, k=5))

    def chi2(self, number: Array, u: Array) -> Array:
        """Return chi2 for numbers of signal events at u."""
        number, u = np.broadcast_arrays(number, u)
        full = np.exp(self.curves(u)[..., 0])
        below = np.minimum(number, full)
        inside = self.table.ev(np.log1p(below / _SCALE) / np.log1p(full / _SCALE), u)
        # without background -2 ln L = 2 (N - n ln N) + const
        beyond = np.maximum(number / full, 1.0)
        with np.errstate(invalid="ignore"):
            extra = 2 * (full * (beyond - 1) - self.events * np.log(beyond))
        total = np.maximum(inside, 0.0) + np.where(np.isinf(beyond), np.inf, extra)
        return np.where(np.isnan(number) | np.isnan(u), np.nan, total)

    def at_limit(self, u: Array) -> Array:
        """Return the number of signal events at the limit."""
        return np.exp(self.curves(u)[..., 1])

    def at_reference(self, u: Array) -> tuple[Array, Array]:
        """Return the number of signal events over (1 - u)^2 at the reference moment, and P_ee's shift."""
        curves = self.curves(u)
        return np.exp(curves[..., 2]), curves[..., 3]


def _norm(start: Array, number: Array, background: Array, expected: float, shape: Array) -> Array:
    """Return the norm of the background that fits best beside a number of signal events; all (k,)."""
    norm = start
    for _ in range(200):
        density = norm[:, np.newaxis] * background + number[:, np.newaxis] * shape
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = background / density
            step = (ratio.sum(axis=1) - expected) / np.square(ratio).sum(axis=1)
        if not number.any():
            return np.full_like(start, len(background) / expected)
        norm = norm + np.maximum(step, 0.0)
        if np.all(step <= 1e-15 * norm):
            break
    return norm


def _edge(table: RectBivariateSpline, u: float, fractions: Array, full: float, rise: float) -> float:
    """Return the number of signal events where chi2 is `rise` above its smallest value at this u."""
    fine = np.linspace(0, 1, 8 * len(fractions))
    values = table.ev(fine, u)
    best = int(np.argmin(values))
    fraction = brentq(
        lambda f: float(table.ev(f, u)) - values[best] - rise, fine[best], 1.0, xtol=1e-14, rtol=1e-14
    )
    return float(_SCALE * np.expm1(fraction * np.log1p(full / _SCALE)))
