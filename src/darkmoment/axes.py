"""What figures and tables have to know of a fit's parameters and observables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from darkmoment.fit import Fit
    from darkmoment.plots.axis import Axis


def axis(fit: Fit, name: str) -> Axis:
    """Return name, symbol, unit and scale of an observable or parameter."""
    from darkmoment.plots.axis import Axis

    if name in fit.model.table:
        o = fit.model.table[name]
        return Axis(o.name, o.label, o.unit, o.logarithmic)
    p = fit.parameter(name)
    return Axis(p.name, p.label, p.unit, p.free and p.logarithmic)
