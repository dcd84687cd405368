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

M_Z = 91.1880
"""Mass of the Z boson in GeV (PDG 2024)."""

SIN2_THETA_W = 0.23129
"""Weak mixing angle sin^2 theta_W, MSbar at the Z mass (PDG 2024)."""

M_KAON = 0.493677
"""Mass of the charged kaon in GeV (PDG 2024)."""

TAU_KAON_S = 1.2380e-8
"""Lifetime of the charged kaon in s (PDG 2024)."""

F_KAON = 0.1557
"""Decay constant of the charged kaon in GeV (normalised like 0.130 of the pion)."""

V_US = 0.2243
"""CKM matrix element V_us."""
