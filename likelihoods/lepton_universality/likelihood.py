"""Lepton universality: what loops of N and E do to the couplings of the W to e nu and mu nu."""

from collections.abc import Mapping
from typing import ClassVar

from darkmoment.experiments.several import SeveralLimits


class Experiment(SeveralLimits):
    """The strength of a test is |shift|/limit."""

    others: ClassVar[Mapping[str, str]] = {"delta_W_e_plus_mu": "G_F_limit", "delta_W_mu": "CKM_limit"}
