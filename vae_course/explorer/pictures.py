"""Small pictures as PNG bytes, made by numpy and pillow alone.

JupyterLab runs a widget's callbacks on another thread, where matplotlib breaks; these functions do not,
and one takes less than a millisecond. Arrays may be JAX's or numpy's.
"""

import io
import math
from collections.abc import Sequence

import matplotlib
import numpy as np
from jax.typing import ArrayLike
from matplotlib import colormaps
from PIL import Image, ImageDraw, ImageFont

from vae_course.arguments import named

GAP = 200  # the grey between two images of a row: neither ink nor paper
CIVIDIS = colormaps["cividis"](np.arange(256), bytes=True)[:, :3].tobytes()  # a palette: 256 times R, G, B
FONT = ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", 14)  # knows Greek
INK, LINE, SPACE = 34, 22, 10  # of a caption: its grey, its height, and the free space around a row


def image_png(image: ArrayLike, scale: int = 32) -> bytes:
    """One image as a PNG, each pixel a square of `scale` screen pixels; 0 is white paper, 1 is black ink.

    `image` is (rows, columns), or flat (d,) with d a square number. Values outside [0, 1] are clipped.
    Raises `ValueError` for another shape, or values that are not finite.

    >>> image_png(np.zeros((8, 8)))[1:4]
    b'PNG'
    """
    return _png(Image.fromarray(_enlarged(_grid(image), scale)))


def row_png(images: Sequence[ArrayLike], scale: int = 16) -> bytes:
    """Several images of one shape side by side, with thin grey gaps. Each is as `image_png` takes it."""
    return _png(Image.fromarray(_row(images, scale)))


def rows_png(rows: dict[str, Sequence[ArrayLike]], scale: int = 8) -> bytes:
    """Rows of images, one below the other, each under its caption: {caption: images as in `row_png`}.

    A grey line goes around each row, and rows may differ in length. Raises `TypeError` without a row.
    """
    strips = {
        caption: np.pad(_row(row, scale), 1, constant_values=GAP)
        for caption, row in named("rows", rows).items()
    }
    width = max(max(strip.shape[1], round(FONT.getlength(caption))) for caption, strip in strips.items())
    height = sum(LINE + len(strip) + SPACE for strip in strips.values())
    picture, top = Image.new("L", (width + 2 * SPACE, height + SPACE), 255), SPACE
    for caption, strip in strips.items():
        ImageDraw.Draw(picture).text((SPACE, top), caption, font=FONT, fill=INK)
        picture.paste(Image.fromarray(strip), (SPACE, top + LINE))
        top += LINE + len(strip) + SPACE
    return _png(picture)


def heat_png(values: np.ndarray) -> bytes:
    """Finite `values` (rows, columns) in the colours of cividis, lowest value dark; row 0 at the BOTTOM."""
    low, high = values.min(), values.max()
    shades = (values - low) / (high - low if high > low else 1)
    picture = Image.fromarray((255 * shades[::-1]).round().astype(np.uint8)).convert("P")
    picture.putpalette(CIVIDIS)
    return _png(picture)


def _grid(image: ArrayLike) -> np.ndarray:
    array = np.asarray(image, dtype=np.float32)
    side = math.isqrt(array.size)
    if array.ndim == 1 and array.size == side**2:
        array = array.reshape(side, side)  # (rows, columns)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"`image` must be (rows, columns), or flat with a square number, got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("`image` must hold finite numbers, got NaN or infinity")
    return array


def _row(images, scale):
    grids = [_enlarged(_grid(image), scale) for image in images]
    if not grids or len({grid.shape for grid in grids}) != 1:
        shapes = [grid.shape for grid in grids]
        raise ValueError(f"`images` must be at least one image, all of one shape, got shapes {shapes}")
    gap = np.full((len(grids[0]), max(2, scale // 4)), GAP, dtype=np.uint8)
    return np.concatenate([part for grid in grids for part in (gap, grid)][1:], axis=1)


def _enlarged(grid: np.ndarray, scale: int) -> np.ndarray:
    grey = (255 * (1 - grid.clip(0, 1))).round().astype(np.uint8)
    return grey.repeat(scale, axis=0).repeat(scale, axis=1)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="png")
    return buffer.getvalue()
