"""A run file that is right, and what tests do to it."""

from collections.abc import Callable

import pytest

from darkmoment.runfile.diagnostics import Problem, RunFileError
from darkmoment.runfile.loader import loads
from darkmoment.runfile.schema import RunFile

GOOD = """\
name: good
title: A fit without mistakes
formulas: derived
spectrum: paired
flavour: general
parameters:
  m_dark_photon: {range: [1e-3, 8.0], prior: log_uniform, reference: 0.1}
  epsilon: {range: [1e-8, 1e-2], prior: log_uniform}
  g_D: {range: [1e-3, 0.5], prior: log_uniform, reference: 0.5, convention: true}
  y_e: {range: [1e-3, 3]}
  y_mu: {range: [1e-3, 3]}
  flavour_angle: {range: [0, pi/2]}
  theta_R: {expr: "-delta_theta/2"}
  delta_theta: pi/4
  m_S: 300 MeV
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: 2000
experiments:
  meg2: {dataset: 2025}
  na64: {}
  borexino: {T_min_keV: 190, flavour_weight: solar}
tasks:
  - maximise: {quantity: mu_eff, along: m_dark_photon, points: 60, level: 0.90}
  - sample: {ensembles: 4, until: {ess: 1000, of: mu_eff}}
seed: 1
"""


@pytest.fixture
def good() -> str:
    return GOOD


@pytest.fixture
def change() -> Callable[..., str]:
    """Return the good file with lines replaced; a line is found by its unique beginning."""

    def changed(*pairs: tuple[str, str]) -> str:
        text = GOOD
        for start, new in pairs:
            lines = text.splitlines()
            (index,) = [i for i, line in enumerate(lines) if line.startswith(start)]
            lines[index : index + 1] = new.splitlines()
            text = "\n".join(lines) + "\n"
        return text

    return changed


@pytest.fixture
def read() -> Callable[[str], RunFile]:
    """Return a file without problems."""
    return lambda text: loads(text, "fit.yaml")


@pytest.fixture
def problems() -> Callable[[str], tuple[Problem, ...]]:
    """Return what is wrong with a file that must not be accepted."""

    def found(text: str) -> tuple[Problem, ...]:
        with pytest.raises(RunFileError) as caught:
            loads(text, "fit.yaml")
        return caught.value.problems

    return found


@pytest.fixture
def check_one(change, problems) -> Callable[..., None]:
    """Replace the line that begins with `start`; its one mistake must be found on the line marked `#!`."""

    def check(start: str, new: str, message: str, suggestion: str | None) -> None:
        text = change((start, new))
        (problem,) = problems(text)
        guilty = [number for number, line in enumerate(text.splitlines(), 1) if "#!" in line]
        # a missing parameter has no line of its own: the block it is missing from is named
        line = guilty[0] if guilty else text.splitlines().index("parameters:") + 1
        assert (problem.location.file, problem.location.line) == ("fit.yaml", line)
        assert message in problem.message
        assert problem.suggestion == suggestion
        expected = f" (did you mean {suggestion!r}?)" if suggestion else ""
        assert str(problem) == f"fit.yaml:{line}: {problem.message}{expected}"

    return check
