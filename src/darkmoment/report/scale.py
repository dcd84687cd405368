"""Axes of the page's plots: where a value lies, and what is written beside the ticks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

import numpy as np

_LEAST_SPAN = 20.0
"""Ratio of the largest to the smallest value above which an axis of positive values is logarithmic."""

_MOST_DECADES = 7
_DECADE = 10.0


@dataclass(frozen=True)
class Scale:
    """One axis: values from `low` to `high` on pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool

    @classmethod
    def around(
        cls,
        values: Sequence[float] | np.ndarray,
        start: float,
        end: float,
        margin: float = 0.0,
        floor_: float | None = None,
        logarithmic: bool | None = None,
    ) -> Scale:
        """Return an axis that holds the finite values, with a margin as a fraction of its length.

        Parameters
        ----------
        floor_ : float, optional
            Value a linear axis reaches down to.
        logarithmic : bool, optional
            As the figures have it; by the values where left out.
        """
        x = np.asarray(values, dtype=float)
        x = x[np.isfinite(x) & ((x > 0) | (not logarithmic))]
        if not x.size:
            return cls(*((1e-3, 1.0) if logarithmic else (0.0, 1.0)), start, end, bool(logarithmic))
        low, high = float(x.min()), float(x.max())
        if logarithmic is None:
            logarithmic = low > 0 and high / low > _LEAST_SPAN
        if logarithmic:
            grow = (high / low) ** margin if high > low else _DECADE**0.5
            return cls(low / grow, high * grow, start, end, True)
        low = min(low, floor_) if floor_ is not None else low
        if low == high:
            low, high = (low * 0.9, high * 1.1) if low > 0 else (low - 1.0, high + 1.0)
        width = (high - low) * margin
        return cls(low if floor_ == low else low - width, high + width, start, end, False)

    def at(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return pixels, NaN for values that have no place."""
        x = np.asarray(values, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = np.log(x / self.low) / np.log(self.high / self.low) if self.logarithmic else self._linear(x)
        return np.where(np.isfinite(u), self.start + u * (self.end - self.start), np.nan)

    def _linear(self, x: np.ndarray) -> np.ndarray:
        return (x - self.low) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """Return values with a label in a little LaTeX."""
        if not self.logarithmic:
            return _round_ticks(self.low, self.high)
        first, last = ceil(log10(self.low) - 1e-9), floor(log10(self.high) + 1e-9)
        if last - first < 1:
            few = [m * 10.0**e for e in range(first - 1, last + 1) for m in (1, 2, 5)]
            few = [v for v in few if self.low <= v * (1 + 1e-9) and v <= self.high * (1 + 1e-9)]
            return [(v, _power(v)) for v in few] if len(few) > 1 else _round_ticks(self.low, self.high)
        step = ceil((last - first) / _MOST_DECADES) or 1
        return [(10.0**e, _power(10.0**e)) for e in range(first, last + 1, step)]

    def minor(self) -> list[float]:
        """Return values of ticks without a label."""
        if not self.logarithmic:
            return []
        first, last = floor(log10(self.low)), ceil(log10(self.high))
        digits = range(2, 10) if last - first <= _MOST_DECADES else (1,)
        return [
            v for e in range(first, last + 1) for m in digits if self.low < (v := m * 10.0**e) < self.high
        ]

    def edges(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return the pixels between which cells of these values lie, one more than there are values."""
        p = self.at(values)
        if len(p) == 1:
            return np.array([self.start, self.end])
        inner = (p[1:] + p[:-1]) / 2
        return np.concatenate([[2 * p[0] - inner[0]], inner, [2 * p[-1] - inner[-1]]])


def is_logarithmic(
    name: str, observables: Mapping[str, bool], fits: Iterable[Mapping[str, Any]]
) -> bool | None:
    """Return whether the figures draw a parameter or observable on a logarithmic axis; None where unknown.

    Parameters
    ----------
    observables : mapping of str to bool
        What is known of the observables.
    fits : iterable of mapping
        Fits as the record has them: the first in which the parameter is free counts.
    """
    if name == "delta_chi2" or name in observables:
        return observables.get(name, False)
    for resolved in fits:
        given = (resolved.get("parameters") or {}).get(name) or {}
        if "range" in given:
            low, high = given["range"]
            return given.get("prior") == "log_uniform" or (low > 0 and high / low > _LEAST_SPAN)
    return None


def _power(value: float) -> str:
    exponent = floor(log10(value) + 1e-9)
    digit = round(value / 10.0**exponent)
    if -3 <= exponent < 3:
        return f"{value:g}"
    return (f"{digit}\\times" if digit != 1 else "") + f"10^{{{exponent}}}"


def _plain(value: float, digits: int) -> str:
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}\\times10^{{{int(exponent)}}}" if exponent else mantissa


def _round_ticks(low: float, high: float) -> list[tuple[float, str]]:
    rough = (high - low) / 5
    power = 10.0 ** floor(log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    # as many digits as tell one step from the next
    digits = max(6, 2 + ceil(log10(max(abs(low), abs(high)) / step)))
    counts = range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)
    return [(k * step, _plain(k * step, digits)) for k in counts]
