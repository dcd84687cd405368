"""NA64: a limit on epsilon from missing energy."""

from darkmoment.experiments import CurveLimit
from darkmoment.experiments.curve import Curve


class Experiment(CurveLimit):
    """The signal strength is epsilon^2 BR_invisible/epsilon_lim^2."""

    def read_curve(self) -> Curve:
        """Return the curve, without its resonant dip where asked for; a curve without one stays."""
        curve = super().read_curve()
        numbers = self.dataset.numbers
        if self.options["resonance"] == "remove" and "dip_from_GeV" in numbers:
            curve = curve.bridged(numbers["dip_from_GeV"], numbers["dip_to_GeV"])
        return curve
