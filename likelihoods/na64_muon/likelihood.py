"""NA64 with muons: a limit on epsilon from missing energy."""

from darkmoment.experiments import CurveLimit


class Experiment(CurveLimit):
    """The signal strength is epsilon^2 BR_invisible/epsilon_lim^2."""
