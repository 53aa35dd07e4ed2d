"""`OnePixel`: a world of one pixel and one latent, in which the joint p(x, z) is one picture."""

from collections.abc import Callable, Sequence

import numpy as np
from jax.typing import ArrayLike
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from traitlets import Bool, Bytes, Dict, Float, List

from vae_course.teaching.arguments import numbers
from vae_course.teaching.explorer.instrument import Instrument, bundle, css, floats
from vae_course.teaching.explorer.sliders import Ranged, still_bar
from vae_course.teaching.pictures import APPROXIMATION, DATA, EXACT, HANDLE, HEAT

PARTS = ("area", "top", "posterior", "q", "bar")
STEP, END, SHOWN = 0.01, 10.0, 4.0  # sums run over z from -END to END; SHOWN is where the picture ends
GRID = np.linspace(-END, END, round(2 * END / STEP) + 1)  # (2001,)
RANGES = {"m": (-3.5, 3.5), "s": (0.02, 1.2)}  # so that the grid holds q, and is finer than q
BAR = 5.0  # nats that the bar shows below log p(x)
AROUND = 3.5  # standard deviations of the noise that are shown below the lightest and above the darkest mean
WORDS = {
    "area": "the slice's area, p(x), is shaded",
    "top": "its top, MAP, is marked",
    "posterior": "divided by its area it is the posterior",
    "q": "a Gaussian q lies on it",
    "bar": "a bar shows log p(x) as the sum of ELBO and KL",
}


def _stroke(z: ArrayLike) -> np.ndarray:
    """The ink of a pixel over which a stroke slides as z grows: paper, ink, and paper again."""
    return np.exp(-(((np.asarray(z) - 0.6) / 0.9) ** 2))


class OnePixel(Instrument):
    """p(x, z) for one pixel's ink x and one latent z, and its slice at the x that the reader chooses.

    z has the prior N(0, 1), and x given z is N(d(z), sigma^2). `decoder` is d, a function of an array of z;
    unless given it is a stroke that slides over the pixel: grey ink can mean that it is arriving or that it
    is leaving, so the posterior has two hills; black ink means that it is there, one hill. `sigma` is the
    standard deviation of the ink's noise.

    `parts` says what is shown of the slice, each of them a step of the lecture: "area", p(x); "top", MAP;
    "posterior", the slice divided by its area; "q", a Gaussian N(m, s^2) to be dragged; and with it "bar",
    log p(x) = ELBO + KL in nats. `x`, `m` and `s` are where the reader starts. Raises `TypeError` or
    `ValueError`, naming the argument that does not fit; `sigma` must not be too small for the grid of z.

    `.x`, `.m`, `.s` and `.divided`, whether the slice is divided by its area, are what the reader has set, in
    both directions.
    """

    _esm = bundle("pixel")
    _css = css("sliders", "pixel")

    x = Ranged(0.0).tag(sync=True)
    m = Ranged(0.0).tag(sync=True)
    s = Ranged(1.0).tag(sync=True)
    divided = Bool(False).tag(sync=True)
    _curve = Bytes().tag(sync=True)  # float32: d on the grid of z
    _grid = Dict({"low": -END, "step": STEP, "shown": [-SHOWN, SHOWN]}).tag(sync=True)
    _sigma = Float().tag(sync=True)
    _ranges = Dict().tag(sync=True)  # of x, m and s
    _parts = List().tag(sync=True)

    def __init__(
        self,
        decoder: Callable = _stroke,
        sigma: float = 0.12,
        *,
        parts: Sequence[str] = ("area", "top", "posterior"),
        x: float = 0.5,
        m: float = 0.0,
        s: float = 0.5,
        title: str = "One pixel, one latent: move x, and look at the slice",
    ):
        curve, parts = _curve_of(decoder), _parts_of(parts)
        sigma = _sigma_of(sigma, curve)
        shown = curve[np.abs(GRID) <= SHOWN]
        ink = (float(shown.min() - AROUND * sigma), float(shown.max() + AROUND * sigma))
        super().__init__(
            title=title,
            alt="The joint density p(x, z) of one pixel's ink x and one latent z as a heat picture, and "
            f"below it the slice at the chosen x: {'; '.join(WORDS[part] for part in parts)}",
            _ranges={"x": ink, **RANGES},
            _curve=floats(curve),
            _sigma=sigma,
            _parts=parts,
            x=x,
            m=m,
            s=s,
            divided=not {"area", "top"}.intersection(parts),
        )

    def _log_joints(self, x):
        """log p(x, z) at each z of the grid."""
        means = np.frombuffer(self._curve, np.float32).astype(float)
        return _log_normal(GRID, 0, 1) + _log_normal(x, means, self._sigma)

    def _figure(self) -> Figure:
        figure = Figure(figsize=(7, 4.6 if "bar" in self._parts else 4))
        rows = [1, 1, 0.3] if "bar" in self._parts else [1, 1]
        joint, slice_, *bar = figure.subplots(len(rows), 1, height_ratios=rows)
        self._draw_joint(joint)
        joint.sharex(slice_)
        joint.tick_params(labelbottom=False)
        logs = self._log_joints(self.x)
        log_p = float(np.log(np.exp(logs).sum() * STEP))
        self._draw_slice(slice_, np.exp(logs), np.exp(log_p))
        for ax in bar:
            log_q = _log_normal(GRID, self.m, self.s)
            elbo = float((np.exp(log_q) * (logs - log_q)).sum() * STEP)
            still_bar(ax, elbo, log_p, min(log_p - BAR, elbo - 1), log_p + 0.2)
        return figure

    def _draw_joint(self, ax: Axes):
        curve, shown = np.frombuffer(self._curve, np.float32), np.abs(GRID) <= SHOWN
        low, high = self._ranges["x"]
        ink = np.linspace(low, high, 200)[:, None]
        heat = np.exp(self._log_joints(ink))
        extent = (-SHOWN, SHOWN, low, high)
        ax.imshow(heat[:, shown], cmap=HEAT, extent=extent, origin="lower", aspect="auto")
        ax.plot(GRID[shown], curve[shown], color="white", linewidth=1)
        ax.axhline(self.x, color="white", linewidth=3.5)
        ax.axhline(self.x, color=HANDLE, linewidth=2)
        ax.text(0.98 * SHOWN, self.x, f"x = {self.x:.2f}", ha="right", va="bottom", color="white")
        ax.set(ylabel="pixel's ink x", title="The joint p(x, z); the white curve is the decoder's d(z)")

    def _draw_slice(self, ax: Axes, joint: np.ndarray, p: float):
        height = joint / p if self.divided else joint
        top = np.argmax(height)
        ax.plot(GRID, height, color=EXACT)
        ax.set(xlim=(-SHOWN, SHOWN), xlabel="latent z", ylabel="density")
        posterior, cut = "p(z given x), the slice divided by its area", f"p(x, z) at x = {self.x:.2f}"
        ax.set_title(posterior if self.divided else cut)
        if "area" in self._parts:
            ax.fill_between(GRID, height, color=EXACT, alpha=0.2, linewidth=0)
            ax.text(0.01, 0.88, f"area = p(x) = {p:.3g}", color=EXACT, transform=ax.transAxes)
        if "top" in self._parts:
            ax.vlines(GRID[top], 0, height[top], color=DATA, linewidth=1)
            ax.plot(GRID[top], height[top], "o", color=DATA)
            where, offset = (GRID[top], height[top]), (8, -4)
            ax.annotate(f"MAP: z = {_written(GRID[top])}", where, offset, textcoords="offset points")
        if "q" in self._parts:
            q = np.exp(_log_normal(GRID, self.m, self.s)) * (1 if self.divided else p)
            ax.plot(GRID, q, color=APPROXIMATION)
            where = (self.m - self.s, q.max() * np.exp(-0.5))  # one standard deviation from its middle
            ax.annotate("q", where, (-6, 3), textcoords="offset points", color=APPROXIMATION, ha="right")
        ax.set_ylim(0, 1.18 * max(line.get_ydata().max() for line in ax.lines))


def _written(value):
    """Two decimals, with a true minus."""
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def _log_normal(x, mean, sd):
    """log N(x; mean, sd^2)."""
    return -0.5 * ((x - mean) / sd) ** 2 - np.log(sd * np.sqrt(2 * np.pi))


def _curve_of(decoder):
    if not callable(decoder):
        raise TypeError(f"`decoder` must be a function of an array of z, got {type(decoder).__name__}")
    return numbers("decoder(z)", decoder(GRID), GRID.shape)


def _sigma_of(sigma, curve):
    sigma = float(numbers("sigma", sigma, ()))
    lowest = float(np.abs(np.diff(curve)).max())  # below, the ridge falls between two points of the grid
    if not sigma > 0 or sigma < lowest:
        needed = f"positive, and at least {lowest:.3g} for this decoder"
        raise ValueError(f"`sigma` must be {needed}, got {sigma:.3g}")
    return sigma


def _parts_of(parts):
    if isinstance(parts, str) or not isinstance(parts, Sequence):
        raise TypeError(f"`parts` must be a sequence from {PARTS}, got {parts!r}")
    unknown = [part for part in parts if part not in PARTS]
    if unknown or not parts:
        raise ValueError(f"`parts` must be at least one of {PARTS}, got {unknown or 'none'}")
    if "bar" in parts and "q" not in parts:
        raise ValueError(f"`parts` must have 'q' if it has 'bar', which measures q, got {tuple(parts)}")
    return [part for part in PARTS if part in parts]
