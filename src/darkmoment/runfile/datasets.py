"""Entries that name an experiment, and after a slash one of its datasets: `lsnd/mu_numu`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from darkmoment.runfile.schema import ExperimentSpec, FitSpec, TaskSpec


def experiment_and_dataset(entry: str, experiments: Collection[str]) -> tuple[str, str]:
    """Return the experiment an entry names, and its dataset, empty for that of the fit."""
    if entry in experiments:
        return entry, ""
    name, _, dataset = entry.partition("/")
    return name, dataset


def named_by(tasks: Sequence[TaskSpec], fit: FitSpec) -> dict[str, ExperimentSpec]:
    """Return the experiments of a fit that options of tasks name, with the datasets they name.

    Returns
    -------
    dict of str to ExperimentSpec
        By the entry as written.
    """
    found: dict[str, ExperimentSpec] = {}
    for task in tasks:
        for value in task.options.values():
            for entry in value if isinstance(value, list | tuple) else (value,):
                if not isinstance(entry, str):
                    continue
                name, dataset = experiment_and_dataset(entry, fit.experiments)
                if name in fit.experiments:
                    asked = fit.experiments[name]
                    found[entry] = replace(asked, dataset=dataset) if dataset else asked
    return found
