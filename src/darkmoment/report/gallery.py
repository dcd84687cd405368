"""The figures of a run as they are, inside the page."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

from darkmoment.report.markup import Html, section, tag
from darkmoment.report.names import Names
from darkmoment.report.tex import label_text
from darkmoment.saved import SavedRun, SavedTable

_WORDS = {
    "maximise": "Largest allowed value of {quantity} along {along}",
    "compare": "Largest allowed value of {quantity} along {along}, variants compared",
    "leave_one_out": "Largest allowed value of {quantity} without each experiment",
    "compare_conventions": "Largest allowed value of {quantity} with every shape",
    "profile": "Profile likelihood of {x}",
    "sample": "Posterior",
    "waterfall": "Largest allowed value of {quantity}, one step more at a time",
    "reach": "How small {quantity} each experiment alone can see when {by} is moved",
    "discovery": "What each experiment sees of an injected signal",
}
_PARTS = {
    "_leading": "what forbids more",
    "_corner": "corner plot",
    "_sensitivity": "dependence on the prior",
    "_limit": "limit",
}


_BOTH = "profile_and_posterior_"


def figure_section(run: SavedRun, names: Names) -> Html:
    """Return every PNG of the run directory, embedded, with words for who does not see it.

    Those of waterfalls stand beside their steps.
    """
    steps = {run.path / f"{saved.name}.png" for saved in run.of("waterfall")}
    files = [file for file in run.files("*.png") if file not in steps]
    figures = [figure for file in files if (figure := _figure(run, file, names)) is not None]
    return section(
        "figures", "Figures for a paper", tag("div", *figures, class_="gallery") if figures else ""
    )


def figure_of(run: SavedRun, name: str, names: Names) -> Html | None:
    """Return the PNG beside a table; None where there is none."""
    return _figure(run, run.path / f"{name}.png", names)


def _figure(run: SavedRun, file: Path, names: Names) -> Html | None:
    try:
        content = file.read_bytes()
        width, height = _size(content)
    except (OSError, ValueError):
        return None  # cut off half way: nothing to show
    shown = file.relative_to(run.path).as_posix()
    words = description(run, shown.removesuffix(".png"), names)
    pdf = file.with_suffix(".pdf")
    where = f"{pdf.relative_to(run.path).as_posix()}" if pdf.exists() else shown
    source = f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"
    image = tag("img", src=source, alt=words, width=width // 2, height=height // 2)
    return tag("figure", image, tag("figcaption", words, tag("small", f" {where}")))


def description(run: SavedRun, name: str, names: Names) -> str:
    """Return what a figure shows, in words."""
    slug = name.rpartition("/")[0]
    saved, part = run.tables.get(name), ""
    for ending, words in _PARTS.items():
        if name.endswith(ending) and name.removesuffix(ending) in run.tables:
            saved, part = run.tables[name.removesuffix(ending)], words
    label = f" ({label_text(run.label(slug))})" if slug in run.slugs and len(run.slugs) > 1 else ""
    if saved is None:
        stem = name.rpartition("/")[2]
        if stem.startswith(_BOTH):
            return f"Profile and posterior limit on {names.text(stem.removeprefix(_BOTH))}{label}"
        return stem.replace("_", " ") + label
    about = {key: names.text(str(value)) for key, value in saved.about.items() if isinstance(value, str)}
    words = _WORDS.get(saved.task, "{task}")
    if saved.task == "compare" and "gain_over" in about:
        over = label_text(str(saved.about["gain_over"])).replace("{", "{{").replace("}", "}}")
        words = f"By what factor the largest {{quantity}} is lower than for {over}"
    if saved.task == "recast":
        words = _recast(saved, names)
    if saved.task == "profile" and "y" in about:
        words = "Profile likelihood of {x} and {y}"
    try:
        said = words.format(**about)
    except KeyError:
        said = words.partition(" of {")[0].partition(" along {")[0]
    return f"{said}{f', {part}' if part else ''}{label}"


def _recast(saved: SavedTable, names: Names) -> str:
    """Say whose limits are drawn along what."""
    several = saved.about.get("experiments")
    whose = (
        list(several.values()) if isinstance(several, dict) else [saved.about.get("label", "an experiment")]
    )
    published = ", as published" if saved.about.get("as_published") else ""
    along = names.text(str(next(iter(saved.table), "")))
    said = f"Limits of {', '.join(map(str, whose))}" if len(whose) > 1 else f"Limit of {whose[0]}"
    return f"{said} along {along}{published}".replace("{", "{{").replace("}", "}}")


def _size(content: bytes) -> tuple[int, int]:
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or not content.rstrip(b"\0").endswith(b"IEND\xaeB`\x82"):
        raise ValueError("not a whole PNG")
    width, height = struct.unpack(">II", content[16:24])
    return int(width), int(height)
