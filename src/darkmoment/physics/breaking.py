"""What has to break U(1)_D, as the Majorana mass of N needs."""

from __future__ import annotations

import numpy as np

from darkmoment.physics.quadrature import Array, Value


def majorana_yukawa(m_dark_photon: Value, g_D: Value, m_majorana: Value) -> Array:
    """Return the Yukawa coupling that a field of dark charge 2 needs to give N its Majorana mass.

    Its expectation value v_D makes m_majorana = y v_D (up to a factor of order one that is left out) and adds
    2 g_D v_D to m_A', so y >= 2 g_D |m_majorana|/m_A': the least value, as other fields may add to m_A'.
    Absent from arXiv:2603.25704.

    Parameters
    ----------
    m_dark_photon, g_D, m_majorana : array_like
        Mass of the A' in GeV, dark gauge coupling, and Majorana mass in GeV, any sign.
    """
    return 2 * g_D * np.abs(m_majorana) / m_dark_photon
