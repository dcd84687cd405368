"""Neutrinos of positive pions and muons that decay at rest: nu_mu, then nu_e and nu_mu_bar, one of each.

The spectra of muon decay are Michel's with unpolarised muons and a massless positron, x = E/E_MUON.
"""

from __future__ import annotations

from darkmoment.constants import M_ELECTRON, M_MUON, M_PION
from darkmoment.physics.neutrinos import NeutrinoFlux
from darkmoment.physics.quadrature import Array

E_MUON = (M_MUON**2 - M_ELECTRON**2) / (2 * M_MUON)
"""Largest neutrino energy of muon decay, 52.83 MeV, in GeV."""

E_PION = (M_PION**2 - M_MUON**2) / (2 * M_PION)
"""Energy of the nu_mu of pion decay, 29.79 MeV, in GeV."""


def _nu_e(E: Array) -> Array:
    x = E / E_MUON
    return 12 * x * x * (1 - x) / E_MUON


def _nu_mu_bar(E: Array) -> Array:
    x = E / E_MUON
    return 2 * x * x * (3 - 2 * x) / E_MUON


NU_E = NeutrinoFlux(density=_nu_e, knots=(0.0, E_MUON))
"""nu_e per muon: 12 x^2 (1 - x)."""

NU_MU = NeutrinoFlux(lines=((E_PION, 1.0),), density=_nu_mu_bar, knots=(0.0, E_MUON))
"""nu_mu and nu_mu_bar per muon: a line and 2 x^2 (3 - 2 x)."""
