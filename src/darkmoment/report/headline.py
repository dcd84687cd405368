"""The top of the page: question, answer in one sentence, and what has to be known before quoting it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from darkmoment.report import certificate, steps
from darkmoment.report.largest import SAME, Answer, answers, beside, data_of, over_all_ranges, projected
from darkmoment.report.markup import Html, details, items, join, section, table, tag
from darkmoment.report.names import Names
from darkmoment.report.tex import label_html
from darkmoment.saved import SavedRun, SavedTable

_FEW = 12
_NAMED = 3
_QUESTIONS = {
    "profile": "What do the data say about {x}?",
    "sample": "What is the posterior, and which limits follow from it?",
    "recast": "How strong is a published limit at every {along}?",
    "waterfall": "What is left of the largest {quantity}, one step more at a time?",
    "reach": "How small {quantity} can each experiment alone see?",
    "discovery": "Which experiment would see the injected signal first?",
    "errata": "Which numbers of the paper follow from its own formulas, and which are correct?",
    "leave_one_out": "Which experiment holds the limit on {quantity}?",
    "compare_conventions": "How far does the limit on {quantity} rest on the shape of likelihoods?",
}


def header(run: SavedRun, names: Names) -> Html:
    """Return title, question, answer and badge."""
    found, waterfall = answers(run), _main_waterfall(run)
    title = str(run.record.get("title") or run.record["name"])
    if waterfall is not None:
        status, (question, answer) = steps.worst(waterfall), _steps(run, waterfall, names)
    elif found:
        status, (question, answer) = str(found[0].row.get("status", "")), _maximum(run, found, names)
    else:
        status, (question, answer) = "", _other(run, names)
    return tag(
        "header",
        tag("p", f"darkmoment · {run.record['name']}", class_="kicker"),
        tag("p", Html(label_html(title)), class_="title") if title != run.record["name"] else "",
        tag("h1", question),
        tag("p", answer, class_="answer"),
        tag("p", *_badges(run, status), class_="badges"),
    )


def _main_waterfall(run: SavedRun) -> SavedTable | None:
    """Return the first waterfall, unless something is maximised above the smallest chi2."""
    maxima = any(not answer.counted_from for answer in answers(run))
    return None if maxima else next((s for s in run.tables.values() if steps.is_steps(s)), None)


def _steps(run: SavedRun, saved: SavedTable, names: Names) -> tuple[Html, Html]:
    """Return question and answer of a waterfall, and what else counts from the Standard Model."""
    symbol = names.html(str(saved.about.get("quantity")))
    more = [join([". ", Html(label_html(a.variant)), ": ", _largest(a, names)]) for a in answers(run)]
    question = join(["What is left of the largest ", symbol, ", one step more at a time?"])
    return question, join([steps.sentence(saved, names), *more, "."])


def _maximum(run: SavedRun, found: list[Answer], names: Names) -> tuple[Html, Html]:
    """Return question and answer where something is maximised: all of one row, others named as such."""
    first = found[0]
    symbol, quantity, data = names.html(first.quantity), first.quantity, data_of(run, first.variant)
    parts: list[object] = [
        f"At {first.level:.0%} CL",
        "," if first.along else "",
        " ",
        _largest(first, names),
    ]
    parts += [_held(first.leading, names), f"; from {data}" if data else ""]
    parts += ["; projected, not all of it is measured" if projected(run, first.variant) else ""]
    if len(run.slugs) > 1:
        same = [a for a in found if a.along == first.along and data_of(run, a.variant) == data]
        label, alike = Html(label_html(first.variant)), [a.value for a in same]
        low, high = (names.with_unit(v, quantity, 3) for v in (min(alike), max(alike)))
        span: list[object] = ["; from ", low, " to ", high, f" over {len(alike)} variants"]
        parts += [" (", label, *(span if len(alike) > 1 else []), ")"]
    others = [join([". ", said]) for said in _others(run, first, names)]
    return join(["How large can ", symbol, " be?"]), join([*parts, *others, "."])


def _largest(a: Answer, names: Names) -> Html:
    """Say a largest value, and whether it is that over all ranges or of some values of a parameter."""
    symbol, value = names.html(a.quantity), tag("strong", names.with_unit(a.value, a.quantity))
    counted = f" (Δχ² counted from {_origin(a)})" if a.counted_from else ""
    if a.at is None or a.along is None:
        return join([symbol, " is at most ", value, " over all ranges", counted])
    where = join([names.html(a.along), " = ", names.with_unit(a.at, a.along, 3)])
    if len(a.drawn) < 2:
        return join(["at ", where, " ", symbol, " is at most ", value, counted])
    drawn = join([f"of the {len(a.drawn)} values of ", names.html(a.along), " drawn, "])
    return join([drawn, "the highest allowed ", symbol, " is ", value, " at ", where, counted])


def _others(run: SavedRun, first: Answer, names: Names) -> Iterator[Html]:
    """Say what else the run has on the same quantity of the same variant, and what that is."""

    def shown(value: float) -> Html:
        return names.with_unit(value, first.quantity)

    more = sorted(beside(run, first), key=lambda a: bool(a.counted_from))
    for a in more:
        if a.counted_from != first.counted_from:
            yield join([f"Another question, Δχ² counted from {_origin(a)}: ", _largest(a, names)])
        elif a.at is None or a.along is None:
            yield join(["The search over all ranges has missed this: it ended at ", shown(a.value)])
        else:
            drawn = f"Of the {len(a.drawn)} values of " if len(a.drawn) > 1 else "At the one value of "
            where = names.with_unit(a.at, a.along, 3)
            said: list[object] = [drawn, names.html(a.along), " drawn, the highest is ", shown(a.value)]
            if a.value > SAME * first.value:
                where = join(
                    [where, " (there Δχ² counts from the smallest at the same ", names.html(a.along), ")"]
                )
            yield join([*said, " at ", where])
    if (found := over_all_ranges(run, first)) is not None:
        overall, certified = found
        if first.along or not 1 / SAME < overall / first.value < SAME:
            doubt = "" if certified else "not certified, it may be higher; "
            limit = tag("strong", shown(overall))
            yield join(["The profile limit over all ranges is ", limit, f" ({doubt}Summary)"])
    for saved in run.tables.values():
        asked = saved.about.get("quantity") == first.quantity and steps.is_steps(saved)
        if asked and steps.level_of(saved) == first.level:
            for row in steps.rows_of(saved):
                value = float(row[f"{first.quantity}_max"])
                if row["variant"] == first.variant and value == value:
                    words = f"The waterfall asks another question, {steps.COUNTED}: over all ranges up to "
                    yield join([words, shown(value)])


def _origin(a: Answer) -> str:
    return a.counted_from.replace("chi2", "χ²") or "the smallest χ²"


def _held(who: str, names: Names) -> str:
    """Say what forbids more."""
    if not who:
        return ""
    if who == "range":
        return ", where the parameter ranges end"
    return f"; {names.experiment(who)} {'forbid' if '+' in who else 'forbids'} more"


def _other(run: SavedRun, names: Names) -> tuple[Html, Html]:
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
    answer = said[0].splitlines()[0] if said else "Not answered yet."
    return names.sentence(question), names.sentence(answer)


def _plain(value: object) -> str:
    return str(value) if value is not None else ""


def _badges(run: SavedRun, status: str) -> Iterator[Html]:
    if not run.finished:
        yield tag("span", "not finished", class_="badge bad")
    words, kind = certificate.BADGES.get(status, ("", ""))
    if words:
        yield tag("span", words, class_=f"badge {kind}")
    count = len(_grouped(run, warnings(run)))
    if count:
        yield tag("a", f"{count} warning{'s' if count > 1 else ''}", href="#warnings", class_="badge fair")
    elif run.finished:
        yield tag("span", "no warnings", class_="badge good")


def warnings(run: SavedRun) -> list[str]:
    """Return what a reader has to know, the state of the run itself first."""
    found = [f"this run is not finished: {_missing(run.missing)}"] if run.missing else []
    if run.result is None and not run.missing:
        found.append("this run is not finished: it has no result.json")
    found += run.problems
    # an unfinished run has said nothing yet, its tables have
    told = [w for saved in run.tables.values() for w in _listed(saved.about.get("warnings"))]
    told = _listed((run.result or {}).get("warnings")) + ([] if run.result else told)
    return list(dict.fromkeys([*found, *told]))


def _missing(names: list[str]) -> str:
    """Say which tables are missing, the first few by name."""
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return f"{', '.join(names[:_FEW])}{more} {'is' if len(names) == 1 else 'are'} missing"


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
    rows = [_answer(run, a, names) for a in found] if len(found) > 1 else []
    head: list[object] = ["variant", "largest value", "where", "forbids more", "certificate"]
    if found:
        head[1] = join(["largest ", names.html(found[0].quantity)])
    said = [shortened(run, text) for text in _listed((run.result or {}).get("answers"))]
    # tables set in spaces stay as they are
    lines = [tag("pre", t) if t.startswith("  ") else tag("p", names.sentence(t)) for t in _blocks(said)]
    spoken = details("Every answer in words", *lines, open_=len(said) <= _FEW and not rows) if said else ""
    return section("answers", "Answers", table(head, rows, "Largest allowed value of each variant"), spoken)


def _answer(run: SavedRun, a: Answer, names: Names) -> list[object]:
    """Return a variant's row of the table of answers."""
    status = str(a.row.get("status", ""))
    words, kind = certificate.BADGES.get(status, (status, ""))
    where = join(["over all ranges"])
    if a.at is not None and a.along is not None:
        of = tag("small", f" highest of {len(a.drawn)} values drawn") if len(a.drawn) > 1 else ""
        where = join([names.html(a.along), " = ", names.with_unit(a.at, a.along), of])
    return [
        join([Html(label_html(a.variant)), _aside(run, a.variant)]),
        names.with_unit(a.value, a.quantity),
        where,
        names.experiment(a.leading),
        tag("span", words, class_=f"badge {kind}"),
    ]


def _aside(run: SavedRun, label: str) -> Html:
    """Return what of a variant has not been observed."""
    aside = [word for word in ("projected" if projected(run, label) else "", data_of(run, label)) if word]
    return tag("small", f" {', '.join(aside)}") if aside else Html("")


def _blocks(said: list[str]) -> list[str]:
    """Return lines with indented ones that follow each other joined."""
    found: list[str] = []
    for text in said:
        if found and text.startswith("  ") and found[-1].startswith("  "):
            found[-1] += f"\n{text}"
        else:
            found.append(text)
    return found
