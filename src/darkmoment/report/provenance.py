"""What it takes to know the run again, and to cite it: versions, seed, hashes, run file, BibTeX."""

from __future__ import annotations

from darkmoment.citing import bibtex
from darkmoment.report.markup import Html, details, join, section, table, tag
from darkmoment.saved import SavedRun


def record_section(run: SavedRun) -> Html:
    """Return seed, digest, versions, hashes of data, and the run file."""
    record = run.record
    facts: list[list[object]] = [["run", str(record["name"])], ["seed", str(record.get("seed", ""))]]
    facts.append(["digest of the inputs", tag("code", str(record.get("digest", "")), class_="hash")])
    if record.get("fixed"):
        facts.append(
            ["held on the command line", ", ".join(f"{k} = {v:g}" for k, v in record["fixed"].items())]
        )
    versions = record.get("versions") or {}
    facts.append(["versions", ", ".join(f"{name} {version}" for name, version in versions.items())])
    making = record.get("making") or {}
    if "darkmoment's code" in making:
        facts.append(["darkmoment's code", tag("code", str(making["darkmoment's code"]))])
    for later in record.get("resumed_with") or ():
        facts.append(["resumed with", ", ".join(f"{name} {version}" for name, version in later.items())])
    files = [
        [experiment, name, tag("code", str(digest), class_="hash")]
        for experiment, known in (record.get("data") or {}).items()
        for name, digest in known.items()
    ]
    data = table(["experiment", "file", "sha256"], files, "sha256 of every curve, card and likelihood")
    check = tag(
        "p",
        tag("code", "darkmoment verify DIR"),
        " computes the stored points again and compares these hashes; ",
        tag("code", "darkmoment diff DIR1 DIR2"),
        " says what differs between two runs.",
    )
    return section(
        "record",
        "Record",
        table(["", ""], facts, "How this run was made"),
        check,
        details("Hashes of the data", data) if files else "",
        details("The run file", tag("pre", run.run_file)) if run.run_file else "",
    )


def citation_section(run: SavedRun) -> Html:
    """Return the BibTeX to copy."""
    try:
        text = bibtex(run.record)
    except (KeyError, ValueError, TypeError, AttributeError):
        return Html("")
    button = tag("button", "Copy", type="button", class_="copy", data_copy="bibtex", hidden="hidden")
    return section("cite", "Please cite", join([button, tag("pre", text, id="bibtex", tabindex="0")]))


def reading_section() -> Html:
    """Return how the numbers are meant."""
    entries = (
        (
            "Largest allowed value",
            "the largest value for which total χ² stays within Δχ² of the smallest total "
            "χ² at the same value of the parameter it is drawn along: 2.706 at 90%, 3.841 at 95% CL. For an "
            "unbounded gaussian this upper edge is a 95% (97.5%) one-sided limit; it is the convention that "
            "gives back published limits.",
        ),
        (
            "Certified",
            "two searches that share no start and no random stream reached the same value, within "
            "0.02 in Δχ², and no neighbour undercuts it.",
        ),
        (
            "Leans on ranges",
            "certified, but the answer moves with the end of a parameter's range, not only with "
            "data; the end and the elasticity are named.",
        ),
        (
            "Forbids more",
            "the term of χ² that rises most at the largest value; several within 5% of each other "
            "are joined with +.",
        ),
        ("Says nothing", "the point lies outside the range of that experiment's curve."),
    )
    cells = [tag("div", tag("dt", name), tag("dd", words)) for name, words in entries]
    return section("reading", "How to read this", tag("dl", *cells, class_="reading"))
