"""`TwoRoads`: from one digit to another through pixels, and on the latent plane."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from matplotlib.figure import Figure
from traitlets import Bytes, Dict, Float, Int, List, TraitType, validate

from vae_course.data import SIDE, blend
from vae_course.models import Decoder, GaussianDecoder, LinearDecoder, apply
from vae_course.samples import nearest_to_each
from vae_course.teaching.arguments import numbers
from vae_course.teaching.explorer.instrument import Instrument, bundle, css, floats, network
from vae_course.teaching.explorer.plane import digits_of, images_of, square_around

STOPS = np.linspace(0, 1, 9)  # the t of the images of a strip
NAMES = ("Blend of the pixels", "Walk on the plane")


class Share(TraitType):
    """A float from 0 to 1."""

    def validate(self, obj, value):
        """The float, from anything that is one: a number of Python, numpy or JAX."""
        value = float(numbers(self.name, value, ()))
        if not 0 <= value <= 1:
            raise ValueError(f"`{self.name}` must be from 0 to 1, got {value:g}")
        return value


class TwoRoads(Instrument):
    """Two roads from one digit to another: a blend of the pixels, and a walk on the latent plane.

    `X` (N, 64) are the training images, ink from 0 to 1, and `labels` (N,) their digits; a digit's image is
    the first of its kind. At t the blend is (1 - t) x_a + t x_b; the walk is what the decoder draws at
    (1 - t) z_a + t z_b. Each road is a strip of nine images, with the image at t beside it; a sentence says
    which training image is nearest, and its squared distance, summed over the pixels.

    `decoder` has two latents and 64 pixels, and `codes` (N, 2) are the images' places on its plane. Without
    both there is only the blend. Images of a strip whose squared distance is above `limit` are bad, and
    framed. `first`, `second` and `t`, from 0 to 1, are what the reader sets, in both directions. Raises
    `TypeError` or `ValueError`, naming the argument that does not fit.
    """

    _esm = bundle("roads")
    _css = css("roads")

    t = Share(0.5).tag(sync=True)
    first = Int(0).tag(sync=True)
    second = Int(1).tag(sync=True)
    _images = Bytes().tag(sync=True)  # float32, image after image
    _labels = Bytes().tag(sync=True)  # uint8
    _decoder = Dict(None, allow_none=True).tag(sync=True)
    _codes = Bytes().tag(sync=True)  # float32: z1, z2, z1, z2, ...
    _extent = List().tag(sync=True)
    _limit = Float(None, allow_none=True).tag(sync=True)  # None: no frames

    def __init__(
        self,
        X: ArrayLike,
        labels: ArrayLike,
        decoder: Decoder | LinearDecoder | GaussianDecoder | None = None,
        codes: ArrayLike | None = None,
        *,
        first: int = 0,
        second: int = 1,
        t: float = 0.5,
        limit: float | None = None,
        title: str = "From one digit to another",
    ):
        X = images_of("X", X)
        labels = digits_of("labels", labels, len(X))
        if (decoder is None) != (codes is None):
            missing, given = ("decoder", "codes") if decoder is None else ("codes", "decoder")
            raise ValueError(f"`{missing}` must be given with `{given}`, or neither of them, got None")
        sent = {"_decoder": None}
        if decoder is not None:
            plain = decoder.decoder if isinstance(decoder, GaussianDecoder) else decoder
            codes = numbers("codes", codes, (len(X), 2))
            sent = {
                "_decoder": network("decoder", plain, Decoder, LinearDecoder),
                "_codes": floats(codes),
                "_extent": square_around(codes),
            }
        self._X, self._Z, self._draws = jnp.asarray(X), codes, decoder
        super().__init__(
            title=title,
            alt="Images on the way from one digit to another, and the nearest training image to each",
            first=_digit("first", first, labels),
            second=_digit("second", second, labels),
            t=t,
            _limit=None if limit is None else float(numbers("limit", limit, ())),
            _labels=labels.tobytes(),
            _images=floats(X),
            **sent,
        )

    @validate("first", "second")
    def _check_digit(self, proposal):
        return _digit(proposal["trait"].name, proposal["value"], self._labels)

    def _roads(self):
        """{name: (images at the stops (9, 64), squared distances to the nearest training image (9,))}."""
        a, b = self._labels.index(self.first), self._labels.index(self.second)
        t = jnp.asarray(STOPS, float)
        strips = [jax.vmap(blend, (None, None, 0))(self._X[a], self._X[b], t)]
        if self._draws is not None:
            way = jnp.asarray(np.outer(1 - STOPS, self._Z[a]) + np.outer(STOPS, self._Z[b]), float)
            strips.append(apply(self._draws, way))
        return {
            name: (np.asarray(strip), np.asarray(nearest_to_each(strip, self._X)[1]))
            for name, strip in zip(NAMES, strips, strict=False)
        }

    def _figure(self) -> Figure:
        from vae_course.teaching.figures import draw_digit, frame  # imports pyplot

        roads = self._roads()
        figure = Figure(figsize=(7, 1.1 * len(roads)), layout="constrained")
        axes = figure.subplots(len(roads), squeeze=False)[:, 0]
        for ax, (name, (strip, distances)) in zip(axes, roads.items(), strict=True):
            for column, image in enumerate(strip):
                draw_digit(ax, image, column=column)
                if self._limit is not None and distances[column] > self._limit:
                    frame(ax, column=column)
            middles = (SIDE + 1) * np.arange(len(STOPS)) + SIDE / 2
            ax.set_xticks(middles, [f"{distance:.1f}" for distance in distances])
            ax.set_title(name, loc="left")
            below = {"ha": "right", "va": "top", "fontsize": 8}
            ax.text(-2, SIDE, "squared distance to the\nnearest training image", **below)
        return figure


def _digit(name, value, labels):
    """The digit, if there is an image of it."""
    if value not in (there := sorted(set(labels))):
        raise ValueError(f"`{name}` must be among `labels`, {[int(label) for label in there]}, got {value!r}")
    return int(value)
