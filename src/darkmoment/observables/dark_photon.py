"""How the dark photon decays."""

from __future__ import annotations

import numpy as np

from darkmoment.observables.observable import Observable
from darkmoment.parameters import Array


def _assumed() -> Array:
    return np.ones(1)


OBSERVABLES = [
    Observable(
        "BR_invisible", "", r"\mathrm{BR}_\mathrm{inv}", (), _assumed, reported=True, logarithmic=False
    ),
]
