"""Task `recast`: one experiment, or several on one figure with the strongest of them."""

import json

import numpy as np
import pandas as pd
import pytest

from darkmoment.tasks.recast_several import in_words, strongest

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
    assert "XENONnT (2022_recast) leads for m_dark_photon below" in answer.out
    assert "LSND (mu_nue) leads above" in answer.out
    assert darkmoment("run", file, "--out", tmp_path / "out", "--resume").code == 0


def test_one_limit_as_before(darkmoment, tiny, tmp_path):
    answer = darkmoment("run", asking(tiny, "{experiment: texono, points: 5}"), "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    (csv,) = (tmp_path / "out").glob("recast*.csv")
    assert list(pd.read_csv(csv)) == ["m_dark_photon", "mu_eff_limit"]


def test_a_list_of_one_is_one(darkmoment, tiny, tmp_path):
    file = asking(tiny, "{experiments: [lsnd/mu_numu], as_published: true, points: 5, name: one}")
    answer = darkmoment("run", file, "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    assert "as published: LSND (mu_numu): mu_eff < 6.8e-10 muB for a massless mediator" in answer.out
    assert json.loads((tmp_path / "out" / "one.json").read_text())["as_published"] is True


def test_what_cannot_be_drawn(darkmoment, tiny, tmp_path):
    for task, message in (
        ("{points: 5}", "task recast needs 'experiment' or 'experiments'"),
        ("{experiment: gemma, experiments: [texono]}", "give either experiment or experiments"),
        ("{experiments: [gemma, texno]}", "unknown experiment 'texno' for experiments of task recast"),
        ("{experiments: [gemma, meg2]}", "limits on different quantities"),
        (
            "{experiments: [gemma, lsnd/mu_nmu]}",
            "dataset of lsnd 'mu_nmu' does not exist; available: mu_nue, mu_numu",
        ),
        ("{experiments: [gemma, lsnt/mu_numu]}", "unknown experiment 'lsnt' for experiments of task recast"),
        ("{experiments: [gemma, lsnd/mu_numu, lsnd/mu_numu]}", "lsnd/mu_numu is there twice"),
        ("{experiments: [gemma, {lsnd: mu_numu}]}", "experiments of task recast is a name"),
        ("{experiments: []}", "experiments is empty"),
    ):
        answer = darkmoment("run", asking(tiny, task), "--out", tmp_path / "out")
        assert answer.code == 2, task
        assert message in answer.err + answer.out


def test_nobody_leads_where_no_one_has_a_limit():
    limits = {"a": np.array([1.0, 3.0, np.inf]), "b": np.array([2.0, 2.0, np.inf])}
    assert strongest(limits) == ["a", "b", ""]


def test_other_datasets_and_published_options(darkmoment, tiny, tmp_path):
    """LSND as in the file, its other dataset, and both with every flavour or with their own alone."""
    for published, ratio in (("false", 1.7702), ("true", 1.0)):
        task = f"{{experiments: [lsnd, lsnd/mu_numu], points: 3, as_published: {published}, name: l}}"
        file = asking(tiny, task)
        file.write_text(file.read_text().replace("lsnd: {}", "lsnd: {flavour_weight: transition}"))
        out = tmp_path / published
        answer = darkmoment("run", file, "--out", out)
        assert answer.code == 0, answer.err
        about = json.loads((out / "l.json").read_text())
        assert about["baselines"]["lsnd"] == pytest.approx(1.1e-9 / ratio, rel=1e-4)
        assert about["options"]["lsnd/mu_numu"] == about["options"]["lsnd"]
        assert list(pd.read_csv(out / "l.csv"))[1:] == [
            *("mu_eff_limit_lsnd", "mu_eff_limit_lsnd_mu_numu", "ratio_lsnd")
        ]
        cited = darkmoment("cite", out).out.replace(r"\_", "_")
        assert "lsnd, dataset mu_nue; " in cited
        assert "lsnd, dataset mu_numu" in cited


def test_a_changed_top_level_is_another_run(darkmoment, tiny, tmp_path):
    """What a recast draws need not be in any variant: the record has it all the same."""
    file = asking(tiny, "{experiment: borexino, points: 5}")
    file.write_text(file.read_text() + "variants: [{label: other, only: [meg2, na64]}]\n")
    assert darkmoment("run", file, "--out", tmp_path / "out").code == 0
    assert darkmoment("run", file, "--out", tmp_path / "out", "--resume").code == 0
    assert "1707.09355" in darkmoment("cite", tmp_path / "out").out
    file.write_text(file.read_text().replace("borexino: {}", "borexino: {T_min_keV: 50}"))
    answer = darkmoment("run", file, "--out", tmp_path / "out", "--resume")
    assert answer.code == 2, answer.out


def test_energies_in_words():
    assert in_words(1.6e-4, "GeV") == "160 keV"
    assert in_words(1e-9, "GeV") == "1 eV"
    assert in_words(2.654e-3, "GeV") == "2.65 MeV"
    assert in_words(10.0, "GeV") == "10 GeV"
    assert in_words(0.25, "rad") == "0.25 rad"
    assert in_words(0.25, "") == "0.25"
