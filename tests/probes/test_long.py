"""Questions that would take for ever: refused with the time they take and the way to go ahead."""

import re

import pytest

from darkmoment.tasks import runner

HUGE = {
    "maximise": (("--along", "m_dark_photon", "--points", "1000000000"), "points: 1000000000"),
    "more than fits": (("--along", "m_dark_photon", "--points", "1e30"), "points: 1"),
    "starts": (("--along", "m_dark_photon", "--starts", "100000000"), "starts: 100000000"),
    "profile": (("--x", "epsilon", "--points", "100000000"), "points: 100000000"),
    "ensembles": (("--ensembles", "10000000"), "ensembles: 10000000"),
    "samples": (("--ess", "1e12", "--max-steps", "1000000000000"), "ess: 1e+12"),
}
COMMANDS = {"profile": "profile", "ensembles": "sample", "samples": "sample"}


@pytest.mark.parametrize("case", HUGE)
def test_what_takes_for_ever_is_refused_with_the_time_and_how_to_go_ahead(darkmoment, tiny, tmp_path, case):
    arguments, named = HUGE[case]
    out = tmp_path / "out"
    answer = darkmoment(COMMANDS.get(case, "maximise"), tiny, *arguments, "--out", out)
    assert answer.code == 2
    assert named in answer.err
    assert "the run would take about " in answer.err
    assert ", more than 24 h: ask for less, or go ahead with --max-hours " in answer.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("profile", ("--x", "epsilon", "--y", "m_dark_photon", "--points", "9000"), "81000000 cells, about "),
        ("sample", ("--walkers", "1000000"), "walkers = 1000000 do not fit into memory"),
    ],
)
def test_what_does_not_fit_is_refused(darkmoment, tiny, tmp_path, command, arguments, message):
    answer = darkmoment(command, tiny, *arguments, "--out", tmp_path / "out")
    assert answer.code == 2
    assert message in answer.err
    assert " or fewer" in answer.err


def test_a_recast_of_too_many_points_is_refused_before_they_are_made(darkmoment, tmp_path):
    file = tmp_path / "recast.yaml"
    file.write_text("extends: scattering\ntasks:\n  - recast: {experiment: gemma, points: 1e15}\n")
    answer = darkmoment("run", file, "--out", tmp_path / "out")
    assert answer.code == 2
    assert f"{file}:3: task recast: points = 1e+15 do not fit" in answer.err


def test_the_limit_is_ones_own_and_a_begun_run_goes_on_without_it(darkmoment, tiny, tmp_path):
    out = tmp_path / "out"
    answer = darkmoment("run", tiny, "--out", out, "--max-hours", "1e-6")
    assert answer.code == 2
    assert "go ahead with --max-hours" in answer.err
    wanted = answer.err.split("--max-hours ")[1].split()[0]
    assert darkmoment("run", tiny, "--out", out, "--max-hours", wanted).code == 0
    assert darkmoment("run", tiny, "--out", out, "--resume", "--max-hours", "1e-6").code == 0
    for odd in ("0", "-1", "nan", "long"):
        assert f"{odd!r} is no number of hours above 0" in darkmoment("run", tiny, "--max-hours", odd).err


def test_check_tells_how_long_it_would_take(darkmoment, tiny):
    tiny.write_text(tiny.read_text().replace("points: 2, starts: 1", "points: 1e9, starts: 1"))
    answer = darkmoment("check", tiny)
    assert answer.code == 0
    assert "warning: the run would take about " in answer.out.splitlines()[-1]


def test_a_long_run_says_so_before_it_begins(darkmoment, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "WORTH_A_WORD", 0.0)
    for hours in ("24", "inf"):
        answer = darkmoment("run", tiny, "--out", tmp_path / hours, "--max-hours", hours)
        assert re.search("^note: the run takes about .* s, by an estimate$", answer.err, re.MULTILINE)
    monkeypatch.undo()
    assert "by an estimate" not in darkmoment("run", tiny, "--out", tmp_path / "short").err


def test_nothing_to_resume_is_told(darkmoment, tiny, tmp_path):
    out = tmp_path / "out"
    answer = darkmoment("run", tiny, "--out", out, "--resume")
    assert answer.code == 0
    assert f"note: there is nothing to resume in {out}: the run starts anew" in answer.err.splitlines()
    assert "nothing to resume" not in darkmoment("run", tiny, "--out", out, "--resume").err
