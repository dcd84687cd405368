"""``summary.tex``: the answers of a run as tables for a paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from darkmoment.exports.latex import booktabs, escape, label, number, unit
from darkmoment.report.largest import Answer, all_answers, data_of, projected
from darkmoment.report.names import Names
from darkmoment.saved import SavedRun
from darkmoment.tasks.summary import CERTIFIED, STATUS

SUMMARY = "summary.tex"

_STATUS = {"certified": "certified", "range": "leans on ranges", "uncertified": "not certified"}


def summary_tex(run: SavedRun) -> str:
    r"""Return LaTeX tables of a run: for ``\input`` into a document with booktabs.

    The same run gives the same text.
    """
    names = Names.of(run.record, run.experiments)
    name = str(run.record["name"])
    parts = (_largest, _steps, _summaries, _gains)
    tables = [table for part in parts for table in part(run, names, name)]
    version = run.record.get("versions", {}).get("darkmoment", "")
    head = [
        f"% {_comment(name)}: written by darkmoment {_comment(version)}",
        f"% digest of the inputs: {_comment(run.record.get('digest', ''))}",
        r"% \usepackage{amsmath,amssymb,booktabs} in the preamble, then \input{summary}",
    ]
    said = [] if tables else ["% this run holds no limits: its answers are in result.json"]
    return "\n".join(head + said) + "\n" + "".join(f"\n{text}\n" for text in tables)


def _comment(text: object) -> str:
    return " ".join(str(text).split())


def _symbol(names: Names, name: str) -> str:
    return f"${names.symbols[name]}$" if name in names.symbols else escape(name)


def _with_unit(names: Names, name: str) -> str:
    spelt = unit(names.units.get(name, ""))
    return f"{_symbol(names, name)} [{spelt}]" if spelt else _symbol(names, name)


def _named(run: SavedRun, variant: str) -> str:
    """Return a variant's label, with what of it has not been observed."""
    aside = ["projected"] if projected(run, variant) else []
    aside += ["Asimov data"] if data_of(run, variant) else []
    return label(variant) + (f" ({', '.join(aside)})" if aside else "")


def _largest(run: SavedRun, names: Names, name: str) -> Iterator[str]:
    """Yield a table of the largest value for each quantity, parameter and level that was asked for."""
    groups: dict[tuple[str, str, float, bool], list[Answer]] = {}
    observed_first = sorted(all_answers(run), key=lambda a: bool(data_of(run, a.variant)))
    for answer in observed_first:
        asked = answer.quantity, answer.along or "", answer.level, bool(answer.counted_from)
        groups.setdefault(asked, []).append(answer)
    for (quantity, along, level, absolute), found in groups.items():
        drawn = bool(along) and all(along in a.row for a in found)
        head = ["variant", f"largest {_with_unit(names, quantity)}"]
        head += [f"at {_with_unit(names, along)}"] if drawn else []
        rows = [
            [
                _named(run, a.variant),
                number(a.value),
                *([number(float(a.row[along]), 3)] if drawn else []),
                label(names.experiment(str(a.row.get("leading_experiment") or ""))),
                escape(_STATUS.get(str(a.row.get("status", "")), str(a.row.get("status", "")))),
            ]
            for a in found
        ]
        where = f", highest of the values of {_symbol(names, along)} asked for" if drawn else ""
        where = where if along else ", over all ranges"
        where += r"; $\Delta\chi^2$ counts from the Standard Model" if absolute else ""
        caption = f"Largest allowed {_symbol(names, quantity)} at {level * 100:.3g}\\% CL{where}."
        anchor = f"tab:{name}-largest-{quantity}" + (f"-{along}" if along else "") + f"-{level * 100:.3g}"
        anchor += "-absolute" if absolute else ""
        yield booktabs([*head, "forbids more", "status"], rows, caption, anchor)


def _steps(run: SavedRun, names: Names, name: str) -> Iterator[str]:
    """Yield a table of every waterfall: the largest value, and what forbids the one before."""
    for saved in run.of("waterfall"):
        quantity, level = str(saved.about.get("quantity")), float(saved.about.get("level") or 0.90)
        if not {"variant", "ratio", "killed_by", "status", f"{quantity}_max"} <= set(saved.table):
            continue
        rows = [
            [
                _named(run, str(row["variant"])),
                number(float(row[f"{quantity}_max"])),
                number(float(row["ratio"]), 3),
                label(names.experiment(str(row["killed_by"]))) if row["killed_by"] else "--",
                escape(_STATUS.get(str(row["status"]), str(row["status"]))),
            ]
            for row in saved.table.to_dict("records")
        ]
        symbol = _symbol(names, quantity)
        head = ["variant", f"largest {_with_unit(names, quantity)}", "ratio to the one before"]
        caption = (
            f"Largest allowed {symbol} at {level * 100:.3g}\\% CL, variant by variant; $\\Delta\\chi^2$ "
            "counts from the Standard Model, each term by itself and only upwards."
        )
        yield booktabs([*head, "forbids the one before", "status"], rows, caption, f"tab:{name}-{saved.name}")


def _summaries(run: SavedRun, names: Names, name: str) -> Iterator[str]:
    """Yield the limits over all ranges, by profile and posterior."""
    saved = run.tables.get("summary")
    if saved is None or not {"variant", "name", "side"} <= set(saved.table):
        return
    for side, words in (
        ("upper", "Upper limits over all ranges"),
        ("central", "Posterior of the parameters"),
    ):
        rows = saved.table[saved.table["side"] == side].dropna(axis=1, how="all")
        columns = [str(c).removesuffix("_low") for c in rows if not str(c).endswith("_high")]
        columns = [c for c in columns if c not in ("variant", "name", "unit", "side", STATUS)]
        if rows.empty or not columns:
            continue
        cells = [
            [
                _named(run, str(row["variant"])),
                _with_unit(names, str(row["name"])),
                *(_cell(row, c) for c in columns),
            ]
            for row in rows.to_dict("records")
        ]
        head = ["variant", "quantity", *(_method(c) for c in columns)]
        yield booktabs(head, cells, f"{words}.", f"tab:{name}-{side}")


def _cell(row: Mapping[Any, Any], column: str) -> str:
    """Return a number, or an interval."""
    if column in row:
        doubtful = column.startswith("profile") and row.get(STATUS, "") not in ("", *CERTIFIED)
        return number(float(row[column]), 3) + (" (not certified)" if doubtful else "")
    return f"{number(float(row[f'{column}_low']), 3)} to {number(float(row[f'{column}_high']), 3)}"


def _method(column: str) -> str:
    r"""Return the heading of a column: ``profile 90\%``."""
    words = [
        "best fit" if w == "best" else rf"{w}\%" if w.isdigit() else escape(w) for w in column.split("_")
    ]
    return " ".join(words)


def _gains(run: SavedRun, names: Names, name: str) -> Iterator[str]:
    for saved in run.of("compare"):
        quantity, over = str(saved.about.get("quantity")), str(saved.about.get("gain_over"))
        if not {"variant", "gain", "gain_is", f"{quantity}_max"} <= set(saved.table):
            continue
        known = pd.DataFrame(saved.table)
        rows = [
            [
                _named(run, str(row["variant"])),
                number(float(row[f"{quantity}_max"])),
                " ".join(
                    part for part in (escape(str(row["gain_is"])), number(float(row["gain"]), 3)) if part
                ),
            ]
            for row in known.to_dict("records")
        ]
        head = ["variant", f"largest {_with_unit(names, quantity)}", "gain"]
        caption = f"By what factor the largest {_symbol(names, quantity)} is lower than for {label(over)}."
        yield booktabs(head, rows, caption, f"tab:{name}-{saved.name}")
