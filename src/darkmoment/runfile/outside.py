"""Experiments that a run file brings itself, in the block `experiments`.

mine: {file: ./my_experiment.py}
my_limit: {limits: epsilon, curve: mine.csv, cl: 0.90}
other: {limits: BR_mu_e_gamma, value: 6e-14, cl: 0.90, status: projected}
heavy: {limits: m_E, value: "> 1500 @ 95% CL"}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isclose
from pathlib import Path

from darkmoment.experiments.bare import BRANCHINGS
from darkmoment.experiments.card import Card
from darkmoment.experiments.curve import Curve
from darkmoment.experiments.dataset import Status, is_arxiv
from darkmoment.experiments.errors import CardError, CurveError, ExperimentError
from darkmoment.experiments.likelihood import Likelihood
from darkmoment.experiments.outside import BareLimit, Definition, LocalFile
from darkmoment.runfile.bounds import Bound, read_bound, speaks_of_level
from darkmoment.runfile.diagnostics import Findings, Location, nearest
from darkmoment.runfile.mathematics import label_objection, read_label
from darkmoment.runfile.numbers import read_number
from darkmoment.runfile.text import read_choice, read_text
from darkmoment.runfile.tree import Block, Entry, Items, Scalar, is_null, shown

_LIMIT_KEYS = ("limits", "value", "curve", "cl", "decays", "status", "title", "arxiv")
_STATUSES: tuple[Status, ...] = ("measured", "projected")
BARE_KEYS = ("file", *_LIMIT_KEYS)
"""Keys that say what an experiment is, beside those that choose among what it has."""

_CHOICES = ("dataset", "shape", "independent")


def brought(entry: Entry) -> bool:
    """Return True where an entry says itself what the experiment is."""
    return isinstance(entry.node, Block) and any(key in entry.node for key in ("file", "limits"))


@dataclass(frozen=True)
class Outside:
    """Reads the experiments that a run file brings.

    Attributes
    ----------
    source : str
        The run file, as locations name it.
    folder : Path or None
        What files it names are relative to; None for a shipped fit, which brings none.
    known : callable
        Returns the observables and parameters of the fit.
    computed : bool
        True where the fit computes how dark photons decay.
    """

    source: str
    folder: Path | None
    known: Callable[[], tuple[str, ...]]
    findings: Findings
    computed: bool = False

    def hint(self, entry: Entry) -> str | None:
        """Say how to bring an experiment where an entry looks as if it meant to."""
        if entry.key.endswith(".py"):
            name = Path(entry.key).stem
            return f"{entry.key!r} is a file, not a name: write {name}: {{file: {entry.key}}}"
        if isinstance(entry.node, Scalar) and entry.node.text.endswith(".py"):
            return f"experiment {entry.key!r} takes a mapping: write {{file: {entry.node.text}}}"
        keys = [key for key in _LIMIT_KEYS if isinstance(entry.node, Block) and key in entry.node]
        if keys:
            return (
                f"experiment {entry.key!r} has {keys[0]!r} but does not say what it limits: add limits: ..."
            )
        return None

    def define(self, entry: Entry, taken: Card | None) -> Definition | None:
        """Return what an entry brings, or None with a problem noted."""
        node = entry.node
        assert isinstance(node, Block)
        if taken is not None:
            message = f"there is an experiment {entry.key!r} already: give yours another name"
            self.findings.problem(entry.where, message)
            return None
        if not entry.key.isidentifier():
            message = f"{entry.key!r} cannot name an experiment: use letters, digits and _"
            self.findings.problem(entry.where, message)
            return None
        if entry.key in self.known():
            message = (
                f"{entry.key!r} is a parameter or observable of this fit: give the experiment another name"
            )
            self.findings.problem(entry.where, message)
            return None
        before = self.findings.noted
        made = self._local(entry.key, node) if "file" in node else self._bare(entry, node)
        return made if made is not None and self.findings.noted == before else None

    def objection(self, likelihood: Likelihood) -> str | None:
        """Say why an experiment cannot be part of the fit: what it reads is missing, or its title is bad."""
        needs = likelihood.needs
        if not isinstance(needs, tuple | list):
            return f"its needs are {needs!r}: they have to be a tuple of names"
        for need in needs:
            if need not in self.known():
                near = nearest(need, self.known())
                hint = f" (did you mean {near!r}?)" if near else ""
                return f"it reads {need!r}, which is no observable or parameter of this fit{hint}"
        for text in (likelihood.card.title, likelihood.label):
            if reason := label_objection(text):
                return f"its title {reason}"
        return None

    def _local(self, name: str, node: Block) -> Definition | None:
        entry = node.get("file")
        assert entry is not None
        if "limits" in node:
            self.findings.problem(
                entry.where, f"experiment {name!r} has both file and limits: use one of them"
            )
            return None
        path = self.path(entry, code=True)
        if path is None:
            return None
        if path.suffix != ".py":
            self.findings.problem(entry.node.where, f"{_text(entry)!r} is not a Python file (.py)")
            return None
        try:
            made = LocalFile.of(path, _text(entry))
            made.card(name)
        except (CardError, ExperimentError, CurveError) as error:
            self.findings.problem(entry.node.where, str(error))
            return None
        return made

    def _bare(self, asked: Entry, node: Block) -> Definition | None:
        name = asked.key
        for given in node:
            if given.key not in (*_LIMIT_KEYS, *_CHOICES):
                valid = (*_LIMIT_KEYS, "shape", "independent")
                self.findings.unknown(given.where, "key", given.key, valid, f" of experiment {name}")
        limits = self._quantity(node)
        value, curve = node.get("value"), node.get("curve")
        bound = read_bound(value, name, limits, self.findings) if value is not None else None
        cl = self._level(name, node, bound)
        decays = self._decays(asked, node, limits, bound is not None and bound.lower)
        path = self._curve(curve, limits) if curve is not None and "value" not in node else None
        if "value" in node and curve is not None:
            self.findings.problem(
                curve.where, f"experiment {name!r} has both value and curve: use one of them"
            )
        elif "value" not in node and curve is None:
            self.findings.problem(node.where, f"experiment {name!r} needs either value or curve")
        if limits is None or cl is None:
            return None
        title = read_label(node.get("title"), "", self.findings)
        shown_as = _text(curve) if curve is not None else ""
        number, lower = (bound.value, bound.lower) if bound is not None else (None, False)
        arxiv = self._arxiv(node)
        asked_status = read_choice(node.get("status"), "measured", _STATUSES, self.findings)
        status: Status = "projected" if asked_status == "projected" else "measured"
        return BareLimit(limits, cl, number, str(path or ""), shown_as, title, arxiv, lower, decays, status)

    def _quantity(self, node: Block) -> str | None:
        entry = node.get("limits")
        assert entry is not None
        text = read_text(entry, "", self.findings)
        if text and text not in self.known():
            kind = "observable or parameter"
            self.findings.unknown(entry.node.where, kind, text, self.known(), " to limit")
            return None
        return text or None

    def _decays(self, asked: Entry, node: Block, limits: str | None, lower: bool) -> str:
        """Return which decays an upper limit on epsilon is for; empty for any other limit."""
        entry = node.get("decays")
        if limits is None:
            return ""
        if limits != "epsilon" or lower:
            if entry is not None:
                what = f"a {'lower ' if lower else ''}limit on {limits}"
                message = f"decays belongs to an upper limit on epsilon, and {asked.key} is {what}"
                self.findings.problem(entry.where, message)
            return ""
        if entry is None and self.computed:
            message = (
                f"{asked.key} does not say for which decays of the dark photon it holds, and this fit "
                "computes them: decays: invisible is taken (epsilon^2 BR_invisible); write decays: "
                "invisible, visible (at once: epsilon^2 BR_visible) or any (no branching)"
            )
            self.findings.warning(asked.where, message)
        return read_choice(entry, "invisible", tuple(BRANCHINGS), self.findings)

    def _level(self, name: str, node: Block, bound: Bound | None) -> float | None:
        entry, own = node.get("cl"), bound.cl if bound is not None else None
        if entry is None and (own is not None or (bound is None and speaks_of_level(node.get("value")))):
            return own
        if entry is None:
            message = f"experiment {name!r} needs cl, its confidence level: cl: 0.90"
            self.findings.problem(node.where, message)
            return None
        cl = read_number(entry.node, "cl", self.findings)
        if cl is not None and not 0 < cl < 1:
            hint = f": write {cl / 100:g}" if 1 < cl < 100 else ""
            message = f"cl is a confidence level between 0 and 1, not {shown(entry.node)}{hint}"
            self.findings.problem(entry.node.where, message)
            return None
        if cl is not None and own is not None and not isclose(cl, own):
            message = f"experiment {name!r} has cl: {cl:g}, and its value says {own:g}: leave one of them out"
            self.findings.problem(entry.node.where, message)
            return None
        return cl

    def _curve(self, entry: Entry, limits: str | None) -> Path | None:
        if limits not in (None, "epsilon"):
            message = f"a curve limits epsilon against m_dark_photon, not {limits}: give a value"
            self.findings.problem(entry.where, message)
            return None
        path = self.path(entry)
        if path is not None:
            try:
                Curve.read(path)
            except CurveError as error:
                self.findings.problem(entry.node.where, str(error))
                return None
        return path

    def _arxiv(self, node: Block) -> tuple[str, ...]:
        entry = node.get("arxiv")
        if entry is None:
            return ()
        nodes = entry.node.items if isinstance(entry.node, Items) else (entry.node,)
        texts = [item.text for item in nodes if isinstance(item, Scalar) and not is_null(item)]
        if len(texts) != len(nodes) or not all(map(is_arxiv, texts)):
            message = f'arxiv is an identifier such as "2504.15711", not {shown(entry.node)}'
            self.findings.problem(entry.where, message)
        return tuple(texts)

    def path(self, entry: Entry, code: bool = False) -> Path | None:
        """Return the file an entry names, relative to the run file that names it.

        Parameters
        ----------
        code : bool
            True where it should be Python: what else is beside it then was not meant.
        """
        text = read_text(entry, "", self.findings)
        if not text:
            return None
        path = (self._folder(entry.where) / Path(text).expanduser()).resolve()
        if path.is_dir():
            self.findings.problem(entry.node.where, f"{text!r} is a folder, not a file ({path})")
            return None
        if not path.is_file():
            near = nearest(path.name, self._beside(path, entry, code))
            suggestion = str(Path(text).with_name(near)) if near else None
            self.findings.problem(entry.node.where, f"there is no file {text!r} ({path})", suggestion)
            return None
        return path

    def _beside(self, path: Path, entry: Entry, code: bool) -> list[str]:
        """Return the files of a folder that an entry may have meant: code or not, and no run file."""
        own = {Path(self.source).name, Path(entry.where.file).name}
        found = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        return [name for name in found if (Path(name).suffix == ".py") == code and name not in own]

    def _folder(self, where: Location) -> Path:
        """Return the folder of the file that an entry stands in: it may come from an extended one."""
        if where.file == self.source:
            return self.folder or Path()
        return Path(where.file).parent


def _text(entry: Entry) -> str:
    return entry.node.text if isinstance(entry.node, Scalar) else ""
