"""`compare-conventions` on the command line and as a task of a run file."""

import json
import re

import pandas as pd
import pytest

from darkmoment.inference import conventions

NAMES = ["as_it_is", "half_gaussian", "limit_and_sensitivity", "counting", "step"]
COMMAND = "compare-conventions"


def rows(out):
    """Return the printed table: shape -> the words of its line."""
    found = {}
    for line in out.splitlines():
        words = line.replace("as it is", "as_it_is").split()
        at = [i for i, word in enumerate(words) if word in NAMES]
        if at and "default" not in words and not line.strip().endswith((".", ":")) and ":" not in line:
            found.setdefault(words[at[0]], []).append(words[at[0] + 1 :])
    return found


def test_without_a_directory_it_prints_and_writes_nothing(darkmoment, tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    answer = darkmoment(COMMAND, tiny, "--along", "m_dark_photon", "--at", "100 MeV", "0.2", "--starts", 1)
    assert answer.code == 0
    assert sorted(tmp_path.iterdir()) == before
    assert "results in" not in answer.out
    assert "tiny: largest mu_eff [muB] with every shape (90% CL)" in answer.out
    found = rows(answer.out)
    assert list(found) == NAMES
    assert all(len(lines) == 2 for lines in found.values())
    # epsilon alone is left to NA64: its edge at 90% is the published limit for half_gaussian and step,
    # 1.353 of 2.303 events for counting; limit_and_sensitivity is nothing NA64 has numbers for
    ratios = {name: [float(words[1]) for words in lines] for name, lines in found.items()}
    for name, expected in {"as_it_is": 1, "half_gaussian": 1, "step": 1, "limit_and_sensitivity": 1}.items():
        assert ratios[name] == pytest.approx([expected] * 2, abs=6e-4)
    assert ratios["counting"] == pytest.approx([(1.352772 / 2.302585) ** 0.5] * 2, abs=6e-4)
    spreads = re.findall(r"largest/smallest at m_dark_photon = ([\d.]+) GeV: ([\d.]+)", answer.out)
    assert [m for m, _ in spreads] == ["0.1", "0.2"]
    assert "limit_and_sensitivity: taken by meg2; default kept: half_gaussian of na64" in answer.out
    assert "counting: taken by na64; default kept: half_gaussian of meg2" in answer.out


def test_with_a_directory_it_keeps_table_and_figure(darkmoment, tiny, tmp_path):
    out = tmp_path / "out"
    options = ("--along", "m_dark_photon", "--points", 7, "--level", 0.95, "--starts", 1)
    answer = darkmoment(COMMAND, tiny, *options, "--out", out)
    assert answer.code == 0
    assert answer.out.splitlines()[-1] == f"results in {out}"
    assert "95% CL" in answer.out
    stem = out / "compare_conventions_mu_eff"
    table = pd.read_csv(stem.with_suffix(".csv"))
    assert table["convention"].tolist() == [name for name in NAMES for _ in range(7)]
    wanted = {"m_dark_photon", "mu_eff_max", "ratio_to_default", "leading_experiment", "status", "hits"}
    assert wanted <= set(table)
    about = json.loads(stem.with_suffix(".json").read_text())
    assert about["shapes"]["counting"] == {"meg2": "half_gaussian", "na64": "counting"}
    assert about["units"]["mu_eff_max"] == "muB"
    assert about["level"] == 0.95
    largest = table.groupby("m_dark_photon")["mu_eff_max"].agg(["min", "max"])
    printed = re.search(r"largest/smallest: ([\d.]+) to ([\d.]+) along m_dark_photon", answer.out)
    assert printed is not None
    ratio = largest["max"] / largest["min"]
    assert [float(x) for x in printed.groups()] == pytest.approx([ratio.min(), ratio.max()], abs=6e-4)
    assert [row["spread"] for row in about["spread"]] == pytest.approx(ratio.tolist(), rel=1e-12)
    assert stem.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    again = darkmoment(COMMAND, tiny, *options, "--out", out, "--resume")
    assert again.code == 0
    assert again.out == answer.out


def test_a_run_file_asks_it_for_every_variant(darkmoment, tiny, tmp_path):
    text = tiny.read_text().split("tasks:")[0]
    text += "variants:\n  - {label: all}\n  - {label: alone, only: [na64]}\n"
    text += "tasks:\n  - compare_conventions: {along: m_dark_photon, at: [100 MeV], starts: 1}\n"
    tiny.write_text(text)
    assert "compare_conventions" in darkmoment("check", tiny).out
    out = tmp_path / "out"
    assert darkmoment("run", tiny, "--out", out).code == 0
    table = pd.read_csv(out / "compare_conventions_mu_eff.csv")
    assert table["variant"].tolist() == ["all"] * 5 + ["alone"] * 5
    assert table["m_dark_photon"].tolist() == [0.1] * 10
    alone = json.loads((out / "alone" / "compare_conventions_mu_eff.json").read_text())
    assert alone["shapes"]["limit_and_sensitivity"] == {"na64": "half_gaussian"}


def test_the_overall_maximum(darkmoment, tiny):
    answer = darkmoment(COMMAND, tiny, "--set", "m_dark_photon=0.1", "--starts", 1)
    assert answer.code == 0
    assert list(rows(answer.out)) == NAMES
    assert re.search(r"^  largest/smallest: 1\.\d+$", answer.out, re.MULTILINE)


def test_what_is_not_certified_is_said(darkmoment, tiny, monkeypatch):
    true = conventions.maximise

    def doubtful(fit, *arguments, **options):
        found = true(fit, *arguments, **options)
        if fit.experiments["na64"].shape.name == "counting":
            found.table["status"] = "uncertified"
        return found

    monkeypatch.setattr(conventions, "maximise", doubtful)
    answer = darkmoment(COMMAND, tiny, "--along", "m_dark_photon", "--at", 0.1, "--starts", 1)
    assert answer.code == 1
    assert rows(answer.out)["counting"][0][-1] == "uncertified"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--at", "0.1"), "at gives values of a parameter: say of which with along"),
        (("--along", "m_dark_photon", "--at", "0"), "m_dark_photon"),
        (("--along", "m_dark_photon", "--at", "heavy"), "--at: at of task compare_conventions"),
        (("--along", "m_dark_foton"), "did you mean 'm_dark_photon'?"),
        (("--along", "y"), "y"),
        (("--quantity", "mu_ef"), "did you mean 'mu_eff'?"),
        (("--level", "90"), "did you mean '0.9'?"),
        (("--points", "0"), "must be at least 1"),
    ],
)
def test_wrong_input(darkmoment, tiny, arguments, message):
    answer = darkmoment(COMMAND, tiny, *arguments)
    assert answer.code == 2
    assert message in answer.err
    assert answer.out == ""
