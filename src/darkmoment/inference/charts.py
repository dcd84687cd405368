"""Other coordinates of the box, in which a corner of it is a plain: fine differences of the masses of N.

The width of the Z and T leave N_1 light only where m_majorana and m_dirac agree to many digits, with
M_1 = m - m_D, and N_2 degenerate with E. In the logarithms of m and m_D no slope can be seen there, and
screening never meets such a point. These charts have ln|M_1| for a coordinate, the second one (M_2 - m_E) m_E
as well, which T is nearly proportional to.

Where the scalars are free there is a second corner, U(1)_{Le-Lmu}: mirrored angles theta_I = -theta_R, equal
spectra of H and A, orthogonal flavour vectors. There everything vanishes that changes lepton flavour but the
moment stays; beside it the absolute values of what vanishes make a crest that no slope leads along. Charts of
that symmetry hold its points alone. They are all for searches: what is found is a point of the box like any
other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from darkmoment.fit import Fit
from darkmoment.parameters import Array, Parameter

_BESIDE = 3000.0
"""How far M_2 m_E may be from m_E^2 in the chart made for T, in GeV^2: T is about 0.6 there."""

_DEGENERATE = 0.01
_NAMES = ("m_majorana", "m_dirac", "m_E")
_WIDTHS = {"delta_N_nu", "T_parameter", "T_parameter_10TeV"}
_OBLIQUE = {"T_parameter", "T_parameter_10TeV"}
_MIRRORED = ("flavour_angle", "theta_R", "delta_theta", "m_H1", "m_H2", "m_A1", "m_A2")
_FOLLOWING = ("flavour_angle", "theta_R", "m_A1", "m_A2")


@dataclass(frozen=True)
class Chart:
    """Coordinates v of the unit box for points u of the unit box.

    Attributes
    ----------
    kind : str
        `gap`: ln|M_1| in place of ln m_D. `doublet`: besides, (M_2 - m_E) m_E in place of ln m.
    sign : int
        Sign of M_1 = m - m_D.
    symmetric : bool
        True for points of exact U(1)_{Le-Lmu} alone: the coordinates of flavour_angle, theta_R and the masses
        of A are idle.
    """

    kind: Literal["gap", "doublet"]
    sign: Literal[1, -1]
    symmetric: bool = False

    @property
    def replaced(self) -> tuple[str, ...]:
        """Parameters in whose place other coordinates stand."""
        masses = ("m_dirac",) if self.kind == "gap" else ("m_majorana", "m_dirac")
        return (*masses, *_FOLLOWING) if self.symmetric else masses

    def box(self, free: Sequence[Parameter], v: Array) -> Array:
        """Return the points of the box, shape (n, d), that the coordinates v stand for."""
        at = _places(free)
        majorana, dirac, E = (free[at[name]] if name in at else None for name in _NAMES)
        assert majorana is not None
        assert dirac is not None
        M_1 = self.sign * dirac.from_unit(v[:, at["m_dirac"]])
        m = majorana.from_unit(v[:, at["m_majorana"]])
        if self.kind == "doublet":
            assert E is not None
            m_E = E.from_unit(v[:, at["m_E"]])
            M_2 = m_E + _BESIDE * (2 * v[:, at["m_majorana"]] - 1) / m_E
            m = _within(majorana, (M_2 + M_1) / 2)
        u = v.copy()
        u[:, at["m_majorana"]] = majorana.to_unit(m)
        u[:, at["m_dirac"]] = dirac.to_unit(_within(dirac, m - M_1))
        if self.symmetric:
            _mirror(free, u)
        return np.clip(u, 0.0, 1.0)

    def coordinates(self, free: Sequence[Parameter], u: Array) -> Array | None:
        """Return the coordinates, shape (d,), of a point of the box; None where the chart has it not.

        Those of a symmetric chart are of the symmetric point beside it.
        """
        at = _places(free)
        v = u.copy()
        m, m_D = (float(free[at[name]].from_unit(u[at[name]])) for name in _NAMES[:2])
        dirac = free[at["m_dirac"]]
        M_1 = self.sign * (m - m_D)
        if not dirac.bounds[0] <= M_1 <= dirac.bounds[1]:
            return None
        v[at["m_dirac"]] = dirac.to_unit(np.asarray(M_1))
        if self.kind == "doublet":
            E = float(free[at["m_E"]].from_unit(u[at["m_E"]]))
            v[at["m_majorana"]] = ((m + m_D - E) * E / _BESIDE + 1) / 2
        return v if ((v >= 0) & (v <= 1)).all() else None


CHARTS: dict[str, Chart] = {
    f"{kind}{'+' if sign > 0 else '-'}{' Le-Lmu' if symmetric else ''}": Chart(kind, sign, symmetric)
    for symmetric in (False, True)
    for kind in ("gap", "doublet")
    for sign in (1, -1)
}
"""Name -> chart."""


def charts_for(fit: Fit, held: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names of the charts that a fit calls for.

    None unless both masses of N are free on logarithmic axes and the width of the Z, or T, is measured; the
    symmetric ones besides where all that they need is free.
    """
    free = {p.name for p in fit.free if p.logarithmic and p.bounds[0] > 0} - set(held)
    read = {name for e in fit.experiments.values() for name in e.needs}
    if not {"m_majorana", "m_dirac"} <= free or not read & _WIDTHS:
        return ()
    kind = "doublet" if "m_E" in free and read & _OBLIQUE else "gap"
    mirrored = set(_MIRRORED) <= {p.name for p in fit.free} - set(held)
    return tuple(n for n, chart in CHARTS.items() if chart.kind == kind and mirrored >= chart.symmetric)


def chart_at(free: Sequence[Parameter], u: Array, names: Sequence[str]) -> str:
    """Return the chart to differentiate in at a point of the box; empty where the box itself will do."""
    if not names:
        return ""
    at = _places(free)
    m, m_D = (float(free[at[name]].from_unit(u[at[name]])) for name in _NAMES[:2])
    if abs(m - m_D) > _DEGENERATE * m:
        return ""
    found = [n for n in names if not CHARTS[n].symmetric and CHARTS[n].coordinates(free, u) is not None]
    return found[-1] if found else ""


def _mirror(free: Sequence[Parameter], u: Array) -> None:
    """Make points of the box symmetric, in place, as far as their ranges allow."""
    at = {p.name: i for i, p in enumerate(free)}

    def value(name: str) -> Array:
        return np.asarray(free[at[name]].from_unit(u[:, at[name]]))

    found = {
        "flavour_angle": np.full(len(u), pi / 2),
        "theta_R": -value("delta_theta") / 2,
        "m_A1": value("m_H1"),
        "m_A2": value("m_H2"),
    }
    for name, x in found.items():
        p = free[at[name]]
        u[:, at[name]] = p.to_unit(_within(p, x))


def _places(free: Sequence[Parameter]) -> dict[str, int]:
    return {p.name: i for i, p in enumerate(free) if p.name in _NAMES}


def _within(p: Parameter, x: Array) -> NDArray[np.float64]:
    return np.clip(x, *p.bounds)
