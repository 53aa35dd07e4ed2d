"""`RescalingSlider`: codes times c. No decoded image changes, and log p(z) rises as c shrinks."""

import math

import numpy as np
from jax.typing import ArrayLike
from matplotlib.figure import Figure
from traitlets import Bytes, Dict, Float, List

from vae_course.models import Decoder, LinearDecoder
from vae_course.teaching.arguments import numbers
from vae_course.teaching.explorer.instrument import Instrument, bundle, css, floats, network
from vae_course.teaching.explorer.plane import MOST, digits_of, square_around, still_gaussian
from vae_course.teaching.explorer.sliders import Ranged, note, still_dot
from vae_course.teaching.pictures import DATA, EXACT, PRIOR

RANGE = (2.0**-6, 2.0)  # of c
IMAGES = 5  # that are decoded


class RescalingSlider(Instrument):
    """The codes times c on the plane, with the circles of N(0, I), and what becomes of log p(x, z).

    `codes` (N, 2) are the z_i, `labels` (N,) their digits, `log_likelihood` (N,), or one number, the log
    p(x_i given z_i) in nats. When the decoder's first layer is divided by c, no decoded image changes, nor
    does the log-likelihood; log p(z) rises by |z|^2 (1 - c^2) / 2, so there is no best c: the joint grows as
    c goes to 0. With the `decoder` that belongs to the codes, a few images are decoded from c z with W / c.
    `c`, from 1/64 to 2, is where the reader starts. Of many codes 600 are drawn, in the still 200;
    all are counted. Raises `TypeError` or `ValueError`, naming the argument that does not fit.

    `.c` is what the reader has set, in both directions.
    """

    _esm = bundle("rescaling")
    _css = css("sliders")

    c = Ranged(1.0).tag(sync=True)
    _ranges = Dict({"c": list(RANGE)}).tag(sync=True)
    _codes = Bytes().tag(sync=True)  # float32: z1, z2, z1, z2, ...
    _labels = Bytes().tag(sync=True)  # uint8
    _nats = Float().tag(sync=True)  # the mean log p(x given z)
    _extent = List().tag(sync=True)
    _decoder = Dict(None, allow_none=True).tag(sync=True)
    _few = List().tag(sync=True)  # numbers of the codes whose images are decoded

    def __init__(
        self,
        codes: ArrayLike,
        labels: ArrayLike,
        log_likelihood: ArrayLike,
        *,
        decoder: Decoder | LinearDecoder | None = None,
        c: float = 1.0,
        title: str = "Shrink the codes: log p(z) rises, and no image changes",
    ):
        codes = numbers("codes", codes, (None, 2))
        if not codes.any():
            raise ValueError("`codes` must not all be zero: nothing would move, got only zeros")
        labels = digits_of("labels", labels, len(codes))
        nats = numbers("log_likelihood", log_likelihood, (len(codes),) if np.ndim(log_likelihood) else ())
        super().__init__(
            title=title,
            alt=f"{len(codes):,} codes times c on the latent plane, with the circles of N(0, I) at radius 1 "
            "and 2; beside them the change from c = 1: log p(z) rises as c shrinks, and "
            "log p(x given z) stays the same",
            c=c,
            _codes=floats(codes),
            _labels=labels.tobytes(),
            _nats=float(nats.mean()),
            _extent=square_around(codes, np.array([[-2.4, -2.4], [2.4, 2.4]])),
            _decoder=None if decoder is None else network("decoder", decoder, Decoder, LinearDecoder),
            _few=np.unique(labels, return_index=True)[1][:IMAGES].tolist(),
        )

    def _figure(self) -> Figure:
        from vae_course.teaching.figures import draw_codes  # imports pyplot

        codes = np.frombuffer(self._codes, np.float32).reshape(-1, 2)
        figure = Figure(figsize=(7.4, 3.7))
        plane, change = figure.subplots(1, 2, width_ratios=[1.1, 1])
        draw_codes(plane, self.c * codes, np.frombuffer(self._labels, np.uint8), most=MOST)
        plane.set(xlim=self._extent[:2], ylim=self._extent[2:], title=f"The codes times c = {self.c:.3g}")
        still_gaussian(plane, (0, 0), (1, 1), "N(0, I) at radius 1 and 2", PRIOR)
        squared = float((codes.astype(float) ** 2).sum(axis=1).mean())
        c = np.geomspace(*RANGE, 200)
        change.plot(c, squared * (1 - c**2) / 2, color=EXACT)
        change.axhline(0, color=DATA, linewidth=1)
        change.axhline(squared / 2, color=EXACT, linewidth=1, linestyle="--")
        words = f"log p(z): at most +{squared / 2:.2f}, for c → 0"
        note(change, c[0], squared / 2, words, EXACT, (2, 9))
        note(change, c[0], 0, "log p(x given z): no change", DATA, (2, -9))
        still_dot(change, self.c, squared * (1 - self.c**2) / 2, "c")
        change.set(xscale="log", ylim=(-1.6 * squared, squared), xlabel="c", ylabel="nats per image")
        ticks = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]
        change.set_xticks(ticks, ticks)
        change.minorticks_off()
        inside = np.mean(self.c * np.hypot(*codes.T) <= 1)
        normal = 1 - math.exp(-0.5)
        change.set_title(f"Within radius 1: {inside:.0%} of the codes,\n{normal:.0%} of N(0, I)")
        return figure
