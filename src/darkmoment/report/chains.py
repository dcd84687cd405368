"""Whether the chains of a posterior have converged, what their limits are and how they lean on priors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from darkmoment.report.markup import Html, details, join, section, table, tag
from darkmoment.report.names import Names
from darkmoment.report.tex import label_html
from darkmoment.saved import SavedRun, SavedTable

_RHAT = 1.01


def chain_section(run: SavedRun, names: Names) -> Html:
    """Return the convergence of every sample."""
    samples = [s for s in run.of("sample") if "verdict" in s.about and "rhat" in s.about and not s.together]
    parts = []
    for saved in samples:
        content = _sample(saved, names)
        heading = Html(label_html(run.label(saved.slug)))
        parts.append(content if len(samples) == 1 else details(heading, content, open_=True))
    return section("chains", "Convergence of the chains", *parts)


def _error(limit: Mapping[str, Any]) -> float:
    if "error" in limit:
        return float(limit["error"])
    ends = limit.get("low"), limit.get("high")
    known = all(isinstance(end, int | float) for end in ends)
    return abs(ends[1] - ends[0]) / 2 if known else float("nan")  # type: ignore[operator]


def _sample(saved: SavedTable, names: Names) -> Html:
    about = saved.about
    state = ("converged", "good") if about.get("converged") else ("not converged", "bad")
    said = [tag("span", state[0], class_=f"badge {state[1]}"), " ", names.sentence(str(about["verdict"]))]
    facts = [
        f"{words} {about[key]:.4g}"
        for key, words in (("steps", "steps"), ("burn_in", "burn-in"))
        if isinstance(about.get(key), int | float)
    ]
    acceptance = about.get("acceptance")
    if isinstance(acceptance, int | float):
        facts.append(f"acceptance {acceptance:.3g}")
    rows = []
    for name, rhat in about["rhat"].items():
        shown = tag("span", f"{rhat:.4f}", class_="badge bad" if not rhat < _RHAT else "badge good")
        rest = [about.get(key, {}).get(name) for key in ("ess", "tail_ess", "tau")]
        rows.append(
            [names.html(name), shown, *(float(v) if isinstance(v, int | float) else "" for v in rest)]
        )
    head = ["quantity", "R̂", "effective samples", "in the tails", "τ in steps"]
    limits = [
        [
            names.html(str(one.get("quantity"))),
            f"{one.get('level', 0):.0%}",
            names.with_unit(float(one.get("value", float("nan"))), str(one.get("quantity"))),
            names.with_unit(_error(one), str(one.get("quantity")), 2),
        ]
        for one in about.get("limits") or ()
    ]
    return join(
        [
            tag("p", *said),
            tag("p", ", ".join(facts)) if facts else "",
            table(head, rows, "Convergence of every parameter and quantity"),
            table(["quantity", "level", "upper limit", "sampling error"], limits, "Posterior limits"),
        ]
    )
