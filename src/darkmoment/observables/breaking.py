"""The scale at which U(1)_D breaks, by way of the Yukawa coupling that the Majorana mass of N implies."""

from __future__ import annotations

from darkmoment.observables.observable import Observable
from darkmoment.physics.breaking import majorana_yukawa

NAME = "majorana_yukawa"

OBSERVABLES = [
    Observable(NAME, "", r"y_M", ("m_dark_photon", "g_D", "m_majorana"), majorana_yukawa, reported=True)
]
