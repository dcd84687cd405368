"""The signed sum of both formula sets: accuracy everywhere, exact zeros, and bits that ignore the batch."""

import mpmath as mp
import numpy as np
import pytest

from darkmoment.physics import loops, printed
from darkmoment.physics.loops import Grid

SETS = [pytest.param("derived", loops, id="derived"), pytest.param("printed", printed, id="printed")]
SEED = 22


def points(count, lower, upper, seed=SEED):
    """Points m, m_D, H1, H2, A1, A2 with M_1 M_2 >= 0, among them small splittings and M_1 near 0."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    scalars = np.exp(rng.uniform(np.log(lower), np.log(upper), (4, count)))
    quarter = count // 4
    near = 1 - 10.0 ** rng.uniform(-8, -2, (3, quarter))
    scalars[1:, :quarter] = np.maximum(scalars[0, :quarter] * near, lower)
    heavier = np.exp(rng.uniform(np.log(lower), np.log(upper), count))
    heavier[:2] = scalars[0, :2]
    ratio = np.where(rng.random(count) < 0.5, rng.random(count), np.exp(rng.uniform(-25, 0, count)))
    lighter = ratio * heavier
    return [(heavier + lighter) / 2, (heavier - lighter) / 2, *scalars]


def worst(kind, exact, values, columns):
    with mp.workdps(120):
        references = [exact.signed_sum(kind, *point) for point in zip(*columns, strict=True)]
        return max(float(abs(mp.mpf(v) / r - 1)) for v, r in zip(values.tolist(), references, strict=True))


@pytest.mark.parametrize("masses", [(0.05, 0.4), (1e-2, 10.0), (1e-3, 1e4)])
@pytest.mark.parametrize(("kind", "formulas"), SETS)
def test_accuracy(kind, formulas, masses, exact):
    columns = points(40, *masses)
    reachable = Grid.for_masses(masses[0], 2 * masses[1])
    assert worst(kind, exact, formulas.signed_sum(*columns, grid=reachable), columns) < 1e-9
    assert worst(kind, exact, formulas.signed_sum(*columns), columns) < 1e-10


@pytest.mark.parametrize(("kind", "formulas"), SETS)
def test_outside_the_grid(kind, formulas, exact):
    columns = points(40, 0.05, 0.4)
    elsewhere = Grid.for_masses(1.0, 2.0)
    assert worst(kind, exact, formulas.signed_sum(*columns, grid=elsewhere), columns) < 1e-10
    # any scale: S has the dimension of an inverse mass, and powers of two are exact
    for power in (-200, 200):
        scaled = formulas.signed_sum(*(np.ldexp(column, power) for column in columns))
        own = formulas.signed_sum(*columns, grid=elsewhere)
        assert np.array_equal(np.ldexp(scaled, power), own)


@pytest.mark.parametrize(("kind", "formulas"), SETS)
def test_hierarchies_beyond_the_default_grid(kind, formulas, exact):
    columns = points(20, 1e-9, 1e6)
    assert worst(kind, exact, formulas.signed_sum(*columns), columns) < 1e-9


@pytest.mark.parametrize(("kind", "formulas"), SETS)
def test_degenerate_everything_is_the_hardest_for_a_step(kind, formulas, exact):
    """All six poles in one place: what decides the step of a grid."""
    phase = np.exp(np.linspace(0, 0.5, 7))  # where the poles lie between two nodes
    columns = [0.1 * phase, 0 * phase, *(0.1 * phase * (1 + shift) for shift in (0, 1e-4, 1e-5, 2e-4))]
    values = formulas.signed_sum(*columns, grid=Grid.for_masses(0.05, 0.4))
    assert worst(kind, exact, values, columns) < 5e-10


@pytest.mark.parametrize(("kind", "formulas"), SETS)
def test_fermions_below_the_grid(kind, formulas, exact):
    """The slowest tails: like v for two light fermions, or one light and one far above the scalars."""
    heavier = np.array([1e-1, 1e-3, 1e-5, 1e-8, 10.0, 10.0, 10.0, 10.0])
    lighter = np.array([1e-1, 1e-4, 1e-5, 0.0, 1e-1, 1e-4, 1e-6, 0.0])
    scalars = [np.full(8, m) for m in (1e-2, 1.1e-2, 1.2e-2, 1.3e-2)]
    columns = [(heavier + lighter) / 2, (heavier - lighter) / 2, *scalars]
    assert (
        worst(kind, exact, formulas.signed_sum(*columns, grid=Grid.for_masses(1e-2, 10.0)), columns) < 5e-10
    )


@pytest.mark.parametrize(("kind", "formulas"), SETS)
def test_no_cancellation_towards_the_dirac_limit(kind, formulas, exact):
    m = 10.0 ** -np.arange(2.0, 13.0)
    columns = [m, *(np.full(m.size, x) for x in (0.1, 0.25, 0.35, 0.2, 0.4))]
    assert worst(kind, exact, formulas.signed_sum(*columns), columns) < 1e-10


@pytest.mark.parametrize("formulas", [loops, printed])
def test_opposite_signs(formulas, exact):
    """For m_D > m the two states cancel in part: accurate on the scale of the parts."""
    kind = "derived" if formulas is loops else "printed"
    scalars = (0.25, 0.35, 0.2, 0.4)
    for m, m_D in ((0.1, 0.15), (0.02, 0.3), (-0.1, 0.05)):
        with mp.workdps(60):
            reference = exact.signed_sum(kind, m, m_D, *scalars)
            scale = sum(abs(M * exact.delta_J(kind, abs(M), *scalars)) for M in (m - m_D, m + m_D))
        assert abs(formulas.signed_sum(m, m_D, *scalars) - float(reference)) < 1e-12 * float(scale)
        assert formulas.signed_sum(-m, m_D, *scalars) == -formulas.signed_sum(m, m_D, *scalars)
        assert formulas.signed_sum(m, -m_D, *scalars) == formulas.signed_sum(m, m_D, *scalars)


@pytest.mark.parametrize("grid", [None, Grid.for_masses(0.05, 0.5), Grid.for_masses(5.0, 6.0)])
@pytest.mark.parametrize("formulas", [loops, printed])
def test_exact_zeros(formulas, grid):
    def total(*point):
        return float(formulas.signed_sum(*point, grid=grid))

    assert total(0.0, 0.1, 0.25, 0.35, 0.2, 0.4) == 0.0
    assert total(0.0, 0.0, 0.25, 0.35, 0.2, 0.4) == 0.0
    assert total(0.1, 0.0, 0.3, 0.3, 0.2, 0.4) == 0.0
    assert total(0.1, 0.05, 0.25, 0.35, 0.3, 0.3) == 0.0
    massless = total(0.1, 0.1, 0.25, 0.35, 0.2, 0.4)
    assert massless == pytest.approx(0.2 * float(formulas.delta_J(0.2, 0.25, 0.35, 0.2, 0.4)), rel=1e-9)


@pytest.mark.parametrize("formulas", [loops, printed])
def test_unphysical_points_are_nan_and_harm_no_other(formulas):
    m_H1 = np.array([0.25, 0.0, -0.1, np.nan, 0.25, np.inf])
    totals = formulas.signed_sum(0.1, np.array([0.0]), m_H1, 0.35, 0.2, 0.4)
    assert np.isnan(totals).tolist() == [False, True, True, True, False, True]
    assert totals[0] == totals[4] == formulas.signed_sum(0.1, 0.0, 0.25, 0.35, 0.2, 0.4)


@pytest.mark.parametrize("grid", [None, Grid.for_masses(1e-2, 20.0)], ids=["wide", "narrow"])
@pytest.mark.parametrize("formulas", [loops, printed])
def test_a_point_has_the_same_bits_alone_and_in_any_batch(formulas, grid):
    columns = points(5000, 1e-4, 10.0)  # some of the points are outside either grid
    batch = formulas.signed_sum(*columns, grid=grid)
    rng = np.random.default_rng(SEED)
    for i in rng.integers(0, 5000, 60):
        point = [column[i] for column in columns]
        assert formulas.signed_sum(*point, grid=grid) == batch[i]
        assert formulas.signed_sum(*(column[i : i + 1] for column in columns), grid=grid)[0] == batch[i]
    for length in (2, 3, 17, 1024, 1025, 3001):
        part = formulas.signed_sum(*(column[5:][:length] for column in columns), grid=grid)
        assert np.array_equal(part, batch[5:][:length])
    strided = formulas.signed_sum(*(column[::3] for column in columns), grid=grid)
    assert np.array_equal(strided, batch[::3])
    square = formulas.signed_sum(*(column.reshape(50, 100) for column in columns), grid=grid)
    assert np.array_equal(square, batch.reshape(50, 100))


@pytest.mark.parametrize("formulas", [loops, printed])
def test_fixed_parameters_do_not_change_the_bits(formulas):
    m, m_D, H1, H2, A1, A2 = points(3000, 1e-2, 1.0)
    grid = Grid.for_masses(1e-2, 2.0)
    ones = np.ones(3000)
    for fixed in ((0, 1), (2, 3, 4, 5), (0,), (2, 4), (1, 3)):
        full, short = [m, m_D, H1, H2, A1, A2], [m, m_D, H1, H2, A1, A2]
        for k in fixed:
            full[k], short[k] = full[k][0] * ones, full[k][:1]
        assert np.array_equal(formulas.signed_sum(*short, grid), formulas.signed_sum(*full, grid))
    assert np.array_equal(
        formulas.signed_sum(m, m_D, H1, H2, H1, H2, grid),
        formulas.signed_sum(m, m_D, H1, H2, H1.copy(), H2.copy(), grid),
    )
    assert formulas.signed_sum(m[:1], m_D[:1], H1[:1], H2[:1], A1[:1], A2[:1], grid).shape == (1,)


def test_grid_refuses_an_empty_range():
    for lower, upper in ((0.0, 1.0), (2.0, 1.0), (-1.0, 1.0), (float("nan"), 1.0)):
        with pytest.raises(ValueError, match="0 < lower <= upper"):
            Grid.for_masses(lower, upper)


def test_numpy_is_left_as_found():
    size = np.getbufsize()
    loops.signed_sum(*points(3000, 1e-2, 1.0))
    assert np.getbufsize() == size
