"""Limits on mu_eff from neutrino-electron scattering, carried over to a mediator of any mass."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from darkmoment.experiments.card import Card, OptionValue
from darkmoment.experiments.likelihood import Array, Point, UpperLimit
from darkmoment.experiments.vector_coupling import NEEDS, Source, VectorCoupling, whole
from darkmoment.physics import reactor, solar, xenon
from darkmoment.physics.neutrino_electron import Recoils, VectorRecoils
from darkmoment.physics.neutrinos import NeutrinoFlux
from darkmoment.physics.recoil import RecoilSpectrum, T_max

GEV_PER_KEV = 1e-6


def largest_recoils(energies: Iterable[float]) -> list[float]:
    """Return the largest recoil (GeV) of each neutrino energy."""
    return [float(T_max(energy)) for energy in energies]


class ScatteringLimit(UpperLimit):
    """A limit on mu_eff published for a massless photon; the signal is the number of recoils.

    The number goes as mu_eff^2 `relative_rate`, so the limit grows as the root of its inverse.

    With the option `vector_coupling` recoils through the neutrinos' vector coupling are added, or taken off
    where their interference with the Standard Model is destructive: the signal is the change of the rate,
    up or down alike.
    """

    vector: VectorCoupling | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """Moment and mass; mixing and vector couplings as well where these are counted."""
        return ("mu_eff", "m_dark_photon", *(NEEDS if self.counts_vector else ()))

    @property
    def counts_vector(self) -> bool:
        """True where the option `vector_coupling` is set."""
        return self.options.get("vector_coupling") == "yes"

    def add_vector(self, sources: Sequence[Source], massless: float) -> None:
        """Count the recoils of these sources; `massless` is the moment's integral its limit belongs to."""
        limit = float(super().limit({})[0])
        self.vector = VectorCoupling(sources, limit, massless, str(self.options["vector_sign"]))

    @abstractmethod
    def relative_rate(self, p: Point) -> Array:
        """Return the rate at each point's mass and mixing over that of massless mediator and weight one."""

    def window(self) -> tuple[float, float]:
        """Return the recoils counted, `T_min_keV` to `T_max_keV` of the dataset, in GeV."""
        numbers = self.dataset.numbers
        return numbers["T_min_keV"] * GEV_PER_KEV, numbers["T_max_keV"] * GEV_PER_KEV

    def recoils_of(self, flux: NeutrinoFlux) -> RecoilSpectrum:
        """Return the recoils of a flux off free electrons in the window."""
        return RecoilSpectrum(flux.dipole_recoils, *self.window(), largest_recoils(flux.edges))

    def vector_recoils_of(self, neutrino: str, flux: NeutrinoFlux) -> VectorRecoils:
        """Return what an A' adds to the recoils of a flux off free electrons in the window."""
        return VectorRecoils(neutrino, flux.recoils, *self.window(), largest_recoils(flux.edges))

    def response(self, p: Point) -> Array:
        """Return the event rate over the one at the limit."""
        rate = np.square(p["mu_eff"] / super().limit(p)) * self.relative_rate(p)
        return rate if self.vector is None else np.abs(rate + self.vector.strength(p))

    def limit(self, p: Point) -> Array:
        """Return the limit on mu_eff in mu_B at each point's mass and mixing.

        0 where recoils through the vector coupling alone are too many.
        """
        limit = super().limit(p) / np.sqrt(self.relative_rate(p))
        if self.vector is None:
            return limit
        return limit * np.sqrt(np.maximum(1 - self.vector.strength(p), 0.0))

    def objection(self, p: Point) -> str:
        """Name the vector coupling where it moves the rate more than the moment does."""
        added = 0.0 if self.vector is None else float(np.ravel(self.vector.strength(p))[0])
        moment = np.square(p["mu_eff"] / super().limit(p)) * self.relative_rate(p)
        if abs(added) <= float(np.ravel(moment)[0]):
            return ""
        return f"the neutrinos' vector coupling adds {added:+.3g} times the recoils that {self.label} allows"


class ReactorLimit(ScatteringLimit):
    """A limit recast over the recoils of reactor antineutrinos.

    A pure e-mu moment acts on every electron antineutrino: the weight is one.
    """

    def __init__(
        self, card: Card, dataset: object = None, shape: str | None = None, **options: OptionValue
    ) -> None:
        super().__init__(card, dataset, shape, **options)
        self.recoils = self.recoils_of(reactor.flux())
        if self.counts_vector:
            source = Source(self.vector_recoils_of("nu_e_bar", reactor.flux()), "e", whole)
            self.add_vector([source], self.recoils.massless)

    def relative_rate(self, p: Point) -> Array:
        """Return the rate at each point's mass over that of a massless mediator."""
        return 1 / self.recoils.dilution(p["m_dark_photon"])


class SolarLimit(ScatteringLimit):
    """A limit from neutrinos of the Sun, an option `flavour_weight` (solar, none) telling whom they hit.

    A pure e-mu moment turns nu_e into nu_mu and nu_mu into nu_e; of the nu_e that have become something else
    a share sin^2 theta_23 is nu_tau and does not take part. So a source counts with the weight
    1 - (1 - P_ee) sin^2 theta_23. `P_ee` is the survival probability of the 7Be line at 862 keV; that of
    other sources lies a fixed difference away (`solar.survival_probability`).
    """

    @property
    def needs(self) -> tuple[str, ...]:
        """Moment and mass; the mixing as well where the flavour weight asks for it."""
        mixing = ("P_ee", "sin2_theta_23") if self.options["flavour_weight"] == "solar" else ()
        return (*super().needs, *mixing)

    def vector_sources(self, nu_e: VectorRecoils, nu_mu: VectorRecoils) -> list[Source]:
        """Return nu_e with the share P_ee and nu_mu with (1 - P_ee) cos^2 theta_23; for `none` nu_e alone."""
        if self.options["flavour_weight"] == "none":
            return [Source(nu_e, "e", whole)]
        return [
            Source(nu_e, "e", lambda p: p["P_ee"]),
            Source(nu_mu, "mu", lambda p: (1 - p["P_ee"]) * (1 - p["sin2_theta_23"])),
        ]

    def flavour_weight(self, p: Point) -> Array:
        """Return the share of 7Be neutrinos that scatter, 1 for `none`."""
        if self.options["flavour_weight"] == "none":
            return np.ones(1)
        return 1 - (1 - p["P_ee"]) * p["sin2_theta_23"]


class XenonSolarLimit(SolarLimit):
    """A limit recast over the recoils of pp, 7Be and pep neutrinos in xenon.

    The window is `T_min_keV` to `T_max_keV` of the dataset; an electron counts as free where the recoil
    exceeds its binding energy.
    """

    def __init__(
        self, card: Card, dataset: object = None, shape: str | None = None, **options: OptionValue
    ) -> None:
        super().__init__(card, dataset, shape, **options)
        edges = [*xenon.THRESHOLDS, *largest_recoils(solar.edges())]
        self.recoils = RecoilSpectrum(in_xenon(solar.dipole_recoils), *self.window(), edges)
        self._shifted = RecoilSpectrum(in_xenon(solar.shifted_recoils), *self.window(), edges)
        if self.counts_vector:
            self.add_vector(self._vector_sources(edges), self.recoils.massless)

    def _vector_sources(self, edges: list[float]) -> list[Source]:
        """Return nu_e and nu_mu: all sources with the P_ee of the 7Be line, and their differences to it."""

        def recoils(neutrino: str, spectrum: Recoils) -> VectorRecoils:
            bound: Recoils = lambda T, weight: spectrum(T, weight) * xenon.free_electrons(T)  # noqa: E731
            return VectorRecoils(neutrino, bound, *self.window(), edges)

        sources = self.vector_sources(*(recoils(neutrino, solar.recoils) for neutrino in ("nu_e", "nu_mu")))
        if self.options["flavour_weight"] == "none":
            return sources
        return [
            *sources,
            Source(recoils("nu_e", solar.shifted), "e", whole),
            Source(recoils("nu_mu", solar.shifted), "mu", lambda p: p["sin2_theta_23"] - 1),
        ]

    def relative_rate(self, p: Point) -> Array:
        """Return the rate at each point's mass and mixing over that of massless mediator and weight one."""
        mass = p["m_dark_photon"]
        rate = self.recoils.integral(mass) * self.flavour_weight(p)
        if self.options["flavour_weight"] == "solar":
            rate = rate + self._shifted.integral(mass) * p["sin2_theta_23"]
        return rate / self.recoils.massless


def in_xenon(recoils: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Return a recoil spectrum per atom of xenon from that per electron."""
    return lambda T: recoils(T) * xenon.free_electrons(T)
