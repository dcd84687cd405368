"""`darkmoment verify`: what was stored is computed again, and what changed is named."""

import json
import subprocess

import numpy as np
import pandas as pd
import pytest

from darkmoment.manifest import MANIFEST
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
    found = verify(copied)
    assert not found.drifts
    # it is another file all the same
    assert found.changed == ["strong-g_D-0.5/maximise_mu_eff.csv is not the file that the run wrote"]


SPOILT = {
    "summary.csv": "e-0",
    "result.json": "answers",
    "run.yaml": "points: 4",
    "summary.tex": "toprule",
    "best_fit.yaml": "total_chi2",
    "strong-g_D-0.5/sample.nc": None,
    "strong-g_D-0.5/sample_samples.csv": "e-05",
    "strong-g_D-0.5/maximise_mu_eff.json": '"muB"',
    "strong-g_D-0.5/profile_m_dark_photon_epsilon_limit.csv": "certified",
    "compare_mu_eff.csv": "certified",
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_file_that_somebody_changed_or_removed(darkmoment, copied, name):
    file, words = copied / name, SPOILT[name]
    content = file.read_bytes()
    if words is None:
        file.write_bytes(content[: len(content) // 2])
    else:
        assert words.encode() in content
        file.write_bytes(content.replace(words.encode(), b"x", 1))
    answer = darkmoment("verify", copied)
    assert answer.code == 1
    assert f"changed: {name} is not the file that the run wrote" in answer.out
    file.unlink()
    answer = darkmoment("verify", copied)
    assert answer.code == 1
    assert f"changed: {name}, which the run wrote, is missing" in answer.out


def test_the_list_of_files(darkmoment, copied):
    listed = (copied / MANIFEST).read_text()
    assert "record.json" in listed
    assert "timings.json" not in listed
    done = subprocess.run(["sha256sum", "--check", "--quiet", MANIFEST], cwd=copied, capture_output=True)
    assert done.returncode == 0
    # what is made from a run is not part of it
    assert darkmoment("report", copied).code == darkmoment("plot", copied).code == 0
    assert verify(copied).passed
    (copied / MANIFEST).write_text("nonsense\n")
    assert "cannot be read" in darkmoment("verify", copied).out
    (copied / MANIFEST).unlink()
    assert f"changed: {MANIFEST} is missing" in darkmoment("verify", copied).out


def test_a_run_that_goes_on_says_which_of_its_files_was_changed(darkmoment, copied, finished):
    change(copied / "strong-g_D-0.5" / "maximise_mu_eff.csv", "mu_eff_max", 2, 2.0)
    answer = darkmoment("run", finished.parent / "full.yaml", "--out", copied, "--resume")
    assert answer.code in (0, 1)
    assert "maximise_mu_eff.csv is not the file that the run wrote; it is taken over as it is" in answer.err
    assert (copied / MANIFEST).exists()


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
    for name in ("result.json", "compare_mu_eff.json", "summary.json", MANIFEST):
        (copied / name).unlink()
    answer = darkmoment("verify", copied)
    assert answer.code == 0
    assert "note: compare_mu_eff.csv is not finished" in answer.out


def test_no_run_directory(darkmoment, tmp_path):
    answer = darkmoment("verify", tmp_path)
    assert answer.code == 2
    assert "is no run directory" in answer.err


def edit(copied, change):
    record = json.loads((copied / "record.json").read_text())
    change(record)
    (copied / "record.json").write_text(json.dumps(record))


DAMAGES = {
    "a fit is text": lambda r: r["fits"].update({"strong-g_D-0.5": "x"}),
    "data are a list": lambda r: r.update(data=[]),
    "data of one are missing": lambda r: r["data"].update(meg2=None),
    "fixed is a list": lambda r: r.update(fixed=[1]),
    "references are a list": lambda r: r.update(references=[1]),
    "no name": lambda r: r.pop("name"),
    "no seed": lambda r: r.pop("seed"),
    "tasks are text": lambda r: r.update(tasks="abc"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_no_fault_of_ours(darkmoment, copied, finished, damage, tmp_path):
    edit(copied, DAMAGES[damage])
    asked = {
        "verify": ("verify", copied),
        "diff": ("diff", finished, copied),
        "report": ("report", copied, "--out", tmp_path / "page.html"),
        "cite": ("cite", copied),
        "export": ("export", copied, "--to", "getdist"),
        "plot": ("plot", copied, "--out", tmp_path / "plots"),
    }
    for arguments in asked.values():
        answer = darkmoment(*arguments)
        assert answer.code in (0, 1, 2), arguments
        assert "Traceback" not in answer.err
        if answer.code == 2:
            assert "record.json" in answer.err


def test_variants_with_files_of_their_own_for_one_name(darkmoment, tiny):
    for number in ("1", "2"):
        (tiny.parent / number).mkdir()
        (tiny.parent / number / "mine.csv").write_text(f"mass_GeV,epsilon\n1e-3,{number}e-4\n1,1e-3\n")
    text = tiny.read_text()
    text = text[: text.index("tasks:")]
    own = "add: {{mine: {{limits: epsilon, curve: {0}/mine.csv, cl: 0.9, decays: any}}}}"
    text += "variants:\n" + "".join(f"  - {{label: v{n}, {own.format(n)}}}\n" for n in (1, 2))
    text += "tasks: [{maximise: {along: m_dark_photon, points: 2, starts: 1}}]\n"
    tiny.write_text(text)
    out = tiny.parent / "out"
    assert darkmoment("run", tiny, "--out", out).code in (0, 1)
    assert darkmoment("verify", out).code == 0
    (out / "inputs" / "v2" / "mine" / "mine.csv").write_text("mass_GeV,epsilon\n1e-3,3e-4\n1,1e-3\n")
    assert "2/mine.csv changed since the run" in darkmoment("verify", out).out


def test_a_variant_called_all(darkmoment, tiny):
    text = tiny.read_text()
    text = text[: text.index("tasks:")]
    text += "variants: [{label: all}]\ntasks: [{maximise: {along: m_dark_photon, points: 2, starts: 1}}]\n"
    tiny.write_text(text)
    out, other = tiny.parent / "out", tiny.parent / "other"
    for folder, level in ((out, "0.90"), (other, "0.95")):
        tiny.write_text(text.replace("starts: 1", f"starts: 1, level: {level}"))
        assert darkmoment("run", tiny, "--out", folder).code in (0, 1)
    assert "all/maximise_mu_eff: largest mu_eff" in darkmoment("diff", out, other).out
