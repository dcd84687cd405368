"""Recoils through the neutrinos' vector coupling, for likelihoods of neutrino-electron scattering.

The A' interferes with the Standard Model and so changes the rate in first order of epsilon g_nu, up or down.
Flavours are added incoherently: a neutrino is nu_e, nu_mu or nu_tau when it scatters, each with a probability
of its own. Phases between flavours on arrival would let the coupling that changes flavour interfere as well;
they depend on phases of the Yukawas that the parameters leave open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from darkmoment.constants import E_CHARGE
from darkmoment.experiments.likelihood import Array, Point
from darkmoment.physics.neutrino_electron import DIPOLE, VectorRecoils

NEEDS = ("epsilon", "g_nu_ee", "g_nu_emu", "g_nu_mumu")
"""What the strength is made from, besides the mass of the A'."""

_OWN = {"e": "g_nu_ee", "mu": "g_nu_mumu"}


@dataclass(frozen=True)
class Source:
    """Neutrinos of one kind: their recoils, their flavour (e, mu) and which share of the flux they are."""

    recoils: VectorRecoils
    flavour: str
    share: Callable[[Point], Array]


def whole(p: Point) -> Array:
    """Return the share of a flux that is all of one kind."""
    return np.ones(1)


class VectorCoupling:
    """Recoils through the vector coupling over those the moment makes at its published limit.

    Parameters
    ----------
    sources : sequence of Source
    limit : float
        Limit on the moment in mu_B for a massless photon.
    massless : float
        Integral of 1/T - 1/E over window and flux that this limit belongs to, dimensionless times flux.
    sign : {'plus', 'minus'}
        Sign of epsilon g_D: plus where the A' couples to electrons as to N, both with L = -g fbar gamma f A'.
    """

    def __init__(self, sources: Sequence[Source], limit: float, massless: float, sign: str) -> None:
        self._sources = tuple(sources)
        self._reference = DIPOLE * limit**2 * massless
        self._charge = E_CHARGE if sign == "plus" else -E_CHARGE

    def strength(self, p: Point) -> Array:
        """Return the recoils added over those at the limit, negative where interference takes some away."""
        g_e = self._charge * p["epsilon"]
        changing = np.square(np.abs(p["g_nu_emu"]))
        total = np.zeros(1)
        for source in self._sources:
            own = p[_OWN[source.flavour]]
            added = source.recoils.excess(p["m_dark_photon"], g_e, own, np.square(own) + changing)
            total = total + source.share(p) * added
        return total / self._reference
