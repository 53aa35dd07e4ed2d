"""Notebook 01: encode ONE image, decode its code, and measure the squared error of what comes back."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from vae_course import checks
from vae_course.typed import Array, Image, Images, Number, Scalar


def new_pairs(Encoder: Callable, Decoder: Callable, keys: Array) -> list[tuple[Callable, Callable]]:
    """An untrained (encoder, decoder) for each key: several starts of one autoencoder."""
    return [
        (Encoder(key=key_encoder), Decoder(key=key_decoder))
        for key_encoder, key_decoder in jax.vmap(jax.random.split)(keys)
    ]


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


def walk(encoder: Callable, decoder: Callable, x_a: Image, x_b: Image, t: Scalar) -> Image:
    """d_theta((1 - t) e_phi(x_a) + t e_phi(x_b)): the image at t on the straight way between two codes.

    At t = 0 it is the reconstruction of x_a, at t = 1 that of x_b.
    """
    z_a, z_b = encoder(x_a), encoder(x_b)  # (k,)
    return decoder((1 - t) * z_a + t * z_b)  # (d,)


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
