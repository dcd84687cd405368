"""TEXONO CsI: the limit on the moment of reactor antineutrinos, recast to an A' of any mass."""

from darkmoment.experiments.scattering import ReactorLimit


class Experiment(ReactorLimit):
    """The signal strength is the number of recoils in the window over the one at the limit."""
