"""The Gaussian against scipy, and its draws against their known mean and standard deviation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from vae_course.gaussian import kl_to_prior, log_density, sample


@pytest.fixture(autouse=True, scope="module")
def constants():
    """Made when the first test runs: importing a test file does no work."""
    global M, S
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


@pytest.mark.parametrize("k", [1, 3])
def test_the_kl_to_the_prior_is_the_average_of_the_log_ratio(k):
    n, (m, s) = 200_000, (np.asarray(M[:k], np.float64), np.asarray(S[:k], np.float64))
    z = m + s * np.random.default_rng(0).normal(size=(n, k))
    log_ratio = (scipy.stats.norm(m, s).logpdf(z) - scipy.stats.norm.logpdf(z)).sum(axis=1)
    error = log_ratio.std() / np.sqrt(n)
    assert float(kl_to_prior(M[:k], S[:k])) == pytest.approx(log_ratio.mean(), abs=4 * error)
    assert error < 0.005 * log_ratio.mean()


def test_the_kl_to_the_prior_where_it_is_known():
    one, zero = jnp.ones(1), jnp.zeros(1)
    assert kl_to_prior(zero, one) == 0
    assert kl_to_prior(one, one) == 0.5
    np.testing.assert_allclose(kl_to_prior(zero, one / 2), np.log(2) - 3 / 8, rtol=1e-6)
    two = kl_to_prior(jnp.array([0.7, 0.7]), jnp.array([0.2, 0.2]))
    np.testing.assert_allclose(two, 2 * kl_to_prior(jnp.array([0.7]), jnp.array([0.2])), rtol=1e-6)


@pytest.mark.parametrize("s", [0.0, -1.0, jnp.nan, jnp.inf])
def test_a_kl_needs_a_positive_spread(s):
    with pytest.raises(ValueError, match="`s` must be positive, finite standard deviations, got"):
        kl_to_prior(M, S.at[1].set(s))


def test_inside_jit_and_grad_a_spread_is_not_looked_at():
    assert jax.jit(kl_to_prior)(M, 0 * S) == jnp.inf
    by_m, by_s = jax.grad(kl_to_prior, argnums=(0, 1))(M, S)
    np.testing.assert_allclose(by_m, M, rtol=1e-6)
    np.testing.assert_allclose(by_s, S - 1 / S, rtol=1e-6)
