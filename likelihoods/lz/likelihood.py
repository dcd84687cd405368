"""LZ: the limit on mu_eff from solar neutrinos in xenon, recast to an A' of any mass."""

from darkmoment.experiments.scattering import XenonSolarLimit


class Experiment(XenonSolarLimit):
    """The signal strength is the number of recoils in the window over the one at the limit."""
