"""E141: a closed excluded region."""

from darkmoment.experiments import VisibleRegion


class Experiment(VisibleRegion):
    """The signal strength is 1 on both edges; the region applies where the decays are visible."""
