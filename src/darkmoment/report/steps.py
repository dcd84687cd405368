"""Waterfalls: the largest value step by step, what took the one before away, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from darkmoment.inference.beside import ALLOWS
from darkmoment.report import certificate
from darkmoment.report.gallery import figure_of
from darkmoment.report.markup import Html, join, number_html, section, table, tag
from darkmoment.report.names import Names, unit_html
from darkmoment.report.tex import label_html
from darkmoment.saved import SavedRun, SavedTable

COUNTED = "Δχ² counted from the Standard Model, each term by itself and only upwards"
_COLUMNS = {"variant", "ratio", "killed_by", "killed_because", "status"}
_HELD = 1.01


def is_steps(saved: SavedTable) -> bool:
    """Return whether a table is that of a waterfall."""
    return saved.task == "waterfall" and {*_COLUMNS, _largest(saved)} <= set(saved.table)


def _largest(saved: SavedTable) -> str:
    return f"{saved.about.get('quantity')}_max"


def level_of(saved: SavedTable) -> float:
    """Return the confidence level."""
    return float(saved.about.get("level") or 0.90)


def rows_of(saved: SavedTable) -> list[Mapping[Any, Any]]:
    """Return the steps in their order."""
    found: list[Mapping[Any, Any]] = saved.table.to_dict("records")  # type: ignore[assignment]
    return found


def step_section(run: SavedRun, names: Names) -> Html:
    """Return every waterfall: its question, its steps in words, and its figure."""
    found = [saved for saved in run.tables.values() if is_steps(saved)]
    parts = [part for saved in found for part in _told(run, saved, names)]
    return section("steps", "Step by step", *parts)


def _told(run: SavedRun, saved: SavedTable, names: Names) -> Iterator[Html]:
    quantity = str(saved.about.get("quantity"))
    symbol, rows = names.html(quantity), rows_of(saved)
    # what is seen beside is known for the experiments that look for the quantity itself
    seen = any(_beside(row, quantity) for row in rows)
    unit = unit_html(names.units.get(quantity, ""))
    largest = Html(f"largest {symbol.text}{f' [{unit}]' if unit else ''}")
    head: list[object] = ["step", largest, "ratio", "what forbids the one before, and why"]
    head += ["certificate", *([join(["limit on ", symbol, " itself"])] if seen else [])]
    body = [_step(row, quantity, names, seen, k == 0) for k, row in enumerate(rows)]
    yield tag("h3", "What is left of the largest ", symbol, ", one step more at a time?")
    yield tag("p", f"At {level_of(saved):.0%} CL, over all ranges; {COUNTED}.", class_="hint")
    picture = figure_of(run, saved.name, names)
    steps = table(head, body, f"Largest value of each step, its ratio to the step before: {saved.name}.csv")
    yield tag("div", steps, picture or "", class_="steps")


def _step(row: Mapping[Any, Any], quantity: str, names: Names, seen: bool, first: bool) -> list[object]:
    value, ratio, status = float(row[f"{quantity}_max"]), float(row["ratio"]), str(row["status"])
    words, kind = certificate.BADGES.get(status, (status, ""))
    cells: list[object] = [
        Html(label_html(str(row["variant"]))),
        number_html(value) if value == value else "no allowed point",
        "" if first else number_html(ratio, 3),
        "" if first else _why(row, names),
        tag("span", words, class_=f"badge {kind}"),
    ]
    return [*cells, *([_nearest(_beside(row, quantity), value, quantity, names)] if seen else [])]


def _why(row: Mapping[Any, Any], names: Names) -> Html:
    who, because = (str(row[column] or "").replace("nan", "") for column in ("killed_by", "killed_because"))
    if not who:
        return names.sentence(because)
    said = tag("small", ": ", names.sentence(because)) if because else ""
    return join([tag("b", names.experiment(who)), said])


def _beside(row: Mapping[Any, Any], quantity: str) -> dict[str, float]:
    """Return the limits on the quantity itself at the point of a step: experiment -> value."""
    return {
        name[len(quantity) + 1 : -len(ALLOWS)]: float(limit)
        for name, limit in row.items()
        if name.startswith(f"{quantity}_")
        and name.endswith(ALLOWS)
        and isinstance(limit, float)
        and limit > 0
    }


def _nearest(limits: Mapping[str, float], value: float, quantity: str, names: Names) -> Html:
    """Say the lowest of these limits, and how far above the largest value it lies."""
    if not limits:
        return Html("")
    lowest = min(limits, key=lambda name: limits[name])
    factor = float(f"{limits[lowest] / value:.3g}") if value > 0 else float("nan")
    far = join([" (", number_html(factor, 3), " times)"]) if factor >= _HELD else " (holds it there)"
    whose = tag("small", names.experiment(lowest), far if factor == factor else "")
    return join([names.with_unit(limits[lowest], quantity, 3), " ", whose])


def sentence(saved: SavedTable, names: Names) -> Html:
    """Say where a waterfall begins and where it ends."""
    quantity, rows = str(saved.about.get("quantity")), rows_of(saved)
    ends = [join(_end(row, quantity, names)) for row in (rows[0], rows[-1])]
    begin = join([f"At {level_of(saved):.0%} CL the largest ", names.html(quantity), " goes from "])
    return join([begin, ends[0], " to ", ends[1], f" in {len(rows)} steps; {COUNTED}"])


def _end(row: Mapping[Any, Any], quantity: str, names: Names) -> Iterator[object]:
    value = float(row[f"{quantity}_max"])
    yield tag("strong", names.with_unit(value, quantity)) if value == value else "nothing"
    yield join([" (", Html(label_html(str(row["variant"]))), ")"])


def worst(saved: SavedTable) -> str:
    """Return the least certain status of all steps."""
    return certificate.worst([str(status) for status in saved.table["status"]])
