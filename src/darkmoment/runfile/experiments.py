"""The block `experiments` of a run file, checked against the cards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from darkmoment.experiments.card import Card
from darkmoment.experiments.discovery import announced
from darkmoment.experiments.errors import CardError, CurveError, ExperimentError
from darkmoment.experiments.likelihood import Likelihood
from darkmoment.experiments.outside import Definition
from darkmoment.experiments.plugins import in_words
from darkmoment.runfile.diagnostics import Findings, Location, nearest
from darkmoment.runfile.numbers import NumberError, number_from_text
from darkmoment.runfile.outside import BARE_KEYS, Outside, brought
from darkmoment.runfile.schema import ExperimentSpec
from darkmoment.runfile.text import read_flag
from darkmoment.runfile.tree import Block, Entry, Scalar, is_null, shown

_KEYS = ("dataset", "shape", "independent")


def read_experiments(
    given: Mapping[str, Entry], cards: Mapping[str, Card], findings: Findings, outside: Outside | None = None
) -> dict[str, ExperimentSpec]:
    """Read the experiments of one fit.

    Parameters
    ----------
    given : mapping
        Name -> entry, merged.
    cards : mapping
        Every experiment there is.
    outside : Outside, optional
        Reads those that the run file itself brings.

    Returns
    -------
    dict of str to ExperimentSpec
        In the order of the file, the default dataset filled in; without those that could not be read.
    """
    read: dict[str, ExperimentSpec] = {}
    found: dict[str, Card] = {}
    for entry in given.values():
        card, definition = cards.get(entry.key), None
        if outside is not None and brought(entry):
            definition = outside.define(entry, card)
            if definition is None:
                continue
            card = definition.card(entry.key)
        if card is None:
            hint = outside.hint(entry) if outside is not None else None
            if hint:
                findings.problem(entry.where, hint)
            else:
                findings.unknown(entry.where, "experiment", entry.key, cards)
        elif not card.applies:
            reason = " ".join(card.notes.split())
            findings.problem(entry.where, f"experiment {card.name!r} does not apply to this model: {reason}")
        else:
            foreign = definition is not None or entry.key in announced()
            check = outside.objection if outside is not None and foreign else None
            spec = _Reader(card, entry, findings, definition, check).read()
            if spec is not None:
                read[entry.key], found[entry.key] = spec, card
    _refuse_twice(read, found, findings)
    _doubt_superseded(read, found, cards, findings)
    return read


def _refuse_twice(read: Mapping[str, ExperimentSpec], cards: Mapping[str, Card], findings: Findings) -> None:
    """Report experiments asked for together with one whose events they contain."""
    for name, card in cards.items():
        for other in card.supersedes:
            if other in read and not (read[name].independent or read[other].independent):
                message = (
                    f"{name} supersedes {other}: together they count the same events twice; leave one "
                    f"of them out (remove: [{other}]), or say independent: true at one of them"
                )
                findings.problem(read[name].where, message)


def _doubt_superseded(
    read: Mapping[str, ExperimentSpec],
    found: Mapping[str, Card],
    cards: Mapping[str, Card],
    findings: Findings,
) -> None:
    """Warn of superseded experiments that do not exist: a slip there lets events be counted twice."""
    for name, card in found.items():
        for other in card.supersedes:
            if other not in cards and other not in found:
                near = nearest(other, [*cards, *found])
                hint = f" (did you mean {near!r}?)" if near else ""
                message = f"{name} supersedes {other!r}, and there is no such experiment{hint}"
                findings.warning(read[name].where, message)


@dataclass(frozen=True)
class _Reader:
    """Reads one entry."""

    card: Card
    entry: Entry
    findings: Findings
    definition: Definition | None = None
    check: Callable[[Likelihood], str | None] | None = None
    _own: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        if self.definition is not None:
            # beside a file, what belongs to a bare limit would be passed over without a word
            local = isinstance(self.entry.node, Block) and "file" in self.entry.node
            object.__setattr__(self, "_own", ("file",) if local else BARE_KEYS)

    def read(self) -> ExperimentSpec | None:
        node = self.entry.node
        if is_null(node) and isinstance(node, Scalar) and not node.text:
            node = Block({}, self.entry.where)
        if not isinstance(node, Block):
            hint = "write {} for its defaults"
            if is_null(node):
                hint += f", or remove: [{self.card.name}] to take it out"
            if isinstance(node, Scalar) and node.text in self.card.datasets:
                hint = f"write {{dataset: {node.text}}}"
            message = f"experiment {self.card.name!r} takes a mapping, not {shown(node)}: {hint}"
            self.findings.problem(self.entry.where, message)
            return None
        before = self.findings.noted
        dataset = self._word(node, "dataset") or self.card.default
        if dataset not in self.card.datasets:
            where = self._where(node, "dataset")
            self.findings.unknown(where, "dataset", dataset, self.card.datasets, f" of {self.card.name}")
        shape = self._word(node, "shape")
        independent = read_flag(node.get("independent"), self.findings)
        options = self._options(node)
        if self.findings.noted > before:
            return None
        name, where = self.card.name, self.entry.where
        spec = ExperimentSpec(name, dataset, shape, options, where, independent, self.definition)
        return spec if self._loads(spec, node) else None

    def _loads(self, spec: ExperimentSpec, node: Block) -> bool:
        """Load the experiment once; report why it cannot be."""
        try:
            likelihood = spec.load()
            problem = self.check(likelihood) if self.check is not None else None
        except ExperimentError as error:
            where = self._where(node, "shape" if spec.shape is not None else "dataset")
            self.findings.problem(where, error.message, error.suggestion)
            return False
        except (CardError, CurveError) as error:
            self.findings.problem(self.entry.where, f"experiment {spec.name!r}: {error}")
            return False
        except (Exception, SystemExit) as error:
            if self.definition is None:
                raise
            problem = in_words(error)
        if problem is not None:
            self.findings.problem(self.entry.where, f"experiment {spec.name!r}: {problem}")
        return problem is None

    def _where(self, node: Block, key: str) -> Location:
        given = node.get(key)
        return given.node.where if given is not None else self.entry.where

    def _word(self, node: Block, key: str) -> str | None:
        """Return a dataset or shape as written: 2025 and "2025" are the same name."""
        given = node.get(key)
        if given is None:
            return None
        if isinstance(given.node, Scalar) and given.node.text and not is_null(given.node):
            return given.node.text
        self.findings.problem(given.where, f"{key} of {self.card.name} is a name, not {shown(given.node)}")
        return None

    def _options(self, node: Block) -> dict[str, float | str]:
        options: dict[str, float | str] = {}
        for given in node:
            if given.key in _KEYS or given.key in self._own:
                continue
            if given.key not in self.card.options:
                valid = [*_KEYS, *self.card.options]
                of = f" of experiment {self.card.name}"
                self.findings.unknown(given.where, "key", given.key, valid, of)
                continue
            value = self._option(given)
            if value is not None:
                options[given.key] = value
        return options

    def _option(self, given: Entry) -> float | str | None:
        option = self.card.options[given.key]
        what = f"{given.key} of {self.card.name}"
        node = given.node
        if not isinstance(node, Scalar) or node.value is None or isinstance(node.value, bool):
            self.findings.problem(node.where, f"{what} is a single value, not {shown(node)}")
            return None
        if option.choices:
            if node.text in option.choices:
                return node.text
            self.findings.unknown(node.where, "choice", node.text, option.choices, f" for {what}")
            return None
        value: float | str = node.value
        if isinstance(value, str):
            try:
                value = number_from_text(value)
            except NumberError as error:
                self.findings.problem(node.where, f"{what}: {error}", error.suggestion)
                return None
        refusal = option.refusal(value)
        if refusal is not None:
            self.findings.problem(node.where, f"{what} = {shown(node)}: {refusal}")
            return None
        return value
