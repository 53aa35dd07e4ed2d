"""`LatentExplorer`: drag z over the latent plane and watch the decoder draw the image that z stands for.

The decoder's weights are sent to the browser once and its network runs there (explorer.js), so that
dragging asks nothing of Python; Python hears of z, and may answer with a new background.
"""

from pathlib import Path

import anywidget
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from traitlets import Bytes, Dict, List, TraitType, Unicode

from vae_course.data import SIDE
from vae_course.explorer.fallback import explorer_png
from vae_course.explorer.pictures import heat_png
from vae_course.figures import APPROXIMATION, DIGITS, img_tag
from vae_course.models import Decoder, LinearDecoder, apply


class Point(TraitType):
    """A pair of finite floats."""

    def validate(self, obj, value):
        """The pair as a tuple, from anything that is one: a tuple, a list, a numpy or JAX array."""
        return tuple(_numbers(self.name, value, (2,)).tolist())


class LatentExplorer(anywidget.AnyWidget):
    """The latent plane with a handle to drag, two sliders, and the decoded image; keyboards work, too.

    `decoder` is a `Decoder` or a `LinearDecoder` with two latents, `Z` (N, 2) the codes of N images and
    `labels` (N,) their digits. `z` is where the handle starts, the first code unless given. `background`
    and `gaussian` are the arguments of `show_background` and `show_gaussian`, as tuples. The plane is a
    square around all of these. Raises `TypeError` or `ValueError`, naming the argument that does not fit.

    `explorer.z` is the pair (z1, z2) under the handle, in both directions: read it in any cell, assign to
    it to move the handle, or `explorer.observe(function, "z")`. Such a function runs on another thread:
    it may use JAX, numpy and pillow, but not matplotlib. A z outside the plane is allowed; its image is
    drawn and the handle waits at the edge.
    """

    _esm = Path(__file__).with_name("explorer.js")
    _css = Path(__file__).with_name("explorer.css")

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
    _alt = Unicode().tag(sync=True)

    def __init__(
        self,
        decoder: Decoder | LinearDecoder,
        Z: ArrayLike,
        labels: ArrayLike,
        *,
        background: tuple | None = None,
        gaussian: tuple | None = None,
        z: ArrayLike | None = None,
    ):
        layers, activations = _network(decoder)
        Z = _numbers("Z", Z, (None, 2))
        labels = _numbers("labels", labels, (len(Z),))
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
        self._extent = _square(Z, self._background, self._gaussian)
        shown = [f"{len(Z):,} codes, each drawn as its digit, on the latent plane"]
        shown += [f"over {self._background['label']}"] if background else []
        shown += [f"with {self._gaussian['label']}"] if gaussian else []
        self._alt = " ".join(shown)
        image = np.asarray(apply(decoder, jnp.array([self.z]))[0])
        self._png = explorer_png(self, Z, labels, image)

    def show_background(
        self,
        values: ArrayLike | None,
        extent: tuple[float, float, float, float] | None = None,
        label: str | None = None,
    ) -> None:
        """Draw `values` as a heat picture behind the codes, or None to remove it.

        `values` is (rows, columns) and finite; row 0 is the lowest z2 and column 0 the lowest z1. `extent`
        is (z1_min, z1_max, z2_min, z2_max), the outer edges of the picture. `label` says what is shown and
        its unit. The browser keeps the old picture until the new one is ready. What lies outside the plane
        is not drawn; the plane itself was fixed when the explorer was made.
        """
        if values is None:
            self._background = None
            return
        values = _numbers("values", values, (None, None))
        extent = _numbers("extent", extent, (4,))
        if not (extent[0] < extent[1] and extent[2] < extent[3]):
            raise ValueError(f"`extent` must be (z1_min, z1_max, z2_min, z2_max), got {extent}")
        self._background = {
            "png": heat_png(values),
            "extent": extent.tolist(),
            "label": _text("label", label),
            "low": float(values.min()),
            "high": float(values.max()),
        }

    def show_gaussian(
        self,
        m: ArrayLike | None,
        s: ArrayLike | None = None,
        label: str | None = None,
        *,
        colour: str = APPROXIMATION,
    ) -> None:
        """Draw N(m, diag s^2) as its ellipses at one and two standard deviations; None removes it.

        `m` and `s` are pairs, `s` positive; `label` is written beside the outer ellipse.
        """
        if m is None:
            self._gaussian = None
            return
        m, s = _numbers("m", m, (2,)), _numbers("s", s, (2,))
        if not (s > 0).all():
            raise ValueError(f"`s` must be positive standard deviations, got {s}")
        self._gaussian = {"m": m.tolist(), "s": s.tolist(), "label": _text("label", label), "colour": colour}

    def __repr__(self):
        n = len(self._labels)
        return f"LatentExplorer: drag z over {n:,} codes; the decoder draws the image that z stands for"

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        alt = f"{self._alt}, a ring at z, and beside it the image that the decoder draws there."
        return {**data, "text/html": img_tag(self._png, alt)}, metadata


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


def _numbers(name: str, value, shape: tuple) -> np.ndarray:
    """`value` as a float array of `shape`, where None is any size but zero; an error that names it if not."""
    wanted = ", ".join("any" if n is None else str(n) for n in shape)
    needed = f"`{name}` must be finite numbers of shape ({wanted})"
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{needed}, got {type(value).__name__}") from None
    if array.ndim != len(shape) or any(
        m != n if n else m == 0 for m, n in zip(array.shape, shape, strict=True)
    ):
        raise ValueError(f"{needed}, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{needed}, got NaN or infinity")
    return array


def _text(name: str, value) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"`{name}` must be words that say what is shown, got {value!r}")
    return value


def _square(Z: np.ndarray, background: dict | None, gaussian: dict | None) -> list[float]:
    """The smallest square around everything shown, with a little room around the codes."""
    centre, half = (Z.min(0) + Z.max(0)) / 2, max(np.ptp(Z, axis=0).max(), 1e-3) / 2
    corners = [centre - 1.06 * half, centre + 1.06 * half]
    if background:
        left, right, bottom, top = background["extent"]
        corners += [np.array([left, bottom]), np.array([right, top])]
    if gaussian:
        m, s = np.array(gaussian["m"]), np.array(gaussian["s"])
        corners += [m - 2.2 * s, m + 2.2 * s]
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    half = (high - low).max() / 2
    unit = 10.0 ** np.floor(np.log10(half) - 2)  # ends with few decimals: z is rounded, and must stay inside
    half = np.ceil(half / unit + 1)
    return [
        round(float((np.round(c / unit) + end) * unit), 9) for c in (low + high) / 2 for end in (-half, half)
    ]
