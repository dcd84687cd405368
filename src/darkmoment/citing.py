"""What a run rests on, as BibTeX: the experiments, formulas and tools it used, and no others.

Every field stands in a card, in the record of the run, or in the tables below. Nobody's title, author or DOI
is filled in from memory: with the arXiv identifier a reference manager finds the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from darkmoment.listing import facts

if TYPE_CHECKING:
    from darkmoment.experiments import Dataset, Likelihood

MODEL = {"2603.25704": "the model and its formulas"}

QUANTITIES = {
    "CR_mu_e_": {"hep-ph/0203110": "overlap integrals of mu -> e conversion"},
}
"""Beginning of an observable's name -> arXiv identifier -> what is taken from there."""

TASK_FORMULAS = {"sample": {"1903.08008": "rank-normalised split R-hat and effective sample size"}}
"""Kind of task -> arXiv identifier -> what is taken from there."""

ASIMOV = {"1007.1727": "Asimov data and median significance"}

TOOLS = {
    **{"numpy": "2006.10256", "scipy": "1907.10121", "emcee": "1202.3665", "dynesty": "1904.02180"},
    **dict.fromkeys(("arviz", "corner", "iminuit", "matplotlib", "pandas"), ""),
}
"""Package -> arXiv identifier of the paper that describes it, where it has one."""

_SEARCHES = ("maximise", "compare", "leave_one_out", "compare_conventions", "sample")
"""Tasks whose answers, or whose best point, MIGRAD is asked about."""

_ALWAYS = ("numpy", "scipy", "pandas", "matplotlib")
_SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
}
_YEAR = re.compile(r"\((\d{4})\)")


def references(used: Iterable[Likelihood]) -> dict[str, Any]:
    """Return what likelihoods rest on, from their cards.

    Returns
    -------
    dict
        `experiments`: name -> dataset -> title, arxiv, doi, journal, and what it says (`listing.facts`)
        `formulas`: arXiv identifier -> for what
    """
    experiments: dict[str, dict[str, Any]] = {}
    formulas = dict(MODEL)
    for e in used:
        for dataset in (e.dataset, *_continuing(e)):
            about = {"title": e.card.title, "arxiv": list(dataset.arxiv)}
            about |= {"doi": dataset.doi, "journal": dataset.journal, **facts(e.card, dataset)}
            experiments.setdefault(e.name, {})[dataset.name] = about
        for identifier in e.card.formulas:
            others = formulas.get(identifier, "input of")
            if e.card.short_title not in others:
                formulas[identifier] = f"{others}{',' if others[-2:] != 'of' else ''} {e.card.short_title}"
        for need in e.needs:
            formulas |= _behind(need)
    return {"experiments": dict(sorted(experiments.items())), "formulas": formulas}


def _continuing(e: Likelihood) -> list[Dataset]:
    """Return the datasets of the same card whose curve continues that of the chosen one."""
    below = e.dataset.curve_below
    return [d for d in e.card.datasets.values() if below is not None and d.curve == below]


def _behind(quantity: str) -> dict[str, str]:
    """Return the formulas that an observable is computed with, beside those of the model."""
    return next((f for start, f in QUANTITIES.items() if quantity.startswith(start)), {})


def _words(value: Any) -> Iterator[str]:
    """Yield every text in the options of a task: the names of quantities are among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _words(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _words(item)


def bibtex(record: Mapping[str, Any]) -> str:
    """Return the BibTeX of a run.

    Parameters
    ----------
    record : mapping
        As ``record.json`` holds it: `references`, `tasks` and `versions`.

    Raises
    ------
    ValueError
        If it is that of an older version, which kept no references.
    """
    if "references" not in record:
        raise ValueError("its record names no references: it was made by an older version")
    entries: dict[str, dict[str, str]] = {}
    bare = _without_source(record)
    for name, datasets in record["references"]["experiments"].items():
        for dataset, about in datasets.items() if name not in bare else ():
            _add_experiment(entries, name, dataset, about)
    kinds = [task["kind"] for task in record["tasks"]]
    formulas = dict(record["references"]["formulas"])
    for kind in kinds:
        formulas |= TASK_FORMULAS.get(kind, {})
    for word in _words([task["options"] for task in record["tasks"]]):
        formulas |= _behind(word)
    if any("data" in fit for fit in record.get("fits", {}).values()):
        formulas |= ASIMOV
    for identifier, what in formulas.items():
        _note(entries.setdefault(f"arXiv:{identifier}", _eprint(identifier)), f"formulas: {what}")
    versions = record["versions"]
    for tool in used_tools(record["tasks"]):
        fields = {"title": f"{{{tool}}}", **(_eprint(TOOLS[tool]) if TOOLS[tool] else {})}
        entries[tool] = {**fields, "note": f"version {versions[tool]}"} if tool in versions else fields
    entries["darkmoment"] = {"title": "{darkmoment}", "note": f"version {versions['darkmoment']}"}
    own = [f"% {name}: a limit of the run file itself" for name in bare]
    return "\n\n".join([*own, *(_entry(key, fields) for key, fields in entries.items())]) + "\n"


def _without_source(record: Mapping[str, Any]) -> list[str]:
    """Return the limits that the run file gives without saying where they are from."""
    asked = [fit.get("experiments", {}) for fit in record.get("fits", {}).values()]
    found = {
        name.partition("/")[0]
        for name, given in (item for one in [*asked, record.get("named", {})] for item in one.items())
        if "limits" in given.get("definition", {}) and not given["definition"]["arxiv"]
    }
    return [name for name in record["references"]["experiments"] if name in found]


def used_tools(tasks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the packages that tasks use, as a record lists them."""
    used = dict.fromkeys(_ALWAYS)
    for task in tasks:
        if task["kind"] in _SEARCHES:
            used["iminuit"] = None
        if task["kind"] == "sample":
            used |= dict.fromkeys(("emcee", "arviz", "corner"))
            if task["options"].get("cross_check") == "nested":
                used |= {"dynesty": None}
    return list(used)


def _add_experiment(
    entries: dict[str, dict[str, str]], name: str, dataset: str, about: Mapping[str, Any]
) -> None:
    what = f"{about['title']}: {name}, dataset {dataset}"
    identifiers = about["arxiv"]
    keys = [f"arXiv:{identifier}" for identifier in identifiers] or [_key(f"{name}_{dataset}")]
    for key, identifier in zip(keys, identifiers or [""], strict=True):
        fields = entries.setdefault(key, _eprint(identifier) if identifier else {})
        _note(fields, what)
    if len(keys) > 1:
        return  # nobody knows to which of them journal and DOI belong
    fields = entries[keys[0]]
    if about["journal"]:
        fields["howpublished"] = about["journal"]
        if year := _YEAR.search(about["journal"]):
            fields["year"] = year[1]
    if about["doi"]:
        fields["doi"] = about["doi"]


def _eprint(identifier: str) -> dict[str, str]:
    return {"eprint": identifier, "archivePrefix": "arXiv"}


def _note(fields: dict[str, str], text: str) -> None:
    fields["note"] = f"{fields['note']}; {text}" if "note" in fields else text


def _key(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9:._+-]+", "-", text)


_VERBATIM = ("eprint", "doi", "archivePrefix", "title")


def _entry(key: str, fields: Mapping[str, str]) -> str:
    lines = [
        f"  {name} = {{{value if name in _VERBATIM else _escaped(value)}}}," for name, value in fields.items()
    ]
    return "\n".join([f"@misc{{{_key(key) if '/' not in key else key},", *lines, "}"])


def _escaped(text: str) -> str:
    """Return text as LaTeX prints it."""
    parts = text.split("->")
    return r"$\to$".join("".join(_SPECIAL.get(c, c) for c in part) for part in parts)
