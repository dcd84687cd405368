"""What experiments reach, what a further one gains, and who sees an injected signal: answers in tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from darkmoment.report import certificate
from darkmoment.report.markup import Html, details, items, join, number_html, section, table, tag
from darkmoment.report.names import Names
from darkmoment.report.tex import label_html
from darkmoment.saved import SavedRun, SavedTable

_OUTCOMES = {"does not depend on it": "not moved by it", "says nothing": "says nothing here"}


def future_section(run: SavedRun, names: Names) -> Html:
    """Return gains, reach and discovery, each under its own heading."""
    parts = [part for saved in run.tables.values() for part in _of(run, saved, names)]
    return section("future", "Gain, reach and discovery", *parts)


def is_future(saved: SavedTable) -> bool:
    """Return whether a table is told here."""
    columns = set(saved.table)
    if saved.task == "compare":
        return {"variant", "gain", "gain_is"} <= columns
    if saved.task == "reach":
        named = f"limit_{saved.about.get('quantity')}", f"level_{saved.about.get('by')}"
        return {"variant", "label", "outcome", *named} <= columns
    return saved.task == "discovery" and {"label", "sigma", "factor_3", "rank"} <= columns


def _of(run: SavedRun, saved: SavedTable, names: Names) -> Iterator[Html]:
    if not is_future(saved):
        return
    if saved.task == "compare":
        yield from _gain(saved, names)
    elif saved.task == "reach":
        yield from _reach(saved, names)
    elif not saved.together:
        yield from _discovery(run, saved, names)


def _label(value: object) -> Html:
    return Html(label_html(str(value)))


def _with(side: object, value: float) -> Html:
    """Return a gain, with 'at least' or 'at most' before it."""
    return join([f"{side} " if side else "", number_html(value, 3)])


def _gain(saved: SavedTable, names: Names) -> Iterator[Html]:
    about = saved.about
    quantity, along, over = str(about.get("quantity")), str(about.get("along")), str(about.get("gain_over"))
    column = f"{quantity}_max"
    if not {column, along} <= set(saved.table):
        return
    yield tag("h3", "Gain over ", _label(over))
    rows = []
    for row in saved.table.to_dict("records"):
        ends = [_at(row, end, along, names) for end in ("min", "max")] if row["variant"] != over else ["", ""]
        gain = _with(row["gain_is"], row["gain"]) if row["variant"] != over else "1 (reference)"
        rows.append(
            [
                _label(row["variant"]),
                str(row.get("experiments", "")),
                names.with_unit(float(row[column]), quantity),
                names.with_unit(float(row[along]), along, 3),
                gain,
                *ends,
                _certified(row),
            ]
        )
    head: list[object] = ["variant", "experiments", join(["largest ", names.html(quantity)])]
    symbol = names.html(along)
    head += [join(["at ", symbol]), "gain", join(["smallest gain at one ", symbol])]
    head += [join(["largest gain at one ", symbol]), "certificate"]
    yield table(head, rows, f"By what factor each variant forbids more: {saved.name}.csv")
    if isinstance(about.get("meaning"), str):
        yield tag("p", names.sentence(str(about["meaning"])), class_="hint")


def _certified(row: Mapping[Any, Any]) -> Html:
    """Return the badge of a gain: that of the largest value itself where every limit is certified."""
    words, kind = certificate.BADGES.get(str(row.get("status")), certificate.BADGES["certified"])
    if row.get("certified") != "yes":
        words, kind = "not certified throughout", "bad"
    return tag("span", words, class_=f"badge {kind}")


def _at(row: Mapping[Any, Any], end: str, along: str, names: Names) -> Html:
    value, where = row.get(f"gain_{end}"), row.get(f"gain_{end}_at")
    if not isinstance(value, float) or not isinstance(where, int | float) or value != value:
        return Html("–")
    shown = _with(row.get(f"gain_{end}_is"), value)
    return join([shown, tag("small", " at ", names.with_unit(float(where), along, 3))])


def _reach(saved: SavedTable, names: Names) -> Iterator[Html]:
    quantity, by = str(saved.about.get("quantity")), str(saved.about.get("by"))
    level = saved.about.get("level")
    said = f"{level:.0%} CL" if isinstance(level, float) else "level"
    found = saved.table
    own, cl = f"limit_{quantity}", f"level_{quantity}"
    if not {own, cl, f"limit_{by}"} <= set(found):
        return
    yield tag("h3", "How small ", names.html(quantity), " each experiment alone can see")
    order = found[own].fillna(found[cl])
    ranked = found.assign(order=order).sort_values("order", kind="stable")
    several = found["label"].duplicated(keep=False).any()
    rows = [
        [
            str(row["label"]),
            *([_label(row["variant"])] if several else []),
            *_edge(row, "limit", quantity, by, names),
            *_edge(row, "level", quantity, by, names),
            names.sentence(str(row.get("notes") or "") or _OUTCOMES.get(row["outcome"], row["outcome"])),
        ]
        for row in ranked.to_dict("records")
    ]
    head: list[object] = ["experiment", *(["variant"] if several else [])]
    head += ["at its own limit", join(["at ", names.html(by)]), said, join(["at ", names.html(by)]), ""]
    caption = f"Reach when {by} is moved and the rest stays at its reference: {saved.name}.csv"
    yield table(head, rows, caption)


def _edge(row: Mapping[Any, Any], edge: str, quantity: str, by: str, names: Names) -> tuple[Html, Html]:
    value, where = float(row[f"{edge}_{quantity}"]), float(row[f"{edge}_{by}"])
    return names.with_unit(value, quantity, 3), names.with_unit(where, by, 3)


_SIGNAL = (
    ("strength", "signal / limit"),
    ("signal_events", "signal events"),
    ("background_events", "background"),
    ("sigma", "σ, median"),
    ("sigma_asimov", "σ, Asimov"),
    ("chance_3", "chance of 3σ"),
    ("factor_3", "3σ from"),
    ("factor_5", "5σ from"),
)
"""Column -> heading of the table of an injected signal."""


def _discovery(run: SavedRun, saved: SavedTable, names: Names) -> Iterator[Html]:
    about = saved.about
    which = join([" (", _label(run.label(saved.slug)), ")"]) if len(run.slugs) > 1 else ""
    yield tag("h3", "Who sees the injected signal first", which)
    columns = [(name, words) for name, words in _SIGNAL if name in saved.table]
    rows = [
        [
            f"{row['rank']:.0f}" if row["rank"] > 0 else "",
            str(row["label"]),
            *(_significance(name, float(row[name])) for name, _ in columns),
            str(row.get("remark") or ("measured already" if row.get("status") == "measured" else "")),
        ]
        for row in saved.table.to_dict("records")
    ]
    yield table(
        ["", "experiment", *(words for _, words in columns), ""],
        rows,
        f"An injected signal, {about.get('data', 'Asimov data')}: {saved.name}.csv",
    )
    meaning = about.get("columns")
    known = meaning if isinstance(meaning, Mapping) else {}
    told = [join([tag("b", words), f": {known[name]}"]) for name, words in columns if name in known]
    yield details("What the columns mean", items(told)) if told else Html("")
    if said := _answers(run, saved):
        yield items(names.sentence(text) for text in said)
    injected = about.get("injected")
    if isinstance(injected, Mapping):
        cells = [
            tag("div", tag("dt", names.html(str(n))), tag("dd", names.with_unit(float(v), str(n))))
            for n, v in injected.items()
            if isinstance(v, int | float)
        ]
        yield details("Where the signal is injected", tag("dl", *cells, class_="point"))


def _significance(name: str, value: float) -> Html | str:
    """Return a number; what is no number is told by the remark, what is next to nothing as nothing."""
    if value != value:
        return ""
    return number_html(0.0 if name.startswith("sigma") and abs(value) < 1e-3 else value, 3)


def _answers(run: SavedRun, saved: SavedTable) -> list[str]:
    """Return what the run said of all experiments together, and of today's data."""
    head = f"{run.label(saved.slug)}: "
    said = [str(text) for text in (run.result or {}).get("answers") or [] if str(text).startswith(head)]
    rest = [text.removeprefix(head) for text in said]
    kept = ("together ", "today's data", "the injected point", "no experiment of this fit")
    return [text for text in rest if text.startswith(kept) or "needs the least signal" in text]
