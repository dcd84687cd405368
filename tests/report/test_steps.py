"""The record of a waterfall: page, figures, tables and checks."""

import json
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

from darkmoment.exports.summary_tex import summary_tex
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


def words(html):
    return " ".join(re.sub(r"<[^>]+>", "", html).replace("\N{NARROW NO-BREAK SPACE}", "").split())


def told(darkmoment, run):
    """Return the page of a run, and what it says under a heading."""
    assert darkmoment("report", run).code == 0
    page = (run / "report.html").read_text(encoding="utf-8")
    return page, lambda anchor: re.search(f'<section id="{anchor}".*?</section>', page, re.DOTALL)[0]


def test_the_page_tells_every_step(darkmoment, changed):
    page, part = told(darkmoment, changed)
    head = words(re.search(r"<header>.*?</header>", page, re.DOTALL)[0])
    assert "What is left of the largest μeff, one step more at a time?" in head
    assert "At 90% CL the largest μeff goes from 5.3×10−9 μB (start &amp; first) to 1.61×10−13 μB" in head
    assert "in 3 steps; Δχ² counted from the Standard Model, each term by itself and only upwards." in head
    assert head.endswith("certifiedno warnings")
    steps = part("steps")
    rows = [
        [words(c) for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in steps.split("<tr>")[1:]
    ]
    assert rows == [
        ["step", "largest μeff [μB]", "ratio", "what forbids the one before, and why", "certificate"],
        ["start &amp; first", "5.3×10−9", "", "", "certified"],
        ["+ MEG II", "1.61×10−13", "3.04×10−5", rows[2][3], "certified"],
        ["+ SINDRUM", "1.61×10−13", "1", "nothing: the maximum before is still allowed", "certified"],
    ]
    assert rows[2][3] == "MEG II (2025): BR(μ→eγ) = 0.000118, MEG II (2025) allows 1.5×10−13"
    # the figure stands here, once; what the file holds besides stays folded under Tables
    assert steps.count("<img") == page.count("<img") == 1
    assert "killed_because" not in page[: page.index('id="tables"')]
    assert "killed_because" in part("tables")


def test_the_page_tells_what_is_seen_beside(darkmoment, changed):
    table = pd.read_csv(changed / f"{NAME}.csv", keep_default_na=False)
    table["mu_eff_borexino_allows"] = [5.3e-9, "", 1.61e-11]
    table["mu_eff_lsnd_allows"] = [1e-3, "", 1e-3]
    table.to_csv(changed / f"{NAME}.csv", index=False)
    _, part = told(darkmoment, changed)
    rows = [words(row.partition("</tr>")[0]) for row in part("steps").split("<tr>")[1:]]
    assert rows[0].endswith("limit on μeff itself")
    assert rows[1].endswith("5.3×10−9 μB borexino (holds it there)")
    assert rows[2].endswith("certified")
    assert rows[3].endswith("1.61×10−11 μB borexino (100 times)")


@pytest.mark.parametrize("origin", ["chi2 of the Standard Model", None])
def test_a_maximum_beside_a_waterfall(darkmoment, changed, origin):
    """What counts from the Standard Model joins the waterfall; what does not is another question."""
    columns = {"mu_eff_max": 7e-12, "leading_experiment": "meg2", "status": "uncertified", "m_E": 2000.0}
    end = "_at_standard_model" if origin else "_at_min"
    columns |= {"delta_chi2": 2.7, "chi2_meg2": 2.71, f"chi2_meg2{end}": 0.25}
    columns |= {"chi2_na64": 0.5, f"chi2_na64{end}": 0.75}
    (changed / "SINDRUM").mkdir(exist_ok=True)
    pd.DataFrame([columns]).to_csv(changed / "SINDRUM" / "anywhere.csv", index=False)
    about = {"task": "maximise", "quantity": "mu_eff", "along": None, "level": 0.9, "variant": "+ SINDRUM"}
    about |= {"text_columns": ["leading_experiment", "status"]} | ({"counted_from": origin} if origin else {})
    (changed / "SINDRUM" / "anywhere.json").write_text(json.dumps(about))
    page, part = told(darkmoment, changed)
    head = words(re.search(r"<header>.*?</header>", page, re.DOTALL)[0])
    point = [words(row) for row in part("point").split("<tr>")[1:]]
    largest = "μeff is at most 7×10−12 μB over all ranges"
    if origin:
        assert "What is left of the largest" in head
        assert f"+ SINDRUM: {largest} (Δχ² counted from χ² of the Standard Model)" in head
        assert point[0].startswith("termχ² herein the Standard Model")
        assert point[3].startswith("sum3.2112.7")  # what falls does not pay for what rises
    else:
        assert f"At 90% CL {largest}; MEG II (2025) forbids more" in head
        assert "The waterfall asks another question, Δχ² counted from the Standard Model" in head
        assert "over all ranges up to 1.61×10−13 μB" in head
        assert "not certified" in head
        assert point[3].startswith("sum3.2112.21")
    assert point[1].startswith("MEG II (2025)2.710.252.46")
    assert len(point) == 4
    # the tables for a paper say the same
    said = re.findall(r"caption\{Largest allowed (.*)\}", summary_tex(SavedRun.read(changed)))
    counted = r"; $\Delta\chi^2$ counts from the Standard Model" if origin else ""
    assert said[0] == rf"$\mu_\mathrm{{eff}}$ at 90\% CL, over all ranges{counted}."


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
