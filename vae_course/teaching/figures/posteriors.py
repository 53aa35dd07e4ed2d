"""Exact posteriors over the latent plane, for a few images."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, ConnectionPatch, Rectangle

from vae_course.marginal import DecodedGrid, latent_grid
from vae_course.teaching.arguments import numbers
from vae_course.teaching.figures.digits import draw_digit
from vae_course.teaching.figures.style import entitle, styled
from vae_course.teaching.pictures import EXACT, HANDLE, PRIOR

SMALLEST, CELLS = 0.2, 64  # half the width of a close-up, at least, and its cells per axis
SHOWN, SEEN = 2.7, 3.0  # half the width of the plane; nats below the top that count as the spot


def close_up(plane: DecodedGrid, x) -> tuple[np.ndarray, tuple]:
    """log p(x, z) and extent of a square of four standard deviations to each side of x's posterior."""
    mean, sd = _mean_and_sd(plane, x)
    grid = latent_grid(CELLS, max(4 * float(sd.max()), SMALLEST), mean)
    return np.asarray(_log_joint(plane.model, grid, x)), grid.extent


_mean_and_sd = eqx.filter_jit(lambda plane, x: (plane.mean(x), plane.sd(x)))
_mode_and_mean = eqx.filter_jit(lambda plane, x: jnp.stack([plane.mode(x), plane.mean(x)]))
_decoded = eqx.filter_jit(lambda model, Z: jax.vmap(model)(Z))
_log_joint_there = eqx.filter_jit(lambda plane, x: plane.log_joint(x))
_log_joint = eqx.filter_jit(lambda model, grid, x: DecodedGrid(model, grid).log_joint(x))


@styled
def posteriors(plane: DecodedGrid, images: np.ndarray, *, floor: float = 15.0, title: str = "") -> Figure:
    """A column for each image (n, 64): the posterior as a spot on the plane, and a close-up of it.

    Above them stand the image x and what the decoder draws at the posterior's mode and at its mean, which
    the close-up marks. There log p(z given x) is drawn down to `floor` nats below the mode; on the plane,
    with the prior's circles of one and two standard deviations, what is within 3 nats is filled, and what is
    within `floor` is paler.
    """
    images = numbers("images", images, (None, 64))
    n = len(images)
    figure = Figure(figsize=(7, 10.6 / n + 1.6))
    axes = figure.subplots(3, n, squeeze=False, height_ratios=[0.5, 1, 1])
    for (small, wide, near), x in zip(axes.T, jnp.asarray(images, float), strict=True):
        mode_and_mean = _mode_and_mean(plane, x)
        mode, mean = np.asarray(mode_and_mean)
        at_mode, at_mean = np.asarray(_decoded(plane.model, mode_and_mean))
        _draw_images(small, {"x": x, "mode": at_mode, "mean": at_mean})
        grid = _around(plane, x, floor)
        values, extent = np.asarray(_log_joint(plane.model, grid, x)), grid.extent
        _draw_spot(wide, plane, x, extent, floor)
        heat = near.imshow(values - values.max(), extent=extent, origin="lower", vmin=-floor, vmax=0)
        _mark(near, mode, mean)
        near.tick_params(labelsize=8)
        near.locator_params(nbins=3)
        for corner in (0, 2), (1, 2):  # of the frame, lower left and right, to the close-up's upper ones
            z = extent[corner[0]], extent[corner[1]]
            to = (corner[0], 1)
            line = ConnectionPatch(
                z, to, "data", "axes fraction", axesA=wide, axesB=near, color=PRIOR, lw=0.6
            )
            figure.add_artist(line)
    axes[1, 0].set_ylabel("on the plane")
    axes[2, 0].set_ylabel("close up: z₂")
    for radius in (1, 2):
        axes[1, 0].annotate(f"{radius} sd", (0, radius), color=PRIOR, fontsize=8, ha="center", va="bottom")
    for ax in axes[2]:
        ax.set_xlabel("z₁")
    bar = figure.colorbar(heat, ax=axes[2].tolist(), aspect=12, ticks=[0, -5, -10, -15])
    bar.set_label("log p(z | x), nats\nbelow the mode")
    return entitle(figure, title)


def _around(plane, x, floor):
    """A square grid that just holds all points of the plane within `floor` nats of the top."""
    height = np.asarray(_log_joint_there(plane, x)).reshape(-1)
    seen = np.asarray(plane.grid.points)[height > height.max() - floor]
    low, high = seen.min(axis=0), seen.max(axis=0)
    return latent_grid(
        2 * CELLS, max(float((high - low).max()) * 0.55, SMALLEST), jnp.asarray((low + high) / 2)
    )


def _draw_images(ax, images):
    for column, image in enumerate(images.values()):
        draw_digit(ax, image, 0, column)
    ax.set_xticks([9 * column + 4 for column in range(len(images))], images, fontsize=9)


def _draw_spot(ax, plane, x, extent, floor):
    """The posterior as a filled region of the plane, framed where the close-up is."""
    for radius in (1, 2):
        ax.add_patch(Circle((0, 0), radius, fill=False, edgecolor=PRIOR, linewidth=0.7, linestyle=":"))
    height = np.asarray(_log_joint_there(plane, x))
    levels, tints = [-floor, -SEEN, 1], ["#BBD8EC", EXACT]
    ax.contourf(*plane.grid.axes, height - height.max(), levels=levels, colors=tints)
    left, right, bottom, top = extent
    frame = Rectangle(
        (left, bottom), right - left, top - bottom, fill=False, edgecolor="black", linewidth=0.8
    )
    ax.add_patch(frame)
    ax.set(xlim=(-SHOWN, SHOWN), ylim=(-SHOWN, SHOWN), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def _mark(ax, mode, mean):
    """The mode and the mean, named: on opposite sides, or beside the point where there is no room."""
    over = 1 if mode[1] >= mean[1] else -1
    for z, word, side, marker in ((mode, "mode", over, "^"), (mean, "mean", -over, "X")):
        ax.plot(*z, marker, ms=5, color="white", mec=HANDLE, mew=1)
        right, up = ax.transAxes.inverted().transform(ax.transData.transform(z)) - 0.5
        offset = (0, 22 * side) if side * up < 0.2 else (-34 if right > 0 else 34, 0)
        words = {"color": "white", "ha": "center", "va": "center", "fontsize": 9, "fontweight": "bold"}
        arrow = {"arrowstyle": "-", "color": "white", "lw": 0.8, "shrinkB": 4}
        ax.annotate(word, z, offset, textcoords="offset points", **words, arrowprops=arrow)
