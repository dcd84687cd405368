"""Belle II: a projected limit on epsilon from single photons."""

from darkmoment.experiments import CurveLimit


class Experiment(CurveLimit):
    """The signal strength is epsilon^2 BR_invisible/epsilon_lim^2."""
