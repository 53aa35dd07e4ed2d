"""The networks. Each maps ONE example; `jax.vmap(model)` maps a batch.

A model is an Equinox module: a pytree whose leaves are its weights, which is also a function.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp

from vae_course.typed import Array, Float, Key, check_size, typed

PIXELS = 64
LATENTS = 2
WIDTH = 128
SIGMA_FLOOR = 1 / 1600  # an ink level is 1/16


@eqx.filter_jit
def apply(network: Callable, rows: Float[Array, "n a"]) -> Float[Array, "n b"]:
    """The network on each row: `jax.vmap(network)(rows)`, compiled once for all networks of one form."""
    return jax.vmap(network)(rows)


class Decoder(eqx.Module):
    """d_theta: a latent z in R^k to an image in [0, 1]^d.

    Two hidden layers of `width` tanh units, and a sigmoid at the end, so that every pixel lies between
    paper (0) and ink (1). The same network in every notebook, so that what differs is the objective.
    """

    mlp: eqx.nn.MLP

    @typed
    def __init__(self, *, key: Key, latents: int = LATENTS, pixels: int = PIXELS, width: int = WIDTH):
        self.mlp = eqx.nn.MLP(
            latents, pixels, width, depth=2, activation=jnp.tanh, final_activation=jax.nn.sigmoid, key=key
        )

    @typed
    def __call__(self, z: Float[Array, "k"]) -> Float[Array, "d"]:
        """The image that z stands for."""
        check_size("z", z, self.mlp.in_size)
        return self.mlp(z)


class Encoder(eqx.Module):
    """e_phi: an image in R^d to its code z in R^k. The decoder's mirror image, with no bound on z."""

    mlp: eqx.nn.MLP

    @typed
    def __init__(self, *, key: Key, latents: int = LATENTS, pixels: int = PIXELS, width: int = WIDTH):
        self.mlp = eqx.nn.MLP(pixels, latents, width, depth=2, activation=jnp.tanh, key=key)

    @typed
    def __call__(self, x: Float[Array, "d"]) -> Float[Array, "k"]:
        """The code of the image x."""
        check_size("x", x, self.mlp.in_size)
        return self.mlp(x)


class LinearEncoder(eqx.Module):
    """z = V x + v: a code that is a weighted sum of pixels."""

    linear: eqx.nn.Linear

    @typed
    def __init__(self, *, key: Key, latents: int = LATENTS, pixels: int = PIXELS):
        self.linear = eqx.nn.Linear(pixels, latents, key=key)

    @typed
    def __call__(self, x: Float[Array, "d"]) -> Float[Array, "k"]:
        """The code of the image x."""
        check_size("x", x, self.linear.in_features)
        return self.linear(x)


class LinearDecoder(eqx.Module):
    """x_hat = W z + b: an image that is a weighted sum of k pictures, plus an average picture."""

    linear: eqx.nn.Linear

    @typed
    def __init__(self, *, key: Key, latents: int = LATENTS, pixels: int = PIXELS):
        self.linear = eqx.nn.Linear(latents, pixels, key=key)

    @typed
    def __call__(self, z: Float[Array, "k"]) -> Float[Array, "d"]:
        """The image that z stands for; nothing keeps its pixels between 0 and 1."""
        check_size("z", z, self.linear.in_features)
        return self.linear(z)


class GaussianDecoder(eqx.Module):
    """p_theta(x given z) = N(x; d_theta(z), sigma^2 I): a decoder and its pixel noise, together theta.

    One sigma for all pixels and all z: some pixels never change, and a sigma of their own would fall to
    zero at once. sigma stays above `SIGMA_FLOOR`, a hundredth of the step between two ink levels.
    """

    decoder: Decoder | LinearDecoder
    log_sigma: Float[Array, ""]

    def __init__(self, decoder: Decoder | LinearDecoder, *, sigma: float = 0.3):
        if not isinstance(decoder, Decoder | LinearDecoder):
            raise TypeError(f"`decoder` must be a Decoder or a LinearDecoder, got {type(decoder).__name__}")
        if not sigma > SIGMA_FLOOR:
            raise ValueError(f"`sigma` must be above {SIGMA_FLOOR}, got {sigma}")
        self.decoder = decoder
        self.log_sigma = jnp.log(jnp.asarray(sigma - SIGMA_FLOOR, float))  # no weak type: `fit` compiles once

    @property
    def sigma(self) -> Float[Array, ""]:
        """The standard deviation of the noise on each pixel."""
        return SIGMA_FLOOR + jnp.exp(self.log_sigma)

    def __call__(self, z: Float[Array, "k"]) -> Float[Array, "d"]:
        """The mean image: what z stands for, without noise."""
        return self.decoder(z)


@typed
def gaussian_head(h: Float[Array, "two_k"]) -> tuple[Float[Array, "k"], Float[Array, "k"]]:
    """The mean m and the standard deviation s > 0 of a Gaussian, from the 2k free numbers of a network.

    The first k are m, the others log s: whatever the network says, s is positive. Raises `ValueError` for
    an odd number of numbers.

    >>> m, s = gaussian_head(jnp.array([1.0, 2.0, 0.0, 0.0]))
    >>> m.tolist(), s.tolist()
    ([1.0, 2.0], [1.0, 1.0])
    """
    if h.size % 2:
        raise ValueError(f"`h` must hold an even number of numbers, m and log s, got {h.size}")
    m, log_s = jnp.split(h, 2)
    return m, jnp.exp(log_s)


class GaussianEncoder(eqx.Module):
    """e_phi: an image in R^d to q_phi(z given x) = N(m, diag s^2), a Gaussian over its latent.

    The network of `Encoder`, with 2k numbers at its end in place of k.
    """

    mlp: eqx.nn.MLP

    @typed
    def __init__(self, *, key: Key, latents: int = LATENTS, pixels: int = PIXELS, width: int = WIDTH):
        self.mlp = eqx.nn.MLP(pixels, 2 * latents, width, depth=2, activation=jnp.tanh, key=key)

    @typed
    def __call__(self, x: Float[Array, "d"]) -> tuple[Float[Array, "k"], Float[Array, "k"]]:
        """The mean m and the standard deviation s of the latent of the image x."""
        check_size("x", x, self.mlp.in_size)
        return gaussian_head(self.mlp(x))


class VAE(eqx.Module):
    """The variational autoencoder: the encoder's phi and the decoder's theta, trained together."""

    encoder: GaussianEncoder
    decoder: GaussianDecoder

    def __check_init__(self):
        for name, kind in (("encoder", GaussianEncoder), ("decoder", GaussianDecoder)):
            part = getattr(self, name)
            if not isinstance(part, kind):
                raise TypeError(f"`{name}` must be a {kind.__name__}, got {type(part).__name__}")
