"""The course's colours, and small pictures as PNG bytes, made by numpy and pillow alone.

JupyterLab runs a widget's callbacks on another thread, where matplotlib breaks; these functions do not,
and one takes less than a millisecond. Arrays may be JAX's or numpy's.
"""

import base64
import html
import io
from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageColor

from vae_course.teaching.arguments import text

# Okabe and Ito's colours, told apart by colour-blind readers; one role each. The handle is the reader's.
DATA, PRIOR, EXACT, APPROXIMATION, HANDLE = "#000000", "#7F7F7F", "#0072B2", "#D55E00", "#C8005F"
GREEN = "#007A5A"  # what is right
TICK = f'<b style="color: {GREEN}">\N{HEAVY CHECK MARK}</b>'  # what is right, in the HTML of a cell
# Ten for the classes, dark enough to read as text on white; a class is always written as its digit, too.
DIGITS = (
    *(DATA, EXACT, APPROXIMATION, GREEN, "#A14A80"),
    *("#8A6D00", "#4B8FBF", "#7F3B08", "#6A3FA0", PRIOR),
)
HEAT = "cividis"  # the one map of all heat pictures
COLOURS = 112  # of a stored picture, at most
FEW = 32  # are enough for lines, words and digits
GREYS = np.repeat(np.arange(0, 256, 15, np.uint8)[:, None], 3, axis=1)  # (18, 3), of digits beside heat
ROLES = np.array([ImageColor.getrgb(role) for role in (*DIGITS, HANDLE, "#FFFFFF")], np.uint8)
# A veil over the picture turns its paper, words and lines dark; it has a hole where digits and heat are.
DARK = (
    ".vae-picture {position: relative; display: inline-block; max-width: 100%} "
    ".vae-picture img {display: block; max-width: 100%; height: auto} "
    "[data-jp-theme-light=false] .vae-picture i "
    "{position: absolute; inset: 0; backdrop-filter: invert(0.93) hue-rotate(180deg)} "
    "[data-jp-theme-light=false] .vae-picture::after "  # else half a pixel of white is left at its edge
    '{content: ""; position: absolute; inset: 0; outline: 2px solid var(--jp-layout-color0);'
    " outline-offset: -1px}"
)
GAP = 200  # the grey between two images of a row: neither ink nor paper
INK, LINE, SPACE = 34, 22, 10  # of a caption: its grey, its height, and the free space around a row


def small_png(png: bytes, *, colours: int = COLOURS) -> bytes:
    """The same picture in few colours, a third of its size; roles and large areas keep theirs exactly.

    With more than `FEW` colours, what is grey stays grey.
    """
    picture = Image.open(io.BytesIO(png))
    if picture.mode == "P":
        return png
    pixels = np.asarray(picture.convert("RGB"))
    # A number for each colour, because np.unique takes ten times as long for rows.
    red, green, blue = pixels.reshape(-1, 3).astype(np.int32).T
    numbers, place, counts = np.unique(red << 16 | green << 8 | blue, return_inverse=True, return_counts=True)
    seen = np.stack([numbers >> 16, numbers >> 8 & 255, numbers & 255], axis=1)
    palette = seen
    if len(seen) > colours:
        heat = np.frombuffer(heat_colours(), np.uint8).reshape(-1, 3)[::4]  # steps that no eye sees
        always = np.concatenate([ROLES, heat if colours > FEW else ROLES])
        kept = (seen[:, None] == always).all(2).any(1)
        kept[np.argsort(-counts)[: colours // 8]] = True
        greys = GREYS if colours > FEW else GREYS[:0]
        left = colours - kept.sum() - len(greys)
        thinned = Image.fromarray(pixels[::2, ::2])  # a quarter of the time
        others = thinned.quantize(left, Image.Quantize.MAXCOVERAGE, kmeans=2)
        palette = np.concatenate([seen[kept], greys, np.reshape(others.getpalette(), (-1, 3))])
        parts = np.array_split(seen, len(seen) // 4096 + 1)
        place = np.concatenate([_nearest(part, palette, greys.size) for part in parts])[place]
    small = Image.fromarray(place.reshape(pixels.shape[:2]).astype(np.uint8))
    small.putpalette(palette.astype(np.uint8).tobytes())
    return _png(small, optimize=True)


def _nearest(colours, palette, grey_stays_grey):
    """For each colour the number of the nearest one in the palette."""
    apart = ((colours[:, None].astype(int) - palette.astype(int)) ** 2).sum(-1)
    if grey_stays_grey:
        tinted = [np.ptp(which.astype(int), axis=1) > 0 for which in (colours, palette)]
        apart += 10**6 * (~tinted[0][:, None] & tinted[1])
    return apart.argmin(1)


def img_tag(png: bytes, alt: str, *, paper: Sequence[Sequence[float]] = (), sharpness: float = 2) -> str:
    """The HTML of a picture with its alternative text: JupyterLab gives a bare image/png none.

    It has `sharpness` pixels for one of the browser's, and shrinks where there is less room. In JupyterLab's
    dark theme it is dark, with all hues kept, but for the rectangles `paper`: (left, top, right, bottom) as
    shares of its width and height, where digits and heat pictures are. GitHub drops all that and shows it
    as it is.
    """
    text("alt", alt)
    source = base64.b64encode(png).decode()
    width = round(Image.open(io.BytesIO(png)).width / sharpness)
    image = f'<img alt="{html.escape(alt)}" width="{width}" src="data:image/png;base64,{source}">'
    corners = ["-1% -1%, 101% -1%, 101% 101%, -1% 101%, -1% -1%"]
    for rectangle in paper:
        left, top, right, bottom = (f"{100 * share:.1f}%" for share in rectangle)
        around = f"{left} {top}, {right} {top}, {right} {bottom}, {left} {bottom}, {left} {top}"
        corners.append(f"{around}, -1% -1%")
    dark = f'<i style="clip-path: polygon(evenodd, {", ".join(corners)})"></i>'
    return f'<div class="vae-picture"><style>{DARK}</style>{image}{dark}</div>'


@cache
def heat_colours() -> bytes:
    """The colours of heat pictures from low to high: 256 times red, green, blue."""
    from matplotlib import colormaps  # here, because it takes a while to import

    return colormaps[HEAT](np.arange(256), bytes=True)[:, :3].tobytes()


def _png(picture: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="png", **options)
    return buffer.getvalue()
