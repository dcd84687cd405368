"""The key `data`: `observed`, or an Asimov data set made from the model at a point.

data: {asimov: {at: reference}}
data: {asimov: {at: {y: 0.1, epsilon: 1e-4}}}   # what is left out is at its reference
data: {asimov: {at: background}}                # the reference point without any signal
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from darkmoment.asimov import without_signal
from darkmoment.experiments.errors import AtFaultError, ExperimentError
from darkmoment.fit import Fit, PointError
from darkmoment.parameters import PARAMETERS
from darkmoment.runfile.diagnostics import Findings, Location
from darkmoment.runfile.numbers import read_number
from darkmoment.runfile.schema import AsimovSpec, FitSpec
from darkmoment.runfile.tree import Block, Entry, Scalar, is_null, shown

OBSERVED = "observed"
WORDS = ("reference", "background")
_HOW = "write data: {asimov: {at: reference}}"


def read_data(entry: Entry | None, names: tuple[str, ...], findings: Findings) -> AsimovSpec | None:
    """Read the key `data`; None for the published data, and where it could not be read.

    Parameters
    ----------
    names : tuple of str
        The parameters of the fit.
    """
    if entry is None or (isinstance(entry.node, Scalar) and entry.node.text == OBSERVED):
        return None
    if not isinstance(entry.node, Block):
        hint = f": {_HOW}" if isinstance(entry.node, Scalar) and entry.node.text == "asimov" else ""
        message = f"data is 'observed' or {{asimov: {{at: ...}}}}, not {shown(entry.node)}{hint}"
        findings.problem(entry.where, message)
        return None
    inner = _only(entry.node, "asimov", "data", findings)
    if inner is None:
        return None
    if not isinstance(inner.node, Block):
        findings.problem(inner.where, f"asimov says at which point, not {shown(inner.node)}: {_HOW}")
        return None
    at = _only(inner.node, "at", "asimov", findings)
    return None if at is None else _point(at, names, findings)


def _only(block: Block, key: str, of: str, findings: Findings) -> Entry | None:
    """Return the only entry a block may have, or None with a problem noted."""
    for entry in block:
        if entry.key != key:
            findings.unknown(entry.where, "key", entry.key, (key,), f" of {of}")
            return None
    found = block.get(key)
    if found is None:
        findings.problem(block.where, f"{of} needs '{key}': {_HOW}")
    return found


def _point(at: Entry, names: tuple[str, ...], findings: Findings) -> AsimovSpec | None:
    if isinstance(at.node, Scalar) and not is_null(at.node):
        if at.node.text in WORDS:
            return AsimovSpec(signal=at.node.text != "background", where=at.where)
        findings.unknown(at.node.where, "point", at.node.text, WORDS, " of Asimov data")
        return None
    if not isinstance(at.node, Block) or not at.node.entries:
        message = f"Asimov data are at reference, background or {{parameter: value}}, not {shown(at.node)}"
        findings.problem(at.where, message)
        return None
    values = {entry.key: _value(entry, names, findings) for entry in at.node}
    known = {name: value for name, value in values.items() if value is not None}
    return AsimovSpec(known, where=at.where) if len(known) == len(values) else None


def _value(entry: Entry, names: tuple[str, ...], findings: Findings) -> float | None:
    """Return a parameter's value, in its unit; what is no parameter or has no meaning is reported."""
    if entry.key not in names:
        if entry.key in PARAMETERS:
            message = f"parameter {entry.key!r} of the Asimov data belongs to another ansatz"
            findings.problem(entry.where, message)
        else:
            findings.unknown(entry.where, "parameter", entry.key, names, " of the Asimov data")
        return None
    info = PARAMETERS[entry.key]
    value = read_number(entry.node, f"parameter {entry.key} of the Asimov data", findings, info.unit)
    refusal = info.refusal(value) if value is not None else None
    if refusal is not None:
        findings.problem(entry.node.where, f"Asimov data: {refusal}")
        return None
    doubt = info.doubt(value) if value is not None else None
    if doubt is not None:
        findings.warning(entry.node.where, f"Asimov data: {doubt}")
    return value


def asimov(spec: FitSpec, given: Mapping[str, float], signal: bool = True) -> FitSpec:
    """Return a fit with Asimov data in place of its own.

    Parameters
    ----------
    given : mapping of str to float
        Parameters that are not at their reference.
    signal : bool
        False to switch the couplings off.

    Raises
    ------
    PointError
        If the point has no meaning, or a scalar mass is not positive there.
    """
    where = spec.data.where if spec.data is not None else Location("")
    return settled(replace(spec, data=AsimovSpec(dict(given), signal, where=where)))


def settled(spec: FitSpec) -> FitSpec:
    """Return a fit with the point of its Asimov data completed, and constraints centred there.

    The point is that of the fit as it is written: it stays when a parameter is held or a range changed later.
    """
    if spec.data is None:
        return spec
    bare = Fit(replace(spec, data=None, experiments={}))
    values, _ = bare.complete({name: [value] for name, value in spec.data.given.items()})
    point = {name: float(values[name][0]) for name in bare.model.parameter_names}
    if not bare.survey({name: [value] for name, value in point.items()}).physical[0]:
        raise PointError("a scalar mass is not positive at the point of the Asimov data")
    point = point if spec.data.signal else without_signal(point)
    parameters = {
        name: p if p.constraint is None else replace(p, constraint=(point[name], p.constraint[1]))
        for name, p in spec.parameters.items()
    }
    return replace(spec, data=replace(spec.data, point=point), parameters=parameters)


def settle(spec: FitSpec, findings: Findings) -> FitSpec:
    """Return a fit of a run file with its Asimov data; what stands in their way is reported."""
    if spec.data is None:
        return spec
    try:
        done = settled(spec)
        Fit(done)
    except (PointError, ExperimentError) as problem:
        of = f" (variant {spec.label!r})" if spec.label else ""
        if isinstance(problem, AtFaultError) and not spec.experiments[problem.experiment].shipped:
            # not the data are wrong but the user's experiment, which has a line of its own
            where = spec.experiments[problem.experiment].where
            findings.problem(where, f"experiment {problem.experiment!r}: {problem.message}{of}")
            return spec
        findings.problem(spec.data.where, f"data: {problem}{of}")
        return spec
    return done
