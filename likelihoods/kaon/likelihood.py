"""Kaon decays: upper limits on K -> e and K -> mu with more than one invisible particle."""

from collections.abc import Mapping
from typing import ClassVar

from darkmoment.experiments.several import SeveralLimits


class Experiment(SeveralLimits):
    """The strength of a channel is BR/BR_lim."""

    others: ClassVar[Mapping[str, str]] = {"BR_K_e_N_Phi": "electron_limit"}
