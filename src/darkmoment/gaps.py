"""Stretches of a parameter's range in which no curve of a fit bounds the quantity it is drawn for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from darkmoment.experiments import CurveLimit, Likelihood, PromptVisibleLimit, VisibleRegion
from darkmoment.experiments.bare import VisibleEpsilonLimit
from darkmoment.fit import Fit

_ALONG = "m_dark_photon"


def gaps(fit: Fit) -> list[str]:
    """Name the stretches of the m_dark_photon range where no curve bounds what curves of this fit bound.

    There the answer is held by the parameter ranges alone, which is worth knowing before it is computed. So
    is a curve none of which lies in the range: it may be one in MeV; and a visible search where all decays
    are taken as invisible.

    Returns
    -------
    list of str
        One line for each quantity that has such a stretch, and for each experiment outside the range.
    """
    mass = fit.parameter(_ALONG)
    found = list(_unseen(fit))
    if not mass.free:
        return found
    found += _elsewhere(fit, *mass.bounds)
    covered: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for experiment in fit.experiments.values():
        if _is_unseen(fit, experiment):
            continue
        if isinstance(experiment, CurveLimit):
            covered[experiment.limits] += experiment.curve.stretches
    for quantity, ranges in covered.items():
        open_stretches = _outside(sorted(ranges), *mass.bounds)
        if open_stretches:
            where = ", ".join(f"{a:.5g} .. {b:.5g}" for a, b in open_stretches)
            found.append(f"no curve bounds {quantity} for {_ALONG} in {where} {mass.unit}")
    return found


def _is_unseen(fit: Fit, experiment: Likelihood) -> bool:
    """Return True for a visible search where no decay is visible."""
    visible = isinstance(experiment, PromptVisibleLimit | VisibleRegion | VisibleEpsilonLimit)
    return visible and fit.spec.invisible_branching == "assumed"


def _unseen(fit: Fit) -> Iterator[str]:
    """Name the visible searches that can never speak."""
    for name, experiment in fit.experiments.items():
        if _is_unseen(fit, experiment):
            yield (
                f"{name} says nothing anywhere: it is for visible decays, and invisible_branching: assumed "
                "takes all decays as invisible; write invisible_branching: computed"
            )


def _elsewhere(fit: Fit, lower: float, upper: float) -> Iterator[str]:
    """Name the experiments whose curve or region lies altogether outside [lower, upper]."""
    for name, experiment in fit.experiments.items():
        if _is_unseen(fit, experiment):
            continue  # said already
        if isinstance(experiment, CurveLimit):
            a, b = experiment.curve.range
        elif isinstance(experiment, VisibleRegion):
            a, b = experiment.region.range
        else:
            continue
        if b < lower or a > upper:
            yield (
                f"{name} says nothing anywhere: it is for {_ALONG} in {a:.5g} .. {b:.5g} GeV, "
                f"the range is {lower:.5g} .. {upper:.5g} GeV"
            )


def _outside(ranges: list[tuple[float, float]], lower: float, upper: float) -> list[tuple[float, float]]:
    """Return what is left of [lower, upper] after the ranges, which are sorted."""
    left, start = [], lower
    for a, b in ranges:
        if a > start:
            left.append((start, min(a, upper)))
        start = max(start, b)
        if start >= upper:
            break
    if start < upper:
        left.append((start, upper))
    return [(a, b) for a, b in left if b > a]
