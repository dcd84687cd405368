"""Which fit made each row of a table, and which of its columns that fit gives again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from darkmoment.experiments import CardError, CurveError, ExperimentError
from darkmoment.fit import Fit, PointError, Survey
from darkmoment.inference.cell import ORIGINS
from darkmoment.inference.leave_one_out import NONE
from darkmoment.inference.reference import standard_model_chi2
from darkmoment.inputs import inputs_of
from darkmoment.parameters import PARAMETERS, Array
from darkmoment.runfile.recorded import spec_of
from darkmoment.saved import SavedRun, SavedTable

CANNOT = (CardError, CurveError, ExperimentError, PointError, OSError, KeyError, TypeError, ValueError)
"""What a record that is damaged, or of another version, and data files that are gone raise."""

CHI2_FLOOR = 1e-3
"""A chi2 below this is as good as none: its drift is measured against this."""

_CHI2 = "chi2_"
_TOTAL = ("chi2", "total_chi2")


@dataclass(frozen=True)
class Column:
    """A column that can be computed again.

    Attributes
    ----------
    quantity : str
        The observable it is; empty for a chi2.
    term : str
        The term of chi2; empty for the total.
    floor : float
        Size below which a difference is measured against this instead.
    standard_model : bool
        True where chi2 is that of the Standard Model, whatever the point.
    """

    name: str
    quantity: str = ""
    term: str = ""
    floor: float = 0.0
    standard_model: bool = False

    def of(self, survey: Survey, fit: Fit) -> Array:
        """Return its values in a survey, shape (n,)."""
        if self.quantity:
            return survey.quantities[self.quantity]
        chi2 = (
            np.broadcast_to(standard_model_chi2(fit), survey.chi2.shape)
            if self.standard_model
            else survey.chi2
        )
        return chi2[:, fit.terms.index(self.term)] if self.term else chi2.sum(axis=1)


def fits_of(run: SavedRun) -> tuple[dict[str, Fit], list[str]]:
    """Return the fits of a record, slug -> fit, the file's top level under '' as well, and what failed."""
    described = dict(run.record["fits"])
    if "base" in run.record:
        described.setdefault("", run.record["base"])
    fits: dict[str, Fit] = {}
    failures: list[str] = []
    for slug, resolved in described.items():
        try:
            spec = spec_of(resolved, slug, inputs_of(run.path, slug))
            held = {k: v for k, v in run.record.get("fixed", {}).items() if k in spec.parameters}
            fits[slug] = Fit(spec, held)
        except CANNOT as error:
            failures.append(f"fit {slug or run.record['name']} cannot be built again: {reason(error)}")
    return fits, failures


def reason(error: Exception) -> str:
    """Return what an error says; where it names no more than a key, that this is missing."""
    return f"{error} is missing" if isinstance(error, KeyError) and " " not in str(error) else str(error)


def columns_of(fit: Fit, table: pd.DataFrame) -> list[Column]:
    """Return the columns of a table that a fit gives at the points of its rows."""
    found = []
    for column in map(str, table):
        if column.startswith(_CHI2) and column[len(_CHI2) :] in fit.terms:
            found.append(Column(column, term=column[len(_CHI2) :], floor=CHI2_FLOOR))
        elif column in _TOTAL:
            found.append(Column(column, floor=CHI2_FLOOR))
        elif (term := _of_standard_model(column)) is not None and term in ("", *fit.terms):
            found.append(Column(column, term=term, floor=CHI2_FLOOR, standard_model=True))
        elif (name := column.removesuffix("_max")) in fit.model.table and name not in PARAMETERS:
            found.append(Column(column, quantity=name))
    return found


def _of_standard_model(column: str) -> str | None:
    """Return the term whose chi2 in the Standard Model a column holds, '' for the total; None for others."""
    ending = ORIGINS["standard_model"]
    if column == f"{_CHI2}{ending}":
        return ""
    at = f"_at_{ending}"
    return column[len(_CHI2) : -len(at)] if column.startswith(_CHI2) and column.endswith(at) else None


def fits_of_rows(
    run: SavedRun, saved: SavedTable, fits: Mapping[str, Fit]
) -> Iterator[tuple[Fit, np.ndarray]]:
    """Yield each fit that made rows of a table, with the numbers of those rows.

    Raises
    ------
    KeyError
        If a fit could not be built again.
    """
    table, every = saved.table, np.arange(len(saved.table))
    if "variant" in table:
        by_label = {run.label(slug): slug for slug in run.slugs}
        for label in table["variant"].unique():
            if label not in by_label:
                raise KeyError(f"variant {label!r}, which the record does not know")
            rows = every[(table["variant"] == label).to_numpy()]
            yield from _changed(saved, fits[by_label[label]], rows)
    elif saved.slug in fits:
        yield from _changed(saved, fits[saved.slug], every)


def _changed(saved: SavedTable, fit: Fit, rows: np.ndarray) -> Iterator[tuple[Fit, np.ndarray]]:
    """Yield the fit with each experiment left out, or in each convention, where the table says so."""
    table = saved.table
    if "without" in table:
        for name in table["without"].iloc[rows].unique():
            kept = rows[(table["without"].iloc[rows] == name).to_numpy()]
            yield (fit if name == NONE else fit.without(name)), kept
    elif "convention" in table and "shapes" in saved.about:
        for name in table["convention"].iloc[rows].unique():
            kept = rows[(table["convention"].iloc[rows] == name).to_numpy()]
            yield _shaped(fit, saved.about["shapes"][name]), kept
    else:
        yield fit, rows


def _shaped(fit: Fit, shapes: Mapping[str, str]) -> Fit:
    asked = {name: replace(e, shape=shapes[name]) for name, e in fit.spec.experiments.items()}
    return Fit(replace(fit.spec, experiments=asked), fit.fixed)
