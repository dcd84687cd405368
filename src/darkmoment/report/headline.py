"""The top of the page: question, answer in one sentence, and what has to be known before quoting it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from darkmoment.report import certificate
from darkmoment.report.markup import Html, details, items, join, section, table, tag
from darkmoment.report.names import Names
from darkmoment.report.tex import label_html
from darkmoment.saved import SavedRun, SavedTable

_SAME = 1.001
_FEW = 12
_NAMED = 3
_MAXIMA = ("maximise", "compare")
_QUESTIONS = {
    "profile": "What do the data say about {x}?",
    "sample": "What is the posterior, and which limits follow from it?",
    "recast": "How strong is a published limit at every {along}?",
    "waterfall": "What is left of the largest {quantity}, one effect more at a time?",
    "reach": "How small {quantity} can each experiment alone see?",
    "discovery": "Which experiment would see the injected signal first?",
    "errata": "Which numbers of the paper follow from its own formulas, and which are correct?",
    "leave_one_out": "Which experiment holds the limit on {quantity}?",
    "compare_conventions": "How far does the limit on {quantity} rest on the shape of likelihoods?",
}


@dataclass(frozen=True)
class Answer:
    """The largest allowed value of a quantity in one variant.

    Attributes
    ----------
    row : mapping
        The row of the table it stands in: the maximising point.
    overall : float or None
        The limit over all ranges, at the same level, where the summary has it.
    """

    variant: str
    quantity: str
    along: str | None
    level: float
    row: Mapping[Any, Any]
    saved: SavedTable
    overall: float | None = None

    @property
    def value(self) -> float:
        """Largest value of the table."""
        return float(self.row[f"{self.quantity}_max"])

    @property
    def largest(self) -> float:
        """Largest value known: of the table, or over all ranges."""
        return self.value if self.overall is None else max(self.value, self.overall)


def all_answers(run: SavedRun) -> list[Answer]:
    """Return the largest value of every table of limits, variant by variant, each question once."""
    found: dict[tuple[object, ...], Answer] = {}
    for saved in run.tables.values():
        if saved.task in _MAXIMA and not (saved.slug and saved.task == "compare"):
            for answer in _tops(run, saved):
                asked = answer.variant, answer.quantity, answer.along, answer.level
                found.setdefault(asked, answer)
    return list(found.values())


def answers(run: SavedRun) -> list[Answer]:
    """Return the largest value of the first quantity that is maximised, one per variant that has any."""
    found: dict[str, Answer] = {}
    for answer in all_answers(run):
        first = next(iter(found.values()), answer)
        if answer.quantity == first.quantity:
            found.setdefault(answer.variant, answer)
    # what has been observed first, then what would be
    return sorted(found.values(), key=lambda answer: bool(data_of(run, answer.variant)))


def data_of(run: SavedRun, label: str) -> str:
    """Return the Asimov data of a variant in words; empty for what has been published."""
    return next((run.data(slug) for slug in run.slugs if run.label(slug) == label), "")


def _tops(run: SavedRun, saved: SavedTable) -> Iterator[Answer]:
    quantity, column = str(saved.about.get("quantity")), f"{saved.about.get('quantity')}_max"
    level = float(saved.about.get("level") or 0.90)
    if not {column, "leading_experiment"} <= set(saved.table):
        return
    known = saved.table[saved.table[column].notna()]
    parts = known.groupby("variant", sort=False) if "variant" in known else [(run.label(saved.slug), known)]
    for label, part in parts:
        if len(part):
            row = part.iloc[int(part[column].to_numpy(dtype=float).argmax())].to_dict()
            overall = _overall(run, str(label), quantity, level)
            yield Answer(str(label), quantity, saved.about.get("along"), level, row, saved, overall)


def _overall(run: SavedRun, variant: str, quantity: str, level: float) -> float | None:
    summary = run.tables.get("summary")
    column = f"profile_{level * 100:.0f}"
    if summary is None or column not in summary.table or not {"variant", "name"} <= set(summary.table):
        return None
    rows = summary.table[(summary.table["variant"] == variant) & (summary.table["name"] == quantity)]
    values = pd.to_numeric(rows[column]).dropna()
    return float(values.iloc[0]) if len(values) else None


def header(run: SavedRun, names: Names) -> Html:
    """Return title, question, answer and badge."""
    found = answers(run)
    title = str(run.record.get("title") or run.record["name"])
    question, answer = _maximum(run, found, names) if found else _other(run, names)
    return tag(
        "header",
        tag("p", f"darkmoment · {run.record['name']}", class_="kicker"),
        tag("p", title, class_="title") if title != run.record["name"] else "",
        tag("h1", question),
        tag("p", answer, class_="answer"),
        tag("p", *_badges(run, found), class_="badges"),
    )


def _maximum(run: SavedRun, found: list[Answer], names: Names) -> tuple[Html, Html]:
    """Return question and answer where something is maximised."""
    first = found[0]
    symbol, quantity = names.html(first.quantity), first.quantity
    parts: list[object] = [f"At {first.level:.0%} CL ", symbol, " is at most "]
    parts += [tag("strong", names.with_unit(first.largest, quantity))]
    where: list[object] = []
    if first.along and first.along in first.row:
        where = [
            names.html(first.along),
            " = ",
            names.with_unit(float(first.row[first.along]), first.along, 3),
        ]
    if first.largest > _SAME * first.value:
        # found between the values that were drawn
        parts += [" over all ranges; of the values drawn, the highest is "]
        parts += [names.with_unit(first.value, quantity), *([" at ", *where] if where else [])]
    elif where:
        parts += [", reached at ", *where]
    parts.append(_held(str(first.row.get("leading_experiment") or ""), names))
    data = data_of(run, first.variant)
    if data:
        parts.append(f"; from {data}")
    if len(found) > 1:
        values = [a.largest for a in found]
        low, high = (names.with_unit(v, quantity, 3) for v in (min(values), max(values)))
        label = Html(label_html(first.variant))
        parts += [" (", label, "; from ", low, " to ", high, f" over {len(found)} variants)"]
    return join(["How large can ", symbol, " be?"]), join([*parts, "."])


def _held(who: str, names: Names) -> str:
    """Say what forbids more."""
    if not who:
        return ""
    if who == "range":
        return ", where the parameter ranges end"
    return f"; {names.experiment(who)} {'forbid' if '+' in who else 'forbids'} more"


def _other(run: SavedRun, names: Names) -> tuple[object, object]:
    """Return question and answer where nothing is maximised: those of the first task."""
    tasks: list[dict[str, Any]] = run.record["tasks"]
    options = {key: _plain(value) for key, value in (tasks[0]["options"] if tasks else {}).items()}
    question = _QUESTIONS.get(tasks[0]["kind"] if tasks else "", "What came out?")
    if options.get("y"):
        question = "What do the data say about {x} and {y}?"
    try:
        question = question.format(**options)
    except KeyError:
        question = "What came out?"
    said = (run.result or {}).get("answers") or []
    return names.sentence(question), names.sentence(said[0].splitlines()[0]) if said else "Not answered yet."


def _plain(value: object) -> str:
    return str(value) if value is not None else ""


def _badges(run: SavedRun, found: list[Answer]) -> Iterator[Html]:
    if not run.finished:
        yield tag("span", "not finished", class_="badge bad")
    if found:
        words, kind = certificate.BADGES.get(str(found[0].row.get("status", "")), ("", ""))
        if words:
            yield tag("span", words, class_=f"badge {kind}")
    count = len(_grouped(run, warnings(run)))
    if count:
        yield tag("a", f"{count} warning{'s' if count > 1 else ''}", href="#warnings", class_="badge fair")
    elif run.finished:
        yield tag("span", "no warnings", class_="badge good")


def warnings(run: SavedRun) -> list[str]:
    """Return what a reader has to know, the state of the run itself first."""
    found = [f"this run is not finished: {name} is missing" for name in run.missing]
    if run.result is None and not run.missing:
        found.append("this run is not finished: it has no result.json")
    found += run.problems
    # an unfinished run has said nothing yet, its tables have
    told = [w for saved in run.tables.values() for w in _listed(saved.about.get("warnings"))]
    told = _listed((run.result or {}).get("warnings")) + ([] if run.result else told)
    return list(dict.fromkeys([*found, *told]))


def _grouped(run: SavedRun, found: list[str]) -> list[tuple[str, list[str]]]:
    """Return warnings, each once, with the variants it is about; none named where there is one variant."""
    if len(run.slugs) == 1:
        return [(shortened(run, text), []) for text in found]
    labels = sorted((run.label(slug) for slug in run.slugs), key=len, reverse=True)
    groups: dict[str, list[str]] = {}
    for text in found:
        label = next((known for known in labels if text.startswith(f"{known}: ")), "")
        about = groups.setdefault(text.removeprefix(f"{label}: ") if label else text, [])
        about += [label] if label else []
    return list(groups.items())


def _about(labels: list[str]) -> Html:
    """Return the variants that a warning is about, the first few by name."""
    named = join([Html(label_html(label)) for label in labels[:_NAMED]], "; ")
    more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
    return join(["(", named, more, ")"])


def shortened(run: SavedRun, text: str) -> str:
    """Return a sentence without the label of the only variant."""
    return text.removeprefix(f"{run.label(run.slugs[0])}: ") if len(run.slugs) == 1 else text


def _listed(given: object) -> list[str]:
    return [str(entry) for entry in given] if isinstance(given, list) else []


def warning_section(run: SavedRun, names: Names) -> Html:
    """Return the warnings, all of them before any figure."""
    found = warnings(run)
    if not found:
        return Html("")
    shown = [
        join([names.sentence(text), tag("small", " ", _about(labels)) if labels else ""])
        for text, labels in _grouped(run, found)
    ]
    more = details(f"{len(shown) - 6} more", items(shown[6:])) if len(shown) > 8 else items(shown[6:])
    return section("warnings", "Before you quote this", items(shown[:6]), more)


def answer_section(run: SavedRun, names: Names) -> Html:
    """Return every answer of the run: a table over the variants, and the sentences."""
    found = answers(run)
    rows: list[list[object]] = []
    for a in found if len(found) > 1 else ():
        status = str(a.row.get("status", ""))
        words, kind = certificate.BADGES.get(status, (status, ""))
        at = names.with_unit(float(a.row[a.along]), a.along) if a.along and a.along in a.row else ""
        rows.append(
            [
                join([Html(label_html(a.variant)), _aside(run, a.variant)]),
                names.with_unit(a.value, a.quantity),
                at,
                names.experiment(str(a.row.get("leading_experiment") or "")),
                tag("span", words, class_=f"badge {kind}"),
            ]
        )
    first = found[0] if found else None
    head: list[object] = ["variant", "largest value", "at", "forbids more", "certificate"]
    if first and first.along:
        head[1:3] = [join(["largest ", names.html(first.quantity)]), join(["at ", names.html(first.along)])]
    said = [shortened(run, text) for text in _listed((run.result or {}).get("answers"))]
    # tables set in spaces stay as they are
    lines = [tag("pre", t) if t.startswith("  ") else tag("p", names.sentence(t)) for t in _blocks(said)]
    spoken = details("Every answer in words", *lines, open_=len(said) <= _FEW and not rows) if said else ""
    return section("answers", "Answers", table(head, rows, "Largest allowed value of each variant"), spoken)


def _aside(run: SavedRun, label: str) -> Html:
    """Return what a variant's data are where they have not been observed."""
    data = data_of(run, label)
    return tag("small", f" {data}") if data else Html("")


def _blocks(said: list[str]) -> list[str]:
    """Return lines with indented ones that follow each other joined."""
    found: list[str] = []
    for text in said:
        if found and text.startswith("  ") and found[-1].startswith("  "):
            found[-1] += f"\n{text}"
        else:
            found.append(text)
    return found
