"""A1 at MAMI: a limit on epsilon from visible decays."""

from darkmoment.experiments import PromptVisibleLimit


class Experiment(PromptVisibleLimit):
    """The signal strength is epsilon^2 BR_visible/epsilon_lim^2."""
