"""Posterior upper limits: quantiles of samples, with the error that their number leaves."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np

from darkmoment.parameters import Array

LEVELS = (0.68, 0.90, 0.95)


@dataclass(frozen=True)
class PosteriorLimit:
    """An upper limit: the quantile of a quantity's posterior, in its own unit.

    Attributes
    ----------
    low, high : float
        Ends of the limit's own error from the finite number of samples, one standard deviation.
    ess : float
        Effective number of samples behind it.
    """

    quantity: str
    level: float
    value: float
    low: float
    high: float
    ess: float

    @property
    def error(self) -> float:
        """Half of the width from `low` to `high`."""
        return (self.high - self.low) / 2

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values, the error included."""
        return {**asdict(self), "error": self.error}

    @classmethod
    def of(
        cls, quantity: str, level: float, x: Array, ess: float, weights: Array | None = None
    ) -> PosteriorLimit:
        """Return the limit from samples x (n,), weighted or not, that count as `ess` independent ones."""
        spread = sqrt(level * (1 - level) / ess) if ess > 0 else 1.0
        at = np.clip([level, level - spread, level + spread], 0, 1)
        if weights is None:
            value, low, high = np.quantile(x, at)
        else:
            value, low, high = np.quantile(x, at, weights=weights, method="inverted_cdf")
        return cls(quantity, level, float(value), float(low), float(high), float(ess))


def kish(weights: Array) -> float:
    """Return the effective number of weighted samples, (sum w)^2 / sum w^2; 0 where all weights are 0."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0
