"""Rare decays with particles of the dark sector in the final state: K -> l N Phi and mu -> e A'."""

from __future__ import annotations

from functools import partial

from darkmoment.constants import M_ELECTRON, M_MUON
from darkmoment.observables.lepton_flavour import MASSES, Pair
from darkmoment.observables.lepton_moments import ELECTRON, MUON
from darkmoment.observables.observable import Observable
from darkmoment.parameters import Array
from darkmoment.physics import kaon
from darkmoment.physics import muon_dark_photon as mu_e


def _kaon(
    m_lepton: float,
    which: int,
    scalar_couplings: Pair,
    m_majorana: Array,
    m_dirac: Array,
    m_H1: Array,
    m_H2: Array,
    m_A1: Array,
    m_A2: Array,
) -> Array:
    masses = (m_H1, m_H2, m_A1, m_A2)
    return kaon.BR_K_l_N_Phi(m_lepton, scalar_couplings[which], masses, m_majorana, m_dirac)


def _breaking(
    scalar_couplings: Pair,
    delta_theta: Array,
    m_E: Array,
    m_H1: Array,
    m_H2: Array,
    m_A1: Array,
    m_A2: Array,
) -> Array:
    return mu_e.breaking(*scalar_couplings, delta_theta, (m_H1, m_H2, m_A1, m_A2), m_E)


def _mu_e_dark_photon(
    m_dark_photon: Array,
    g_D: Array,
    scalar_couplings: Pair,
    delta_theta: Array,
    m_E: Array,
    m_H1: Array,
    m_H2: Array,
    m_A1: Array,
    m_A2: Array,
    A_1: Array,
    A_2: Array,
) -> Array:
    masses = (m_H1, m_H2, m_A1, m_A2)
    return mu_e.BR_mu_e_dark_photon(
        m_dark_photon, g_D, scalar_couplings, delta_theta, masses, m_E, (A_1, A_2)
    )


def _to_electrons(BR_mu_e_dark_photon: Array, BR_visible: Array) -> Array:
    """Return the rate with A' -> e+ e-: nothing else is visible below the muon's mass."""
    return BR_mu_e_dark_photon * BR_visible


_LABEL = r"\mathrm{BR}(\mu\to eA')"
_N_PHI = ("scalar_couplings", "m_majorana", "m_dirac", *MASSES)
_LOOP = ("scalar_couplings", "delta_theta", "m_E", *MASSES)

OBSERVABLES = [
    *(
        Observable(
            f"BR_K_{name}_N_Phi",
            "",
            rf"\mathrm{{BR}}(K\to {label} N\Phi)",
            _N_PHI,
            partial(_kaon, m_lepton, which),
            reported=True,
        )
        for name, label, m_lepton, which in (("e", "e", M_ELECTRON, ELECTRON), ("mu", r"\mu", M_MUON, MUON))
    ),
    Observable("F_1_mu_e", "", r"F_1(0)", _LOOP, _breaking, logarithmic=False),
    Observable(
        "BR_mu_e_dark_photon",
        "",
        _LABEL,
        ("m_dark_photon", "g_D", *_LOOP, "A_1", "A_2"),
        _mu_e_dark_photon,
        reported=True,
    ),
    Observable(
        "BR_mu_3e_dark_photon",
        "",
        r"\mathrm{BR}(\mu\to eA'\to 3e)",
        ("BR_mu_e_dark_photon", "BR_visible"),
        _to_electrons,
        reported=True,
    ),
]
