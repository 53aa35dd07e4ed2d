"""The latents of all images beside a prior's draws, and what is missing from log p(x)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from scipy.ndimage import distance_transform_edt

from vae_course.aggregate import THIN
from vae_course.teaching.arguments import every, named, numbers
from vae_course.teaching.figures.lines import Line, named_lines
from vae_course.teaching.figures.style import entitle, label, styled
from vae_course.teaching.pictures import APPROXIMATION, DATA, PRIOR

SHOWN = 3.2  # of the plane, to each side
FLOOR = 15.0  # nats below the top
DRAWS = 300  # in one panel
ROOM = 1.7  # from the origin to the middle of the hole that is named, at most


@styled
def draws_and_holes(
    log_aggregate: np.ndarray,
    log_prior: np.ndarray,
    extent: tuple[float, float, float, float],
    draws: Mapping[str, tuple[np.ndarray, np.ndarray]],
    *,
    title: str = "",
) -> Figure:
    """The aggregated posterior on the plane, its holes, and the draws of one prior after another over them.

    `log_aggregate` and `log_prior` are (n, n), lowest z2 first, over `extent`; a hole is where the aggregate
    is less than a tenth of the prior.
    `draws` is {name: ((S, 2) places, (S,) whether what is decoded there is bad)}; at most 300 are drawn, the
    bad ones as crosses. The circles of radius 1 and 2 hold 39% and 86% of N(0, I).
    """
    heights = numbers("log_aggregate", log_aggregate, (None, None))
    hole = heights < numbers("log_prior", log_prior, heights.shape) - np.log(THIN)
    figure = Figure(figsize=(7, 3.15))
    axes = figure.subplots(1, 1 + len(named("draws", draws)), sharex=True, sharey=True)
    floor = heights.max() - FLOOR
    axes[0].imshow(np.maximum(heights, floor), origin="lower", extent=extent, vmin=floor)
    axes[0].set_title("the aggregate, log density", fontsize=10.5)
    for ax, (name, (places, bad)) in zip(axes[1:], draws.items(), strict=True):
        places, bad = numbers(name, places, (None, 2)), np.asarray(bad, bool)
        step = every(len(places), DRAWS)
        places, bad = places[::step], bad[::step]
        _shade(ax, hole, extent)
        ax.plot(*places[~bad].T, "o", ms=2, color=DATA, mew=0)
        ax.plot(*places[bad].T, "x", ms=4, color=APPROXIMATION, mew=1.1)
        ax.set_title(name, fontsize=10.5)
    _name_a_hole(axes[1], hole, extent)
    for ax in axes:
        for radius in (1, 2):
            color = "white" if ax is axes[0] else PRIOR
            ax.add_patch(Circle((0, 0), radius, fill=False, color=color, lw=1))
        ax.set(
            xlim=(-SHOWN, SHOWN), ylim=(-SHOWN, SHOWN), aspect="equal", xticks=[-2, 0, 2], yticks=[-2, 0, 2]
        )
        ax.set_xlabel("$z_1$")
    axes[0].set_ylabel("$z_2$")
    words = "shaded: holes.  dots: draws.  crosses: what is drawn there is bad.  circles: radius 1 and 2"
    figure.supxlabel(words, x=0.008, ha="left", fontsize=9, color=DATA)
    entitle(figure, title)
    return figure


def _shade(ax: Axes, hole, extent):
    """The holes as a pale area with an outline."""
    rows, columns = hole.shape
    left, right, bottom, top = extent
    x = left + (np.arange(columns) + 0.5) * (right - left) / columns
    y = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
    ax.contourf(x, y, hole.astype(float), levels=[0.5, 1.5], colors=[APPROXIMATION], alpha=0.16)


def _name_a_hole(ax: Axes, hole, extent):
    """An arrow to the middle of the widest hole near the origin."""
    rows, columns = hole.shape
    left, right, bottom, top = extent
    room = distance_transform_edt(hole)
    x = left + (np.arange(columns) + 0.5) * (right - left) / columns
    y = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
    room[np.hypot(*np.meshgrid(x, y)) > ROOM] = 0
    row, column = np.unravel_index(room.argmax(), room.shape)
    at = x[column], y[row]
    away = -1 if at[1] > 0 else 1  # the name stands in the corner above or below, the arrow points in
    words = ax.annotate(
        "a hole",
        at,
        (np.sign(at[0]) * 2.55, -away * 2.75),
        ha="center",
        va="center",
        fontsize=10,
        fontweight="bold",
        color=APPROXIMATION,
        arrowprops={"arrowstyle": "->", "color": APPROXIMATION, "lw": 1.4},
        bbox={"boxstyle": "square,pad=0.1", "color": "white", "alpha": 0.85},
    )
    words.set_zorder(6)


@styled
def missing_nats(counts: Sequence[int], panels: Mapping[str, np.ndarray], *, title: str = "") -> Figure:
    """What is missing from log p(x) over the number of draws: {title: (starts, len(counts))}, positive nats.

    Both axes are logarithmic. A title with "held-out" has dashed lines. The mean over the starts stands
    at both ends.
    """
    drawn = {}
    for panel, missing in named("panels", panels).items():
        rows = numbers(panel, missing, (None, len(counts)))
        style = "--" if "held-out" in panel else "-"
        drawn[panel] = [Line(counts, row, APPROXIMATION, "", style) for row in rows]
    axes = {"xlabel": "draws K", "ylabel": "missing from log p(x), nats"}
    figure = named_lines(drawn, **axes, xscale="log", yscale="log", title=title)
    for ax, rows in zip(figure.axes, panels.values(), strict=True):
        mean = rows.mean(axis=0)
        for at in (0, -1):
            side = {"ha": "left" if at == 0 else "right"}
            words = label(
                ax, counts[at], rows[:, at].max(), f"mean {mean[at]:.2g} nats", DATA, offset=(0, 12)
            )
            words.set(**side)
        ax.set_xticks(counts, [f"{K:,}" for K in counts])
        ax.minorticks_off()
    low = min(np.min(rows) for rows in panels.values())
    figure.axes[0].set(ylim=(0.6 * low, 2 * max(np.max(rows) for rows in panels.values())))
    return figure
