"""The parameters of the model: what each is called, its unit, its domain, and how one is scanned.

Names and ansaetze follow arXiv:2603.25704 (sections 2 and 3): the scalar spectrum is either `paired`
(m_S, delta_m_S) or `free` (four masses), the flavour structure either `single_y` (one Yukawa) or
`general` (two norms and the angle between the flavour vectors).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf, log, pi, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from darkmoment.constants import PERTURBATIVE
from darkmoment.units import converted, meant

Array = NDArray[np.float64]
PriorKind = Literal["uniform", "log_uniform", "normal", "half_normal"]


@dataclass(frozen=True)
class ParameterInfo:
    """What is known of a parameter before any run file is read.

    Attributes
    ----------
    domain : tuple of float
        Values with a meaning, ends included unless `open_below`.
    usual : tuple of float
        Values outside draw one warning (unit slips, perturbativity).
    likely : tuple of float or None
        Where values written without a unit are expected; None for `usual`. One outside, or a range
        altogether outside, is probably a slip of the unit.
    default : float or None
        Value taken when a run file does not name the parameter.
    """

    name: str
    unit: str
    label: str
    description: str
    domain: tuple[float, float] = (0.0, inf)
    open_below: bool = False
    usual: tuple[float, float] = (-inf, inf)
    usual_hint: str = ""
    likely: tuple[float, float] | None = None
    default: float | None = None

    def refusal(self, value: float) -> str | None:
        """Say why a value has no meaning for this parameter, or None where it has one."""
        lower, upper = self.domain
        if not np.isfinite(value):
            return f"{self.name} = {value} is not a finite number"
        if value < lower or (self.open_below and value <= lower):
            return f"{self.name} = {value:g} must be {'>' if self.open_below else '>='} {lower:g}"
        if value > upper:
            return f"{self.name} = {value:g} must be <= {upper:g}{self.unit_meant((value,), self.domain)}"
        return None

    def doubt(self, value: float) -> str | None:
        """Say why a value looks like a slip, or None where it does not."""
        lower, upper = self.usual
        return None if lower <= value <= upper else self._unlikely((value,), f"{self.name} = {value:g}")

    def slip(self, *values: float) -> str | None:
        """Say why values written without a unit look as if they were in another, or None.

        Parameters
        ----------
        *values : float
            One value, or both ends of a range, which may leave `likely` on one side.
        """
        if not self._outside(values):
            return None
        what = f"{'range of ' if len(values) > 1 else ''}{self.name} = {_shown(values)}"
        return f"{self._unlikely(values, what)}; if it is meant, write {_shown(values, f' {self.unit}')}"

    def column_slip(self, values: Array) -> str | None:
        """Say the same of a whole column of numbers, which cannot be written with their unit; or None."""
        ends = tuple(dict.fromkeys((float(np.min(values)), float(np.max(values)))))
        if not self._outside(ends):
            return None
        return self._unlikely(ends, f"{self.name} = {' .. '.join(f'{end:g}' for end in ends)}")

    def _outside(self, values: tuple[float, ...]) -> bool:
        """Return True where a value with a unit, or a range altogether, is not where one is expected."""
        lower, upper = self.likely or self.usual
        outside = max(values) < lower or min(values) > upper
        # a range that begins where values cease to be likely is outside as well
        outside = outside or (len(values) > 1 and (max(values) <= lower or min(values) >= upper))
        return bool(self.unit) and outside

    def _unlikely(self, values: tuple[float, ...], what: str) -> str:
        lower, upper = self.likely or self.usual
        unit = f" {self.unit}" if self.unit else ""
        return f"{what}{unit} is outside {lower:g} .. {upper:g}: {self.usual_hint}{self.unit_meant(values)}"

    def unit_meant(self, values: tuple[float, ...], window: tuple[float, float] | None = None) -> str:
        """Ask whether values were meant in another unit, where one makes them likely."""
        unit = meant(values, self.unit, window or self.likely or self.usual)
        if unit is None:
            return ""
        there = _shown(tuple(converted(value, unit) for value in values))
        return f"; was this meant in {unit}? {_shown(values)} {unit} is {there} {self.unit}"


def _shown(values: tuple[float, ...], unit: str = "") -> str:
    """Return a value, or a range, as a run file has it."""
    texts = [f"{value:g}{unit}" for value in values]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


_IN_GEV = "masses are in GeV"


def _mass(
    name: str,
    label: str,
    description: str,
    usual: tuple[float, float],
    likely: tuple[float, float] | None = None,
) -> ParameterInfo:
    return ParameterInfo(
        name, "GeV", label, description, open_below=True, usual=usual, usual_hint=_IN_GEV, likely=likely
    )


def _coupling(name: str, label: str, description: str) -> ParameterInfo:
    hint = "not perturbative above sqrt(4 pi)"
    return ParameterInfo(name, "", label, description, usual=(0.0, PERTURBATIVE), usual_hint=hint)


def _signed_mass(name: str, label: str, description: str) -> ParameterInfo:
    return ParameterInfo(
        name,
        "GeV",
        label,
        description,
        domain=(-inf, inf),
        usual=(-1e4, 1e4),
        usual_hint=_IN_GEV,
        likely=(-50.0, 50.0),
    )


def _angle(name: str, label: str, description: str, default: float | None = None) -> ParameterInfo:
    hint = "angles are in radian"
    return ParameterInfo(
        name,
        "rad",
        label,
        description,
        domain=(-inf, inf),
        usual=(-2 * pi, 2 * pi),
        usual_hint=hint,
        default=default,
    )


def _fraction(name: str, label: str, description: str, default: float) -> ParameterInfo:
    return ParameterInfo(name, "", label, description, domain=(0.0, 1.0), default=default)


_SCALAR_MASSES = (1e-6, 100.0), (1e-6, 10.0)
"""Of a dark sector below the weak scale: usual, and likely where no unit is written."""

_CATALOGUE = [
    _mass("m_dark_photon", r"m_{A'}", "dark-photon mass", (1e-9, 100.0), (1e-9, 10.0)),
    ParameterInfo("epsilon", "", r"\epsilon", "kinetic mixing", domain=(0.0, 1.0)),
    _coupling("g_D", r"g_D", "dark gauge coupling"),
    _coupling("y_e", r"y_e", "norm of the electron flavour vector (y_e1, y_e2)"),
    _coupling("y_mu", r"y_\mu", "norm of the muon flavour vector (y_mu1, y_mu2)"),
    ParameterInfo(
        "flavour_angle",
        "rad",
        r"\varphi",
        "angle between the flavour vectors: inner = y_e y_mu cos, cross = y_e y_mu sin",
        domain=(0.0, pi / 2),
    ),
    _coupling("y", r"y", "single Yukawa: |inner| = |cross| = y^2"),
    _angle("theta_R", r"\theta_R", "CP-even scalar mixing angle", default=0.0),
    _angle("delta_theta", r"\delta\theta", "theta_I - theta_R, the scalar misalignment"),
    _mass("m_H1", r"m_{H_1}", "lighter CP-even scalar mass", *_SCALAR_MASSES),
    _mass("m_H2", r"m_{H_2}", "heavier CP-even scalar mass", *_SCALAR_MASSES),
    _mass("m_A1", r"m_{A_1}", "lighter CP-odd scalar mass", *_SCALAR_MASSES),
    _mass("m_A2", r"m_{A_2}", "heavier CP-odd scalar mass", *_SCALAR_MASSES),
    _mass("m_S", r"m_S", "mean scalar mass of the paired spectrum", *_SCALAR_MASSES),
    ParameterInfo(
        "delta_m_S",
        "GeV",
        r"\delta m_S",
        "splitting of the paired spectrum",
        domain=(0.0, inf),
        usual=(0.0, 100.0),
        usual_hint=_IN_GEV,
        likely=(0.0, 10.0),
    ),
    _signed_mass("m_majorana", r"m", "Majorana mass of N: M_1 = m - m_D, M_2 = m + m_D"),
    _signed_mass("m_dirac", r"m_D", "Dirac mass of N: M_1 = m - m_D, M_2 = m + m_D"),
    _mass("m_E", r"m_E", "mass of the charged partner E", (50.0, 1e5)),
    _fraction("P_ee", r"P_{ee}", "survival probability of the 7Be solar neutrinos", 0.53),
    _fraction("sin2_theta_23", r"\sin^2\theta_{23}", "atmospheric mixing (NuFIT 6.0, normal order)", 0.470),
]

PARAMETERS: Mapping[str, ParameterInfo] = {info.name: info for info in _CATALOGUE}
"""Every parameter a run file may name."""

_COMMON = (
    *("m_dark_photon", "epsilon", "g_D", "theta_R", "delta_theta"),
    *("m_majorana", "m_dirac", "m_E", "P_ee", "sin2_theta_23"),
)

SPECTRA: Mapping[str, tuple[str, ...]] = {
    "paired": ("m_S", "delta_m_S"),
    "free": ("m_H1", "m_H2", "m_A1", "m_A2"),
}
"""Spectrum ansatz -> its own parameters."""

FLAVOURS: Mapping[str, tuple[str, ...]] = {
    "single_y": ("y",),
    "general": ("y_e", "y_mu", "flavour_angle"),
}
"""Flavour ansatz -> its own parameters."""


def names_of(spectrum: str, flavour: str) -> tuple[str, ...]:
    """Return the parameter names of a pair of ansaetze, in catalogue order."""
    chosen = {*_COMMON, *SPECTRA[spectrum], *FLAVOURS[flavour]}
    return tuple(name for name in PARAMETERS if name in chosen)


@dataclass(frozen=True)
class Prior:
    """A one-dimensional prior, truncated to the range of its parameter.

    `normal` takes `mean` and `sd`; `half_normal` takes `sd` and has its mode at zero.
    """

    kind: PriorKind = "uniform"
    mean: float = 0.0
    sd: float = 1.0

    def quantile(self, u: Array, lower: float, upper: float) -> Array:
        """Map the unit interval to the range so that uniform `u` is distributed as the prior."""
        if self.kind == "uniform":
            return lower + u * (upper - lower)
        if self.kind == "log_uniform":
            return np.exp(log(lower) + u * (log(upper) - log(lower)))
        mean = self.mean if self.kind == "normal" else 0.0
        if lower > mean:
            # the lower tail of the mirrored gaussian keeps its digits, the upper tail of this one does not
            return -Prior("normal", -mean, self.sd).quantile(1 - u, -upper, -lower)
        cdf_lower, cdf_upper = ndtr((lower - mean) / self.sd), ndtr((upper - mean) / self.sd)
        return mean + self.sd * ndtri(cdf_lower + u * (cdf_upper - cdf_lower))


@dataclass(frozen=True)
class Parameter:
    """A parameter as one fit uses it: free within a range, fixed at a value, or tied to others.

    Attributes
    ----------
    range : tuple of float or None
        Scanned interval in `unit`; None where the parameter is fixed or tied.
    value : float or None
        The value of a fixed parameter.
    tie : callable or None
        Function of a mapping name -> array that gives a tied parameter.
    constraint : tuple of float or None
        (mean, sigma) of a gaussian term in chi2.
    convention : bool
        True where a bound is a matter of convention and does not make an answer range-driven.
    """

    info: ParameterInfo
    range: tuple[float, float] | None = None
    value: float | None = None
    tie: Callable[[Mapping[str, Array]], Array] | None = field(default=None, compare=False)
    tied_to: tuple[str, ...] = ()
    prior: Prior = Prior()
    given_reference: float | None = None
    convention: bool = False
    constraint: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """Name as in run files, tables and JSON."""
        return self.info.name

    @property
    def unit(self) -> str:
        """Unit, empty where dimensionless."""
        return self.info.unit

    @property
    def label(self) -> str:
        """LaTeX symbol without dollar signs."""
        return self.info.label

    @property
    def free(self) -> bool:
        """True where the parameter is scanned."""
        return self.range is not None

    @property
    def bounds(self) -> tuple[float, float]:
        """Range of a free parameter; raises ValueError for any other."""
        if self.range is None:
            raise ValueError(f"{self.name} is not free, so it has no range")
        return self.range

    @property
    def logarithmic(self) -> bool:
        """True where optimisers move in the logarithm: a log-uniform prior, or a range of decades."""
        lower, upper = self.bounds
        return self.prior.kind == "log_uniform" or (lower > 0 and upper / lower > 20)

    @property
    def reference(self) -> float | None:
        """Value used where a single point is wanted: as given, else the middle of the range."""
        if self.value is not None:
            return self.value
        if self.given_reference is not None:
            return self.given_reference
        if self.range is None:
            return None
        lower, upper = self.range
        return sqrt(lower * upper) if self.logarithmic else (lower + upper) / 2

    def from_unit(self, u: Array) -> Array:
        """Map the optimiser's coordinate in [0, 1] to physical units; the ends are exact."""
        lower, upper = self.bounds
        u = np.asarray(u, dtype=float)
        x = np.exp(log(lower) + u * log(upper / lower)) if self.logarithmic else lower + u * (upper - lower)
        return np.where(u <= 0, lower, np.where(u >= 1, upper, x))

    def to_unit(self, x: Array) -> Array:
        """Map physical units to the optimiser's coordinate."""
        lower, upper = self.bounds
        x = np.asarray(x, dtype=float)
        return np.log(x / lower) / log(upper / lower) if self.logarithmic else (x - lower) / (upper - lower)
