"""A fit: parameters, a model and experiments; from points to chi2."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from darkmoment.answers import LikelihoodError, answers_of, describe_point
from darkmoment.experiments import Likelihood
from darkmoment.experiments import load as load_experiment
from darkmoment.model import Model, Predictions
from darkmoment.observables.lepton_flavour import MASSES as SCALARS
from darkmoment.parameters import PARAMETERS, Array, Parameter

if TYPE_CHECKING:
    from darkmoment.evaluation import Evaluation
    from darkmoment.runfile.schema import FitSpec

BLOCK = 8192
Points = Mapping[str, ArrayLike]
Adjust = Callable[[Predictions], dict[str, Array]]


class PointError(ValueError):
    """Points that a fit cannot take: unknown names, unequal lengths, values without meaning."""


@dataclass(frozen=True)
class Survey:
    """What a fit says of a batch of n points, for the K terms of its chi2.

    Attributes
    ----------
    chi2 : ndarray (n, K)
        -2 ln(L/L_best) per term; +inf in a whole row where the point is unphysical.
    strength : ndarray (n, K)
        Signal strength s/s_lim, or pull; zero where an experiment says nothing.
    covered : ndarray (n, K) of bool
        False where an experiment says nothing, e.g. outside its curve.
    physical : ndarray (n,) of bool
        False where a scalar mass is not positive.
    quantities : dict of str to ndarray (n,)
        The observables asked for; NaN where unphysical.
    """

    chi2: Array
    strength: Array
    covered: np.ndarray
    physical: np.ndarray
    quantities: dict[str, Array]


class Fit:
    """Parameters, model and experiments of one run file (or of one of its variants).

    Parameters
    ----------
    spec : FitSpec
        The fit as the run file describes it; `Fit.load` reads one.
    fixed : mapping of str to float, optional
        Parameters held at a value whatever the run file says; ranges do not apply to them.

    Attributes
    ----------
    parameters : tuple of Parameter
        Each with `name`, `unit`, `range` (None unless free) and `value` (None unless fixed).
    free : tuple of Parameter
        Those that are scanned.
    terms : tuple of str
        Names of the columns of chi2: the experiments, then gaussian constraints on parameters.
    """

    def __init__(self, spec: FitSpec, fixed: Mapping[str, float] | None = None) -> None:
        from darkmoment.runfile.compilation import compile_parameters

        self.spec = spec
        self.fixed = dict(fixed or {})
        self.name = spec.name
        self.label = spec.label or spec.name
        compiled = compile_parameters(spec)
        for name, value in self.fixed.items():
            compiled[name] = self._held(compiled, name, value)
        self.parameters: tuple[Parameter, ...] = tuple(compiled.values())
        self._index()
        self.model = Model(
            spec.formulas,
            spec.spectrum,
            spec.flavour,
            spec.invisible_branching,
            spec.lepton_flavour,
            masses=_loop_masses(self.parameters),
        )
        self.experiments: dict[str, Likelihood] = {
            name: load_experiment(name, asked.dataset, asked.shape, **asked.options)
            for name, asked in spec.experiments.items()
        }
        self.constraints = {p.name: p.constraint for p in self.parameters if p.constraint is not None}
        self.terms = (*self.experiments, *(f"{name}_constraint" for name in self.constraints))
        hard = [e.hard for e in self.experiments.values()] + [False] * len(self.constraints)
        self.hard = np.array(hard, dtype=bool)

    @classmethod
    def load(
        cls,
        source: str | os.PathLike[str],
        variant: str | None = None,
        fixed: Mapping[str, float] | None = None,
    ) -> Fit:
        """Load a fit from a run file, or a shipped one by its name.

        Parameters
        ----------
        source : str or path
            Path of a run file, or the name of a shipped fit (`paper`, `global`).
        variant : str, optional
            Label of a variant; the file's top level when left out.
        fixed : mapping of str to float, optional
            Parameters to hold at a value.

        Raises
        ------
        RunFileError
            If the file is missing or wrong; the message lists every problem with its line.
        ValueError
            If there is no such variant or parameter.
        """
        from darkmoment.runfile.loader import load

        file = load(source)
        if variant is None:
            return cls(file.base, fixed)
        labels = {spec.label: spec for spec in file.fits}
        if variant not in labels:
            raise ValueError(f"{file.name} has no variant {variant!r}{_nearest(variant, labels)}")
        return cls(labels[variant], fixed)

    def holding(self, fixed: Mapping[str, float]) -> Fit:
        """Return the same fit with further parameters held at a value."""
        return Fit(self.spec, {**self.fixed, **fixed})

    def using(self, formulas: str) -> Fit:
        """Return the same fit with the other set of formulas."""
        return Fit(replace(self.spec, formulas=formulas), self.fixed)

    def without(self, *experiments: str) -> Fit:
        """Return the same fit with experiments left out.

        Raises
        ------
        ValueError
            If it has no such experiment.
        """
        for name in experiments:
            if name not in self.spec.experiments:
                raise ValueError(
                    f"{self.name} has no experiment {name!r}{_nearest(name, self.spec.experiments)}"
                )
        kept = {name: e for name, e in self.spec.experiments.items() if name not in experiments}
        return Fit(replace(self.spec, experiments=kept), self.fixed)

    def pinned(self, held: Mapping[str, float]) -> Fit:
        """Return the same fit with parameters held; quicker than `holding`, and not checked."""
        twin = copy(self)
        twin.parameters = tuple(
            replace(p, range=None, value=held[p.name]) if p.name in held else p for p in self.parameters
        )
        twin._index()
        return twin

    def _index(self) -> None:
        """Lay out what follows from the parameters."""
        self._by_name = {p.name: p for p in self.parameters}
        self.free = tuple(p for p in self.parameters if p.free)
        self._tied = tuple(p for p in self.parameters if p.tie is not None)
        known = {p.name: p.reference for p in self.parameters if p.tie is None}
        self._defaults = {name: np.array([value]) for name, value in known.items() if value is not None}
        self._settled = cache(lambda: self.model.predict(self._defaults))

    def parameter(self, name: str) -> Parameter:
        """Return a parameter by name; raises PointError with the nearest name where there is none."""
        if name not in self._by_name:
            raise PointError(f"{self.name} has no parameter {name!r}{_nearest(name, self._by_name)}")
        return self._by_name[name]

    def complete(self, points: Points) -> tuple[dict[str, Array], int]:
        """Fill in what `points` leaves out: fixed values, ties, and the reference of free parameters.

        Returns
        -------
        dict of str to ndarray
            Every parameter, shape (n,) where it varies, else (1,).
        int
            n, the number of points.

        Raises
        ------
        PointError
            For an unknown name, unequal lengths, or a value without meaning.
        """
        return self._filled({name: self._checked(name, value) for name, value in points.items()})

    def _filled(self, given: dict[str, Array]) -> tuple[dict[str, Array], int]:
        n = _length(given)
        values = {**self._defaults, **given}
        tied = [p for p in self._tied if p.name not in given]
        while tied:
            ready = [p for p in tied if set(p.tied_to) <= set(values)]
            for p in ready:
                assert p.tie is not None
                values[p.name] = self._tied_value(p, values)
            tied = [p for p in tied if p not in ready]
        return values, n

    def survey(
        self,
        points: Points,
        quantities: Sequence[str] = (),
        within_ranges: bool = False,
        adjust: Adjust | None = None,
    ) -> Survey:
        """Return chi2, strengths, coverage and observables of a batch of points.

        Parameters
        ----------
        points : mapping of str to array_like
            Parameter name -> array (n,) or scalar, in the parameter's unit. Fixed parameters may be
            overridden; what is left out is filled in as `complete` says.
        quantities : sequence of str
            Observables or parameters wanted besides.
        within_ranges : bool
            True where the caller made the points from the parameters' ranges, as float arrays: they are
            then not checked again.
        adjust : callable, optional
            Given the predictions at `points`, returns parameters to be put in place of theirs, shape (n,);
            what does not depend on these is not computed again. With `within_ranges`, `points` may hold
            further arrays for it, under names of its own.
        """
        if within_ranges:
            given = {name: np.asarray(value, dtype=float) for name, value in points.items()}
        else:
            given = {name: self._checked(name, value) for name, value in points.items()}
        settled = None if self._tied else self._settled()
        # what no given parameter moves is the same at every point, and was computed once for the fit
        values, n = self._filled(given) if settled is None else (given, _length(given))
        if n <= BLOCK:
            return self._survey_block(values, n, quantities, settled, adjust)
        pieces = []
        for start in range(0, n, BLOCK):
            part = {k: v if len(v) == 1 else v[start : start + BLOCK] for k, v in values.items()}
            pieces.append(self._survey_block(part, min(BLOCK, n - start), quantities, settled, adjust))
        return Survey(
            np.concatenate([s.chi2 for s in pieces]),
            np.concatenate([s.strength for s in pieces]),
            np.concatenate([s.covered for s in pieces]),
            np.concatenate([s.physical for s in pieces]),
            {q: np.concatenate([s.quantities[q] for s in pieces]) for q in quantities},
        )

    def chi2(self, points: Points) -> Array:
        """Return chi2 = -2 ln(L/L_best) of every term.

        Parameters
        ----------
        points : mapping of str to array_like
            As for `survey`.

        Returns
        -------
        ndarray (n, K)
            One column per entry of `terms`; the row sum is the total. +inf where a point breaks a hard
            limit or is unphysical.
        """
        return self.survey(points).chi2

    def total_chi2(self, points: Points) -> Array:
        """Return the total chi2, shape (n,)."""
        return self.survey(points).chi2.sum(axis=1)

    def predictions(self, points: Points) -> Predictions:
        """Return the observables at `points`, computed when asked for."""
        values, _ = self.complete(points)
        return self.model.predict(values)

    def evaluate(self, points: Points) -> Evaluation:
        """Return everything the fit says of `points`, with notes a person can read."""
        from darkmoment.evaluation import evaluate

        return evaluate(self, points)

    def _survey_block(
        self,
        values: dict[str, Array],
        n: int,
        quantities: Sequence[str],
        settled: Predictions | None,
        adjust: Adjust | None,
    ) -> Survey:
        p = self.model.predict(values, settled)
        masses = {id(p[name]): p[name] for name in SCALARS}
        if all(mass.min() > 0 for mass in masses.values()):
            return self._survey_physical(self._adjusted(p, adjust), n, quantities)
        physical = np.broadcast_to(np.logical_and.reduce([p[name] > 0 for name in SCALARS]), (n,))
        k = len(self.terms)
        chi2, strength, covered = np.full((n, k), np.inf), np.zeros((n, k)), np.ones((n, k), dtype=bool)
        wanted = {q: np.full(n, np.nan) for q in quantities}
        if physical.any():
            kept = {name: v if len(v) == 1 else v[physical] for name, v in values.items()}
            inside = self._adjusted(self.model.predict(kept, settled), adjust)
            inner = self._survey_physical(inside, int(physical.sum()), quantities)
            chi2[physical], strength[physical], covered[physical] = inner.chi2, inner.strength, inner.covered
            for q in quantities:
                wanted[q][physical] = inner.quantities[q]
        return Survey(chi2, strength, covered, physical, wanted)

    def _adjusted(self, p: Predictions, adjust: Adjust | None) -> Predictions:
        return p if adjust is None else self.model.predict(adjust(p), p)

    def _survey_physical(self, p: Predictions, n: int, quantities: Sequence[str]) -> Survey:
        k = len(self.terms)
        chi2, strength, covered = np.empty((n, k)), np.empty((n, k)), np.ones((n, k), dtype=bool)
        for column, (name, experiment) in enumerate(self.experiments.items()):
            chi2[:, column], strength[:, column], covered[:, column] = answers_of(name, experiment, p, n)
        for column, (name, (mean, sigma)) in enumerate(self.constraints.items(), len(self.experiments)):
            strength[:, column] = (p[name] - mean) / sigma
            chi2[:, column] = strength[:, column] ** 2
        for what, table in (("chi2", chi2), ("strength", strength)):
            if np.isnan(table).any():
                row, column = np.argwhere(np.isnan(table))[0]
                raise LikelihoodError(
                    f"{self.terms[column]} returned NaN as {what}, at {describe_point(p, row)}"
                )
        wanted = {q: np.array(np.broadcast_to(p[q], (n,)), dtype=float) for q in quantities}
        return Survey(chi2, strength, covered, np.ones(n, dtype=bool), wanted)

    def _tied_value(self, p: Parameter, values: Mapping[str, Array]) -> Array:
        assert p.tie is not None
        value = np.atleast_1d(np.asarray(p.tie(values), dtype=float))
        # a scalar mass that comes out negative is an unphysical point, not a mistake
        if p.name in (*SCALARS, "m_S") and np.isfinite(value).all():
            return value
        return self._checked(p.name, value)

    def _checked(self, name: str, value: ArrayLike) -> Array:
        """Return a value as an array after the domain of its parameter."""
        info = self.parameter(name).info
        try:
            x = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            raise PointError(f"{name} = {value!r} is not a number") from None
        if x.ndim == 0:
            x = x.reshape(1)
        if x.ndim != 1 or not len(x):
            raise PointError(f"{name} has shape {x.shape}: give a number or a one-dimensional array")
        lower, upper = info.domain
        # NaN compares false
        least, most = (x[0], x[0]) if len(x) == 1 else (x.min(), x.max())
        inside = lower <= least and most <= upper and -np.inf < least and most < np.inf
        if not inside or (info.open_below and least == lower):
            reasons = (info.refusal(float(v)) for v in x)
            raise PointError(next(reason for reason in reasons if reason))
        return x

    @staticmethod
    def _held(compiled: Mapping[str, Parameter], name: str, value: float) -> Parameter:
        if name not in compiled:
            other = " (it belongs to another ansatz)" if name in PARAMETERS else _nearest(name, compiled)
            raise PointError(f"there is no parameter {name!r} in this fit{other}")
        reason = compiled[name].info.refusal(value)
        if reason:
            raise PointError(reason)
        return replace(compiled[name], range=None, tie=None, tied_to=(), value=value)


def _length(given: Mapping[str, Array]) -> int:
    """Return the number of points; raises PointError where the arrays do not agree."""
    lengths = {len(value) for value in given.values()} - {1}
    if len(lengths) > 1:
        sizes = ", ".join(f"{name} {len(value)}" for name, value in given.items())
        raise PointError(f"points of unequal length: {sizes}")
    return lengths.pop() if lengths else 1


def _loop_masses(parameters: Iterable[Parameter]) -> tuple[float, float] | None:
    """Return the range of masses that the loop integral meets, from the parameters' ranges.

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
    light = lightest - split if lightest > split else lightest / 10
    heavy = max(max(e[1] for e in scalars) + split, sum(max(abs(e[0]), abs(e[1])) for e in fermions))
    return max(light, 1e-6), heavy


def _nearest(name: str, names: Iterable[Any]) -> str:
    near = get_close_matches(name, [str(n) for n in names], n=1, cutoff=0.5)
    return f" (did you mean {near[0]!r}?)" if near else f" (there are: {', '.join(map(str, names))})"
