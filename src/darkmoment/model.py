"""The model with every switch resolved: a table name -> observable, and a memo over it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any

import numpy as np

from darkmoment.observables import catalogue, printed
from darkmoment.observables.lepton_flavour import MASSES as SCALARS
from darkmoment.observables.observable import Observable
from darkmoment.parameters import FLAVOURS, SPECTRA, Array, Parameter, names_of
from darkmoment.physics.loops import Grid

FORMULAS = ("derived", "printed")
INVISIBLE_BRANCHINGS = ("assumed", "computed")
LEPTON_FLAVOURS = ("full", "dipole")

_ROUNDING = 1e-9  # the ends of the ranges themselves belong to them


class Model:
    """What the model predicts, for one choice of formulas and ansaetze.

    Parameters
    ----------
    formulas : {'derived', 'printed'}
        The corrected formulas, or those of arXiv:2603.25704 where it prints one.
    spectrum : {'paired', 'free'}
        Scalar masses from m_S and delta_m_S, or four of their own.
    flavour : {'general', 'single_y'}
        Flavour vectors from two norms and an angle, or from one Yukawa.
    invisible_branching : {'assumed', 'computed'}
        BR_invisible is 1, as the paper has it, or follows from the partial widths.
    lepton_flavour : {'full', 'dipole'}
        mu -> 3e and conversion with monopole and box, or by dipole dominance.
    masses : tuple of float, optional
        Lightest scalar and heaviest particle of the loop in GeV, and largest ratio of two scalar masses:
        quadrature nodes are laid for them. Points outside stay exact, but are slower.

    Raises
    ------
    ValueError
        If a switch has no such setting.
    """

    def __init__(
        self,
        formulas: str = "derived",
        spectrum: str = "paired",
        flavour: str = "general",
        invisible_branching: str = "assumed",
        lepton_flavour: str = "full",
        masses: tuple[float, float, float] | None = None,
    ) -> None:
        _choice("formulas", formulas, FORMULAS)
        _choice("spectrum", spectrum, tuple(SPECTRA))
        _choice("flavour", flavour, tuple(FLAVOURS))
        _choice("invisible_branching", invisible_branching, INVISIBLE_BRANCHINGS)
        _choice("lepton_flavour", lepton_flavour, LEPTON_FLAVOURS)
        self.switches = {
            "formulas": formulas,
            "spectrum": spectrum,
            "flavour": flavour,
            "invisible_branching": invisible_branching,
            "lepton_flavour": lepton_flavour,
        }
        self.parameter_names = names_of(spectrum, flavour)
        self.table: dict[str, Observable] = {
            o.name: o for o in catalogue.assemble(spectrum, flavour, lepton_flavour, invisible_branching)
        }
        if formulas == "printed":
            self.table |= {o.name: o for o in printed.OBSERVABLES}
        self._functions = {name: o.function for name, o in self.table.items()}
        if masses is not None:
            loop = self._functions["loop_sum"]
            self._functions["loop_sum"] = partial(loop, grid=Grid.for_masses(*masses))
        self.reach = cache(self._reach)
        self._untouched = cache(self._untouched_by)

    def _reach(self, name: str) -> frozenset[str]:
        """Return the parameters that a parameter or observable depends on."""
        if name not in self.table:
            return frozenset([name]) if name in self.parameter_names else frozenset()
        return frozenset().union(*(self._reach(need) for need in self.table[name].needs))

    @property
    def quantities(self) -> tuple[str, ...]:
        """The observables that can be asked for."""
        return tuple(name for name, o in self.table.items() if not o.internal)

    def reported(self) -> list[Observable]:
        """Return the observables that `evaluate` prints, in order."""
        return [o for o in self.table.values() if o.reported]

    def from_derived(self) -> list[str]:
        """Return the keys of reported observables the paper prints no formula for: empty for `derived`."""
        if self.switches["formulas"] == "derived":
            return []
        return [o.json_key for o in self.reported() if o.needs and not self._uses_printed(o.name)]

    def _uses_printed(self, name: str) -> bool:
        if name in {o.name for o in printed.OBSERVABLES}:
            return True
        return name in self.table and any(self._uses_printed(need) for need in self.table[name].needs)

    def predict(self, values: Mapping[str, Array], settled: Predictions | None = None) -> Predictions:
        """Return the predictions at `values`: parameter name -> array of shape (n,) or (1,).

        What depends on none of `values` is taken from `settled`, where it is computed once.
        """
        untouched = frozenset() if settled is None else self._untouched(frozenset(values))
        return Predictions(self.table, self._functions, values, settled, untouched)

    def _untouched_by(self, names: frozenset[str]) -> frozenset[str]:
        return frozenset(name for name in self.table if not self.reach(name) & names)


class Predictions(Mapping[str, Array]):
    """Parameters and observables of a batch of points, each computed once when first asked for.

    Arrays have shape (n,), or (1,) where nothing they depend on varies over the batch. A single point is
    computed with numbers in place of arrays of length one, which gives the same bits several times faster.
    """

    def __init__(
        self,
        table: Mapping[str, Observable],
        functions: Mapping[str, Any],
        values: Mapping[str, Array],
        settled: Predictions | None = None,
        untouched: frozenset[str] = frozenset(),
    ) -> None:
        self._table = table
        self._functions = functions
        self._values = dict(values)
        self._settled = settled
        self._untouched = untouched
        self._alone: bool = all(len(x) == 1 for x in values.values()) and (settled is None or settled._alone)
        self._numbers: dict[str, Any] = {name: x[0] for name, x in values.items()} if self._alone else {}

    def __getitem__(self, name: str) -> Array:
        found = self._values.get(name)
        if found is None:
            found = self._number(name) if self._alone else self._array(name)
            if isinstance(found, float):
                found = np.array([found])
            self._values[name] = found
        return found

    def _array(self, name: str) -> Any:
        """Compute the value over a batch."""
        known = self._known(name)
        if known is None:
            assert self._settled is not None
            return self._settled[name]
        return self._functions[name](**{need: self[need] for need in known.needs})

    def _number(self, name: str) -> Any:
        """Return the value at a single point as a number."""
        numbers = self._numbers
        found = numbers.get(name)
        if found is None:
            known = self._known(name)
            if known is None:
                assert self._settled is not None
                found = self._settled._number(name)
            else:
                arguments = {}
                for need in known.needs:
                    value = numbers.get(need)
                    arguments[need] = self._number(need) if value is None else value
                found = self._functions[name](**arguments)
                if isinstance(found, np.ndarray):
                    found = found.reshape(-1)[0]
            numbers[name] = found
        return found

    def _known(self, name: str) -> Observable | None:
        """Return how to compute an observable here; None where the settled predictions have it."""
        if name not in self._untouched:
            known = self._table.get(name)
            if known is not None:
                return known
        if self._settled is None:
            raise KeyError(name)
        return None

    def positive(self, names: Iterable[str]) -> bool:
        """Say whether parameters or observables are above zero at every point."""
        if self._alone:
            return all(self._number(name) > 0 for name in names)
        distinct = {id(x): x for x in (self[name] for name in names)}
        return all(x.min() > 0 for x in distinct.values())

    def __iter__(self) -> Iterator[str]:
        yield from self._names()

    def __len__(self) -> int:
        return len(self._names())

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters the predictions are made from, without what follows from them."""
        return tuple(name for name in self._names() if name not in self._table)

    def _names(self) -> dict[str, None]:
        below = {} if self._settled is None else self._settled._names()
        return {**below, **dict.fromkeys(self._values), **dict.fromkeys(self._table)}


def loop_masses(parameters: Iterable[Parameter]) -> tuple[float, float, float] | None:
    """Return what the loop integral meets, from the parameters' ranges: the arguments of `Grid.for_masses`.

    None where ties hide it: the integral then uses nodes for every range.
    """
    names = {"m_S", "delta_m_S", *SCALARS, "m_majorana", "m_dirac"}
    ends: dict[str, tuple[float, float]] = {}
    for p in parameters:
        if p.name in names and p.tie is not None:
            return None
        if p.name in names and p.reference is not None:
            ends[p.name] = p.range or (p.reference, p.reference)
    scalars = [e for name, e in ends.items() if name in (*SCALARS, "m_S")]
    fermions = [ends.get(name, (0.0, 0.0)) for name in ("m_majorana", "m_dirac")]
    split = ends.get("delta_m_S", (0.0, 0.0))[1] / 2
    lightest = min(e[0] for e in scalars)
    # points below these ends are computed on nodes of their own: exact, only slower
    light = max(lightest - split if lightest > split else lightest / 10, 1e-6)
    scalar = max(e[1] for e in scalars) + split
    # a paired spectrum lies farthest apart where it is lightest
    spread = (lightest + split if "m_S" in ends else scalar) / light
    heavy = max(scalar, sum(max(abs(e[0]), abs(e[1])) for e in fermions))
    return light * (1 - _ROUNDING), heavy * (1 + _ROUNDING), spread * (1 + _ROUNDING)


def _choice(switch: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{switch}: {value!r} is none of {', '.join(choices)}")
