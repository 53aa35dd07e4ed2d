"""The Gaussian against scipy, and its draws against their known mean and spread."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from vae_course.distributions import log_density, sample

M = jnp.array([0.5, -1.0, 2.0])
S = jnp.array([0.1, 1.0, 4.0])


@pytest.mark.parametrize("z", [[0.5, -1.0, 2.0], [0.6, 0.0, -3.0], [0.0, 5.0, 20.0]])
def test_log_density_against_scipy(z):
    got = log_density(jnp.array(z), M, S)
    np.testing.assert_allclose(got, scipy.stats.norm(M, S).logpdf(z).sum(), rtol=1e-5)
    covariance = np.diag(np.asarray(S, np.float64) ** 2)
    np.testing.assert_allclose(got, scipy.stats.multivariate_normal(M, covariance).logpdf(z), rtol=1e-5)


def test_log_density_is_standard_unless_told():
    z = jnp.array([0.3, -2.0])
    np.testing.assert_allclose(log_density(z), scipy.stats.norm.logpdf(z).sum(), rtol=1e-6)
    np.testing.assert_allclose(log_density(z, 1.0, 2.0), scipy.stats.norm(1, 2).logpdf(z).sum(), rtol=1e-6)


def test_the_density_integrates_to_one():
    axis = jnp.linspace(-8.0, 8.0, 161)
    grid = jnp.stack(jnp.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    values = jax.vmap(lambda z: log_density(z, jnp.array([0.5, -0.5]), jnp.array([1.0, 0.5])))(grid)
    np.testing.assert_allclose(jnp.exp(values).sum() * 0.1**2, 1.0, rtol=1e-4)


def test_far_away_the_log_density_stays_finite():
    z = jnp.array([1e4])
    np.testing.assert_allclose(log_density(z), scipy.stats.norm.logpdf(1e4), rtol=1e-6)


def test_draws_have_the_mean_the_spread_and_the_independence_asked_for():
    n = 100_000
    draws = jax.vmap(lambda key: sample(M, S, key))(jax.random.split(jax.random.key(0), n))
    noise = (np.asarray(draws, np.float64) - np.asarray(M)) / np.asarray(S)
    assert (abs(noise.mean(axis=0)) < 4 / np.sqrt(n)).all()
    assert (abs(noise.std(axis=0) - 1) < 4 / np.sqrt(2 * n)).all()
    assert (abs(np.corrcoef(noise.T) - np.eye(3)) < 4 / np.sqrt(n)).all()
    assert scipy.stats.kstest(noise[:, 0], "norm").pvalue > 1e-4


def test_one_key_gives_one_draw():
    first, again = sample(M, S, jax.random.key(1)), sample(M, S, jax.random.key(1))
    np.testing.assert_array_equal(first, again)
    assert (first != sample(M, S, jax.random.key(2))).all()


def test_no_spread_gives_the_mean():
    np.testing.assert_array_equal(sample(M, 0.0, jax.random.key(0)), M)
