"""The course's colours, and small pictures as PNG bytes, made by numpy and pillow alone.

JupyterLab runs a widget's callbacks on another thread, where matplotlib breaks; these functions do not,
and one takes less than a millisecond. Arrays may be JAX's or numpy's.
"""

import base64
import html
import io
from functools import cache

import numpy as np
from PIL import Image

from vae_course.teaching.arguments import text

# Okabe and Ito's colours, told apart by colour-blind readers; one role each. The handle is the reader's.
DATA, PRIOR, EXACT, APPROXIMATION, HANDLE = "#000000", "#7F7F7F", "#0072B2", "#D55E00", "#C8005F"
# Ten for the classes, dark enough to read as text on white; a class is always written as its digit, too.
DIGITS = (
    *(DATA, EXACT, APPROXIMATION, "#007A5A", "#A14A80"),
    *("#8A6D00", "#4B8FBF", "#7F3B08", "#6A3FA0", PRIOR),
)
HEAT = "cividis"  # the one map of all heat pictures
COLOURS = 256  # of a stored picture
GAP = 200  # the grey between two images of a row: neither ink nor paper
INK, LINE, SPACE = 34, 22, 10  # of a caption: its grey, its height, and the free space around a row


def small_png(png: bytes) -> bytes:
    """The same picture in at most 256 colours, less than half the size."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    return _png(picture.quantize(COLOURS, dither=Image.Dither.NONE), optimize=True)


def img_tag(png: bytes, alt: str) -> str:
    """The HTML of a picture with its alternative text: JupyterLab gives a bare image/png none."""
    text("alt", alt)
    source = base64.b64encode(png).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{source}">'


@cache
def heat_colours() -> bytes:
    """The colours of heat pictures from low to high: 256 times red, green, blue."""
    from matplotlib import colormaps  # here, because it takes a while to import

    return colormaps[HEAT](np.arange(256), bytes=True)[:, :3].tobytes()


def _png(picture: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="png", **options)
    return buffer.getvalue()
