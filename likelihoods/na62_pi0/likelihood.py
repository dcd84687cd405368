"""NA62: a limit on epsilon from pi0 -> gamma and nothing else."""

from darkmoment.experiments import CurveLimit


class Experiment(CurveLimit):
    """The signal strength is epsilon^2 BR_invisible/epsilon_lim^2."""
