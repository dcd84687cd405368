"""The page as a whole: sections in their order, style and script inside, nothing from a network."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from darkmoment.report.chains import chain_section
from darkmoment.report.curve_plot import curve_figure
from darkmoment.report.curves import curve_plots
from darkmoment.report.future import future_section
from darkmoment.report.gallery import figure_section
from darkmoment.report.headline import answer_section, header, warning_section
from darkmoment.report.inputs import experiment_section, parameter_section
from darkmoment.report.maps import is_map, map_figure
from darkmoment.report.markup import Html, join, section, tag
from darkmoment.report.names import Names
from darkmoment.report.palette import Palette
from darkmoment.report.points import point_section
from darkmoment.report.provenance import citation_section, reading_section, record_section
from darkmoment.report.steps import step_section
from darkmoment.report.tables import summary_section, table_section
from darkmoment.report.tex import label_text
from darkmoment.saved import SavedRun

_NAVIGATION = {
    "warnings": "Warnings",
    "steps": "Steps",
    "plots": "Plots",
    "answers": "Answers",
    "point": "χ²",
    "summary": "Summary",
    "future": "Reach",
    "chains": "Chains",
    "figures": "Figures",
    "experiments": "Experiments",
    "parameters": "Parameters",
    "tables": "Tables",
    "record": "Record",
    "cite": "Cite",
}

_ORDER = {"maximise": 0, "compare": 0, "profile": 2}
"""Kind of task -> place of its plots; maps come second, others last."""


def page(run: SavedRun) -> str:
    """Return the report of a run as one HTML document."""
    names, palette = Names.of(run.record, run.experiments), Palette()
    sections = [
        warning_section(run, names),
        step_section(run, names),
        section("plots", "Plots", *_plots(run, names, palette)),
        answer_section(run, names),
        point_section(run, names),
        summary_section(run, names),
        future_section(run, names),
        chain_section(run, names),
        figure_section(run, names),
        experiment_section(run, names),
        parameter_section(run, names),
        reading_section(),
        table_section(run, names),
        record_section(run),
        citation_section(run),
    ]
    present = {
        anchor: words for anchor, words in _NAVIGATION.items() if f'id="{anchor}"' in join(sections).text
    }
    links = [tag("a", words, href=f"#{anchor}") for anchor, words in present.items()]
    body = join(
        [
            tag("a", "Skip to the answers", href="#main", class_="skip"),
            header(run, names),
            tag("nav", *links, aria_label="Sections"),
            tag("main", *sections, id="main"),
            tag("footer", tag("p", f"Written by darkmoment report, from run {run.record['name']}.")),
        ]
    )
    title = label_text(str(run.record.get("title") or run.record["name"]))
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        # nothing may be fetched: everything is in this file
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"{tag('title', f'{title} – darkmoment').text}"
        f"<style>{palette.style()}{_file('report.css')}</style>"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{body.text}'
        f"<script>{_file('report.js')}</script></body></html>\n"
    )


def _file(name: str) -> str:
    return (files("darkmoment.report") / name).read_text(encoding="utf-8")


def _plots(run: SavedRun, names: Names, palette: Palette) -> Iterator[Html]:
    """Yield every interactive plot, two in a row where the page is wide."""
    plots: list[tuple[int, Html]] = []
    for k, plot in enumerate(curve_plots(run, names, palette)):
        plots.append((_ORDER.get(plot.task, 3), curve_figure(plot, names, f"p{k}")))
    for k, saved in enumerate(run.tables.values()):
        if is_map(saved):
            limits = run.tables.get(f"{saved.name}_limit")
            plots.append((1, map_figure(run, saved, limits, names, palette, f"m{k}")))
    plots.sort(key=lambda entry: entry[0])
    if plots:
        hint = (
            "Point at a plot, tap it, or focus it and use the arrow keys; names under it switch curves off."
        )
        yield tag("p", hint, class_="hint")
        yield tag("div", *(plot for _, plot in plots), class_="plots")
