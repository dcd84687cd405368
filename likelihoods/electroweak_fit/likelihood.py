"""The electroweak fit: a limit on epsilon that holds however the A' decays."""

from typing import ClassVar

from darkmoment.experiments import CurveLimit


class Experiment(CurveLimit):
    """The signal strength is epsilon^2/epsilon_lim^2."""

    branching: ClassVar[str | None] = None
