"""The exact posterior of one image behind the handle of an `ImageExplorer`, and a Gaussian laid on it.

A landscape is the log posterior in nats below its top on the picture: the log joint, but for a constant.
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from ipywidgets import Checkbox, FloatLogSlider

from vae_course.marginal import DecodedGrid, latent_grid
from vae_course.teaching.explorer.images import ImageExplorer

LABEL = "log p(z given x), nats below its mode"
FLOOR = 15.0  # nats below the top from which on everything has one colour
SMALLEST, CELLS = 0.2, 64  # half the width of a close-up, at least, and its cells per axis
LOG10_SD = (-2.5, 0.0)  # the ends of a slider for a standard deviation, as powers of ten


def below_top(values, floor: float = FLOOR) -> np.ndarray:
    """`values` less the largest of them, and nowhere under -floor."""
    values = np.asarray(values)
    return np.maximum(values - values.max(), -floor)


def _close_up(plane: DecodedGrid, x, beside: tuple | None = None) -> tuple[np.ndarray, tuple]:
    """log p(x, z) and extent of a square of 4 sd around x's posterior, and around `beside`, (m, s)."""
    M, S = np.array([_mean_and_sd(plane, x), *([beside] if beside else [])]).swapaxes(0, 1)  # (1 or 2, 2)
    low, high = (M - 4 * S).min(axis=0), (M + 4 * S).max(axis=0)
    half_width = max(float((high - low).max()) / 2, SMALLEST)
    grid = latent_grid(CELLS, half_width, jnp.asarray((low + high) / 2))
    return np.asarray(_log_joint(plane.model, grid, x)), grid.extent


def views(plane: DecodedGrid, X) -> tuple[list, list]:
    """All of the plane, and a close-up, for each image of X: what `figures.posteriors` draws."""
    return [(plane.log_posterior(x), plane.grid.extent) for x in X], [_close_up(plane, x) for x in X]


def _landscape(plane: DecodedGrid, *, floor: float = FLOOR, label: str = LABEL) -> Callable:
    """`landscape(x)`: the posterior on all of the plane; the handle moves to its mode."""

    def callback(x):
        values, mode = _log_joint_and_mode(plane, x)
        return below_top(values, floor), plane.grid.extent, label, mode

    return callback


def zooming_landscape(
    plane: DecodedGrid, *, floor=FLOOR, label=LABEL, beside: Callable | None = None, on_mode: bool = True
) -> Callable:
    """`landscape(x, *, zoom)`: a close-up, which holds the Gaussian `beside(x)`, (m, s), too, or all of it.

    The handle moves to the mode, or, unless `on_mode`, beside it: to the upper right of the close-up.
    """

    def callback(x, *, zoom):
        values, mode = _log_joint_and_mode(plane, x)
        near, square = _close_up(plane, x, beside(x) if beside else None)
        upper_right = 0.2 * np.array(square[0::2]) + 0.8 * np.array(square[1::2])
        values, extent = (near, square) if zoom else (values, plane.grid.extent)
        return below_top(values, floor), extent, label, mode if on_mode else upper_right

    return callback


def explore(plane: DecodedGrid, Z, labels, X, *, zoom=True, on_mode=True, **more) -> ImageExplorer:
    """An `ImageExplorer` of the plane's posteriors, with a checkbox "zoom" unless told otherwise."""
    seen = zooming_landscape(plane, on_mode=on_mode) if zoom else _landscape(plane)
    box = {"zoom": Checkbox(value=True, description="zoom")} if zoom else {}
    return ImageExplorer(plane.model.decoder, Z, labels, X, landscape=seen, **box, **more)


def by_image(X, values) -> Callable:
    """A function of an image of X that returns its entry of `values`, such as its log p(x), by its pixels."""
    found = dict(zip(map(bytes, np.asarray(X)), values, strict=True))
    return lambda x: found[bytes(np.asarray(x))]


def _gaussian(x, z, *, s1, s2):
    """q with its mean at the handle and its standard deviations on two sliders: a callback itself."""
    return z, (s1, s2), "q"


def _sd_sliders(value: float = 0.3) -> dict[str, FloatLogSlider]:
    """The controls s1 and s2 of `gaussian`, on a scale of powers of ten."""
    settings = {"value": value, "step": 0.02, "readout_format": ".3f", "min": LOG10_SD[0], "max": LOG10_SD[1]}
    return {name: FloatLogSlider(description=f"sd {name}", **settings) for name in ("s1", "s2")}


def fit_by_hand(plane, Z, labels, X, answers: dict, readout: Callable, title: str, *, s=0.3) -> ImageExplorer:
    """`explore` with a q to be laid on the posterior by hand, which starts beside it, with this s.

    `answers` is {name of a button: function of x that returns (m, s)}; each is compiled here, by a call.
    """
    _ = [answer(jnp.asarray(X[0])) for answer in answers.values()]
    buttons = {name: _gaussian_button(answer) for name, answer in answers.items()}
    more = {"readout": readout, "title": title, "gaussian": _gaussian, "buttons": buttons} | _sd_sliders(s)
    return explore(plane, Z, labels, X, on_mode=False, **more)


def _gaussian_button(answer: Callable) -> Callable:
    """A button that sets q to `answer(x)`, (m, s), each s as far as its slider goes."""

    def press(x):
        m, s = answer(x)
        s1, s2 = np.clip(np.asarray(s, float), *(10.0**end for end in LOG10_SD))
        return m, {"s1": float(s1), "s2": float(s2)}

    return press


_mean_and_sd = eqx.filter_jit(lambda plane, x: (plane.mean(x), plane.sd(x)))
_log_joint_and_mode = eqx.filter_jit(lambda plane, x: (plane.log_joint(x), plane.mode(x)))
_log_joint = eqx.filter_jit(lambda model, grid, x: DecodedGrid(model, grid).log_joint(x))
