"""Mu3e: the projected limit on BR(mu -> 3e)."""

from darkmoment.experiments import UpperLimit


class Experiment(UpperLimit):
    """The signal strength is BR/BR_lim."""
