"""LEP: a limit on epsilon from single photons, for masses above those of the B factories."""

from darkmoment.experiments import CurveLimit


class Experiment(CurveLimit):
    """The signal strength is epsilon^2 BR_invisible/epsilon_lim^2."""
