"""`Sheet`: the images as a cloud in three dimensions, PCA's plane in it, and the decoder's curved sheet."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from traitlets import Bytes, Dict, Float, List

from vae_course.models import Decoder, LinearDecoder, apply
from vae_course.teaching.arguments import every, numbers
from vae_course.teaching.explorer.instrument import Instrument, bundle, css, floats, network
from vae_course.teaching.explorer.plane import (
    BOX,
    MOST,
    Point,
    digits_of,
    images_of,
    square_around,
    still_handle,
)
from vae_course.teaching.pictures import APPROXIMATION, DIGITS, HANDLE, PRIOR

MESH = 33  # lines of the sheet along each latent
FLAT = 9  # lines of PCA's plane, so that each piece of it has its depth
COMPONENTS = 3
STILL = 5  # the still picture has every fifth image of each digit
TURN = (60.0, 20.0)  # degrees around the third component, and from above


class Sheet(Instrument):
    """The images in the space of their first three principal components, to be turned by hand.

    Each image is a dot in its digit's colour, at its place along the components; each digit is named. The
    grey rectangle is the plane of the first two, PCA's plane. The vermilion mesh is the decoder's sheet: what
    it draws for the latents in a square around the codes. A marked point on the sheet follows the handle z
    on the latent plane beside it.

    `decoder` is a `Decoder` or a `LinearDecoder` with two latents and 64 pixels, `X` (N, 64) at least four
    images, `labels` (N,) their digits, `codes` (N, 2) their codes. `z` is where the handle starts, the first
    code unless given. Raises `TypeError` or `ValueError`, naming the argument that does not fit.

    `.z` is the pair (z1, z2), and `.turn` two angles in degrees, around the third component and from above:
    both in both directions.
    """

    _esm = bundle("sheet")
    _css = css("sheet")

    z = Point((0.0, 0.0)).tag(sync=True)
    turn = Point(TURN).tag(sync=True)
    _decoder = Dict().tag(sync=True)
    _images = Bytes().tag(sync=True)  # float32, 64 for each image
    _labels = Bytes().tag(sync=True)  # uint8
    _codes = Bytes().tag(sync=True)  # float32: z1, z2, z1, z2, ...
    _mean = Bytes().tag(sync=True)  # float32, 64
    _axes = Bytes().tag(sync=True)  # float32: the three components, 64 each
    _points = Bytes().tag(sync=True)  # float32: the images along the components, 3 each
    _mesh = Bytes().tag(sync=True)  # float32: the sheet along the components, 3 each, z1 runs fastest
    _flat = Bytes().tag(sync=True)  # float32: PCA's plane as a mesh, 3 each
    _names = List().tag(sync=True)  # of the components and the digits, each at its place
    _radius = Float().tag(sync=True)  # of the cloud
    _extent = List().tag(sync=True)
    _share = Float().tag(sync=True)  # of the variance, held by the three components

    def __init__(
        self,
        decoder: Decoder | LinearDecoder,
        X: ArrayLike,
        labels: ArrayLike,
        codes: ArrayLike,
        *,
        z: ArrayLike | None = None,
        title: str = "The decoder bends its sheet through the images; PCA's plane is flat",
    ):
        sent = network("decoder", decoder, Decoder, LinearDecoder)
        X = images_of("X", X)
        labels = digits_of("labels", labels, len(X))
        codes = numbers("codes", codes, (len(X), 2))
        mean, axes, share = _principal_components(X)
        extent = square_around(codes)
        mesh = apply(decoder, jnp.asarray(_square(extent, MESH), jnp.float32))
        points = (X - mean) @ axes.T
        super().__init__(
            title=title,
            alt=f"{len(X):,} images, each a dot in its digit's colour, in the space of their first three "
            f"principal components, which hold {share:.0%} of the variance; PCA's plane lies flat in it as a "
            "grey rectangle, and the decoder's sheet bends through it as a vermilion mesh; a point marks z "
            "on the sheet, and beside it is the latent plane",
            z=codes[0] if z is None else z,
            _decoder=sent,
            _images=floats(X),
            _labels=labels.tobytes(),
            _codes=floats(codes),
            _mean=floats(mean),
            _axes=floats(axes),
            _points=floats(points),
            _mesh=floats((np.asarray(mesh) - mean) @ axes.T),
            _flat=floats(_flat_mesh(points)),
            _names=[*_components(points), *_digits(points, labels)],
            _radius=float(np.linalg.norm(points, axis=1).max()),
            _extent=extent,
            _share=share,
        )
        self._draws = decoder

    def _places(self, sent):
        """Places along the components as they were sent, (n, 3)."""
        return np.frombuffer(sent, np.float32).reshape(-1, COMPONENTS)

    def _left_out(self) -> str:
        dots, step = f"one in {STILL} of the {len(self._labels):,} dots", every(len(self._labels), MOST)
        return f"This still picture has {dots}" + (f", and one in {step} of the codes" if step > 1 else "")

    def _figure(self) -> Figure:
        from vae_course.teaching.figures import draw_codes  # imports pyplot

        figure = Figure(figsize=(7, 3.8))
        parts = figure.add_gridspec(1, 2, width_ratios=[3, 2])
        cloud = figure.add_subplot(parts[0], projection="3d", computed_zorder=False)
        plane = figure.add_subplot(parts[1])
        labels = np.frombuffer(self._labels, np.uint8)
        self._draw_cloud(cloud, labels)
        draw_codes(plane, np.frombuffer(self._codes, np.float32).reshape(-1, 2), labels, most=MOST)
        plane.set(xlim=self._extent[:2], ylim=self._extent[2:], title="Latent plane, the ring is z")
        still_handle(plane, self.z)
        return figure

    def _draw_cloud(self, ax: Axes, labels: np.ndarray):
        points, mesh = self._places(self._points), self._places(self._mesh).reshape(MESH, MESH, -1)
        corners = self._places(self._flat).reshape(FLAT, FLAT, -1)[:: FLAT - 1, :: FLAT - 1]
        ax.plot_surface(*np.moveaxis(corners, 2, 0), color=PRIOR, alpha=0.35)
        for digit in np.unique(labels):
            ax.scatter(*points[labels == digit][::STILL].T, s=5, color=DIGITS[digit], linewidths=0)
        across = np.moveaxis(mesh, 2, 0)
        ax.plot_surface(*across, rcount=MESH, ccount=MESH, color=APPROXIMATION, alpha=0.2, shade=False)
        ax.plot_wireframe(*across, rcount=13, ccount=13, color=APPROXIMATION, linewidth=0.5, alpha=0.6)
        ax.plot(*self._on_sheet()[:, None], "o", color=HANDLE, markeredgecolor="white", markersize=9)
        for name in self._names:
            large = {"weight": "bold", "size": 12, "bbox": BOX, "va": "center"}
            style = large if name["large"] else {"size": 9}
            ax.text(*name["place"], name["text"], color=name["colour"], ha="center", **style)
        ax.view_init(elev=self.turn[1], azim=-90 - self.turn[0])  # matplotlib turns the reader
        point = "PCA's plane is flat, the decoder's sheet bends"
        ax.set_title(f"{point}\n(three components: {self._share:.0%} of the variance)")
        ax.set_axis_off()
        ax.set_box_aspect(
            np.ptp([ax.get_xlim(), ax.get_ylim(), ax.get_zlim()], axis=1), zoom=1.3
        )  # one scale

    def _on_sheet(self):
        """z's image along the components, (3,)."""
        mean, axes = np.frombuffer(self._mean, np.float32), np.frombuffer(self._axes, np.float32)
        image = np.asarray(apply(self._draws, jnp.array([self.z], jnp.float32))[0])
        return axes.reshape(COMPONENTS, -1) @ (image - mean)


def _principal_components(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The mean image (64,), the first three components (3, 64), and the share of the variance that they hold.

    Raises `ValueError` for fewer than four images, and for images that are all alike.
    """
    if len(X) <= COMPONENTS:
        needed = f"at least {COMPONENTS + 1} images, for three components"
        raise ValueError(f"`X` must hold {needed}, got {len(X)}")
    if not np.ptp(X, axis=0).any():
        raise ValueError("`X` must hold images that differ, got the same one each time")
    mean = X.mean(axis=0)
    _, lengths, axes = np.linalg.svd(X - mean, full_matrices=False)
    variances = lengths**2
    return mean, axes[:COMPONENTS], float(variances[:COMPONENTS].sum() / variances.sum())


def _flat_mesh(points: np.ndarray) -> np.ndarray:
    """PCA's plane as a mesh over the range of the points (N, 3): (FLAT^2, 3), the third coordinate zero."""
    (x, y, _), (x_end, y_end, _) = points.min(axis=0), points.max(axis=0)
    flat = _square((x, x_end, y, y_end), FLAT)
    return np.pad(flat, ((0, 0), (0, 1)))


def _components(points):
    """The name of each component, at the farthest point along it."""
    places = np.diag(points.max(axis=0)).tolist()
    return [
        {"text": f"component {i + 1}", "colour": "#444", "large": False, "place": place}
        for i, place in enumerate(places)
    ]


def _digits(points, labels):
    """The name of each digit, at the middle of its images."""
    middles = {digit: points[labels == digit].mean(axis=0).tolist() for digit in np.unique(labels)}
    return [
        {"text": str(digit), "colour": DIGITS[digit], "large": True, "place": middle}
        for digit, middle in middles.items()
    ]


def _square(extent, lines):
    """The points of a mesh of lines over a square, (lines^2, 2); what goes across runs fastest."""
    across, up = np.linspace(*extent[:2], lines), np.linspace(*extent[2:], lines)
    return np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
