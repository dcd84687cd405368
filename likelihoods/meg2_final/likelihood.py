"""MEG II final: the projected limit on BR(mu -> e gamma)."""

from darkmoment.experiments import UpperLimit


class Experiment(UpperLimit):
    """The signal strength is BR/BR_lim."""
