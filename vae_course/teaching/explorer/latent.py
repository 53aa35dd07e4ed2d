"""`LatentExplorer`: drag z over the latent plane and watch the decoder draw the image that z stands for."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from matplotlib.figure import Figure
from traitlets import Bytes, Dict, List

from vae_course.models import Decoder, LinearDecoder, apply
from vae_course.teaching.arguments import every, numbers
from vae_course.teaching.explorer.instrument import Instrument, bundle, floats, network
from vae_course.teaching.explorer.plane import (
    MOST,
    Point,
    corners,
    digits_of,
    gaussian_of,
    heat_of,
    square_around,
    still_gaussian,
    still_handle,
    still_heat,
)


class LatentExplorer(Instrument):
    """The latent plane with a handle to drag (keyboards work too), two sliders, and the decoded image.

    `decoder` is a `Decoder` or a `LinearDecoder` with two latents and 64 pixels, `Z` (N, 2) the codes of N
    images and `labels` (N,) their digits. `z` is where the handle starts, the first code unless given.
    `background` is (values, extent, label), a heat picture behind the codes: its values (rows, columns), row
    0 the lowest z2; its edges (z1_min, z1_max, z2_min, z2_max); what it shows, and its unit. `gaussian` is
    (m, s, label), or with a colour as its fourth: N(m, diag s^2) as its ellipses at one and two standard
    deviations. The plane is a square around all of these. Raises `TypeError` or `ValueError`, naming the
    argument that does not fit.

    `explorer.z` is the pair (z1, z2) under the handle, in both directions: read it in any cell, assign to
    it to move the handle, or `explorer.observe(function, "z")`. A z outside the plane is allowed; its image
    is drawn and the handle waits at the edge.
    """

    _esm = bundle("latent")

    z = Point((0.0, 0.0)).tag(sync=True)
    _decoder = Dict().tag(sync=True)
    _codes = Bytes().tag(sync=True)  # float32: z1, z2, z1, z2, ...
    _labels = Bytes().tag(sync=True)  # uint8
    _extent = List().tag(sync=True)
    _background = Dict(None, allow_none=True).tag(sync=True)
    _gaussian = Dict(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        decoder: Decoder | LinearDecoder,
        Z: ArrayLike,
        labels: ArrayLike,
        *,
        background: tuple | None = None,
        gaussian: tuple | None = None,
        z: ArrayLike | None = None,
        title: str = "Drag z, and the decoder draws the image that it stands for",
    ):
        sent = network("decoder", decoder, Decoder, LinearDecoder)
        Z = numbers("Z", Z, (None, 2))
        labels, places = digits_of("labels", labels, len(Z)), [Z]
        shown = [f"{len(Z):,} codes, each drawn as its digit, on the latent plane"]
        if background is not None:
            background = heat_of(*background)
            places += [corners(background["extent"])]
            shown += [f"over {background['label']}"]
        if gaussian is not None:
            gaussian = gaussian_of(*gaussian)
            places += [np.outer(k, gaussian["s"]) + gaussian["m"] for k in (-2.2, 2.2)]
            shown += [f"with {gaussian['label']}"]
        super().__init__(
            title=title,
            alt=f"{' '.join(shown)}, a ring at z, and beside it the image that the decoder draws there",
            z=Z[0] if z is None else z,
            _decoder=sent,
            _codes=floats(Z),
            _labels=labels.tobytes(),
            _extent=square_around(*places),
            _background=background,
            _gaussian=gaussian,
        )
        self._draws = decoder

    def _left_out(self) -> str:
        count = len(self._labels)
        return (
            f"This still picture has one in {step} of the {count:,} codes"
            if (step := every(count, MOST)) > 1
            else ""
        )

    def _figure(self) -> Figure:
        from vae_course.teaching.figures import draw_codes, draw_digit  # imports pyplot

        figure = Figure(figsize=(7, 4))
        plane, decoded = figure.subplots(1, 2, width_ratios=[3, 2])
        plane.set_title("Latent plane\nthe ring is z")
        if self._background:
            still_heat(plane, self._background)
            plane.set_title(f"Latent plane\ncolour: {self._background['label']}")
        codes, labels = np.frombuffer(self._codes, np.float32), np.frombuffer(self._labels, np.uint8)
        rim = self._background is not None
        draw_codes(plane, codes.reshape(-1, 2), labels, rim=rim, most=MOST)
        plane.set(xlim=self._extent[:2], ylim=self._extent[2:])
        if self._gaussian:
            still_gaussian(plane, **self._gaussian)
        still_handle(plane, self.z)
        draw_digit(decoded, apply(self._draws, jnp.array([self.z]))[0])
        decoded.set_title("Decoded image\nwhat z stands for")
        return figure
