"""log p(x) of many images to a hundredth of a nat, on a grid that refines itself where it has to.

A cell may hide a peak: between its middle and its corners the decoded image changes, and might come nearer
to x by as much. So each cell has two heights: log p(x, z) at its middle, which is summed, and an *optimistic*
one, as if the image came as near as it could. Cells whose optimistic height is too low to matter are dropped.
All others are cut into four, until the sum no longer changes and, across the cells that are left, the decoded
image changes by no more than about the noise.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from vae_course import checks, progress
from vae_course.map_latents import log_prior
from vae_course.marginal.sampling import log_likelihoods
from vae_course.models import GaussianDecoder
from vae_course.typed import Array, Float, Images

HALF_WIDTH, WIDTH = 5.0, 0.2  # of the first square, and of its cells, which are cut right away
MAX_CUTS = 9
CHUNK = 2**11  # cells evaluated at a time
GROUP = 200  # images that share their cells: neighbours, so that most cells matter to most of them
MATTERS = 12.0  # a cell this many nats below the highest log p(x, z) no longer matters
FINE = 2.0  # in sigmas: a cell's reach, how far the decoded image moves from its middle to its corners
SAFE = 1.4  # times the change that was seen, because in other directions there may be more
EDGE = 1e-3  # of the sum, in the outermost cells: with more than this the square is made wider
ROUNDING = 1e-5  # of a squared error in float32


class LogMarginals(NamedTuple):
    """log p(x) of each image, and by how much it may be off."""

    log_p: np.ndarray  # (N,), nats
    off_by: np.ndarray  # (N,), nats: what the last cut changed, plus rounding


def log_marginals(model: GaussianDecoder, X: Images, *, tolerance: float = 0.01) -> LogMarginals:
    """log p(x) in nats for each image of X, on a grid that it chooses, and by how much it may be off.

    Cells are cut until that changes no image by more than `tolerance`. Raises `ValueError` for arguments that
    do not fit, and `FloatingPointError` when a result is not finite: for a model with NaN in its weights.
    """
    checks.plane(model)
    checks.images(model, X=X)
    checks.above("tolerance", tolerance, 0)
    half_width, edge = HALF_WIDTH, 1.0
    while edge > EDGE:
        log_p, change, edge = _refined(model, X, half_width, tolerance)
        half_width *= 1.5
    if not np.isfinite(log_p).all():
        raise FloatingPointError("log p(x) is not finite: look for NaN or inf in the weights of `model`")
    return LogMarginals(log_p, change + ROUNDING / float(model.sigma) ** 2)


def _refined(model, X, half_width, tolerance):
    """log p(x) and its last change, (N,) each, and the largest share of a sum in the outermost cells."""
    width, limit, edge = WIDTH, half_width - WIDTH / 2, 0.0
    steps = np.arange(width / 2 - half_width, half_width, width)
    points = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    images, top, best = (np.array(part) for part in _first_look(model, X, jnp.asarray(points, float)))
    log_p, change = np.full(len(X), -np.inf), np.full(len(X), np.inf)
    # Numbers of images, and the cells that matter to them.
    groups = [(rows, points, images) for rows in _neighbours(np.arange(len(X)), points[best])]
    for _ in range(MAX_CUTS):
        width, uncut, groups = width / 2, groups, []
        for rows, points, images in uncut:
            filled = np.pad(rows, (0, max(0, min(GROUP, len(X)) - len(rows))), mode="edge")  # to one size
            found, points, images, matters = _cut(model, X[filled], top[filled], points, images, width, limit)
            found = _Sums(*(part[: len(rows)] for part in found))
            new, top[rows] = found.log_sum + 2 * np.log(width), np.maximum(top[rows], found.top)
            change[rows], log_p[rows], edge = abs(new - log_p[rows]), new, max(edge, found.edge.max())
            is_open = (change[rows] > tolerance) | (found.reach > FINE * float(model.sigma))
            if is_open.any():
                keep = matters[: len(rows)][is_open].any(axis=0)
                groups.append((rows[is_open], points[keep], images[keep]))
        if not groups or edge > EDGE:
            break
    return log_p, change, edge


@eqx.filter_jit
def _first_look(model, X, points):
    """What is decoded at the points; for each image the largest log p(x, z) there, and where it is."""
    images = jax.vmap(model)(points)
    log_likelihood = jax.vmap(log_likelihoods, (None, None, 0))(images, model.sigma, X)
    log_joint = log_likelihood + jax.vmap(log_prior)(points)[None]
    return images, log_joint.max(axis=1), log_joint.argmax(axis=1)


def _neighbours(rows, places):
    """The rows in groups of at most GROUP whose places are near each other: halved along the longer side."""
    if len(rows) <= GROUP:
        return [rows]
    axis = np.argmax(np.ptp(places[rows], axis=0))
    halves = np.array_split(rows[np.argsort(places[rows, axis])], 2)
    return [part for half in halves for part in _neighbours(half, places)]


class _Sums(NamedTuple):
    log_sum: np.ndarray  # of p(x, z), (N,)
    top: np.ndarray  # the largest log p(x, z)
    edge: np.ndarray  # the share of the sum in the outermost cells
    reach: np.ndarray  # its average, weighted by the optimistic heights


def _cut(model, X, top, points, images, width, limit):
    """Cut cells into quarters of this width: their sums, and which images each of them matters to."""
    quarters = width / 2 * np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]])
    points = (points[:, None] + quarters).reshape(-1, 2)
    rest = -len(points) % CHUNK  # chunks of one size, so that one program serves; the rest lies far outside
    points = np.pad(points, ((0, rest), (0, 0)), constant_values=1e6)
    parents, floor = np.pad(images, ((0, rest // 4), (0, 0))), jnp.asarray(top - MATTERS)
    highest, sums, chunks = jnp.full((2, len(X)), -jnp.inf), jnp.zeros((2, len(X), 3)), []
    for i in range(0, len(points), CHUNK):
        cells = jnp.asarray(points[i : i + CHUNK], float), jnp.asarray(parents[i // 4 : (i + CHUNK) // 4])
        highest, sums, *chunk = _add(model, X, *cells, limit, floor, highest, sums)
        chunks.append(chunk)
    decoded, matters = (np.concatenate([np.asarray(c[j]) for c in chunks], axis=j) for j in range(2))
    (here, optimistic), top = np.asarray(sums), np.asarray(highest)[0]
    found = _Sums(top + np.log(here[:, 0]), top, here[:, 1] / here[:, 0], optimistic[:, 2] / optimistic[:, 0])
    return found, points, decoded, matters


@eqx.filter_jit
def _add(model, X, points, parents, limit, floor, highest, sums):
    """Add a chunk to the sums of both heights; its images, and where its optimistic height passes the floor.

    A quarter's middle is as far from the whole cell's middle as from its own corners, so the change of the
    image on the one way stands for that on the other.
    """
    images = jax.vmap(model)(points)  # (C, d)
    away = jnp.linalg.norm(images.reshape(len(parents), 4, -1) - parents[:, None], axis=2).max(axis=1)
    reach = SAFE * jnp.repeat(away, 4)
    log_likelihood = jax.vmap(log_likelihoods, (None, None, 0))(images, model.sigma, X)  # (N, C)
    best = -model.pixels * (jnp.log(model.sigma) + 0.5 * jnp.log(2 * jnp.pi))  # where x itself is decoded
    distance = jnp.sqrt(2 * (best - log_likelihood)) * model.sigma
    nearest = jnp.maximum(distance - reach[None], 0)
    heights = jnp.stack([log_likelihood, best - nearest**2 / (2 * model.sigma**2)])
    heights += jax.vmap(log_prior)(points)[None, None]  # (2, N, C)
    higher = jnp.maximum(highest, heights.max(axis=2))  # (2, N)
    at_edge = jnp.abs(points).max(axis=1) > limit
    features = jnp.stack([jnp.ones(CHUNK), at_edge, reach], axis=1)
    new = jnp.exp(heights - higher[:, :, None]) @ features  # (2, N, 3)
    sums = sums * jnp.exp(highest - higher)[:, :, None] + new
    return higher, sums, images, heights[1] > floor[:, None]


def mean_log_marginals(models, *image_sets: Float[Array, "_ d"], tolerance: float = 0.05) -> np.ndarray:
    """The mean log p(x) of each set of images under a decoder, in nats: (sets,). `tolerance` is per image.

    A list of decoders gives a row each. Lists may be nested, as by starts and marks: (starts, marks, sets).
    """
    if not isinstance(models, GaussianDecoder):
        rows = progress.each(models, "rows")
        return np.stack([mean_log_marginals(each, *image_sets, tolerance=tolerance) for each in rows])
    log_p = log_marginals(models, jnp.concatenate(image_sets), tolerance=tolerance).log_p
    ends = np.cumsum([len(images) for images in image_sets])
    return np.array([part.mean() for part in np.split(log_p, ends[:-1])])
