"""`DigitPad`: paper to write a digit on, and the 8 x 8 image that the data set would have of it."""

import anywidget
import jax.numpy as jnp
import numpy as np
from jax import Array
from traitlets import Int, TraitType

from vae_course.teaching.arguments import numbers
from vae_course.teaching.explorer.ink import PAPER, bitmap_of, count_blocks
from vae_course.teaching.explorer.page import STATIC, css
from vae_course.teaching.pictures import image_png, img_tag


class Strokes(TraitType):
    """A tuple of strokes, each a tuple of pairs (x, y) on the paper."""

    def validate(self, obj, value):
        """The strokes, from anything that holds arrays of shape (n, 2), n >= 1, from 0 to 32."""
        if isinstance(value, str | bytes) or not hasattr(value, "__len__"):
            raise TypeError(f"`{self.name}` must be a list of strokes, got {type(value).__name__}")
        strokes = [numbers(f"{self.name}[{i}]", stroke, (None, 2)) for i, stroke in enumerate(value)]
        for i, stroke in enumerate(strokes):
            if not (stroke.min() >= 0 and stroke.max() <= PAPER):
                raise ValueError(
                    f"`{self.name}[{i}]` must lie on the paper, from 0 to {PAPER}, "
                    f"got {stroke.min():.3g} to {stroke.max():.3g}"
                )
        return tuple(tuple(map(tuple, stroke.tolist())) for stroke in strokes)


def image_of(bitmap: np.ndarray) -> Array:
    """The image x (64,) that a bitmap is counted into."""
    return jnp.asarray(count_blocks(bitmap).ravel() / 16, jnp.float32)


class DigitPad(anywidget.AnyWidget):
    """Paper of 32 x 32 to draw one digit on, with the mouse, a finger, a pen or the keyboard.

    `pad.strokes` holds what is drawn, in both directions: read it in any cell, assign to it to draw, or
    `pad.observe(function, "strokes")`. It is a sequence of strokes, each (n, 2) with n >= 1: the pen's way
    in pairs (x, y), x to the right and y DOWN, from 0 to 32. Raises `TypeError` or `ValueError` for what is
    none. While the reader draws, Python hears of it at most ten times a second, and at the end of a stroke.

    >>> pad = DigitPad()
    >>> pad.empty, float(pad.image.max())
    (True, 0.0)
    >>> pad.strokes = [[(16, 4), (16, 28)]]
    >>> pad.empty, pad.image.shape, int(pad.bitmap.sum())
    (False, (64,), 313)
    """

    _esm = STATIC / "pad.js"
    _css = css("pad.css")

    THREE = (  # our own, to begin with something on the paper
        (
            *((10.0, 7.0), (12.5, 5.0), (16.0, 4.5), (19.5, 5.5), (21.0, 8.5), (20.0, 12.0), (17.5, 14.0)),
            *((14.5, 15.0), (18.5, 16.0), (21.5, 18.5), (22.0, 22.0), (20.0, 25.5), (16.5, 27.5)),
            *((12.5, 27.0), (9.5, 24.5)),
        ),
    )

    strokes = Strokes(()).tag(sync=True)
    _paper = Int(PAPER).tag(sync=True)

    @property
    def empty(self) -> bool:
        """Whether nothing is drawn."""
        return not self.strokes

    @property
    def bitmap(self) -> np.ndarray:
        """The drawing as the data set's first step: 32 x 32 points of ink or paper. See `ink.bitmap_of`."""
        return bitmap_of(self.strokes)

    @property
    def image(self) -> Array:
        """The image x (64,) in [0, 1], the counts in blocks of 4 x 4 over 16; all 0 when nothing is drawn."""
        return image_of(self.bitmap)

    def __repr__(self):
        return f"DigitPad: draw a digit on {PAPER} x {PAPER} points"

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        drawn = "The digit that was drawn, in 32 x 32 points."
        alt = "Paper with nothing drawn yet." if self.empty else drawn
        return {**data, "text/html": img_tag(image_png(self.bitmap, 8), alt)}, metadata
