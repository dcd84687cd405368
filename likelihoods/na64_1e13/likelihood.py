"""NA64 with 1e13 electrons on target: a projected limit on epsilon."""

from darkmoment.experiments import CurveLimit


class Experiment(CurveLimit):
    """The signal strength is epsilon^2 BR_invisible/epsilon_lim^2."""
