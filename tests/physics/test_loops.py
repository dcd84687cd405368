"""J, DeltaJ and the lepton loop functions against mpmath, for both formula sets."""

import mpmath as mp
import numpy as np
import pytest

from darkmoment.physics import loops, printed

SETS = [pytest.param("derived", loops, id="derived"), pytest.param("printed", printed, id="printed")]
SEED = 20260325


def generator():
    print(f"seed {SEED}")
    return np.random.default_rng(SEED)


def relative(value, reference):
    return float(abs(mp.mpf(float(value)) / reference - 1))


@pytest.mark.parametrize(("kind", "formulas"), SETS)
def test_J_is_the_feynman_integral(kind, formulas, exact):
    rng = generator()
    with mp.workdps(30):
        for M, m1, m2 in rng.uniform(0.2, 0.5, (3, 3)):
            reference = exact.double_integral(kind, mp.mpf(M), [(1, mp.mpf(m1), mp.mpf(m2))])
            assert relative(formulas.J(M, m1, m2), reference) < 1e-10
            assert relative(formulas.J(-M, m1, m2), reference) < 1e-10
            assert relative(exact.J(kind, M, m1, m2), reference) < 1e-10


@pytest.mark.parametrize("splitting", [0.2, 1e-4, 1e-8])
@pytest.mark.parametrize(("kind", "formulas"), SETS)
def test_delta_J_is_the_feynman_integral(kind, formulas, splitting, exact):
    M, m_H1, m_A1 = generator().uniform(0.25, 0.4, 3)
    m_H2, m_A2 = m_H1 * (1 + splitting), m_A1 * (1 + 2 * splitting)
    with mp.workdps(50):
        H1, H2, A1, A2 = (mp.mpf(m) for m in (m_H1, m_H2, m_A1, m_A2))
        pairs = [(1, H1, A1), (1, H2, A2), (-1, H1, A2), (-1, H2, A1)]
        reference = exact.double_integral(kind, mp.mpf(M), pairs)
        assert relative(formulas.delta_J(M, m_H1, m_H2, m_A1, m_A2), reference) < 1e-8
        assert relative(exact.delta_J(kind, M, m_H1, m_H2, m_A1, m_A2), reference) < 1e-8


@pytest.mark.parametrize(("kind", "formulas"), SETS)
def test_J_over_seven_decades(kind, formulas, exact):
    rng = generator()
    M, m1 = np.exp(rng.uniform(np.log(1e-3), np.log(1e4), (2, 60)))
    m2 = np.exp(rng.uniform(np.log(1e-3), np.log(1e4), 60))
    m2[:20] = m1[:20] * (1 + 10.0 ** rng.uniform(-8, -1, 20))
    m2[20:24] = m1[20:24]
    M[24:28] = m1[24:28]
    M[28:32] = m1[28:32] * (1 + 1e-8)
    with mp.workdps(80):
        references = [exact.J(kind, *point) for point in zip(M, m1, m2, strict=True)]
    assert max(map(relative, formulas.J(M, m1, m2), references)) < 1e-10


@pytest.mark.parametrize(("kind", "formulas"), SETS)
def test_delta_J_over_seven_decades(kind, formulas, exact):
    rng = generator()
    M, H1, H2, A1, A2 = np.exp(rng.uniform(np.log(1e-3), np.log(1e4), (5, 60)))
    H2[:40] = H1[:40] * (1 + 10.0 ** rng.uniform(-8, -1, 40))
    A2[:20] = A1[:20] * (1 - 10.0 ** rng.uniform(-8, -1, 20))
    A1[10:20], A2[10:20] = H1[10:20], H2[10:20]
    M[20:25] = H1[20:25]
    with mp.workdps(100):
        references = [exact.delta_J(kind, *point) for point in zip(M, H1, H2, A1, A2, strict=True)]
    assert max(map(relative, formulas.delta_J(M, H1, H2, A1, A2), references)) < 1e-10


@pytest.mark.parametrize(("kind", "formulas"), SETS)
def test_J_is_half_an_integral_over_v(kind, formulas, exact):
    """The representation the code rests on, by mpmath's own quadrature."""
    M, m1, m2 = 0.1, 0.25, 0.4
    with mp.workdps(30):
        a, b, c = (mp.mpf(m) ** 2 for m in (M, m1, m2))

        def integrand(v):
            weight = v * v if kind == "derived" else v * (v + 2 * a)
            return weight / (v + a) ** 2 / ((v + b) * (v + c)) / 2

        integral = mp.quad(integrand, [0, a, b, 1, 10, mp.inf])
        assert abs(integral / exact.J(kind, M, m1, m2) - 1) < 1e-20


@pytest.mark.parametrize(("kind", "formulas"), SETS)
def test_closed_forms(kind, formulas, exact):
    r = np.array(
        [1e-6, 1e-3, 0.3, 0.59, 0.61, 0.9, 0.97, 1 - 1e-9, 1 + 1e-9, 1.03, 1.2, 1.49, 1.51, 7.0, 1e4]
    )
    with mp.workdps(60):
        values = [exact.g(kind, mp.mpf(x)) for x in r]
        slopes = [mp.diff(lambda x: exact.g(kind, x), mp.mpf(x)) for x in r]
    assert max(map(relative, formulas.g(r), values)) < 1e-12
    assert max(map(relative, formulas.h(r), slopes)) < 1e-12
    assert formulas.h(1.0) == pytest.approx(1 / 6 if kind == "derived" else 1 / 3, rel=1e-15)
    assert formulas.J(0.1, 0.3, 0.3) == pytest.approx(formulas.h(9.0) / 0.01, rel=1e-10)


def test_small_splitting_limit():
    M, m = 0.1, 0.3
    dH, dA = 1e-6, 2e-6
    scalars = [np.sqrt(m**2 + shift) for shift in (-dH / 2, dH / 2, -dA / 2, dA / 2)]
    r = mp.mpf(m) ** 2 / mp.mpf(M) ** 2
    third = (r**3 - 6 * r**2 * mp.log(r) + 9 * r**2 - 6 * r * mp.log(r) - 9 * r - 1) / (6 * r * (r - 1) ** 5)
    assert loops.delta_J(M, *scalars) == pytest.approx(float(dH * dA * third / M**6), rel=1e-9)


@pytest.mark.parametrize("formulas", [loops, printed])
def test_delta_J_vanishes_exactly(formulas):
    assert formulas.delta_J(0.1, 0.3, 0.3, 0.2, 0.4) == 0.0
    assert formulas.delta_J(0.1, 0.2, 0.4, 0.3, 0.3) == 0.0
    assert formulas.delta_J(np.array([0.0, 0.1]), 0.3, 0.3, 0.3, 0.3).tolist() == [0.0, 0.0]


def test_broadcasting():
    M = np.array([[0.1], [0.2]])
    m2 = np.array([0.25, 0.3, 0.35])
    grid = loops.J(M, 0.3, m2)
    assert grid.shape == (2, 3)
    assert grid[1, 2] == loops.J(0.2, 0.3, 0.35)
    assert np.ndim(loops.J(0.1, 0.3, 0.3)) == 0
    assert np.isnan(loops.J(0.1, [0.3, 0.0, -0.3], 0.3)).tolist() == [False, True, True]


X = [0.0, 1e-300, 1e-12, 1e-8, 0.01, 0.3, 0.599, 0.601, 0.99, 1 - 1e-10, 1.0, 1 + 1e-10, 1.3, 1.499, 1.501]
X += [0.8, 0.9, 0.94, 1.06, 1.12, 1.16, 1.2, 3.0, 50.0, 1e4, 1e8]


@pytest.mark.parametrize(
    ("function", "integrand", "at_zero", "at_one"),
    [
        (loops.G, lambda s, d: s**2 * (1 - s) / d, mp.mpf(1) / 6, 1 / 12),
        (loops.K, lambda s, d: s**3 / 6 * (2 / d + 1 / d**2), mp.mpf(7) / 36, 1 / 8),
    ],
    ids=["G", "K"],
)
def test_lepton_loop_functions(function, integrand, at_zero, at_one):
    def reference(x):
        if x == 0:
            return at_zero
        x = mp.mpf(x)
        turns = sorted({mp.mpf(0), min(x, mp.mpf(1) / 3), mp.mpf(1) / 2, mp.mpf(1)})
        return mp.quad(lambda s: integrand(s, s + (1 - s) * x), turns)

    with mp.workdps(25):
        references = [reference(x) for x in X]
    assert max(map(relative, function(np.array(X)), references)) < 1e-12
    assert float(function(1.0)) == pytest.approx(at_one, rel=1e-15)
    assert [float(function(x)) for x in X] == function(np.array(X)).tolist()
