"""The two gradients of an average, against the averages and the variances that are known in closed form."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_course.elbo import (
    _means_of_the_others,
    gradient_variances,
    reparametrized_gradient,
    score_function_gradient,
    three_gradients,
)
from vae_course.models import GaussianDecoder, LinearDecoder

BOTH = pytest.mark.parametrize("estimator", [reparametrized_gradient, score_function_gradient])
ALL = pytest.mark.parametrize(
    "estimator",
    [reparametrized_gradient, score_function_gradient, lambda *given: score_function_gradient(*given, -7.0)],
)


def square(z):
    return jnp.sum(z**2)


def wave(z):
    return jnp.sum(jnp.sin(z)) + z[0] * z[1]


def gradients(estimator, f, m, s, n):
    """n gradients by m and n by s, in float64."""
    keys = jax.random.split(jax.random.key(0), n)
    draws = jax.jit(jax.vmap(lambda key: estimator(f, m, s, key)))(keys)
    return tuple(np.asarray(draw, np.float64) for draw in draws)


@pytest.mark.parametrize(("mu", "s"), [(1.3, 0.7), (-0.5, 2.0)])
def test_the_variances_for_a_square_are_the_known_ones(mu, s):
    variances = {
        reparametrized_gradient: 4 * s**2,
        score_function_gradient: mu**4 / s**2 + 14 * mu**2 + 15 * s**2,
    }
    for estimator, variance in variances.items():
        by_m, by_s = gradients(estimator, square, jnp.array([mu]), jnp.array([s]), 10**6)
        np.testing.assert_allclose(by_m.var(), variance, rtol=0.05)
        assert by_m.mean() == pytest.approx(2 * mu, abs=4 * np.sqrt(variance / 10**6))
        assert by_s.mean() == pytest.approx(2 * s, abs=4 * by_s.std() / 10**3)


@pytest.mark.parametrize(("mu", "s"), [(1.3, 0.7), (-0.5, 2.0)])
def test_with_the_mean_of_f_as_baseline_a_square_has_the_known_variance(mu, s):
    def with_baseline(*given):
        return score_function_gradient(*given, mu**2 + s**2)

    by_m, _ = gradients(with_baseline, square, jnp.array([mu]), jnp.array([s]), 10**6)
    variance = 8 * mu**2 + 10 * s**2  # the moments of 2 mu eps^2 + s (eps^3 - eps)
    np.testing.assert_allclose(by_m.var(), variance, rtol=0.05)
    assert by_m.mean() == pytest.approx(2 * mu, abs=4 * np.sqrt(variance / 10**6))


def test_a_baseline_of_each_draw_is_the_mean_of_the_others():
    values = np.random.RandomState(0).standard_normal(20)
    others = _means_of_the_others(jnp.float32(values))
    np.testing.assert_allclose(others, [np.delete(values, i).mean() for i in range(20)], atol=1e-6)


@ALL
def test_each_is_right_on_average(estimator):
    m, s = np.array([0.4, -1.0, 2.0]), np.array([0.5, 0.8, 0.3])
    by_m, by_s = gradients(estimator, wave, jnp.float32(m), jnp.float32(s), 200_000)
    damping = np.exp(-(s**2) / 2)  # E sin(z) = sin(m) exp(-s^2 / 2)
    right_by_m, right_by_s = np.cos(m) * damping + [m[1], m[0], 0], -s * np.sin(m) * damping
    assert (abs(by_m.mean(axis=0) - right_by_m) < 4 * by_m.std(axis=0) / np.sqrt(200_000)).all()
    assert (abs(by_s.mean(axis=0) - right_by_s) < 4 * by_s.std(axis=0) / np.sqrt(200_000)).all()


@BOTH
def test_one_key_gives_one_gradient_inside_jit_and_outside(estimator):
    m, s, key = jnp.array([0.4, -1.0]), jnp.array([0.5, 0.8]), jax.random.key(1)
    outside = estimator(wave, m, s, key)
    inside = jax.jit(lambda m, s, key: estimator(wave, m, s, key))(m, s, key)
    np.testing.assert_allclose(inside, outside, rtol=1e-5)
    assert (outside[0] != estimator(wave, m, s, jax.random.key(2))[0]).all()


@pytest.fixture(autouse=True, scope="module")
def constants():
    """Made when the first test runs: importing a test file does no work."""
    global M, S, KEY
    M, S, KEY = jnp.zeros(2), jnp.ones(2), jax.random.key(0)


@BOTH
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (lambda: (None, M, S, KEY), "f"),
        (lambda: (square, 0.0, S, KEY), "m"),
        (lambda: (square, M, jnp.ones(3), KEY), "s"),
        (lambda: (square, M, S, 0), "key"),
    ],
)
def test_bad_arguments_are_named(estimator, arguments, named):
    with pytest.raises(TypeError, match=f"parameter '{named}'"):
        estimator(*arguments())


@pytest.mark.parametrize("s", [0.0, -1.0, jnp.nan])
def test_the_score_needs_a_positive_spread(s):
    with pytest.raises(ValueError, match="`s` must be positive"):
        score_function_gradient(square, M, S.at[1].set(s), KEY)


def test_three_gradients_side_by_side_have_the_known_variances():
    m, s, keys = jnp.array([1.0]), jnp.array([0.3]), jax.random.split(jax.random.key(2), 200_000)
    found, mean = three_gradients(eqx.Partial(square), m, s, keys)
    known = [1 / 0.3**2 + 14 + 15 * 0.3**2, 8 + 10 * 0.3**2, 4 * 0.3**2]
    np.testing.assert_allclose(np.asarray(found, np.float64).var(axis=1)[:, 0], known, rtol=0.05)
    np.testing.assert_allclose(found.mean(axis=1)[:, 0], 2, atol=0.05)
    assert mean == pytest.approx(1.09, abs=0.01)


def test_a_model_s_gradients_vary_as_those_of_its_likelihood():
    model = GaussianDecoder(LinearDecoder(key=jax.random.key(0), pixels=3), sigma=0.6)
    x, m, s = jnp.array([0.2, 0.5, 0.1]), jnp.array([0.3, -0.4]), jnp.array([0.2, 0.3])
    keys = jax.random.split(jax.random.key(3), 100_000)
    variances, _ = gradient_variances(model, x[None], m[None], s[None], keys)
    W = np.asarray(model.decoder.linear.weight, np.float64)
    curvature = W.T @ W / 0.6**2  # the slope at z is a constant minus curvature @ z
    expected = np.trace(curvature @ np.diag(np.asarray(s) ** 2) @ curvature)
    np.testing.assert_allclose(variances[0, 2], expected, rtol=0.03)
