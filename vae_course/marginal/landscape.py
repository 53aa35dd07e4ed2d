"""log p(x, z) of one image as a landscape over the plane: its top, its hills, and where a point stands."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy import ndimage

from vae_course.map_latents import log_joint
from vae_course.marginal.grid import DecodedGrid, for_each, latent_grid
from vae_course.typed import Image, Images, Latent, Latents

DEPTH = 5.0  # nats: what lies no deeper below the top belongs to a hill
NEAR = 3.0  # nats: the area around the top is measured down to here


class Landscapes(NamedTuple):
    """What there is to see in the landscapes of N images."""

    tops: np.ndarray  # (N,): log p(x, z) at the highest point, to which `DecodedGrid.mode` has climbed
    missing: np.ndarray  # (N,): the nats by which the image's own z lies lower
    area: np.ndarray  # (N,): of the places within 3 nats of the top
    hills: np.ndarray  # (N,): how many separate pieces the places within 5 nats of the top have


def landscapes(plane: DecodedGrid, X: Images, Z: Latents) -> Landscapes:
    """The landscapes of the images X, and where their latents Z stand.

    Pieces that meet only at a corner count as one. The grid must be fine enough to show what is counted.
    """
    modes = for_each(plane.mode, X)
    tops, own = (np.asarray(_heights(plane.model, X, points)) for points in (modes, Z))
    below = np.asarray(for_each(plane.log_joint, X)) - tops[:, None, None]  # (N, n, n)
    area = (below > -NEAR).sum(axis=(1, 2)) * np.exp(plane.grid.log_cell_area)
    return Landscapes(tops, tops - own, np.asarray(area), np.array([hills(each).max() for each in below]))


def hills(below_top: np.ndarray) -> np.ndarray:
    """The pieces within 5 nats of the top, numbered from 1, and 0 elsewhere: (n, n).

    `below_top` (n, n) is the height less that of the top, in nats.

    >>> hills(np.array([[0.0, -9.0, -1.0], [-9.0, -9.0, -2.0]])).tolist()
    [[1, 0, 2], [0, 0, 2]]
    """
    return ndimage.label(below_top > -DEPTH, structure=np.ones((3, 3)))[0]


def close_up(plane: DecodedGrid, x: Image, z: Latent, *, depth: float = 15.0, n: int = 100):
    """The landscape of one image near to: nats below its top on n x n points, and their extent.

    The square holds z and whatever of the plane lies within `depth` nats of the top; lower is cut to -depth.
    """
    mode = for_each(plane.mode, x[None])  # (1, k)
    top = float(_heights(plane.model, x[None], mode)[0])
    high = plane.grid.points[np.asarray(plane.log_joint(x)).reshape(-1) > top - depth]
    seen = np.concatenate([np.asarray(high), np.asarray(z)[None], np.asarray(mode)])
    low, high = seen.min(axis=0), seen.max(axis=0)
    half_width = 0.58 * float(max(high - low)) + 0.03
    window = latent_grid(n, half_width, jnp.asarray((low + high) / 2))
    below = _heights_on(plane.model, x, window) - top
    return np.maximum(below, -depth), window.extent


@eqx.filter_jit
def _heights_on(model, x, grid):
    return DecodedGrid(model, grid).log_joint(x)


_heights = eqx.filter_jit(jax.vmap(log_joint, in_axes=(None, 0, 0)))
