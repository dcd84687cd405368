"""Delta chi2 is taken off chi2 again, also where that has twenty digits."""

import numpy as np
import pandas as pd
import pytest

from darkmoment.consistency import followed
from darkmoment.saved import SavedTable
from darkmoment.verification import Verification

SMALLEST = 0.36381837541


def profile(rng: np.random.Generator) -> pd.DataFrame:
    """Return a map of two values of x whose chi2 reaches from the smallest to 1e20, with a forbidden cell."""
    chi2 = np.concatenate([SMALLEST + 10 ** rng.uniform(-3, 20, 20), [SMALLEST, np.inf]])
    table = pd.DataFrame({"x": np.repeat([0.1, 0.2], 11), "y": np.arange(22.0), "chi2": chi2})
    least = table.groupby("x")["chi2"].transform("min")
    return table.assign(delta_chi2=chi2 - SMALLEST, delta_chi2_at_x=chi2 - least)


def drifts(table: pd.DataFrame) -> list[tuple[str, int]]:
    found, about = Verification(), {"task": "profile", "x": "x", "y": "y"}
    for column, old, new in followed(SavedTable("map", "", table, about)):
        found.compare("map.csv", column, old, new, np.arange(len(table)))
    return [(drift.column, drift.row) for drift in found.drifts]


@pytest.mark.parametrize("seed", range(20))
def test_an_untouched_map_drifts_nowhere(seed: int) -> None:
    assert drifts(profile(np.random.default_rng(seed))) == []


@pytest.mark.parametrize("name", ["delta_chi2", "delta_chi2_at_x"])
def test_one_changed_number_is_named(name: str) -> None:
    table = profile(np.random.default_rng(1))
    table.loc[7, name] *= 1 + 2e-9
    assert drifts(table) == [(name, 7)]
