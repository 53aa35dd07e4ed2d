"""`Reparametrization`: m and s on sliders. eps stays, and z = m + s eps moves."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from matplotlib.figure import Figure
from traitlets import Bytes, Dict, List

from vae_course.teaching.arguments import numbers
from vae_course.teaching.explorer.instrument import Instrument, bundle, css, floats
from vae_course.teaching.explorer.sliders import Ranged, note
from vae_course.teaching.pictures import APPROXIMATION, DATA, EXACT, PRIOR

RANGES = {"m": [-2.5, 2.5], "s": [0.2, 1.6]}
SHOWN = [-5.0, 5.0]
STEP = 0.01  # of z, between which f is drawn as a straight line
DRAWS = 40


def _hill(z):
    """exp(-(z - 1)^2 / 2): 1 at z = 1, and falling to both sides."""
    return jnp.exp(-0.5 * (z - 1.0) ** 2)


class Reparametrization(Instrument):
    """Draws eps from N(0, 1), which stay, and z = m + s eps, which move with the reader's m and s.

    `f` is a function of one number z that JAX can differentiate. The mean of f(z) over the draws estimates
    E_q[f(z)] for q = N(m, s^2); its gradient for these draws, the mean of f'(z) with respect to m and of
    f'(z) eps with respect to s, estimates the gradient of E_q[f(z)]. Without it (None) only the draws are
    shown. `eps` (n,) are the draws, 40 unless given. `m`, from -2.5 to 2.5, and `s`, from 0.2 to 1.6, are
    where the reader starts. Raises `TypeError` or `ValueError`, naming the argument that does not fit.

    `.m` and `.s` are what the reader has set, in both directions.
    """

    _esm = bundle("reparametrization")
    _css = css("sliders")

    m = Ranged(0.0).tag(sync=True)
    s = Ranged(1.0).tag(sync=True)
    _ranges = Dict(RANGES).tag(sync=True)
    _shown = List(SHOWN).tag(sync=True)  # z at the edges of the picture
    _eps = Bytes().tag(sync=True)  # float32
    _f = Dict(None, allow_none=True).tag(sync=True)  # f and its slope in steps of z

    def __init__(
        self,
        *,
        m: float = -0.5,
        s: float = 0.8,
        f: Callable | None = _hill,
        eps: ArrayLike | None = None,
        title: str = "Move m and s: the noise stays, and the draws follow",
    ):
        eps = np.random.default_rng(0).standard_normal(DRAWS) if eps is None else numbers("eps", eps, (None,))
        super().__init__(
            title=title,
            alt=f"{len(eps)} draws eps on a line, joined to their z = m + s eps on a line below, under the "
            f"density of q{'' if f is None else '; beside them f(z) and its slope at each z'}",
            m=m,
            s=s,
            _eps=floats(eps),
            _f=None if f is None else _table(f, np.abs(eps).max()),
        )

    def _figure(self) -> Figure:
        eps = np.frombuffer(self._eps, np.float32).astype(float)
        z = self.m + self.s * eps
        figure = Figure(figsize=(7.4, 3.3))
        lines, *height = figure.subplots(1, 1 if self._f is None else 2, squeeze=False)[0]
        lines.plot([eps, z], [1, 0], color="0.6", linewidth=0.6)
        for line, m, s, colour in ((1, 0.0, 1.0, PRIOR), (0, self.m, self.s, APPROXIMATION)):
            at = np.linspace(m - 4 * s, m + 4 * s, 200)
            top = line + 0.3 / s * np.exp(-0.5 * ((at - m) / s) ** 2)
            lines.fill_between(at, line, top, color=colour, alpha=0.25, linewidth=0)
            lines.plot(at, top, color=colour, linewidth=1)
        lines.plot(eps, np.ones(len(eps)), "o", color=DATA, markersize=4, alpha=0.6)
        lines.plot(z, np.zeros(len(z)), "o", color=APPROXIMATION, markersize=4, alpha=0.6)
        note(lines, SHOWN[0], 1.0, "eps stays", DATA, (2, 8))
        note(lines, SHOWN[0], 0.0, "z moves", APPROXIMATION, (2, 8))
        lines.set(
            xlim=SHOWN, yticks=[], xlabel="z", title=f"z = m + s eps, m = {self.m:.2f}, s = {self.s:.2f}"
        )
        lines.spines["left"].set_visible(False)
        for ax in height:
            self._draw_f(ax, z)
        return figure

    def _draw_f(self, ax, z):
        values, slopes = (np.frombuffer(self._f[name], np.float32) for name in ("values", "slopes"))
        at = self._f["low"] + STEP * np.arange(len(values))
        ax.plot(at, values, color=EXACT)
        there, slope = np.interp(z, at, values), np.interp(z, at, slopes)
        ax.plot(z, there, "o", color=APPROXIMATION, markersize=4, alpha=0.6)
        ax.axhline(there.mean(), color=DATA, linestyle="--", linewidth=1)
        note(ax, SHOWN[1], there.mean(), f"mean {there.mean():.2f}", DATA, (-2, 8))
        by_m, by_s = slope.mean(), (slope * np.frombuffer(self._eps, np.float32)).mean()
        title = f"Mean of f: its gradient is {by_m:.2f} in m, {by_s:.2f} in s"
        ax.set(xlim=SHOWN, ylim=self._f["range"], xlabel="z", ylabel="f(z)", title=title)


def _table(f, farthest):
    """f and its slope at each step of z that a draw can reach, and the range in which f is drawn."""
    if not callable(f):
        raise TypeError(f"`f` must be a function of one number z, or None, got {type(f).__name__}")
    end = RANGES["m"][1] + RANGES["s"][1] * max(farthest, SHOWN[1])
    z = jnp.arange(-end, end + STEP, STEP)
    try:
        pairs = jax.vmap(jax.value_and_grad(f))(z)
    except Exception as error:
        raise TypeError(
            f"`f` must be a function of one number z that JAX can differentiate: {error}"
        ) from error
    values, slopes = (numbers("f(z)", part, z.shape) for part in pairs)
    seen = values[np.abs(z) <= SHOWN[1]]
    room = max(0.12 * np.ptp(seen), 1e-3)
    ends = [float(seen.min() - room), float(seen.max() + room)]
    return {"low": -end, "step": STEP, "values": floats(values), "slopes": floats(slopes), "range": ends}
