"""Borexino: the massless-mediator limit on mu_eff, recast to an A' of any mass (arXiv:2603.25704, eq. 33)."""

import numpy as np

from darkmoment.experiments import Card, UpperLimit
from darkmoment.experiments.card import OptionValue
from darkmoment.experiments.likelihood import Array, Point
from darkmoment.physics.recoil import T_max, dipole_recoil_integral, integral_in_window

GEV_PER_KEV = 1e-6


class Experiment(UpperLimit):
    """The signal strength is the event rate of recoils above `T_min_keV` over the one at the limit.

    The rate goes as mu_eff^2 w I(m_dark_photon), with I the recoil integral of the 7Be line and w the
    share of solar neutrinos that a pure e-mu transition moment acts on.
    """

    def __init__(
        self, card: Card, dataset: object = None, shape: str | None = None, **options: OptionValue
    ) -> None:
        super().__init__(card, dataset, shape, **options)
        E = self.dataset.numbers["E_keV"] * GEV_PER_KEV
        self._window = (float(self.options["T_min_keV"]) * GEV_PER_KEV, float(T_max(E)), E)
        self._massless = dipole_recoil_integral(np.zeros(1), *self._window)

    @property
    def needs(self) -> tuple[str, ...]:
        """Moment and mass; the mixing as well where the flavour weight asks for it."""
        mixing = ("P_ee", "sin2_theta_23") if self.options["flavour_weight"] == "solar" else ()
        return ("mu_eff", "m_dark_photon", *mixing)

    def flavour_weight(self, p: Point) -> Array:
        """Return the share of neutrinos that scatter: P_ee + (1 - P_ee) cos^2 theta_23, or 1 for `none`."""
        if self.options["flavour_weight"] == "none":
            return np.ones(1)
        return 1 - (1 - p["P_ee"]) * p["sin2_theta_23"]

    def dilution(self, p: Point) -> Array:
        """Return the rate at each point's mass and mixing over that of massless mediator and weight one."""
        rate = integral_in_window(p["m_dark_photon"], *self._window) / self._massless
        return rate * self.flavour_weight(p)

    def response(self, p: Point) -> Array:
        """Return the event rate over the one at the limit."""
        return np.square(p["mu_eff"] / super().limit(p)) * self.dilution(p)

    def limit(self, p: Point) -> Array:
        """Return the limit on mu_eff in mu_B at each point's mass and mixing."""
        return super().limit(p) / np.sqrt(self.dilution(p))
