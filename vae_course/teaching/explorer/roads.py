"""Two instruments made of rows of images: two roads from one digit to another, and a choice of models."""

from collections.abc import Callable, Mapping, Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from ipywidgets import Dropdown, FloatSlider, SelectionSlider
from jax.typing import ArrayLike

from vae_course.samples import nearest_to_each, two_roads
from vae_course.teaching.explorer.instrument import Instrument
from vae_course.teaching.pictures import rows_png

STOPS = 9  # images along a road
CAPTIONS = ("a blend of the pixels", "a walk on the plane")


def roads_between_digits(
    decoder: Callable, X: ArrayLike, labels: ArrayLike, Z: ArrayLike, *, first: int = 0, second: int = 1
) -> Instrument:
    """Choose two digits, and how far to go: the images along both roads, and what the last is nearest to.

    `X` (N, 64) are the training images, `labels` (N,) their digits and `Z` (N, 2) their codes. Each digit
    is the first of its kind; `first` and `second` are chosen at the start.
    """
    classes, first_of = np.unique(labels, return_index=True)
    number_of = dict(zip(classes.tolist(), first_of.tolist(), strict=True))

    def draw(first, second, how_far):
        a, b = number_of[first], number_of[second]
        t = jnp.linspace(0.0, how_far, STOPS)
        roads = _two_roads(decoder, X[a], X[b], Z[a], Z[b], t)
        which, (by_pixels, by_plane) = nearest_to_each(jnp.stack([road[-1] for road in roads]), X)
        blended, walked = np.asarray(labels)[np.asarray(which)]
        return rows_png(dict(zip(CAPTIONS, roads, strict=True)), scale=8), (
            f"At the end of the blend the nearest training image shows {blended}, at squared distance "
            f"{by_pixels:.1f}; at the end of the walk it shows {walked}, at {by_plane:.1f}."
        )

    return Instrument(
        draw,
        title="Two roads from one digit to another",
        alt=f"Two rows of {STOPS} images. Above, one digit fades into another. Below, nearly each image is a"
        " digit.",
        first=Dropdown(options=list(number_of), value=first, description="first digit"),
        second=Dropdown(options=list(number_of), value=second, description="second digit"),
        how_far=FloatSlider(value=1.0, min=0, max=1, step=0.05, description="how far"),
    )


def choice_of_rows(
    choices: Mapping[str, tuple[Mapping[str, Sequence], str]],
    *,
    name: str,
    title: str,
    alt: str,
    start: int = 0,
) -> Instrument:
    """A slider over {setting: ({caption: images}, sentence)}: the rows of images and the words of each.

    `name` is written beside the slider, which starts at setting number `start`.
    """
    return Instrument(
        lambda setting: (rows_png(choices[setting][0], scale=6), choices[setting][1]),
        title=title,
        alt=alt,
        setting=SelectionSlider(options=list(choices), value=list(choices)[start], description=name),
    )


_two_roads = eqx.filter_jit(two_roads)
