"""The lecture on one sheet, as code: each model's objective, as a loss for `fit` to make small.

A loss takes the model, ONE example and a key. Likelihoods are in nats and enter with a minus sign. Where each
image has latents of its own, an example is a pair (i, x): the number of the image, and the image.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp

from vae_course.autoencoder import reconstruct, squared_error
from vae_course.elbo import elbo_analytic_kl, elbo_estimate
from vae_course.map_latents import log_joint
from vae_course.marginal import LatentGrid, grid_log_likelihood, log_marginal_monte_carlo


def autoencoder_loss(encoder_and_decoder, x, key=None):
    """|| x - d_theta(e_phi(x)) ||^2, summed over pixels; over theta and phi (01)."""
    encoder, decoder = encoder_and_decoder
    return squared_error(x, reconstruct(encoder, decoder, x))


def map_loss(model_and_Z, example, key=None):
    """-log p_theta(x_i, z_i); over theta and all z_i (02)."""
    (model, Z), (i, x) = model_and_Z, example
    return -log_joint(model, x, Z[i])


def grid_loss(grid: LatentGrid) -> Callable:
    """-log of the sum over the grid of p_theta(x, z) times a cell's area; over theta (03)."""
    return lambda model, x, key=None: -grid_log_likelihood(model, x, grid)


def monte_carlo_loss(n_samples: int) -> Callable:
    """-log(1/S sum_r p_theta(x given z_r)), z_r from the prior; over theta, on a whole batch (03)."""
    of_each = jax.vmap(log_marginal_monte_carlo, in_axes=(None, 0, None, None))  # images share the draws
    return lambda model, X, key: -of_each(model, X, key, n_samples).mean()


def gaussians_loss(model) -> Callable:
    """-E_q[log p_theta(x_i, z) - log q_i(z)], by one draw; over all m_i and log s_i, theta fixed (04)."""

    def loss(M_and_log_SD, example, key):
        (M, log_SD), (i, x) = M_and_log_SD, example
        return -elbo_estimate(model, x, M[i], jnp.exp(log_SD[i]), key)

    return loss


def encoder_loss(model) -> Callable:
    """The same with m and s from an encoder; over phi, theta fixed (04)."""

    def loss(encoder, x, key):
        m, s = encoder(x)
        return -elbo_estimate(model, x, m, s, key)

    return loss


def vae_loss(vae, x, key):
    """-E_q[log p_theta(x given z)] + KL(q || p(z)), by one draw; over theta and phi (05)."""
    m, s = vae.encoder(x)
    return -elbo_analytic_kl(vae.decoder, x, m, s, key)


def vae_encoder_loss(vae, x, key):
    """`vae_loss` over phi alone: the decoder stays as it is (05)."""
    weights, rest = eqx.partition(vae.decoder, eqx.is_array)
    still = eqx.combine(jax.lax.stop_gradient(weights), rest)
    m, s = vae.encoder(x)
    return -elbo_analytic_kl(still, x, m, s, key)


def beta_vae_loss(vae, example, key):
    """The same with beta times the KL; an example is an image and its beta (06)."""
    x, beta = example
    m, s = vae.encoder(x)
    return -elbo_analytic_kl(vae.decoder, x, m, s, key, beta)
