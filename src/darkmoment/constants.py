"""Physical constants in natural units (GeV), Heaviside-Lorentz; CODATA 2022 and PDG 2024."""

from math import pi, sqrt

ALPHA = 1 / 137.035999177
"""Fine-structure constant (CODATA 2022)."""

G_F = 1.1663788e-5
"""Fermi constant in GeV^-2 (PDG 2024)."""

M_ELECTRON = 0.51099895069e-3
"""Electron mass in GeV (CODATA 2022)."""

M_MUON = 105.6583755e-3
"""Muon mass in GeV (CODATA 2022)."""

M_TAU = 1.77693
"""Tau mass in GeV (PDG 2024)."""

M_PION = 139.57039e-3
"""Mass of the charged pion in GeV (PDG 2024)."""

E_CHARGE = sqrt(4 * pi * ALPHA)
"""Elementary charge, dimensionless."""

MU_BOHR = E_CHARGE / (2 * M_ELECTRON)
"""Bohr magneton e/(2 m_e) in GeV^-1."""

HBAR_GEV_S = 6.582119569e-25
"""Reduced Planck constant in GeV s."""

PERTURBATIVE = sqrt(4 * pi)
"""Couplings above this value are outside perturbativity."""
