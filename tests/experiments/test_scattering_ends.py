"""Scattering limits for light and heavy mediators, where closed forms or one quadrature tell them."""

from math import log, sqrt

import numpy as np
import pytest
from scipy.integrate import quad

from darkmoment.experiments import load

ME = 510.99895069  # keV
LIGHT = {"m_dark_photon": np.array([0.0, 1e-12, 1e-9])}
HEAVY = {"m_dark_photon": np.array([1.0, 4.0, 10.0])}
PUBLISHED = [
    ("xenonnt", "2022_recast", 6.4e-12),
    ("lz", "2022", 1.1e-11),
    ("borexino", "2017", 2.8e-11),
    ("gemma", "2012", 2.9e-11),
    ("texono", "2010", 2.2e-10),
    ("lsnd", "mu_nue", 1.1e-9),
    ("lsnd", "mu_numu", 6.8e-10),
]


def own(name: str, dataset: str, **options: object):
    """In the experiment's own effective moment: nobody's flavour is weighed."""
    weighed = {"flavour_weight": "none"} if name in ("xenonnt", "lz", "borexino", "lsnd") else {}
    return load(name, dataset, **{**weighed, **options})


@pytest.mark.parametrize(("name", "dataset", "published"), PUBLISHED)
def test_a_massless_mediator_gives_the_published_limit(name: str, dataset: str, published: float) -> None:
    np.testing.assert_allclose(own(name, dataset).limit(LIGHT), published, rtol=1e-8)


def test_the_events_of_xenonnt_come_within_15_percent() -> None:
    limit = own("xenonnt", "2022").limit(LIGHT)
    assert (abs(limit / 6.4e-12 - 1) < 0.15).all()
    np.testing.assert_allclose(limit, limit[0], rtol=1e-6)


@pytest.mark.parametrize(("name", "dataset", "published"), [*PUBLISHED, ("xenonnt", "2022", 7.2e-12)])
def test_a_heavy_one_raises_it_as_the_square_of_its_mass(name: str, dataset: str, published: float) -> None:
    limit = own(name, dataset).limit(HEAVY)
    # what is left is (2 m_e T/m^2) of the hardest recoils, 5e-5 at 1 GeV
    np.testing.assert_allclose(limit / limit[-1], [0.01, 0.16, 1.0], rtol=1e-4)
    assert limit[-1] > 1e4 * published


def ratio_of(light: float, hard: float) -> float:
    """limit/m^2 in keV^-2 over the massless limit, from int g and int g (2 m_e T)^2."""
    return sqrt(light / hard)


@pytest.mark.parametrize("T_min", [50.0, 190.0])
def test_borexino_in_closed_form(T_min: float) -> None:
    E = 862.0
    top = 2 * E * E / (2 * E + ME)
    light = log(top / T_min) - (top - T_min) / E
    hard = 4 * ME**2 * ((top**2 - T_min**2) / 2 - (top**3 - T_min**3) / 3 / E)
    expected = 2.8e-11 * ratio_of(light, hard) * (HEAVY["m_dark_photon"] * 1e6) ** 2
    np.testing.assert_allclose(own("borexino", "2017", T_min_keV=T_min).limit(HEAVY), expected, rtol=2e-6)
    weighed = load("borexino", T_min_keV=T_min).limit(
        {**HEAVY, "P_ee": np.array([0.5]), "sin2_theta_23": np.array([0.4])}
    )
    np.testing.assert_allclose(weighed, expected / sqrt(0.5 + 0.5 * 0.6), rtol=2e-6)


END = (105658.3755 - ME**2 / 105658.3755) / 2
LINE = (139570.39 - 105658.3755**2 / 139570.39) / 2
STEP = 2 * LINE**2 / (2 * LINE + ME)


def flux(T: float, powers: dict[int, float]) -> float:
    """int dx phi (1/T - 1/E) for phi = sum c x^n, x = E/END, above the least energy that recoils with T."""
    x = (T + sqrt(T * T + 2 * ME * T)) / 2 / END
    return sum(c * ((1 - x ** (n + 1)) / (n + 1) / T - (1 - x**n) / n / END) for n, c in powers.items())


def nu_mu(T: float) -> float:
    return flux(T, {2: 6, 3: -4}) + (1 / T - 1 / LINE if STEP > T else 0.0)


def nu_e(T: float) -> float:
    return flux(T, {2: 12, 3: -12})


def integral(spectrum, power: int) -> float:
    def weighed(T: float) -> float:
        return spectrum(T) * (2 * ME * T) ** power

    return sum(quad(weighed, a, b, epsrel=1e-11)[0] for a, b in ((18e3, STEP), (STEP, 50e3)))


@pytest.mark.parametrize(
    ("dataset", "published", "spectrum"), [("mu_nue", 1.1e-9, nu_e), ("mu_numu", 6.8e-10, nu_mu)]
)
def test_lsnd_in_both_flavours_and_together(dataset: str, published: float, spectrum) -> None:
    m2 = (HEAVY["m_dark_photon"] * 1e6) ** 2
    light, hard = integral(spectrum, 0), integral(spectrum, 2)
    expected = published * ratio_of(light, hard) * m2
    np.testing.assert_allclose(load("lsnd", dataset).limit(HEAVY), expected, rtol=1e-4)
    every = integral(nu_e, 2) + integral(nu_mu, 2)
    together = load("lsnd", dataset, flavour_weight="transition").limit(HEAVY)
    np.testing.assert_allclose(together, published * ratio_of(light, every) * m2, rtol=1e-4)
    massless = load("lsnd", dataset, flavour_weight="transition").limit(LIGHT)
    both = integral(nu_e, 0) + integral(nu_mu, 0)
    np.testing.assert_allclose(massless, published * sqrt(light / both), rtol=1e-7)
