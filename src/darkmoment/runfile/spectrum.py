"""Scalar masses at the reference point of a fit: where they are not positive, that is worth a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from darkmoment.fit import Fit
from darkmoment.parameters import SPECTRA
from darkmoment.runfile.diagnostics import Findings, Location
from darkmoment.runfile.schema import FitSpec
from darkmoment.unphysical import unphysical_reference


def check_spectrum(fits: Sequence[FitSpec], findings: Findings) -> None:
    """Warn of fits whose reference point is unphysical, at the line of a parameter that makes it so."""
    for fit in fits:
        for text in unphysical_reference(Fit(replace(fit, data=None, experiments={}))):
            findings.warning(_where(fit), text)


def _where(fit: FitSpec) -> Location:
    """Return where the file itself gives a parameter of the spectrum, the last one it gives."""
    places = [fit.parameters[name].where for name in SPECTRA[fit.spectrum]]
    return max(places, key=lambda place: (place.file == fit.source, place.line))
