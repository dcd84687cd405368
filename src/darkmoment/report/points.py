"""The maximising point: which term of chi2 objects how much, and where the point lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from darkmoment.levels import delta_chi2
from darkmoment.report import certificate
from darkmoment.report.largest import Answer, answers
from darkmoment.report.markup import Html, details, join, section, table, tag
from darkmoment.report.names import Names
from darkmoment.report.tex import label_html
from darkmoment.saved import SavedRun

_NOTICED = 1e-6
_SM = "_at_standard_model"


def point_section(run: SavedRun, names: Names) -> Html:
    """Return the chi2 table at the largest value of each variant."""
    found = answers(run)
    parts = [
        details(Html(label_html(a.variant)), _point(run, a, names), open_=k == 0) for k, a in enumerate(found)
    ]
    single = [_point(run, a, names) for a in found] if len(found) == 1 else parts
    counted = "in the Standard Model" if any(a.counted_from for a in found) else "where χ² is smallest"
    intro = tag("p", f"χ² = −2 ln(L/L_best) of every term at the largest allowed value, and {counted}.")
    return section("point", "At the largest value", *([intro] if found else []), *single)


def _point(run: SavedRun, a: Answer, names: Names) -> Html:
    return join([_terms(a, names), _certificate(a, names), _parameters(run, a, names)])


def _terms(a: Answer, names: Names) -> Html:
    row, end = a.row, _SM if a.counted_from else "_at_min"
    terms = [str(c)[5:] for c in row if str(c).startswith("chi2_") and f"{c}{end}" in row]
    terms = [t for t in terms if _number(row, f"chi2_{t}") is not None]
    leading = a.leading.split("+")
    growth = {t: (_number(row, f"chi2_{t}") or 0.0) - (_number(row, f"chi2_{t}{end}") or 0.0) for t in terms}
    most = max([*growth.values(), 1e-300])
    rows: list[list[object]] = []
    for t in terms:
        at, least = _number(row, f"chi2_{t}"), _number(row, f"chi2_{t}{end}")
        size = max(0.0, growth[t] / most) if most > 1e-9 else 0.0
        bar = Html(f'<span class="meter" aria-hidden="true"><i style="width:{100 * size:.0f}%"></i></span>')
        mark = tag("b", "forbids more") if t in leading else ""
        # hard limits allow or forbid: their chi2 is zero up to the limit
        shown = [_shown(v) for v in (at, least, growth[t])]
        rows.append([names.experiment(t), *shown, join([bar, mark])])
    if len(rows) > 1:
        sums = [sum(_number(row, f"chi2_{t}{at}") or 0.0 for t in terms) for at in ("", end)]
        # counted from the Standard Model, what falls may not pay for what rises
        risen = _number(row, "delta_chi2") if a.counted_from else sum(growth.values())
        allowed = f"allowed: {delta_chi2(a.level):.4g}"
        rows.append(["sum", *map(_shown, (*sums, risen)), allowed])
    head = [
        "term",
        "χ² here",
        "in the Standard Model" if a.counted_from else "at the smallest χ²",
        "rise",
        "",
    ]
    return table(head, rows, "χ² at the maximising point")


def _shown(value: float | None) -> object:
    """Return a chi2 without digits that say nothing."""
    if value is None:
        return ""
    return float(value) if abs(value) >= _NOTICED else 0.0


def _number(row: Mapping[Any, Any], name: str) -> float | None:
    value = row.get(name)
    return float(value) if isinstance(value, int | float) and value == value else None


def _certificate(a: Answer, names: Names) -> Html:
    said = [certificate.words(a.row).capitalize()]
    if bounds := str(a.row.get("at_bound") or "").replace("nan", ""):
        said.append(f"Leans on {bounds} (elasticity: change in % of the answer when that end moves by 1%)")
    if silent := str(a.row.get("silent") or "").replace("nan", ""):
        said.append("Says nothing here: " + ", ".join(names.experiment(s) for s in silent.split()))
    if migrad := str(a.row.get("migrad") or "").replace("nan", ""):
        said.append(f"MIGRAD: {migrad}")
    return tag("p", join([tag("b", "Certificate. "), *[names.sentence(t + ". ") for t in said if t]]))


def _parameters(run: SavedRun, a: Answer, names: Names) -> Html:
    known = [n for n in names.symbols if _number(a.row, n) is not None]
    cells = [
        tag("div", tag("dt", names.html(n)), tag("dd", names.with_unit(float(a.row[n]), n))) for n in known
    ]
    return tag("dl", *cells, class_="point") if cells else Html("")
