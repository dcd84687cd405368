"""The Yukawa coupling that a Majorana mass of N implies: observable, note and warning."""

from collections.abc import Callable
from math import pi, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkmoment import Fit
from darkmoment.inference.maximise import maximise
from darkmoment.perturbativity import breaking_note, breaking_warnings
from darkmoment.physics.breaking import majorana_yukawa


def test_value() -> None:
    mass = np.array([0.1, 0.01, 1.0])
    np.testing.assert_allclose(majorana_yukawa(mass, 0.5, 0.1), [1, 10, 0.1], rtol=1e-15)
    assert majorana_yukawa(0.1, 0.5, -0.1) == majorana_yukawa(0.1, 0.5, 0.1)
    assert majorana_yukawa(0.1, 0.5, 0.0) == 0.0


def test_note_starts_above_sqrt_4_pi() -> None:
    edge = 0.1 * sqrt(4 * pi)  # 2 g_D m = m_A' sqrt(4 pi)
    assert breaking_note(0.1, 0.5, edge * (1 - 1e-12)) is None
    note = breaking_note(0.1, 0.5, 2 * edge)
    assert note is not None
    assert note.startswith("majorana_yukawa = 7.09:")


def test_evaluate_notes_it() -> None:
    fit = Fit.load("paper")
    points = {"m_dark_photon": np.array([0.1, 0.01]), "y": np.array([1e-3, 1e-3])}
    found = fit.evaluate(points)
    assert found.observables["majorana_yukawa"].tolist() == [pytest.approx(1.0), pytest.approx(10.0)]
    noted = [[n for n in notes if n.startswith("majorana_yukawa")] for notes in found.notes]
    assert [len(n) for n in noted] == [0, 1]


def test_answers_without_a_point_are_not_counted() -> None:
    table = pd.DataFrame(
        {"m_dark_photon": [0.1, 0.01, 0.01], "g_D": [0.5, 0.5, np.nan], "m_majorana": [0.1, 0.1, np.nan]}
    )
    (said,) = breaking_warnings(table, "cells")
    assert said.startswith("majorana_yukawa is above sqrt(4 pi) in 1 of 3 cells, at most 10:")
    assert breaking_warnings(table.iloc[[0]], "answer") == []


def test_maximise_warns(tiny: Path) -> None:
    tiny.write_text(tiny.read_text().replace("m_majorana: 0.03", "m_majorana: 0.1"))
    fit = Fit.load(tiny)
    low, high = (maximise(fit, along="m_dark_photon", points=[m], starts=1) for m in (0.02, 0.2))
    assert sum("majorana_yukawa" in w for w in low.warnings) == 1
    assert not any("majorana_yukawa" in w for w in high.warnings)


def test_command_line(darkmoment: Callable[..., object], tiny: Path) -> None:
    answer = darkmoment("evaluate", tiny, "--set", "m_dark_photon=0.01")
    assert "majorana_yukawa" in answer.out  # type: ignore[attr-defined]
