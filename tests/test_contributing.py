"""CONTRIBUTING.md: what it shows works as it stands, and pre-commit runs what CI runs."""

import re
import textwrap
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from ruamel.yaml import YAML

from darkmoment import Fit
from darkmoment.levels import delta_chi2
from darkmoment.observables.observable import Observable
from darkmoment.physics import dark_photon
from darkmoment.runfile.loader import loads

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()


def blocks(language):
    """Every code block of a language, in order."""
    return [textwrap.dedent(block) for block in re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)]


def test_the_experiment_gives_its_limit_back(tmp_path):
    """Card and class as shown, in one file of a run file's own."""
    (card,) = blocks("yaml")
    card = card.replace("myexp", "contributed")  # in a tree where somebody has just added it
    likelihood = blocks("python")[0]
    (tmp_path / "mine.py").write_text(f"{likelihood}\n\nCARD = '''{card}'''\n")
    file = loads(
        "extends: global\nvariants: null\nexperiments: {contributed: {file: ./mine.py}}\n", "f.yaml", tmp_path
    )
    experiment = Fit(file.base).experiments["contributed"]
    found = experiment.chi2({"BR_mu_e_gamma": np.array([0, 4e-13])})
    np.testing.assert_allclose(found, [0, delta_chi2(0.90)], rtol=1e-12)


def test_formula_test_and_observable():
    formula, test, observable = blocks("python")[1:]
    names = {**vars(dark_photon), "pytest": pytest, "Observable": Observable}
    exec("from darkmoment.constants import HBAR_GEV_S\n" + formula, names)
    names["dp"] = names["dark_photon"] = SimpleNamespace(force_range=names["force_range"])
    exec(test, names)
    names["test_the_range_of_a_force_of_the_pion_is_the_size_of_a_nucleus"]()
    made = eval(observable, names)
    assert (made.name, made.needs, made.json_key) == ("force_range", ("m_dark_photon",), "force_range_m")
    assert made.function(np.array([0.1, 1.0])).shape == (2,)


def test_what_it_names_is_there():
    for name in re.findall(r"`((?:physics|observables|tests|src|likelihoods)/[\w./]+)`", TEXT):
        if name != "likelihoods/myexp":
            assert (ROOT / name).exists() or (ROOT / "src" / "darkmoment" / name).exists(), name


def test_pre_commit_runs_what_ci_runs_and_downloads_nothing():
    config = YAML(typ="safe").load(ROOT / ".pre-commit-config.yaml")
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    hooks = [hook["entry"] for repo in config["repos"] for hook in repo["hooks"]]
    assert [hook.removesuffix(" --force-exclude") for hook in hooks] == ["ruff format", "ruff check", "mypy"]
    ci = (ROOT / ".ci" / "run").read_text()
    assert all(f".venv/bin/{hook.removesuffix(' --force-exclude')}" in ci for hook in hooks)
