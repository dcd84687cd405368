"""Observables: named, labelled functions of parameters, one small file per family."""

from darkmoment.observables.catalogue import assemble
from darkmoment.observables.observable import Observable

__all__ = ["Observable", "assemble"]
