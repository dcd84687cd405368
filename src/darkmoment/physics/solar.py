"""Neutrinos of the Sun that matter for recoils below a few hundred keV: pp, 7Be and pep.

Fluxes of the model B16-GS98 (Vinyoles et al., arXiv:1611.09867); the pp spectrum is the allowed shape with
the endpoint 423.4 keV of Bahcall (hep-ph/9710491), which counts the mean thermal energy of the protons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from math import sqrt

import numpy as np

from darkmoment.physics.neutrinos import NeutrinoFlux, allowed_spectrum
from darkmoment.physics.quadrature import Array

KEV = 1e-6

FLUX: Mapping[str, float] = {"pp": 5.98e10, "7Be": 4.93e9, "pep": 1.44e8}
"""Per cm^2 and second, at the Earth."""

PP_ENDPOINT = 423.4 * KEV
PP_MEAN = 266.8 * KEV
E_PEP = 1442 * KEV
E_BE7, E_BE7_EXCITED = 861.8 * KEV, 384.3 * KEV
BE7_EXCITED = 0.104
"""Share of 7Be that decays to the excited state of 7Li: the line of 384.3 keV."""

# NuFIT 6.0, normal ordering
SIN2_THETA_12, SIN2_THETA_13, DELTA_M2_21 = 0.308, 0.02215, 7.49e-5  # eV^2
ELECTRONS = 90.0
"""Electron density where the neutrinos are made, in Avogadro numbers per cm^3."""


def survival_probability(E: float) -> float:
    """Return P_ee of a solar neutrino of energy E (GeV): adiabatic conversion, at one density for all."""
    cos2_13 = 1 - SIN2_THETA_13
    # 2 sqrt(2) G_F n_e = 1.526e-7 eV^2/MeV for one Avogadro number of electrons per cm^3
    beta = 1.526e-7 * ELECTRONS * E * 1e3 * cos2_13 / DELTA_M2_21
    cos2, sin2 = 1 - 2 * SIN2_THETA_12, 2 * sqrt(SIN2_THETA_12 * (1 - SIN2_THETA_12))
    in_matter = (cos2 - beta) / np.hypot(cos2 - beta, sin2)
    return float(cos2_13**2 * (1 + cos2 * in_matter) / 2 + SIN2_THETA_13**2)


def _pp_density(norm: float, E: Array) -> Array:
    return norm * allowed_spectrum(E, PP_ENDPOINT, -1)


@cache
def sources() -> tuple[tuple[NeutrinoFlux, float], ...]:
    """Return each source with its mean energy in GeV: pp, both lines of 7Be, pep."""
    bare = NeutrinoFlux(density=partial(_pp_density, 1.0), knots=(0.0, PP_ENDPOINT))
    pp = NeutrinoFlux(density=partial(_pp_density, FLUX["pp"] / bare.total()), knots=(0.0, PP_ENDPOINT))
    lines = (
        (E_BE7, FLUX["7Be"] * (1 - BE7_EXCITED)),
        (E_BE7_EXCITED, FLUX["7Be"] * BE7_EXCITED),
        (E_PEP, FLUX["pep"]),
    )
    return ((pp, PP_MEAN), *((NeutrinoFlux(lines=(line,)), line[0]) for line in lines))


def edges() -> tuple[float, ...]:
    """Return the energies at whose largest recoil the spectra end."""
    return tuple(sorted(edge for flux, _ in sources() for edge in flux.edges))


def dipole_recoils(T: Array) -> Array:
    """Return int dE phi(E) (1/T - 1/E), summed over the sources; in 1/(cm^2 s GeV), T in GeV."""
    return np.sum([flux.dipole_recoils(T) for flux, _ in sources()], axis=0)


def shifted_recoils(T: Array) -> Array:
    """Return the same sum with each source weighted by its P_ee less that of the 7Be line at 862 keV.

    It turns the P_ee of that line, which is a parameter, into that of every source.
    """
    reference = survival_probability(E_BE7)
    shifts = [survival_probability(mean) - reference for _, mean in sources()]
    recoils = [flux.dipole_recoils(T) for flux, _ in sources()]
    return np.sum([shift * recoil for shift, recoil in zip(shifts, recoils, strict=True)], axis=0)


def recoils(T: Array, weight: Callable[[Array, Array], Array]) -> Array:
    """Return int dE phi(E) weight(T, E), summed over the sources; T and E in GeV."""
    return np.sum([flux.recoils(T, weight) for flux, _ in sources()], axis=0)


def shifted(T: Array, weight: Callable[[Array, Array], Array]) -> Array:
    """Return `recoils` with the weights of `shifted_recoils`."""
    reference = survival_probability(E_BE7)
    parts = [(survival_probability(mean) - reference) * flux.recoils(T, weight) for flux, mean in sources()]
    return np.sum(parts, axis=0)
