"""The course's colours, and small pictures as PNG bytes, made by numpy and pillow alone.

JupyterLab runs a widget's callbacks on another thread, where matplotlib breaks; these functions do not,
and one takes less than a millisecond. Arrays may be JAX's or numpy's.
"""

import base64
import html
import io
import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from jax.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFont

from vae_course.teaching.arguments import named, text

# Okabe and Ito's colours, told apart by colour-blind readers; one role each. The handle is the reader's.
DATA, PRIOR, EXACT, APPROXIMATION, HANDLE = "#000000", "#7F7F7F", "#0072B2", "#D55E00", "#C8005F"
# Ten for the classes, dark enough to read as text on white; a class is always written as its digit, too.
DIGITS = (
    *(DATA, EXACT, APPROXIMATION, "#007A5A", "#A14A80"),
    *("#8A6D00", "#4B8FBF", "#7F3B08", "#6A3FA0", PRIOR),
)
COLOURS = 256  # of a stored picture
GAP = 200  # the grey between two images of a row: neither ink nor paper
INK, LINE, SPACE = 34, 22, 10  # of a caption: its grey, its height, and the free space around a row


def image_png(image: ArrayLike, scale: int = 32) -> bytes:
    """One image as a PNG, each pixel a square of `scale` screen pixels; 0 is white paper, 1 is black ink.

    `image` is (rows, columns), or flat (d,) with d a square number. Values outside [0, 1] are clipped.
    Raises `ValueError` for another shape, or values that are not finite.

    >>> image_png(np.zeros((8, 8)))[1:4]
    b'PNG'
    """
    return _png(Image.fromarray(_enlarged(image, scale)))


def row_png(images: Sequence[ArrayLike], scale: int = 16) -> bytes:
    """Several images of one shape side by side, with thin grey gaps. Each is as `image_png` takes it."""
    return _png(Image.fromarray(_row(images, scale)))


def rows_png(rows: dict[str, Sequence[ArrayLike]], scale: int = 8) -> bytes:
    """Rows of images, one below the other, each under its caption: {caption: images as in `row_png`}.

    A grey line goes around each row, and rows may differ in length. Raises `TypeError` without a row.
    """
    rows = named("rows", rows).items()
    strips = {caption: np.pad(_row(row, scale), 1, constant_values=GAP) for caption, row in rows}
    width = max(max(strip.shape[1], round(_font().getlength(caption))) for caption, strip in strips.items())
    height = sum(LINE + len(strip) + SPACE for strip in strips.values())
    picture, top = Image.new("L", (width + 2 * SPACE, height + SPACE), 255), SPACE
    for caption, strip in strips.items():
        ImageDraw.Draw(picture).text((SPACE, top), caption, font=_font(), fill=INK)
        picture.paste(Image.fromarray(strip), (SPACE, top + LINE))
        top += LINE + len(strip) + SPACE
    return _png(picture)


def heat_png(values: np.ndarray) -> bytes:
    """Finite `values` (rows, columns) in the colours of cividis, lowest value dark; row 0 at the BOTTOM."""
    low, high = values.min(), values.max()
    shades = (values - low) / (high - low if high > low else 1)
    picture = Image.fromarray((255 * shades[::-1]).round().astype(np.uint8)).convert("P")
    picture.putpalette(_cividis())
    return _png(picture)


def small_png(png: bytes) -> bytes:
    """The same picture in at most 256 colours, less than half the size."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    return _png(picture.quantize(COLOURS, dither=Image.Dither.NONE), optimize=True)


def img_tag(png: bytes, alt: str) -> str:
    """The HTML of a picture with its alternative text: JupyterLab gives a bare image/png none."""
    text("alt", alt)
    source = base64.b64encode(png).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{source}">'


def scale_colours() -> list[str]:
    """Six colours of a heat picture, at even steps from low to high, for the scale beside it."""
    return [f"#{_cividis()[3 * i : 3 * i + 3].hex()}" for i in range(0, 256, 51)]


@cache  # not before it is needed: to import matplotlib takes a while
def _cividis():
    from matplotlib import colormaps

    return colormaps["cividis"](np.arange(256), bytes=True)[:, :3].tobytes()  # 256 times R, G, B


@cache
def _font():
    from matplotlib import get_data_path

    return ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf", 14)  # knows Greek


def _enlarged(image: ArrayLike, scale: int) -> np.ndarray:
    array = np.asarray(image, dtype=np.float32)
    side = math.isqrt(array.size)
    if array.ndim == 1 and array.size == side**2:
        array = array.reshape(side, side)  # (rows, columns)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"`image` must be (rows, columns), or flat with a square number, got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("`image` must hold finite numbers, got NaN or infinity")
    grey = (255 * (1 - array.clip(0, 1))).round().astype(np.uint8)
    return grey.repeat(scale, axis=0).repeat(scale, axis=1)


def _row(images, scale):
    grids = [_enlarged(image, scale) for image in images]
    if not grids or len({grid.shape for grid in grids}) != 1:
        shapes = [tuple(n // scale for n in grid.shape) for grid in grids]
        raise ValueError(f"`images` must be at least one image, all of one shape, got shapes {shapes}")
    gap = np.full((len(grids[0]), max(2, scale // 4)), GAP, dtype=np.uint8)
    return np.concatenate([part for grid in grids for part in (gap, grid)][1:], axis=1)


def _png(picture: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="png", **options)
    return buffer.getvalue()
