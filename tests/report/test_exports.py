"""LaTeX tables, chains for GetDist, a submission to HEPData."""

import builtins
import re
import shutil
import subprocess
import tarfile
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from matplotlib.mathtext import MathTextParser
from ruamel.yaml import YAML

from darkmoment.exports import ExportError, export
from darkmoment.exports.latex import escape, label, number
from darkmoment.exports.summary_tex import summary_tex
from darkmoment.inference.chains import read_chains
from darkmoment.runfile.loader import load
from darkmoment.saved import SavedRun

# 510 pt of text, as in the two columns of Physical Review
DOCUMENT = (
    r"\documentclass[twocolumn]{article}\usepackage[margin=0.71in]{geometry}\usepackage{amsmath,amssymb,booktabs}"
    r"\begin{document}%s\end{document}"
)


def tables(text):
    """Return the cells of every tabular, checked: braces match, rows are as long as the column list."""
    bare = re.sub(r"\\[{}$&%#_\\]", "", re.sub(r"^%.*$", "", text, flags=re.MULTILINE))
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert bare.count("$") % 2 == 0
    body = re.sub(r"^%.*$", "", text, flags=re.MULTILINE)
    for mathematics in set(re.findall(r"(?<!\\)\$(.*?)(?<!\\)\$", body)):
        MathTextParser("path").parse(f"${mathematics}$")  # raises where it is none
    assert text.count(r"\begin{table*}") == text.count(r"\end{table*}")
    found = []
    for columns, body in re.findall(r"\\begin\{tabular\}\{(l+)\}\n(.*?)\\end\{tabular\}", text, re.DOTALL):
        lines = [line for line in body.splitlines() if not re.fullmatch(r"\\(top|mid|bottom)rule", line)]
        rows = []
        for line in lines:
            assert line.endswith(r" \\")
            cells = re.split(r"(?<!\\)&", line.removesuffix(r"\\"))
            assert len(cells) == len(columns), line
            rows.append([cell.strip() for cell in cells])
        found.append(rows)
    anchors = re.findall(r"\\label\{(.*?)\}", text)
    assert len(set(anchors)) == len(anchors) == len(found)
    return found


def value(cell):
    """Return the number in a cell."""
    match = re.fullmatch(r"\$([-\d.]+)(?:\\times10\^\{(-?\d+)\})?\$", cell)
    return float(match[1]) * 10.0 ** int(match[2] or 0)


@pytest.mark.parametrize("which", ["finished", "later"])
def test_a_summary_in_every_run_directory(which, request):
    folder = request.getfixturevalue(which)
    text = (folder / "summary.tex").read_text(encoding="utf-8")
    largest = tables(text)[0]
    run = SavedRun.read(folder)
    assert text == summary_tex(run)
    stored = run.tables["compare_mu_eff"].table
    for variant, top in stored.groupby("variant", sort=False)["mu_eff_max"].max().items():
        cells = next(row for row in largest if row[0].partition(" (")[0] == label(variant))
        assert value(cells[1]) == pytest.approx(top, rel=1e-3)


def test_what_the_summary_says_of_projections(later):
    found = tables((later / "summary.tex").read_text(encoding="utf-8"))
    # what has been observed comes first; Asimov data are called so
    assert [row[0] for row in found[0]] == [
        "variant",
        "today",
        "+ Mu3e (projected)",
        r"signal \& all (projected, Asimov data)",
    ]
    gains = found[-1]
    assert gains[0][2] == "gain"
    assert value(gains[2][2]) == pytest.approx(14.3, abs=0.1)


def test_a_run_without_limits(tmp_path, tiny):
    from darkmoment.tasks.runner import run

    text = tiny.read_text()
    tiny.write_text(text[: text.index("  - maximise")] + "  - recast: {experiment: na64, points: 5}\n")
    run(load(tiny), tmp_path / "out")
    text = (tmp_path / "out" / "summary.tex").read_text()
    assert tables(text) == []
    assert "holds no limits" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
@pytest.mark.parametrize("which", ["finished", "later"])
def test_it_compiles(which, request, tmp_path):
    text = (request.getfixturevalue(which) / "summary.tex").read_text(encoding="utf-8")
    (tmp_path / "paper.tex").write_text(DOCUMENT % f"\n{text}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    if which == "later":  # the other's labels are there to break things, not to fit
        assert "Overfull" not in done.stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b & 5% #1 {x}", r"a\_b \& 5\% \#1 \{x\}"),
        (r"C:\x~^", r"C:\textbackslash{}x\textasciitilde{}\textasciicircum{}"),
        ("μ → e", r"$\mu$ $\to$ e"),
        ("naïve ☃", "naïve [U+2603]"),
        ("a\nb", "a b"),
    ],
)
def test_plain_text(text, expected):
    assert escape(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$g_D$ = 0.5", "$g_D$ = 0.5"),
        ("costs $5", r"costs \$5"),
        ("$a_{$ x", r"\$a\_\{\$ x"),
        (r"$\frac{1}{2}$ & more", r"$\frac{1}{2}$ \& more"),
        ("$a & b$", r"\$a \& b\$"),
        (r"$\input{x}$", r"\$\textbackslash{}input\{x\}\$"),
    ],
)
def test_labels(text, expected):
    assert label(text) == expected


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (1.7214e-11, r"$1.721\times10^{-11}$"),
        (0.0123456, "$0.01235$"),
        (0.0, "$0$"),
        (float("inf"), r"$\infty$"),
        (float("nan"), "--"),
        (2e7, r"$2\times10^{7}$"),
        (12345.6, "$12346$"),
    ],
)
def test_numbers(x, expected):
    assert number(x) == expected


needs_getdist = pytest.mark.skipif(find_spec("getdist") is None, reason="getdist is not installed")
needs_hepdata = pytest.mark.skipif(find_spec("hepdata_lib") is None, reason="hepdata_lib is not installed")


@needs_getdist
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_chains_for_getdist(darkmoment, copied):
    from getdist import loadMCSamples

    answer = darkmoment("export", copied, "--to", "getdist")
    assert (answer.code, answer.err) == (0, "")
    out = copied / "getdist"
    assert answer.out == f"{len(list(out.iterdir()))} files in {out}\n"
    read = loadMCSamples(str(out / "strong-g_D-0.5_sample"), settings={"ignore_rows": 0})
    saved = SavedRun.read(copied).tables["strong-g_D-0.5/sample"]
    found = read_chains(copied / "strong-g_D-0.5" / "sample.nc", saved.about)
    assert len(read.chain_offsets) - 1 == len(found.chi2)  # an ensemble is a chain
    assert len(read.samples) == found.chi2.size
    parameters = read.getParams()
    epsilon = found.parameters["epsilon"].ravel()
    assert np.allclose(parameters.epsilon, epsilon, rtol=1e-7)
    assert np.allclose(parameters.log10_mu_eff, np.log10(found.quantities["mu_eff"].ravel()), rtol=1e-7)
    # -ln(posterior): both priors are log-uniform
    prior = -np.log(epsilon) - np.log(found.parameters["m_dark_photon"].ravel())
    assert np.allclose(read.loglikes, 0.5 * found.chi2.ravel() - prior, rtol=1e-7, atol=1e-7)
    limit = next(q for q in saved.about["limits"] if q["level"] == 0.9 and q["quantity"] == "mu_eff")
    assert read.confidence("mu_eff", 0.1, upper=True) == pytest.approx(limit["value"], rel=0.05)
    assert read.ranges.getLower("epsilon") == pytest.approx(1e-7)
    assert read.ranges.getUpper("log10_epsilon") == pytest.approx(-2)
    assert read.paramNames.parWithName("mu_eff").isDerived
    assert r"\mu_\mathrm{eff}" in read.paramNames.parWithName("mu_eff").label


@needs_hepdata
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_submission_to_hepdata(darkmoment, later_copied, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    answer = darkmoment("export", later_copied, "--to", "hepdata")
    assert (answer.code, answer.err) == (0, "")
    assert list(tmp_path.glob("*.gz")) == []  # nothing where the command was given
    out = later_copied / "hepdata"
    with (out / "submission.yaml").open() as stream:
        head, *entries = YAML(typ="safe").load_all(stream)
    assert "digest of the inputs" in head["comment"]
    assert "Warning: signal & all: no background at all" in head["comment"]
    names = {entry["data_file"] for entry in entries}
    assert names == {
        f"{name}.yaml"
        for name in ("compare_mu_eff", "recast", "xe", "recast_borexino", "signal-all_maximise_mu_eff")
    }
    with tarfile.open(out / "submission.tar.gz") as archive:
        assert names | {"submission.yaml"} == set(archive.getnames())
    table = YAML(typ="safe").load((out / "compare_mu_eff.yaml").read_text())
    stored = pd.read_csv(later_copied / "compare_mu_eff.csv")
    (along,) = table["independent_variables"]
    assert along["header"] == {"name": "m_dark_photon", "units": "GeV"}
    x = [entry["value"] for entry in along["values"]]
    for variable in table["dependent_variables"]:
        qualifiers = {q["name"]: q["value"] for q in variable["qualifiers"]}
        assert qualifiers["Confidence level"] == "90%"
        part = stored[stored["variant"] == qualifiers["Variant"]].set_index("m_dark_photon")
        assert len(part) > 2
        if variable["header"]["name"] == "largest mu_eff":
            assert variable["header"]["units"] == "muB"
            y = [entry["value"] for entry in variable["values"]]
            assert np.allclose(x, part.index, rtol=1e-9)
            assert np.allclose(y, part["mu_eff_max"], rtol=1e-9)
    recast = YAML(typ="safe").load((out / "recast.yaml").read_text())
    labels = [v["qualifiers"][0]["value"] for v in recast["dependent_variables"]]
    assert labels == ["XENONnT (2022)", "Borexino (2017)", "LSND (mu_nue)", "LSND (mu_numu)"]


@needs_hepdata
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_task_can_be_submitted(darkmoment, copied):
    assert darkmoment("export", copied, "--to", "hepdata", "--out", copied.parent / "new").code == 0
    found = {p.stem for p in (copied.parent / "new").glob("*.yaml")}
    assert {
        "maximise_mu_eff",
        "leave_one_out_mu_eff",
        "compare_conventions_mu_eff",
        "profile_epsilon",
    } < found


@pytest.mark.parametrize(("to", "package"), [("getdist", "GetDist"), ("hepdata", "hepdata_lib")])
def test_without_the_extra(darkmoment, finished, monkeypatch, to, package):
    monkeypatch.setattr("darkmoment.exports.find_spec", lambda name: None)
    answer = darkmoment("export", finished, "--to", to)
    assert answer.code == 2
    wanted = f"--to {to} needs the package {package}, an extra: pip install '.[{to}]' in the clone"
    assert answer.err == f"darkmoment: {wanted}\n"
    assert not (finished / to).exists()


@needs_getdist
def test_nothing_to_export(darkmoment, later, tmp_path):
    answer = darkmoment("export", later, "--to", "getdist")
    assert answer.code == 2
    assert "holds no posterior" in answer.err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    with pytest.raises(ExportError, match="not empty"):
        export(later, "getdist", tmp_path / "full")
    answer = darkmoment("export", tmp_path, "--to", "getdist")
    assert answer.code == 2
    assert "is no run directory" in answer.err


def test_reading_a_run_needs_no_extra(finished, monkeypatch):
    known = builtins.__import__

    def without(name, *arguments, **more):
        assert name.partition(".")[0] not in ("getdist", "hepdata_lib")
        return known(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert summary_tex(SavedRun.read(finished))
