"""What a figure has to know of a parameter or observable: symbol, unit and scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_UNITS: Mapping[str, str] = {"muB": r"$\mu_B$", "GeV^-1": r"GeV$^{-1}$"}
"""Units that are not printed as they are spelt in tables."""


@dataclass(frozen=True)
class Axis:
    r"""Name, symbol, unit and scale of what is drawn along an axis.

    Attributes
    ----------
    name : str
        Column of tables: ``m_dark_photon``.
    label : str
        LaTeX symbol without dollar signs: ``m_{A'}``.
    unit : str
        Unit as spelt in tables (GeV, rad, muB, GeV^-1), empty where dimensionless.
    logarithmic : bool
        True for a logarithmic axis.
    """

    name: str
    label: str
    unit: str = ""
    logarithmic: bool = True

    @property
    def printed_unit(self) -> str:
        """Unit as it is printed, with mathematics where needed."""
        return _UNITS.get(self.unit, self.unit)

    @property
    def text(self) -> str:
        r"""Axis label: ``$m_{A'}$ [GeV]``."""
        return f"${self.label}$ [{self.printed_unit}]" if self.unit else f"${self.label}$"

    @property
    def log10_text(self) -> str:
        r"""Label of the decadic logarithm: ``$\log_{10}\,m_{A'}$ [GeV]``."""
        return rf"$\log_{{10}}${self.text}"

    @property
    def coordinate_text(self) -> str:
        """Label of `coordinate`."""
        return self.log10_text if self.logarithmic else self.text

    def drawable(self, values: ArrayLike) -> Array:
        """Return the values, NaN where they have no place on the axis (zero on a logarithmic one)."""
        x = np.asarray(values, dtype=float)
        return np.where(np.isfinite(x) & ((x > 0) | (not self.logarithmic)), x, np.nan)

    def coordinate(self, values: ArrayLike) -> Array:
        """Return what is linear on paper (log10 of the values where logarithmic), NaN where not drawable."""
        x = self.drawable(values)
        return np.log10(x) if self.logarithmic else x

    def value(self, coordinate: ArrayLike) -> Array:
        """Return the inverse of `coordinate`."""
        u = np.asarray(coordinate, dtype=float)
        return np.power(10.0, u) if self.logarithmic else u
