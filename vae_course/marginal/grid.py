"""The integral over z as a sum over the cells of a grid, and all that a grid decoded once can tell.

The sum is the likelihood of a mixture with one Gaussian for each point of the grid; here it is called the
*grid* likelihood. Refined until it no longer changes, it gives log p(x): see `exact.py`.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from vae_course import checks
from vae_course.map_latents import log_joint, log_prior
from vae_course.marginal.sampling import log_likelihoods
from vae_course.models import GaussianDecoder
from vae_course.training import climb
from vae_course.typed import Array, Float, Image, Images, Latent, Number, Plane, Scalar


class LatentGrid(NamedTuple):
    """n x n equal cells over a square of the latent plane, each standing for its middle."""

    points: Float[Array, "P 2"]  # the middles, P = n * n; z1 runs fastest
    axes: Float[Array, "2 n"]  # the n values of z1, and the n values of z2
    log_cell_area: Number

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """(z1 lowest, z1 highest, z2 lowest, z2 highest): the edges of the outermost cells."""
        half = (self.axes[:, 1] - self.axes[:, 0]) / 2
        (left, bottom), (right, top) = self.axes[:, 0] - half, self.axes[:, -1] + half
        return float(left), float(right), float(bottom), float(top)


def latent_grid(n: int = 400, half_width: Scalar = 5.0, centre: Float[Array, "2"] | None = None):
    """n cells per axis over [-half_width, half_width]^2, or the same square around `centre`.

    The prior N(0, I) has all but 1.1e-6 of its mass inside [-5, 5]^2. Raises `ValueError` unless n is at
    least 2 and half_width positive.

    >>> latent_grid(2, 1.0).points.tolist()
    [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]
    """
    checks.whole("n", n, 2)
    checks.above("half_width", half_width, 0)
    width, middle = 2 * half_width / n, np.zeros(2) if centre is None else np.asarray(centre)
    axes = (np.arange(n) + 0.5) * width - half_width + middle[:, None]  # (2, n)
    points = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    return LatentGrid(*(jnp.asarray(a, float) for a in (points, axes, 2 * np.log(width))))


def grid_log_likelihood(model: GaussianDecoder, x: Image, grid: LatentGrid) -> Number:
    """log sum over cells of p(x, z) * area, in nats, for one image: log p(x) if the grid is fine enough.

    Under `vmap` over x the grid is decoded once for all images, so `fit` can train with it.
    """
    return DecodedGrid(model, grid).log_marginal(x)


def bayes_on_grid(log_likelihood: Plane, log_prior: Plane, cell_area: Scalar) -> Plane:
    """log p(z given x) from log p(x given z) and log p(z), at the points of a grid: Bayes' rule.

    A log density, in nats: its exponentials, times `cell_area`, add up to one.
    """
    log_joint = log_likelihood + log_prior
    log_evidence = logsumexp(log_joint) + jnp.log(cell_area)  # log p(x)
    return log_joint - log_evidence


class DecodedGrid(eqx.Module):
    """A grid whose points are decoded once, and which then answers for one image after another.

    Its methods take ONE image, for `vmap` and `jit`. Log densities are in nats, per unit of area.
    """

    model: GaussianDecoder
    grid: LatentGrid
    images: Float[Array, "P d"]
    log_priors: Float[Array, "P"]

    def __init__(self, model: GaussianDecoder, grid: LatentGrid):
        checks.plane(model)
        self.model, self.grid = model, grid
        self.images, self.log_priors = _decoded(model, grid.points)

    def log_joint(self, x: Image) -> Plane:
        """log p(x, z) at each point."""
        checks.images(self.model, x=x)
        log_joints = log_likelihoods(self.images, self.model.sigma, x) + self.log_priors
        return log_joints.reshape(self.grid.axes.shape[1], -1)

    def log_marginal(self, x: Image) -> Number:
        """The grid log-likelihood of x: log p(x) if the grid is fine enough."""
        return logsumexp(self.log_joint(x)) + self.grid.log_cell_area

    def log_posterior(self, x: Image) -> Plane:
        """log p(z given x) at each point; its exponentials, times the cell's area, add up to one."""
        return self.log_joint(x) - self.log_marginal(x)

    def weights(self, x: Image) -> Float[Array, "P"]:
        """The posterior's share in each cell, in the order of the grid's points; they add up to one."""
        return jnp.exp(self.log_posterior(x) + self.grid.log_cell_area).reshape(-1)

    def mean(self, x: Image) -> Latent:
        """The posterior's mean."""
        return self.weights(x) @ self.grid.points

    def sd(self, x: Image) -> Latent:
        """The posterior's standard deviation along each axis."""
        return jnp.sqrt(self.weights(x) @ (self.grid.points - self.mean(x)[None]) ** 2)

    def mode(self, x: Image) -> Latent:
        """The z with the largest log p(x, z): uphill from the best point of the grid, and never below it."""
        best = self.grid.points[jnp.argmax(self.log_joint(x))]
        step = jnp.exp(self.grid.log_cell_area / 2) / 10
        top = climb(lambda z: log_joint(self.model, x, z), best, steps=40, learning_rate=step)
        return jnp.where(log_joint(self.model, x, top) > log_joint(self.model, x, best), top, best)


@eqx.filter_jit
def _decoded(model, points):
    return jax.vmap(model)(points), jax.vmap(log_prior)(points)


@eqx.filter_jit
def for_each(question, X: Images):
    """`question(x)` for each image of X, such as `DecodedGrid.mode`, a few at a time to save memory."""
    return jax.lax.map(question, X, batch_size=16)
