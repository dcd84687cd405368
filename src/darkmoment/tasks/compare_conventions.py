"""Task `compare_conventions`: one question with every shape, and how far the answers lie apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.conventions import AS_IT_IS, CONVENTIONS, compare_conventions, spread_of
from darkmoment.inference.maximise import STARTS
from darkmoment.overlays import OVERLAY, overlays_of
from darkmoment.tasks import edges
from darkmoment.tasks import maximise as maximise_task
from darkmoment.tasks.context import Context, Outcome, axis
from darkmoment.tasks.task import Option, Task
from darkmoment.tasks.windows import missing_overlays

KIND = "compare_conventions"
_FEW = 5
"""Values of `along` up to which every single answer is printed."""


def run(context: Context, fit: Fit, slug: str, options: Mapping[str, Any], name: str) -> Outcome:
    """Ask with every shape, write table and figure, and print the answers side by side."""
    from darkmoment.plots.conventions import conventions_figure
    from darkmoment.plots.style import save

    stem = context.stem(slug, name)
    done = context.directory.read_table(stem)
    if done is None:
        with context.progress(f"{fit.label}: {options['quantity']} with every shape") as progress:
            table, about = ask(fit, options, context.seed, progress, context.crew)
    else:
        table, about = done
    if context.draws(done):
        along = options["along"]
        figure = conventions_figure(
            table,
            axis(fit, options["quantity"]),
            axis(fit, along) if along else None,
            options["level"],
            fit.title,
            overlays_of(options),
        )
        save(figure, context.directory.file(stem))
    if done is None:
        context.directory.write_table(stem, table, about)
    context.results[slug, KIND, name] = table
    warnings = about["warnings"] + missing_overlays([fit], options)
    return Outcome(lines(table, about), warnings, certified(table), table)


def ask(
    fit: Fit, options: Mapping[str, Any], seed: int, progress: Any = None, crew: Any = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the table, and what is written beside it."""
    quantity, along, level = options["quantity"], options["along"], options["level"]
    points = edges.values_along([fit], fit, options)
    found = compare_conventions(fit, quantity, along, points, level, options["starts"], seed, progress, crew)
    units = {name: fit.parameter(name).unit for name in fit.model.parameter_names}
    about = {
        "task": KIND,
        "fit": fit.name,
        "variant": fit.label,
        "quantity": quantity,
        "along": along,
        "level": level,
        "units": units | {f"{quantity}_max": axis(fit, quantity).unit},
        "shapes": {name: dict(shapes) for name, shapes in found.shapes.items()},
        "spread": found.spread.to_dict("records"),
        "experiments": {name: e.label for name, e in fit.experiments.items()},
        "references": {name: list(e.dataset.arxiv) for name, e in fit.experiments.items()},
        "data": fit.data,
        "warnings": [f"{fit.label}: {w}" for w in found.warnings],
    }
    return found.table, about


def certified(table: pd.DataFrame) -> bool:
    """Return True where every answer is certified, or certified but range-driven."""
    return bool(table["status"].isin(["certified", "range"]).all())


def lines(table: pd.DataFrame, about: Mapping[str, Any]) -> list[str]:
    """Return the answers as a table to read on a terminal, the spread, and who could not take a shape."""
    quantity, along = about["quantity"], about["along"]
    unit = about["units"][f"{quantity}_max"]
    many = along is not None and len(set(table[along])) > _FEW
    shown = _summarised(table, quantity, str(along)) if many else _listed(table, quantity, along)
    heading = f"{about['variant']}: largest {quantity}{f' [{unit}]' if unit else ''} with every shape"
    text = [f"{heading} ({about['level']:.0%} CL)"]
    text += [f"  {line}" for line in shown.to_string(index=False).splitlines()]
    spread = spread_of(table, quantity, along)
    if many:
        low, high = spread["spread"].min(), spread["spread"].max()
        text.append(f"  largest/smallest: {low:.3f} to {high:.3f} along {along}")
    else:
        for row in spread.to_dict("records"):
            where = (
                f" at {along} = {row[along]:.4g} {about['units'].get(along, '')}".rstrip() if along else ""
            )
            text.append(f"  largest/smallest{where}: {row['spread']:.3f}")
    return text + [f"  {line}" for line in _kept(about["shapes"])]


def _listed(table: pd.DataFrame, quantity: str, along: str | None) -> pd.DataFrame:
    """Return every answer, one value of `along` after the other."""
    shown = pd.DataFrame(
        {
            **({along: [f"{x:.4g}" for x in table[along]]} if along else {}),
            "shape": [name.replace("_", " ") if name == AS_IT_IS else name for name in table["convention"]],
            f"largest {quantity}": [f"{x:.4g}" for x in table[f"{quantity}_max"]],
            "ratio to default": [f"{x:.3f}" for x in table["ratio_to_default"]],
            "leading experiment": table["leading_experiment"],
            "status": table["status"],
        }
    )
    if along is None:
        return shown
    order = {x: i for i, x in enumerate(table[along].unique())}
    return shown.iloc[sorted(range(len(table)), key=lambda row: order[table[along].iloc[row]])]


def _summarised(table: pd.DataFrame, quantity: str, along: str) -> pd.DataFrame:
    """Return one row per shape: its highest answer and where, and between what its ratios lie."""
    rows = []
    for name in CONVENTIONS:
        part = table[table["convention"] == name]
        known = part.dropna(subset=[f"{quantity}_max"])
        ratio = known["ratio_to_default"]
        top = known.iloc[int(known[f"{quantity}_max"].argmax())] if len(known) else None
        states = part["status"].value_counts()
        rows.append(
            {
                "shape": name.replace("_", " ") if name == AS_IT_IS else name,
                f"highest {quantity}": "-" if top is None else f"{top[f'{quantity}_max']:.4g}",
                f"at {along}": "-" if top is None else f"{top[along]:.4g}",
                "ratio to default": f"{ratio.min():.3f} .. {ratio.max():.3f}" if len(known) else "-",
                "status": ", ".join(f"{count} {state}" for state, count in states.items()),
            }
        )
    return pd.DataFrame(rows)


def _kept(shapes: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Say for each shape which experiments took it, and what the others kept."""
    found = []
    for name in CONVENTIONS:
        taken = [e for e, shape in shapes[name].items() if shape == name]
        kept: dict[str, list[str]] = {}
        for experiment, shape in shapes[name].items():
            if shape != name:
                kept.setdefault(shape, []).append(experiment)
        others = "; ".join(f"{shape} of {', '.join(names)}" for shape, names in kept.items())
        if name == AS_IT_IS:
            found.append(f"as it is: {others}")
        elif kept:
            who = f"taken by {', '.join(taken)}" if taken else "no dataset has the numbers"
            found.append(f"{name}: {who}; default kept: {others}")
    return found


TASK = Task(
    KIND,
    "the largest allowed value with every shape in turn, and the spread",
    (
        Option("quantity", "quantity", "observable to maximise", "mu_eff"),
        Option("along", "axis", "free parameter to draw the answer along; none for the overall maximum"),
        Option("points", "integer", "number of values of `along`", 20, minimum=1),
        edges.AT,
        Option("level", "level", "confidence level", 0.90),
        Option("starts", "integer", "starts of each of the two searches, per value", STARTS, minimum=1),
        OVERLAY,
    ),
    run,
    objection=maximise_task.objection,
)
