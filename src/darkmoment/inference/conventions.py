"""One question asked with every shape: how far an answer rests on how published limits become likelihoods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from darkmoment.experiments.shapes import shapes_of
from darkmoment.fit import Fit
from darkmoment.inference.crew import Crew
from darkmoment.inference.maximise import STARTS, Maximum, maximise

AS_IT_IS = "as_it_is"
"""The fit with the shapes its run file gives."""

DEFAULT = "half_gaussian"
"""The convention in which every dataset has its default shape."""

CONVENTIONS = (AS_IT_IS, DEFAULT, "limit_and_sensitivity", "counting", "step")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Conventions:
    """Result of `compare_conventions`.

    Attributes
    ----------
    table : DataFrame
        One row per convention and value of `along`: `convention`, `ratio_to_default` (to the answer where
        every dataset has its default shape) and the columns of `maximise`.
    shapes : dict of str to dict
        Convention -> experiment -> the shape it had.
    warnings : list of str
        What a reader has to know, with the convention it belongs to.
    """

    quantity: str
    along: str | None
    level: float
    table: pd.DataFrame
    shapes: Mapping[str, Mapping[str, str]]
    warnings: list[str]

    @property
    def certified(self) -> bool:
        """True where every answer is certified, or certified but range-driven."""
        return bool(self.table["status"].isin(["certified", "range"]).all())

    @property
    def spread(self) -> pd.DataFrame:
        """The smallest and the largest answer and their ratio, one row per value of `along`.

        Columns: the along parameter, `smallest`, `largest`, `spread`; NaN where nothing was found.
        """
        return spread_of(self.table, self.quantity, self.along)


def spread_of(table: pd.DataFrame, quantity: str, along: str | None) -> pd.DataFrame:
    """Return `Conventions.spread` of a table."""
    values = table[f"{quantity}_max"]
    every = table[along] if along else pd.Series(0, index=table.index)
    groups = values.groupby(every, sort=False)
    found = pd.DataFrame({"smallest": groups.min(), "largest": groups.max()})
    # two zeros differ by nothing
    found["spread"] = np.where(
        found["largest"] == found["smallest"],
        np.where(found["largest"].isna(), np.nan, 1.0),
        found["largest"] / found["smallest"].where(found["smallest"] > 0),
    )
    return found.reset_index() if along else found.reset_index(drop=True)


def reshaped(fit: Fit, shape: str) -> Fit:
    """Return the same fit with a shape wherever a dataset has the numbers for it, else its default."""
    asked = {
        name: replace(
            fit.spec.experiments[name], shape=shape if shape in shapes_of(experiment.dataset) else None
        )
        for name, experiment in fit.experiments.items()
    }
    return Fit(replace(fit.spec, experiments=asked), fit.fixed)


def compare_conventions(
    fit: Fit,
    quantity: str = "mu_eff",
    along: str | None = None,
    points: int | Sequence[float] = 20,
    level: float = 0.90,
    starts: int = STARTS,
    seed: int = 1,
    progress: Progress | None = None,
    crew: Crew | None = None,
) -> Conventions:
    """Find the largest allowed value of a quantity with every shape in turn, and with the fit as it is.

    An experiment whose dataset lacks the numbers for a shape keeps the dataset's default shape. Conventions
    that give all experiments the same shapes share one search.

    Parameters
    ----------
    fit : Fit
        The fit.
    quantity, along, points, level, starts, seed, crew
        As for `maximise`, which is asked once per convention.
    progress : callable, optional
        Called with (done, total) over all conventions.

    Raises
    ------
    ValueError
        As for `maximise`.
    """
    fits = {name: fit if name == AS_IT_IS else reshaped(fit, name) for name in CONVENTIONS}
    shapes = {name: {e: x.shape.name for e, x in f.experiments.items()} for name, f in fits.items()}
    same = {name: next(n for n in CONVENTIONS if shapes[n] == shapes[name]) for name in CONVENTIONS}
    different = list(dict.fromkeys(same.values()))
    answers: dict[str, Maximum] = {}
    for i, name in enumerate(different):

        def report(done: int, total: int, before: int = i) -> None:
            if progress:
                progress(before * total + done, len(different) * total)

        answers[name] = maximise(fits[name], quantity, along, points, level, starts, seed, report, crew=crew)
    default = answers[same[DEFAULT]].table[f"{quantity}_max"].to_numpy()
    tables = []
    for name in CONVENTIONS:
        table = answers[same[name]].table.copy()
        at = int(along is not None)
        table.insert(0, "convention", name)
        value = table[f"{quantity}_max"].to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(value == default, 1.0, value / default)
        table.insert(2 + at, "ratio_to_default", np.where(np.isnan(value), np.nan, ratio))
        tables.append(table)
    return Conventions(
        quantity,
        along,
        level,
        pd.concat(tables, ignore_index=True),
        shapes,
        _said({name: answers[same[name]].warnings for name in CONVENTIONS}),
    )


def _said(warnings: Mapping[str, Sequence[str]]) -> list[str]:
    """Return each warning once, with the conventions it belongs to."""
    owners: dict[str, list[str]] = {}
    for name, texts in warnings.items():
        for text in texts:
            owners.setdefault(text, []).append(name)
    every = len(warnings)
    return [
        f"{'every shape' if len(names) == every else ', '.join(names)}: {text}"
        for text, names in owners.items()
    ]
