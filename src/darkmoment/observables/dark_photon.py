"""How the dark photon decays: partial widths, and the branching fractions that searches depend on.

Visible are charged leptons and hadrons. Everything of the dark sector counts as invisible: N_1 N_2, pairs of
scalars, neutrinos. N and the scalars decay to one another and neutrinos and the lightest of them is stable;
where a heavier one would give e+ e- besides, through another (virtual) A', that is taken to escape as well.
An A' without any decay escapes too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from darkmoment.constants import M_ELECTRON, M_MUON, M_TAU
from darkmoment.observables.lepton_flavour import MASSES
from darkmoment.observables.neutrino_vector import COUPLINGS
from darkmoment.observables.observable import Observable
from darkmoment.parameters import Array
from darkmoment.physics import dark_photon, neutrino_vector

VISIBLE = ("width_e_e", "width_mu_mu", "width_tau_tau", "width_hadrons")
INVISIBLE = ("width_N_N", "width_scalars", "width_nu_nu")
NEUTRINO_PARTS = ("width_nu_nu_dipole", "width_nu_nu_vector")
"""What adds up to the width to neutrinos: only the moment flips their helicity, the two do not interfere."""


def _to_leptons(m_lepton: float, m_dark_photon: Array, epsilon: Array) -> Array:
    return dark_photon.lepton_pair(m_dark_photon, epsilon, m_lepton)


def _to_neutrinos(m_dark_photon: Array, mu_emu_natural: Array) -> Array:
    return dark_photon.neutrinos_by_moment(m_dark_photon, mu_emu_natural)


def _by_vector(m_dark_photon: Array, g_nu_ee: Array, g_nu_emu: Array, g_nu_mumu: Array) -> Array:
    return neutrino_vector.width(m_dark_photon, g_nu_ee, g_nu_emu, g_nu_mumu)


def _sum(**parts: Array) -> Array:
    first, *rest = parts.values()
    for part in rest:
        first = first + part
    return first


def _visible(width_visible: Array, width_invisible: Array) -> Array:
    return dark_photon.visible_share(width_visible, width_invisible)


def _invisible(width_visible: Array, width_invisible: Array) -> Array:
    return dark_photon.invisible_share(width_visible, width_invisible)


def _one() -> Array:
    return np.ones(1)


def _none() -> Array:
    return np.zeros(1)


def _width(channel: str, label: str, needs: tuple[str, ...], function: Callable[..., Array]) -> Observable:
    name = f"width_{channel}"
    symbol = rf"\Gamma_{{{label}}}"
    return Observable(name, "GeV", symbol, needs, function, key=f"{name}_GeV")


_SEEN = ("m_dark_photon", "epsilon")

WIDTHS = [
    _width("e_e", "ee", _SEEN, partial(_to_leptons, M_ELECTRON)),
    _width("mu_mu", r"\mu\mu", _SEEN, partial(_to_leptons, M_MUON)),
    _width("tau_tau", r"\tau\tau", _SEEN, partial(_to_leptons, M_TAU)),
    _width("hadrons", r"\mathrm{had}", _SEEN, dark_photon.hadrons),
    _width("N_N", "NN", ("m_dark_photon", "g_D", "m_majorana", "m_dirac"), dark_photon.heavy_neutrinos),
    _width("scalars", "HA", ("m_dark_photon", "g_D", "delta_theta", *MASSES), dark_photon.scalars),
    _width("nu_nu_dipole", r"\nu\nu,\mu", ("m_dark_photon", "mu_emu_natural"), _to_neutrinos),
    _width("nu_nu_vector", r"\nu\nu,g", ("m_dark_photon", *COUPLINGS), _by_vector),
    _width("nu_nu", r"\nu\nu", NEUTRINO_PARTS, _sum),
    _width("visible", r"\mathrm{vis}", VISIBLE, _sum),
    _width("invisible", r"\mathrm{inv}", INVISIBLE, _sum),
    _width("total", r"\mathrm{tot}", ("width_visible", "width_invisible"), _sum),
]

_REPORTED = {*VISIBLE, *INVISIBLE, "width_total"}
_SHARES = ("width_visible", "width_invisible")
_INVISIBLE = Observable(
    "BR_invisible", "", r"\mathrm{BR}_\mathrm{inv}", _SHARES, _invisible, reported=True, logarithmic=False
)
_VISIBLE = Observable(
    "BR_visible", "", r"\mathrm{BR}_\mathrm{vis}", _SHARES, _visible, reported=True, logarithmic=False
)

ASSUMED = [
    replace(_INVISIBLE, needs=(), function=_one),
    replace(_VISIBLE, needs=(), function=_none, reported=False),
    *WIDTHS,
]
"""As arXiv:2603.25704: invisible, whatever the widths; these can be asked for all the same."""

COMPUTED = [_INVISIBLE, _VISIBLE, *(replace(o, reported=o.name in _REPORTED) for o in WIDTHS)]

BRANCHINGS: Mapping[str, list[Observable]] = {"assumed": ASSUMED, "computed": COMPUTED}
"""`invisible_branching` switch -> what it adds to the table."""
