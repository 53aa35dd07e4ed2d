"""Where an `ImageExplorer` takes its image x from: a slider through given images, or a pad to draw on.

Both have a `widget`, the name of the `trait` that changes with x, and `picked()`, which is None without x.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from ipywidgets import IntSlider
from jax import Array

from vae_course.arguments import numbers
from vae_course.data import SIDE
from vae_course.explorer.ink import bitmap_of, count_blocks
from vae_course.explorer.pad import DigitPad


class Picked(NamedTuple):
    """The image x (64,), what tells it from others, its name in words, and {caption: image} to be shown."""

    x: Array
    key: object
    name: str
    pictures: dict


class Rows:
    """A slider through the rows of X (N, 64)."""

    trait = "value"

    def __init__(self, X, labels, image):
        self._X, self._labels = numbers("X", X, (len(labels), SIDE**2)).astype(np.float32), labels
        if len(self._X) < 2 or not (self._X.min() >= 0 and self._X.max() <= 1):
            raise ValueError(
                f"`X` must be at least 2 images with ink from 0 to 1, got {len(self._X)} "
                f"with {self._X.min():.3g} to {self._X.max():.3g}"
            )
        if image not in range(len(self._X)):
            raise ValueError(f"`image` must be a number from 0 to {len(self._X) - 1}, got {image!r}")
        self.widget = IntSlider(value=image, max=len(self._X) - 1, description="image number")

    def picked(self):
        """The image that the slider stands at."""
        i = self.widget.value
        x, label = jnp.asarray(self._X[i]), self._labels[i]
        return Picked(x, i, f"image {i}", {f"x, image {i}: a{'n' * (label == 8)} {label}": x})


class Paper:
    """A pad to draw on."""

    trait = "strokes"

    def __init__(self, pad: DigitPad):
        self.widget = pad

    def picked(self):
        """The image of what is drawn, None when nothing is."""
        strokes = self.widget.strokes
        if not strokes:
            return None
        bitmap = bitmap_of(strokes)
        x = jnp.asarray(count_blocks(bitmap).ravel() / 16, jnp.float32)
        pictures = {"your digit in 32 x 32 points": bitmap, "x, the ink in each block of 4 x 4": x}
        return Picked(x, strokes, "your digit", pictures)
