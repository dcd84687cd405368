"""SINDRUM II: an upper limit on mu -> e conversion, each dataset on its own nucleus."""

from darkmoment.experiments import UpperLimit


class Experiment(UpperLimit):
    """The signal strength is CR/CR_lim."""
