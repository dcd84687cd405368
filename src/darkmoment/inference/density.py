"""The posterior density of a fit in probit coordinates, and where to begin sampling it.

Coordinates are the probits of the prior's cumulative probability, so the prior is a unit gaussian whatever
its shape, and ranges have no edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from darkmoment.fit import Fit
from darkmoment.parameters import Array, Prior
from darkmoment.survey import Survey

PRIOR_DRAWS = 20_000

TEMPERED = 0.25
"""Power of the likelihood by which half of the starts are drawn: twice as wide, for a gaussian."""

_FURTHEST = 4.0
"""A start at the end of a range is drawn in to this many standard deviations of the prior."""

_JITTERS = (0.1, 0.01, 1e-3, 1e-6)


class NothingAllowedError(ValueError):
    """No draw of the prior is allowed by the data."""


class Posterior:
    """The posterior density of a fit in probit coordinates.

    Parameters
    ----------
    fit : Fit
        Its free parameters, d of them, are the coordinates.
    tilt : str
        An observable by whose value the prior density is multiplied; '' for the prior as it is. Where the
        observable is a power of a parameter with a log-uniform prior, the tilted prior is uniform in the
        observable, at any values of the other parameters.
    """

    def __init__(self, fit: Fit, tilt: str = "") -> None:
        self.fit = fit
        self.tilt = tilt
        self.free = fit.free
        self.dimension = len(self.free)
        if not self.free:
            raise ValueError(f"{fit.label} has no free parameter: nothing to sample")

    def physical(self, z: Array) -> dict[str, Array]:
        """Return the parameters in physical units at z, shape (n, d)."""
        return self.from_unit(ndtr(z))

    def from_unit(self, u: Array) -> dict[str, Array]:
        """Return the parameters in physical units at cumulative probabilities u of the prior, (n, d)."""
        return {
            p.name: np.clip(p.prior.quantile(u[:, i], *p.bounds), *p.bounds) for i, p in enumerate(self.free)
        }

    def coordinates(self, point: Mapping[str, float]) -> Array:
        """Return the coordinates (d,) of a point in physical units; those at the end of a range drawn in."""
        u = [probability(p.prior, float(point[p.name]), *p.bounds) for p in self.free]
        return np.clip(ndtri(u), -_FURTHEST, _FURTHEST)

    def survey(self, points: dict[str, Array], quantities: Sequence[str] = ()) -> Survey:
        """Return what the fit says of points made by this posterior."""
        wanted = tuple(dict.fromkeys([*quantities, *([self.tilt] if self.tilt else [])]))
        return self.fit.survey(points, wanted, within_ranges=True)

    def log_weight(self, survey: Survey) -> Array:
        """Return the logarithm of likelihood times tilt, shape (n,); -inf where forbidden."""
        log_like = -0.5 * survey.chi2.sum(axis=1)
        if not self.tilt:
            return log_like
        value = survey.quantities[self.tilt]
        allowed = survey.physical & (value > 0)
        return np.where(allowed, log_like + np.log(np.where(allowed, value, 1.0)), -np.inf)

    def log_density(self, z: Array) -> Array:
        """Return the log posterior at z, shape (n, d), up to a constant; -inf where forbidden."""
        return self.log_weight(self.survey(self.physical(z))) - 0.5 * (z**2).sum(axis=1)

    def starts(self, rng: np.random.Generator, walkers: int, points: Sequence[Mapping[str, float]]) -> Array:
        """Return places to start from, shape (walkers, d), wider than the posterior.

        Half are prior draws resampled by likelihood. The others are resampled by a power of it, so that they
        lie further out; up to half of these make way for given points, e.g. maxima that no prior draw finds.

        Parameters
        ----------
        points : sequence of mapping
            Points in physical units; which ones are taken is drawn at random.

        Raises
        ------
        NothingAllowedError
            If no prior draw is allowed.
        """
        z = rng.standard_normal((PRIOR_DRAWS, self.dimension))
        log_weight = self.log_weight(self.survey(self.physical(z)))
        top = log_weight.max()
        if top == -np.inf:
            raise NothingAllowedError(
                f"{self.fit.label}: none of {PRIOR_DRAWS} prior draws is allowed; narrow the ranges"
            )
        given = self._given(rng, points, walkers // 4)
        bulk = walkers // 2
        chosen = []
        for count, power in ((bulk, 1.0), (walkers - bulk - len(given), TEMPERED)):
            weight = np.exp(power * (log_weight - top))
            chosen.append(rng.choice(PRIOR_DRAWS, count, p=weight / weight.sum()))
        index = np.concatenate(chosen)
        # distinct walkers need distinct places
        copies = np.ones(len(index), dtype=bool)
        copies[np.unique(index, return_index=True)[1]] = False
        drawn = z[index]
        drawn[copies] = self._nearby(rng, drawn[copies])
        return np.concatenate([drawn, given])

    def _given(self, rng: np.random.Generator, points: Sequence[Mapping[str, float]], most: int) -> Array:
        """Return places beside some of the points, one each, that are allowed."""
        some = [points[i] for i in rng.permutation(len(points))[:most]]
        if not some:
            return np.empty((0, self.dimension))
        z = np.array([self.coordinates(point) for point in some])
        return self._nearby(rng, z[np.isfinite(self.log_density(z))])

    def _nearby(self, rng: np.random.Generator, z: Array) -> Array:
        """Return places beside z: as far off as the density falls by no more than a few units."""
        at = self.log_density(z) if len(z) else np.empty(0)
        found, settled = z.copy(), np.zeros(len(z), dtype=bool)
        for size in _JITTERS:
            moved = z + size * rng.standard_normal(z.shape)
            # the smallest is taken anyway
            good = (self.log_density(moved) > at - 10 if len(z) else settled) | (size == _JITTERS[-1])
            take = good & ~settled
            found[take] = moved[take]
            settled |= take
        return found


def probability(prior: Prior, x: float, lower: float, upper: float) -> float:
    """Return the prior's cumulative probability at x: the inverse of `Prior.quantile`."""
    x = min(max(x, lower), upper)
    if prior.kind == "uniform":
        return (x - lower) / (upper - lower)
    if prior.kind == "log_uniform":
        return float(np.log(x / lower) / np.log(upper / lower))
    mean = prior.mean if prior.kind == "normal" else 0.0
    if lower > mean:
        return 1 - probability(Prior("normal", -mean, prior.sd), -x, -upper, -lower)
    a, b, at = (float(ndtr((v - mean) / prior.sd)) for v in (lower, upper, x))
    return (at - a) / (b - a)
