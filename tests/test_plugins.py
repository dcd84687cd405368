"""Experiments of another package: built, installed, found, fitted, closed, resumed; or refused by name."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from darkmoment import Fit
from darkmoment.experiments import discovery
from darkmoment.experiments.closure import closure
from darkmoment.experiments.discovery import available, load
from darkmoment.experiments.errors import ExperimentError
from darkmoment.fit import LikelihoodError
from darkmoment.runfile.diagnostics import RunFileError
from darkmoment.runfile.loader import loads

CARD = """\
name: dimuon
title: DIMUON, a made-up search
limits: epsilon
status: measured
default: 1
datasets:
  1:
    curve: dimuon.csv
    cl: 0.90
    arxiv: "2504.15711"
    where: nowhere
    obtained: made up
    verified: yes
closure: {method: delta_chi2, tolerance: 0.005, at: {BR_invisible: 1}}
notes: Made up.
"""
LIKELIHOOD = """\
from darkmoment.experiments import CurveLimit


class Experiment(CurveLimit):
    pass
"""
COUNTED = """\
from darkmoment.experiments import UpperLimit


class Counted(UpperLimit):
    pass
"""
COUNTED_CARD = (
    CARD.replace("dimuon", "counted")
    .replace("epsilon", "BR_mu_3e")
    .replace("curve: counted.csv\n    cl: 0.90", 'limit: "< 3e-13 @ 90% CL"')
    .replace(", at: {BR_invisible: 1}", "")
)
PROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "dark-extras"
version = "1.2"

[project.entry-points."darkmoment.experiments"]
dimuon = "dark_extras.searches"
counted = "dark_extras.counted:Counted"

[tool.setuptools]
packages = ["dark_extras", "dark_extras.searches"]

[tool.setuptools.package-data]
"*" = ["*.yaml", "*.csv"]
"""
RUN = """\
extends: global
name: own
flavour: single_y
variants: null
experiments: {dimuon: {}, counted: {shape: step}}
parameters: {m_dark_photon: {range: [1e-2, 1], prior: log_uniform}, m_S: 0.3, delta_m_S: 0.1, m_majorana: 0.1,
  m_dirac: 0, m_E: 2000, g_D: 0.5, delta_theta: pi/4}
tasks:
  - maximise: {along: m_dark_photon, points: 2, starts: 1}
"""


def sources(folder: Path, **changes: str) -> Path:
    """Write the other package; `changes` replace whole files, by stem."""
    files = {"pyproject.toml": PROJECT, "dark_extras/__init__.py": "", "dark_extras/counted.py": COUNTED}
    files |= {"dark_extras/card.yaml": COUNTED_CARD, "dark_extras/searches/__init__.py": ""}
    files |= {"dark_extras/searches/card.yaml": CARD, "dark_extras/searches/likelihood.py": LIKELIHOOD}
    files |= {"dark_extras/searches/dimuon.csv": "mass_GeV,epsilon\n0.01,1e-5\n1,1e-4\n"}
    for name, text in {**files, **changes}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """Return a folder that the package was really built for and installed into."""
    base = tmp_path_factory.mktemp("extras")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-build-isolation",
        "--no-deps",
        "--no-index",
        "--quiet",
    ]
    target = base / "installed"
    subprocess.run([*pip, "--target", target, sources(base / "sources")], check=True, capture_output=True)
    return target


@pytest.fixture
def fresh(monkeypatch):
    """Let this process look for packages anew, now and afterwards."""

    def forget() -> None:
        discovery.announced.cache_clear()
        discovery.available.cache_clear()
        for name in [name for name in sys.modules if name.partition(".")[0] == "dark_extras"]:
            del sys.modules[name]

    def look(folder: Path) -> None:
        monkeypatch.syspath_prepend(str(folder))
        forget()

    yield look
    monkeypatch.undo()
    forget()


def announce(folder: Path) -> Path:
    """Make a folder of sources look installed, without building it."""
    info = folder / "dark_extras-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dark-extras\nVersion: 1.2\n")
    points = PROJECT.partition('experiments"]\n')[2].partition("\n[")[0].replace('"', "")
    (info / "entry_points.txt").write_text(f"[darkmoment.experiments]\n{points}")
    return folder


def test_it_is_found_and_fitted(installed: Path, fresh) -> None:
    without = set(available())
    fresh(installed)
    assert set(available()) == without | {"dimuon", "counted"}
    assert list(available()) == sorted(available())
    dimuon = load("dimuon")
    assert dimuon.label == "DIMUON (1)"
    p = {"m_dark_photon": np.array([0.1]), "epsilon": np.array([1e-4]), "BR_invisible": np.ones(1)}
    assert dimuon.response(p)[0] == pytest.approx(10.0)  # (1e-4/10^-4.5)^2
    assert load("counted", shape="step").hard
    fit = Fit(loads(RUN, "own.yaml").base)
    assert fit.terms[-2:] == ("dimuon", "counted")
    assert fit.chi2({"epsilon": [1e-5, 1e-4]}).shape == (2, 7)


def elsewhere(installed: Path, folder: Path, *arguments: object, code: int = 0) -> str:
    """Run the command line in another process, with the package installed."""
    found = os.environ.get("PYTHONPATH")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), *([found] if found else [])])}
    done = subprocess.run(
        [sys.executable, "-m", "darkmoment.cli", *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_the_command_line_knows_it(installed: Path, tmp_path: Path) -> None:
    assert "dimuon" in elsewhere(installed, tmp_path, "experiments")
    assert elsewhere(installed, tmp_path, "experiments", "counted").strip() == COUNTED_CARD.strip()
    table = elsewhere(installed, tmp_path, "closure", "dimuon", "counted")
    assert table.count("True") == 2
    (tmp_path / "own.yaml").write_text(RUN)
    cited = elsewhere(installed, tmp_path, "cite", "own.yaml")
    assert r"DIMUON, a made-up search: dimuon, dataset 1" in cited


def test_it_travels_to_workers_and_is_recorded(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(RUN)
    said = elsewhere(installed, tmp_path, "run", "own.yaml", "--out", "one", "--workers", "2")
    assert "results in one" in said
    elsewhere(installed, tmp_path, "run", "own.yaml", "--out", "two")
    table = "maximise_mu_eff.csv"
    assert (tmp_path / "one" / table).read_text() == (tmp_path / "two" / table).read_text()
    data = json.loads((tmp_path / "one" / "record.json").read_text())["data"]
    assert set(data["dimuon"]) == {"card.yaml", "likelihood.py", "dimuon.csv", "__init__.py", "(package)"}
    assert data["counted"]["(package)"] == "dark-extras 1.2"
    again = elsewhere(installed, tmp_path, "run", "own.yaml", "--out", "one", "--resume")
    assert "results in one" in again
    cited = elsewhere(installed, tmp_path, "cite", "one")
    assert cited == elsewhere(installed, tmp_path, "cite", "own.yaml")


def test_a_run_whose_plugin_changed_is_not_resumed(fresh, tmp_path: Path, darkmoment) -> None:
    folder = announce(sources(tmp_path / "sources"))
    fresh(folder)
    (tmp_path / "own.yaml").write_text(RUN)
    assert darkmoment("run", tmp_path / "own.yaml", "--out", tmp_path / "out").code == 0
    (folder / "dark_extras/searches/dimuon.csv").write_text("mass_GeV,epsilon\n0.01,2e-5\n1,1e-4\n")
    fresh(folder)
    answer = darkmoment("run", tmp_path / "own.yaml", "--out", tmp_path / "out", "--resume")
    assert answer.code == 2
    assert "the content of dimuon/dimuon.csv" in answer.err


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("searches/card.yaml", '    arxiv: "2504.15711"\n', "", "datasets.1.arxiv: a reference is missing"),
        ("searches/card.yaml", "name: dimuon", "name: dimoun", "'dimoun' differs from .* '?dimuon"),
        (
            "searches/likelihood.py",
            "import CurveLimit",
            "import CurvedLimit",
            "cannot be imported: ImportError",
        ),
        ("searches/likelihood.py", "Experiment(", "Experience(", "has no class Experiment"),
        ("searches/likelihood.py", "(CurveLimit)", "", "has <class .*> as its class: it has to derive from"),
        (
            "searches/likelihood.py",
            "from",
            "import sys; sys.exit(3)\nfrom",
            "cannot be imported: SystemExit: 3",
        ),
        (
            "searches/card.yaml",
            "title: DIMUON",
            "title: [DIMUON",
            "not readable as YAML: line 3: while parsing",
        ),
        (
            "../dark_extras-1.2.dist-info/entry_points.txt",
            "dark_extras.searches",
            "dark-extras",
            "neither package",
        ),
    ],
)
def test_what_cannot_be_used_is_named(
    fresh, tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    folder = announce(sources(tmp_path))
    target = folder / "dark_extras" / file
    target.write_text(target.read_text().replace(old, new))
    fresh(folder)
    with pytest.raises(ExperimentError, match=rf"experiment 'dimuon' of dark-extras 1\.2.*{message}"):
        available()


def test_a_curve_with_a_negative_value_is_named(fresh, tmp_path: Path) -> None:
    folder = announce(sources(tmp_path))
    (folder / "dark_extras/searches/dimuon.csv").write_text("mass_GeV,epsilon\n0.01,1e-5\n1,-1e-4\n")
    fresh(folder)
    with pytest.raises(ValueError, match=r"dimuon\.csv:3: epsilon -0\.0001 is not positive and finite"):
        load("dimuon")


def test_a_plugin_that_cannot_be_made(fresh, tmp_path: Path, darkmoment) -> None:
    text = LIKELIHOOD.replace("pass", 'def __init__(self, *a, **o):\n        raise OSError("no\\nfile")')
    fresh(announce(sources(tmp_path, **{"dark_extras/searches/likelihood.py": text})))
    said = "experiment 'dimuon' of dark-extras 1.2 cannot be made: OSError: no file"
    with pytest.raises(ExperimentError, match=said):
        load("dimuon")
    (tmp_path / "own.yaml").write_text(RUN)
    for command in (("check", tmp_path / "own.yaml"), ("closure", "dimuon")):
        answer = darkmoment(*command)
        assert (answer.code, answer.out) == (2, "")
        assert said in answer.err
        assert answer.err.count("\n") == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return np.ones((3, 2))", r"dimuon answers 2001 values of epsilon with an array of shape \(3, 2\)"),
        ("return response * np.nan", "dimuon answers NaN at epsilon = 1e-40"),
        ("raise KeyError('m_E')", "dimuon reads 'm_E', which its card does not give: .* closure: at"),
        ("raise OSError('gone')", "dimuon cannot be asked: OSError: gone"),
    ],
)
def test_closure_names_who_does_not_answer(fresh, tmp_path: Path, body: str, message: str) -> None:
    text = f"import numpy as np\n{LIKELIHOOD.replace('pass', f'def chi2_of(self, response, p): {body}')}"
    fresh(announce(sources(tmp_path, **{"dark_extras/searches/likelihood.py": text})))
    with pytest.raises(ExperimentError, match=message):
        closure(["dimuon"], points=2)


def test_what_a_plugin_reads_has_to_exist(fresh, tmp_path: Path) -> None:
    text = LIKELIHOOD.replace("pass", 'needs = ("epsilon", "m_dark_foton")')
    fresh(announce(sources(tmp_path, **{"dark_extras/searches/likelihood.py": text})))
    with pytest.raises(
        RunFileError, match=r"'dimuon': it reads 'm_dark_foton'.*did you mean 'm_dark_photon'"
    ):
        loads(RUN, "own.yaml")


def test_a_slip_in_what_is_superseded(fresh, tmp_path: Path) -> None:
    card = CARD.replace("status: measured", "status: measured\nsupersedes: [bahbar, counted]")
    fresh(announce(sources(tmp_path, **{"dark_extras/searches/card.yaml": card})))
    (warning,) = loads(RUN.replace("counted: {shape: step}", ""), "own.yaml").warnings
    assert "dimuon supersedes 'bahbar', and there is no such experiment (did you mean 'babar'?)" in str(
        warning
    )
    with pytest.raises(RunFileError, match=r"dimuon supersedes counted: .*remove: \[counted\]"):
        loads(RUN, "own.yaml")


def test_names_are_identifiers(fresh, tmp_path: Path) -> None:
    folder = announce(sources(tmp_path))
    info = folder / "dark_extras-1.2.dist-info" / "entry_points.txt"
    info.write_text(info.read_text().replace("counted =", "a+b ="))
    fresh(folder)
    with pytest.raises(ExperimentError, match=r"'a\+b' of dark-extras 1\.2 cannot have that name"):
        available()


def test_a_name_that_two_packages_announce(fresh, tmp_path: Path) -> None:
    folder = announce(sources(tmp_path))
    info = folder / "more_extras-3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: more-extras\nVersion: 3\n")
    (info / "entry_points.txt").write_text("[darkmoment.experiments]\ndimuon = dark_extras.searches\n")
    fresh(folder)
    package = r"(dark-extras 1\.2|more-extras 3)"
    both = rf"'dimuon' of {package} has the name of one of {package}: uninstall one of them"
    with pytest.raises(ExperimentError, match=both):
        available()


def test_a_name_that_is_taken(fresh, tmp_path: Path) -> None:
    folder = announce(sources(tmp_path))
    info = folder / "dark_extras-1.2.dist-info" / "entry_points.txt"
    info.write_text(info.read_text().replace("counted =", "meg2 ="))
    fresh(folder)
    with pytest.raises(
        ExperimentError, match=r"'meg2' of dark-extras 1\.2 has the name of one of darkmoment"
    ):
        available()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return np.ones((3, 2))", r"dimuon returned a chi2 of shape \(3, 2\) for 2 points"),
        ("return np.ones(3)", r"dimuon returned a chi2 of shape \(3,\) for 2 points"),
        ("return [1.0, 2.0, 3.0]", r"dimuon returned a chi2 of shape \(3,\) for 2 points"),
        ("return np.full(2, np.nan)", r"dimuon.*(NaN|nan)"),
        ("raise KeyError('m_e')", "dimuon raised KeyError: 'm_e', at m_dark_photon = 0.1"),
        ("raise ValueError('a\\nb')", "dimuon raised ValueError: a b, at m_dark_photon = 0.1"),
        ("raise SystemExit(4)", "dimuon raised SystemExit: 4, at m_dark_photon = 0.1"),
        ("return None", "dimuon returned None as chi2 where an array is expected, for 2 points"),
        ("return 'much'", "dimuon returned a str as chi2 where an array is expected"),
        ("return 1j * response", "dimuon returned a chi2 of complex128 for 2 points"),
        ("return -response", r"dimuon returned chi2 = -\d.*: -2 ln\(L/L_best\) is never negative"),
    ],
)
def test_a_chi2_that_is_none(fresh, tmp_path: Path, body: str, message: str) -> None:
    text = f"import numpy as np\n{LIKELIHOOD.replace('pass', f'def chi2_of(self, response, p): {body}')}"
    fresh(announce(sources(tmp_path, **{"dark_extras/searches/likelihood.py": text})))
    fit = Fit(loads(RUN, "own.yaml").base)
    with pytest.raises(LikelihoodError, match=message):
        fit.chi2({"m_dark_photon": [0.1, 0.2]})


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("def response(self, p): return None", "dimuon returned None as strength where an array is expected"),
        (
            "def response(self, p): return [0.5, 0.5]",
            "dimuon returned a list as strength where an array is exp",
        ),
        (
            "def covered(self, p): return 1.0",
            "dimuon returned a float as coverage where an array is expected",
        ),
    ],
)
def test_an_answer_that_is_no_array(fresh, tmp_path: Path, member: str, message: str) -> None:
    text = LIKELIHOOD.replace("pass", member)
    fresh(announce(sources(tmp_path, **{"dark_extras/searches/likelihood.py": text})))
    with pytest.raises(LikelihoodError, match=message):
        Fit(loads(RUN, "own.yaml").base).chi2({"m_dark_photon": [0.1, 0.2]})
