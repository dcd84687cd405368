"""Experiments that a run file brings itself: a Python file of the user's, or a bare limit."""

from __future__ import annotations

import hashlib
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from darkmoment.experiments.bare import BRANCHINGS, CURVES, NUMBERS
from darkmoment.experiments.card import Card, ClosureCheck, OptionValue
from darkmoment.experiments.dataset import Dataset, Status
from darkmoment.experiments.errors import CardError, ExperimentError
from darkmoment.experiments.likelihood import Likelihood, LowerLimit, UpperLimit
from darkmoment.experiments.plugins import checked, in_words

GIVEN = "given"
"""Dataset of a bare limit."""


class Definition(ABC):
    """What an experiment outside any package is made from: plain values that travel between processes."""

    @abstractmethod
    def card(self, name: str) -> Card:
        """Return its card, under the name the run file gives it.

        Raises
        ------
        CardError, ExperimentError
            If it cannot be used.
        """

    @abstractmethod
    def load(self, name: str, dataset: object, shape: str | None, **options: OptionValue) -> Likelihood:
        """Return the experiment with dataset, shape and options chosen."""

    @property
    def meaning(self) -> str:
        """What it says of which quantity, in words; empty where a card says it."""
        return ""

    @abstractmethod
    def resolved(self) -> dict[str, Any]:
        """Return what defines it, as JSON values."""

    @abstractmethod
    def files(self, name: str) -> dict[str, Path]:
        """Return the files it is read from, under the names the run file or the card gives them."""


def sha256(file: Path) -> str:
    """Return the digest of a file's content."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


@dataclass(frozen=True)
class LocalFile(Definition):
    """A Python file with a class ``Experiment`` and its card, the text ``CARD``.

    Attributes
    ----------
    path : str
        The file, absolute.
    shown : str
        As the run file names it.
    sha256 : str
        Of its content: another process must not take another file.
    """

    path: str
    shown: str
    sha256: str

    @classmethod
    def of(cls, path: Path, shown: str) -> LocalFile:
        """Take a file as it is now."""
        return cls(str(path), shown, sha256(path))

    def card(self, name: str) -> Card:
        """Return the card of the file; the curves it names lie beside the file."""
        module, path = _module(self.path, self.shown, self.sha256), Path(self.path)
        text = getattr(module, "CARD", None)
        if not isinstance(text, str):
            raise CardError(self.shown, "", 'there is no card: write it as CARD = """name: ..."""')
        card = Card.parse(text, f"{self.shown}: CARD", path.parent)
        return replace(card, name=name)

    def load(self, name: str, dataset: object, shape: str | None, **options: OptionValue) -> Likelihood:
        """Return the experiment of the file."""
        module = _module(self.path, self.shown, self.sha256)
        kind = checked(getattr(module, "Experiment", None), self.shown)
        return kind(self.card(name), dataset, shape, **options)

    def resolved(self) -> dict[str, Any]:
        """Return name and content; where the file lies does not matter."""
        return {"file": self.shown, "sha256": self.sha256}

    def files(self, name: str) -> dict[str, Path]:
        """Return the file and the curves that its card names."""
        datasets = self.card(name).datasets.values()
        curves = {c for d in datasets for c in (d.curve, d.curve_below, d.region) if c is not None}
        path = Path(self.path)
        return {self.shown: path, **{curve: path.parent / curve for curve in sorted(curves)}}


@cache
def _module(path: str, shown: str, expected: str) -> ModuleType:
    """Import a file, once for each content."""
    try:
        content = Path(path).read_bytes()
    except OSError as problem:
        raise ExperimentError(f"{shown}: {path} cannot be read ({problem.strerror})") from problem
    if hashlib.sha256(content).hexdigest() != expected:
        raise ExperimentError(f"{shown}: {path} is not the file it was when the run file was read")
    name = f"darkmoment_local_{expected[:16]}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ExperimentError(f"{shown}: is not a Python file (.py)")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        # the content that was read, not what the file or a stale __pycache__ may hold by now
        exec(compile(content, path, "exec"), module.__dict__)
    except (Exception, SystemExit) as problem:
        del sys.modules[name]
        raise ExperimentError(f"{shown} cannot be imported: {in_words(problem)}") from problem
    return module


@dataclass(frozen=True)
class BareLimit(Definition):
    """A limit without a card: a number, or a curve of epsilon.

    Attributes
    ----------
    limits : str
        The observable or parameter it constrains.
    cl : float
        Confidence level.
    value : float or None
        The limit.
    curve, shown : str
        CSV file with it, absolute and as the run file names it; empty where there is none.
    title : str
        For figures; the name where empty.
    arxiv : tuple of str
        Where it is from.
    lower : bool
        True where the quantity is allowed at and above `value`.
    status : {'measured', 'projected'}
    decays : str
        Of the A', for an upper limit on epsilon: `invisible`, `visible` or `any`; empty for any other.
    """

    limits: str
    cl: float
    value: float | None = None
    curve: str = ""
    shown: str = ""
    title: str = ""
    arxiv: tuple[str, ...] = ()
    lower: bool = False
    decays: str = ""
    status: Status = "measured"

    @property
    def meaning(self) -> str:
        """``upper limit on epsilon, decays: visible``."""
        said = f"{'lower' if self.lower else 'upper'} limit on {self.limits}"
        return f"{said}, decays: {self.decays}" if self.decays else said

    def card(self, name: str) -> Card:
        """Return a card that says what the run file says."""
        curve = Path(self.curve)
        dataset = Dataset(
            name=GIVEN,
            verified=True,
            limit=self.value,
            cl=self.cl,
            lower=self.lower,
            curve=curve.name if self.curve else None,
            arxiv=self.arxiv,
            where="the run file",
        )
        branching = BRANCHINGS[self.decays] if self.decays else None
        return Card(
            name=name,
            title=self.title or name,
            limits=self.limits,
            status=self.status,
            default=GIVEN,
            datasets={GIVEN: dataset},
            options={},
            closure=ClosureCheck("delta_chi2", 0.005, {branching: 1.0} if branching else {}, {}),
            notes="A limit given in the run file.",
            applies=True,
            folder=curve.parent,
        )

    def load(self, name: str, dataset: object, shape: str | None, **options: OptionValue) -> Likelihood:
        """Return a limit, upper or lower, or one along the curve."""
        kind: type[Likelihood] = LowerLimit if self.lower else UpperLimit
        if self.decays:
            kind = (CURVES if self.curve else NUMBERS)[self.decays]
        return kind(self.card(name), dataset, shape, **options)

    def resolved(self) -> dict[str, Any]:
        """Return what the run file says."""
        given: dict[str, Any] = {"limits": self.limits, "cl": self.cl}
        given |= {"curve": self.shown} if self.curve else {"value": self.value}
        # nothing where nothing is said: records of before stay as they are
        given |= {"status": self.status} if self.status != "measured" else {}
        given |= {"lower": True} if self.lower else {}
        given |= {"decays": self.decays} if self.decays not in ("", "invisible") else {}
        return given | {"title": self.title, "arxiv": list(self.arxiv)}

    def files(self, name: str) -> dict[str, Path]:
        """Return the curve's file, if there is one."""
        return {self.shown: Path(self.curve)} if self.curve else {}
