"""The vector coupling of neutrinos to the A', which arXiv:2603.25704 (below eq. 13) sets to zero."""

from __future__ import annotations

from functools import partial
from typing import Any

from darkmoment.observables.lepton_flavour import MASSES
from darkmoment.observables.neutrino_mass import FLAVOUR_VECTORS, flavour_vectors
from darkmoment.observables.observable import Observable
from darkmoment.parameters import Array
from darkmoment.physics import broken_propagators, neutrino_vector

COUPLINGS = ("g_nu_ee", "g_nu_emu", "g_nu_mumu")


def _integrals(
    m_majorana: Array, m_dirac: Array, m_H1: Array, m_H2: Array, m_A1: Array, m_A2: Array
) -> tuple[Array, ...]:
    return broken_propagators.vector_integrals(m_majorana, m_dirac, (m_H1, m_H2, m_A1, m_A2))


def _kernel(vector_integrals: tuple[Array, ...], theta_R: Array, delta_theta: Array) -> Any:
    return neutrino_vector.kernel(vector_integrals, theta_R, delta_theta)


def _form_factors(vector_kernel: Any, y_e: Array, y_mu: Array, cos_phi: Array, sin_phi: Array) -> Any:
    return neutrino_vector.form_factors(*flavour_vectors(y_e, y_mu, cos_phi, sin_phi), vector_kernel)


def _coupling(which: int, g_D: Array, vector_form_factors: tuple[Array, ...]) -> Array:
    return neutrino_vector.coupling(g_D, vector_form_factors[which])


OBSERVABLES = [
    Observable(
        "vector_integrals", "", r"\int V", ("m_majorana", "m_dirac", *MASSES), _integrals, internal=True
    ),
    Observable(
        "vector_kernel", "", "X_V", ("vector_integrals", "theta_R", "delta_theta"), _kernel, internal=True
    ),
    Observable(
        "vector_form_factors", "", "F", ("vector_kernel", *FLAVOUR_VECTORS), _form_factors, internal=True
    ),
    *(
        Observable(
            name,
            "",
            rf"g^\nu_{{{flavours}}}",
            ("g_D", "vector_form_factors"),
            partial(_coupling, which),
            logarithmic=False,
        )
        for which, (name, flavours) in enumerate(zip(COUPLINGS, ("ee", r"e\mu", r"\mu\mu"), strict=True))
    ),
]
"""g_nu at zero momentum, signed relative to g_D."""
