"""Words about points where the model behind the parameters is no longer perturbative."""

from __future__ import annotations

import numpy as np
import pandas as pd

from darkmoment.constants import PERTURBATIVE
from darkmoment.observables.breaking import NAME
from darkmoment.physics.breaking import majorana_yukawa

_REASON = "a Majorana mass of N needs a Yukawa coupling 2 g_D m_majorana/m_dark_photon"


def breaking_note(m_dark_photon: float, g_D: float, m_majorana: float) -> str | None:
    """Say that U(1)_D breaks at too low a scale for a point's Majorana mass, or None where it does not."""
    yukawa = float(majorana_yukawa(m_dark_photon, g_D, m_majorana))
    if yukawa <= PERTURBATIVE:
        return None
    return f"{NAME} = {yukawa:.4g}: {_REASON}, not perturbative above sqrt(4 pi)"


def breaking_warnings(table: pd.DataFrame, where: str) -> list[str]:
    """Return a sentence if answers lie where that Yukawa coupling is not perturbative, else nothing.

    Parameters
    ----------
    table : DataFrame
        Has the columns m_dark_photon, g_D and m_majorana; nan where there is no answer.
    where : str
        What its rows are called.
    """
    columns = [np.asarray(table[name], dtype=float) for name in ("m_dark_photon", "g_D", "m_majorana")]
    yukawa = majorana_yukawa(*columns)
    beyond = yukawa[yukawa > PERTURBATIVE]
    if not beyond.size:
        return []
    return [
        f"{NAME} is above sqrt(4 pi) in {beyond.size} of {yukawa.size} {where}, at most {beyond.max():.3g}: "
        f"{_REASON}"
    ]
