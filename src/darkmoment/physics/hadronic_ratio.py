"""R(m) = sigma(e+ e- -> hadrons)/sigma(e+ e- -> mu+ mu-), the latter taken as 4 pi alpha^2/(3 m^2).

The table follows the compilation of measurements of the Review of Particle Physics (2020 edition; read in a
copy that has one value per energy), smoothed and thinned by eye: 4% where it is smooth, 10% on the flanks of
omega and phi. J/psi, psi(2S) and the Upsilons, each 20 to 300 keV wide, are left out, and above 12 GeV R is
constant. Below 0.3 GeV it falls with the pion's beta^3, and it is zero below two charged pions: pi0 gamma
(R about 1e-4 there) does not count.
"""

from __future__ import annotations

import numpy as np

from darkmoment.constants import M_PION
from darkmoment.physics.quadrature import Array, Value

# fmt: off
TABLE = np.array(
    [
        (0.3, 0.0198), (0.325, 0.0535), (0.355, 0.107), (0.395, 0.183), (0.435, 0.278), (0.475, 0.397),
        (0.515, 0.545), (0.545, 0.74), (0.575, 0.975), (0.605, 1.38), (0.635, 1.99), (0.655, 2.57),
        (0.675, 3.36), (0.695, 4.55), (0.715, 5.88), (0.735, 7.45), (0.755, 8.75), (0.765, 9.25),
        (0.77, 9.9), (0.774, 11.15), (0.777, 13.4), (0.78, 17.4), (0.782, 19.35), (0.783, 18.8),
        (0.7845, 16.5), (0.786, 13.3), (0.788, 11.6), (0.79, 9.3), (0.793, 8.35), (0.797, 7.05),
        (0.805, 6.1), (0.815, 5.2), (0.83, 4.28), (0.85, 3.22), (0.875, 2.35), (0.9, 1.8),
        (0.93, 1.36), (0.96, 1.08), (0.985, 0.98), (0.995, 1.04), (1.0, 1.31), (1.005, 1.58),
        (1.01, 2.5), (1.013, 5.45), (1.015, 9.3), (1.0165, 17.2), (1.0175, 28.3), (1.0185, 44.0),
        (1.0192, 49.2), (1.0195, 49.8), (1.02, 45.3), (1.0206, 38.0), (1.0212, 28.5), (1.0221, 19.4),
        (1.0232, 12.5), (1.025, 7.7), (1.0275, 4.48), (1.03, 3.36), (1.035, 2.11), (1.042, 1.54),
        (1.05, 1.24), (1.06, 1.07), (1.08, 0.975), (1.12, 0.868), (1.16, 0.892), (1.2, 0.925),
        (1.25, 1.02), (1.3, 1.18), (1.35, 1.34), (1.4, 1.59), (1.45, 1.87), (1.5, 2.095),
        (1.55, 2.2), (1.6, 2.385), (1.65, 2.56), (1.68, 2.53), (1.72, 2.39), (1.8, 2.19),
        (1.87, 2.01), (1.92, 2.03), (2.0, 2.19), (2.2, 2.27), (2.5, 2.23), (3.0, 2.22),
        (3.6, 2.22), (3.72, 2.3), (3.77, 3.5), (3.81, 2.5), (3.88, 2.6), (3.96, 3.0),
        (4.0, 3.35), (4.03, 4.55), (4.07, 4.15), (4.12, 4.1), (4.19, 3.95), (4.24, 3.05),
        (4.28, 3.05), (4.36, 3.5), (4.42, 3.95), (4.46, 3.75), (4.55, 3.4), (5.0, 3.45),
        (6.5, 3.4), (7.5, 3.6), (10.0, 3.56), (12.0, 3.85),
    ]
)
# fmt: on
"""m in GeV and R."""


def _pion_threshold(m: Value) -> Array:
    """Return beta^3 of a pair of charged pions, exactly 0 up to its threshold; 1 for heavy m."""
    x = M_PION / np.maximum(m, 2 * M_PION)
    square = (1 - 2 * x) * (1 + 2 * x)
    return square * np.sqrt(square)


_LOG_M = np.log(TABLE[:, 0])
_LOG_REST = np.log(TABLE[:, 1] / _pion_threshold(TABLE[:, 0]))


def R(m: Value) -> Array:
    """Return R at a centre-of-mass energy m in GeV; same shape.

    R/beta_pi^3 is linear in (log m, log R) between the points of `TABLE`.
    """
    rest = np.interp(np.log(np.maximum(m, M_PION)), _LOG_M, _LOG_REST)
    return _pion_threshold(m) * np.exp(rest)
