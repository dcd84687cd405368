"""Borexino: the massless-mediator limit on mu_eff, recast to an A' of any mass (arXiv:2603.25704, eq. 33)."""

import numpy as np

from darkmoment.experiments import Card
from darkmoment.experiments.card import OptionValue
from darkmoment.experiments.likelihood import Array, Point
from darkmoment.experiments.scattering import GEV_PER_KEV, SolarLimit
from darkmoment.physics.neutrino_electron import VectorRecoils
from darkmoment.physics.neutrinos import NeutrinoFlux
from darkmoment.physics.recoil import T_max, dipole_recoil_integral, integral_in_window


class Experiment(SolarLimit):
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
        if self.counts_vector:
            line = NeutrinoFlux(lines=((E, 1.0),))
            recoils = [VectorRecoils(nu, line.recoils, *self._window[:2]) for nu in ("nu_e", "nu_mu")]
            self.add_vector(self.vector_sources(*recoils), float(self._massless[0]))

    def relative_rate(self, p: Point) -> Array:
        """Return the rate at each point's mass and mixing over that of massless mediator and weight one."""
        rate = integral_in_window(p["m_dark_photon"], *self._window) / self._massless
        return rate * self.flavour_weight(p)
