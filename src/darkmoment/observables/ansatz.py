"""From the parameters of an ansatz to masses, angles and Yukawas (arXiv:2603.25704, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi

import numpy as np

from darkmoment.observables.observable import Observable
from darkmoment.parameters import Array
from darkmoment.physics.angles import cosine, sine
from darkmoment.physics.lepton_flavour import mixing

_NODES = {"m_H1": r"m_{H_1}", "m_H2": r"m_{H_2}", "m_A1": r"m_{A_1}", "m_A2": r"m_{A_2}"}


def _lighter(m_S: Array, delta_m_S: Array) -> Array:
    return m_S - delta_m_S / 2


def _heavier(m_S: Array, delta_m_S: Array) -> Array:
    return m_S + delta_m_S / 2


def _same(**value: Array) -> Array:
    (only,) = value.values()
    return only


def _single_norm(y: Array) -> Array:
    return 2**0.25 * y


def _single_angle() -> Array:
    return np.array([pi / 4])


PAIRED = [
    # m_A1 is m_H1 itself, so that equal masses stay equal to the last bit
    Observable("m_H1", "GeV", _NODES["m_H1"], ("m_S", "delta_m_S"), _lighter),
    Observable("m_H2", "GeV", _NODES["m_H2"], ("m_S", "delta_m_S"), _heavier),
    Observable("m_A1", "GeV", _NODES["m_A1"], ("m_H1",), _same),
    Observable("m_A2", "GeV", _NODES["m_A2"], ("m_H2",), _same),
]

SINGLE_Y = [
    Observable("y_e", "", "y_e", ("y",), _single_norm),
    Observable("y_mu", "", r"y_\mu", ("y",), _single_norm),
    Observable("flavour_angle", "rad", r"\varphi", (), _single_angle, logarithmic=False),
]

SPECTRUM: Mapping[str, list[Observable]] = {"paired": PAIRED, "free": []}
"""Spectrum ansatz -> what it adds to the table."""

FLAVOUR: Mapping[str, list[Observable]] = {"single_y": SINGLE_Y, "general": []}
"""Flavour ansatz -> what it adds to the table."""


def _sum(theta_R: Array, delta_theta: Array) -> Array:
    return theta_R + delta_theta


def _cosine(flavour_angle: Array) -> Array:
    return cosine(flavour_angle)


def _sine(flavour_angle: Array) -> Array:
    return sine(flavour_angle)


def _product(y_e: Array, y_mu: Array, **part: Array) -> Array:
    """Return inner or cross: what mu -> e gamma and what the moment see of the Yukawas."""
    (only,) = part.values()
    return y_e * y_mu * only


COMMON = [
    Observable("cos_phi", "", r"\cos\varphi", ("flavour_angle",), _cosine, internal=True),
    Observable("sin_phi", "", r"\sin\varphi", ("flavour_angle",), _sine, internal=True),
    Observable("inner", "", r"|\sum_a y_{ea} y_{\mu a}^*|", ("y_e", "y_mu", "cos_phi"), _product),
    Observable("cross", "", r"|y_{e1}y_{\mu2}-y_{e2}y_{\mu1}|", ("y_e", "y_mu", "sin_phi"), _product),
    Observable("mixing", "", r"\cos,\sin", ("theta_R", "theta_I"), mixing, internal=True),
    Observable("theta_I", "rad", r"\theta_I", ("theta_R", "delta_theta"), _sum, logarithmic=False),
]
