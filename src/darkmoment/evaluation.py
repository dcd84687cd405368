"""Everything a fit says of given points, as tables and as the JSON object of `darkmoment evaluate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from darkmoment.experiments import Likelihood
from darkmoment.gathering import without_numbers
from darkmoment.parameters import PERTURBATIVE, Array
from darkmoment.perturbativity import breaking_note
from darkmoment.results.result import Result, drawable, headed, labels_of
from darkmoment.unphysical import unphysical_note

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from darkmoment.fit import Fit, Points
    from darkmoment.survey import Survey


_SHOWN = ("mu_eff_muB", "BR_mu_e_gamma")
"""Observables that are shown first."""


@dataclass(frozen=True, repr=False, eq=False)
class Evaluation(Result):
    """What a fit says of n points.

    Attributes
    ----------
    points : DataFrame (n rows)
        Every parameter, in its unit.
    observables : DataFrame (n rows)
        Every reported observable; columns carry name and unit as in JSON.
    chi2 : DataFrame (n rows)
        -2 ln(L/L_best) of each term.
    out_of_range : list of list of str
        Per point, the experiments that say nothing there.
    notes : list of list of str
        Per point, what a reader should know.
    from_derived : list of str
        With printed formulas, the observables that the paper prints none for.
    data : str
        Where the data come from: ``observed``, or where Asimov data are made.
    fit : Fit or None
        The fit that was asked.
    slips : dict of str to str
        Parameters all of whose values look as if they were in another unit, and why.

    Examples
    --------
    >>> from darkmoment import Fit
    >>> Fit.load("paper").evaluate({"epsilon": [1e-6, 1e-5, 1e-3], "y": 0.09})
    Evaluation: corrected, $g_D = 0.5$: 3 points, total chi2 from 0 to inf, 1 of them excluded by a hard limit
     epsilon  mu_eff_muB  BR_mu_e_gamma  total_chi2
       1e-06   8.581e-16      9.116e-14           0
       1e-05   8.581e-15      9.116e-14           0
       0.001   8.581e-13      9.116e-14         inf
    warning: 1 of 3 points: na64: chi2 is infinite, 8.34... times its hard limit
    """

    points: pd.DataFrame
    observables: pd.DataFrame
    chi2: pd.DataFrame
    out_of_range: list[list[str]]
    notes: list[list[str]]
    from_derived: list[str]
    data: str = "observed"
    fit: Fit | None = None
    slips: dict[str, str] = field(default_factory=dict)

    @property
    def total_chi2(self) -> Array:
        """Row sums of chi2, shape (n,)."""
        return self.chi2.to_numpy().sum(axis=1)

    @property
    def answer(self) -> str:
        """The total chi2 in a sentence."""
        total = self.total_chi2
        if len(total) == 1:
            term = str(self.chi2.columns[int(np.argmax(self.chi2.to_numpy()[0]))]) if total[0] > 0 else ""
            of = f", most of it {term} ({self.chi2[term].iloc[0]:.4g})" if term else ""
            return headed(self.fit, f"total chi2 = {total[0]:.4g}{of}")
        broken = int(np.isinf(total).sum())
        rest = f", {broken} of them excluded by a hard limit" if broken else ""
        return headed(
            self.fit, f"{len(total)} points, total chi2 from {total.min():.4g} to {total.max():.4g}{rest}"
        )

    @property
    def warnings(self) -> list[str]:
        """Notes of all points, each once up to its numbers, with the number of points it is about."""
        n = len(self.points)
        silent = [
            [
                f"{name} says nothing here"
                for name in names
                if not any(note.startswith(f"{name} says") for note in own)
            ]
            for names, own in zip(self.out_of_range, self.notes, strict=True)
        ]
        said: dict[str, list[str]] = {}
        for row in (*self.notes, *silent):
            for note in row:
                if note.partition(" = ")[0] not in self.slips:
                    said.setdefault(without_numbers(note), []).append(note)
        found = [*self.slips.values(), *(_counted(notes, n) for notes in said.values())]
        if self.from_derived:
            found.append(f"without a printed formula, so derived: {', '.join(self.from_derived)}")
        return found

    def brief(self) -> pd.DataFrame:
        """Return what varies, the moment, mu -> e gamma and the total chi2."""
        varied = [str(name) for name, values in self.points.items() if (values != values.iloc[0]).any()]
        shown = [name for name in _SHOWN if name in self.observables]
        table = pd.concat([self.points[varied], self.observables[shown]], axis=1)
        return table.assign(total_chi2=self.total_chi2)

    def plot(self, row: int = 0, title: str | None = None) -> Figure:
        """Draw chi2 of each term at one point.

        Parameters
        ----------
        row : int
            Which point.
        title : str, optional
            Printed above the axes; the fit's own where left out.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from darkmoment.plots.terms import terms_figure

        fit, _ = drawable(self.fit)
        self._check_row(row)
        chi2 = {str(name): float(value) for name, value in self.chi2.iloc[row].items()}
        return terms_figure(chi2, fit.title if title is None else title, labels_of(fit))

    def json(self, row: int = 0) -> dict[str, Any]:
        """Return one point as a JSON object: finite numbers, an infinite chi2 as the text 'inf'."""
        self._check_row(row)
        made = {} if self.data == "observed" else {"data": self.data}
        return {
            **made,
            "point": _numbers(self.points.iloc[row].to_dict()),
            "observables": _numbers(self.observables.iloc[row].to_dict()),
            "chi2": _numbers(self.chi2.iloc[row].to_dict()),
            "total_chi2": _number(float(self.total_chi2[row])),
            "out_of_range": self.out_of_range[row],
            "notes": self.notes[row],
            "from_derived": self.from_derived,
        }

    def _check_row(self, row: int) -> None:
        n = len(self.points)
        if isinstance(row, bool) or not isinstance(row, Integral) or not -n <= row < n:
            there = "is one point, 0" if n == 1 else f"are {n} points, 0 to {n - 1}"
            raise ValueError(f"row = {row!r}: there {there}")

    @property
    def table(self) -> pd.DataFrame:
        """Points, observables and chi2 side by side, one row per point."""
        chi2 = self.chi2.add_prefix("chi2_")
        table = pd.concat([self.points, self.observables, chi2], axis=1)
        table["total_chi2"] = self.total_chi2
        table["out_of_range"] = [" ".join(names) for names in self.out_of_range]
        table["notes"] = ["; ".join(notes) for notes in self.notes]
        return table


def _counted(notes: list[str], n: int) -> str:
    """Return notes of some points, equal up to their numbers, as one."""
    others = "; with other numbers at the others" if len(set(notes)) > 1 else ""
    return notes[0] if n == 1 else f"{len(notes)} of {n} points: {notes[0]}{others}"


def _number(value: float) -> float | str | None:
    if isfinite(value):
        return value
    return None if np.isnan(value) else "inf" if value > 0 else "-inf"


def _numbers(values: Mapping[Any, float]) -> dict[str, float | str | None]:
    return {str(name): _number(float(value)) for name, value in values.items()}


def evaluate(fit: Fit, points: Points) -> Evaluation:
    """Evaluate a fit at n points; see `Fit.survey` for `points`."""
    values, n = fit.complete(points)
    slips = unit_slips(fit, {name: values[name] for name in points})
    reported = fit.model.reported()
    with np.errstate(over="ignore", invalid="ignore"):
        survey = fit.survey(values, [o.name for o in reported])
    observables = {o.json_key: survey.quantities[o.name] for o in reported}
    limits, limit_notes = _limits(fit, values, survey.physical, n)
    masses = fit.model.predict(values)
    notes = []
    for row in range(n):
        found = [*limit_notes[row]]
        if fit.injected is not None:
            found.append(f"{fit.data}: chi2 compares with what is expected there, not with what was observed")
        if bad := unphysical_note(masses, row):
            found.append(bad)
        for k, name in enumerate(fit.terms):
            if survey.physical[row] and np.isinf(survey.chi2[row, k]):
                size = f"{survey.strength[row, k]:.6g} times its {'hard limit' if fit.hard[k] else 'limit'}"
                found.append(f"{name}: chi2 is infinite, {size}")
        if survey.physical[row]:
            lost = [key for key, value in observables.items() if not np.isfinite(value[row])]
            found += [f"{key} is beyond the numbers of this computer" for key in lost]
        found += _silences(fit, survey, row)
        found += _doubts(fit, values, row)
        notes.append(found)
    return Evaluation(
        pd.DataFrame({name: np.broadcast_to(values[name], (n,)) for name in fit.model.parameter_names}),
        pd.DataFrame(observables | limits),
        pd.DataFrame(survey.chi2, columns=list(fit.terms)),
        [[t for k, t in enumerate(fit.terms) if not survey.covered[row, k]] for row in range(n)],
        notes,
        fit.model.from_derived(),
        fit.data,
        fit,
        slips,
    )


def unit_slips(fit: Fit, points: Mapping[str, Array]) -> dict[str, str]:
    """Return the parameters all of whose values look as if they were in another unit, and why."""
    said = {name: fit.parameter(name).info.column_slip(column) for name, column in points.items()}
    return {name: text for name, text in said.items() if text}


def _at(x: Array, row: int) -> float:
    return float(x[0] if len(x) == 1 else x[row])


def _limits(
    fit: Fit, values: Mapping[str, Array], physical: np.ndarray, n: int
) -> tuple[dict[str, Array], list[list[str]]]:
    """Return the limit on mu_eff (mu_B) of each experiment that has one, and a note where it has none."""
    found: dict[str, Array] = {}
    notes: list[list[str]] = [[] for _ in range(n)]
    p = fit.model.predict(values)
    for name, experiment in fit.experiments.items():
        if experiment.limits == "mu_eff":
            limit = np.array(np.broadcast_to(experiment.limit(p), (n,)), dtype=float)
            found[f"{name}_limit_muB"] = limit
            for row in np.flatnonzero(~np.isfinite(limit)):
                notes[row].append(f"{name} has no limit here")
    return found, notes


def _silences(fit: Fit, survey: Survey, row: int) -> list[str]:
    """Return why experiments say nothing at a physical point, where it is for more than their range."""
    return [
        f"{name} says nothing here: {experiment.silence}"
        for k, (name, experiment) in enumerate(fit.experiments.items())
        if survey.physical[row] and not survey.covered[row, k] and experiment.silence != Likelihood.silence
    ]


def _doubts(fit: Fit, values: Mapping[str, Array], row: int) -> list[str]:
    """Return the warnings about values that look like slips or lie outside perturbativity."""
    found = []
    for name in fit.model.parameter_names:
        doubt = fit.parameter(name).info.doubt(_at(values[name], row))
        if doubt:
            found.append(doubt)
    if fit.spec.flavour == "single_y":
        norm = 2**0.25 * _at(values["y"], row)
        if norm > PERTURBATIVE >= _at(values["y"], row):
            found.append(f"y_e = y_mu = {norm:.4g}: not perturbative above sqrt(4 pi)")
    if note := breaking_note(*(_at(values[name], row) for name in ("m_dark_photon", "g_D", "m_majorana"))):
        found.append(note)
    return found
