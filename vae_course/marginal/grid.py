"""The integral over z as a sum over the cells of a grid: exact, as far as we care, on a plane.

The grid is decoded once. All images are then compared with all decoded points by one matrix product, in
chunks of points, so that memory stays small.
"""

import warnings
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from vae_course.marginal.checks import check_images, check_latents
from vae_course.marginal.sampling import log_likelihoods
from vae_course.models import GaussianDecoder
from vae_course.objectives import log_prior
from vae_course.typed import Array, Float, Scalar, typed

MOST_POINTS = 2**13  # decoded at once
MOST_PAIRS = 2**22  # of an image and a point, compared at once: 16 MB
COARSE = 0.1  # nats by which log p(x) may change when every second cell is left out
STACK = 5  # from a warning through the wrappers of `typed` to the caller
CUT_OFF = 0.1  # posterior mass per unit of length along the edge


class LatentGrid(NamedTuple):
    """n x n equal cells over a square of the latent plane, each standing for its middle."""

    points: Float[Array, "P 2"]  # the middles, P = n * n; z1 runs fastest
    axes: Float[Array, "2 n"]  # the n values of z1, and the n values of z2
    lowest: Float[Array, "2"]  # the first point
    width: Float[Array, ""]  # of a cell
    log_cell: Float[Array, ""]  # log of the area of a cell


@typed
def latent_grid(
    n: int = 400, half_width: Scalar = 5.0, centre: Float[Array, "2"] | None = None
) -> LatentGrid:
    """n cells an axis over [-half_width, half_width]^2, or the same square around `centre`.

    The prior N(0, I) has all but 1.1e-6 of its mass inside [-5, 5]^2. Raises `ValueError` unless n is at
    least 2 and half_width positive.

    >>> latent_grid(2, 1.0).points.tolist()
    [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]
    """
    if n < 2:
        raise ValueError(f"`n` must be a whole number of at least 2 points an axis, got {n}")
    if not 0 < half_width < np.inf:
        raise ValueError(f"`half_width` must be a positive, finite number, got {half_width}")
    width = 2 * half_width / n
    steps = (np.arange(n) + 0.5) * width - half_width
    axes = np.stack([steps, steps]) + (np.zeros(2) if centre is None else np.asarray(centre))[:, None]
    points = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    return LatentGrid(*(jnp.asarray(a, float) for a in (points, axes, points[0], width, 2 * np.log(width))))


@typed
def log_joint_on_grid(model: GaussianDecoder, x: Float[Array, "d"], grid: LatentGrid) -> Float[Array, "n n"]:
    """log p(x, z) in nats at each point of the grid; rows are z2 and columns z1, the lowest first.

    Under `vmap` over x the grid is decoded once, for all images.
    """
    return _log_likelihood_on_grid(model, x, grid) + _log_prior_on_grid(grid)


@typed
def log_marginal_one(model: GaussianDecoder, x: Float[Array, "d"], grid: LatentGrid) -> Float[Array, ""]:
    """log p(x) = log sum over cells of p(x, z) * area, in nats, for one image: to be trained with `fit`.

    It never warns about the grid; `log_marginal` does.
    """
    return logsumexp(log_joint_on_grid(model, x, grid)) + grid.log_cell


@typed
def log_marginal(model: GaussianDecoder, X: Float[Array, "N d"], grid: LatentGrid) -> Float[Array, "N"]:
    """log p(x) in nats, for each of the N images in the rows of X.

    Warns when the grid is too coarse for the posterior of some image, or cuts some of it off at its edge.
    Raises `ValueError` for images of the wrong length or outside [0, 1], and `FloatingPointError` when a
    result is not finite, as it is for a model with NaN in its weights.
    """
    check_latents(model, grid)
    check_images(model, X=X)
    n = jnp.asarray(grid.axes.shape[1])  # as an array, so that another n compiles nothing
    log_p, changes, edge = _sum_in_chunks(model, X, n, grid.lowest, grid.width)
    _judge(grid, log_p, changes, edge)
    return log_p


@typed
def log_posterior(model: GaussianDecoder, x: Float[Array, "d"], grid: LatentGrid) -> Float[Array, "n n"]:
    """log p(z given x) at each point of the grid, rows z2 and columns z1: a density, per unit of area.

    So its exponentials, times the area of a cell, add up to one. Warns and raises as `log_marginal` does.
    """
    check_latents(model, grid)
    check_images(model, x=x)
    log_density, *quality = _posterior(model, x, grid)
    _judge(grid, log_density, *quality)
    return log_density


@typed
def bayes_on_grid(
    log_likelihood: Float[Array, "n n"], log_prior: Float[Array, "n n"], cell_area: Scalar
) -> Float[Array, "n n"]:
    """log p(z given x) from log p(x given z) and log p(z), at the points of a grid: Bayes' rule.

    A density, in nats: its exponentials, times `cell_area`, add up to one.
    """
    log_joint = log_likelihood + log_prior
    log_evidence = logsumexp(log_joint) + jnp.log(cell_area)  # log p(x)
    return log_joint - log_evidence


@typed
def posterior_mean(log_density: Float[Array, "n n"], grid: LatentGrid) -> Float[Array, "2"]:
    """The mean of z under a log density on the grid, as `log_posterior` gives it."""
    return jnp.exp(log_density + grid.log_cell).reshape(-1) @ grid.points


@typed
def posterior_sd(log_density: Float[Array, "n n"], grid: LatentGrid) -> Float[Array, "2"]:
    """The standard deviations of z1 and of z2 under a log density on the grid."""
    away = grid.points - posterior_mean(log_density, grid)[None]
    return jnp.sqrt(jnp.exp(log_density + grid.log_cell).reshape(-1) @ away**2)


def _log_likelihood_on_grid(model, x, grid):
    check_latents(model, grid)
    check_images(model, x=x)
    log_likelihood = log_likelihoods(jax.vmap(model)(grid.points), model.sigma, x)  # (P,)
    return log_likelihood.reshape(grid.axes.shape[1], -1)


def _log_prior_on_grid(grid):
    return jax.vmap(log_prior)(grid.points).reshape(grid.axes.shape[1], -1)


@eqx.filter_jit
def _posterior(model, x, grid):
    """log p(z given x) on the grid, and the two numbers of `_quality`, (1,)."""
    n = grid.axes.shape[1]
    log_density = bayes_on_grid(
        _log_likelihood_on_grid(model, x, grid), _log_prior_on_grid(grid), jnp.exp(grid.log_cell)
    )
    shares = jnp.exp(log_density + grid.log_cell).reshape(-1) @ _features(jnp.arange(n * n), n)
    return log_density, *_quality(shares[None])


@eqx.filter_jit
def _sum_in_chunks(model, X, n, lowest, width):
    """log p(x) for each image, (N,), and the two numbers of `_quality`. Compiled once for all grids."""
    chunk = max(1, min(MOST_POINTS, MOST_PAIRS // len(X)))
    likelihoods = jax.vmap(log_likelihoods, (None, None, 0))

    def add(i, carry):
        highest, sums = carry  # (N,), (N, 5): sums of exp(log joint - highest), times each feature
        cells = i * chunk + jnp.arange(chunk)  # (chunk,); the last ones may lie behind the grid's end
        points = lowest[None] + width * jnp.stack([cells % n, cells // n], axis=1)  # (chunk, 2)
        log_priors = jnp.where(cells < n * n, jax.vmap(log_prior)(points), -jnp.inf)
        log_joints = likelihoods(jax.vmap(model)(points), model.sigma, X) + log_priors[None]  # (N, chunk)
        higher = jnp.maximum(highest, log_joints.max(axis=1))
        sums = sums * jnp.exp(highest - higher)[:, None]
        return higher, sums + jnp.exp(log_joints - higher[:, None]) @ _features(cells, n)

    start = jnp.full(len(X), -jnp.inf), jnp.zeros((len(X), 5))
    highest, sums = jax.lax.fori_loop(0, (n * n + chunk - 1) // chunk, add, start)
    return highest + jnp.log(sums[:, 0]) + 2 * jnp.log(width), *_quality(sums / sums[:, :1])


def _features(cells, n):
    """What is summed up, a row a cell: 1; whether its column, row, diagonal is odd; whether at the edge."""
    row, column = jnp.divmod(cells, n)
    edge = (column % (n - 1) == 0) | (row % (n - 1) == 0)
    return jnp.stack([jnp.ones(len(cells)), column % 2, row % 2, (column + row) % 2, edge], axis=1)


def _quality(shares):
    """How far log p(x) would change if every second cell were left out; the posterior's share at the edge."""
    smallest_half = jnp.minimum(shares[:, 1:4], 1 - shares[:, 1:4]).min(axis=1)
    return -jnp.log(2 * jnp.maximum(smallest_half, 1e-9)), shares[:, 4]


def _judge(grid, results, changes, edge):
    if isinstance(results, jax.core.Tracer):
        return
    if not np.isfinite(np.asarray(results)).all():
        raise FloatingPointError("log p(x) is not finite: look for NaN or inf in the weights of `model`")
    changes, edge, width = np.asarray(changes), np.asarray(edge), float(grid.width)
    if coarse := (changes > COARSE).sum():
        warnings.warn(
            f"the grid is too coarse for {coarse} of {len(changes)} images: with every second cell left out, "
            f"log p(x) would change by up to {changes.max():.2g} nats. A cell, {width:.2g} wide, should be "
            "under half a standard deviation of the posterior. Take a larger `n`.",
            stacklevel=STACK,
        )
    if cut := (edge > CUT_OFF * width).sum():
        warnings.warn(
            f"the grid cuts off the posterior of {cut} of {len(edge)} images: up to {edge.max():.2g} of its "
            "mass lies in the outermost cells. Take a larger `half_width`.",
            stacklevel=STACK,
        )
