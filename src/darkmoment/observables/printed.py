"""The entries that the formulas printed in arXiv:2603.25704 put in place of the derived ones."""

from __future__ import annotations

from dataclasses import replace

from darkmoment.constants import M_MUON
from darkmoment.observables import lepton_flavour, moment
from darkmoment.observables.lepton_flavour import MASSES, Pair
from darkmoment.observables.lepton_moments import MUON
from darkmoment.observables.observable import Observable
from darkmoment.parameters import Array
from darkmoment.physics import printed


def _moment(g_D: Array, delta_theta: Array, cross: Array, loop_sum: Array) -> Array:
    return printed.mu_emu(g_D, delta_theta, cross, loop_sum)


def _yukawa(scalar_couplings: Pair, m_E: Array, m_H1: Array, m_H2: Array, m_A1: Array, m_A2: Array) -> Array:
    return printed.yukawa(M_MUON, scalar_couplings[MUON], (m_H1, m_H2, m_A1, m_A2), m_E)


_loop_sum, _mu_emu = (
    next(o for o in moment.OBSERVABLES if o.name == n) for n in ("loop_sum", "mu_emu_natural")
)
_br = next(o for o in lepton_flavour.COMMON if o.name == "BR_mu_e_gamma")

OBSERVABLES = [
    replace(_loop_sum, function=printed.signed_sum),  # eq. (21)
    replace(_mu_emu, function=_moment),  # eq. (22)
    replace(_br, needs=("inner", "m_E"), function=printed.BR_mu_e_gamma),  # eq. (29)
    # eq. (32) is for the muon and has no dark-photon loop
    Observable(
        "delta_a_mu", "", r"\Delta a_\mu", ("scalar_couplings", "m_E", *MASSES), _yukawa, reported=True
    ),
]
