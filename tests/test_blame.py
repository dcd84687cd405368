"""An experiment of one's own that raises: the line that asks for it, and the line where it was raised."""

import pickle
from pathlib import Path

import pytest

from darkmoment import Fit
from darkmoment.experiments.errors import AtFaultError
from darkmoment.fit import LikelihoodError
from darkmoment.runfile.diagnostics import RunFileError
from darkmoment.runfile.loader import loads

CODE = '''\
"""A made-up search."""

import numpy as np

from darkmoment.experiments import UpperLimit

CARD = """
name: mine
title: MINE
limits: BR_mu_e_gamma
status: measured
default: 1
datasets:
  1: {limit: "< 2e-13 @ 90% CL", journal: nowhere, where: nowhere, verified: yes}
closure: {method: delta_chi2, tolerance: 0.005}
notes: Made up.
"""


class Experiment(UpperLimit):
    def response(self, p):
        s = super().response(p)
        BODY
        return s

    def covered(self, p):
        OTHER
        return super().covered(p)
'''
RUN = """\
extends: global
name: own
variants: null
tasks: TASKS
DATA
experiments:
  g_minus_2: {}
  mine: {file: ./mine.py}
"""
RAISES = "np.ones(2) @ np.ones(3)"
AT = {"BODY": 23, "OTHER": 27}
ASIMOV = "data: {asimov: {at: reference}}"


@pytest.fixture
def file(tmp_path: Path):
    """Return the path of a run file with an experiment that has these lines."""

    def written(data: str = "title: t", tasks: str = "[]", **lines: str) -> Path:
        code = CODE
        for name in AT:
            code = code.replace(name, lines.get(name, "pass"))
        (tmp_path / "mine.py").write_text(code)
        path = tmp_path / "own.yaml"
        path.write_text(RUN.replace("DATA", data).replace("TASKS", tasks))
        return path

    return written


@pytest.mark.parametrize("name", AT)
@pytest.mark.parametrize("tasks", ["[]", "[maximise: {points: 2, starts: 1}]"])
def test_check_names_both_lines(darkmoment, file, name: str, tasks: str) -> None:
    path = file(tasks=tasks, **{name: RAISES})
    answer = darkmoment("check", path)
    assert answer.code != 0
    (line,) = answer.err.strip().splitlines()
    assert line.startswith(f"darkmoment: {path}:8: mine raised ValueError: ")
    assert line.endswith(f"; raised in mine.py:{AT[name]}")


def test_run_and_evaluate_name_both_lines(darkmoment, file, tmp_path: Path) -> None:
    path = file(tasks="[maximise: {points: 2, starts: 1}]", BODY=RAISES)
    for arguments in (("run", path, "--out", tmp_path / "out"), ("evaluate", path)):
        said = darkmoment(*arguments).err
        assert f"{path}:8: mine raised ValueError: " in said
        assert f"; raised in mine.py:{AT['BODY']}" in said


@pytest.mark.parametrize("name", AT)
def test_with_asimov_data_it_is_not_the_data_that_are_wrong(file, name: str) -> None:
    path = file(ASIMOV, **{name: "raise SystemExit(3)" if name == "BODY" else RAISES})
    with pytest.raises(RunFileError) as caught:
        loads(path.read_text(), "own.yaml", path.parent)
    (problem,) = caught.value.problems
    assert problem.location.line == 8
    assert problem.message.startswith("experiment 'mine': no Asimov data for mine: it raised ")
    assert problem.message.endswith(f"; raised in mine.py:{AT[name]} (variant 'single_y')")


def test_a_rule_that_is_broken_is_told_with_its_line(file) -> None:
    for data in ("title: t", ASIMOV):
        path = file(data, BODY='p["BR_mu_e_gamma"][:] = 0')
        with pytest.raises((AtFaultError, RunFileError)) as caught:
            Fit(loads(path.read_text(), "own.yaml", path.parent).base)
        assert str(caught.value).startswith("own.yaml:8: ")
        assert "mine changes BR_mu_e_gamma in place" in str(caught.value)


def test_data_that_are_wrong_stay_the_data(file) -> None:
    path = file("data: {asimov: {at: {delta_m_S: 0.9}}}")
    with pytest.raises(RunFileError) as caught:
        loads(path.read_text(), "own.yaml", path.parent)
    assert caught.value.problems[0].location.line == 5


def test_nan_is_told_with_the_line_and_shipped_ones_without(file, monkeypatch) -> None:
    fit = Fit(loads(file(BODY="s = s * np.nan").read_text(), "own.yaml", file().parent).base)
    with pytest.raises(LikelihoodError, match=r"^own\.yaml:8: mine returned NaN"):
        Fit(
            loads(
                file(BODY="s = s * np.nan").read_text(), "own.yaml", file(BODY="s = s * np.nan").parent
            ).base
        ).chi2({})
    monkeypatch.setattr(type(fit.experiments["meg2"]), "response", lambda self, p: 1 / 0)
    with pytest.raises(LikelihoodError, match=r"^meg2 raised ZeroDivisionError: division by zero, at [^;]*$"):
        fit.chi2({})


def test_who_is_at_fault_travels() -> None:
    error = AtFaultError("mine", "mine is wrong", "own.yaml:8")
    again = pickle.loads(pickle.dumps(error))
    assert (again.experiment, str(again)) == ("mine", "own.yaml:8: mine is wrong")
