"""Posterior samples as chains that GetDist reads."""

from __future__ import annotations

import os
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from darkmoment.exports import ExportError
from darkmoment.inference.chains import read_chains
from darkmoment.inference.sample import Sample
from darkmoment.inputs import inputs_of
from darkmoment.model import Model
from darkmoment.parameters import Array, Parameter
from darkmoment.runfile.compilation import compile_parameters
from darkmoment.runfile.recorded import spec_of
from darkmoment.runfile.schema import FitSpec
from darkmoment.saved import SavedRun, SavedTable

_LOG = "log10_"


def write_chains(run: SavedRun, out: Path) -> list[Path]:
    """Write every posterior of a run: ``<name>_1.txt`` ..., ``<name>.paramnames`` and ``<name>.ranges``.

    Each ensemble is a chain, without its burn-in. Columns are weight, -ln(posterior) up to a constant, the
    parameters, and as derived parameters the observables and the decadic logarithms of what lives on a
    logarithmic axis.

    Raises
    ------
    ExportError
        If the run holds no posterior.
    """
    samples = [s for s in run.of("sample") if "rhat" in s.about and not s.together]
    samples = [s for s in samples if (run.path / f"{s.name}.nc").exists()]
    if not samples:
        raise ExportError(f"{run.path} holds no posterior: GetDist reads what the task sample writes")
    out.mkdir(parents=True, exist_ok=True)
    # it tells a terminal that it has removed no burn-in
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        return [file for saved in samples for file in _write(run, saved, out)]


def _write(run: SavedRun, saved: SavedTable, out: Path) -> list[Path]:
    from getdist import MCSamples

    found = read_chains(run.path / f"{saved.name}.nc", saved.about)
    spec = spec_of(run.record["fits"][saved.slug], saved.slug, inputs_of(run.path, saved.slug))
    columns, labels, ranges = _columns(spec, found)
    loglikes = _minus_log_posterior(spec, found)
    names = [name if name in found.parameters else f"{name}*" for name in columns]
    chains = MCSamples(
        samples=[np.column_stack([x[k].ravel() for x in columns.values()]) for k in range(len(found.chi2))],
        loglikes=[x.ravel() for x in loglikes],
        names=names,
        labels=[labels[name] for name in columns],
        ranges=ranges,
        label=run.label(saved.slug),
    )
    root = out / saved.name.replace("/", "_")
    for k, chain in enumerate(chains.getSeparateChains()):
        chain.saveAsText(str(root), chain_index=k)
    chains.saveTextMetadata(str(root))
    return sorted(out.glob(f"{root.name}[._]*"))


def _columns(
    spec: FitSpec, found: Sample
) -> tuple[dict[str, Array], dict[str, str], dict[str, tuple[float | None, float | None]]]:
    """Return samples and labels of every column, and the ranges of the parameters."""
    switches: dict[str, Any] = dict(spec.switches)
    model = Model(**switches)
    compiled = compile_parameters(spec)
    columns: dict[str, Array] = {**found.parameters, **found.quantities}
    labels: dict[str, str] = {}
    ranges: dict[str, tuple[float | None, float | None]] = {}
    for name, x in list(columns.items()):
        known: Any = compiled.get(name) or model.table[name]
        labels[name] = _label(known.label, known.unit)
        if isinstance(known, Parameter) and known.range is not None:
            ranges[name] = known.range
        if known.logarithmic and bool((x > 0).all()):
            columns[f"{_LOG}{name}"] = np.log10(x)
            labels[f"{_LOG}{name}"] = rf"\log_{{10}} {labels[name]}"
            if name in ranges:
                ranges[f"{_LOG}{name}"] = tuple(float(np.log10(end)) for end in known.range)  # type: ignore[assignment]
    return columns, labels, ranges


def _label(symbol: str, unit: str) -> str:
    printed = {"muB": r"\mu_\mathrm{B}"}.get(unit, rf"\mathrm{{{unit}}}")
    return rf"{symbol}\,[{printed}]" if unit else symbol


def _minus_log_posterior(spec: FitSpec, found: Sample) -> Array:
    """Return chi2/2 - ln(prior density), shape (ensembles, steps, walkers), up to a constant."""
    value = 0.5 * np.asarray(found.chi2, dtype=float)
    for name, x in found.parameters.items():
        prior = spec.parameters[name].prior
        if prior.kind == "log_uniform":
            value = value + np.log(x)
        elif prior.kind in ("normal", "half_normal"):
            mean = prior.mean if prior.kind == "normal" else 0.0
            value = value + 0.5 * ((x - mean) / prior.sd) ** 2
    return value
