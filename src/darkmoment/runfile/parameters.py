"""The block `parameters` of a run file: fixed, free, tied and constrained parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from darkmoment.parameters import FLAVOURS, PARAMETERS, SPECTRA, ParameterInfo, names_of
from darkmoment.runfile.diagnostics import Findings, Location
from darkmoment.runfile.expressions import ExpressionError, parse
from darkmoment.runfile.numbers import NumberError, constraint_from_text, has_unit, read_number
from darkmoment.runfile.priors import read_prior
from darkmoment.runfile.schema import ParameterSpec
from darkmoment.runfile.ties import check_ties
from darkmoment.runfile.tree import Block, Entry, Items, Node, Scalar, is_null, shown

_KEYS = ("range", "min", "max", "value", "expr", "same_as", "prior", "reference", "convention", "constraint")
_OF_FREE = ("prior", "reference", "convention", "constraint")
_SIGMAS = 5.0
"""A parameter given by a constraint alone is free within so many sigma."""

DEFAULTS = Location("(default)")


def read_parameters(
    given: Mapping[str, Entry], spectrum: str, flavour: str, findings: Findings
) -> dict[str, ParameterSpec]:
    """Read the parameters of one fit, and complete them with defaults.

    Parameters
    ----------
    given : mapping
        Name -> entry, merged.

    Returns
    -------
    dict of str to ParameterSpec
        In catalogue order; without those that could not be read or are missing.
    """
    names = names_of(spectrum, flavour)
    read: dict[str, ParameterSpec] = {}
    for name, entry in given.items():
        if name not in PARAMETERS:
            findings.unknown(entry.where, "parameter", name, names)
        elif name not in names:
            findings.problem(entry.where, other_ansatz(name, spectrum, flavour))
        else:
            spec = _Reader(PARAMETERS[name], entry, findings).read()
            if spec is not None:
                read[name] = spec
    for name in names:
        default = PARAMETERS[name].default
        if name not in given and default is not None:
            read[name] = ParameterSpec(name, value=default, where=DEFAULTS)
    check_ties(read, spectrum, flavour, findings)
    return {name: read[name] for name in names if name in read}


def other_ansatz(name: str, spectrum: str, flavour: str) -> str:
    """Say to which ansatz a parameter belongs that this fit does not have."""
    for switch, choices, chosen in (("spectrum", SPECTRA, spectrum), ("flavour", FLAVOURS, flavour)):
        owners = [choice for choice, owned in choices.items() if name in owned]
        if owners:
            has = ", ".join(choices[chosen])
            here = f"this fit has {switch}: {chosen} ({has})"
            return f"parameter {name!r} belongs to {switch}: {owners[0]}; {here}"
    return f"parameter {name!r} belongs to another ansatz"


def _has_unit(node: Node) -> bool:
    return isinstance(node, Scalar) and isinstance(node.value, str) and has_unit(node.value)


@dataclass(frozen=True)
class _Reader:
    """Reads one entry."""

    info: ParameterInfo
    entry: Entry
    findings: Findings

    @property
    def name(self) -> str:
        return self.info.name

    def read(self) -> ParameterSpec | None:
        node = self.entry.node
        if isinstance(node, Items):
            hint = f"{self.name} is given a list; for a range write {{range: {shown(node)}}}"
            self.findings.problem(self.entry.where, hint)
            return None
        if isinstance(node, Scalar):
            if is_null(node):
                self.findings.problem(self.entry.where, f"parameter {self.name!r} has no value")
                return None
            return self._fixed(node)
        return self._block(node)

    def _block(self, block: Block) -> ParameterSpec | None:
        known = self._known(block)
        forms = [form for form in ("range", "min", "value", "expr", "same_as") if form in block]
        if "max" in block and "min" not in block:
            forms.insert(0, "max")
        if len(forms) > 1:
            self._problem(f"gives both {' and '.join(forms)}: only one of them has a meaning")
            return None
        if not forms and "constraint" in block:
            return self._constrained(block)
        if not forms:
            if known:
                self._problem("needs a range, a value, an expr or a same_as")
            return None
        if forms[0] in ("range", "min", "max"):
            bounds = self._range(block, complain=known)
            return self._scanned(block, bounds, self._constraint(block))
        for key in _OF_FREE:
            extra = block.get(key)
            if extra is not None:
                kind = "a fixed" if forms[0] == "value" else "a tied"
                self.findings.problem(extra.where, f"{key} has no meaning for {kind} parameter ({self.name})")
        node = block.entries[forms[0]].node
        if forms[0] == "value":
            return self._fixed(node)
        return self._tied(forms[0], node)

    def _known(self, block: Block) -> bool:
        """Report unknown keys; return True where there was none."""
        unknown = [entry for entry in block if entry.key not in _KEYS]
        for entry in unknown:
            self.findings.unknown(entry.where, "key", entry.key, _KEYS, f" of parameter {self.name}")
        return not unknown

    def _problem(self, message: str, where: Location | None = None, suggestion: str | None = None) -> None:
        self.findings.problem(where or self.entry.where, f"parameter {self.name!r} {message}", suggestion)

    def _value(self, node: Node, what: str) -> float | None:
        """Read a value this parameter can have."""
        value = read_number(node, what, self.findings, self.info.unit)
        if value is None:
            return None
        refusal = self.info.refusal(value)
        if refusal is not None:
            self.findings.problem(node.where, refusal)
            return None
        return value

    def _doubt(self, written: Mapping[float, Node]) -> None:
        """Warn of a value, or of a range, that looks like a slip; one written with its unit is meant."""
        bare = {value: node for value, node in written.items() if not _has_unit(node)}
        slip = self.info.slip(*written) if len(bare) == len(written) else None
        if slip:
            self.findings.warning(next(iter(bare.values())).where, slip)
            return
        for value, node in bare.items():
            doubt = self.info.doubt(value)
            if doubt is not None:
                self.findings.warning(node.where, doubt)

    def _fixed(self, node: Node) -> ParameterSpec | None:
        value = self._value(node, self.name)
        if value is None:
            return None
        self._doubt({value: node})
        return ParameterSpec(self.name, value=value, where=self.entry.where)

    def _tied(self, form: str, node: Node) -> ParameterSpec | None:
        if not isinstance(node, Scalar) or isinstance(node.value, bool) or node.value is None:
            self._problem(f"needs text for {form}, not {shown(node)}", node.where)
            return None
        if form == "same_as":
            return ParameterSpec(self.name, same_as=node.text, where=node.where)
        try:
            expression = parse(node.text, PARAMETERS)
        except ExpressionError as error:
            self.findings.problem(node.where, f"expr of {self.name}: {error}", error.suggestion)
            return None
        if not expression.names:
            return self._fixed(node)
        return ParameterSpec(self.name, expr=node.text, where=node.where)

    def _scanned(
        self, block: Block, bounds: tuple[float, float] | None, constraint: tuple[float, float] | None
    ) -> ParameterSpec | None:
        """Return a free parameter with what its entry says besides the range."""
        prior = read_prior(block.get("prior"), self.info, bounds, self.findings)
        reference = self._reference(block, bounds)
        convention = self._flag(block, "convention")
        if bounds is None:
            return None
        if reference is None and constraint is not None and bounds[0] <= constraint[0] <= bounds[1]:
            reference = constraint[0]
        return ParameterSpec(
            self.name,
            range=bounds,
            prior=prior,
            reference=reference,
            constraint=constraint,
            convention=convention,
            where=self.entry.where,
        )

    def _range(self, block: Block, complain: bool) -> tuple[float, float] | None:
        """Read the range; with `complain` False a missing end was probably misspelt, and is not reported."""
        what = f"range of {self.name}"
        given = block.get("range")
        if given is not None:
            if not isinstance(given.node, Items) or len(given.node.items) != 2:
                self.findings.problem(given.node.where, f"{what} is [lower, upper], not {shown(given.node)}")
                return None
            nodes = list(given.node.items)
            where = given.node.where
        else:
            ends = [block.get("min"), block.get("max")]
            for key, end in zip(("min", "max"), ends, strict=True):
                if end is None and complain:
                    self._problem(f"has no {key}: give both min and max")
            nodes = [end.node for end in ends if end is not None]
            where = self.entry.where
        read = [self._value(node, what) for node in nodes]
        if len(read) < 2 or read[0] is None or read[1] is None:
            return None
        lower, upper = read[0], read[1]
        if lower > upper:
            message = f"{what} is inverted: [{lower:g}, {upper:g}]"
            self.findings.problem(where, message, f"[{upper:g}, {lower:g}]")
            return None
        if lower == upper:
            message = (
                f"{what} is empty: [{lower:g}, {upper:g}]; to fix {self.name} write {self.name}: {lower:g}"
            )
            self.findings.problem(where, message)
            return None
        self._doubt(dict(zip((lower, upper), nodes, strict=True)))
        return lower, upper

    def _constraint(self, block: Block) -> tuple[float, float] | None:
        given = block.get("constraint")
        if given is None:
            return None
        node = given.node
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            message = f"constraint of {self.name} is text like 0.53 +- 0.05, not {shown(node)}"
            self.findings.problem(node.where, message)
            return None
        try:
            mean, sigma = constraint_from_text(node.value, self.info.unit)
        except NumberError as error:
            self.findings.problem(node.where, f"{self.name}: {error}", error.suggestion)
            return None
        refusal = self.info.refusal(mean)
        if refusal is not None:
            self.findings.problem(node.where, f"constraint: {refusal}")
            return None
        return mean, sigma

    def _constrained(self, block: Block) -> ParameterSpec | None:
        """Free within five sigma of the constraint, as far as values have a meaning."""
        constraint = self._constraint(block)
        if constraint is None:
            return None
        mean, sigma = constraint
        lower, upper = self.info.domain
        bounds = max(lower, mean - _SIGMAS * sigma), min(upper, mean + _SIGMAS * sigma)
        entry = block.entries["constraint"]
        self._doubt(dict.fromkeys(bounds, entry.node))
        if self.info.refusal(bounds[0]) is not None:
            self._problem(
                f"needs a range: {_SIGMAS:g} sigma below its constraint, {bounds[0]:g} has no meaning"
            )
            return None
        return self._scanned(block, bounds, constraint)

    def _reference(self, block: Block, bounds: tuple[float, float] | None) -> float | None:
        given = block.get("reference")
        if given is None:
            return None
        value = self._value(given.node, f"reference of {self.name}")
        if value is not None and bounds is not None and not bounds[0] <= value <= bounds[1]:
            message = (
                f"reference of {self.name}: {value:g} is outside its range [{bounds[0]:g}, {bounds[1]:g}]"
            )
            self.findings.problem(given.node.where, message)
            return None
        return value

    def _flag(self, block: Block, key: str) -> bool:
        given = block.get(key)
        if given is None:
            return False
        if isinstance(given.node, Scalar) and isinstance(given.node.value, bool):
            return given.node.value
        self.findings.problem(
            given.node.where, f"{key} of {self.name} is true or false, not {shown(given.node)}"
        )
        return False
