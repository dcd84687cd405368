"""Test likelihoods with a truth that can be had by brute force, on the real parameters and mu_eff.

Each keeps the package's whole path (parameters, predictions, survey, search) and replaces what experiments
say. mu_eff is epsilon * mu_emu, so the truth at given mu_eff needs mu_emu only: asked of the model at one
point, and carried elsewhere by the powers it is known to have.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from darkmoment.fit import Fit
from darkmoment.levels import delta_chi2
from darkmoment.runfile.loader import loads

Z2 = delta_chi2(0.90)

COMMON = """
  g_D: 0.5
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
"""


@dataclass
class Term:
    """An experiment made of one function of parameters: its strength, and chi2 = Z2 strength^2."""

    needs: tuple[str, ...]
    function: Callable[..., np.ndarray]
    hard: bool = False
    label: str = "toy"
    dataset: str = "toy"
    knots: dict = field(default_factory=dict)
    silence: str = "never"

    def silenced(self):
        return None

    def response(self, p):
        return self.function(*(p[name] for name in self.needs))

    def chi2_of(self, response, p):
        return np.where(response <= 1, 0.0, np.inf) if self.hard else Z2 * response**2

    def chi2(self, p):
        return self.chi2_of(self.response(p), p)

    def covered(self, p):
        return np.ones(1, dtype=bool)


def toy(text: str, terms: dict[str, Term]) -> Fit:
    fit = Fit(loads(text).base)
    fit.experiments = terms
    fit.terms = tuple(terms)
    fit.hard = np.array([term.hard for term in terms.values()])
    return fit


def hard_edges(hard: bool) -> tuple[Fit, Callable]:
    """Two limits that are flat and then steep in log10 of epsilon and of y: strengths are 8th powers.

    `hard` makes one of them a step. mu_eff goes as epsilon y^2.
    """
    text = f"""
name: edges
flavour: single_y
parameters:
  m_dark_photon: {{range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}}
  epsilon: {{range: [1e-7, 1e-2], prior: log_uniform}}
  y: {{range: [1e-3, 1.0], prior: log_uniform}}
  m_E: 2000
{COMMON}
experiments: {{na64: {{}}}}
"""

    def edge(epsilon, m):
        return (epsilon / (1e-4 * (m / 0.1) ** 0.7)) ** 8

    def top(y):
        return (y / 0.09) ** 8

    fit = toy(text, {"mixing": Term(("epsilon", "m_dark_photon"), edge, hard), "yukawa": Term(("y",), top)})
    per_y2 = fit.predictions({"y": 0.05})["mu_emu"][0] / 0.05**2

    def truth(m, mu):
        """Smallest chi2, over a grid in ln y that is refined until nothing moves."""
        y = np.geomspace(1e-3, 1.0, 200_001)
        epsilon = mu / (per_y2 * y**2)
        allowed = (epsilon >= 1e-7) & (epsilon <= 1e-2)
        one, two = edge(epsilon, m), top(y)
        chi2 = Z2 * two**2 + (np.where(one <= 1, 0.0, np.inf) if hard else Z2 * one**2)
        return np.where(allowed, chi2, np.inf).min()

    return fit, truth


def curved_valley() -> tuple[Fit, Callable]:
    """A limit on |inner| = y_e y_mu cos(phi), whose allowed region is a curved, narrowing valley.

    mu_eff goes as epsilon y_e y_mu sin(phi): along the valley phi has to follow the couplings. phi ends at
    1.2, so that the valley decides.
    """
    text = f"""
name: valley
flavour: general
parameters:
  m_dark_photon: {{range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}}
  epsilon: {{range: [1e-8, 1e-2], prior: log_uniform}}
  y_e: {{range: [1e-3, 3.0], prior: log_uniform}}
  y_mu: {{range: [1e-3, 3.0], prior: log_uniform}}
  flavour_angle: {{range: [0, 1.2], prior: uniform}}
  m_E: 2000
{COMMON}
experiments: {{na64: {{}}}}
"""

    def inner(y_e, y_mu, phi):
        return (y_e * y_mu * np.cos(phi) / 3e-3) ** 2

    def edge(epsilon, m):
        return (epsilon / (1e-4 * (m / 0.1) ** 0.7)) ** 2

    def pull(y_mu):
        return (np.log10(y_mu) + 1.0) * 1.5

    fit = toy(
        text,
        {
            "flavour": Term(("y_e", "y_mu", "flavour_angle"), inner),
            "mixing": Term(("epsilon", "m_dark_photon"), edge),
            "yukawa": Term(("y_mu",), pull),
        },
    )
    at = fit.predictions({"y_e": 0.1, "y_mu": 0.2, "flavour_angle": 0.7})
    unit = at["mu_emu"][0] / (0.1 * 0.2 * np.sin(0.7))

    def truth(m, mu):
        """Smallest chi2 over three dense grids, each around the best of the one before."""
        ends = [(np.log(1e-3), np.log(3.0)), (np.log(1e-3), np.log(3.0)), (1e-4, 1.2)]
        now = list(ends)
        for _ in range(9):
            a, b, phi = np.meshgrid(*(np.linspace(*end, 41) for end in now), indexing="ij", sparse=True)
            y_e, y_mu = np.exp(a), np.exp(b)
            epsilon = mu / (unit * y_e * y_mu * np.sin(phi))
            chi2 = Z2 * (inner(y_e, y_mu, phi) ** 2 + edge(epsilon, m) ** 2 + pull(y_mu) ** 2)
            chi2 = np.where((epsilon >= 1e-8) & (epsilon <= 1e-2), chi2, np.inf)
            best = np.unravel_index(chi2.argmin(), chi2.shape)
            smallest = chi2[best]
            centre = [float(np.ravel(axis)[i]) for axis, i in zip((a, b, phi), best, strict=True)]
            widths = [(high - low) * 0.15 for low, high in now]
            now = [
                (max(c - w, low), min(c + w, high))
                for c, w, (low, high) in zip(centre, widths, ends, strict=True)
            ]
        return smallest

    return fit, truth


def two_modes() -> tuple[Fit, Callable]:
    """Two basins in ln m_E that differ by 0.13 in depth, one narrow, joined to limits on both sides."""
    text = f"""
name: modes
flavour: single_y
parameters:
  m_dark_photon: {{range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}}
  epsilon: {{range: [1e-7, 1e-2], prior: log_uniform}}
  y: {{range: [1e-3, 1.0], prior: log_uniform}}
  m_E: {{range: [200, 2e4], prior: log_uniform}}
{COMMON}
experiments: {{meg2: {{}}, na64: {{}}}}
"""

    def basins(m_e, m):
        x = np.log10(m_e / 2000.0)
        # the narrow basin is the deeper one at large masses only
        tilt = 0.13 * np.sqrt(m / 0.1)
        wide = 0.13 + (x + 0.5) ** 2 / 0.15**2
        narrow = 0.26 - tilt + (x - 0.6) ** 2 / 0.03**2
        return np.sqrt(np.maximum(-2.0 * np.logaddexp(-0.5 * wide, -0.5 * narrow) + 2.0, 0.0) / Z2)

    def edge(epsilon, m):
        return (epsilon / (1e-4 * (m / 0.1) ** 0.7)) ** 2

    def top(y, m_e):
        return (y / (0.09 * (m_e / 2000.0) ** 0.2)) ** 4

    fit = toy(
        text,
        {
            "spectrum": Term(("m_E", "m_dark_photon"), basins),
            "mixing": Term(("epsilon", "m_dark_photon"), edge),
            "yukawa": Term(("y", "m_E"), top),
        },
    )
    at = {"y": np.full(400, 0.05), "m_E": np.geomspace(200, 2e4, 400)}
    moment = fit.predictions(at)["mu_emu"]
    per_y2 = np.broadcast_to(moment, (400,)) / 0.05**2

    def truth(m, mu):
        """Smallest chi2 over a grid in m_E and y, twice refined around its best points."""
        low, high = np.log(200.0), np.log(2e4)
        y_ends, e_ends = (np.log(1e-3), 0.0), (low, high)
        for _ in range(6):
            e, b = np.meshgrid(
                np.linspace(*e_ends, 601), np.linspace(*y_ends, 601), indexing="ij", sparse=True
            )
            m_e, y = np.exp(e), np.exp(b)
            each = np.interp(e.ravel(), np.log(at["m_E"]), per_y2)[:, None]
            epsilon = mu / (each * y**2)
            chi2 = Z2 * (basins(m_e, m) ** 2 + edge(epsilon, m) ** 2 + top(y, m_e) ** 2)
            chi2 = np.where((epsilon >= 1e-7) & (epsilon <= 1e-2), chi2, np.inf)
            i, j = np.unravel_index(chi2.argmin(), chi2.shape)
            smallest = chi2[i, j]
            e0, b0 = float(e[i, 0]), float(b[0, j])
            we, wb = (e_ends[1] - e_ends[0]) * 0.1, (y_ends[1] - y_ends[0]) * 0.1
            e_ends = max(e0 - we, low), min(e0 + we, high)
            y_ends = max(b0 - wb, np.log(1e-3)), min(b0 + wb, 0.0)
        return smallest

    return fit, truth
