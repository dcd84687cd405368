"""The rules that a likelihood has to keep: shipped ones keep them, others are refused by name."""

from pathlib import Path

import numpy as np
import pytest

from darkmoment import Fit
from darkmoment.examination import examine, objection
from darkmoment.experiments import ExperimentError, available, load
from darkmoment.fit import PointError
from darkmoment.model import Model
from darkmoment.runfile.loader import loads

SHIPPED = [(card.name, dataset) for card in available().values() if card.applies for dataset in card.datasets]

CODE = '''\
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
closure: {method: delta_chi2, tolerance: 0.005}
notes: Made up.
"""


class Experiment(UpperLimit):
    def response(self, p):
        BODY
'''


@pytest.fixture(scope="module")
def two():
    """Return predictions at two points where the dark photon decays visibly and where it does not."""
    p = {"y_e": 0.1, "y_mu": 0.3, "flavour_angle": 0.7, "theta_R": 0.1, "delta_theta": 0.5, "m_E": 2000.0}
    p |= {"m_S": 0.3, "delta_m_S": 0.1, "m_majorana": 0.1, "m_dirac": 0.01, "g_D": 0.5}
    p |= {"P_ee": 0.53, "sin2_theta_23": 0.47}
    values = {name: np.array([x]) for name, x in p.items()}
    values |= {"m_dark_photon": np.array([0.05, 0.9]), "epsilon": np.array([1e-5, 3e-3])}
    return Model(invisible_branching="computed").predict(values)


@pytest.mark.parametrize(("name", "dataset"), SHIPPED)
def test_shipped_experiments_keep_the_rules(two, name: str, dataset: str) -> None:
    assert objection(load(name, dataset), two) is None
    before = {need: np.array(two[need]) for need in load(name, dataset).needs}
    load(name, dataset).chi2(two)
    for need, x in before.items():
        np.testing.assert_array_equal(two[need], x)


def fit(folder: Path, body: str) -> Fit:
    (folder / "mine.py").write_text(CODE.replace("BODY", body))
    text = "extends: global\nname: t\nvariants: null\nexperiments: {mine: {file: ./mine.py}}\n"
    return Fit(loads(text, "t.yaml", folder).base)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('s = p["BR_mu_e_gamma"]; s /= 2e-13; return s', "mine changes BR_mu_e_gamma in place"),
        (
            'return super().response(p) * p["epsilon"]',
            "mine reads 'epsilon', which its needs do not name: BR_mu_e_gamma",
        ),
        (
            'return super().response(p) + np.max(p["BR_mu_e_gamma"]) * 1e13',
            "mine mixes the points of a batch",
        ),
    ],
)
def test_rules_that_others_break(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(ExperimentError, match=message):
        fit(tmp_path, body)


@pytest.mark.parametrize(
    "body",
    [
        "return super().response(p)",
        'return np.where(p["BR_mu_e_gamma"] > 1e-14, np.inf, 0.0)',
        "return 0.5",
        'raise ValueError("told where it is asked")',
        'return np.full(len(p["BR_mu_e_gamma"]), np.nan)',
    ],
)
def test_rules_that_others_keep(tmp_path: Path, body: str) -> None:
    examine(fit(tmp_path, body))


def test_a_tie_without_meaning_beside_the_reference_is_no_fault_of_an_experiment(tmp_path: Path) -> None:
    """g_D = 0.3 - y is negative at the second point."""
    (tmp_path / "mine.py").write_text(CODE.replace("BODY", "return super().response(p)"))
    text = "extends: global\nname: t\nvariants: null\ntasks: null\nexperiments: {mine: {file: ./mine.py}}\n"
    tied = Fit(loads(text + "parameters: {g_D: {expr: 0.3 - y}}\n", "t.yaml", tmp_path).base)
    assert tied.chi2({})[0, tied.terms.index("mine")] >= 0
    with pytest.raises(PointError, match="g_D"):
        tied.chi2({"y": [0.1, 0.5]})


def test_the_other_package_is_examined_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from darkmoment import examination

    guarded = fit(tmp_path, "return super().response(p)")
    meg2 = type(guarded.experiments["meg2"])
    monkeypatch.setattr(meg2, "response", lambda self, p: p["BR_mu_e_gamma"] + p["epsilon"])
    examine(guarded)  # shipped: held by the test above
    monkeypatch.setattr(examination, "announced", lambda: {"meg2": None})
    with pytest.raises(ExperimentError, match="meg2 reads 'epsilon'"):
        examine(guarded)
