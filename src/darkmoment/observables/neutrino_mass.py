"""The radiative neutrino masses, and their pieces before these cancel (arXiv:2603.25704, section 2.3)."""

from __future__ import annotations

from functools import partial
from typing import Any

from darkmoment.observables.lepton_flavour import MASSES, Four, Pair
from darkmoment.observables.observable import Observable
from darkmoment.parameters import Array
from darkmoment.physics import broken_propagators, neutrino_mass

EV_PER_GEV = 1e9

FLAVOUR_VECTORS = ("y_e", "y_mu", "cos_phi", "sin_phi")
_ENTRIES = ("m_nu_ee", "m_nu_emu", "m_nu_mumu")

Vectors = tuple[tuple[Array, float], tuple[Array, Array]]


def flavour_vectors(y_e: Array, y_mu: Array, cos_phi: Array, sin_phi: Array) -> Vectors:
    """Return the flavour vectors y_e (1, 0) and y_mu (cos phi, sin phi)."""
    return (y_e, 0.0), (y_mu * cos_phi, y_mu * sin_phi)


def _integrals(
    m_majorana: Array, m_dirac: Array, m_H1: Array, m_H2: Array, m_A1: Array, m_A2: Array
) -> tuple[Array, Array, Array]:
    return broken_propagators.mass_integrals(m_majorana, m_dirac, (m_H1, m_H2, m_A1, m_A2))


def _kernel(mass_integrals: tuple[Array, Array, Array], theta_R: Array, delta_theta: Array) -> Any:
    return neutrino_mass.kernel(mass_integrals, theta_R, delta_theta)


def _matrix(mass_kernel: Any, y_e: Array, y_mu: Array, cos_phi: Array, sin_phi: Array) -> Any:
    return neutrino_mass.matrix(*flavour_vectors(y_e, y_mu, cos_phi, sin_phi), mass_kernel)


def _pieces(
    scalar_couplings: Pair,
    m_majorana: Array,
    m_dirac: Array,
    m_H1: Array,
    m_H2: Array,
    m_A1: Array,
    m_A2: Array,
) -> Four:
    return neutrino_mass.largest_pieces(m_majorana, m_dirac, *scalar_couplings, (m_H1, m_H2, m_A1, m_A2))


def _in_eV(which: int, **several: tuple[Array, ...]) -> Array:
    (values,) = several.values()
    return EV_PER_GEV * values[which]


def _largest(m_nu_ee: Array, m_nu_emu: Array, m_nu_mumu: Array) -> Array:
    return neutrino_mass.largest_entry(m_nu_ee, m_nu_emu, m_nu_mumu)


def _electron(m_nu_ee: Array, m_nu_emu: Array) -> Array:
    return neutrino_mass.electron_mass(m_nu_ee, m_nu_emu)


def _sum(m_nu_ee: Array, m_nu_emu: Array, m_nu_mumu: Array) -> Array:
    return neutrino_mass.sum_of_masses(m_nu_ee, m_nu_emu, m_nu_mumu)


def _mass(name: str, label: str, needs: tuple[str, ...], function: Any, **more: bool) -> Observable:
    return Observable(name, "eV", label, needs, function, key=f"{name}_eV", **more)


def _piece(name: str, label: str, which: int) -> Observable:
    return _mass(
        f"{name}_uncancelled", rf"({label})^\mathrm{{unc}}", ("mass_pieces",), partial(_in_eV, which)
    )


_M, _SUM = r"m^\nu", r"\sum m_\nu"

OBSERVABLES = [
    Observable(
        "mass_integrals", "GeV", r"\int M", ("m_majorana", "m_dirac", *MASSES), _integrals, internal=True
    ),
    Observable(
        "mass_kernel", "GeV", "X_m", ("mass_integrals", "theta_R", "delta_theta"), _kernel, internal=True
    ),
    Observable("mass_matrix", "GeV", _M, ("mass_kernel", *FLAVOUR_VECTORS), _matrix, internal=True),
    *(
        _mass(name, rf"{_M}_{{{flavours}}}", ("mass_matrix",), partial(_in_eV, which), logarithmic=False)
        for which, (name, flavours) in enumerate(zip(_ENTRIES, ("ee", r"e\mu", r"\mu\mu"), strict=True))
    ),
    _mass("m_nu", rf"\max|{_M}_{{ij}}|", _ENTRIES, _largest, reported=True),
    _mass("m_nu_e", r"m_{\nu_e}", ("m_nu_ee", "m_nu_emu"), _electron),
    _mass("sum_m_nu", _SUM, _ENTRIES, _sum),
    Observable(
        "mass_pieces",
        "GeV",
        "m_{a,\\Phi}",
        ("scalar_couplings", "m_majorana", "m_dirac", *MASSES),
        _pieces,
        internal=True,
    ),
    _piece("m_nu", _M, 0),
    _piece("m_nu_ee", rf"{_M}_{{ee}}", 1),
    _piece("m_nu_e", r"m_{\nu_e}", 2),
    _piece("sum_m_nu", _SUM, 3),
]
"""Entries are signed; `..._uncancelled` is the largest piece, of one N and one real scalar, of the same."""
