"""Z -> invisible: the number of light neutrinos measured at LEP."""

from darkmoment.experiments import Measurement


class Experiment(Measurement):
    """The pull is (delta_N_nu - measured)/sigma, measured in excess of three neutrinos."""
