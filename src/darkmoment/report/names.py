"""How parameters, observables, units and experiments of a run are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from darkmoment.model import Model
from darkmoment.parameters import PARAMETERS
from darkmoment.report.markup import Html, number_html, number_text
from darkmoment.report.tex import as_html, as_svg, as_text, split
from darkmoment.runfile.schema import SWITCHES

_UNITS = {"muB": r"\mu_\mathrm{B}", "GeV^-1": r"\mathrm{GeV}^{-1}", "GeV^-2": r"\mathrm{GeV}^{-2}"}
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?e[+-]?\d+(?![\w.])")
_NAME = re.compile(r"(?<![\w.])(?<!\w-)([A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*)(?![\w])")
_SPOKEN_WORDS = ("y", "m", "mixing", "cross", "inner")
"""Names that are words of English sentences as well."""


@dataclass(frozen=True)
class Names:
    """Symbols of parameters and observables, labels of experiments.

    Attributes
    ----------
    symbols : dict of str to str
        Name -> LaTeX without dollar signs.
    units : dict of str to str
        Name -> unit as tables spell it.
    logarithmic : dict of str to bool
        Observable -> whether it lives on a logarithmic axis.
    experiments : dict of str to str
        Name -> label.
    own : frozenset of str
        Experiments of the run file itself: a name it chose may be any word of a sentence.
    """

    symbols: Mapping[str, str]
    units: Mapping[str, str]
    logarithmic: Mapping[str, bool] = field(default_factory=dict)
    experiments: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()

    @classmethod
    def of(cls, record: Mapping[str, Any], experiments: Mapping[str, str]) -> Names:
        """Return the names of a run; an observable this version does not know is written as it is spelt."""
        symbols = {name: info.label for name, info in PARAMETERS.items()}
        units = {name: info.unit for name, info in PARAMETERS.items()}
        logarithmic: dict[str, bool] = {}
        for resolved in record["fits"].values():
            try:
                model = Model(*(resolved[switch] for switch in SWITCHES))
            except (KeyError, TypeError, ValueError):
                continue
            for o in model.table.values():
                symbols.setdefault(o.name, o.label)
                units.setdefault(o.name, o.unit)
                logarithmic.setdefault(o.name, o.logarithmic)
        own = frozenset(
            name
            for resolved in record["fits"].values()
            for name, given in resolved.get("experiments", {}).items()
            if "definition" in given
        )
        return cls(symbols, units, logarithmic, experiments, own)

    def html(self, name: str) -> Html:
        """Return the symbol of a parameter or observable as HTML."""
        return Html(as_html(self.symbols[name]) if name in self.symbols else escape(name))

    def text(self, name: str) -> str:
        """Return the symbol as plain text."""
        return as_text(self.symbols[name]) if name in self.symbols else name

    def svg(self, name: str) -> str:
        """Return the symbol as the inside of an SVG text element, its unit in brackets."""
        symbol = as_svg(self.symbols[name]) if name in self.symbols else escape(name)
        unit = self.units.get(name, "")
        return f"{symbol} [{as_svg(_unit(unit))}]" if unit else symbol

    def with_unit(self, value: float, name: str, digits: int = 4) -> Html:
        """Return a value with the unit of a parameter or observable."""
        unit = unit_html(self.units.get(name, "")) if value == value else ""
        return Html(f"{number_html(value, digits).text} {unit}".rstrip())

    def with_unit_text(self, value: float, name: str, digits: int = 4) -> str:
        """Return a value with its unit as plain text."""
        unit = self.units.get(name, "") if value == value else ""
        return f"{number_text(value, digits)} {as_text(_unit(unit))}".rstrip()

    def experiment(self, name: str) -> str:
        """Return the label of an experiment, or of several joined with '+'."""
        special = {"": "nobody", "none": "nobody", "range": "the parameter ranges"}
        return special.get(name) or " + ".join(self.experiments.get(part, part) for part in name.split("+"))

    def sentence(self, text: str) -> Html:
        """Return a sentence of a run with its numbers, names and mathematics as they are printed."""
        return Html(split(text, self._spoken, as_html))

    def _spoken(self, text: str) -> str:
        text = text.replace("Delta chi2", "Δχ²").replace(" +- ", " ± ")
        shown = _NUMBER.sub(lambda m: f"\0{len(m[0])}\0{m[0]}\0", text)
        parts = shown.split("\0")
        found, k = [], 0
        while k < len(parts):
            found.append(_NAME.sub(self._named, escape(parts[k])))
            if k + 2 < len(parts):
                found.append(number_html(float(parts[k + 2])).text)
            k += 3
        return "".join(found)

    def plain(self, text: str) -> str:
        """Return a sentence of a run as plain text, its numbers, names and mathematics as printed."""
        return split(text, self._spoken_plain, as_text)

    def _spoken_plain(self, text: str) -> str:
        shown = _NUMBER.sub(lambda m: number_text(float(m[0])), text)
        return _NAME.sub(lambda m: m[0] if m[1] in _SPOKEN_WORDS else self.text(m[1]), shown)

    def _named(self, found: re.Match[str]) -> str:
        name = found[1]
        if name == "muB":
            return unit_html(name)
        if name == "chi2":
            return "χ²"
        if name in self.experiments and name not in self.own:
            return escape(self.experiments[name])
        if name not in self.symbols or name in _SPOKEN_WORDS:
            return name
        return as_html(self.symbols[name])


def _unit(unit: str) -> str:
    return _UNITS.get(unit, rf"\mathrm{{{unit}}}" if unit else "")


def unit_html(unit: str) -> str:
    """Return a unit as HTML."""
    return as_html(_unit(unit))
