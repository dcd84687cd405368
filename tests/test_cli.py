"""The command line: what each command writes, says and returns."""

import json
import subprocess
import sys

import pandas as pd
import pytest

import darkmoment as package
from darkmoment.runfile.shipped import shipped, text_of

HEAVY = {"numpy", "scipy", "matplotlib", "pandas", "emcee", "iminuit", "arviz", "ruamel.yaml"}


def python(code, cwd):
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_help_imports_no_science(tmp_path):
    code = """
import sys
from darkmoment.cli import main
try:
    main(["--help"])
except SystemExit as end:
    assert end.code == 0
print("IMPORTED", *sys.modules)
"""
    out = python(code, tmp_path)
    text, _, modules = out.partition("IMPORTED")
    assert not HEAVY & set(modules.split())
    commands = (
        "run",
        "maximise",
        "profile",
        "sample",
        "evaluate",
        "check",
        "init",
        "experiments",
        "closure",
        "compare-conventions",
    )
    for command in commands:
        assert any(line.split()[:1] == [command] for line in text.splitlines())


def test_version(darkmoment):
    answer = darkmoment("--version")
    assert (answer.code, answer.out.strip()) == (0, f"darkmoment {package.__version__}")


@pytest.mark.parametrize(
    "arguments", [(), ("nonsense",), ("run",), ("run", "paper", "--seed", "-1"), ("profile", "x")]
)
def test_usage_errors(darkmoment, arguments):
    answer = darkmoment(*arguments)
    assert answer.code == 2
    assert answer.err.startswith("usage:")


# --- files that are not there; wrong ones are in probes/ -----------------------------------------------


def test_missing_files(darkmoment, tiny):
    answer = darkmoment("check", tiny.with_name("tinny.yaml"))
    assert answer.code == 2
    assert "no such run file (did you mean" in answer.err
    assert "tiny.yaml" in answer.err
    assert "did you mean 'paper'" in darkmoment("check", "papper").err
    answer = darkmoment("check", tiny.parent)
    assert answer.code == 2
    assert "is a directory, not a run file" in answer.err


def test_all_problems_are_told_at_once(darkmoment, tiny):
    text = tiny.read_text().replace("  y: 0.1", "  y: -1").replace("meg2", "megg2").replace("m_E", "m_EE")
    tiny.write_text(text)
    answer = darkmoment("check", tiny)
    assert len(answer.err.splitlines()) >= 3
    assert all(line.startswith(f"{tiny}:") for line in answer.err.splitlines())


# --- single-task commands ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("maximise", "--quantity", "mu_ef"), "--quantity: unknown quantity 'mu_ef'"),
        (("maximise", "--along", "m_S"), "--along: 'm_S' for along of task maximise is fixed"),
        (("maximise", "--points", "many"), "--points: points of task maximise is a whole number"),
        (("maximise", "--level", "90"), "--level: level of task maximise = 90"),
        (("maximise", "--along", "epsilon", "--set", "epsilon=1e-4"), "epsilon is held in tiny"),
        (("profile", "--x", "mu_eff"), "mu_eff is an observable: give the range"),
        (("profile", "--x", "mu_eff", "--range", "0,1e-12"), "starts above 0"),
        (("profile", "--x", "epsilon", "--range", "1e-3,2"), "epsilon = 2 must be <= 1"),
        (
            ("profile", "--x", "epsilon", "--range", "1e-3"),
            "--range: range of task profile is [lower, upper]",
        ),
        (("sample", "--walkers", "2"), "--walkers: walkers of task sample = 2 must be at least 4"),
        (("sample", "--walkers", "5"), "walkers = 5: give an even number"),
        (("sample", "--of", "mueff"), "unknown parameter or quantity 'mueff'"),
        (("sample", "--set", "epsilon=1e-4", "--set", "m_dark_photon=0.1"), "tiny has no free parameter"),
        (("maximise", "--variant", "other"), "tiny has no variant 'other'; there is none"),
    ],
)
def test_questions_without_answer_are_refused_before_anything_runs(
    darkmoment, tiny, tmp_path, arguments, message
):
    command, *rest = arguments
    out = tmp_path / "out"
    answer = darkmoment(command, tiny, "--out", out, *rest)
    assert answer.code == 2
    assert message in answer.err
    assert "Traceback" not in answer.err
    assert not out.exists()


# --- the other commands -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(shipped()))
def test_init_writes_a_copy_that_passes_check(darkmoment, tmp_path, name):
    copy = tmp_path / "mine.yaml"
    assert darkmoment("init", name, copy).code == 0
    assert copy.read_text() == text_of(name)
    assert "#" in copy.read_text()
    answer = darkmoment("check", copy)
    assert answer.code == 0
    assert "about" in answer.out
    assert answer.err == ""
    copy.write_text("mine")
    answer = darkmoment("init", name, copy)
    assert answer.code == 2
    assert "exists already" in answer.err
    assert copy.read_text() == "mine"


def test_init_without_a_place_to_write(darkmoment, tmp_path):
    assert "cannot be written" in darkmoment("init", "paper", tmp_path / "none" / "mine.yaml").err
    answer = darkmoment("init", "global")
    assert answer.code == 2
    assert "names a shipped fit, which would be found first: write global.yaml" in answer.err
    answer = darkmoment("init", "papre", tmp_path / "mine.yaml")
    assert answer.code == 2
    assert "did you mean 'paper'" in answer.err


def test_check_says_what_the_file_means(darkmoment, tiny):
    answer = darkmoment("check", tiny)
    assert answer.code == 0
    assert "epsilon              free in [1e-07, 0.01], prior log_uniform, reference 0.0001" in answer.out
    assert "na64 (2023), half_gaussian: m_dark_photon, epsilon" in answer.out
    assert "meg2 (2025), half_gaussian: none" in answer.out
    assert "altogether on this machine" in answer.out


def test_check_passes_warnings_on(darkmoment, tiny):
    tiny.write_text(tiny.read_text().replace("m_E: 2000", "m_E: 2e6"))
    answer = darkmoment("check", tiny)
    assert answer.code == 0
    assert answer.err.startswith(f"warning: {tiny}:13: m_E = 2e+06 GeV")


def test_experiments(darkmoment):
    answer = darkmoment("experiments")
    assert answer.code == 0
    for name in ("babar", "borexino", "g_minus_2", "meg2", "na64"):
        assert name in answer.out
    assert "2025*" in answer.out
    (row,) = [line.split() for line in answer.out.splitlines() if line.split()[:2] == ["meg2", "2025*"]]
    assert " ".join(row) == "meg2 2025* BR_mu_e_gamma < 1.5e-13 90% measured any mass arXiv:2504.15711 yes"
    assert "arXiv:2504.15711" in answer.out
    card = darkmoment("experiments", "meg2")
    assert card.code == 0
    assert "limits: BR_mu_e_gamma" in card.out
    wrong = darkmoment("experiments", "meg3")
    assert wrong.code == 2
    assert "did you mean 'meg2'" in wrong.err


def test_closure(darkmoment, tmp_path):
    from darkmoment.experiments import available

    answer = darkmoment("closure", "--points", 4, "--csv", tmp_path / "closure.csv")
    assert answer.code == 0
    table = pd.read_csv(tmp_path / "closure.csv")
    assert set(table["experiment"]) == {name for name, card in available().items() if card.applies}
    assert table["ok"].all()
    assert (table.groupby(["experiment", "dataset"]).size()[["na64", "babar"]] == 4).all()
    for wrong, message in [(("meg3",), "did you mean 'meg2'"), (("--points", 1), "give at least 2")]:
        answer = darkmoment("closure", *wrong)
        assert answer.code == 2
        assert message in answer.err
    assert darkmoment("closure", "meg2", "--csv", tmp_path / "none" / "x.csv").code == 2


def test_closure_notices_a_likelihood_that_is_one_percent_off(darkmoment, monkeypatch):
    from darkmoment.likelihoods.meg2.likelihood import Experiment

    from darkmoment.experiments import UpperLimit

    monkeypatch.setattr(Experiment, "response", lambda self, p: 1.01 * UpperLimit.response(self, p))
    answer = darkmoment("closure", "meg2")
    assert answer.code == 1
    assert "False" in answer.out


def test_an_error_of_ours_keeps_its_traceback_and_is_a_failure(darkmoment, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("a bug")

    monkeypatch.setattr("darkmoment.commands.available", broken)
    answer = darkmoment("experiments")
    assert answer.code == 3
    assert "Traceback" in answer.err
    assert "RuntimeError: a bug" in answer.err


def test_a_title_belongs_to_its_file(darkmoment, tiny, tmp_path):
    tiny.write_text("title: A tiny fit\n" + tiny.read_text())
    more = tmp_path / "more.yaml"
    more.write_text("extends: tiny.yaml\nname: more\n")
    assert darkmoment("check", more).out.splitlines()[0] == "more"
    assert darkmoment("check", tiny).out.splitlines()[0] == "tiny: A tiny fit"
    # the same fit, asked one question
    out = tmp_path / "out"
    assert darkmoment("maximise", tiny, "--starts", "1", "--out", out).code == 0
    assert json.loads((out / "record.json").read_text())["title"] == "A tiny fit"


def test_a_quantity_may_have_been_meant_as_a_parameter(darkmoment):
    for flag in ("--quantity", "--along"):
        answer = darkmoment("maximise", "global", flag, "epsilom")
        assert answer.code == 2
        assert "(did you mean 'epsilon'?)" in answer.err
