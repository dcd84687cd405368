"""Fits as a record keeps them: from the resolved values of ``record.json`` back to a `FitSpec`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from darkmoment.experiments.outside import BareLimit, Definition, LocalFile
from darkmoment.parameters import Prior
from darkmoment.runfile.schema import SWITCHES, AsimovSpec, ExperimentSpec, FitSpec, ParameterSpec, TaskSpec


def spec_of(resolved: Mapping[str, Any], slug: str = "", inputs: Path = Path()) -> FitSpec:
    """Return the fit whose `FitSpec.resolved` this is.

    Parameters
    ----------
    resolved : mapping
        JSON values of a record.
    slug : str
        Folder name of the variant; empty for a file without variants.
    inputs : Path
        Folder with a folder for each experiment that the run file brought itself, see `darkmoment.inputs`.

    Raises
    ------
    KeyError, TypeError, ValueError
        If a value is missing or of another kind: the record is damaged, or of another version.
    """
    return FitSpec(
        name=resolved["name"],
        label=resolved["label"],
        slug=slug,
        **{switch: resolved[switch] for switch in SWITCHES},
        parameters={name: _parameter(name, given) for name, given in resolved["parameters"].items()},
        experiments={
            name: _experiment(name, given, inputs) for name, given in resolved["experiments"].items()
        },
        tasks=tuple(task_of(task) for task in resolved["tasks"]),
        seed=resolved["seed"],
        data=data_spec(resolved["data"]) if "data" in resolved else None,
        style=dict(resolved["style"]),
    )


def task_of(resolved: Mapping[str, Any]) -> TaskSpec:
    """Return the task whose `TaskSpec.resolved` this is."""
    chosen = tuple(resolved["for"]) if "for" in resolved else None
    return TaskSpec(resolved["kind"], dict(resolved["options"]), resolved["name"], variants=chosen)


def data_spec(given: Mapping[str, Any]) -> AsimovSpec:
    """Return the Asimov data whose `AsimovSpec.resolved` this is."""
    asimov = given["asimov"]
    at = asimov["at"]
    values = dict(at) if isinstance(at, Mapping) else {}
    return AsimovSpec(values, at != "background", dict(asimov["point"]))


def _parameter(name: str, given: Mapping[str, Any]) -> ParameterSpec:
    known: dict[str, Any] = {
        key: given[key] for key in ("value", "expr", "same_as", "reference", "convention") if key in given
    }
    if "range" in given:
        lower, upper = given["range"]
        known |= {"range": (lower, upper), "prior": _prior(given["prior"])}
    if "constraint" in given:
        known["constraint"] = (given["constraint"]["mean"], given["constraint"]["sd"])
    return ParameterSpec(name, **known)


def _prior(given: Any) -> Prior:
    if isinstance(given, str):
        return Prior(given)  # type: ignore[arg-type]
    ((kind, values),) = given.items()
    return Prior(kind, **values)


def _experiment(name: str, given: Mapping[str, Any], inputs: Path) -> ExperimentSpec:
    definition = _definition(given["definition"], inputs / name) if "definition" in given else None
    return ExperimentSpec(
        name,
        given["dataset"],
        given["shape"],
        dict(given["options"]),
        independent=given.get("independent", False),
        definition=definition,
    )


def _definition(given: Mapping[str, Any], folder: Path) -> Definition:
    """Return what an experiment of the run file's own is made from, read from the copies in a folder."""
    if "file" in given:
        path = folder / Path(given["file"]).name
        return LocalFile(str(path.resolve()), given["file"], given["sha256"])
    curve, lower = given.get("curve", ""), given.get("lower", False)
    # an upper limit on epsilon is for invisible decays where nothing is said
    unsaid = "invisible" if given["limits"] == "epsilon" and not lower else ""
    return BareLimit(
        given["limits"],
        given["cl"],
        value=given.get("value"),
        curve=str((folder / Path(curve).name).resolve()) if curve else "",
        shown=curve,
        title=given["title"],
        arxiv=tuple(given["arxiv"]),
        lower=lower,
        decays=given.get("decays", unsaid),
        status=given.get("status", "measured"),
    )
