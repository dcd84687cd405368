"""Anomalous magnetic moments of muon and electron: Yukawa loops and the dark photon's own."""

from __future__ import annotations

from functools import partial

from darkmoment.constants import M_ELECTRON, M_MUON
from darkmoment.observables.lepton_flavour import Four, Pair
from darkmoment.observables.observable import Observable
from darkmoment.parameters import Array
from darkmoment.physics import lepton_moments

ELECTRON, MUON = 0, 1


def _yukawa(m_lepton: float, which: int, scalar_couplings: Pair, G_values: Four) -> Array:
    return lepton_moments.yukawa_of(m_lepton, scalar_couplings[which], G_values)


def _dark_photon(m_lepton: float, epsilon: Array, m_dark_photon: Array) -> Array:
    return lepton_moments.dark_photon(m_lepton, epsilon, m_dark_photon)


def _sum(**parts: Array) -> Array:
    yukawa, vector = parts.values()
    return yukawa + vector


def _of(lepton: str, label: str, m_lepton: float, which: int) -> list[Observable]:
    yukawa, vector = f"delta_a_{lepton}_yukawa", f"delta_a_{lepton}_dark_photon"
    from_loops = partial(_yukawa, m_lepton, which)
    return [
        Observable(yukawa, "", rf"{label}^{{y}}", ("scalar_couplings", "G_values"), from_loops),
        Observable(
            vector, "", rf"{label}^{{A'}}", ("epsilon", "m_dark_photon"), partial(_dark_photon, m_lepton)
        ),
        Observable(f"delta_a_{lepton}", "", label, (yukawa, vector), _sum, reported=True),
    ]


OBSERVABLES = [
    *_of("mu", r"\Delta a_\mu", M_MUON, MUON),
    *_of("e", r"\Delta a_e", M_ELECTRON, ELECTRON),
]
