"""The networks: each a pytree of its weights, and a function of ONE example; `jax.vmap` maps a batch."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from vae_course import checks
from vae_course.typed import Array, Float, Image, Key, Latent, Number

PIXELS, LATENTS, WIDTH = 64, 2, 128
SIGMA_FLOOR = 1 / 1600  # an ink level is 1/16


@eqx.filter_jit
def apply(network: Callable, rows: Float[Array, "n a"]) -> Any:
    """The network on each row: `jax.vmap(network)(rows)`, compiled once for all networks of the same form."""
    return jax.vmap(network)(rows)


class Sized(eqx.Module):
    """A network that knows its number of latents, k, and of pixels, d."""

    latents: int = eqx.field(static=True)
    pixels: int = eqx.field(static=True)


class Decoder(Sized):
    """d_theta: a latent z in R^k to an image in [0, 1]^d. The same network in every notebook.

    Two hidden layers of `width` tanh units, and a sigmoid at the end: pixels from paper (0) to ink (1).
    """

    mlp: eqx.nn.MLP

    def __init__(self, *, key: Key, latents: int = LATENTS, pixels: int = PIXELS, width: int = WIDTH):
        self.latents, self.pixels = latents, pixels
        tanh, sigmoid = jnp.tanh, jax.nn.sigmoid
        self.mlp = eqx.nn.MLP(latents, pixels, width, 2, activation=tanh, final_activation=sigmoid, key=key)

    def __call__(self, z: Latent) -> Image:
        """The image that z stands for."""
        checks.size("z", z, self.latents)
        return self.mlp(z)


class Encoder(Sized):
    """e_phi: an image in R^d to its code z in R^k. The decoder's mirror image, but z is unbounded."""

    mlp: eqx.nn.MLP

    def __init__(self, *, key: Key, latents: int = LATENTS, pixels: int = PIXELS, width: int = WIDTH):
        self.latents, self.pixels = latents, pixels
        self.mlp = eqx.nn.MLP(pixels, latents, width, depth=2, activation=jnp.tanh, key=key)

    def __call__(self, x: Image) -> Latent:
        """The code of the image x."""
        checks.size("x", x, self.pixels)
        return self.mlp(x)


class LinearEncoder(Sized):
    """z = V x + v: a code that is a weighted sum of pixels."""

    linear: eqx.nn.Linear

    def __init__(self, *, key: Key, latents: int = LATENTS, pixels: int = PIXELS):
        self.latents, self.pixels = latents, pixels
        self.linear = eqx.nn.Linear(pixels, latents, key=key)

    def __call__(self, x: Image) -> Latent:
        """The code of the image x."""
        checks.size("x", x, self.pixels)
        return self.linear(x)


class LinearDecoder(Sized):
    """x_hat = W z + b: a weighted sum of k pictures, plus an average picture. Pixels are unbounded."""

    linear: eqx.nn.Linear

    def __init__(self, *, key: Key, latents: int = LATENTS, pixels: int = PIXELS):
        self.latents, self.pixels = latents, pixels
        self.linear = eqx.nn.Linear(latents, pixels, key=key)

    def __call__(self, z: Latent) -> Image:
        """The image that z stands for."""
        checks.size("z", z, self.latents)
        return self.linear(z)


class GaussianDecoder(Sized):
    """p_theta(x given z) = N(x; d_theta(z), sigma^2 I): a decoder and its pixel noise, together theta.

    One sigma for all pixels: some pixels never change, and their own sigma would fall to zero at once. It
    stays above `SIGMA_FLOOR`, a hundredth of the step between two ink levels.
    """

    decoder: Decoder | LinearDecoder
    raw_sigma: Number

    def __init__(self, decoder, *, sigma=0.3):
        checks.kind("decoder", decoder, Decoder, LinearDecoder)
        checks.above("sigma", sigma, SIGMA_FLOOR)
        self.decoder, self.latents, self.pixels = decoder, decoder.latents, decoder.pixels
        self.raw_sigma = jnp.log(jnp.asarray(sigma - SIGMA_FLOOR, float))  # no weak type: `fit` compiles once

    @property
    def sigma(self) -> Number:
        """The standard deviation of the noise on each pixel."""
        return SIGMA_FLOOR + jnp.exp(self.raw_sigma)

    def __call__(self, z: Latent) -> Image:
        """The mean image: what z stands for, without noise."""
        return self.decoder(z)


def gaussian_head(h: Float[Array, "two_k"]) -> tuple[Latent, Latent]:
    """The mean m and the standard deviation s > 0 of a Gaussian, from the 2k free outputs of a network.

    The first k are m, the others log s, so s is positive. Raises `ValueError` if their number is odd.

    >>> m, s = gaussian_head(jnp.array([1.0, 2.0, 0.0, 0.0]))
    >>> m.tolist(), s.tolist()
    ([1.0, 2.0], [1.0, 1.0])
    """
    checks.require(h.size % 2 == 0, f"`h` must hold an even number of numbers, m and log s, got {h.size}")
    m, log_s = jnp.split(h, 2)
    return m, jnp.exp(log_s)


class GaussianEncoder(Sized):
    """q_phi(z given x) = N(m, diag s^2): an image to m and s. It is `Encoder` with 2k outputs."""

    mlp: eqx.nn.MLP

    def __init__(self, *, key: Key, latents: int = LATENTS, pixels: int = PIXELS, width: int = WIDTH):
        self.latents, self.pixels = latents, pixels
        self.mlp = eqx.nn.MLP(pixels, 2 * latents, width, depth=2, activation=jnp.tanh, key=key)

    def __call__(self, x: Image) -> tuple[Latent, Latent]:
        """The mean m and the standard deviation s of q."""
        checks.size("x", x, self.pixels)
        return gaussian_head(self.mlp(x))


class VAE(eqx.Module):
    """The variational autoencoder: the encoder's phi and the decoder's theta, trained together."""

    encoder: GaussianEncoder
    decoder: GaussianDecoder

    def __init__(self, encoder, decoder):
        checks.kind("encoder", encoder, GaussianEncoder)
        checks.kind("decoder", decoder, GaussianDecoder)
        self.encoder, self.decoder = encoder, decoder


def new_vae(start: int, sigma: float = 0.3) -> VAE:
    """An untrained VAE for the start of this number; every model with that start has the same decoder."""
    decoder = GaussianDecoder(Decoder(key=jax.random.key(start)), sigma=sigma)
    return VAE(GaussianEncoder(key=jax.random.key(200 + start)), decoder)
