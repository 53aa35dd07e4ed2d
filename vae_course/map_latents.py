"""Notebook 02: a latent z of its own for each image, found together with the decoder.

Each term is for ONE image, and a sum over pixels or latents, never a mean; so the terms can be added.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from vae_course import checks, progress
from vae_course.gaussian import log_density
from vae_course.models import Decoder, GaussianDecoder, apply
from vae_course.samples import nine_in_ten
from vae_course.training import Fit, climb, fit_starts
from vae_course.typed import Array, Float, Image, Images, Latent, Latents, Number, Numbers, Scalar


def log_likelihood(model: GaussianDecoder, x: Image, z: Latent) -> Number:
    """log p_theta(x given z) in nats: -||x - d_theta(z)||^2 / (2 sigma^2) - d log sigma - d/2 log(2 pi)."""
    checks.size("x", x, model.pixels)
    return log_density(x, model(z), model.sigma)


def log_prior(z: Latent) -> Number:
    """log p(z) in nats under the prior N(0, I), summed over the k latents."""
    return log_density(z)


def log_joint(model: GaussianDecoder, x: Image, z: Latent) -> Number:
    """log p_theta(x, z) = log p_theta(x given z) + log p(z), in nats, for one image and its latent."""
    return log_likelihood(model, x, z) + log_prior(z)


def log_joint_of_set(model: GaussianDecoder, X: Images, Z: Latents) -> Number:
    """log p_theta(X, Z) in nats, of all images and their latents: given theta, a sum over the images."""
    return jax.vmap(log_joint, in_axes=(None, 0, 0))(model, X, Z).sum()


def best_sigma(X: Images, X_hat: Images) -> Number:
    """The sigma that makes the log-likelihood of X largest, if X_hat are its mean images.

    sigma^2 is the squared error per pixel, averaged over all images: there the derivative of the
    log-likelihood is zero, and its mean is -(d/2) (log(2 pi sigma^2) + 1) nats per image. If X_hat equals X,
    sigma is 0 and the likelihood has no maximum. Raises `ValueError` if there are no images.

    >>> best_sigma(jnp.array([[0.0, 1.0]]), jnp.array([[0.5, 0.5]])).item()
    0.5
    """
    checks.some("X", X)
    return jnp.sqrt(jnp.mean((X - X_hat) ** 2))


def rescale(
    W: Float[Array, "h k"], b: Float[Array, "h"], Z: Latents, c: Scalar
) -> tuple[Float[Array, "h k"], Float[Array, "h"], Latents]:
    """W / c, b and c Z: each code is multiplied by c, and no decoded image changes.

    W and b belong to the decoder's first layer, W z + b, which is the same for W / c and c z. Only log p(z)
    changes, by |z|^2 (1 - c^2) / 2. Raises `ValueError` unless c is positive and finite.

    >>> rescale(jnp.array([[2.0]]), jnp.array([1.0]), jnp.array([[3.0]]), 0.5)[2].item()
    1.5
    """
    checks.above("c", c, 0)
    return W / c, b, c * Z


def _at_best_sigma(model: GaussianDecoder, X: Images, Z: Latents) -> GaussianDecoder:
    """The same decoder with the sigma that is best for the images X at their latents Z."""
    return GaussianDecoder(model.decoder, sigma=float(best_sigma(X, apply(model, Z))))


def first_layer(model):
    """W and b of the decoder's first layer; for `eqx.tree_at`, the leaves to replace."""
    layer = model.decoder.mlp.layers[0]
    return layer.weight, layer.bias


def standardised(model: GaussianDecoder, Z: Latents) -> GaussianDecoder:
    """The same decoder on a plane where the codes Z have mean 0 and standard deviation 1 along each axis."""
    W, b = first_layer(model)
    return eqx.tree_at(first_layer, model, (W * Z.std(axis=0)[None], b + W @ Z.mean(axis=0)))


def fit_latents(
    model: GaussianDecoder,
    X: Images,
    candidates: Float[Array, "P k"],
    *,
    starts: int = 4,
    steps: int = 50,
    learning_rate: Scalar = 0.05,
) -> Latents:
    """For each image the z that makes log p(x, z) largest, with theta fixed: MAP for new images.

    Each image climbs from several starts: the `candidates`, such as the z_i of the training images, where its
    log p(x, z) is largest. The highest end of its climbs is kept, or the best start if that is higher. Raises
    `ValueError` for images or candidates that do not fit, and unless 1 <= starts <= P.
    """
    checks.images(model, X=X)
    checks.whole("starts", starts, 1, len(candidates))
    checks.finite("candidates", candidates)
    checks.whole("steps", steps, 1)
    checks.above("learning_rate", learning_rate, 0)
    return _fit_latents(model, X, candidates, starts, steps, learning_rate)


@eqx.filter_jit
def _fit_latents(model, X, candidates, starts, steps, learning_rate):
    heights = jax.vmap(jax.vmap(log_joint, in_axes=(None, None, 0)), in_axes=(None, 0, 0))
    first = candidates[_best_candidates(model, X, candidates, starts)]  # (M, starts, k)
    last = climb(lambda Z: heights(model, X, Z).sum(), first, steps=steps, learning_rate=learning_rate)
    ends = jnp.concatenate([first, last], axis=1)  # (M, 2 starts, k)
    best = jnp.argmax(heights(model, X, ends), axis=1)  # (M,)
    return jnp.take_along_axis(ends, best[:, None, None], axis=1)[:, 0]


def _best_candidates(model, X, candidates, n):
    """For each image the numbers of the n candidates with the largest log p(x, z), (M, n)."""
    X_hat = jax.vmap(model)(candidates)  # (P, d)
    # |x - x_hat|^2 without |x|^2, which all candidates share: one matrix product, never an (M, P, d) array.
    misfits = jnp.sum(X_hat**2, axis=1)[None] - 2 * X @ X_hat.T  # (M, P)
    heights = -misfits / (2 * model.sigma**2) + jax.vmap(log_prior)(candidates)[None]
    return jax.lax.top_k(heights, n)[1]


@eqx.filter_jit
def log_likelihood_of_each(model: GaussianDecoder, X: Images, Z: Latents) -> Numbers:
    """log p(x_i given z_i) in nats, for each image and its latent."""
    return jax.vmap(log_likelihood, in_axes=(None, 0, 0))(model, X, Z)


def fit_with_points(
    loss: Callable, X: Images, *, steps: int, width: int = 128, seeds: Iterable[int] = range(3), **options
) -> list[Fit]:
    """Train a decoder together with a latent for each image of X, from one start for each seed, side by side.

    `loss((model, Z), (numbers, images), key)` is for the examples of one step at once: the images are
    X[numbers], their latents Z[numbers]. The Z start at a tenth of draws from N(0, I). `options` are those
    of `fit`. Raises what `fit_starts` raises.
    """
    starts, keys = zip(*[_free_points(seed, len(X), width) for seed in seeds], strict=True)
    options |= {"keys": keys, "steps": steps, "whole_batch": True}
    return fit_starts(starts, loss, (jnp.arange(len(X)), X), **options)


def _free_points(seed, n, width):
    """An untrained decoder and n latents close together, and a key for the training."""
    key_decoder, key_latents, key_fit = jax.random.split(jax.random.key(seed), 3)
    model = GaussianDecoder(Decoder(key=key_decoder, width=width))
    return (model, 0.1 * jax.random.normal(key_latents, (n, model.latents))), key_fit


class OverTime(NamedTuple):
    """Training images and held-out ones at each mark of a training; the last axis is (train, held out)."""

    nats: np.ndarray  # (starts, marks, 2): the mean log p(x given z)
    sigma: np.ndarray  # (starts, marks, 2): the sigma that would be best


def over_time(runs: Sequence[Fit], X: Images, T: Float[Array, "M d"]) -> OverTime:
    """How well X, on which the `runs` of `fit_with_points` were trained, and T are explained at each mark.

    At each mark sigma is set to the best one for X, so that it does not matter how fast the optimiser moves
    sigma; each image of T has the latent that `fit_latents` finds.
    """
    found = [
        [_at_mark(at_mark, X, T) for at_mark in run.at_marks] for run in progress.each(runs, "trainings")
    ]
    return OverTime(*np.moveaxis(np.array(found), 2, 0))


def _at_mark(model_and_Z, X, T):
    model, Z = model_and_Z
    model = _at_best_sigma(model, X, Z)
    sets = (X, Z), (T, fit_latents(model, T, Z))
    nats = [log_likelihood_of_each(model, images, latents).mean() for images, latents in sets]
    return nats, [best_sigma(images, apply(model, latents)) for images, latents in sets]


@eqx.filter_jit
def residual_correlations(model: GaussianDecoder, X: Images, Z: Latents) -> tuple[Number, Number, Number]:
    """How the residuals x - d_theta(z) of square images are correlated; the model has them independent.

    The correlation between a pixel and the one below it; between an image and the one whose latent is
    nearest; and between two images that have nothing to do with each other.
    """
    residuals = X - apply(model, Z)  # (N, d)
    apart = jnp.sum((Z[:, None] - Z[None]) ** 2, axis=2).at[jnp.diag_indices(len(Z))].set(jnp.inf)
    side = round(residuals.shape[1] ** 0.5)
    rows = residuals.reshape(len(X), side, side)
    neighbours, others = residuals[jnp.argmin(apart, axis=1)], jnp.roll(residuals, 1, axis=0)
    below = _correlation(rows[:, 1:], rows[:, :-1])
    return below, _correlation(residuals, neighbours), _correlation(residuals, others)


def _correlation(a, b):
    return jnp.mean(a * b) / jnp.sqrt(jnp.mean(a**2) * jnp.mean(b**2))


def bad_limit(model: GaussianDecoder, X: Images, Z: Latents, T: Float[Array, "M d"]) -> Number:
    """The squared distance from X within which nine in ten of the images lie that T's latents stand for."""
    return nine_in_ten(apply(model, fit_latents(model, T, Z)), X)
