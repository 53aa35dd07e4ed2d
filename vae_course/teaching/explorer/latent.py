"""`LatentExplorer`: drag z over the latent plane and watch the decoder draw the image that z stands for.

The decoder's weights are sent to the browser once and its network runs there (explorer.js), so that
dragging asks nothing of Python; Python hears of z, and may answer with a new background.
"""

import anywidget
import numpy as np
from jax.typing import ArrayLike
from traitlets import Bytes, Dict, List, TraitType, Unicode, observe

from vae_course.data import SIDE
from vae_course.models import Decoder, LinearDecoder
from vae_course.teaching.arguments import numbers, text
from vae_course.teaching.explorer.page import STATIC, css
from vae_course.teaching.pictures import APPROXIMATION, DIGITS, heat_png, img_tag, scale_colours

DOT = 0.03  # the area of a sample without a weight


class Point(TraitType):
    """A pair of finite floats."""

    def validate(self, obj, value):
        """The pair as a tuple, from anything that is one: a tuple, a list, a numpy or JAX array."""
        return tuple(numbers(self.name, value, (2,)).tolist())


class LatentExplorer(anywidget.AnyWidget):
    """The latent plane with a handle to drag, two sliders, and the decoded image; keyboards work, too.

    `decoder` is a `Decoder` or a `LinearDecoder` with two latents, `Z` (N, 2) the codes of N images and
    `labels` (N,) their digits. `z` is where the handle starts, the first code unless given. `background`,
    `gaussian` and `samples` are the arguments of `show_background`, `show_gaussian` and `show_samples`, as
    tuples. The plane is a square around all but the samples; `show_plane` draws another part of it.
    Raises `TypeError` or `ValueError`, naming the argument that does not fit.

    `explorer.z` is the pair (z1, z2) under the handle, in both directions: read it in any cell, assign to
    it to move the handle, or `explorer.observe(function, "z")`. Such a function runs on another thread:
    it may use JAX, numpy and pillow, but not matplotlib. A z outside the plane is allowed; its image is
    drawn and the handle waits at the edge.
    """

    _esm = STATIC / "explorer.js"
    _css = css("explorer.css")

    z = Point((0.0, 0.0)).tag(sync=True)
    _weights = Bytes().tag(sync=True)  # float32: W row by row, then b, layer after layer
    _sizes = List().tag(sync=True)  # units of each layer, latents first
    _activations = List().tag(sync=True)  # one name a layer
    _codes = Bytes().tag(sync=True)  # float32: z1, z2, z1, z2, ...
    _labels = Bytes().tag(sync=True)  # uint8
    _colours = List(list(DIGITS)).tag(sync=True)
    _extent = List().tag(sync=True)  # the plane: lowest and highest z1, lowest and highest z2
    _background = Dict(None, allow_none=True).tag(sync=True)
    _gaussian = Dict(None, allow_none=True).tag(sync=True)
    _samples = Dict(None, allow_none=True).tag(sync=True)  # float32, as the codes; heaviest first
    _alt = Unicode().tag(sync=True)

    def __init__(
        self,
        decoder: Decoder | LinearDecoder,
        Z: ArrayLike,
        labels: ArrayLike,
        *,
        background: tuple | None = None,
        gaussian: tuple | None = None,
        samples: tuple | None = None,
        z: ArrayLike | None = None,
    ):
        layers, activations = _network(decoder)
        Z = numbers("Z", Z, (None, 2))
        labels = numbers("labels", labels, (len(Z),))
        if not np.isin(labels, range(10)).all():
            raise ValueError(f"`labels` must be whole numbers from 0 to 9, got {np.unique(labels)}")
        weights = [np.asarray(part, np.float32).ravel() for layer in layers for part in layer]
        super().__init__(
            z=Z[0] if z is None else z,
            _weights=np.concatenate(weights).tobytes(),
            _sizes=[2] + [len(b) for _, b in layers],
            _activations=activations,
            _codes=Z.astype(np.float32).tobytes(),
            _labels=labels.astype(np.uint8).tobytes(),
        )
        self.show_background(*background or (None,))
        self.show_gaussian(*gaussian or (None,))
        self.show_samples(*samples or (None,))
        self._decoder = decoder
        self.show_plane(None)

    def show_plane(self, extent: tuple[float, float, float, float] | None) -> None:
        """Draw this part of the plane: the smallest square around (z1_min, z1_max, z2_min, z2_max).

        None is the square around all codes, the background and the Gaussian. The sliders follow. z stays:
        if it lies outside now, the handle waits at the edge.
        """
        self._extent = self._everything() if extent is None else _square(_corners(extent)).ravel("F").tolist()

    def show_background(self, values: ArrayLike | None, extent: tuple = (), label: str = "") -> None:
        """Draw `values` as a heat picture behind the codes, or None to remove it.

        `values` is (rows, columns) and finite; row 0 is the lowest z2 and column 0 the lowest z1. `extent`
        is (z1_min, z1_max, z2_min, z2_max), the outer edges of the picture. `label` says what is shown and
        its unit. The browser keeps the old picture until the new one is ready. What lies outside the plane
        is not drawn; `show_plane` draws another part of it.
        """
        if values is None:
            self._background = None
            return
        values = numbers("values", values, (None, None))
        self._background = {
            "png": heat_png(values),
            "extent": _corners(extent).ravel("F").tolist(),
            "label": text("label", label),
            "low": float(values.min()),
            "high": float(values.max()),
            "colours": scale_colours(),
        }

    def show_gaussian(
        self, m: ArrayLike | None, s: ArrayLike = (), label: str = "", *, colour: str = APPROXIMATION
    ) -> None:
        """Draw N(m, diag s^2) as its ellipses at one and two standard deviations; None removes it.

        `m` and `s` are pairs, `s` positive; `label` is written beside the outer ellipse.
        """
        if m is None:
            self._gaussian = None
            return
        m, s = numbers("m", m, (2,)), numbers("s", s, (2,))
        if not (s > 0).all():
            raise ValueError(f"`s` must be positive standard deviations, got {s}")
        self._gaussian = {"m": m.tolist(), "s": s.tolist(), "label": text("label", label), "colour": colour}

    def show_samples(
        self, points: ArrayLike | None, weights=None, label: str = "", *, colour: str = APPROXIMATION
    ) -> None:
        """Draw points of the plane as circles whose area is proportional to their weight; None removes them.

        `points` is (S, 2) and `weights` (S,), each from 0 to 1, the largest circle. What would be too small
        to see is a tiny ring. Without weights all are dots of one size. `label` stands in a corner.
        """
        if points is None:
            self._samples = None
            return
        points = numbers("points", points, (None, 2))
        weights = np.full(len(points), DOT) if weights is None else weights
        weights = numbers("weights", weights, (len(points),))
        if not ((weights >= 0) & (weights <= 1 + 1e-5)).all():  # weights that were divided by their sum
            raise ValueError(f"`weights` must lie from 0 to 1, got {weights.min()} to {weights.max()}")
        order = np.argsort(-weights, kind="stable")  # a large circle must not hide a small one
        self._samples = {
            "points": points[order].astype(np.float32).tobytes(),
            "weights": weights[order].astype(np.float32).tobytes(),
            "label": text("label", label),
            "colour": colour,
        }

    def _everything(self) -> list[float]:
        """The smallest square around everything shown, with a little room around the codes."""
        Z = np.frombuffer(self._codes, np.float32).reshape(-1, 2).astype(float)
        low, high = _square(np.array([Z.min(0), Z.max(0)]))
        places = [low - 0.03 * (high - low), high + 0.03 * (high - low)]
        if self._background:
            places += [*_corners(self._background["extent"])]
        if self._gaussian:
            m, s = np.array(self._gaussian["m"]), np.array(self._gaussian["s"])
            places += [m - 2.2 * s, m + 2.2 * s]
        low, high = _square(np.array([np.min(places, axis=0), np.max(places, axis=0)]))
        unit = 10.0 ** np.floor(np.log10((high - low).max() / 2) - 2)  # few decimals, to be read out
        centre, half = np.round((low + high) / 2 / unit), np.ceil((high - low) / 2 / unit + 1)
        return np.round([(centre - half) * unit, (centre + half) * unit], 9).ravel("F").tolist()

    @observe("_labels", "_background", "_gaussian", "_samples")
    def _describe(self, change=None):
        shown = [f"{self._count()}, each drawn as its digit, on the latent plane"]
        shown += [f"over {self._background['label']}"] if self._background else []
        shown += [f"with {part['label']}" for part in (self._gaussian, self._samples) if part]
        self._alt = " ".join(shown)

    def _count(self):
        return f"{len(self._labels):,} code{'s' * (len(self._labels) > 1)}"

    def __repr__(self):
        return f"LatentExplorer: drag z over {self._count()}; the decoder draws the image that z stands for"

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return {**data, "text/html": self.still()}, metadata

    def still(self) -> str:
        """What is shown now, as a picture for HTML."""
        from vae_course.teaching.explorer.fallback import explorer_figure  # imports matplotlib
        from vae_course.teaching.figures import figure_png

        alt = f"{self._alt}, a ring at z, and beside it the image that the decoder draws there."
        return img_tag(figure_png(explorer_figure(self)), alt)


def _network(decoder) -> tuple[list[tuple], list[str]]:
    """The decoder's layers as (W, b), and the name of each layer's activation."""
    if isinstance(decoder, Decoder):
        linears = decoder.mlp.layers
        activations = ["tanh"] * (len(linears) - 1) + ["sigmoid"]
    elif isinstance(decoder, LinearDecoder):
        linears, activations = [decoder.linear], ["identity"]
    else:
        raise TypeError(f"`decoder` must be a Decoder or a LinearDecoder, got {type(decoder).__name__}")
    latents, pixels = linears[0].in_features, linears[-1].out_features
    if latents != 2:
        raise ValueError(f"`decoder` must have 2 latents, because the plane has two axes, got {latents}")
    if pixels != SIDE**2:
        raise ValueError(f"`decoder` must draw {SIDE} x {SIDE} = {SIDE**2} pixels, got {pixels}")
    return [(layer.weight, layer.bias) for layer in linears], activations


def _corners(extent) -> np.ndarray:
    """(z1_min, z1_max, z2_min, z2_max) as the lower left and the upper right corner, (2, 2)."""
    left, right, bottom, top = numbers("extent", extent, (4,))
    if not (left < right and bottom < top):
        raise ValueError(f"`extent` must be (z1_min, z1_max, z2_min, z2_max), got {extent}")
    return np.array([[left, bottom], [right, top]])


def _square(corners: np.ndarray) -> np.ndarray:
    """The smallest square around a box, (2, 2) as its lower left and upper right corner; never of no size."""
    centre, half = corners.mean(axis=0), max(np.ptp(corners, axis=0).max(), 1e-3) / 2
    return np.array([centre - half, centre + half])
