"""log p(z given x) over the latent plane, for a few images."""

from collections.abc import Sequence

import equinox as eqx
import numpy as np
from matplotlib.figure import Figure

from vae_course.marginal import DecodedGrid, latent_grid
from vae_course.teaching.figures.digits import draw_digit
from vae_course.teaching.figures.style import entitle, styled

SMALLEST, CELLS = 0.2, 64  # half the width of a close-up, at least, and its cells per axis


def views(plane: DecodedGrid, X) -> tuple[list, list]:
    """All of the plane, and a close-up, for each image of X: what `posteriors` draws."""
    return [(plane.log_posterior(x), plane.grid.extent) for x in X], [close_up(plane, x) for x in X]


def close_up(plane: DecodedGrid, x) -> tuple[np.ndarray, tuple]:
    """log p(x, z) and extent of a square of four standard deviations to each side of x's posterior."""
    mean, sd = _mean_and_sd(plane, x)
    grid = latent_grid(CELLS, max(4 * float(sd.max()), SMALLEST), mean)
    return np.asarray(_log_joint(plane.model, grid, x)), grid.extent


_mean_and_sd = eqx.filter_jit(lambda plane, x: (plane.mean(x), plane.sd(x)))
_log_joint = eqx.filter_jit(lambda model, grid, x: DecodedGrid(model, grid).log_joint(x))


@styled
def posteriors(
    images: np.ndarray,
    wide: Sequence[tuple[np.ndarray, tuple]],
    near: Sequence[tuple[np.ndarray, tuple]],
    *,
    floor: float = 15.0,
    title: str = "",
) -> Figure:
    """A column an image: the image, its log posterior over the plane, and a zoom, which is framed above.

    `images` is (n, 64); `wide` and `near` hold n pairs of a log density (rows, columns), row 0 the lowest
    z2, and its extent (z1_min, z1_max, z2_min, z2_max). In each, what lies more than `floor` nats under the
    highest point has one colour.
    """
    n = len(images)
    figure = Figure(figsize=(7, 14 / n + 0.5))
    axes = figure.subplots(3, n, squeeze=False, height_ratios=[0.5, 1, 1])
    for column, image in enumerate(np.asarray(images)):
        draw_digit(axes[0, column], image)
        for row, (values, extent) in enumerate((wide[column], near[column]), start=1):
            ax, height = axes[row, column], np.asarray(values) - np.max(values)
            picture = ax.imshow(height, extent=extent, origin="lower", vmin=-floor, vmax=0, cmap="magma")
            ax.tick_params(labelsize=7)
        left, right, bottom, top = near[column][1]
        axes[1, column].plot(
            [left, right, right, left, left], [bottom, bottom, top, top, bottom], "w", lw=0.8
        )
    axes[1, 0].set_ylabel("second latent z₂")
    axes[2, 0].set_ylabel("zoom: z₂")
    for ax in axes[2]:
        ax.set_xlabel("z₁")
    bar = figure.colorbar(picture, ax=axes[1:], shrink=0.6, aspect=30)
    bar.set_label("log p(z given x), nats below its peak")
    return entitle(figure, title)
