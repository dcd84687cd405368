"""What a run file says once it is read: plain frozen values, complete and in the parameters' own units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from darkmoment.experiments.discovery import announced, load
from darkmoment.experiments.likelihood import Likelihood
from darkmoment.experiments.outside import Definition
from darkmoment.parameters import Prior
from darkmoment.runfile.diagnostics import Location, Problem

SWITCHES = ("formulas", "spectrum", "flavour", "invisible_branching", "lepton_flavour")
"""Keys that choose the model."""


@dataclass(frozen=True)
class ParameterSpec:
    """How a fit uses one parameter: exactly one of `range`, `value`, `expr` and `same_as` is given.

    Attributes
    ----------
    range : tuple of float or None
        Scanned interval, in the parameter's unit.
    reference : float or None
        Value where a single point is wanted; None for the middle of the range.
    expr : str or None
        Arithmetic over other parameters.
    same_as : str or None
        Another parameter it equals.
    constraint : tuple of float or None
        (mean, sigma) of a gaussian term in chi2.
    convention : bool
        True where a bound is a matter of convention.
    """

    name: str
    range: tuple[float, float] | None = None
    prior: Prior = field(default_factory=Prior)
    reference: float | None = None
    value: float | None = None
    expr: str | None = None
    same_as: str | None = None
    constraint: tuple[float, float] | None = None
    convention: bool = False
    where: Location = field(default=Location(""), compare=False)

    @property
    def free(self) -> bool:
        """True where the parameter is scanned."""
        return self.range is not None

    def resolved(self) -> dict[str, Any]:
        """Return what is set, as JSON values."""
        if self.value is not None:
            return {"value": self.value}
        if self.same_as is not None:
            return {"same_as": self.same_as}
        if self.expr is not None:
            return {"expr": self.expr}
        assert self.range is not None
        plain: dict[str, Any] = {"range": list(self.range), "prior": _plain_prior(self.prior)}
        if self.reference is not None:
            plain["reference"] = self.reference
        if self.constraint is not None:
            plain["constraint"] = {"mean": self.constraint[0], "sd": self.constraint[1]}
        if self.convention:
            plain["convention"] = True
        return plain


def _plain_prior(prior: Prior) -> Any:
    if prior.kind == "normal":
        return {"normal": {"mean": prior.mean, "sd": prior.sd}}
    if prior.kind == "half_normal":
        return {"half_normal": {"sd": prior.sd}}
    return prior.kind


@dataclass(frozen=True)
class ExperimentSpec:
    """One experiment as a fit uses it; `shape` None is the card's own.

    Attributes
    ----------
    independent : bool
        True where the user says that it shares no events with one it supersedes or is superseded by.
    definition : Definition or None
        What it is made from where the run file itself brings it.
    """

    name: str
    dataset: str
    shape: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    where: Location = field(default=Location(""), compare=False)
    independent: bool = False
    definition: Definition | None = None

    @property
    def shipped(self) -> bool:
        """True unless the run file or another package brings it."""
        return self.definition is None and self.name not in announced()

    def load(self) -> Likelihood:
        """Return the experiment."""
        if self.definition is not None:
            return self.definition.load(self.name, self.dataset, self.shape, **self.options)
        return load(self.name, self.dataset, self.shape, **self.options)

    def resolved(self) -> dict[str, Any]:
        """Return dataset, shape, options and what else is given, as JSON values."""
        plain: dict[str, Any] = {"dataset": self.dataset, "shape": self.shape, "options": dict(self.options)}
        if self.independent:
            plain["independent"] = True
        if self.definition is not None:
            plain["definition"] = self.definition.resolved()
        return plain


@dataclass(frozen=True)
class TaskSpec:
    """One question: its kind, and every option with defaults filled in.

    Attributes
    ----------
    name : str or None
        File stem of its results, where the run file gives one.
    variants : tuple of str or None
        Labels of the variants it runs for; None for all.
    """

    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    where: Location = field(default=Location(""), compare=False)
    variants: tuple[str, ...] | None = None

    def runs_for(self, fit: FitSpec) -> bool:
        """Return True where it asks a fit."""
        return self.variants is None or fit.label in self.variants

    def resolved(self) -> dict[str, Any]:
        """Return kind, name, options and the variants chosen as JSON values."""
        plain = {"kind": self.kind, "name": self.name, "options": _plain(dict(self.options))}
        return plain if self.variants is None else plain | {"for": list(self.variants)}


def _plain(value: Any) -> Any:
    """Return a value as JSON reads it back: lists for tuples."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class AsimovSpec:
    """Data made from the model at a point, in place of what was observed.

    Attributes
    ----------
    given : dict of str to float
        Parameters as the run file has them; the others are at their reference.
    signal : bool
        False where the couplings are switched off.
    point : dict of str to float
        Every parameter, once it is known.
    """

    given: Mapping[str, float] = field(default_factory=dict)
    signal: bool = True
    point: Mapping[str, float] = field(default_factory=dict)
    where: Location = field(default=Location(""), compare=False)

    @property
    def text(self) -> str:
        """Where the data are made, in words."""
        if not self.signal:
            return "Asimov data without signal"
        shown = ", ".join(f"{name} = {value:.6g}" for name, value in self.given.items())
        return f"Asimov data at {shown}, the rest at reference" if shown else "Asimov data at reference"

    def resolved(self) -> dict[str, Any]:
        """Return the point as given and as completed, as JSON values."""
        at: Any = dict(self.given) or ("reference" if self.signal else "background")
        return {"asimov": {"at": at, "point": dict(self.point)}}


@dataclass(frozen=True)
class FitSpec:
    """One fit: a run file's top level, or that with a variant's changes.

    Attributes
    ----------
    name : str
        Name of the run file.
    label : str
        Label for figures; empty for a top level without one.
    slug : str
        The label as a folder name, unique among the variants of a file; empty for the top level.
    parameters : dict of str to ParameterSpec
        Every parameter of the ansaetze, in catalogue order, defaults included.
    experiments : dict of str to ExperimentSpec
        In the order of the file.
    data : AsimovSpec or None
        Made from the model at a point; None for what was observed.
    style : dict
        Plot style (color, linestyle, linewidth), only what is given.
    source : str
        The file it was read from.
    """

    name: str
    label: str = ""
    slug: str = ""
    formulas: str = "derived"
    spectrum: str = "paired"
    flavour: str = "general"
    invisible_branching: str = "assumed"
    lepton_flavour: str = "full"
    parameters: Mapping[str, ParameterSpec] = field(default_factory=dict)
    experiments: Mapping[str, ExperimentSpec] = field(default_factory=dict)
    tasks: tuple[TaskSpec, ...] = ()
    seed: int = 1
    data: AsimovSpec | None = None
    style: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    where: Location = field(default=Location(""), compare=False)

    @property
    def switches(self) -> dict[str, str]:
        """The choices that make the model."""
        return {switch: getattr(self, switch) for switch in SWITCHES}

    def resolved(self) -> dict[str, Any]:
        """Return everything that defines the fit as JSON values, for the record and its digest."""
        # what was observed is what there was before there were Asimov data: records stay as they are
        made = {} if self.data is None else {"data": self.data.resolved()}
        return {
            "name": self.name,
            "label": self.label,
            **self.switches,
            **made,
            "parameters": {name: p.resolved() for name, p in self.parameters.items()},
            "experiments": {name: e.resolved() for name, e in self.experiments.items()},
            "tasks": [task.resolved() for task in self.tasks],
            "seed": self.seed,
            "style": dict(self.style),
        }


@dataclass(frozen=True)
class RunFile:
    """A run file, read and checked.

    Attributes
    ----------
    path : Path or None
        The file; None for a shipped fit.
    source : str
        The file as the user named it, or the shipped fit's file name.
    text : str
        Its text, without the files it extends.
    base : FitSpec
        The fit as its top level says.
    fits : tuple of FitSpec
        What the tasks run for: the variants, or the base where there is none.
    warnings : tuple of Problem
        Values that look like slips.
    """

    name: str
    title: str
    path: Path | None
    source: str
    text: str
    base: FitSpec
    fits: tuple[FitSpec, ...]
    tasks: tuple[TaskSpec, ...]
    warnings: tuple[Problem, ...] = ()
