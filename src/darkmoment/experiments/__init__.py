"""Experiments: cards, curves, shapes and the likelihoods made of them."""

from darkmoment.experiments.card import Card, Dataset
from darkmoment.experiments.discovery import available, load
from darkmoment.experiments.errors import CardError, CurveError, ExperimentError
from darkmoment.experiments.likelihood import CurveLimit, Likelihood, LowerLimit, Measurement, UpperLimit
from darkmoment.experiments.visible import PromptVisibleLimit, VisibleRegion

__all__ = [
    "Card",
    "CardError",
    "CurveError",
    "CurveLimit",
    "Dataset",
    "ExperimentError",
    "Likelihood",
    "LowerLimit",
    "Measurement",
    "PromptVisibleLimit",
    "UpperLimit",
    "VisibleRegion",
    "available",
    "load",
]
