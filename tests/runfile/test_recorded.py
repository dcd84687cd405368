"""What a record keeps of a fit makes the same fit again."""

import json
from dataclasses import replace

import numpy as np
import pytest

from darkmoment.fit import Fit
from darkmoment.inputs import inputs_of, keep_inputs
from darkmoment.runfile.loader import load, loads
from darkmoment.runfile.recorded import spec_of, task_of
from darkmoment.runfile.shipped import shipped


def again(spec, **more):
    """The fit of a record, through JSON as it lies on disk."""
    return spec_of(json.loads(json.dumps(spec.resolved())), spec.slug, **more)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_fits_come_back(name):
    for spec in load(name).fits:
        twin = again(spec)
        assert twin.resolved() == spec.resolved()
        one, other = Fit(spec), Fit(twin)
        assert one.identity == other.identity
        assert [p.name for p in one.parameters] == [p.name for p in other.parameters]
        assert np.array_equal(one.chi2({}), other.chi2({}))


EVERYTHING = """\
name: everything
flavour: general
parameters:
  m_dark_photon: {range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}
  epsilon: {range: [1e-7, 1e-2], prior: {half_normal: {sd: 1e-3}}}
  y_e: 0.1
  y_mu: {same_as: y_e}
  flavour_angle: {range: [0, 1], prior: {normal: {mean: 0.5, sd: 0.1}}, convention: true}
  P_ee: {range: [0.4, 0.6], constraint: 0.53 +- 0.05}
  g_D: 0.5
  delta_theta: pi/4
  theta_R: {expr: "-delta_theta/2"}
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: 2000
experiments:
  meg2: {dataset: 2023, shape: step}
  borexino: {T_min_keV: 50}
  number: {limits: BR_mu_e_gamma, value: 1e-13, cl: 0.90, arxiv: "2504.15711"}
  curve: {limits: epsilon, curve: sub/mine.csv, cl: 0.95}
tasks:
  - maximise: {along: m_dark_photon}
"""


def test_everything_a_run_file_can_say(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "mine.csv").write_text("mass_GeV,epsilon\n1e-3,1e-4\n1,1e-3\n")
    spec = loads(EVERYTHING, "e.yaml", tmp_path).base
    fit = Fit(spec)
    keep_inputs(tmp_path / "run", {"": spec})
    (tmp_path / "sub" / "mine.csv").unlink()  # the copy is enough
    twin = again(spec, inputs=inputs_of(tmp_path / "run", ""))
    assert twin.resolved() == spec.resolved()
    point = {"m_dark_photon": [0.02, 0.3], "epsilon": [1e-4, 2e-3]}
    assert np.array_equal(Fit(twin).chi2(point), fit.chi2(point))


def test_a_python_file_of_ones_own(tmp_path):
    # its curves lie beside it, in a folder of the card's choice
    code = '''
from darkmoment.experiments import CurveLimit
CARD = """
name: own
title: My beam dump
limits: epsilon
status: measured
default: a
datasets:
  a: {curve: data/c.csv, cl: 0.90, verified: yes, arxiv: "2504.15711", where: abstract}
closure: {method: delta_chi2, tolerance: 0.005}
notes: A test.
"""
class Experiment(CurveLimit):
    pass
'''
    (tmp_path / "data").mkdir()
    (tmp_path / "own.py").write_text(code)
    (tmp_path / "data" / "c.csv").write_text("mass_GeV,epsilon\n1e-3,1e-4\n1,1e-3\n")
    text = EVERYTHING.replace(
        "curve: {limits: epsilon, curve: sub/mine.csv, cl: 0.95}", "own: {file: own.py}"
    )
    spec = loads(text, "e.yaml", tmp_path).base
    fit = Fit(spec)
    keep_inputs(tmp_path / "run", {"x": spec})
    kept = sorted(p.relative_to(tmp_path / "run").as_posix() for p in (tmp_path / "run").rglob("*.*"))
    assert kept == ["inputs/x/own/data/c.csv", "inputs/x/own/own.py"]
    (tmp_path / "own.py").unlink()
    twin = again(spec, inputs=inputs_of(tmp_path / "run", "x"))
    assert twin.resolved() == spec.resolved()
    assert np.array_equal(Fit(twin).chi2({"epsilon": 2e-3}), fit.chi2({"epsilon": 2e-3}))


def test_asimov_data_and_limits_of_every_side(tmp_path):
    text = EVERYTHING.replace("tasks:", "data: {asimov: {at: {epsilon: 2e-4}}}\ntasks:")
    text = text.replace("curve: {limits: epsilon, curve: sub/mine.csv, cl: 0.95}", BOUNDS)
    # its expectation would be asked for, which hard limits have none of
    text = text.replace("meg2: {dataset: 2023, shape: step}", "meg2: {dataset: 2023}")
    spec = loads(text, "e.yaml", tmp_path).base
    twin = again(spec)
    assert twin.resolved() == spec.resolved()
    assert twin.data == spec.data
    one, other = Fit(spec), Fit(twin)
    assert one.injected == other.injected
    assert one.identity == other.identity
    point = {"m_dark_photon": [0.02, 0.3], "epsilon": [1e-4, 2e-3]}
    assert np.array_equal(one.chi2(point), other.chi2(point))
    # and they are not those of the published data
    assert not np.array_equal(one.chi2(point), Fit(replace(spec, data=None)).chi2(point))
    kinds = [[asked.definition for asked in s.experiments.values()] for s in (spec, twin)]
    assert kinds[0] == kinds[1]


BOUNDS = """\
heavy: {limits: m_E, value: "> 1500 @ 95% CL"}
  silent: {limits: epsilon, value: 5e-3, cl: 0.9}
  seen: {limits: epsilon, value: 5e-3, cl: 0.9, decays: visible}
  either: {limits: epsilon, value: 5e-3, cl: 0.9, decays: any}"""


def test_background_only_data_come_back(tmp_path):
    text = EVERYTHING.replace("tasks:", "data: {asimov: {at: background}}\ntasks:")
    text = text[: text.index("  number:")] + text[text.index("data:") :].replace("shape: step", "")
    text = text.replace("{dataset: 2023, shape: step}", "{}")
    spec = loads(text, "e.yaml", tmp_path).base
    assert again(spec).data == spec.data
    assert not again(spec).data.signal


def test_tasks_come_back():
    every = [*load("global").tasks, *load("projections").tasks]
    assert any(task.variants for task in every)
    for task in every:
        plain = json.loads(json.dumps(task.resolved()))
        assert task_of(plain).resolved() == plain
