"""Points that lie where experiments fall silent: chi2 steps up beside them, which no slope tells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from darkmoment.fit import Fit
from darkmoment.parameters import Array

_EDGE = 0.999


def steps(fit: Fit, points: Mapping[str, Array]) -> list[list[str]]:
    """Name the experiments of a fit that fall silent exactly at each point.

    There the limits that hold a point back are those of `Fit.hushed`, not of the fit.

    Parameters
    ----------
    points : mapping of str to ndarray (n,)
        As for `Fit.survey`, made from the parameters' ranges.

    Returns
    -------
    list of n lists of str
        Empty where one of them speaks, and where none does for many points around.
    """
    n = max((len(x) for x in points.values()), default=1)
    quiet = fit.hushed()
    if quiet is None:
        return [[] for _ in range(n)]
    names = list(fit.experiments)
    columns = [k for k, name in enumerate(names) if quiet.experiments[name] is not fit.experiments[name]]
    seen = quiet.survey(points, within_ranges=True).of(n)
    silent = seen.physical & np.isfinite(seen.chi2[:, columns]).all(axis=1)
    return [
        [names[k] for k in columns if here and strength[k] > _EDGE]
        for here, strength in zip(silent, seen.strength, strict=True)
    ]
