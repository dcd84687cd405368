"""Likelihoods that fail: named with the point, and what was finished before is kept."""

import pytest

SEARCH = '''\
import os

import numpy as np

from darkmoment.experiments import UpperLimit

CARD = """
name: mine
title: A search of my own
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
        strength = super().response(p)
        if os.environ.get("PROBE") == "raises":
            raise ZeroDivisionError("no events at all")
        return strength * np.nan if os.environ.get("PROBE") == "nan" else strength
'''
SAYS = {
    "raises": "mine raised ZeroDivisionError: no events at all, at ",
    "nan": "mine returned NaN as chi2, at ",
}


@pytest.fixture
def own(tiny):
    """Return the small run file with a search of its own, which fails where PROBE is set."""
    (tiny.parent / "mine.py").write_text(SEARCH)
    tiny.write_text(tiny.read_text().replace("  na64: {}", "  na64: {}\n  mine: {file: ./mine.py}"))
    return tiny


@pytest.mark.parametrize("how", SAYS)
@pytest.mark.parametrize("command", ["check", "evaluate", "run"])
def test_a_likelihood_that_fails_is_named_with_the_point(
    darkmoment, own, tmp_path, monkeypatch, command, how
):
    monkeypatch.setenv("PROBE", how)
    answer = darkmoment(command, own, *(("--out", tmp_path / "out") if command == "run" else ()))
    assert answer.code == 3
    assert SAYS[how] in answer.err
    assert "m_dark_photon = " in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("how", SAYS)
def test_what_was_finished_before_a_likelihood_failed_is_kept(darkmoment, own, tmp_path, monkeypatch, how):
    from darkmoment.tasks import profile as task

    out, meant = tmp_path / "out", task.profile

    def failing(*arguments, **options):
        monkeypatch.setenv("PROBE", how)
        return meant(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(task, "profile", failing)
        answer = darkmoment("run", own, "--out", out)
    assert answer.code == 3
    assert SAYS[how] in answer.err
    assert answer.err.splitlines()[-1] == f"darkmoment: what was finished is kept in {out}"
    assert "Traceback" not in answer.err
    finished = (out / "maximise_mu_eff.csv").read_bytes()
    assert not (out / "profile_epsilon.csv").exists()
    monkeypatch.delenv("PROBE")
    assert darkmoment("run", own, "--out", out, "--resume").code == 0
    assert (out / "maximise_mu_eff.csv").read_bytes() == finished
    assert (out / "profile_epsilon.csv").exists()


def test_memory_that_runs_out_is_said(darkmoment, tiny, tmp_path, monkeypatch):
    def too_large(*_, **__):
        raise MemoryError("Unable to allocate 7.45 GiB")

    monkeypatch.setattr("darkmoment.tasks.profile.profile", too_large)
    answer = darkmoment("run", tiny, "--out", tmp_path / "out")
    assert answer.code == 3
    assert answer.err.splitlines()[-2:] == [
        "darkmoment: not enough memory. Unable to allocate 7.45 GiB",
        f"darkmoment: what was finished is kept in {tmp_path / 'out'}",
    ]
