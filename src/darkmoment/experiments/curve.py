"""Limit curves: the largest epsilon allowed, as a function of the dark-photon mass."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib.resources.abc import Traversable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from darkmoment.experiments.errors import CurveError
from darkmoment.experiments.polyline import Polyline

Array = NDArray[np.float64]
HEADER = "mass_GeV,epsilon"
_TINY = float(np.finfo(float).tiny)


_COUNTS = {2: "two", 3: "three"}


def read_columns(file: Traversable, header: str) -> list[Array]:
    """Read the columns of a CSV file: this header, then one line of numbers per point.

    Raises
    ------
    CurveError
        If the file is missing, the header another, or a line is not that many numbers.
    """
    try:
        # spreadsheets begin a file with a byte-order mark, which nobody sees
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as problem:
        raise CurveError(file, 0, "there is no such file") from problem
    except OSError as problem:
        raise CurveError(file, 0, f"cannot be read ({problem.strerror})") from problem
    except UnicodeDecodeError as problem:
        raise CurveError(file, 0, f"not a text file: {problem}") from problem
    if not lines or lines[0] != header:
        found = f"not '{lines[0][:60]}'" if lines else "and the file is empty"
        raise CurveError(file, 1, f"the first line must be '{header}', {found}")
    columns = header.count(",") + 1
    points = np.empty((len(lines) - 1, columns))
    for index, line in enumerate(lines[1:]):
        try:
            numbers = [float(number) for number in line.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) != columns:
            raise CurveError(file, index + 2, f"'{line}' is not {_COUNTS[columns]} numbers")
        points[index] = numbers
    return [column.copy() for column in points.T]


@dataclass(frozen=True, eq=False)
class Curve:
    """A limit on epsilon, linear in (log m, log epsilon) between its points and silent outside them.

    Parameters
    ----------
    mass : array (n,)
        Dark-photon masses in GeV, strictly increasing.
    epsilon : array (n,)
        Limits on the kinetic mixing.
    source : str
        Where the curve was read, for messages.
    below : Curve or None
        The curve that holds at masses below this one's first point; the two need not meet.
    gaps : tuple of pairs of float
        Masses between which it is silent, the ends themselves not included.

    Raises
    ------
    CurveError
        If there are fewer than two points, or one is not finite, positive and in increasing mass, or
        `below` leaves a gap.
    """

    mass: Array
    epsilon: Array
    source: str = "curve"
    below: Curve | None = None
    gaps: tuple[tuple[float, float], ...] = ()
    _range: tuple[float, float] = field(init=False, repr=False, compare=False)
    _logarithmic: Polyline = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.mass) < 2:
            raise CurveError(self.source, 0, "a curve needs at least two points")
        for name, values in (("mass", self.mass), ("epsilon", self.epsilon)):
            bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
            if bad.size:
                # the header is line 1, so point 0 stands in line 2
                raise CurveError(
                    self.source, int(bad[0]) + 2, f"{name} {values[bad[0]]:g} is not positive and finite"
                )
        bad = np.flatnonzero(np.diff(self.mass) <= 0)
        if bad.size:
            first, second = self.mass[bad[0]], self.mass[bad[0] + 1]
            raise CurveError(
                self.source, int(bad[0]) + 3, f"mass {second:g} does not exceed the one before, {first:g}"
            )
        if self.below is not None and self.below.range[1] < self.mass[0]:
            raise CurveError(
                self.source, 2, f"starts above the end of {self.below.source}, which is to continue it"
            )
        object.__setattr__(self, "_range", self._ends())
        object.__setattr__(self, "_logarithmic", Polyline(*self._logarithms()))

    def _logarithms(self) -> tuple[Array, Array]:
        log_mass, log_epsilon = np.log(self.mass), np.log(self.epsilon)
        if self.below is None:
            return log_mass, log_epsilon
        # `below` ends one float before this curve starts: one interpolation, strictly increasing, with a jump
        under = self.below.mass < self.mass[0]
        end = np.nextafter(log_mass[0], -np.inf)
        end_epsilon = np.log(self.below.at(self.mass[0]))
        return (
            np.concatenate([np.log(self.below.mass[under]), [end], log_mass]),
            np.concatenate([np.log(self.below.epsilon[under]), [end_epsilon], log_epsilon]),
        )

    @classmethod
    def read(cls, file: Traversable) -> Curve:
        """Read a CSV file: the header ``mass_GeV,epsilon``, then one point per line.

        Raises
        ------
        CurveError
            If the file is missing, the header another, or a line is not two numbers.
        """
        mass, epsilon = read_columns(file, HEADER)
        return cls(mass, epsilon, source=str(file))

    @property
    def knots(self) -> Array:
        """Masses (GeV) at which the curve bends, and those next to its ends at which it is silent."""
        ends = [np.nextafter(self._range[0], 0.0), np.nextafter(self._range[1], np.inf)]
        lower = [] if self.below is None else self.below.mass[self.below.mass < self.mass[0]]
        steps = [x for a, b in self.gaps for x in (a, np.nextafter(a, np.inf), np.nextafter(b, 0.0), b)]
        return np.unique(np.concatenate([lower, self.mass, ends, steps]))

    @property
    def stretches(self) -> list[tuple[float, float]]:
        """The ranges of mass in GeV in which it says something, in order."""
        ends = [self._range[0], *(end for gap in sorted(self.gaps) for end in gap), self._range[1]]
        return list(zip(ends[::2], ends[1::2], strict=True))

    @property
    def range(self) -> tuple[float, float]:
        """First and last mass in GeV, `below` included."""
        return self._range

    def _ends(self) -> tuple[float, float]:
        first = self.mass[0] if self.below is None else self.below.range[0]
        return float(first), float(self.mass[-1])

    def covers(self, mass: ArrayLike) -> NDArray[np.bool_]:
        """Return where the curve says something; its two ends belong to it.

        A mass of nan is not called outside: there the curve would fall silent and hide it.
        """
        mass = np.asarray(mass, dtype=float)
        lower, upper = self._range
        if mass.size == 1:
            alone = mass.item()
            outside = alone < lower or alone > upper or any(a < alone < b for a, b in self.gaps)
            return np.array(not outside).reshape(mass.shape)
        silent = (mass < lower) | (mass > upper)
        for a, b in self.gaps:
            silent |= (mass > a) & (mass < b)
        return ~silent

    def at(self, mass: ArrayLike) -> Array:
        """Return the limit on epsilon at masses in GeV, nan outside the curve; same shape."""
        return np.where(self.covers(mass), self.clamped(mass), np.nan)

    def clamped(self, mass: ArrayLike) -> Array:
        """Return the limit on epsilon at masses in GeV, outside the curve that at its nearer end."""
        # log of the clamped mass keeps mass 0 free of warnings
        return np.exp(self._logarithmic.at(np.log(np.maximum(mass, _TINY))))

    def continued_by(self, below: Curve) -> Curve:
        """Return this curve with `below` in force beneath its first point."""
        return replace(self, below=below)

    def interrupted(self, *gaps: tuple[float, float]) -> Curve:
        """Return the curve silent between the masses (GeV) of each pair.

        Raises
        ------
        CurveError
            If a pair is not in order or not within the curve.
        """
        for a, b in gaps:
            if not self._range[0] <= a < b <= self._range[1]:
                raise CurveError(self.source, 0, f"cannot be silent from {a:g} to {b:g} GeV")
        return replace(self, gaps=gaps)

    def bridged(self, lower: float, upper: float) -> Curve:
        """Return the curve with its points strictly between two masses replaced by a straight line.

        Raises
        ------
        CurveError
            If the two masses are not in order and on the curve's own points' range.
        """
        if not self.mass[0] <= lower < upper <= self.mass[-1]:
            raise CurveError(self.source, 0, f"cannot be bridged from {lower:g} to {upper:g} GeV")
        outside = self.mass[(self.mass < lower) | (self.mass > upper)]
        mass = np.sort(np.append(outside, [lower, upper]))
        own = replace(self, below=None)
        return Curve(mass, own.at(mass), source=self.source, below=self.below)
