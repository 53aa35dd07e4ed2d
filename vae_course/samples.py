"""Are new images digits? Measured by the nearest training image, in notebooks 01, 05 and the report card."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from vae_course import data
from vae_course.typed import Array, Float, Image, Images, Int, Ints, Latent, Number, Numbers, Scalar


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


def two_roads(
    decoder, x_a: Image, x_b: Image, z_a: Latent, z_b: Latent, t: Float[Array, "T"]
) -> tuple[Float[Array, "T d"], Float[Array, "T d"]]:
    """From one image to another at each t: a blend of the pixels, and what is decoded along the plane."""
    through_pixels = jax.vmap(lambda t: data.blend(x_a, x_b, t))(t)
    through_plane = jax.vmap(lambda t: decoder((1 - t) * z_a + t * z_b))(t)
    return through_pixels, through_plane
