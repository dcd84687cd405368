"""The record of a waterfall: page, figures, tables and checks."""

import json
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

from darkmoment.runfile.loader import load
from darkmoment.saved import SavedRun
from darkmoment.tasks.runner import run

STEPS = """\
name: steps
flavour: single_y
parameters:
  m_dark_photon: 0.1
  epsilon: {range: [1e-7, 1e-2], prior: log_uniform}
  y: {range: [1e-3, 300], prior: log_uniform}
  g_D: 0.5
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: 2000
experiments: {g_minus_2: {}, na64: {}}
cumulative: true
variants:
  - {label: start & first}
  - {label: + MEG II, add: {meg2: {}}}
  - {label: + SINDRUM, add: {sindrum: {}}}
tasks:
  - waterfall: {starts: 2}
"""
NAME = "waterfall_mu_eff"


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """Return the run of a short waterfall; to be read only."""
    folder = tmp_path_factory.mktemp("steps")
    (folder / "steps.yaml").write_text(STEPS)
    run(load(folder / "steps.yaml"), folder / "out")
    return folder / "out"


@pytest.fixture
def changed(steps, tmp_path):
    """Return a copy that a test may change."""
    return Path(shutil.copytree(steps, tmp_path / "run"))


def test_the_page_tells_every_step(darkmoment, changed):
    assert darkmoment("report", changed).code == 0
    page = (changed / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", page)
    assert "What is left of the largest" in text
    assert "start &amp; first" in page
    assert "1.61×10−13" in text.replace("\N{NARROW NO-BREAK SPACE}", "").replace(" ", "")
    assert "MEG II" in text


def test_latex_has_a_row_for_each_step(steps):
    text = (steps / "summary.tex").read_text(encoding="utf-8")
    rows = [line.removesuffix(r" \\").split(" & ") for line in text.splitlines() if line.endswith(r" \\")]
    assert [row[0] for row in rows] == ["variant", r"start \& first", "+ MEG II", "+ SINDRUM"]
    table = SavedRun.read(steps).tables[NAME].table
    assert rows[1][1] == r"$5.3\times10^{-9}$"
    assert table["mu_eff_max"][0] == pytest.approx(5.3e-9, rel=1e-3)
    assert [row[3] for row in rows[1:]] == ["--", "MEG II (2025)", "--"]
    assert rows[1][2] == "--"


@pytest.mark.skipif(find_spec("hepdata_lib") is None, reason="hepdata_lib is not installed")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_can_be_submitted(darkmoment, changed):
    answer = darkmoment("export", changed, "--to", "hepdata")
    assert (answer.code, answer.err) == (0, "")
    found = YAML(typ="safe").load((changed / "hepdata" / f"{NAME}.yaml").read_text())
    (variant,) = found["independent_variables"]
    assert [v["value"] for v in variant["values"]] == ["start & first", "+ MEG II", "+ SINDRUM"]
    largest, killer, status = found["dependent_variables"]
    assert largest["header"] == {"name": "largest mu_eff", "units": "muB"}
    stored = pd.read_csv(changed / f"{NAME}.csv")["mu_eff_max"]
    assert [v["value"] for v in largest["values"]] == pytest.approx(list(stored), rel=1e-9)
    assert [v["value"] for v in killer["values"]] == ["-", "MEG II (2025)", "-"]
    assert {v["value"] for v in status["values"]} == {"certified"}


@pytest.mark.parametrize("column", ["mu_eff_max", "chi2_meg2", "y", "ratio", "chi2_standard_model"])
def test_verify_sees_a_number_that_moved(darkmoment, changed, column):
    assert darkmoment("verify", changed).code == 0
    path = changed / f"{NAME}.csv"
    table = pd.read_csv(path, keep_default_na=False)
    table[column] = table[column].astype(object)
    table.loc[1, column] = repr(float(table.loc[1, column]) * (1 + 1e-6))
    table.to_csv(path, index=False)
    answer = darkmoment("verify", changed)
    assert answer.code == 1
    assert NAME in answer.out + answer.err


def test_the_figure_is_drawn_again(darkmoment, changed):
    before = {s: (changed / f"{NAME}.{s}").read_bytes() for s in ("png", "pdf")}
    for suffix in before:
        (changed / f"{NAME}.{suffix}").unlink()
    assert darkmoment("plot", changed).code == 0
    assert {s: (changed / f"{NAME}.{s}").read_bytes() for s in before} == before


def test_diff_names_the_step(darkmoment, changed, steps):
    path = changed / f"{NAME}.csv"
    table = pd.read_csv(path, keep_default_na=False)
    table.loc[2, "mu_eff_max"] = 1e-13
    table.to_csv(path, index=False)
    answer = darkmoment("diff", steps, changed)
    assert answer.code == 1
    assert "+ SINDRUM" in answer.out
    assert json.loads((steps / "record.json").read_text())["digest"]
