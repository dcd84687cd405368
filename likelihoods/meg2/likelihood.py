"""MEG II: an upper limit on BR(mu -> e gamma)."""

from darkmoment.experiments import UpperLimit


class Experiment(UpperLimit):
    """The signal strength is BR/BR_lim."""
