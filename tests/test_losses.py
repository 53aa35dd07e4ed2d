"""Each objective against its equation in numpy and scipy: sign, sums, and what is trained by it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from vae_course import losses, marginal, models


@pytest.fixture(autouse=True, scope="module")
def constants():
    """Made when the first test runs: importing a test file does no work."""
    global ENCODER, MODEL, VAE, X, Z, KEY
    KEY = jax.random.key(0)
    MODEL = models.GaussianDecoder(models.Decoder(key=KEY, width=8), sigma=0.4)
    VAE = models.VAE(models.GaussianEncoder(key=KEY, width=8), MODEL)
    ENCODER = models.Encoder(key=KEY, width=8)
    X, Z = jax.random.uniform(KEY, (5, 64)), jax.random.normal(KEY, (5, 2))


def likelihood(x, z, sigma=0.4):
    x_hat = np.asarray(MODEL(jnp.asarray(z, jnp.float32)), np.float64)
    return norm(x_hat, sigma).logpdf(np.asarray(x, np.float64)).sum()


def prior(z):
    return norm.logpdf(np.asarray(z, np.float64)).sum()


def test_the_autoencoder():
    x_hat = np.asarray(MODEL.decoder(ENCODER(X[1])), np.float64)
    expected = ((np.asarray(X[1]) - x_hat) ** 2).sum()
    np.testing.assert_allclose(losses.autoencoder_loss((ENCODER, MODEL.decoder), X[1]), expected, rtol=1e-5)


def test_free_latents_with_a_prior():
    found = losses.map_loss((MODEL, Z), (jnp.array(3), X[3]))
    np.testing.assert_allclose(found, -likelihood(X[3], Z[3]) - prior(Z[3]), rtol=1e-5)


def test_the_grid_likelihood():
    steps = np.linspace(-3, 3, 11)[:-1] + 0.3
    joints = [likelihood(X[0], z) + prior(z) for z in np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)]
    found = losses.grid_loss(marginal.latent_grid(10, 3.0))(MODEL, X[0])
    np.testing.assert_allclose(found, -logsumexp(joints) - 2 * np.log(0.6), rtol=1e-5)


def test_monte_carlo_is_the_mean_over_a_batch_that_shares_its_draws():
    draws = jax.random.normal(KEY, (7, 2))
    each = [logsumexp([likelihood(x, z) for z in draws]) - np.log(7) for x in X]
    np.testing.assert_allclose(losses.monte_carlo_loss(7)(MODEL, X, KEY), -np.mean(each), rtol=1e-5)


def test_a_gaussian_for_each_image_and_the_encoder_in_its_place():
    m, s = VAE.encoder(X[2])
    z = m + s * jax.random.normal(KEY, (2,))
    m64, s64, z64 = (np.asarray(a, np.float64) for a in (m, s, z))
    expected = norm(m64, s64).logpdf(z64).sum() - likelihood(X[2], z) - prior(z)
    np.testing.assert_allclose(losses.encoder_loss(MODEL)(VAE.encoder, X[2], KEY), expected, rtol=1e-5)
    M, log_S = jnp.tile(m, (5, 1)), jnp.tile(jnp.log(s), (5, 1))
    elsewhere = M.at[0].set(9.0), log_S.at[0].set(2.0)
    found = losses.gaussians_loss(MODEL)(elsewhere, (jnp.array(2), X[2]), KEY)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_vae_and_its_beta(beta):
    m, s = VAE.encoder(X[2])
    z = m + s * jax.random.normal(KEY, (2,))
    m, s = np.asarray(m, np.float64), np.asarray(s, np.float64)
    kl = (s**2 + m**2 - 1 - np.log(s**2)).sum() / 2
    found = losses.beta_vae_loss(VAE, (X[2], jnp.array(beta)), KEY)
    np.testing.assert_allclose(found, -likelihood(X[2], z) + beta * kl, rtol=1e-5)
    if beta == 1:
        np.testing.assert_allclose(losses.vae_loss(VAE, X[2], KEY), found, rtol=1e-6)


def test_all_of_a_vae_is_trained_by_its_loss():
    for path, slope in jax.tree.leaves_with_path(eqx.filter_grad(losses.vae_loss)(VAE, X[0], KEY)):
        assert (slope != 0).any(), path


def test_by_its_encoder_loss_only_the_encoder_of_a_vae_is_trained():
    found = losses.vae_encoder_loss(VAE, X[0], KEY)
    np.testing.assert_allclose(found, losses.vae_loss(VAE, X[0], KEY), rtol=1e-6)
    slopes = eqx.filter_grad(losses.vae_encoder_loss)(VAE, X[0], KEY)
    assert all((slope != 0).any() for slope in jax.tree.leaves(slopes.encoder))
    assert all((slope == 0).all() for slope in jax.tree.leaves(slopes.decoder))
