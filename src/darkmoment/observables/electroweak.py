"""The doublet (N, E) in electroweak measurements: Z -> N N, oblique T, and the W's couplings to leptons."""

from __future__ import annotations

from functools import partial

import numpy as np

from darkmoment.observables.lepton_flavour import MASSES, Pair
from darkmoment.observables.lepton_moments import ELECTRON, MUON
from darkmoment.observables.observable import Observable
from darkmoment.parameters import Array
from darkmoment.physics import charged_current, electroweak

TEN_TEV = 1e4


def _T(m_majorana: Array, m_dirac: Array, m_E: Array) -> Array:
    return electroweak.T_parameter(m_majorana, m_dirac, m_E, m_E)


def _T_at_10_TeV(m_majorana: Array, m_dirac: Array, m_E: Array) -> Array:
    return electroweak.T_parameter(m_majorana, m_dirac, m_E, TEN_TEV)


def _coupling(
    which: int,
    scalar_couplings: Pair,
    m_majorana: Array,
    m_dirac: Array,
    m_E: Array,
    m_H1: Array,
    m_H2: Array,
    m_A1: Array,
    m_A2: Array,
) -> Array:
    masses = (m_H1, m_H2, m_A1, m_A2)
    return charged_current.delta_W(scalar_couplings[which], masses, m_majorana, m_dirac, m_E)


def _difference(delta_W_mu: Array, delta_W_e: Array) -> Array:
    return np.subtract(delta_W_mu, delta_W_e)


def _sum(delta_W_e: Array, delta_W_mu: Array) -> Array:
    return np.add(delta_W_e, delta_W_mu)


_N = ("m_majorana", "m_dirac")
_LOOP = ("scalar_couplings", *_N, "m_E", *MASSES)

OBSERVABLES = [
    Observable("delta_N_nu", "", r"\Delta N_\nu", _N, electroweak.delta_N_nu, reported=True),
    Observable("T_parameter", "", "T", (*_N, "m_E"), _T, reported=True, logarithmic=False),
    Observable(
        "T_parameter_10TeV",
        "",
        r"T_{\Lambda=10\,\mathrm{TeV}}",
        (*_N, "m_E"),
        _T_at_10_TeV,
        reported=True,
        logarithmic=False,
    ),
    *(
        Observable(
            f"delta_W_{name}",
            "",
            rf"\delta_{{{label}}}",
            _LOOP,
            partial(_coupling, which),
            reported=True,
            logarithmic=False,
        )
        for name, label, which in (("e", "e", ELECTRON), ("mu", r"\mu", MUON))
    ),
    Observable(
        "delta_W_mu_minus_e",
        "",
        r"\delta_\mu-\delta_e",
        ("delta_W_mu", "delta_W_e"),
        _difference,
        logarithmic=False,
    ),
    Observable(
        "delta_W_e_plus_mu", "", r"\delta_e+\delta_\mu", ("delta_W_e", "delta_W_mu"), _sum, logarithmic=False
    ),
]
