"""Ties between parameters: they must name parameters of the fit, and must not run in circles."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from darkmoment.parameters import PARAMETERS, Array, names_of
from darkmoment.runfile.diagnostics import Findings, nearest
from darkmoment.runfile.expressions import Expression, parse
from darkmoment.runfile.schema import ParameterSpec


def tie_of(spec: ParameterSpec) -> Expression | None:
    """Return what a tied parameter equals; None for a fixed or free one."""
    if spec.same_as is not None:
        return Expression.of_name(spec.same_as)
    return parse(spec.expr, PARAMETERS) if spec.expr is not None else None


def check_ties(specs: Mapping[str, ParameterSpec], spectrum: str, flavour: str, findings: Findings) -> None:
    """Report ties to what the fit does not have, circles, unequal units, and tied values without meaning.

    Ties to parameters that could not be read are no second problem.
    """
    names = names_of(spectrum, flavour)
    ties: dict[str, Expression] = {}
    for name, spec in specs.items():
        tie = tie_of(spec)
        if tie is None:
            continue
        missing = [other for other in tie.names if other not in names]
        for other in missing:
            _report_missing(spec, other, names, spectrum, flavour, findings)
        if not missing:
            ties[name] = tie
        _check_unit(spec, findings)
    looped = {name for name in ties if name in _reached(name, ties)}
    for name in looped:
        circle = " -> ".join([name, *_circle(name, ties)])
        findings.problem(specs[name].where, f"parameter {name!r} is tied to itself: {circle}")
    if not looped:
        _check_values(specs, ties, findings)


def _report_missing(
    spec: ParameterSpec, other: str, names: tuple[str, ...], spectrum: str, flavour: str, findings: Findings
) -> None:
    if other in PARAMETERS:
        message = (
            f"{spec.name} is tied to {other!r}, which spectrum: {spectrum}, flavour: {flavour} do not have"
        )
        findings.problem(spec.where, message)
    else:
        findings.problem(
            spec.where, f"{spec.name} is tied to unknown parameter {other!r}", nearest(other, names)
        )


def _check_unit(spec: ParameterSpec, findings: Findings) -> None:
    """Report a `same_as` between unequal units; only an `expr` can convert."""
    if spec.same_as is not None and spec.same_as in PARAMETERS:
        mine, other = (PARAMETERS[name].unit or "no unit" for name in (spec.name, spec.same_as))
        if mine != other:
            message = f"{spec.name} ({mine}) cannot be the same as {spec.same_as} ({other})"
            findings.problem(spec.where, message)


def _reached(name: str, ties: Mapping[str, Expression]) -> set[str]:
    """Return every parameter a tied one depends on, through other ties as well."""
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        tie = ties.get(waiting.pop())
        new = set(tie.names) - reached if tie is not None else set()
        reached |= new
        waiting += new
    return reached


def _circle(name: str, ties: Mapping[str, Expression]) -> list[str]:
    """Return the steps from a tied parameter back to itself."""
    steps: list[str] = []
    here = name
    while not steps or here != name:
        here = next(other for other in ties[here].names if other == name or name in _reached(other, ties))
        steps.append(here)
    return steps


def _check_values(
    specs: Mapping[str, ParameterSpec], ties: Mapping[str, Expression], findings: Findings
) -> None:
    """Evaluate ties between fixed parameters: their value is known now, so it must have a meaning."""
    values: dict[str, Array] = {
        name: np.array([spec.value]) for name, spec in specs.items() if spec.value is not None
    }
    waiting = dict(ties)
    while True:
        ready = [name for name, tie in waiting.items() if set(tie.names) <= set(values)]
        if not ready:
            return
        for name in ready:
            values[name] = waiting.pop(name)(values)
            refusal = PARAMETERS[name].refusal(float(values[name][0]))
            if refusal is not None:
                findings.problem(specs[name].where, f"tied value: {refusal}")
