"""Notebook 06: what else p(x given z) may be than a Gaussian, with the ELBO and log p(x) for each choice.

A log-likelihood is a function of (model, x, z), in nats for ONE image and summed over its pixels, as
`map_latents.log_likelihood` is. What the decoder draws, a number from 0 to 1 for each pixel, is called p
where it is a probability. Source of the normaliser: Loaiza-Ganem and Cunningham, "The continuous Bernoulli:
fixing a pervasive error in variational autoencoders" (2019).
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from vae_course.elbo import expectation
from vae_course.gaussian import kl_to_prior, log_density, sample
from vae_course.map_latents import log_prior
from vae_course.marginal import latent_grid, log_evidence
from vae_course.models import VAE, GaussianDecoder, new_vae
from vae_course.training import falling_adam, fit_starts
from vae_course.typed import Array, Float, Image, Images, Key, Latent, Number

LEAST = 1e-6  # p stays so far from 0 and 1, where float32 has no log of 1 - p


def log_bernoulli(x: Image, p: Image) -> Number:
    """log of the product over pixels of p where x is ink (1) and 1 - p where it is paper (0), in nats.

    A probability, so its log is never above 0. p is kept within [1e-6, 1 - 1e-6]. For a grey x, between 0 and
    1, this is minus the cross-entropy, and the log of no density: see `cross_entropy_areas`.

    >>> print(f"{log_bernoulli(jnp.array([1.0, 0.0, 0.0]), jnp.array([0.5, 0.5, 0.0])):.4f}")  # -2 log 2
    -1.3863
    """
    p = jnp.clip(p, LEAST, 1 - LEAST)
    return x @ jnp.log(p) + (1 - x) @ jnp.log1p(-p)


def cross_entropy_areas(p: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """The integral over x from 0 to 1 of p^x (1 - p)^(1 - x), for each pixel: (2p - 1) / log(p / (1 - p)).

    A density would have 1 for each p. This is 1/2 at p = 1/2, its largest value, and falls to 0 at both ends.
    """
    logit, is_small = _logit(p)
    return jnp.where(is_small, 0.5 - logit**2 / 24, jnp.tanh(logit / 2) / jnp.where(is_small, 1, logit))


def bernoulli(model: GaussianDecoder, x: Image, z: Latent) -> Number:
    """`log_bernoulli` of x with the p that z is decoded to; the model's sigma is not used."""
    return log_bernoulli(x, model(z))


def continuous_bernoulli(model: GaussianDecoder, x: Image, z: Latent) -> Number:
    """The same made a density of grey pixels: divided by its integral, pixel by pixel."""
    p = model(z)
    return log_bernoulli(x, p) - jnp.sum(jnp.log(cross_entropy_areas(p)))


def fixed_sigma(model: GaussianDecoder, x: Image, z: Latent) -> Number:
    """log N(x; d_theta(z), sigma^2 I) with the sigma that the model has: no gradient moves it."""
    return log_density(x, model(z), jax.lax.stop_gradient(model.sigma))


def draw_gaussian(model: GaussianDecoder, z: Latent, key: Key) -> Image:
    """An image from N(d_theta(z), sigma^2 I); its ink may leave [0, 1]."""
    return sample(model(z), model.sigma, key)


def draw_bernoulli(model: GaussianDecoder, z: Latent, key: Key) -> Image:
    """A black-and-white image: each pixel is ink with the probability that z is decoded to."""
    return jax.random.bernoulli(key, model(z)).astype(float)


def draw_continuous_bernoulli(model: GaussianDecoder, z: Latent, key: Key) -> Image:
    """A grey image: uniform numbers through the inverse of the continuous Bernoulli's distribution."""
    logit, is_small = _logit(model(z))
    u = jax.random.uniform(key, logit.shape)
    return jnp.where(is_small, u, jnp.log1p(u * jnp.expm1(logit)) / jnp.where(is_small, 1, logit))


def _logit(p):
    """log(p / (1 - p)), and where that is so near 0 that a ratio to it is taken in the limit."""
    p = jnp.clip(p, LEAST, 1 - LEAST)
    logit = jnp.log(p) - jnp.log1p(-p)
    return logit, jnp.abs(logit) < 0.01


def train(
    log_likelihood: Callable, X: Images, sigmas: Sequence[float] = (0.3,), *, steps: int = 1000
) -> list[list[VAE]]:
    """For each sigma three VAEs that begin with it, trained on the ELBO with `log_likelihood(model, x, z)`.

    All run side by side, with 128 images a step and Adam, whose learning rate falls from 5e-3 along a cosine.
    Raises what `fit_starts` raises.
    """
    starts = [new_vae(start, sigma) for sigma in sigmas for start in range(3)]
    keys = [jax.random.key(100 + start) for _ in sigmas for start in range(3)]
    options = {"keys": keys, "steps": steps, "batch_size": 128, "optimizer": falling_adam(steps)}
    runs = fit_starts(starts, _loss(log_likelihood), X, **options)
    return [[run.model for run in runs[i : i + 3]] for i in range(0, len(runs), 3)]


@cache  # kept, so that a second training compiles nothing
def _loss(log_likelihood):
    def loss(vae, x, key):
        m, s = vae.encoder(x)
        return kl_to_prior(m, s) - log_likelihood(vae.decoder, x, sample(m, s, key))

    return loss


class Scores(NamedTuple):
    """Means over the images, for each model, in nats."""

    kl: np.ndarray  # from q to the prior, (models,)
    elbo: np.ndarray
    log_p: np.ndarray  # log of the integral over z, on a grid


def mean_scores(log_likelihood: Callable, vaes: Sequence[VAE], X: Images, n: int = 100) -> Scores:
    """KL, ELBO and log p(x) with `log_likelihood(model, x, z)`, for each of the VAEs.

    The ELBO is a quadrature and log p(x) a sum over n x n cells of [-5, 5]^2, fine enough where a cell
    changes the decoded image by less than the noise does.
    """
    return Scores(*np.array([_scores(log_likelihood, vae, X, n) for vae in vaes], float).T)


@eqx.filter_jit
def _scores(log_likelihood, vae, X, n):
    grid = latent_grid(n)
    log_priors = jax.vmap(log_prior)(grid.points)

    def one(x):
        m, s = vae.encoder(x)
        kl = kl_to_prior(m, s)
        explained = expectation(lambda z: log_likelihood(vae.decoder, x, z), m, s)
        heights = jax.vmap(log_likelihood, (None, None, 0))(vae.decoder, x, grid.points) + log_priors
        return kl, explained - kl, log_evidence(heights.reshape(n, n), jnp.exp(grid.log_cell_area))

    return [each.mean() for each in jax.vmap(one)(X)]
