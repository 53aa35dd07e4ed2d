"""The latents of all images beside a prior's draws, and what is missing from log p(x)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
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
    draws: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    *,
    title: str = "",
) -> Figure:
    """The aggregated posterior on the plane, its holes, and the draws of one prior after another over them.

    `log_aggregate` and `log_prior` are (n, n), lowest z2 first, over `extent`; a hole is where the aggregate
    is less than a tenth of the prior.
    `draws` is {name: ((S, 2) places, (S,) is what is decoded there bad, (S,) is it in a hole)}; at most 300
    are drawn, the bad ones as crosses, vermilion in a hole and black elsewhere. The share of bad ones stands
    below, and how many of these lie in holes. The circles of radius 1 and 2 hold 39% and 86% of N(0, I);
    beyond them holes are paler.
    """
    heights = numbers("log_aggregate", log_aggregate, (None, None))
    hole = heights < numbers("log_prior", log_prior, heights.shape) - np.log(THIN)
    figure = Figure(figsize=(7, 3.3))
    axes = figure.subplots(1, 1 + len(named("draws", draws)), sharex=True, sharey=True)
    floor = heights.max() - FLOOR
    axes[0].imshow(np.maximum(heights, floor), origin="lower", extent=extent, vmin=floor)
    axes[0].set_title("the aggregate, log density", fontsize=10.5)
    for ax, (name, (places, bad, inside)) in zip(axes[1:], draws.items(), strict=True):
        places, bad, inside = (
            numbers(name, places, (None, 2)),
            np.asarray(bad, bool),
            np.asarray(inside, bool),
        )
        ax.set_xlabel(f"{bad.mean():.0%} bad, {(bad & inside).sum() / bad.sum():.0%} of them in holes")
        step = every(len(places), DRAWS)
        places, bad, inside = places[::step], bad[::step], inside[::step]
        _shade(ax, hole, extent)
        ax.plot(*places[~bad].T, "o", ms=2.2, color=PRIOR, mew=0)
        ax.plot(*places[bad & ~inside].T, "x", ms=3.6, color=DATA, mew=0.9)
        ax.plot(*places[bad & inside].T, "x", ms=4.6, color=APPROXIMATION, mew=1.4)
        ax.set_title(name, fontsize=10.5)
    _name_a_hole(axes[1], hole, extent)
    for ax in axes:
        for radius in (1, 2):
            color = "white" if ax is axes[0] else PRIOR
            ax.add_patch(Circle((0, 0), radius, fill=False, color=color, lw=1))
        ax.set(
            xlim=(-SHOWN, SHOWN), ylim=(-SHOWN, SHOWN), aspect="equal", xticks=[-2, 0, 2], yticks=[-2, 0, 2]
        )
    axes[0].set(xlabel="$z_1$", ylabel="$z_2$")
    words = "shaded: holes.  dots: good draws.  crosses: bad ones, orange in a hole.  circles: radius 1 and 2"
    figure.supxlabel(words, x=0.008, ha="left", fontsize=9, color=DATA)
    entitle(figure, title)
    return figure


def _shade(ax: Axes, hole, extent):
    """The holes as a pale area, paler where the prior has little."""
    near = np.hypot(*_middles(hole, extent)) < 2
    for where, alpha in ((near, 0.2), (~near, 0.07)):
        shown = np.where(hole & where, 1.0, np.nan)
        look = {"cmap": ListedColormap([APPROXIMATION]), "alpha": alpha, "zorder": 0}
        ax.imshow(shown, extent=extent, origin="lower", **look)


def _middles(cells, extent):
    """z1 and z2 in the middle of each cell, (rows, columns) each."""
    rows, columns = cells.shape
    left, right, bottom, top = extent
    z1 = left + (np.arange(columns) + 0.5) * (right - left) / columns
    z2 = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
    return np.meshgrid(z1, z2)


def _name_a_hole(ax: Axes, hole, extent):
    """An arrow to the middle of the widest hole near the origin."""
    z1, z2 = _middles(hole, extent)
    room = np.where(np.hypot(z1, z2) > ROOM, 0, distance_transform_edt(hole))
    widest = np.unravel_index(room.argmax(), room.shape)
    at = z1[widest], z2[widest]
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

    A title with "held-out" has dashed lines. What is missing with the fewest draws and with the most, from
    the best start to the worst, stands at both ends; it is shaded from zero on.
    """
    drawn = {}
    for panel, missing in named("panels", panels).items():
        rows = numbers(panel, missing, (None, len(counts)))
        style = "--" if "held-out" in panel else "-"
        drawn[panel] = [Line(counts, row, APPROXIMATION, "", style) for row in rows]
    axes = {"xlabel": "draws K", "ylabel": "missing from log p(x), nats"}
    figure = named_lines(drawn, **axes, xscale="log", title=title)
    for ax, rows in zip(figure.axes, panels.values(), strict=True):
        low, high = rows.min(axis=0), rows.max(axis=0)
        ax.fill_between(counts, 0, low, color=APPROXIMATION, alpha=0.12, lw=0)
        for at, side, more in ((0, "left", "nats"), (-1, "right", "nats\nstill missing")):
            words = f"{low[at]:.1f} to {high[at]:.1f} {more}"
            label(ax, counts[at], high[at], words, DATA, offset=(0, 14 if at == 0 else 20)).set_ha(side)
        ax.set_xticks(counts, [f"{K:,}" for K in counts])
        ax.minorticks_off()
    figure.axes[0].set(ylim=(0, 1.2 * max(np.max(rows) for rows in panels.values())))
    return figure
