"""One function for each line of the lecture. Each is for ONE image; the mean over images comes outside.

Sums run over the d pixels and the k latent dimensions, never means, so that terms can be added.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from vae_course.distributions import check_spread, kl_to_prior, log_density, sample
from vae_course.models import GaussianDecoder
from vae_course.typed import Array, Float, Key, Scalar, check_size, typed


@typed
def squared_error(x: Float[Array, "d"], x_hat: Float[Array, "d"]) -> Float[Array, ""]:
    """sum_j (x_j - x_hat_j)^2, over the d pixels of one image.

    >>> squared_error(jnp.array([1.0, 0.0]), jnp.array([0.0, 0.5])).item()
    1.25
    """
    return jnp.sum((x - x_hat) ** 2)


@typed
def reconstruct(encoder: Callable, decoder: Callable, x: Float[Array, "d"]) -> Float[Array, "d"]:
    """d_theta(e_phi(x)): the image that comes back when x is squeezed through its code."""
    z = encoder(x)  # (k,)
    return decoder(z)  # (d,)


@typed
def reconstruction_error(encoder: Callable, decoder: Callable, x: Float[Array, "d"]) -> Float[Array, ""]:
    """The lecture's autoencoder objective for one image: || x - d_theta(e_phi(x)) ||^2, to be made small."""
    return squared_error(x, reconstruct(encoder, decoder, x))


@typed
def linear_optimum(X: Float[Array, "N d"], k: int) -> Float[Array, ""]:
    """The smallest mean squared error per image that a linear autoencoder with k latents can reach on X.

    It is the sum of the d - k smallest eigenvalues of the covariance of the pixels, with 1/N: what PCA
    throws away. Source: Baldi and Hornik, "Neural networks and principal component analysis" (1989).
    Raises `ValueError` unless k is from 0 to d.
    """
    if not 0 <= k <= X.shape[1]:
        raise ValueError(f"`k` must be a whole number from 0 to d = {X.shape[1]}, got {k}")
    centred = X - X.mean(axis=0, keepdims=True)
    covariance = centred.T @ centred / len(X)  # (d, d)
    eigenvalues = jnp.linalg.eigvalsh(covariance)  # ascending
    return jnp.sum(eigenvalues[: X.shape[1] - k])


@typed
def log_likelihood(model: GaussianDecoder, x: Float[Array, "d"], z: Float[Array, "k"]) -> Float[Array, ""]:
    """log p_theta(x given z) in nats: -||x - d_theta(z)||^2 / (2 sigma^2) - d log sigma - d/2 log(2 pi).

    Summed over the d pixels, and with its constant, so that it can be compared across sigma.
    """
    x_hat = model(z)  # (d,)
    check_size("x", x, len(x_hat))
    return log_density(x, x_hat, model.sigma)


@typed
def log_prior(z: Float[Array, "k"]) -> Float[Array, ""]:
    """log p(z) in nats, of the prior N(0, I), summed over the k latent dimensions."""
    return log_density(z)


@typed
def log_joint(model: GaussianDecoder, x: Float[Array, "d"], z: Float[Array, "k"]) -> Float[Array, ""]:
    """log p_theta(x, z) = log p_theta(x given z) + log p(z), in nats, for one image and its latent."""
    return log_likelihood(model, x, z) + log_prior(z)


@typed
def best_sigma(X: Float[Array, "N d"], X_hat: Float[Array, "N d"]) -> Float[Array, ""]:
    """The sigma that makes the log-likelihood of X largest, if X_hat are its mean images.

    sigma^2 is the mean squared error of a pixel, over all d pixels of all N images: there the slope of the
    log-likelihood is zero, and its mean is -(d/2) (log(2 pi sigma^2) + 1) nats per image. Where X_hat is X,
    sigma is 0 and no likelihood is the largest. Raises `ValueError` if there are no images.

    >>> best_sigma(jnp.array([[0.0, 1.0]]), jnp.array([[0.5, 0.5]])).item()
    0.5
    """
    if not X.size:
        raise ValueError(f"`X` must hold at least one image, got shape {X.shape}")
    return jnp.sqrt(jnp.mean((X - X_hat) ** 2))


@typed
def elbo_sample(
    model: GaussianDecoder, x: Float[Array, "d"], m: Float[Array, "k"], s: Float[Array, "k"], key: Key
) -> Float[Array, ""]:
    """log p_theta(x, z) - log q(z) in nats, for one draw z = m + s * eps from q = N(m, diag s^2).

    Its mean over draws is the ELBO, the evidence lower bound: log p_theta(x) - KL(q || p_theta(z given x)).
    If q is the posterior, each draw gives log p_theta(x) itself. Raises `ValueError` for an s that is not
    positive.
    """
    check_spread(s)
    z = sample(m, s, key)
    return log_joint(model, x, z) - log_density(z, m, s)


@typed
def elbo(
    model: GaussianDecoder,
    x: Float[Array, "d"],
    m: Float[Array, "k"],
    s: Float[Array, "k"],
    key: Key,
    beta: Scalar = 1.0,
) -> Float[Array, ""]:
    """log p_theta(x given z) - beta KL(q || p(z)) in nats, for one draw z from q = N(m, diag s^2).

    With beta = 1 its mean over draws is the ELBO, as `elbo_sample`'s is; here the KL to the prior is exact.
    Source: Kingma and Welling, "Auto-encoding variational Bayes" (2013), eq. 10; beta: Higgins et al.,
    "beta-VAE" (2017). Raises `ValueError` for a beta below zero, and for an s that is not positive.
    """
    if not isinstance(beta, jax.core.Tracer) and not 0 <= beta < jnp.inf:
        raise ValueError(f"`beta` must be a finite number of at least 0, got {beta}")
    z = sample(m, s, key)
    return log_likelihood(model, x, z) - beta * kl_to_prior(m, s)
