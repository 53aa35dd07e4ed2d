"""log p(x) of many images: by a grid that is decoded once, and by one that refines itself.

Seconds after compilation (the median of five), the memory that it adds, and how far off both are.
"""

import resource
import statistics
import time

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import logsumexp

from vae_course import data, marginal, models

ROUNDS = 5
DIGITS = data.load_digits()


def peak():
    """The largest memory that this process has used, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def seconds(f):
    """The median of five runs, after one that compiles."""
    times = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        jax.block_until_ready(f())
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def on_grid(model, X, n):
    """The grid likelihoods of X on n x n points."""
    plane = marginal.DecodedGrid(model, marginal.latent_grid(n))
    return marginal.for_each(plane.log_marginal, X)


def worst_error(model, X, n):
    """The largest error of one image in nats, on the same grid summed in float64 from direct differences."""
    grid = marginal.latent_grid(n)
    Z, images = (np.asarray(a, np.float64) for a in (grid.points, jax.vmap(model)(grid.points)))
    sigma, errors = float(model.sigma), []
    for x, got in zip(np.asarray(X, np.float64), on_grid(model, X, n), strict=True):
        log_joint = -((x - images) ** 2).sum(axis=1) / (2 * sigma**2) - (Z**2).sum(axis=1) / 2
        constant = X.shape[1] * np.log(sigma) + (X.shape[1] / 2 + 1) * np.log(2 * np.pi)
        errors.append(float(got) - (logsumexp(log_joint) - constant + 2 * np.log(10 / n)))
    return max(map(abs, errors))


if __name__ == "__main__":
    decoder = models.Decoder(key=jax.random.key(0))
    model = models.GaussianDecoder(decoder, sigma=0.15)
    jnp.zeros(3).block_until_ready()
    before = peak()
    for X in (DIGITS.test_images, DIGITS.train_images):
        for n in (200, 400):
            taken = seconds(lambda X=X, n=n: on_grid(model, X, n))
            print(f"{len(X):5d} images, {n} x {n}: {taken:.2f} s, peak +{peak() - before:.0f} MB")
        taken = seconds(lambda X=X: marginal.log_marginals(model, X))
        print(
            f"{len(X):5d} images, a grid that refines itself: {taken:.2f} s, peak +{peak() - before:.0f} MB"
        )
    own = jax.vmap(model)(jax.random.normal(jax.random.key(1), (20, 2)))  # images that the decoder can draw
    for sigma in (0.15, 0.05, 0.01, 0.001):
        sharp = models.GaussianDecoder(decoder, sigma=sigma)
        off_by = marginal.log_marginals(sharp, own).off_by.max()
        print(f"sigma {sigma}: rounding on a grid {worst_error(sharp, own, 200):.1e} nats; ", end="")
        print(f"the refined grid says it may be off by {off_by:.1e}")
