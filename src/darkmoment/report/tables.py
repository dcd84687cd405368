"""Every table of the run directory, known or not: the first rows, and where the rest is."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from darkmoment.report.future import is_future
from darkmoment.report.markup import Html, details, join, number_html, section, table, tag
from darkmoment.report.names import Names, unit_html
from darkmoment.report.steps import is_steps
from darkmoment.report.tex import label_html, label_text
from darkmoment.saved import SavedRun, SavedTable
from darkmoment.tasks.summary import CERTIFIED, STATUS

ROWS = 40
"""Rows of a table that are shown."""

_LONG = 30

_DRAWN = ("maximise", "compare", "leave_one_out", "compare_conventions", "profile", "recast", "sample")
"""Tasks whose tables are looked things up in: the page draws them."""


def summary_section(run: SavedRun, names: Names) -> Html:
    """Return the limits over all ranges, and tables that are answers by themselves."""
    parts = []
    for saved in run.tables.values():
        if saved.stem == "summary" and "side" in saved.table:
            for side, words in (
                ("upper", "Upper limits over all ranges"),
                ("central", "Posterior of the parameters"),
            ):
                parts.append(_limits(run, saved.table[saved.table["side"] == side], names, words))
        elif _an_answer(saved):
            shown = saved.table.dropna(axis=1, how="all")
            parts.append(_frame(shown, names, _caption(run, saved), len(shown)))
    return section("summary", "Summary", *parts)


def _an_answer(saved: SavedTable) -> bool:
    """Return whether a table is short and says something that is drawn nowhere."""
    drawn = saved.task in _DRAWN or is_future(saved) or is_steps(saved)
    return not drawn and len(saved.table) <= ROWS and not (saved.slug and saved.stem == "summary")


def _limits(run: SavedRun, rows: pd.DataFrame, names: Names, caption: str) -> Html:
    """Return rows of the summary; columns are methods and levels."""
    rows = rows.dropna(axis=1, how="all")
    columns = [c for c in rows if c not in ("variant", "name", "unit", "side", STATUS)]
    many = len(run.slugs) > 1 and "variant" in rows
    head = [*(["variant"] if many else []), "quantity", *(_method(str(c)) for c in columns)]
    body = [
        [
            *([Html(label_html(str(row["variant"])))] if many else []),
            Html(f"{names.html(str(row['name'])).text} <small>{unit_html(str(row['unit']))}</small>"),
            *(_limit(row, str(c)) for c in columns),
        ]
        for row in rows.to_dict("records")
    ]
    return table(head, body, caption)


def _limit(row: Mapping[Any, Any], column: str) -> object:
    """Return a number of the summary; what two searches did not agree on is called so."""
    if not column.startswith("profile") or row.get(STATUS, "") in ("", *CERTIFIED):
        return row[column]
    return join([number_html(float(row[column]), 4), tag("small", " not certified")])


def _method(column: str) -> str:
    """Return the heading of a column: 'profile 90%', 'posterior 90% low'."""
    words = ["best fit" if w == "best" else f"{w}%" if w.isdigit() else w for w in column.split("_")]
    return " ".join(words)


def table_section(run: SavedRun, names: Names) -> Html:
    """Return all tables, folded."""
    parts = [_known(run, saved, names) for saved in run.tables.values()]
    parts += list(_loose(run, names))
    return section("tables", "Tables", *parts)


def _known(run: SavedRun, saved: SavedTable, names: Names) -> Html:
    shown = saved.table.head(ROWS)
    count, columns = len(saved.table), len(saved.table.columns)
    size = f" {count} rows, {columns} columns" + (f"; the first {ROWS} here" if count > ROWS else "")
    heading = Html(f"{tag('code', f'{saved.name}.csv').text}<small>{size}</small>")
    return details(heading, _frame(shown, names, _caption(run, saved), ROWS))


def _caption(run: SavedRun, saved: SavedTable) -> str:
    task = saved.task.replace("_", " ") or "table"
    label = label_text(run.label(saved.slug)) if saved.slug else ""
    return f"{task}{f', {label}' if label else ''}: {saved.name}.csv"


def _frame(shown: pd.DataFrame, names: Names, caption: str, rows: int) -> Html:
    head = [tag("span", str(c), title=names.text(str(c))) for c in shown]
    body = [[_cell(value) for value in row] for row in shown.head(rows).itertuples(index=False, name=None)]
    return table(head, body, caption, row_heads=False)


def _cell(value: object) -> object:
    if isinstance(value, float):
        return value
    text = str(value)
    shown = Html(label_html(text)) if "$" in text else text
    # sentences among numbers would be set a word a line
    return tag("span", shown, class_="long") if len(text) > _LONG else shown


def _loose(run: SavedRun, names: Names) -> Iterator[Html]:
    """Show CSV files that have no description beside them: samples, or tables cut off half way."""
    known = {run.path / f"{name}.csv" for name in run.tables}
    for file in run.files("*.csv"):
        if file not in known:
            shown = file.relative_to(run.path).as_posix()
            rows, count = _head(file)
            size = f" {count} rows" + (f"; the first {len(rows) - 1} here" if count > len(rows) - 1 else "")
            heading = Html(f"{tag('code', shown).text}<small>{size}</small>")
            body = [[_number(cell) for cell in row] for row in rows[1:]]
            yield details(heading, table(rows[0] if rows else [], body, shown, row_heads=False))


def _head(file: Path) -> tuple[list[list[str]], int]:
    """Return the first rows of a CSV file, its heading among them, and how many rows follow the heading."""
    rows: list[list[str]] = []
    count = -1
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            for row in csv.reader(stream):
                count += 1
                if len(rows) <= ROWS // 4:
                    rows.append(row)
    except (OSError, UnicodeDecodeError, csv.Error):
        pass  # what could be read is shown
    return rows, max(count, 0)


def _number(text: str) -> object:
    try:
        return number_html(float(text))
    except ValueError:
        return text
