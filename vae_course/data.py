"""The data: 1,797 real handwritten digits, 8 x 8 pixels, shipped with scikit-learn.

Each digit was written on a paper form by one of 13 people and scanned as a 32 x 32 bitmap; a pixel here
counts the inked points in a 4 x 4 block, 0 to 16. We divide by 16. Source: Alpaydin and Kaynak,
"Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from vae_course.typed import Array, Float, Image, Images, Int, Ints, Number, Scalar

SIDE = 8  # pixels along one side of an image
HELD_OUT, SPLIT_SEED = 300, 0


class Digits(NamedTuple):
    """Images as rows of d = 64 pixels in [0, 1], 0 is paper and 1 is ink; labels are the digits 0 to 9."""

    train_images: Float[Array, "N 64"]
    train_labels: Ints
    test_images: Float[Array, "M 64"]
    test_labels: Int[Array, "M"]


def load_digits() -> Digits:
    """Read the digits, shuffle them once in a fixed order, and hold 300 out: N = 1,497 and M = 300."""
    from sklearn.datasets import load_digits as read_digits  # here, because it takes a second to import

    bunch = read_digits()
    order = np.random.RandomState(SPLIT_SEED).permutation(len(bunch.data))
    images = jnp.asarray(bunch.data[order] / 16, dtype=jnp.float32)
    labels = jnp.asarray(bunch.target[order], dtype=jnp.int32)
    return Digits(images[HELD_OUT:], labels[HELD_OUT:], images[:HELD_OUT], labels[:HELD_OUT])


def squared_distances(X: Float[Array, "n d"], Y: Float[Array, "m d"]) -> Float[Array, "n m"]:
    """From each row of X to each row of Y, summed over the pixels: entry (i, j) is |X[i] - Y[j]|^2.

    >>> squared_distances(jnp.array([[0.0, 0.0]]), jnp.array([[3.0, 4.0], [0.0, 1.0]])).tolist()
    [[25.0, 1.0]]
    """
    from_one = jax.vmap(lambda x, y: jnp.sum((x - y) ** 2), in_axes=(None, 0))  # (d,), (m, d) -> (m,)
    return jax.vmap(from_one, in_axes=(0, None))(X, Y)


@jax.jit
def nearest(x: Image, X: Images) -> tuple[Int[Array, ""], Number]:
    """The number of the row of X that is nearest to x, and its squared distance, summed over the pixels."""
    # |x - y|^2 = |x|^2 + |y|^2 - 2 x.y: under vmap one matrix product, never an (N, N, d) array.
    squared_distances = x @ x + jnp.sum(X**2, axis=1) - 2 * X @ x  # (N,)
    i = jnp.argmin(squared_distances)
    return i, jnp.maximum(squared_distances[i], 0)


def blend(x_a: Image, x_b: Image, t: Scalar) -> Image:
    """(1 - t) x_a + t x_b, pixel by pixel: x_a at t = 0, x_b at t = 1, and halfway each with half its ink.

    >>> blend(jnp.array([0.0, 1.0]), jnp.array([1.0, 1.0]), 0.25).tolist()
    [0.25, 1.0]
    """
    return (1 - t) * x_a + t * x_b
