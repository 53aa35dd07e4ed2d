"""From pen strokes to an 8 x 8 image, made as the data set's images were made.

The data's bitmaps went through NIST's programs: each digit was cut out, stretched to 20 x 32 points, its
slant taken out, its strokes thickened or thinned, and put in the middle of 32 x 32. Then the inked points
in each block of 4 x 4 were counted. Source: Garris and others, "NIST Form-Based Handprint Recognition
System", NISTIR 5469, 1994. The data show it: the digits are 20 points wide, and their top and bottom rows
begin at the same column.

Strokes are pairs (x, y) along the pen's way, x to the right and y DOWN, on paper of 32 x 32.
static/ink.js does the same in the browser.
"""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax import Array

from vae_course.data import SIDE
from vae_course.teaching.arguments import numbers
from vae_course.teaching.explorer.strokes import PAPER, on_paper

BLOCK = PAPER // SIDE
WIDE, HIGH = 20, 32  # the box that a digit is stretched to
SLENDER = 2  # a 1 drawn as one straight line is stretched no more than this across, for one down
INK = 313  # inked points of 1,024: the training images' mean, where 9 of 10 images have 262 to 366
STEP = 0.5  # points between two places along a stroke
CENTRES = np.stack(np.meshgrid(*2 * [np.arange(PAPER) + 0.5]), axis=-1).reshape(-1, 2)  # (1024, 2), (x, y)


def image_of_strokes(strokes: Sequence) -> Array:
    """The image x (64,) in [0, 1] of what is drawn: the counts in blocks of 4 x 4 over 16; no strokes, all 0.

    Each stroke is (n, 2) with n >= 1, the pen's way in pairs (x, y) from 0 to 32. Raises `TypeError` or
    `ValueError` for anything else.

    >>> image_of_strokes([[(16, 4), (16, 28)]]).shape
    (64,)
    """
    counts = _count_blocks(_bitmap_of(on_paper("strokes", strokes)))
    return jnp.asarray(counts.ravel() / BLOCK**2, jnp.float32)


def _bitmap_of(strokes: Sequence) -> np.ndarray:
    """The strokes as a bitmap (32, 32) of bool, row 0 on top, normalised as the data's; no strokes, no ink.

    Each stroke is (n, 2) with n >= 1. The pen is as thick as it takes to ink 313 points: the data's strokes
    were thickened and thinned to much the same ink, whatever the digit.
    """
    if not len(strokes):
        return np.zeros((PAPER, PAPER), bool)
    way = _stretched(strokes)
    pen = 5.0
    for _ in range(6):  # the thicker the pen, the shorter its way in the box; this settles fast
        nearest = _distances(_upright(way, pen))
        pen = 2 * np.partition(nearest, INK - 1)[INK - 1]
    bitmap = np.zeros(PAPER**2, bool)
    bitmap[np.argsort(nearest, kind="stable")[:INK]] = True
    return bitmap.reshape(PAPER, PAPER)


def _count_blocks(bitmap: np.ndarray) -> np.ndarray:
    """How many points are inked in each block of 4 x 4, as (8, 8) whole numbers from 0 to 16.

    >>> _count_blocks(np.ones((32, 32), bool)).max()
    np.int64(16)
    """
    bitmap = numbers("bitmap", bitmap, (PAPER, PAPER))
    if not np.isin(bitmap, (0, 1)).all():
        raise ValueError(f"`bitmap` must hold 0 and 1 only, got {bitmap.min():.3g} to {bitmap.max():.3g}")
    return bitmap.reshape(SIDE, BLOCK, SIDE, BLOCK).sum(axis=(1, 3)).astype(int)


def _stretched(strokes):
    """Places along all strokes, (P, 2), in the box from 0 to 1 down and from 0 to at most 1 across."""
    strokes = [np.asarray(stroke, float) for stroke in strokes]
    low = np.min([stroke.min(axis=0) for stroke in strokes], axis=0)
    width, height = np.max([stroke.max(axis=0) for stroke in strokes], axis=0) - low
    box = np.array([max(width, height * WIDE / HIGH / SLENDER), max(height, width / SLENDER), 1e-6])
    scale = 1 / np.maximum(box[:2], box[2])
    return np.concatenate([_walked((stroke - low) * scale) for stroke in strokes])


def _walked(stroke):
    """The stroke with places at even distances along it, about half a point apart."""
    lengths = np.hypot(*(np.diff(stroke, axis=0) * [WIDE, HIGH]).T)
    passed = np.concatenate([[0], np.cumsum(lengths)])
    at = np.linspace(0, passed[-1], int(passed[-1] / STEP) + 2)
    return np.stack([np.interp(at, passed, stroke[:, axis]) for axis in range(2)], axis=1)


def _upright(way, pen):
    """The way in points of the paper: its ink fills the box when the pen is this thick; slant taken out."""
    x, y = (way * np.maximum([WIDE - pen, HIGH - pen], 0)).T
    if np.ptp(y) > 0:
        top, bottom = (x[np.abs(y - end) <= 1].min() for end in (y.min(), y.max()))
        x = x + (bottom - top) * (y.max() - y) / np.ptp(y)
    middle = np.array([(x.min() + x.max()) / 2, (y.min() + y.max()) / 2])
    return np.stack([x, y], axis=1) - middle + PAPER / 2


def _distances(way):
    """From each of the 1,024 points to the pen's way."""
    squared = (CENTRES**2).sum(1)[:, None] + (way**2).sum(1) - 2 * CENTRES @ way.T
    return np.sqrt(np.maximum(squared.min(axis=1), 0))
