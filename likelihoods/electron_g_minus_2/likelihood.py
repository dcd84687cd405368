"""Electron g-2: the difference of experiment and Standard Model."""

from darkmoment.experiments import Measurement


class Experiment(Measurement):
    """The pull is (delta_a_e - measured)/sigma."""
