"""What becomes of a likelihood: over a sweep, over sigma, over training steps, over the latent plane."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from vae_course.teaching.figures.digits import draw_digit
from vae_course.teaching.figures.style import entitle, label, styled
from vae_course.teaching.pictures import APPROXIMATION, DATA, PRIOR


@styled
def train_and_held_out(
    panels: Mapping[str, tuple[np.ndarray, np.ndarray]],
    x: Sequence[int],
    *,
    xlabel: str,
    ylabel: str,
    ylim: tuple[float, float] | None = None,
    title: str = "",
) -> Figure:
    """A sweep, one panel a title: {title: (train, held out)}, each (runs, len(x)), one line a run.

    Train is solid, held out is dashed; x is drawn by its logarithm. What leaves `ylim` is cut off.
    """
    figure = Figure(figsize=(7, 2.8))
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, (panel, pair) in zip(axes, panels.items(), strict=True):
        for runs, style, marker in zip(pair, ("-", "--"), ("o", "s"), strict=True):
            ax.plot(
                x, np.transpose(runs), style, marker=marker, markersize=3, linewidth=1.2, color=APPROXIMATION
            )
        ax.set_xscale("log", base=2)
        ax.minorticks_off()
        ax.set_title(panel)
        ax.set_xticks(x, x)
    if ylim is not None:
        axes[0].set_ylim(ylim)
    axes[0].set_ylabel(ylabel)
    figure.supxlabel(xlabel, fontsize=10)
    for name, runs in zip(("train", "held out"), panels[panel], strict=True):
        label(axes[-1], x[-1], np.mean(runs, axis=0)[-1], name, APPROXIMATION, offset=(6, 0))
    return entitle(figure, title)


@styled
def likelihood_of_sigma(
    sigma: np.ndarray, curves: Mapping[str, np.ndarray], *, ylim=None, title: str = ""
) -> Figure:
    """Log-likelihood against sigma, {name: (n,) nats}, each with a dot at its highest point."""
    figure = Figure(figsize=(7, 3))
    ax = figure.subplots()
    for (name, values), style in zip(curves.items(), ("-", "--", ":"), strict=False):
        best = np.argmax(values)
        ax.plot(sigma, values, style, color=DATA)
        ax.plot(sigma[best], values[best], "o", color=APPROXIMATION)
        label(ax, sigma[best], values[best], name, DATA, offset=(-38, -14))
    ax.set_xscale("log")
    ax.set(xlabel="sigma, the noise of a pixel", ylabel="log p(x | z), nats per image", ylim=ylim)
    ax.set_xticks([0.05, 0.1, 0.2, 0.5, 1], ["0.05", "0.1", "0.2", "0.5", "1"])
    ax.minorticks_off()
    return entitle(figure, title)


@styled
def falling_sigma(steps: Sequence[int], sigma: np.ndarray, *, floor: float, title: str = "") -> Figure:
    """sigma against training steps, (runs, len(steps)), both axes in powers of ten, and its floor."""
    figure = Figure(figsize=(7, 3))
    ax = figure.subplots()
    ax.loglog(steps, np.transpose(sigma), "-o", markersize=4, color=APPROXIMATION)
    ax.axhline(floor, color=PRIOR, linestyle=":")
    label(ax, steps[0], floor, "the floor that the code sets", PRIOR, offset=(0, 9))
    ax.set(xlabel="training step", ylabel="sigma", ylim=(floor / 1.5, None))
    return entitle(figure, title)


@styled
def landscapes(
    images: np.ndarray,
    values: np.ndarray,
    points: np.ndarray,
    extent: tuple,
    *,
    unit: str,
    columns: int = 4,
    title: str = "",
) -> Figure:
    """Landscapes of n images over the latent plane, (n, rows, columns), lowest z2 first, in reading order.

    Each holds its image of 64 pixels in a corner, and a ring at its point of `points` (n, 2). All share one
    scale of colours, named by `unit`.
    """
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(7, 0.4 + 1.5 * rows))
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for ax in axes.flat[len(images) :]:
        ax.set_visible(False)
    limits = {"vmin": np.min(values), "vmax": np.max(values)}
    for ax, image, heights, point in zip(axes.flat, images, values, points, strict=False):
        heat = ax.imshow(heights, origin="lower", extent=extent, **limits)
        for width, color in ((3, "white"), (1.5, APPROXIMATION)):
            ax.plot(*point, "o", markersize=7, markerfacecolor="none", mew=width, color=color)
        draw_digit(ax.inset_axes([0, 0, 0.27, 0.27]), image)
        ax.label_outer()
    figure.supxlabel("first latent z₁", fontsize=10)
    figure.supylabel("second latent z₂", fontsize=10)
    figure.colorbar(heat, ax=axes, label=unit, shrink=0.9)
    return entitle(figure, title)
