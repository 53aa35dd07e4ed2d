"""Notebook 01: encode ONE image, decode its code, and measure the squared error of what comes back."""

from collections.abc import Callable

import jax.numpy as jnp

from vae_course import checks
from vae_course.typed import Image, Images, Number


def squared_error(x: Image, x_hat: Image) -> Number:
    """sum_j (x_j - x_hat_j)^2, over the d pixels of one image.

    >>> squared_error(jnp.array([1.0, 0.0]), jnp.array([0.0, 0.5])).item()
    1.25
    """
    return jnp.sum((x - x_hat) ** 2)


def reconstruct(encoder: Callable, decoder: Callable, x: Image) -> Image:
    """d_theta(e_phi(x)): the reconstruction of x from its code."""
    z = encoder(x)  # (k,)
    return decoder(z)  # (d,)


def linear_optimum(X: Images, k: int) -> Number:
    """The smallest mean squared error per image that a linear autoencoder with k latents can reach on X.

    It is the sum of the d - k smallest eigenvalues of the 1/N covariance of the pixels: what PCA discards.
    Raises `ValueError` unless 0 <= k <= d.
    Source: Baldi and Hornik, "Neural networks and principal component analysis" (1989).
    """
    checks.whole("k", k, 0, X.shape[1])
    centred = X - X.mean(axis=0, keepdims=True)
    covariance = centred.T @ centred / len(X)  # (d, d)
    eigenvalues = jnp.linalg.eigvalsh(covariance)  # ascending
    return jnp.sum(eigenvalues[: X.shape[1] - k])
