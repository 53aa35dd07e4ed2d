"""`NoiseSlider`: sigma on a slider. Squared error is a log-likelihood once sigma is named."""

import math

import numpy as np
from jax.typing import ArrayLike
from matplotlib.figure import Figure
from traitlets import Bool, Dict, Float, Int

from vae_course.teaching.arguments import numbers
from vae_course.teaching.explorer.instrument import Instrument, bundle, css, floats
from vae_course.teaching.explorer.sliders import Ranged, note, still_dot, still_gap
from vae_course.teaching.pictures import EXACT, HANDLE

BINS, WIDE = 81, 5  # of the histogram; root mean squares to each side


class NoiseSlider(Instrument):
    """log p(x given z) over sigma, with its top, and the residuals' histogram under N(0, sigma^2).

    `residuals` (N, d) is x - d_theta(z) for N images of d pixels. The log-likelihood is that of N(x;
    d_theta(z), sigma^2 I) in nats per image, averaged over the images. Its top lies where sigma is the root
    mean square of the residuals. `sigma` is where the reader starts: twice the best one unless given. A box
    halves the squared error: the best sigma shrinks by sqrt 2, and the top rises by d/2 ln 2, 22 nats for 64
    pixels. Raises `TypeError` or `ValueError`, naming the argument that does not fit; residuals must not all
    be zero.

    `.sigma` and `.half` are what the reader has set, in both directions; sigma goes from half the best one
    to four times the best.
    """

    _esm = bundle("noise")
    _css = css("sliders")

    sigma = Ranged(1.0).tag(sync=True)
    half = Bool(False).tag(sync=True)
    _ranges = Dict().tag(sync=True)  # of sigma
    _error = Float().tag(sync=True)  # the mean squared residual of a pixel
    _pixels = Int().tag(sync=True)
    _histogram = Dict().tag(sync=True)  # where it begins, the width of a bin, densities as float32

    def __init__(
        self,
        residuals: ArrayLike,
        *,
        sigma: float | None = None,
        half: bool = False,
        title: str = "Squared error is a log-likelihood once sigma is named",
    ):
        residuals = numbers("residuals", residuals, (None, None))
        error = float(np.mean(residuals**2))
        if error == 0:
            raise ValueError("`residuals` must not all be zero, for then no sigma is best: got only zeros")
        best = math.sqrt(error)
        super().__init__(
            title=title,
            alt="The mean log-likelihood of the images as a curve over sigma, with its top at "
            f"sigma = {best:.3g}; beside it the histogram of the residuals and the density of N(0, sigma^2)",
            _ranges={"sigma": [best / 2, 4 * best]},
            sigma=2 * best if sigma is None else sigma,
            half=half,
            _error=error,
            _pixels=residuals.shape[1],
            _histogram=_histogram(residuals, WIDE * best),
        )

    def _log_likelihood(self, sigma, error):
        """log p(x given z) in nats per image."""
        return -self._pixels * (np.log(sigma) + math.log(2 * math.pi) / 2 + error / (2 * sigma**2))

    def _figure(self) -> Figure:
        figure = Figure(figsize=(7.4, 3.3))
        curve, histogram = figure.subplots(1, 2)
        sigmas, tops = np.geomspace(*self._ranges["sigma"], 200), []
        for error, style, name, side in (
            (self._error, "-", "", (0, -13)),
            (self._error / 2, "--", "half the error: ", (4, 9)),
        ):
            best = math.sqrt(error)
            tops.append(float(self._log_likelihood(best, error)))
            curve.plot(sigmas, self._log_likelihood(sigmas, error), style, color=EXACT)
            curve.plot(best, tops[-1], "o", color=EXACT)
            note(curve, best, tops[-1], f"{name}best {best:.3g}", EXACT, side)
        apart = f"{tops[1] - tops[0]:.1f} nats"
        still_gap(curve, 2.4 * math.sqrt(self._error), *tops, apart, EXACT)
        for top in tops:
            curve.axhline(top, color=EXACT, linewidth=0.8, linestyle=":")
        still_dot(curve, self.sigma, self._log_likelihood(self.sigma, self._error), "sigma")
        curve.set(xscale="log", ylim=(tops[0] - self._pixels, tops[1] + 0.2 * self._pixels))
        ticks = [tick for tick in (0.02, 0.05, 0.1, 0.2, 0.5, 1) if sigmas[0] <= tick <= sigmas[-1]]
        curve.set_xticks(ticks, ticks)
        curve.minorticks_off()
        curve.set(xlabel="sigma, the noise of a pixel", ylabel="log p(x given z), nats per image")
        curve.set_title(f"Half the error is worth {apart}")
        self._draw_histogram(histogram)
        return figure

    def _draw_histogram(self, ax):
        low, width = self._histogram["low"], self._histogram["width"]
        x = low + width * (np.arange(BINS) + 0.5)
        ax.bar(x, np.frombuffer(self._histogram["heights"], np.float32), width, color="0.75")
        ax.plot(x, np.exp(-0.5 * (x / self.sigma) ** 2) / (self.sigma * math.sqrt(2 * math.pi)), color=HANDLE)
        ax.set(ylim=(0, 2.3 / math.sqrt(2 * math.pi * self._error)), xlabel="residual", ylabel="density")
        ax.set_title("The residuals, and N(0, sigma²) on them")


def _histogram(residuals, end):
    """The residuals from -end to end as a density, over the share of all of them."""
    counts, edges = np.histogram(residuals, BINS, (-end, end))
    width = edges[1] - edges[0]
    return {"low": -end, "width": float(width), "heights": floats(counts / (residuals.size * width))}
