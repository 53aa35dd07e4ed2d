"""Are new images digits? Measured by the nearest training image, in notebooks 01, 05 and the report card."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from vae_course import data
from vae_course.gaussian import sample
from vae_course.models import GaussianDecoder, apply
from vae_course.typed import Array, Float, Image, Images, Int, Ints, Key, Number, Numbers, Scalar


def new_image(model: GaussianDecoder, key: Key) -> Image:
    """A draw from p_theta(x): a latent from the prior N(0, I), decoded, and the noise of the pixels."""
    key_z, key_x = jax.random.split(key)
    z = jax.random.normal(key_z, (model.latents,))
    return sample(model(z), model.sigma, key_x)


@jax.jit
def nearest_to_each(images: Images, X: Float[Array, "M d"]) -> tuple[Ints, Numbers]:
    """For each image the number of the nearest row of X, and its squared distance."""
    return jax.vmap(data.nearest, in_axes=(0, None))(images, X)


class SampleQuality(NamedTuple):
    """How good many new images are."""

    shares: Float[Array, "10"]  # of each digit, by the label of the nearest training image
    bad: Number  # the share of images whose squared distance is above the limit
    distance: Number  # the mean squared distance to the nearest training image


@jax.jit
def sample_quality(
    images: Images, X: Float[Array, "M d"], labels: Int[Array, "M"], limit: Scalar
) -> SampleQuality:
    """How good new `images` are, judged by the nearest of the training images X and its label."""
    which, distances = nearest_to_each(images, X)
    shares = jnp.bincount(labels[which], length=10) / len(images)
    return SampleQuality(shares, jnp.mean(distances > limit), distances.mean())


def same_digit_share(
    encoder: Callable, X: Float[Array, "M d"], labels: Int[Array, "M"], images: Images, image_labels: Ints
) -> Number:
    """The share of `images` whose code's nearest neighbour among the codes of X has their label."""
    which, _ = nearest_to_each(apply(encoder, images), apply(encoder, X))
    return jnp.mean(labels[which] == image_labels)


class Halfway(NamedTuple):
    """Halfway between two images, for each pair: squared distances to the nearest training image."""

    pixels: Numbers  # of the blend of the two reconstructions
    plane: Numbers  # of what the decoder draws halfway between the two codes
    ends: Numbers  # of one of the two reconstructions
    z: Float[Array, "N k"]  # halfway between the two codes


def halfway_distances(encoder: Callable, decoder: Callable, images: Images, labels: Ints, X) -> Halfway:
    """Both roads at their middle, between each image and the one before it where their `labels` differ.

    `encoder` gives one code for one image. Both roads have the same ends, the two reconstructions. X (M, d)
    are the training images.
    """
    pairs = np.flatnonzero(labels != jnp.roll(labels, 1))
    Z = apply(encoder, images)
    X_hat = apply(decoder, Z)
    z = (Z[pairs] + Z[pairs - 1]) / 2
    blends, walked = (X_hat[pairs] + X_hat[pairs - 1]) / 2, apply(decoder, z)
    pixels, plane, ends = (nearest_to_each(each, X)[1] for each in (blends, walked, X_hat[pairs]))
    return Halfway(pixels, plane, ends, z)


class AroundCodes(NamedTuple):
    """What a decoder draws all over the place where the codes are; z in standard deviations of the codes."""

    codes: Float[Array, "N 2"]  # the codes of the training images, with mean 0 and standard deviation 1
    images: Float[Array, "M d"]  # decoded on a grid of cells over [-3, 3]^2, z1 fastest
    distances: Numbers  # of each image, squared, to the nearest training image

    @property
    def ticks(self) -> np.ndarray:
        """The middles of the cells along an axis."""
        return _middles(round(len(self.distances) ** 0.5))


def _middles(cells):
    return (np.arange(cells) + 0.5) * 6 / cells - 3


def around_codes(encoder: Callable, decoder: Callable, X: Images, cells: int = 80) -> AroundCodes:
    """The images decoded around the codes of X, three standard deviations to each side.

    `encoder` gives one code for one image. Planes of any scale become comparable.
    """
    codes = apply(encoder, X)
    mean, sd = codes.mean(axis=0, keepdims=True), codes.std(axis=0, keepdims=True)
    ticks = jnp.asarray(_middles(cells), float)
    grid = jnp.stack(jnp.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    images = apply(decoder, mean + sd * grid)
    return AroundCodes((codes - mean) / sd, images, nearest_to_each(images, X)[1])


def bad_around(plane: AroundCodes, limit: Scalar, radius: float = 2.0) -> Number:
    """The share of the places within `radius` of the codes' mean whose images are bad, beyond the limit."""
    inside = np.add.outer(plane.ticks**2, plane.ticks**2).ravel() < radius**2
    return jnp.mean(plane.distances[inside] > limit)


def bad_limit(encoder: Callable, decoder: Callable, images: Images, X) -> Number:
    """Nine in ten reconstructions of `images` are nearer than this to X (M, d), as a squared distance.

    The limit of `sample_quality`: what a decoder draws is smooth, and is judged by what is as smooth.
    """
    return nine_in_ten(apply(decoder, apply(encoder, images)), X)


def nine_in_ten(images: Images, X) -> Number:
    """The squared distance within which nine in ten of `images` have their nearest row of X (M, d)."""
    return jnp.quantile(nearest_to_each(images, X)[1], 0.9)


class AsIn01(NamedTuple):
    """The measures of notebook 01, a number for each start; shares are in percent."""

    pixels: np.ndarray  # halfway between two digits: mean squared distance to the nearest training image
    plane: np.ndarray
    ends: np.ndarray
    bad_halfway: np.ndarray  # of the images halfway on the plane
    bad: np.ndarray  # of 1,000 new images, z from N(0, I)
    bad_matched: np.ndarray  # z from a Gaussian with the codes' own mean and standard deviation
    uneven: np.ndarray  # the shares of digits above a tenth, z from N(0, I)
    uneven_matched: np.ndarray


def as_in_01(starts, X, labels, T, T_labels) -> AsIn01:
    """Halfway images and 1,000 new ones, measured as in notebook 01, for each (encoder, decoder) of `starts`.

    An encoder gives one code for one image. X (N, d) are the training images, T (M, d) the held-out ones.
    """
    eps = jax.random.normal(jax.random.key(7), (1000, apply(starts[0][0], X[:1]).shape[1]))
    return AsIn01(*np.array([_as_in_01(pair, eps, X, labels, T, T_labels) for pair in starts]).T)


def _as_in_01(pair, eps, X, labels, T, T_labels):
    encoder, decoder = pair
    halfway, limit = halfway_distances(encoder, decoder, T, T_labels, X), bad_limit(encoder, decoder, T, X)
    Z = apply(encoder, X)
    drawn = eps, Z.mean(axis=0, keepdims=True) + Z.std(axis=0, keepdims=True) * eps
    new = [sample_quality(apply(decoder, z), X, labels, limit) for z in drawn]
    uneven = [jnp.clip(each.shares - 0.1, 0).sum() for each in new]
    shares = [jnp.mean(halfway.plane > limit), *(each.bad for each in new), *uneven]
    return [part.mean() for part in halfway[:3]] + [100 * share for share in shares]
