"""With a linear decoder everything has a closed form, for any number of latents: probabilistic PCA.

x = W z + b + noise, with z ~ N(0, I) and noise of standard deviation sigma, is Gaussian, and so is p(z
given x). Source: Tipping and Bishop, "Probabilistic principal component analysis" (1999).
"""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from vae_course import checks
from vae_course.map_latents import log_joint
from vae_course.models import GaussianDecoder, LinearDecoder
from vae_course.typed import Array, Float, Image, Images, Latent, Number


def fit_ppca(X: Images, k: int) -> GaussianDecoder:
    """The linear decoder with k latents that makes log p(X) as large as it can be.

    W = V (L - sigma^2)^(1/2), with the k largest eigenvalues L of the 1/N covariance and their vectors V;
    sigma^2 is the mean of the other d - k. Raises `ValueError` unless 1 <= k < d.
    """
    d = X.shape[1]
    checks.whole("k", k, 1, d - 1)
    W, b, sigma = _fit_ppca(X, k)
    decoder = eqx.filter_eval_shape(LinearDecoder, key=jax.random.key(0), latents=k, pixels=d)
    decoder = eqx.tree_at(lambda decoder: (decoder.linear.weight, decoder.linear.bias), decoder, (W, b))
    return GaussianDecoder(decoder, sigma=sigma)


@partial(jax.jit, static_argnums=1)
def _fit_ppca(X, k):
    centred = X - X.mean(axis=0, keepdims=True)
    eigenvalues, vectors = jnp.linalg.eigh(centred.T @ centred / len(X))  # ascending
    left_out, kept = jnp.split(eigenvalues, [X.shape[1] - k])
    variance = left_out.mean()
    return vectors[:, -k:] * jnp.sqrt(kept - variance)[None], X.mean(axis=0), jnp.sqrt(variance)


def linear_posterior(model: GaussianDecoder, x: Image) -> tuple[Latent, Float[Array, "k k"]]:
    """The mean and the covariance of p(z given x): M^-1 W^T (x - b) and sigma^2 M^-1, M = W^T W + sigma^2 I.

    Raises `TypeError` unless the decoder is a `LinearDecoder`.
    """
    checks.kind("model.decoder", model.decoder, LinearDecoder)
    checks.images(model, x=x)
    decoder: Any = model.decoder  # a LinearDecoder
    W, b = decoder.linear.weight, decoder.linear.bias  # (d, k), (d,)
    M = W.T @ W + model.sigma**2 * jnp.eye(W.shape[1])
    return jnp.linalg.solve(M, W.T @ (x - b)), model.sigma**2 * jnp.linalg.inv(M)


def linear_log_marginal(model: GaussianDecoder, x: Image) -> Number:
    """log p(x) in nats, by Bayes' rule at the posterior's mean m: log p(x, m) - log p(m given x).

    Raises `TypeError` unless the decoder is a `LinearDecoder`.
    """
    m, covariance = linear_posterior(model, x)
    _, log_determinant = jnp.linalg.slogdet(2 * jnp.pi * covariance)
    return log_joint(model, x, m) + 0.5 * log_determinant
