"""Reach, discovery, gains and recasts of several experiments: verified, compared, and told in the report."""

import json
import re

import pandas as pd
import pytest

from darkmoment.differences import compare_runs
from darkmoment.saved import SavedRun
from darkmoment.verification import TOLERANCE, verify

SIGNAL = "signal-all"


def change(file, column, row, new):
    """Replace one cell of a table; the rest keeps its bytes."""
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    old = table.loc[row, column]
    table.loc[row, column] = new(old)
    assert table.loc[row, column] != old
    table.to_csv(file, index=False)


def drifted(text):
    return repr(float(text) * (1 + 1e-6))


def test_every_table_is_made_again(later):
    found = verify(later)
    assert found.passed, found
    assert found.largest < TOLERANCE
    for name, least in (
        (f"{SIGNAL}/maximise_mu_eff", 20),
        ("compare_mu_eff", 40),
        ("compare_mu_eff_gain", 15),
        ("reach_inner", 25),
        (f"{SIGNAL}/discovery", 60),
        ("recast", 4 * 12 + 8),
        ("xe", 2 * 12 + 4),
        ("recast_borexino", 13),
    ):
        assert found.compared[f"{name}.csv"] >= least, name
    assert not [note for note in found.notes if "no points" in note and "summary" not in note]


@pytest.mark.parametrize(
    ("name", "column", "row"),
    [
        (f"{SIGNAL}/maximise_mu_eff", "chi2_mu2e", 1),  # against its Asimov data
        ("compare_mu_eff_gain", "gain", 1),
        ("reach_inner", "level_y", 0),
        (f"{SIGNAL}/discovery", "factor_3", 2),
        ("recast", "mu_eff_limit_lsnd_mu_numu", 7),
        ("xe", "mu_eff_limit_xenonnt", 3),
    ],
)
def test_a_number_that_drifted_is_named(darkmoment, later_copied, name, column, row):
    change(later_copied / f"{name}.csv", column, row, drifted)
    answer = darkmoment("verify", later_copied)
    assert answer.code == 1
    assert f"drift: {name}.csv row {row}, {column}: stored " in answer.out


def test_a_limit_for_a_heavy_mediator_is_looked_at_too(darkmoment, later_copied):
    about = json.loads((later_copied / "recast.json").read_text())
    about["heavy_mediator"]["lsnd"] *= 1 + 1e-6
    (later_copied / "recast.json").write_text(json.dumps(about))
    answer = darkmoment("verify", later_copied)
    assert answer.code == 1
    assert "recast.csv row 0, lsnd, heavy mediator" in answer.out


def test_an_answer_in_words_that_changed(darkmoment, later_copied):
    change(later_copied / "reach_inner.csv", "outcome", 0, lambda old: "not reached")
    answer = darkmoment("verify", later_copied)
    assert answer.code == 1
    assert (
        "reach_inner.csv cannot be computed again: row 0, outcome: stored 'not reached', now 'reached'"
        in (answer.out)
    )


def test_asimov_data_are_part_of_what_is_verified(darkmoment, later_copied):
    file = later_copied / "record.json"
    record = json.loads(file.read_text())
    record["fits"][SIGNAL]["data"]["asimov"]["point"]["y"] *= 1.01
    file.write_text(json.dumps(record))
    found = verify(later_copied)
    assert any("digest" in text for text in found.changed)
    assert {drift.table for drift in found.drifts} >= {f"{SIGNAL}/maximise_mu_eff.csv"}


def test_what_tasks_name_is_in_the_record(later):
    record = json.loads((later / "record.json").read_text())
    assert set(record["named"]) == {"xenonnt", "borexino", "lsnd", "lsnd/mu_numu", "xenonnt/2022_recast"}
    # the top level with these, and no more
    assert set(record["base"]["experiments"]) == {"xenonnt", "borexino", "lsnd"}


def test_tables_of_tasks_for_some_variants_are_all_there(later):
    run = SavedRun.read(later)
    assert run.missing == []
    assert run.asked("discovery") == [SIGNAL]
    assert run.asked("reach_inner") == ["today", "Mu3e"]


def test_differences_in_words(later, later_copied):
    record = json.loads((later_copied / "record.json").read_text())
    asimov = record["fits"][SIGNAL]["data"]["asimov"]
    asimov["point"]["y"], asimov["at"] = 0.07, {"y": 0.07}
    record["base"]["parameters"]["g_D"]["value"] = 0.4
    (later_copied / "record.json").write_text(json.dumps(record))
    change(later_copied / "reach_inner.csv", "limit_inner", 0, lambda old: repr(2 * float(old)))
    table = pd.read_csv(later_copied / SIGNAL / "discovery.csv", dtype=str, keep_default_na=False)
    table.iloc[::-1].to_csv(later_copied / SIGNAL / "discovery.csv", index=False)
    found = compare_runs(later, later_copied)
    assert "signal & all: Asimov data at y (0.08 -> 0.07)" in found.inputs
    assert any(text.startswith("signal & all: Asimov data at (") for text in found.inputs)
    assert "top level: g_D, value (0.5 -> 0.4)" in found.inputs
    assert len(found.answers) == 1, found.answers  # another order is no other answer
    assert re.fullmatch(
        r"reach_inner: today, meg2: limit_inner 0\.0103\d+ -> 0\.0207\d+", found.answers[0]
    ), found.answers


def test_the_report_tells_them(later_copied, report):
    page = report(later_copied)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.partition('id="main"')[2]))
    for words in (
        "Gain over today",
        "each experiment alone can see",
        "Who sees the injected signal first",
        "needs the least signal",
        "today's data allow the injected point",
        "data: Asimov data at reference",
        "lsnd_mu_numu" if "lsnd_mu_numu" in page.partition("Tables")[0] else "LSND (mu_numu)",
    ):
        assert words in text.replace("&#x27;", "'"), words
    # the answer on top is that of what has been observed, though another table comes first
    top = re.sub(r"<[^>]*>", "", page.partition('class="answer">')[2].partition("</p>")[0])
    assert "(today; from " in top
    assert "Asimov" not in top
    # curves of a dataset are called as the table's description calls them
    assert ">lsnd_mu_numu<" not in page.partition('id="tables"')[0]
    assert "xenonnt_2022_recast<" not in page.partition('id="tables"')[0]


def test_a_report_of_asimov_data_alone_says_so(later_copied, report):
    record = json.loads((later_copied / "record.json").read_text())
    for slug in ("today", "Mu3e"):
        del record["fits"][slug]
    record["tasks"] = record["tasks"][:1]
    (later_copied / "record.json").write_text(json.dumps(record))
    for stem in ("compare_mu_eff", "compare_mu_eff_gain"):
        (later_copied / f"{stem}.json").unlink()
    page = report(later_copied)
    top = re.sub(r"<[^>]*>", "", page.partition('class="answer">')[2].partition("</p>")[0])
    assert "from Asimov data at reference" in top


@pytest.mark.parametrize("content", ["{}", '{"task": "discovery"}', '{"task": "reach", "quantity": 3}'])
def test_descriptions_that_say_little(later_copied, report, content):
    for name in ("reach_inner", f"{SIGNAL}/discovery", "compare_mu_eff_gain"):
        about = json.loads((later_copied / f"{name}.json").read_text())
        kept = {"text_columns": about["text_columns"]}
        (later_copied / f"{name}.json").write_text(json.dumps({**json.loads(content), **kept}))
    assert "</html>" in report(later_copied)


def test_what_is_projected_is_dashed(later_copied, darkmoment):
    assert darkmoment("report", later_copied).code == 0
    page = (later_copied / "report.html").read_text(encoding="utf-8")
    plot = page[page.index("variants compared") :]
    lines = re.findall(r'<path class="line" style="[^"]*"( stroke-dasharray="[^"]*")?', plot)[:2]
    assert [bool(dash) for dash in lines] == [False, True]  # today, + Mu3e
