"""LSND: the limits on the moments of nu_e and nu_mu, recast to an A' of any mass."""

from dataclasses import replace

from darkmoment.experiments import Card
from darkmoment.experiments.card import OptionValue
from darkmoment.experiments.likelihood import Array, Point
from darkmoment.experiments.scattering import ScatteringLimit
from darkmoment.experiments.vector_coupling import Source, whole
from darkmoment.physics.stopped_pion import NU_E, NU_MU


class Experiment(ScatteringLimit):
    """The signal strength is the number of recoils over the one at the limit.

    `mu_nue` limits the moment of nu_e, `mu_numu` that of nu_mu and nu_mu_bar, each as if the others had
    none. An e-mu moment acts on all three: `flavour_weight: transition` counts all recoils.
    """

    def __init__(
        self, card: Card, dataset: object = None, shape: str | None = None, **options: OptionValue
    ) -> None:
        super().__init__(card, dataset, shape, **options)
        fluxes = [NU_E, NU_MU] if self.dataset.name == "mu_nue" else [NU_MU, NU_E]
        self.recoils, self._others = (self.recoils_of(flux) for flux in fluxes)
        if self.counts_vector:
            self.add_vector(self._vector_sources(), self.recoils.massless)

    def _vector_sources(self) -> list[Source]:
        """Return nu_e, and the line of nu_mu and the continuum of nu_mu_bar, as far as they are counted."""
        line, continuum = replace(NU_MU, density=None, knots=()), replace(NU_MU, lines=())
        electron = [Source(self.vector_recoils_of("nu_e", NU_E), "e", whole)]
        muon = [
            Source(self.vector_recoils_of(neutrino, flux), "mu", whole)
            for neutrino, flux in (("nu_mu", line), ("nu_mu_bar", continuum))
        ]
        if self.options["flavour_weight"] == "transition":
            return electron + muon
        return electron if self.dataset.name == "mu_nue" else muon

    def relative_rate(self, p: Point) -> Array:
        """Return the recoils counted at each mass over those of the dataset's flavour, mediator massless."""
        mass = p["m_dark_photon"]
        rate = self.recoils.integral(mass)
        if self.options["flavour_weight"] == "transition":
            rate = rate + self._others.integral(mass)
        return rate / self.recoils.massless
