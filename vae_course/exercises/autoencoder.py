"""The exercises of notebook 01."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from vae_course import models, objectives
from vae_course.exercises.checker import Exercise, Mistake


def _squared_error_inputs():
    a, b, c, d = map(jnp.float32, np.random.default_rng(0).uniform(size=(4, 6)))
    return [(a, b), (c, d)]


squared_error = Exercise(
    solution=objectives.squared_error,
    inputs=_squared_error_inputs,
    mistakes=[
        Mistake(
            "This is the mean over the pixels, d times too small. Later it is added to other terms, and the "
            "mean would silently change their balance. Sum instead.",
            lambda x, x_hat: jnp.mean((x - x_hat) ** 2),
        ),
        Mistake(
            "This is the distance, the root of what was asked. Leave the root out.",
            lambda x, x_hat: jnp.sqrt(jnp.sum((x - x_hat) ** 2)),
        ),
        Mistake(
            "These are absolute differences. Square each difference.",
            lambda x, x_hat: jnp.sum(jnp.abs(x - x_hat)),
        ),
        Mistake(
            "This is half of it. The factor 1/2 belongs to the Gaussian of notebook 02; leave it out here.",
            lambda x, x_hat: 0.5 * jnp.sum((x - x_hat) ** 2),
        ),
        Mistake(
            "These are the squares, one number a pixel. Add them up: one number for one image.",
            lambda x, x_hat: (x - x_hat) ** 2,
        ),
        Mistake(
            "The differences are summed first and squared after, so they cancel. Square first, then sum.",
            lambda x, x_hat: jnp.sum(x - x_hat) ** 2,
        ),
        Mistake(
            "This is a difference of squares. Take the difference first, then square it.",
            lambda x, x_hat: jnp.sum(x**2 - x_hat**2),
        ),
        Mistake(
            "The sign is turned round: this is minus the error. An error is at least 0, and small is good.",
            lambda x, x_hat: -jnp.sum((x - x_hat) ** 2),
        ),
    ],
    hints=[
        "One image goes in and one number comes out.",
        "Take the difference pixel by pixel, square it, and only then add up.",
        "jnp.sum(( ... ) ** 2)",
    ],
)


def _network(kind, rng, **size):
    """A network with weights from numpy."""
    empty = eqx.filter_eval_shape(kind, key=jax.random.key(0), pixels=6, latents=2, **size)
    is_empty = lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct)  # noqa: E731
    return jax.tree.map(
        lambda leaf: jnp.float32(rng.normal(size=leaf.shape)) if is_empty(leaf) else leaf, empty
    )


def _reconstruct_inputs():
    rng = np.random.default_rng(1)
    deep = [_network(kind, rng, width=4) for kind in (models.Encoder, models.Decoder)]
    linear = [_network(kind, rng) for kind in (models.LinearEncoder, models.LinearDecoder)]
    x_1, x_2 = map(jnp.float32, rng.uniform(size=(2, 6)))
    return [(*deep, x_1), (*linear, x_2)]


reconstruct = Exercise(
    solution=objectives.reconstruct,
    inputs=_reconstruct_inputs,
    mistakes=[
        Mistake(
            "There is a sigmoid too many. The decoder's output is an image already; a second sigmoid "
            "squeezes every pixel of it between 0.5 and 0.73. Return what the decoder gives.",
            lambda encoder, decoder, x: jax.nn.sigmoid(decoder(encoder(x))),
        ),
        Mistake(
            "This is the code z, not the image. Hand the code to the decoder.",
            lambda encoder, decoder, x: encoder(x),
        ),
        Mistake(
            "This is the image that went in. Send it through the encoder, then through the decoder.",
            lambda encoder, decoder, x: x,
        ),
        Mistake(
            "This is the difference from x. Return the image that comes back, and compare it with x later.",
            lambda encoder, decoder, x: x - decoder(encoder(x)),
        ),
        Mistake(
            "This is the error. Return the image that comes back; the error is the next step.",
            objectives.reconstruction_error,
        ),
        Mistake(
            "A network was given an input of the wrong size. The encoder comes first and takes the image; "
            "the decoder comes second and takes the code.",
            lambda encoder, decoder, x: encoder(decoder(x)),
        ),
    ],
    hints=[
        "Two steps. Which network can take an image?",
        "z = encoder(x) is the code, two numbers. What turns a code into an image?",
        "decoder(encoder(...))",
    ],
)


def _linear_optimum_inputs():
    rng = np.random.default_rng(2)
    correlated = rng.normal(size=(20, 5)) @ rng.normal(size=(5, 5)) + 2
    return [(jnp.float32(correlated), 2), (jnp.float32(rng.normal(size=(12, 5)) - 1), 1)]


def _eigenvalues(X):
    """Of the 1/N covariance, in ascending order."""
    return jnp.linalg.eigvalsh(jnp.cov(X.T, bias=True))


linear_optimum = Exercise(
    solution=objectives.linear_optimum,
    inputs=_linear_optimum_inputs,
    rtol=1e-3,
    mistakes=[
        Mistake(
            "The covariance is divided by N - 1. The mean error per image needs 1/N: jnp.cov has bias=True.",
            lambda X, k: jnp.sum(jnp.linalg.eigvalsh(jnp.cov(X.T))[: X.shape[1] - k]),
        ),
        Mistake(
            "The covariance is not divided by N, so this is the error of all images together.",
            lambda X, k: jnp.sum(_eigenvalues(X)[: X.shape[1] - k]) * len(X),
        ),
        Mistake(
            "These are the k largest eigenvalues: what PCA keeps. The error is what it throws away.",
            lambda X, k: jnp.sum(_eigenvalues(X)[-k:]),
        ),
        Mistake(
            "These are the k smallest eigenvalues. All but the k largest are thrown away: d - k of them.",
            lambda X, k: jnp.sum(_eigenvalues(X)[:k]),
        ),
        Mistake(
            "The order is turned round: jnp.linalg.eigvalsh gives the smallest eigenvalue first.",
            lambda X, k: jnp.sum(_eigenvalues(X)[k:]),
        ),
        Mistake(
            "The mean image was not subtracted. A linear autoencoder has a bias, which learns it.",
            lambda X, k: jnp.sum(jnp.linalg.eigvalsh(X.T @ X / len(X))[: X.shape[1] - k]),
        ),
        Mistake(
            "These are all the eigenvalues, the error with no latents at all. Leave out the k largest.",
            lambda X, k: jnp.sum(_eigenvalues(X)),
        ),
        Mistake(
            "These are roots of eigenvalues: standard deviations. A squared error is a sum of variances.",
            lambda X, k: jnp.sum(jnp.sqrt(_eigenvalues(X)[: X.shape[1] - k])),
        ),
        Mistake(
            "This is the mean of the discarded eigenvalues. Each adds its own error: sum them.",
            lambda X, k: jnp.mean(_eigenvalues(X)[: X.shape[1] - k]),
        ),
    ],
    hints=[
        "PCA with k directions keeps the k directions in which the images vary most. What is left is error.",
        "The variance along a direction is an eigenvalue of the pixels' covariance, with 1/N, after the mean "
        "image has been subtracted.",
        "jnp.linalg.eigvalsh(covariance) gives the d eigenvalues, smallest first. You need d - k of them.",
        "jnp.sum(eigenvalues[: X.shape[1] - k])",
    ],
)
