"""Which observables there are, for a choice of ansaetze."""

from __future__ import annotations

from collections.abc import Iterator

from darkmoment.observables import (
    ansatz,
    breaking,
    dark_photon,
    electroweak,
    heavy_neutrinos,
    lepton_flavour,
    lepton_moments,
    moment,
    neutrino_mass,
    neutrino_vector,
    rare_decays,
)
from darkmoment.observables.observable import Observable


def assemble(
    spectrum: str, flavour: str, lepton_flavour_switch: str, invisible_branching: str
) -> Iterator[Observable]:
    """Yield the derived observables of one choice of switches, in the order of reports."""
    yield from ansatz.SPECTRUM[spectrum]
    yield from ansatz.FLAVOUR[flavour]
    yield from ansatz.COMMON
    yield from heavy_neutrinos.OBSERVABLES
    yield from moment.OBSERVABLES
    yield from lepton_flavour.COMMON
    yield from lepton_flavour.LEPTON_FLAVOUR[lepton_flavour_switch]
    yield from lepton_moments.OBSERVABLES
    yield from neutrino_mass.OBSERVABLES
    yield from neutrino_vector.OBSERVABLES
    yield from electroweak.OBSERVABLES
    yield from dark_photon.BRANCHINGS[invisible_branching]
    yield from rare_decays.OBSERVABLES
    yield from breaking.OBSERVABLES
