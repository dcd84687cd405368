"""Run directories and a browser for the tests of the report."""

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from darkmoment.runfile.loader import load
from darkmoment.tasks.runner import run

FULL = """\
name: full
title: 'Every task <script>alert("title")</script> & more'
flavour: single_y
label: top
parameters:
  m_dark_photon: {range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}
  epsilon: {range: [1e-7, 1e-2], prior: log_uniform, reference: 1e-4}
  y: 0.1
  g_D: 0.5
  theta_R: {expr: "-delta_theta/2"}
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: 2000
experiments:
  meg2: {}
  na64: {}
  mine: {limits: epsilon, curve: mine.csv, cl: 0.9, title: "Mine <b>own</b>"}
variants:
  - {label: "strong, $g_D$ = 0.5"}
  - {label: "<img src=x onerror=alert(1)>", parameters: {y: 0.05}, style: {color: "C3", linestyle: "--"}}
tasks:
  - maximise: {along: m_dark_photon, points: 4, starts: 1}
  - profile: {x: epsilon, points: 4, starts: 1}
  - profile: {x: m_dark_photon, y: epsilon, points: [4, 3], starts: 1, limit: true}
  - leave_one_out: {along: m_dark_photon, points: 2, starts: 1}
  - sample: {ensembles: 2, walkers: 8, until: {ess: 20, of: mu_eff}, max_steps: 1000, sensitivity: false}
  - compare: {points: 4, starts: 1}
  - compare_conventions: {along: m_dark_photon, points: 2, starts: 1}
  - recast: {experiment: na64, range: [1e-3, 1.0], points: 20}
  - errata: {}
"""

LATER = """\
name: later
title: Today, tomorrow, and a signal
flavour: single_y
label: top
parameters:
  m_dark_photon: {range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}
  epsilon: {range: [1e-7, 1e-2], prior: log_uniform, reference: 1e-4}
  y: {range: [1e-3, 1.0], prior: log_uniform, reference: 0.08}
  g_D: 0.5
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: 2000
experiments:
  meg2: {}
  na64: {}
  xenonnt: {flavour_weight: solar}
  borexino: {flavour_weight: solar}
  lsnd: {flavour_weight: transition}
variants:
  - {label: "today", style: {color: black}}
  - {label: "+ Mu3e", add: {mu3e: {dataset: phase2}, mu2e: {dataset: full}}}
  - label: "signal & all"
    data: {asimov: {at: reference}}
    add: {mu3e: {dataset: phase2}, mu2e: {dataset: full}}
    style: {color: "#C00000"}
tasks:
  - maximise: {for: "signal*", along: m_dark_photon, points: 3, starts: 1}
  - compare:
      {for: [today, + Mu3e], along: m_dark_photon, points: 3, edges: true, starts: 1, gain_over: today}
  - reach: {for: ["today", "+ Mu3e"], by: y}
  - discovery: {for: "signal*"}
  - recast: {experiments: [xenonnt, borexino, lsnd, lsnd/mu_numu], range: [1e-6, 1.0], points: 12}
  - recast:
      {experiments: [xenonnt, xenonnt/2022_recast], as_published: true, range: [1e-6, 1.0], points: 12,
       name: xe}
  - recast: {experiment: borexino, range: [1e-6, 1.0], points: 12}
"""


@pytest.fixture(scope="session")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run with projections, Asimov data, and experiments only tasks name; to be read only."""
    folder = tmp_path_factory.mktemp("later")
    (folder / "later.yaml").write_text(LATER)
    run(load(folder / "later.yaml"), folder / "out")
    return folder / "out"


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of every task over two variants, with an experiment of its own; to be read only."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "mine.csv").write_text("mass_GeV,epsilon\n1e-3,1e-4\n1e-1,5e-4\n1,1e-3\n")
    (folder / "full.yaml").write_text(FULL)
    run(load(folder / "full.yaml"), folder / "out")
    return folder / "out"


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    """Return a copy of the finished run that a test may change."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def later_copied(later: Path, tmp_path: Path) -> Path:
    """Return a copy of the run with projections that a test may change."""
    shutil.copytree(later, tmp_path / "later")
    return tmp_path / "later"


def _module() -> ModuleType:
    spec = spec_from_file_location("darkmoment_test_browser", Path(__file__).with_name("browser.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Return a headless Chromium; without one skip, where one is required fail."""
    module = _module()
    path = module.executable()
    if path is None:
        reason = f"no browser: none of {', '.join(module.NAMES)} is installed (Debian: apt install chromium)"
        if os.environ.get("CI") or os.environ.get("DARKMOMENT_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    with module.started(path) as running:
        yield running


@pytest.fixture
def report(darkmoment: Callable[..., object]) -> Callable[[Path], str]:
    """Return a function that writes the report of a run directory and returns its text."""

    def write(directory: Path) -> str:
        answer = darkmoment("report", directory)
        assert (answer.code, answer.err) == (0, "")  # type: ignore[attr-defined]
        return (directory / "report.html").read_text(encoding="utf-8")

    return write
