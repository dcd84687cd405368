"""Experiments that a run file brings, and projections that it names."""

import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from darkmoment import Fit
from darkmoment.experiments import load as load_experiment
from darkmoment.levels import delta_chi2
from darkmoment.runfile.diagnostics import Problem, RunFileError
from darkmoment.runfile.loader import load, loads

MINE = '''\
"""A made-up search."""

import numpy as np

from darkmoment.experiments import UpperLimit

CARD = """
name: mine
title: MINE, a made-up search
limits: BR_mu_e_gamma
status: measured
default: 1
datasets:
  1: {limit: "< 2e-13 @ 90% CL", journal: nowhere, where: nowhere, verified: yes}
options:
  factor: {type: number, default: 1, minimum: 0, help: scales the signal}
closure: {method: delta_chi2, tolerance: 0.005}
notes: Made up.
"""


class Experiment(UpperLimit):
    def response(self, p):
        return super().response(p) * self.options["factor"]
'''
LINE = 21
"""Where the experiments of the good file begin."""

CURVE = "mass_GeV,epsilon\n0.001,1e-5\n1,1e-3\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a local experiment and a curve."""
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "mine.csv").write_text(CURVE)
    return tmp_path


@pytest.fixture
def read(folder, change):
    """Return a file with this line among its experiments, read from the folder."""
    return lambda line: loads(change(("  meg2", line)), "fit.yaml", folder)


@pytest.fixture
def problem(read):
    def found(line: str) -> Problem:
        with pytest.raises(RunFileError) as caught:
            read(line)
        (only,) = caught.value.problems
        return only

    return found


def chi2(file, name: str, **point: float) -> float:
    fit = Fit(file.base)
    return float(fit.chi2(point)[0, fit.terms.index(name)])


def test_a_local_file(folder: Path, read) -> None:
    file = read("  mine: {file: ./mine.py, factor: 3}\n  twice: {file: mine.py}")
    fit = Fit(file.base)
    assert list(fit.experiments) == ["mine", "twice", "na64", "borexino"]
    strength = fit.survey({}, ["BR_mu_e_gamma"])
    expected = strength.quantities["BR_mu_e_gamma"] / 2e-13
    np.testing.assert_allclose(strength.strength[:, 0], 3 * expected, rtol=1e-14)
    np.testing.assert_allclose(strength.strength[:, 1], expected, rtol=1e-14)
    assert fit.experiments["twice"].label == "MINE (1)"
    assert fit.experiments["twice"].name == "twice"
    spec = file.base.experiments["mine"]
    assert Path(spec.definition.path) == folder / "mine.py"
    assert spec.resolved()["definition"]["file"] == "./mine.py"
    again = pickle.loads(pickle.dumps(fit))
    assert again.identity == fit.identity
    np.testing.assert_array_equal(again.chi2({}), fit.chi2({}))


def test_a_worker_does_not_take_another_file(folder: Path, read) -> None:
    fit = Fit(read("  mine: {file: mine.py}").base)
    sent = pickle.dumps(fit)
    (folder / "mine.py").write_text(MINE.replace("2e-13", "3e-13"))
    from darkmoment.experiments.outside import _module

    _module.cache_clear()  # as in another process
    with pytest.raises(ValueError, match=r"mine\.py is not the file it was"):
        pickle.loads(sent)
    changed = Fit(read("  mine: {file: mine.py}").base)
    assert changed.experiments["mine"].dataset.limit == 3e-13
    assert changed.identity != fit.identity
    (folder / "mine.py").unlink()
    _module.cache_clear()
    with pytest.raises(ValueError, match=r"mine\.py cannot be read"):
        pickle.loads(sent)


def test_a_bare_value(read) -> None:
    file = read('  meg2: {}\n  mine: {limits: BR_mu_e_gamma, value: 6e-14, cl: 0.95, arxiv: "1801.04688"}')
    experiment = Fit(file.base).experiments["mine"]
    p = {"BR_mu_e_gamma": np.array([6e-14, 3e-14])}
    np.testing.assert_allclose(experiment.chi2(p), delta_chi2(0.95) * np.array([1, 0.25]), rtol=1e-14)
    assert experiment.label == "mine (given)"
    assert file.base.experiments["mine"].resolved()["definition"] == {
        **{"limits": "BR_mu_e_gamma", "cl": 0.95, "value": 6e-14},
        **{"title": "", "arxiv": ["1801.04688"]},
    }


def test_a_value_for_a_signal_that_is_a_square(read) -> None:
    file = read("  mine: {limits: mu_eff, value: 1e-11, cl: 0.90, shape: step, title: Mine}")
    experiment = Fit(file.base).experiments["mine"]
    assert experiment.response({"mu_eff": np.array([2e-11])})[0] == pytest.approx(4)
    assert experiment.hard
    assert experiment.label == "Mine (given)"


def test_a_bare_curve(read) -> None:
    file = read("  mine: {limits: epsilon, curve: mine.csv, cl: 0.90}")
    experiment = Fit(file.base).experiments["mine"]
    middle = np.sqrt(0.001)
    p = {
        "m_dark_photon": np.array([middle, 2.0]),
        "epsilon": np.array([2e-4, 1.0]),
        "BR_invisible": np.ones(1),
    }
    np.testing.assert_allclose(experiment.response(p), [4, 0], rtol=1e-12)
    assert chi2(file, "mine", m_dark_photon=middle, epsilon=1e-4) == pytest.approx(delta_chi2(0.9))
    assert experiment.knots["m_dark_photon"].size == 4


def test_paths_are_relative_to_the_file_that_names_them(folder: Path, good: str, tmp_path: Path) -> None:
    base, other = folder / "base", folder / "other"
    base.mkdir()
    other.mkdir()
    (base / "mine.csv").write_text(CURVE)
    line = "  na64: {}\n  mine: {limits: epsilon, curve: mine.csv, cl: 0.90}"
    (base / "base.yaml").write_text(good.replace("  na64: {}", line))
    (other / "fit.yaml").write_text("extends: ../base/base.yaml\nname: fit\nseed: 2\n")
    spec = load(other / "fit.yaml").base.experiments["mine"]
    assert Path(spec.definition.curve) == base / "mine.csv"


def test_variants_bring_their_own(read) -> None:
    lines = (
        "  mine: {limits: BR_mu_e_gamma, value: 6e-14, cl: 0.90}\n"
        "variants:\n"
        "  - {label: one}\n"
        "  - {label: other, experiments: {mine: {limits: BR_mu_e_gamma, value: 5e-14, cl: 0.90}}}\n"
        "  - {label: none, remove: [mine]}\n"
        "experiments_end: 0"
    )
    text = lines.replace("\nexperiments_end: 0", "")
    head, _, tail = text.partition("\nvariants:")
    file = read(head)
    whole = file.text + "variants:" + tail + "\n"
    fits = loads(whole, "fit.yaml").fits
    limits = [spec.experiments["mine"].definition.value for spec in fits[:2]]
    assert limits == [6e-14, 5e-14]
    assert "mine" not in fits[2].experiments


@pytest.mark.parametrize(
    ("line", "message", "suggestion"),
    [
        ("mine: {file: ./mime.py}", "there is no file './mime.py'", "mine.py"),
        ("mine: {file: mine.csv}", "'mine.csv' is not a Python file", None),
        ("mine: {file: mine.py, cl: 0.90}", "unknown key 'cl' of experiment mine", None),
        ("mine: {file: mine.py, faktor: 2}", "unknown key 'faktor' of experiment mine", "factor"),
        ("mine: {file: mine.py, factor: -2}", "factor of mine = -2: must be at least 0", None),
        ("mine: {file: mine.py, dataset: 2}", "unknown dataset '2' of mine", None),
        ("mine: {file: mine.py, shape: counting}", "shape 'counting' needs the observed events", None),
        ("mine: {file: mine.py, limits: mu_eff}", "has both file and limits", None),
        ("./mine.py: {}", "is a file, not a name: write mine: {file: ./mine.py}", None),
        ("mine: ./mine.py", "takes a mapping: write {file: ./mine.py}", None),
        ("na64_mine: {limits: epsilon, curve: not.csv, cl: 0.90}", "there is no file 'not.csv'", "mine.csv"),
        ("mine: {limits: mu_eff, curve: mine.csv, cl: 0.90}", "a curve limits epsilon against", None),
        ("mine: {limits: BR_mu_e_gama, value: 1e-13, cl: 0.90}", "BR_mu_e_gama' to limit", "BR_mu_e_gamma"),
        ("mine: {limits: y, value: 1e-1, cl: 0.90}", "'y' to limit", None),
        ("mine: {limits: mu_eff, value: 1e-11, cl: 90}", "between 0 and 1, not 90: write 0.9", None),
        ("mine: {limits: mu_eff, value: 1e-11, cl: 0}", "between 0 and 1, not 0", None),
        ("mine: {limits: mu_eff, value: 1e-11, cl: 1}", "between 0 and 1, not 1", None),
        ("mine: {limits: mu_eff, value: 1e-11}", "needs cl, its confidence level", None),
        ("mine: {limits: mu_eff, value: -1e-11, cl: 0.9}", "is an upper limit, which is positive", None),
        ("mine: {limits: mu_eff, cl: 0.9}", "needs either value or curve", None),
        ("mine: {limits: epsilon, value: 1, curve: mine.csv, cl: 0.9}", "has both value and curve", None),
        ("mine: {limits: mu_eff, value: 1, curve: mine.csv, cl: 0.9}", "has both value and curve", None),
        ("mine: {limits: epsilon, curve: ., cl: 0.9}", "'.' is a folder, not a file", None),
        (
            "m_E: {limits: mu_eff, value: 1e-11, cl: 0.9}",
            "'m_E' is a parameter or observable of this fit",
            None,
        ),
        ("mine: {value: 1e-11, cl: 0.9}", "has 'value' but does not say what it limits", None),
        ("mine: {limits: mu_eff, value: 1e-11, cl: 0.9, vlaue: 1}", "unknown key 'vlaue'", "value"),
        ("mine: {limits: mu_eff, value: 1e-11, cl: 0.9, arxiv: Huber}", "arxiv is an identifier", None),
        ("babar: {limits: mu_eff, value: 1e-11, cl: 0.9}", "there is an experiment 'babar' already", None),
        ("my own: {limits: mu_eff, value: 1e-11, cl: 0.9}", "'my own' cannot name an experiment", None),
    ],
)
def test_one_mistake_gives_one_located_message(problem, line, message, suggestion) -> None:
    found = problem(f"  {line}")
    assert found.location.line == LINE
    assert message in found.message
    assert found.suggestion == suggestion


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("journal: nowhere, ", "", r"./mine\.py: CARD: datasets\.1\.arxiv: a reference is missing"),
        ("CARD = ", "CARDS = ", "there is no card: write it as CARD"),
        (
            "closure: {method: delta_chi2, tolerance: 0.005}\n",
            "",
            r"CARD: closure: is missing: .* one of delta_chi2, bayes_flat, .* closure: {method: delta_chi2",
        ),
        ("class Experiment", "class Experience", "has no class Experiment"),
        ("import numpy", "import numpi", "cannot be imported: ModuleNotFoundError: No module named 'numpi'"),
        ("def response", "def respond se", r"cannot be imported: SyntaxError: .*line 2"),
        ("limits: BR_mu_e_gamma", "limits: BR_mu_e_gama", "it reads 'BR_mu_e_gama', which is no observable"),
        ('"< 2e-13 @ 90% CL"', "-2e-13", "expected a text, found -2e-13"),
        ('limit: "< 2e-13 @ 90% CL"', "curve: gone.csv, cl: 0.9", "there is no file 'gone.csv' beside"),
        ("(UpperLimit):", "(CurveLimit):", "has no curve"),
        ("import numpy as np", "raise SystemExit(1)", r"mine\.py cannot be imported: SystemExit: 1"),
        (
            "    def response",
            "    needs = 'epsilon'\n    def response",
            "its needs are 'epsilon': they have to be",
        ),
        ("name: mine", "name: [mine", r"mine\.py: CARD: not readable as YAML: line 3: .*[^\n]$"),
    ],
)
def test_a_local_file_that_cannot_be_used(folder: Path, problem, old: str, new: str, message: str) -> None:
    text = MINE.replace("import UpperLimit", "import CurveLimit, UpperLimit").replace(old, new)
    (folder / "mine.py").write_text(text)
    assert re.search(message, problem("  mine: {file: ./mine.py}").message)


@pytest.mark.parametrize(
    ("row", "message"), [("1,-1e-3", r"epsilon -0.001 is not positive"), ("1", "'1' is not two numbers")]
)
def test_a_curve_that_cannot_be_used_is_named_with_its_line(folder: Path, problem, row, message) -> None:
    (folder / "mine.csv").write_text(f"mass_GeV,epsilon\n0.001,1e-5\n{row}\n")
    found = problem("  mine: {limits: epsilon, curve: mine.csv, cl: 0.90}")
    assert f"{folder / 'mine.csv'}:3: " in found.message
    assert message in found.message


def test_the_run_file_is_not_what_was_meant(folder: Path, change, good: str) -> None:
    """`fit.yaml` and `nofit.py` are alike, and so is another run file."""
    (folder / "nofit.yaml").write_text(good)
    (folder / "mine.py").rename(folder / "search.py")
    (folder / "mine.csv").rename(folder / "search.csv")
    for mine in ("{file: ./nofit.py}", "{limits: epsilon, curve: fit.csv, cl: 0.9}"):
        text = change(("  meg2", f"  mine: {mine}"))
        (folder / "fit.yaml").write_text(text)
        with pytest.raises(RunFileError) as caught:
            load(folder / "fit.yaml")
        (only,) = caught.value.problems
        assert "there is no file" in only.message
        assert only.suggestion is None


def test_a_byte_order_mark_is_not_seen_and_another_header_is_shown(folder: Path, read, problem) -> None:
    line = "  mine: {limits: epsilon, curve: mine.csv, cl: 0.90}"
    (folder / "mine.csv").write_bytes(b"\xef\xbb\xbf" + CURVE.replace("\n", "\r\n").encode())
    assert Fit(read(line).base).experiments["mine"].curve.range == (0.001, 1)
    (folder / "mine.csv").write_text(CURVE.replace(",", ", "))
    assert problem(line).message.endswith(
        "the first line must be 'mass_GeV,epsilon', not 'mass_GeV, epsilon'"
    )
    (folder / "mine.csv").write_text("")
    assert problem(line).message.endswith("and the file is empty")


def test_a_slip_in_what_a_local_file_supersedes(folder: Path, read) -> None:
    (folder / "mine.py").write_text(MINE.replace("status: measured", "status: measured\nsupersedes: meg"))
    (warning,) = read("  mine: {file: ./mine.py}").warnings
    assert "mine supersedes 'meg', and there is no such experiment (did you mean 'meg2'?)" in str(warning)


# --- projections --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("  meg2: {}\n  meg2_final: {}", ("meg2_final", "meg2")),
        ("  meg2_final: {}\n  meg2: {}", ("meg2_final", "meg2")),
        ("  meg2: {}\n  na64_1e13: {}", ("na64_1e13", "na64")),
    ],
)
def test_what_is_superseded_is_not_counted_twice(problem, line: str, names: tuple[str, str]) -> None:
    found = problem(line)
    assert found.location.line == LINE + next(
        i for i, text in enumerate(line.splitlines()) if names[0] in text
    )
    assert f"{names[0]} supersedes {names[1]}: " in found.message
    assert "independent: true" in found.message
    assert f"remove: [{names[1]}]" in found.message


@pytest.mark.parametrize(
    "line",
    [
        "  meg2: {}\n  meg2_final: {independent: true}",
        "  meg2: {independent: true}\n  meg2_final: {}",
        "  meg2_final: {}",
    ],
)
def test_unless_they_are_said_to_be_independent(read, line: str) -> None:
    file = read(line)
    assert "meg2_final" in file.base.experiments
    said = [spec.resolved().get("independent") for spec in file.base.experiments.values()]
    assert said.count(True) == line.count("true")


def test_independent_is_true_or_false(problem) -> None:
    assert "independent is true or false" in problem("  meg2_final: {independent: 1}").message


def test_projections_are_left_out_unless_named() -> None:
    for name in ("paper", "global"):
        file = load(name)
        for spec in (file.base, *file.fits):
            assert not any(load_experiment(e).projected for e in spec.experiments)
            assert not Fit(spec).projected
