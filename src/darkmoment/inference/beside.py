"""How far a largest value is from what the experiments see that look for the quantity itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from darkmoment.fit import Fit

ALLOWS = "_allows"
"""End of the columns that hold the limits on the quantity itself, `<quantity>_<experiment>_allows`."""
_HELD = 1.01


def limits_beside(fit: Fit, point: Mapping[str, float], quantity: str) -> dict[str, float]:
    """Return how large a quantity may be for each experiment that limits it, all else unchanged.

    Parameters
    ----------
    point : mapping
        Every free parameter, in physical units.
    quantity : str
        An observable.

    Returns
    -------
    dict
        Experiment -> limit in the quantity's unit; nan where it says nothing.
    """
    predicted = fit.predictions({p.name: point[p.name] for p in fit.free})
    return {
        name: float(np.ravel(e.limit(predicted))[0])
        for name, e in fit.experiments.items()
        if e.limits == quantity
    }


def compared(limits: Mapping[str, float], quantity: str, unit: str, largest: float) -> str:
    """Say which of these limits is lowest and how far above the largest value it lies; empty for none."""
    known = {name: limit for name, limit in limits.items() if limit > 0}
    if not known or not largest > 0:
        return ""
    each = ", ".join(f"{name} above {limit:.3g}" for name, limit in known.items())
    lowest = min(known, key=lambda name: known[name])
    ratio = known[lowest] / largest
    verdict = "holds it there" if ratio < _HELD else f"misses the largest value by a factor {ratio:.2g}"
    return f"at this point {quantity} is seen by {each} {unit}".rstrip() + f": {lowest} {verdict}"
