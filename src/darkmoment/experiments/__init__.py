"""Experiments: cards, curves, shapes and the likelihoods made of them."""

from darkmoment.experiments.card import Card, Dataset
from darkmoment.experiments.discovery import available, load
from darkmoment.experiments.errors import CardError, CurveError, ExperimentError
from darkmoment.experiments.likelihood import CurveLimit, Likelihood, Measurement, UpperLimit

__all__ = [
    "Card",
    "CardError",
    "CurveError",
    "CurveLimit",
    "Dataset",
    "ExperimentError",
    "Likelihood",
    "Measurement",
    "UpperLimit",
    "available",
    "load",
]
