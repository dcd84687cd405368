"""Tables of a run as a submission to HEPData."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
import pandas as pd

from darkmoment.exports import ExportError
from darkmoment.report.names import Names
from darkmoment.saved import SavedRun, SavedTable

_DIGITS = 10
_MISSING = "-"
"""What HEPData prints where there is no number."""

_LONGEST = 64
"""Characters of a table's name."""

_SPLITS = ("variant", "without", "convention")
_WORDS = {
    "maximise": "Largest allowed value of {quantity} along {along}",
    "compare": "Largest allowed value of {quantity} along {along}, variant by variant",
    "leave_one_out": "Largest allowed value of {quantity} along {along} without each experiment",
    "compare_conventions": "Largest allowed value of {quantity} along {along} with every likelihood shape",
}


def write_submission(run: SavedRun, out: Path) -> list[Path]:
    """Write ``submission.yaml``, a YAML file per table, and ``submission.tar.gz`` to upload.

    Limits along a parameter, waterfalls, profiles in one dimension and recast limits are taken; figures are
    not, as their thumbnails need a program beside Python.

    Raises
    ------
    ExportError
        If the run holds no table of the kind.
    """
    from hepdata_lib import Submission

    names = Names.of(run.record, run.experiments)
    submission = Submission()
    submission.comment = _comment(run)
    tables = list(_tables(run, names))
    if not tables:
        raise ExportError(
            f"{run.path} holds no limit along a parameter, no waterfall and no profile: nothing for HEPData"
        )
    for table in tables:
        submission.add_table(table)
    out.mkdir(parents=True, exist_ok=True)
    # the archive is always written where the process stands
    with chdir(out), Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), catch_warnings():
        # the validator leaves files to be closed for it
        simplefilter("ignore", ResourceWarning)
        submission.create_files(".", validate=True)
    return sorted(p for p in out.iterdir() if p.is_file())


def _comment(run: SavedRun) -> str:
    record = run.record
    version = record.get("versions", {}).get("darkmoment", "")
    answers = [str(text) for text in (run.result or {}).get("answers") or []]
    warnings = [f"Warning: {text}" for text in (run.result or {}).get("warnings") or []]
    made = f"Made by darkmoment {version}; digest of the inputs {record.get('digest', '')}."
    return "\n".join([str(record.get("title") or record["name"]), *answers, *warnings, made])


def _tables(run: SavedRun, names: Names) -> Iterator[Any]:
    repeated = {saved.stem for saved in run.tables.values() if saved.together}
    for saved in run.tables.values():
        if saved.slug and saved.stem in repeated:
            continue
        if saved.task in _WORDS:
            yield from _limits(run, saved, names)
        elif saved.task == "profile" and "y" not in saved.about:
            yield from _profile(run, saved, names)
        elif saved.task == "recast":
            yield from _recast(saved, names)
        elif saved.task == "waterfall":
            yield from _steps(saved, names)


def _limits(run: SavedRun, saved: SavedTable, names: Names) -> Iterator[Any]:
    quantity, along = str(saved.about.get("quantity")), str(saved.about.get("along"))
    column = f"{quantity}_max"
    if not {along, column, "leading_experiment"} <= set(saved.table):
        return  # one of gains, made from the limits
    words = _WORDS[saved.task].format(quantity=quantity, along=along)
    words += (
        ". Certified: found by two independent searches; range: certified, but it leans on parameter ranges."
    )
    x, parts = _joined(saved.table, along)
    table = _table(saved, words, [quantity], [_independent(names, along, x)])
    for said, part in parts:
        level = saved.about.get("level")
        qualifiers = [*said, *([("Confidence level", f"{level:.0%}")] if isinstance(level, float) else [])]
        values = [float(v) for v in part[column]]
        table.add_variable(
            _dependent(f"largest {quantity}", names.units.get(quantity, ""), values, qualifiers)
        )
        for name in ("leading_experiment", "status"):
            if name in part:
                texts = ["" if pd.isna(v) else str(v) for v in part[name]]
                table.add_variable(_dependent(name.replace("_", " "), "", texts, qualifiers))
    yield table


def _profile(run: SavedRun, saved: SavedTable, names: Names) -> Iterator[Any]:
    x = str(saved.about.get("x"))
    if not {x, "delta_chi2"} <= set(saved.table):
        return
    values, parts = _joined(saved.table, x)
    table = _table(saved, f"Profile likelihood of {x}", [x], [_independent(names, x, values)])
    for said, part in parts:
        table.add_variable(_dependent("Delta chi2", "", [float(v) for v in part["delta_chi2"]], said))
    yield table


def _recast(saved: SavedTable, names: Names) -> Iterator[Any]:
    along = str(saved.table.columns[0])
    columns = [str(c) for c in saved.table if "_limit" in str(c)]
    if not columns:
        return
    quantity = columns[0].partition("_limit")[0]
    several = saved.about.get("experiments") or {"": saved.about.get("label", "")}
    labels = {str(name).replace("/", "_"): str(label) for name, label in several.items()}
    values = [float(v) for v in saved.table[along]]
    words = f"Limits on {quantity} along {along}"
    words += ", each with the options of its own number" if saved.about.get("as_published") else ""
    table = _table(saved, words, [quantity], [_independent(names, along, values)])
    for column in columns:
        name = column.partition("_limit")[2].removeprefix("_")
        said = [("Experiment", labels.get(name, name))]
        limits = [float(v) for v in saved.table[column]]
        table.add_variable(_dependent(f"limit on {quantity}", names.units.get(quantity, ""), limits, said))
    yield table


def _steps(saved: SavedTable, names: Names) -> Iterator[Any]:
    quantity, level = str(saved.about.get("quantity")), saved.about.get("level")
    if not {"variant", "killed_by", "status", f"{quantity}_max"} <= set(saved.table):
        return
    words = f"Largest allowed value of {quantity}, one effect more at a time"
    words += "; Delta chi2 counts from the Standard Model"
    steps = [str(v) for v in saved.table["variant"]]
    table = _table(saved, words, [quantity], [_independent(names, "variant", steps)])
    said = [("Confidence level", f"{level:.0%}")] if isinstance(level, float) else []
    values = [float(v) for v in saved.table[f"{quantity}_max"]]
    table.add_variable(_dependent(f"largest {quantity}", names.units.get(quantity, ""), values, said))
    killers = [names.experiment(str(v)) if v else "" for v in saved.table["killed_by"]]
    table.add_variable(_dependent("forbids the one before", "", killers, said))
    table.add_variable(_dependent("status", "", [str(v) for v in saved.table["status"]], said))
    yield table


def _joined(
    table: pd.DataFrame, x: str
) -> tuple[list[float], list[tuple[list[tuple[str, str]], pd.DataFrame]]]:
    """Return all values of x, and each part of a table at these values; rows that it has not are empty."""
    keys = [c for c in _SPLITS if c in table]
    every = sorted({float(v) for v in table[x]})
    if not keys:
        return every, [([], table.drop_duplicates(x).set_index(x).reindex(every))]
    parts = []
    for values, part in table.groupby(keys, sort=False):
        shown = values if isinstance(values, tuple) else (values,)
        said = [(key.capitalize(), str(value)) for key, value in zip(keys, shown, strict=True)]
        parts.append((said, part.drop_duplicates(x).set_index(x).reindex(every)))
    return every, parts


def _table(saved: SavedTable, words: str, observables: list[str], variables: list[Any]) -> Any:
    from hepdata_lib import Table

    name = saved.name.replace("/", " ").replace("_", " ")
    table = Table(name if len(name) <= _LONGEST else name[: _LONGEST - 9] + f" {_digest(name)}")
    table.description = words
    table.location = f"{saved.name}.csv of the run directory"
    table.keywords["observables"] = observables
    table.keywords["phrases"] = ["neutrino magnetic moment", "dark photon", "profile likelihood"]
    for variable in variables:
        table.add_variable(variable)
    return table


def _digest(name: str) -> str:
    from hashlib import sha256

    return sha256(name.encode()).hexdigest()[:8]


def _independent(names: Names, name: str, values: Sequence[float | str]) -> Any:
    from hepdata_lib import Variable

    variable = Variable(name, is_independent=True, is_binned=False, units=names.units.get(name, ""))
    variable.digits = _DIGITS
    variable.values = list(values)
    return variable


def _dependent(
    name: str, unit: str, values: Sequence[float | str], qualifiers: Sequence[tuple[str, str]]
) -> Any:
    from hepdata_lib import Variable

    variable = Variable(name, is_independent=False, is_binned=False, units=unit)
    variable.digits = _DIGITS
    variable.values = [_shown(value) for value in values]
    for key, value in qualifiers:
        variable.add_qualifier(key, value)
    return variable


def _shown(value: float | str) -> float | str:
    if isinstance(value, str):
        return value or _MISSING
    return value if np.isfinite(value) else _MISSING
