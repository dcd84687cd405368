"""The option `for` of every task: which variants it runs for."""

import json

import pandas as pd
import pytest

from darkmoment.runfile.choosing import matching
from darkmoment.runfile.loader import loads

VARIANTS = """\
variants:
  - {label: "one, heavy", parameters: {m_E: 4000}}
  - {label: "one, [light]", parameters: {m_E: 1300}}
  - label: "full, heavy"
    flavour: general
    parameters: {y: null, y_e: 0.1, y_mu: {range: [0.01, 1]}, flavour_angle: 1}
tasks:
"""
LABELS = ["one, heavy", "one, [light]", "full, heavy"]


@pytest.fixture
def asking(tiny):
    """Return a function that gives the text of a file with three variants and some tasks."""
    top = tiny.read_text().partition("tasks:")[0].replace("y: 0.1", "y: {range: [0.01, 1]}")

    def text(*tasks):
        return top + VARIANTS + "".join(f"  - {task}\n" for task in tasks)

    return text


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ('"one, heavy"', ["one, heavy"]),
        ('"one, [light]"', ["one, [light]"]),
        ('"one, *"', ["one, heavy", "one, [light]"]),
        ('"*, h?avy"', ["one, heavy", "full, heavy"]),
        ('["full, *", "one, [[]*"]', ["one, [light]", "full, heavy"]),
        ('["one, *", "one, heavy"]', ["one, heavy", "one, [light]"]),
        ('"*"', LABELS),
    ],
)
def test_a_label_a_pattern_or_a_list(asking, given, meant):
    file = loads(asking(f"maximise: {{for: {given}}}", "maximise: {points: 3, along: m_dark_photon}"))
    assert list(file.tasks[0].variants) == meant
    assert file.tasks[0].resolved()["for"] == meant
    assert file.tasks[1].variants is None
    assert "for" not in file.tasks[1].resolved()
    # each fit knows the tasks that ask it, and no others
    assert {fit.label: len(fit.tasks) for fit in file.fits} == {x: 1 + (x in meant) for x in LABELS}
    assert len(file.base.tasks) == 2


def test_what_is_written_as_a_label_is_one():
    labels = ["a[b]", "ab", "a*"]
    assert matching("a[b]", labels) == ["a[b]"]
    assert matching("a*", labels) == ["a*"]
    assert matching("a?", labels) == ["ab", "a*"]
    assert matching("A*", labels) == []


@pytest.mark.parametrize(
    ("task", "message", "suggestion"),
    [
        ('maximise: {for: "one, haevy"}', "no variant is called 'one, haevy'", "one, heavy"),
        ('maximise: {for: "fulll, *"}', "no variant is called 'fulll, *'", "full, heavy"),
        (
            'maximise: {for: ["one, *", "xyz"]}',
            "'xyz'; there is 'one, heavy', 'one, [light]', 'full, heavy'",
            None,
        ),
        ("maximise: {for: }", "it is empty; leave it out for all variants", None),
        ("maximise: {for: []}", "it is empty", None),
        ("maximise: {for: {a: b}}", "is a label or a pattern", None),
        ('recast: {experiment: na64, for: "one, *"}', "asks the top level of the file alone", None),
        ('maximise: {forr: "one, *"}', "unknown option 'forr' of task maximise", "for"),
        # what `by` may be goes with the variants that were meant: one mistake, one message
        ('reach: {by: y, for: "oen, heavy"}', "no variant is called 'oen, heavy'", "one, heavy"),
        ("reach: {by: y}", "unknown parameter 'y' for by of task reach", "y"),
        ('compare: {for: "one, *", gain_over: "full, heavy"}', "'full, heavy' is a variant that 'for'", None),
        ('compare: {gain_over: "one, hevy"}', "unknown variant 'one, hevy'", "one, heavy"),
        ("compare: {gain_over: [a]}", "is the label of a variant", None),
    ],
)
def test_one_mistake_one_message(asking, problems, task, message, suggestion):
    text = asking("maximise: {}", task)
    (problem,) = problems(text)
    assert problem.location.line == len(text.splitlines())
    assert message in problem.message
    if suggestion != "y":
        assert problem.suggestion == suggestion


def test_a_file_without_variants_has_none_to_choose(tiny, problems):
    text = tiny.read_text() + '  - maximise: {for: "*"}\n'
    (problem,) = problems(text)
    assert "this file has no variants to choose from" in problem.message


def test_options_are_those_of_the_variants_chosen(asking):
    file = loads(asking('reach: {by: y, for: "one, *"}', 'maximise: {along: y_mu, for: "full, *"}'))
    assert [task.kind for task in file.tasks] == ["reach", "maximise"]


def test_a_parameter_that_moves_nothing_asked_of_its_own_variant_is_named(asking):
    """g_D moves mu_eff alone: a maximum asked of other variants does not make it matter here."""
    free = asking('maximise: {for: "one, *"}').replace("g_D: 0.5", "g_D: {range: [0.1, 0.5]}")
    (warning,) = loads(free + "  - maximise: {quantity: BR_mu_e_gamma, for: 'full, *'}\n").warnings
    assert "'g_D' moves no experiment and no quantity asked for in variant 'full, heavy'" in warning.message


# --- runs ---------------------------------------------------------------------------------------------------

QUICK = "along: m_dark_photon, points: 2, starts: 1"


@pytest.fixture
def two(asking, tmp_path):
    """Return a file whose tasks run for different variants, nothing free besides the mass."""
    text = asking(
        f'maximise: {{{QUICK}, for: "one, *", name: single}}',
        f'maximise: {{{QUICK}, for: "full, heavy", name: general}}',
        f'compare: {{{QUICK}, for: "*, heavy", gain_over: "one, heavy", name: both}}',
    )
    file = tmp_path / "two.yaml"
    free = {
        "y: {range: [0.01, 1]}": "y: 0.1",
        "y_mu: {range: [0.01, 1]}": "y_mu: 0.2",
        "epsilon: {range: [1e-7, 1e-2], prior: log_uniform, reference: 1e-4}": "epsilon: 1e-4",
    }
    for old, new in free.items():
        text = text.replace(old, new)
    file.write_text(text)
    return file


def test_a_run_asks_each_variant_its_own(darkmoment, two, tmp_path, monkeypatch):
    out = tmp_path / "out"
    answer = darkmoment("run", two, "--out", out)
    assert answer.code == 0, answer.err
    made = {p.relative_to(out).as_posix() for p in out.rglob("*.csv")}
    folders = ("one-heavy", "one-light")
    assert made == {
        *(f"{folder}/single.csv" for folder in folders),
        *("full-heavy/general.csv", "single.csv", "both.csv", "both_gain.csv", "summary.csv"),
    }
    assert pd.read_csv(out / "single.csv")["variant"].unique().tolist() == ["one, heavy", "one, [light]"]
    assert pd.read_csv(out / "both.csv")["variant"].unique().tolist() == ["one, heavy", "full, heavy"]
    # the comparison took over what was found, and the summary has every variant that was maximised
    assert answer.out.count("highest of 2 values") == 3
    assert pd.read_csv(out / "summary.csv")["variant"].tolist() == LABELS
    record = json.loads((out / "record.json").read_text())
    assert [task["for"] for task in record["tasks"]] == [LABELS[:2], LABELS[2:], [LABELS[0], LABELS[2]]]
    assert {s: len(fit["tasks"]) for s, fit in record["fits"].items()} == {
        "one-heavy": 2,
        "one-light": 1,
        "full-heavy": 2,
    }

    # and again: what is finished is taken over, a table that is missing is made from those that are not
    before = {p: p.read_bytes() for p in out.rglob("*.csv")}
    (out / "both_gain.json").unlink()  # as if it had been interrupted there

    def again(*_, **__):
        raise AssertionError("a finished task was run again")

    for task in ("maximise.maximise", "compare.maximise", "summary.maximise", "summary.best_fit"):
        monkeypatch.setattr(f"darkmoment.tasks.{task}", again)
    answer = darkmoment("run", two, "--out", out, "--resume")
    assert answer.code == 0, answer.err
    assert {p: p.read_bytes() for p in out.rglob("*.csv")} == before
    two.write_text(two.read_text().replace('for: "one, *"', 'for: "one, heavy"'))
    answer = darkmoment("run", two, "--out", out, "--resume")
    assert answer.code == 2
    assert "belongs to another run" in answer.err


def test_one_variant_alone(darkmoment, two, tmp_path):
    answer = darkmoment("run", two, "--out", tmp_path / "a", "--variant", "full, heavy")
    assert answer.code == 0, answer.err
    assert "task maximise of tiny" in answer.err
    assert "is for other variants: it does not run" in answer.err
    assert not (tmp_path / "a" / "single.csv").exists()
    assert "no gains: one, heavy, which they are over, is not among the variants of this run" in answer.out
    two.write_text("\n".join(two.read_text().splitlines()[:-2]) + "\n")
    answer = darkmoment("run", two, "--out", tmp_path / "b", "--variant", "full, heavy")
    assert answer.code == 2
    assert "no task is for variant 'full, heavy'" in answer.err


def test_objections_and_estimates_go_with_the_choice(darkmoment, two):
    """What has no answer for one variant may be asked of another; `check` says for whom a task runs."""
    answer = darkmoment("check", two)
    assert answer.code == 0, answer.err
    assert 'for: 2 of 3 variants ("one, heavy" "one, [light]")' in answer.out
    two.write_text(two.read_text().replace("y_mu: 0.2", "y_mu: {range: [0.01, 1]}"))
    text = two.read_text()
    two.write_text(text + '  - sample: {walkers: 4, for: "one, *"}\n')
    assert darkmoment("check", two).code == 0
    two.write_text(text + "  - sample: {walkers: 2}\n")
    answer = darkmoment("check", two)
    assert answer.code == 2
