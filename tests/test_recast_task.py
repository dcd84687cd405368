"""Task `recast`: one experiment, or several on one figure with the strongest of them."""

import json

import numpy as np
import pandas as pd

from darkmoment.tasks.recast import strongest

SCATTERING = """\
experiments:
  meg2: {}
  na64: {}
  borexino: {}
  gemma: {}
  texono: {}
  lsnd: {}
  xenonnt: {dataset: 2022_recast}
tasks:
"""


def asking(file, task):
    file.write_text(file.read_text().partition("experiments:")[0] + SCATTERING + f"  - recast: {task}\n")
    return file


def test_several_limits_and_where_each_is_strongest(darkmoment, tiny, tmp_path):
    names = ["xenonnt", "borexino", "gemma", "texono", "lsnd"]
    file = asking(tiny, f"{{experiments: [{', '.join(names)}], range: [1 eV, 10 GeV], points: 61, name: mu}}")
    answer = darkmoment("run", file, "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    table = pd.read_csv(tmp_path / "out" / "mu.csv")
    assert list(table) == ["m_dark_photon", *(f"mu_eff_limit_{n}" for n in names), "leading_experiment"]
    np.testing.assert_allclose(table["m_dark_photon"].iloc[[0, -1]], [1e-9, 10])
    limits = table[[f"mu_eff_limit_{n}" for n in names]].to_numpy()
    assert table["leading_experiment"].tolist() == [names[k] for k in limits.argmin(axis=1)]
    order = table["leading_experiment"].drop_duplicates().tolist()
    assert order == ["xenonnt", "borexino", "texono", "lsnd"]
    about = json.loads((tmp_path / "out" / "mu.json").read_text())
    assert about["units"] == {"m_dark_photon": "GeV"} | {f"mu_eff_limit_{n}": "muB" for n in names}
    assert about["experiments"]["lsnd"] == "LSND (mu_nue)"
    assert (tmp_path / "out" / "mu.png").read_bytes().startswith(b"\x89PNG")
    assert "GEMMA (2012): mu_eff < 2.9e-11 muB for a massless mediator" in answer.out
    assert "strongest for m_dark_photon = 1e-09 to" in answer.out
    assert darkmoment("run", file, "--out", tmp_path / "out", "--resume").code == 0


def test_one_limit_as_before(darkmoment, tiny, tmp_path):
    answer = darkmoment("run", asking(tiny, "{experiment: texono, points: 5}"), "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    (csv,) = (tmp_path / "out").glob("recast*.csv")
    assert list(pd.read_csv(csv)) == ["m_dark_photon", "mu_eff_limit"]


def test_what_cannot_be_drawn(darkmoment, tiny, tmp_path):
    for task, message in (
        ("{points: 5}", "task recast needs 'experiment' or 'experiments'"),
        ("{experiment: gemma, experiments: [texono]}", "give either experiment or experiments"),
        ("{experiments: [gemma, texno]}", "unknown experiment 'texno' for experiments of task recast"),
        ("{experiments: [gemma, meg2]}", "limits on different quantities"),
    ):
        answer = darkmoment("run", asking(tiny, task), "--out", tmp_path / "out")
        assert answer.code == 2, task
        assert message in answer.err + answer.out


def test_nobody_leads_where_no_one_has_a_limit():
    limits = {"a": np.array([1.0, 3.0, np.inf]), "b": np.array([2.0, 2.0, np.inf])}
    assert strongest(limits) == ["a", "b", ""]
