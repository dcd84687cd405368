"""`darkmoment verify`: what was stored is computed again, and what changed is named."""

import json

import numpy as np
import pandas as pd
import pytest

from darkmoment.reevaluation import Column
from darkmoment.verification import TOLERANCE, Verification, verify


def change(file, column, row, factor):
    """Multiply one number of a table; the rest keeps its bytes."""
    lines = file.read_text().splitlines(keepends=True)
    names = lines[0].rstrip("\n").split(",")
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    table.loc[row, column] = repr(float(table.loc[row, column]) * factor)
    table.to_csv(file, index=False)
    assert names == list(table.columns)


def test_a_run_is_what_it_was(darkmoment, finished):
    answer = darkmoment("verify", finished)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines()[-1].startswith("verified: ")
    found = verify(finished)
    assert found.passed
    assert found.largest < TOLERANCE
    # every table with points, of every variant
    for name in (
        "maximise_mu_eff",
        "profile_epsilon",
        "profile_m_dark_photon_epsilon",
        "leave_one_out_mu_eff",
    ):
        for slug in ("strong-g_D-0.5", "img-src-x-onerror-alert-1"):
            assert found.compared[f"{slug}/{name}.csv"] > 5
    for name in ("compare_mu_eff", "compare_conventions_mu_eff", "recast_na64", "errata"):
        assert found.compared[f"{name}.csv"] > 5
    assert found.compared["strong-g_D-0.5/sample_samples.csv"] == 2000


@pytest.mark.parametrize(
    ("name", "column", "row"),
    [
        ("strong-g_D-0.5/maximise_mu_eff", "mu_eff_max", 2),
        ("strong-g_D-0.5/maximise_mu_eff", "chi2_na64", 1),
        ("strong-g_D-0.5/maximise_mu_eff", "epsilon", 1),
        ("strong-g_D-0.5/maximise_mu_eff", "delta_chi2", 1),
        ("strong-g_D-0.5/maximise_mu_eff", "chi2_min", 1),
        ("strong-g_D-0.5/profile_epsilon", "delta_chi2", 3),
        ("strong-g_D-0.5/profile_m_dark_photon_epsilon", "delta_chi2_at_x", 11),
        ("strong-g_D-0.5/profile_m_dark_photon_epsilon", "chi2", 11),
        ("strong-g_D-0.5/leave_one_out_mu_eff", "mu_eff_max", 7),
        ("compare_conventions_mu_eff", "mu_eff_max", 3),
        ("compare_mu_eff", "mu_eff_max", 6),
        ("recast_na64", "epsilon_limit", 12),
        ("errata", "correct", 0),
    ],
)
def test_a_number_that_drifted_is_named(darkmoment, copied, name, column, row):
    change(copied / f"{name}.csv", column, row, 1 + 1e-6)
    answer = darkmoment("verify", copied)
    assert answer.code == 1
    assert answer.out.splitlines()[-1].startswith("NOT verified")
    assert f"drift: {name}.csv row {row}, " in answer.out
    if column != "epsilon":
        assert f"row {row}, {column}: stored " in answer.out


def test_what_is_below_the_tolerance_is_no_drift(copied):
    change(copied / "strong-g_D-0.5" / "maximise_mu_eff.csv", "mu_eff_max", 2, 1 + 1e-11)
    assert verify(copied).passed


def test_the_measure_of_drift():
    found = Verification()
    column = Column("q")
    old = np.array([1.0, 0.0, np.inf, np.nan, 1e-30, np.inf])
    new = np.array([1.0 + 1e-12, 0.0, np.inf, np.nan, 2e-30, 1.0])
    found.compare("t", column, old, new, np.arange(6))
    assert [d.row for d in found.drifts] == [4, 5]
    # a chi2 that is as good as none
    found = Verification()
    found.compare("t", Column("chi2_x", term="x", floor=1.0), old[4:5], new[4:5], np.arange(1))
    assert found.passed


def test_an_edited_record(darkmoment, copied):
    record = json.loads((copied / "record.json").read_text())
    record["seed"] = 17
    (copied / "record.json").write_text(json.dumps(record))
    answer = darkmoment("verify", copied)
    assert answer.code == 1
    assert "its digest does not match its content" in answer.out


def test_data_that_changed(darkmoment, copied, monkeypatch):
    from darkmoment import record

    def of(fits, known=record.data_of):
        data = known(fits)
        data["na64"] = {**data["na64"], "card.yaml": "0" * 64}
        return data

    monkeypatch.setattr("darkmoment.verification.data_of", of)
    answer = darkmoment("verify", copied)
    assert answer.code == 1
    assert "changed: na64/card.yaml changed since the run" in answer.out


def test_code_that_changed_is_a_note(darkmoment, copied, monkeypatch):
    from darkmoment import record

    def of(fits, known=record.data_of):
        data = known(fits)
        data["na64"] = {**data["na64"], "likelihood.py": "0" * 64}
        return data

    monkeypatch.setattr("darkmoment.verification.data_of", of)
    monkeypatch.setattr("darkmoment.verification.making", lambda: {"numpy": "9.9"})
    answer = darkmoment("verify", copied)
    assert answer.code == 0
    assert "note: na64/likelihood.py changed since the run" in answer.out
    assert "numpy" in answer.out


def test_an_experiment_of_ones_own(darkmoment, copied):
    (copy,) = (copied / "inputs" / "strong-g_D-0.5").rglob("mine.csv")
    text = copy.read_text()
    copy.write_text(text.replace("5e-4", "6e-4"))
    answer = darkmoment("verify", copied)
    assert answer.code == 1
    assert "changed: mine/mine.csv changed since the run" in answer.out
    copy.unlink()
    answer = darkmoment("verify", copied)
    assert answer.code == 1
    assert "cannot be" in answer.out
    assert "Traceback" not in answer.out + answer.err


def test_a_run_that_is_not_finished(darkmoment, copied):
    for name in ("result.json", "compare_mu_eff.json", "summary.json"):
        (copied / name).unlink()
    answer = darkmoment("verify", copied)
    assert answer.code == 0
    assert "note: compare_mu_eff.csv is not finished" in answer.out


def test_no_run_directory(darkmoment, tmp_path):
    answer = darkmoment("verify", tmp_path)
    assert answer.code == 2
    assert "is no run directory" in answer.err
