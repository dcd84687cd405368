"""One fit from a merged layer, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from darkmoment.experiments.card import Card
from darkmoment.model import FORMULAS, INVISIBLE_BRANCHINGS, LEPTON_FLAVOURS
from darkmoment.parameters import FLAVOURS, PARAMETERS, SPECTRA, names_of
from darkmoment.runfile.data import read_data
from darkmoment.runfile.diagnostics import Findings, Location, nearest
from darkmoment.runfile.experiments import read_experiments
from darkmoment.runfile.mathematics import read_label
from darkmoment.runfile.names import known_to, model_of
from darkmoment.runfile.outside import Outside
from darkmoment.runfile.parameters import read_parameters
from darkmoment.runfile.schema import FitSpec
from darkmoment.runfile.text import read_choice, read_seed, read_style
from darkmoment.runfile.tree import Block, Entry
from darkmoment.runfile.variants import Layer


@dataclass(frozen=True)
class Builder:
    """Builds the fits of one run file.

    Attributes
    ----------
    name : str
        Name of the run file.
    source : str
        The file it was read from.
    cards : mapping
        Every experiment there is.
    folder : Path or None
        What the names of files in it are relative to; None for a shipped fit.
    """

    name: str
    source: str
    cards: Mapping[str, Card]
    findings: Findings
    folder: Path | None = None

    def base(self, layer: Block, where: Location, lost: frozenset[str]) -> FitSpec:
        """Return the fit of the top level; what could not be read is noted and left out.

        Parameters
        ----------
        where : Location
            Where to report what is missing.
        lost : frozenset of str
            Keys that were meant but could not be read: what they would have given is not missing.
        """
        spec = self._fit(layer, where)
        holder = layer.get("parameters")
        self._report_missing(_missing(layer, spec), holder.where if holder is not None else where, lost)
        self._report_empty(layer, where, lost)
        return spec

    def variant(self, variant: Layer, base: FitSpec, below: Block) -> FitSpec:
        """Return the fit of a variant; what is missing at the top level already is not reported again.

        Parameters
        ----------
        below : Block
            The top level.
        """
        spec = self._fit(variant.merged, variant.where)
        missing = [name for name in _missing(variant.merged, spec) if name not in _missing(below, base)]
        self._report_missing(missing, variant.where, variant.lost)
        if _entries(below, "experiments"):
            self._report_empty(variant.merged, variant.where, variant.lost)
        return replace(spec, label=variant.label, slug=variant.slug)

    def _fit(self, layer: Block, where: Location) -> FitSpec:
        findings = self.findings
        spectrum = read_choice(layer.get("spectrum"), "paired", SPECTRA, findings)
        flavour = read_choice(layer.get("flavour"), "general", FLAVOURS, findings)
        invisible = layer.get("invisible_branching")
        spec = FitSpec(
            name=self.name,
            label=read_label(layer.get("label"), "", findings),
            formulas=read_choice(layer.get("formulas"), "derived", FORMULAS, findings),
            spectrum=spectrum,
            flavour=flavour,
            invisible_branching=read_choice(invisible, "assumed", INVISIBLE_BRANCHINGS, findings),
            lepton_flavour=read_choice(layer.get("lepton_flavour"), "full", LEPTON_FLAVOURS, findings),
            parameters=read_parameters(_entries(layer, "parameters"), spectrum, flavour, findings),
            seed=read_seed(layer.get("seed"), findings),
            data=read_data(layer.get("data"), names_of(spectrum, flavour), findings),
            style=read_style(layer.get("style"), findings),
            source=self.source,
            where=where,
        )
        model = cache(lambda: model_of(spec))
        computed = spec.invisible_branching == "computed"
        outside = Outside(self.source, self.folder, lambda: known_to(model()), findings, computed)
        asked = _entries(layer, "experiments")
        return replace(spec, experiments=read_experiments(asked, self.cards, findings, outside))

    def _report_missing(self, missing: list[str], where: Location, lost: frozenset[str]) -> None:
        if not missing or lost & {"extends", "parameters", "spectrum", "flavour"}:
            return
        if len(missing) == 1:
            description = PARAMETERS[missing[0]].description
            message = f"parameter {missing[0]!r} ({description}) is not given and has no default"
        else:
            message = f"parameters not given and without default: {', '.join(missing)}"
        self.findings.problem(where, message)

    def _report_empty(self, layer: Block, where: Location, lost: frozenset[str]) -> None:
        if not _entries(layer, "experiments") and not lost & {"extends", "experiments"}:
            self.findings.problem(where, "no experiment is asked for: list some under 'experiments'")


def _entries(layer: Block, key: str) -> dict[str, Entry]:
    holder = layer.get(key)
    return holder.node.entries if holder is not None and isinstance(holder.node, Block) else {}


def _missing(layer: Block, spec: FitSpec) -> list[str]:
    """Return the parameters a fit needs and was not given, those that were probably misspelt aside."""
    names = names_of(spec.spectrum, spec.flavour)
    given = _entries(layer, "parameters")
    meant = {nearest(name, names) for name in given if name not in PARAMETERS}
    return [name for name in names if name not in {*given, *spec.parameters, *meant}]
