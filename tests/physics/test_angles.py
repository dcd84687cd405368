"""Sine and cosine by half the tangent, against many digits."""

import mpmath as mp
import numpy as np

from darkmoment.physics.angles import cosine, cosine_and_sine, sine

SEED = 8


def points() -> np.ndarray:
    print(f"seed {SEED}")
    near = 10.0 ** np.arange(-15.0, 0.0)
    drawn = np.random.default_rng(SEED).uniform(-7, 7, 400)
    return np.concatenate((drawn, near, np.pi / 2 - near, np.pi - near, [np.pi / 2, np.pi, 100.0]))


def test_both_functions():
    x = points()
    exact_sine = np.array([float(mp.sin(v)) for v in x])
    exact_cosine = np.array([float(mp.cos(v)) for v in x])
    rounding = 2e-16 * np.maximum(2, np.abs(x))  # of the angle less pi/2
    assert (np.abs(sine(x) - exact_sine) < rounding).all()
    assert (np.abs(cosine(x) - exact_cosine) < rounding).all()
    together = cosine_and_sine(x)
    np.testing.assert_allclose(together[0], exact_cosine, rtol=0, atol=5e-16)
    np.testing.assert_allclose(together[1], exact_sine, rtol=0, atol=5e-16)


def test_zeros_are_met_with_all_digits():
    """The valley towards flavour_angle = pi/2 lives on the digits of a small cosine."""
    small = 10.0 ** -np.arange(1.0, 17.0)
    np.testing.assert_allclose(sine(small), [float(mp.sin(v)) for v in small], rtol=1e-15)
    x = np.append(np.pi / 2 - small, np.pi / 2)
    np.testing.assert_allclose(cosine(x), [float(mp.cos(v)) for v in x], rtol=1e-15)
    assert sine(0.0) == 0.0
    assert cosine(0.0) == 1.0
    assert [float(v) for v in cosine_and_sine(0.0)] == [1.0, 0.0]


def test_one_angle_has_the_bits_it_has_in_a_batch():
    x = points()
    for function in (sine, cosine, lambda v: cosine_and_sine(v)[0], lambda v: cosine_and_sine(v)[1]):
        batch = function(x)
        assert [float(function(v)) for v in x] == batch.tolist()
        assert [float(function(v)) for v in x.tolist()] == batch.tolist()
        assert np.array_equal(function(x[::3]), batch[::3])
