"""A fit: parameters, a model and experiments; from points to chi2."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from darkmoment.answers import LikelihoodError
from darkmoment.asimov import as_arrays, observing
from darkmoment.examination import examine
from darkmoment.experiments import Likelihood
from darkmoment.identity import changes, contents, identity_of, rebuilt
from darkmoment.model import SCALARS, Model, Predictions, loop_masses
from darkmoment.parameters import Array, Parameter
from darkmoment.questions import Questions
from darkmoment.refusals import (
    PointError,
    checked,
    items_of,
    length_of,
    nearest,
    not_held,
    one_value,
    unknown,
)
from darkmoment.survey import BLOCK, Adjust, Survey, Surveyor

if TYPE_CHECKING:
    from darkmoment.runfile.schema import FitSpec

__all__ = ["BLOCK", "Adjust", "Fit", "LikelihoodError", "PointError", "Points", "Survey"]

Points = Mapping[str, ArrayLike]


class Fit(Questions):
    """Parameters, model and experiments of one run file (or of one of its variants).

    It is asked by `evaluate`, `maximise`, `profile`, `profile_map`, `leave_one_out`, `sample` and `best_fit`.

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
    injected : dict of str to float or None
        The point whose expectation the experiments have observed; None for what they have published.

    Examples
    --------
    >>> from darkmoment import Fit
    >>> fit = Fit.load("paper")  # a shipped fit, or the path of a run file
    >>> fit.terms, [p.name for p in fit.free]
    (('meg2', 'na64', 'borexino'), ['m_dark_photon', 'epsilon', 'y'])
    >>> fit.chi2({"epsilon": [1e-5, 1e-2]})  # a row per point, a column per experiment
    array([[ 0.,  0.,  0.],
           [ 0., inf,  0.]])
    >>> fit.without("na64").holding({"m_dark_photon": 0.1}).maximise().certified
    True
    """

    def __init__(self, spec: FitSpec, fixed: Mapping[str, float] | None = None) -> None:
        from darkmoment.runfile.compilation import compile_parameters

        if isinstance(spec, str | os.PathLike):
            raise TypeError(f"a fit is made from a run file by Fit.load({os.fspath(spec)!r})")
        self.spec = spec
        self.fixed = dict(fixed or {})
        self._pins: dict[str, float] = {}
        self._loud: Fit | None = None
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
            masses=loop_masses(self.parameters),
        )
        self.experiments: dict[str, Likelihood] = {
            name: asked.load() for name, asked in spec.experiments.items()
        }
        self.injected: Mapping[str, float] | None = spec.data.point if spec.data is not None else None
        if self.injected is not None:
            examine(self)  # a broken rule spoils Asimov data too
            # not held parameters but the run file make the data: they stay whatever is held
            p = self.model.predict(as_arrays(self.injected))
            self.experiments = {name: observing(name, e, p) for name, e in self.experiments.items()}
        self.constraints = {p.name: p.constraint for p in self.parameters if p.constraint is not None}
        self.terms = (*self.experiments, *(f"{name}_constraint" for name in self.constraints))
        hard = [e.hard for e in self.experiments.values()] + [False] * len(self.constraints)
        self.hard = np.array(hard, dtype=bool)
        self._made = contents(self)
        examine(self)

    def __repr__(self) -> str:
        free = ", ".join(p.name for p in self.free) or "nothing"
        return f"<Fit {self.name}, {self.label}: {', '.join(self.terms)}; free: {free}>"

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
            Path of a run file, or the name of a shipped fit: `paper`, `global`, `scattering`, `projections`,
            `scrutiny`.
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
        if not isinstance(variant, str) or variant not in labels:
            raise ValueError(f"{file.name} has no variant {variant!r}{nearest(str(variant), labels)}")
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
                    f"{self.name} has no experiment {name!r}{nearest(name, self.spec.experiments)}"
                )
        kept = {name: e for name, e in self.spec.experiments.items() if name not in experiments}
        return Fit(replace(self.spec, experiments=kept), self.fixed)

    def observing(self, point: Mapping[str, float]) -> Fit:
        """Return the same fit with Asimov data: every experiment observes what is expected at a point.

        Parameters
        ----------
        point : mapping of str to float
            Parameters; what is left out is at its reference.

        Raises
        ------
        PointError
            If the point has no meaning.
        ExperimentError
            If an experiment does not say what it would observe.
        """
        from darkmoment.runfile.data import asimov

        return Fit(asimov(self.spec, point), self.fixed)

    def pinned(self, held: Mapping[str, float]) -> Fit:
        """Return the same fit with parameters held; quicker than `holding`, and not checked."""
        twin = copy(self)
        twin._pins = {**self._pins, **{name: float(value) for name, value in held.items()}}
        twin.parameters = tuple(
            replace(p, range=None, value=held[p.name]) if p.name in held else p for p in self.parameters
        )
        twin._index()
        return twin

    def hushed(self) -> Fit | None:
        """Return the same fit confined to points where experiments say nothing that can fall silent.

        Those are replaced by `Likelihood.silenced`; at points this fit allows, both have the same chi2. None
        where no experiment falls silent at a value of an observable.
        """
        return self._hushed()

    def _hush(self) -> Fit | None:
        found = {name: e.silenced() for name, e in self.experiments.items()}
        silent = {name: e for name, e in found.items() if e is not None}
        if not silent or self.spec.invisible_branching == "assumed":
            return None
        twin = copy(self)
        twin._loud = self
        twin.experiments = {**self.experiments, **silent}
        twin.hard = np.array([e.hard for e in twin.experiments.values()] + [False] * len(self.constraints))
        twin._index()
        return twin

    @property
    def identity(self) -> str:
        """Digest of all that its answers depend on, besides code and data files: equal for equal fits."""
        return identity_of(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as what it is made from; the other process builds it anew."""
        loud = self._loud or self
        changed = changes(loud, loud._made) | ({"hushed": True} if self._loud else {})
        return rebuilt, (type(self), self.spec, self.fixed, self._pins, changed)

    def _index(self) -> None:
        """Lay out what follows from the parameters."""
        self._by_name = {p.name: p for p in self.parameters}
        self.free = tuple(p for p in self.parameters if p.free)
        self._tied = tuple(p for p in self.parameters if p.tie is not None)
        known = {p.name: p.reference for p in self.parameters if p.tie is None}
        self._defaults = {name: np.array([value]) for name, value in known.items() if value is not None}
        self._settled = cache(lambda: self.model.predict(self._defaults))
        self._hushed = cache(self._hush)

    @property
    def title(self) -> str:
        """Label for figures, with what is not an observation said beside it."""
        told = ["projected"] if self.projected else []
        told += ["Asimov data"] if self.injected is not None else []
        return f"{self.label} ({', '.join(told)})" if told else self.label

    @property
    def data(self) -> str:
        """Where its data come from, in words: ``observed``, ``Asimov data at reference``."""
        return "observed" if self.spec.data is None else self.spec.data.text

    @property
    def projected(self) -> bool:
        """True where an experiment has not measured yet."""
        return any(e.projected for e in self.experiments.values())

    def parameter(self, name: str) -> Parameter:
        """Return a parameter by name; raises PointError with the nearest name where there is none."""
        if name not in self._by_name:
            raise unknown(self, name, self._by_name)
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
        return self._filled({name: self._checked(name, value) for name, value in items_of(points)})

    def _filled(self, given: dict[str, Array]) -> tuple[dict[str, Array], int]:
        n = length_of(given)
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
            given = {name: self._checked(name, value) for name, value in items_of(points)}
        settled = None if self._tied else self._settled()
        # what no given parameter moves is the same at every point, and was computed once for the fit
        values, n = self._filled(given) if settled is None else (given, length_of(given))
        return Surveyor(self, settled, adjust).survey(values, n, quantities)

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

    def _tied_value(self, p: Parameter, values: Mapping[str, Array]) -> Array:
        assert p.tie is not None
        value = np.atleast_1d(np.asarray(p.tie(values), dtype=float))
        # a scalar mass that comes out negative is an unphysical point, not a mistake
        if p.name in (*SCALARS, "m_S") and np.isfinite(value).all():
            return value
        return self._checked(p.name, value)

    def _checked(self, name: str, value: ArrayLike) -> Array:
        return checked(self.parameter(name).info, value)

    @staticmethod
    def _held(compiled: Mapping[str, Parameter], name: str, value: float) -> Parameter:
        if name not in compiled:
            raise not_held(name, compiled)
        at = one_value(compiled[name].info, value)
        return replace(compiled[name], range=None, tie=None, tied_to=(), value=at)
