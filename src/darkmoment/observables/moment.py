"""The dark transition moment and its effective value (arXiv:2603.25704 eq. 22, corrected)."""

from __future__ import annotations

from darkmoment.observables.observable import Observable
from darkmoment.parameters import Array
from darkmoment.physics import loops, moment

LOOP_NEEDS = ("m_majorana", "m_dirac", "m_H1", "m_H2", "m_A1", "m_A2")


def _mu_eff(epsilon: Array, mu_emu: Array) -> Array:
    return epsilon * mu_emu


OBSERVABLES = [
    Observable(
        "loop_sum",
        "GeV^-1",
        r"\sum_\alpha M_\alpha\Delta J_\alpha",
        LOOP_NEEDS,
        loops.signed_sum,
        logarithmic=False,
    ),
    Observable(
        "mu_emu_natural",
        "GeV^-1",
        r"\mu_{e\mu}",
        ("g_D", "delta_theta", "cross", "loop_sum"),
        lambda g_D, delta_theta, cross, loop_sum: moment.mu_emu(g_D, delta_theta, cross, loop_sum),
        key="mu_emu_per_GeV",
        reported=True,
    ),
    Observable(
        "mu_emu",
        "muB",
        r"\mu_{e\mu}",
        ("mu_emu_natural",),
        lambda mu_emu_natural: moment.in_bohr_magnetons(mu_emu_natural),
        key="mu_emu_muB",
        reported=True,
    ),
    Observable(
        "mu_eff",
        "muB",
        r"\mu_\mathrm{eff}",
        ("epsilon", "mu_emu"),
        _mu_eff,
        key="mu_eff_muB",
        reported=True,
    ),
]
