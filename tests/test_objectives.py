"""The lecture's lines against numpy, and the linear optimum against scikit-learn's PCA."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm
from sklearn.datasets import load_digits as read_digits
from sklearn.decomposition import PCA

from vae_course.models import Decoder, Encoder, GaussianDecoder, LinearDecoder
from vae_course.objectives import (
    elbo,
    elbo_sample,
    linear_optimum,
    log_joint,
    log_likelihood,
    log_prior,
    reconstruct,
    reconstruction_error,
    squared_error,
)

X, X_HAT = jax.random.normal(jax.random.key(0), (2, 64))


def test_squared_error_is_the_sum_over_the_pixels():
    expected = ((np.asarray(X, np.float64) - np.asarray(X_HAT, np.float64)) ** 2).sum()
    np.testing.assert_allclose(squared_error(X, X_HAT), expected, rtol=1e-6)
    assert squared_error(X, X) == 0


def test_reconstruct_is_the_decoder_after_the_encoder():
    encoder, decoder = Encoder(key=jax.random.key(1)), Decoder(key=jax.random.key(2))
    np.testing.assert_array_equal(reconstruct(encoder, decoder, X), decoder(encoder(X)))
    difference = np.asarray(X) - np.asarray(decoder(encoder(X)))
    np.testing.assert_allclose(reconstruction_error(encoder, decoder, X), (difference**2).sum(), rtol=1e-5)


@pytest.mark.parametrize(("k", "known"), [(2, 3.355253), (8, 1.530448), (16, 0.706796)])
def test_linear_optimum_is_what_pca_throws_away(k, known):
    images = read_digits().data / 16  # float64, all 1,797
    pca = PCA(k).fit(images)
    left = ((images - pca.inverse_transform(pca.transform(images))) ** 2).sum(axis=1).mean()
    np.testing.assert_allclose(left, known, rtol=1e-6)
    np.testing.assert_allclose(linear_optimum(jnp.asarray(images, jnp.float32), k), left, rtol=1e-4)


def test_linear_optimum_at_its_two_ends():
    images = jnp.asarray(read_digits().data[:200] / 16, jnp.float32)
    np.testing.assert_allclose(linear_optimum(images, 0), images.var(axis=0).sum(), rtol=1e-4)
    assert abs(linear_optimum(images, 64)) < 1e-5


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: squared_error(jnp.zeros(4), jnp.zeros(5)), "x_hat"),
        (lambda: squared_error(jnp.zeros((2, 4)), jnp.zeros((2, 4))), "x"),
        (lambda: squared_error(jnp.zeros(4), None), "x_hat"),
        (lambda: squared_error(jnp.zeros(4, int), jnp.zeros(4)), "x"),
        (lambda: squared_error(np.zeros(4, np.float32), jnp.zeros(4)), "x"),
        (lambda: reconstruct(3, lambda z: z, jnp.zeros(4)), "encoder"),
        (lambda: reconstruct(lambda x: x, None, jnp.zeros(4)), "decoder"),
        (lambda: reconstruct(lambda x: x, lambda z: z, jnp.zeros((2, 4))), "x"),
        (lambda: reconstruction_error(lambda x: x, lambda z: z, [0.0]), "x"),
        (lambda: linear_optimum(jnp.zeros(4), 1), "X"),
        (lambda: linear_optimum(jnp.zeros((4, 3)), 1.5), "k"),
    ],
)
def test_bad_arguments_are_named(call, named):
    with pytest.raises(TypeError, match=f"parameter '{named}'"):
        call()


@pytest.mark.parametrize("k", [-1, 4])
def test_linear_optimum_needs_a_possible_number_of_latents(k):
    with pytest.raises(ValueError, match=rf"`k` must be .* 0 to d = 3, got {k}"):
        linear_optimum(jnp.ones((5, 3)), k)


def test_the_log_joint_is_the_likelihood_and_the_prior_of_scipy():
    model, z = GaussianDecoder(Decoder(key=jax.random.key(3)), sigma=0.2), jnp.array([0.7, -1.4])
    x, x_hat = np.asarray(X, np.float64), np.asarray(model(z), np.float64)
    likelihood = norm(x_hat, 0.2).logpdf(x).sum()
    prior = norm().logpdf(np.asarray(z, np.float64)).sum()
    np.testing.assert_allclose(log_likelihood(model, X, z), likelihood, rtol=1e-5)
    np.testing.assert_allclose(log_prior(z), prior, rtol=1e-6)
    np.testing.assert_allclose(log_joint(model, X, z), likelihood + prior, rtol=1e-5)


def test_an_image_of_another_size_is_told_so():
    model = GaussianDecoder(Decoder(key=jax.random.key(3)))
    with pytest.raises(ValueError, match=r"`x` must have shape \(64,\), got \(32,\)"):
        log_likelihood(model, X[:32], jnp.zeros(2))


LINEAR = GaussianDecoder(LinearDecoder(key=jax.random.key(4)), sigma=0.6)
Q_M, Q_S = jnp.array([0.4, -1.1]), jnp.array([0.3, 0.7])
KEY = jax.random.key(5)


@pytest.mark.parametrize("estimate", [elbo_sample, elbo])
def test_the_mean_of_the_draws_is_the_elbo_of_a_linear_decoder(estimate):
    keys = jax.random.split(jax.random.key(6), 20_000)
    draws = jax.jit(jax.vmap(lambda key: estimate(LINEAR, X, Q_M, Q_S, key)))(keys)
    draws = np.asarray(draws, np.float64)
    W, b = (np.asarray(a, np.float64) for a in (LINEAR.decoder.linear.weight, LINEAR.decoder.linear.bias))
    x, m, s = (np.asarray(a, np.float64) for a in (X, Q_M, Q_S))
    error = ((x - W @ m - b) ** 2).sum() + (W**2).sum(axis=0) @ s**2  # on average over q
    reconstruction = -error / (2 * 0.6**2) - 32 * np.log(2 * np.pi * 0.6**2)
    kl = (s**2 + m**2 - 1 - np.log(s**2)).sum() / 2
    assert draws.std() > 0.1
    assert draws.mean() == pytest.approx(reconstruction - kl, abs=4 * draws.std() / np.sqrt(20_000))


def test_one_draw_of_each_against_scipy():
    z = np.asarray(Q_M + Q_S * jax.random.normal(KEY, (2,)), np.float64)
    m, s, x = (np.asarray(a, np.float64) for a in (Q_M, Q_S, X))
    likelihood = norm(np.asarray(LINEAR(jnp.float32(z)), np.float64), 0.6).logpdf(x).sum()
    sampled = norm.logpdf(z).sum() - norm(m, s).logpdf(z).sum()
    exact = -(s**2 + m**2 - 1 - np.log(s**2)).sum() / 2
    np.testing.assert_allclose(elbo_sample(LINEAR, X, Q_M, Q_S, KEY), likelihood + sampled, rtol=1e-5)
    np.testing.assert_allclose(elbo(LINEAR, X, Q_M, Q_S, KEY), likelihood + exact, rtol=1e-5)
    np.testing.assert_allclose(elbo(LINEAR, X, Q_M, Q_S, KEY, 3), likelihood + 3 * exact, rtol=1e-5)
    np.testing.assert_allclose(elbo(LINEAR, X, Q_M, Q_S, KEY, 0.0), likelihood, rtol=1e-5)


@eqx.filter_jit
@eqx.filter_grad
def slopes(parts, log_sigma, beta):
    model, m, log_s = parts
    model = eqx.tree_at(lambda model: model.log_sigma, model, log_sigma)
    return elbo(model, X, m, jnp.exp(log_s), KEY, beta)


@pytest.mark.parametrize("beta", [0.25, 4.0])
def test_beta_is_a_sigma_in_disguise(beta):
    sharp, blunt = (
        GaussianDecoder(Decoder(key=jax.random.key(3), width=8), sigma=sigma)
        for sigma in (0.2, 0.2 * np.sqrt(beta))
    )
    weighted, plain = (
        jax.tree.leaves(slopes((model, Q_M, jnp.log(Q_S)), model.log_sigma, jnp.array(beta)))
        for model, beta in ((sharp, beta), (blunt, 1.0))
    )
    for slope, other in zip(weighted, plain, strict=True):  # by every weight, by m and by log s
        np.testing.assert_allclose(slope, beta * other, rtol=1e-3, atol=1e-3 * float(jnp.abs(slope).max()))
    assert sum(float(jnp.abs(slope).max()) > 0.1 for slope in weighted) >= 6


@pytest.mark.parametrize("beta", [-0.1, float("nan"), float("inf"), jnp.array(-1.0)])
def test_beta_must_not_be_negative(beta):
    with pytest.raises(ValueError, match="`beta` must be a finite number of at least 0, got"):
        elbo(LINEAR, X, Q_M, Q_S, KEY, beta)


@pytest.mark.parametrize("estimate", [elbo_sample, elbo])
@pytest.mark.parametrize("s", [0.0, -0.3, jnp.nan])
def test_a_spread_must_be_positive(estimate, s):
    with pytest.raises(ValueError, match="`s` must be positive"):
        estimate(LINEAR, X, Q_M, Q_S.at[0].set(s), KEY)


@pytest.mark.parametrize("estimate", [elbo_sample, elbo])
def test_a_gaussian_over_other_latents_is_told_so(estimate):
    with pytest.raises(ValueError, match=r"`z` must have shape \(2,\), got \(3,\)"):
        estimate(LINEAR, X, jnp.zeros(3), jnp.ones(3), KEY)
    with pytest.raises(TypeError, match="parameter 's'"):
        estimate(LINEAR, X, Q_M, jnp.ones(3), KEY)
