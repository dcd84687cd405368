"""What went in: experiments with their references, parameters with ranges and priors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from darkmoment.report.markup import Html, details, join, number_html, section, table, tag
from darkmoment.report.names import Names, unit_html
from darkmoment.report.tex import label_html
from darkmoment.saved import SavedRun

_TASKS = "tasks over all variants"
_SWITCHES = ("formulas", "spectrum", "flavour", "invisible_branching", "lepton_flavour")


def experiment_section(run: SavedRun, names: Names) -> Html:
    """Return the experiments: dataset, shape, options, reference, and which variants use them."""
    users: dict[tuple[str, str, str, str], list[str]] = {}
    for user, name, e in _asked(run):
        options = ", ".join(f"{k}: {v}" for k, v in (e.get("options") or {}).items())
        key = (name, str(e.get("dataset")), str(e.get("shape") or ""), options)
        users.setdefault(key, []).append(user)
    many = len({user for found in users.values() for user in found}) > 1
    rows = []
    for (name, dataset, shape, options), who in users.items():
        about = run.record.get("references", {}).get("experiments", {}).get(name, {}).get(dataset, {})
        title = str(about.get("title") or name)
        row: list[object] = [join([title, tag("small", f" {name}")]), dataset, _result(about, names)]
        row += [(shape or str(about.get("shape") or "default")).replace("_", " "), options, _reference(about)]
        if many:
            everyone = {run.label(slug) for slug in run.slugs} <= set(who)
            shown = "all variants" if everyone else join([Html(label_html(w)) for w in who], "; ")
            row.append(shown)
        rows.append(row)
    head = [
        "experiment",
        "dataset",
        "result",
        "shape",
        "options",
        "reference",
        *(["used by"] if many else []),
    ]
    rests = run.record.get("references", {}).get("formulas", {})
    formulas = [join([_arxiv(identifier), f": {what}"]) for identifier, what in rests.items()]
    said = tag("p", "Formulas: ", join(formulas, "; "), ".") if formulas else ""
    return section(
        "experiments", "Experiments", table(head, rows, "Experiments of this run"), said if rows else ""
    )


def _asked(run: SavedRun) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield who asks for an experiment, its name, and how; tasks may name datasets that no fit has."""
    known: set[tuple[str, str]] = set()
    for slug, fit in run.record["fits"].items():
        for name, e in fit.get("experiments", {}).items():
            known.add((name, str(e.get("dataset"))))
            yield run.label(slug), name, e
    for entry, e in (run.record.get("named") or {}).items():
        name = (
            entry
            if entry in run.record.get("references", {}).get("experiments", {})
            else entry.partition("/")[0]
        )
        if (name, str(e.get("dataset"))) not in known:
            yield _TASKS, name, e


def _result(about: Mapping[str, Any], names: Names) -> Html:
    """Return what an experiment limits and its number, with what a reader should doubt."""
    if not about.get("result"):
        return Html("")
    doubts = [str(about["status"])] if about.get("status") != "measured" else []
    doubts += ["number not read at its source"] if about.get("verified") == "no" else []
    said = join([names.html(str(about.get("limits"))), ": ", names.sentence(str(about["result"]))])
    return join([said, tag("small", f" ({', '.join(doubts)})")]) if doubts else said


def _reference(about: Mapping[str, Any]) -> Html:
    parts: list[object] = [_arxiv(str(identifier)) for identifier in about.get("arxiv") or ()]
    if about.get("journal"):
        parts.append(str(about["journal"]))
    if about.get("doi"):
        parts.append(
            tag("a", f"doi:{about['doi']}", href=f"https://doi.org/{about['doi']}", rel="noreferrer")
        )
    return join(parts, ", ")


def _arxiv(identifier: str) -> Html:
    return tag("a", f"arXiv:{identifier}", href=f"https://arxiv.org/abs/{identifier}", rel="noreferrer")


def parameter_section(run: SavedRun, names: Names) -> Html:
    """Return ranges, priors, fixed values and ties; variants that share them share a table."""
    groups: dict[str, list[str]] = {}
    contents: dict[str, Html] = {}
    held = run.record.get("fixed") or {}
    for slug, fit in run.record["fits"].items():
        rows = [_parameter(n, given, held.get(n), names) for n, given in fit.get("parameters", {}).items()]
        head = ["parameter", "name", "range or value", "prior", "reference", "remarks"]
        switches = ", ".join(f"{s.replace('_', ' ')}: {fit[s]}" for s in _SWITCHES if s in fit)
        switches += f"; data: {run.data(slug)}" if run.data(slug) else ""
        content = join([tag("p", switches), table(head, rows, "Parameters, ranges and priors")])
        contents.setdefault(content.text, content)
        groups.setdefault(content.text, []).append(run.label(slug))
    parts = []
    for k, (key, labels) in enumerate(groups.items()):
        heading = join([Html(label_html(label)) for label in labels], "; ")
        parts.append(contents[key] if len(groups) == 1 else details(heading, contents[key], open_=k == 0))
    return section("parameters", "Parameters, ranges and priors", *parts)


def _parameter(name: str, given: Mapping[str, Any], held: float | None, names: Names) -> list[object]:
    unit = unit_html(names.units.get(name, ""))
    prior, reference, remarks = "", Html(""), []
    if held is not None:
        what: object = names.with_unit(float(held), name, 6)
        remarks.append("held on the command line")
    elif "range" in given:
        low, high = (number_html(float(v), 6).text for v in given["range"])
        what = Html(f"{low} … {high} {unit}".rstrip())
        prior = _prior(given.get("prior"))
    elif "value" in given:
        what = names.with_unit(float(given["value"]), name, 6)
        remarks.append("fixed")
    else:
        tied = given.get("expr") or given.get("same_as")
        what, remarks = tag("code", str(tied)), ["tied"]
    if "reference" in given:
        reference = number_html(float(given["reference"]), 6)
    if given.get("convention"):
        remarks.append("range by convention")
    if "constraint" in given:
        c = given["constraint"]
        remarks.append(f"constraint {c['mean']:g} ± {c['sd']:g}")
    return [names.html(name), tag("code", name), what, prior, reference, ", ".join(remarks)]


def _prior(given: object) -> str:
    if isinstance(given, Mapping):
        return "; ".join(
            f"{str(kind).replace('_', ' ')} ({', '.join(f'{k} {v:g}' for k, v in values.items())})"
            for kind, values in given.items()
        )
    return str(given or "").replace("_", " ")
