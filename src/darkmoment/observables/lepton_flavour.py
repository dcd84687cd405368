"""Charged-lepton flavour violation: mu -> e gamma, mu -> 3e and conversion, exact sums over scalars."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from darkmoment.observables.observable import Observable
from darkmoment.parameters import Array
from darkmoment.physics import lepton_flavour as lfv
from darkmoment.physics import loops

MASSES = ("m_H1", "m_H2", "m_A1", "m_A2")
COUPLINGS = ("y_e", "y_mu", "cos_phi", "sin_phi", "mixing")

Four = tuple[Array, Array, Array, Array]
"""One value for each of H1, H2, A1, A2."""

Pair = tuple[Four, Four]
"""Couplings of electron and muon."""


def _G_values(m_E: Array, m_H1: Array, m_H2: Array, m_A1: Array, m_A2: Array) -> Four:
    return lfv.loop_values(loops.G, (m_H1, m_H2, m_A1, m_A2), m_E)


def _dipole(scalar_couplings: Pair, G_values: Four) -> Array:
    return lfv.dipole_of(*scalar_couplings, G_values)


def _monopole(
    scalar_couplings: Pair, m_E: Array, m_H1: Array, m_H2: Array, m_A1: Array, m_A2: Array
) -> Array:
    return lfv.monopole(*scalar_couplings, (m_H1, m_H2, m_A1, m_A2), m_E)


def _conversion(nucleus: str, A_2: Array, A_1: Array) -> Array:
    return lfv.CR_mu_e(A_2, A_1, nucleus)


def _conversion_dipole(nucleus: str, A_2: Array) -> Array:
    return lfv.CR_mu_e_dipole(A_2, nucleus)


_MU_3E = r"\mathrm{BR}(\mu\to 3e)"

COMMON = [
    Observable("scalar_couplings", "", r"\tilde y", COUPLINGS, lfv.couplings_of, internal=True),
    Observable("G_values", "GeV^-2", "G/m_E^2", ("m_E", *MASSES), _G_values, internal=True),
    Observable("A_2", "GeV^-2", "A_2", ("scalar_couplings", "G_values"), _dipole, logarithmic=False),
    Observable("A_1", "GeV^-2", "A_1", ("scalar_couplings", "m_E", *MASSES), _monopole, logarithmic=False),
    Observable(
        "BR_mu_e_gamma",
        "",
        r"\mathrm{BR}(\mu\to e\gamma)",
        ("A_2",),
        lambda A_2: lfv.BR_mu_e_gamma(A_2),
        reported=True,
    ),
]

FULL = [
    Observable("BR_mu_3e", "", _MU_3E, ("A_2", "A_1", "y_e"), lfv.BR_mu_3e, reported=True),
    *(
        Observable(
            f"CR_mu_e_{nucleus}",
            "",
            rf"\mathrm{{CR}}(\mu\to e,\mathrm{{{nucleus}}})",
            ("A_2", "A_1"),
            partial(_conversion, nucleus),
            reported=True,
        )
        for nucleus in lfv.NUCLEI
    ),
]

DIPOLE = [
    Observable("BR_mu_3e", "", _MU_3E, ("A_2",), lfv.BR_mu_3e_dipole, reported=True),
    *(
        Observable(o.name, "", o.label, ("A_2",), partial(_conversion_dipole, nucleus), reported=True)
        for nucleus, o in zip(lfv.NUCLEI, FULL[1:], strict=True)
    ),
]

LEPTON_FLAVOUR: Mapping[str, list[Observable]] = {"full": FULL, "dipole": DIPOLE}
"""`lepton_flavour` switch -> what it adds to the table."""
