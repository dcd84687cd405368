"""What the tests of the command line and of fits share: a small run file, and the command line in process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from darkmoment.cli import main

# the same examples everywhere and at every time; what is slow is told by the tests' own time
settings.register_profile(
    "darkmoment",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("darkmoment")

TINY = """\
name: tiny
flavour: single_y
parameters:
  m_dark_photon: {range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}
  epsilon: {range: [1e-7, 1e-2], prior: log_uniform, reference: 1e-4}
  y: 0.1
  g_D: 0.5
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.03
  m_dirac: 0
  m_E: 2000
experiments:
  meg2: {}
  na64: {}
tasks:
  - maximise: {along: m_dark_photon, points: 2, starts: 1}
  - profile: {x: epsilon, points: 3, starts: 1}
"""


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Return a run file with two free parameters that runs in about a second."""
    file = tmp_path / "tiny.yaml"
    file.write_text(TINY)
    return file


@pytest.fixture
def darkmoment(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Return the command line as a function of its arguments."""

    def run(*arguments: object) -> Answer:
        capsys.readouterr()
        try:
            code = main([str(a) for a in arguments])
        except SystemExit as error:  # argparse leaves this way
            code = int(error.code or 0)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run
