"""The prior of a free parameter: `uniform`, `log_uniform`, `{normal: {mean, sd}}`, `{half_normal: {sd}}`."""

from __future__ import annotations

from typing import cast, get_args

import numpy as np

from darkmoment.parameters import ParameterInfo, Prior, PriorKind
from darkmoment.runfile.diagnostics import Findings
from darkmoment.runfile.numbers import read_number
from darkmoment.runfile.tree import Block, Entry, Scalar, shown

_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "uniform": (),
    "log_uniform": (),
    "normal": ("mean", "sd"),
    "half_normal": ("sd",),
}


def read_prior(
    entry: Entry | None, info: ParameterInfo, bounds: tuple[float, float] | None, findings: Findings
) -> Prior:
    """Read a prior for a range (None: it could not be read); uniform where none is given or readable."""
    if entry is None:
        return Prior()
    node = entry.node
    arguments = Block({}, entry.where)
    if isinstance(node, Scalar) and isinstance(node.value, str):
        kind, where = node.value, node.where
    elif isinstance(node, Block) and len(node.entries) == 1:
        (inner,) = node
        kind, where = inner.key, inner.where
        if isinstance(inner.node, Block):
            arguments = inner.node
        elif not (isinstance(inner.node, Scalar) and inner.node.value is None):
            findings.problem(where, f"prior {kind} of {info.name} takes a mapping, not {shown(inner.node)}")
            return Prior()
    else:
        message = f"prior of {info.name} is one of {', '.join(get_args(PriorKind))}, not {shown(node)}"
        findings.problem(node.where, message)
        return Prior()
    if kind not in _ARGUMENTS:
        findings.unknown(where, "prior", kind, _ARGUMENTS, f" of {info.name}")
        return Prior()
    numbers = _numbers(kind, arguments, entry, info, findings)
    if numbers is None:
        return Prior()
    prior = Prior(cast(PriorKind, kind), **numbers)
    if bounds is None:
        return prior
    if kind == "log_uniform" and bounds[0] <= 0:
        message = f"prior of {info.name} is log_uniform, so its range cannot start at {bounds[0]:g}"
        findings.problem(where, message)
        return Prior()
    if kind == "half_normal" and bounds[0] < 0:
        message = f"prior of {info.name} is half_normal, so its range cannot start at {bounds[0]:g}"
        findings.problem(where, message)
        return Prior()
    if kind in ("normal", "half_normal") and not _reaches(prior, bounds):
        message = f"prior of {info.name} has no weight within its range [{bounds[0]:g}, {bounds[1]:g}]"
        findings.problem(where, message)
        return Prior()
    return prior


def _numbers(
    kind: str, given: Block, entry: Entry, info: ParameterInfo, findings: Findings
) -> dict[str, float] | None:
    """Read the arguments of a prior; None where one is missing, unknown or no number."""
    wanted = _ARGUMENTS[kind]
    before = findings.noted
    for argument in given:
        if argument.key not in wanted:
            findings.unknown(argument.where, "key", argument.key, wanted, f" of prior {kind}")
    numbers: dict[str, float] = {}
    missing = [key for key in wanted if key not in given]
    if missing:
        form = ", ".join(f"{key}: ..." for key in wanted)
        message = f"prior {kind} of {info.name} needs {' and '.join(missing)}: write {{{kind}: {{{form}}}}}"
        findings.problem(entry.where, message)
    for key in wanted:
        argument_given = given.get(key)
        if argument_given is None:
            continue
        value = read_number(argument_given.node, f"{key} of the prior of {info.name}", findings, info.unit)
        if value is not None and key == "sd" and value <= 0:
            findings.problem(
                argument_given.node.where, f"sd of the prior of {info.name} must be > 0, not {value:g}"
            )
        elif value is not None:
            numbers[key] = value
    return numbers if findings.noted == before else None


def _reaches(prior: Prior, bounds: tuple[float, float]) -> bool:
    """Return True where the prior can be sampled within the range without losing every digit."""
    with np.errstate(all="ignore"):
        middle = prior.quantile(np.array([0.5]), *bounds)
    return bool(np.isfinite(middle).all() and bounds[0] <= middle[0] <= bounds[1])
