"""Task `errata`: what arXiv:2603.25704v1 states, what its own formula gives, and what is correct."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.tasks.context import Context, Outcome
from darkmoment.tasks.task import Option, Task

KIND = "errata"

_STATED_EPSILON = {0.01: 1e-5, 0.1: 1e-4}
"""Section 3.2: NA64 bounds on epsilon at these masses (GeV)."""

_STATED_SQRT_INNER = 0.086
_STATED_COEFFICIENT = 1e-10
_STATED_EPSILON_Y2 = 1e-6
"""Eq. (36): mu_eff < 1e-10 g_D mu_B, from epsilon y^2 = 1e-6."""


@dataclass(frozen=True)
class Row:
    """One line of the table; NaN where the paper states no number or has no formula."""

    equation: str
    what: str
    reason: str
    stated: float
    own_formula: float
    correct: float
    unit: str = ""


def _pair(fit: Fit, name: str, **point: float) -> tuple[float, float]:
    """Return an observable by the printed formulas and by the corrected ones."""
    printed, derived = (fit.using(f).predictions(point)[name] for f in ("printed", "derived"))
    return float(printed[0]), float(derived[0])


def _reference(fit: Fit, name: str) -> float:
    value = fit.parameter(name).reference
    assert value is not None  # the task objects to tied parameters before it runs
    return value


def rows(fit: Fit, flavour: str, mixing: str) -> Iterator[Row]:
    """Yield the table at the reference point of a `single_y` fit.

    Parameters
    ----------
    fit : Fit
        Its reference y, spectrum, m_E and g_D are the benchmark.
    flavour, mixing : str
        Experiments of the fit that limit BR_mu_e_gamma and epsilon.
    """
    y, g_D = _reference(fit, "y"), _reference(fit, "g_D")
    at_y = f"at y = {y:g}"
    br = _pair(fit, "BR_mu_e_gamma", y=y)
    why = "alpha/(768 pi), printed alpha/(96 pi): 8 times too large"
    yield Row("(29)", f"BR_mu_e_gamma {at_y}", why, np.nan, *br)
    limit = float(fit.experiments[flavour].limit({})[0])
    # BR goes as y^4 in both formulas, so the limit on y needs no root search
    bound = y * (limit / br[0]) ** 0.25, y * (limit / br[1]) ** 0.25
    what = f"largest sqrt|inner| for BR < {limit:.2g}"
    why = "the number does not follow from the paper's own eq. (29)"
    yield Row("(31)", what, why, _STATED_SQRT_INNER, *bound)
    why = "Yukawa loop alone: 1/(96 pi^2), printed 1/(24 pi^2)"
    yield Row("(32)", f"delta_a_mu {at_y}", why, np.nan, *_pair(fit, "delta_a_mu", y=y, epsilon=0.0))
    mu = _pair(fit, "mu_emu", y=y)
    why = "m_e/e is missing (592.6), J has the wrong numerator (1.74 here)"
    yield Row("(22)", f"mu_emu {at_y}, g_D = {g_D:g}", why, np.nan, *mu, "muB")
    what = f"mu_eff/g_D at epsilon y^2 = {_STATED_EPSILON_Y2:g}"
    per_mu = _STATED_EPSILON_Y2 / (g_D * y**2)
    why = "follows from eq. (22)"
    yield Row("(36)", what, why, _STATED_COEFFICIENT, per_mu * mu[0], per_mu * mu[1], "muB")
    curve = fit.experiments[mixing]
    for mass, stated in _STATED_EPSILON.items():
        epsilon = float(curve.limit(fit.predictions({"m_dark_photon": mass}))[0])
        what = f"{curve.label}: largest epsilon at {mass:g} GeV"
        yield Row("sect. 3.2", what, "the cited data", stated, np.nan, epsilon)
        what = f"mu_eff at both edges, {mass:g} GeV, g_D = {g_D:g}"
        why = "each with its own eq. (29) for the Yukawa"
        own, correct = (epsilon * m * (b / y) ** 2 for m, b in zip(mu, bound, strict=True))
        yield Row("(22), Fig. 7", what, why, np.nan, own, correct, "muB")


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str) -> Outcome:
    """Write the table."""
    table = pd.DataFrame([vars(row) for row in rows(fit, options["flavour"], options["mixing"])])
    table = table[["equation", "what", "unit", "stated", "own_formula", "correct", "reason"]]
    table["printed_over_correct"] = table["own_formula"] / table["correct"]
    about = {"task": KIND, "paper": "arXiv:2603.25704v1", "columns": {"stated": "the number in the text"}}
    context.directory.write_table(context.stem(slug, name), table, about)
    lines = [
        f"{row.equation} {row.what}: stated {_text(row.stated)}, its formula {_text(row.own_formula)}, "
        f"correct {_text(row.correct)} {row.unit}".rstrip()
        for row in table.itertuples()
    ]
    return Outcome(lines, result=table)


def _text(value: Any) -> str:
    return "-" if np.isnan(value) else f"{value:.4g}"


def _objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    if base.spec.flavour != "single_y":
        return f"the paper's ansatz is flavour: single_y, not {base.spec.flavour}"
    untied = [name for name in ("y", "g_D") if base.parameter(name).reference is None]
    if untied:
        return f"{' and '.join(untied)} must not be tied: the table is made at the reference point"
    for option, quantity in (("flavour", "BR_mu_e_gamma"), ("mixing", "epsilon")):
        limited = base.experiments[options[option]].limits
        if limited != quantity:
            return f"{option} needs an experiment that limits {quantity}; {options[option]} limits {limited}"
    return None


TASK = Task(
    KIND,
    "the paper's numbers beside what its formulas give and what is correct",
    (
        Option("flavour", "experiment", "experiment that limits BR_mu_e_gamma", "meg2"),
        Option("mixing", "experiment", "experiment that limits epsilon", "na64"),
    ),
    run,
    whole_file=True,
    top_level=True,
    objection=_objection,
)
