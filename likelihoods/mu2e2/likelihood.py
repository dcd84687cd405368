"""Mu2e-II: the projected limit on conversion in aluminium."""

from darkmoment.experiments import UpperLimit


class Experiment(UpperLimit):
    """The signal strength is CR/CR_lim."""
