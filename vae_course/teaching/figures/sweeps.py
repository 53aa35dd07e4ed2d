"""What becomes of a likelihood: over training, sigma and the plane; and codes beside their prior."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Ellipse
from matplotlib.ticker import PercentFormatter

from vae_course.teaching.arguments import every, named, numbers
from vae_course.teaching.figures.digits import draw_digit
from vae_course.teaching.figures.style import entitle, few_ticks, label, styled
from vae_course.teaching.pictures import APPROXIMATION, DATA, EXACT, PRIOR

ELLIPSES = (  # how the first Gaussian is drawn, and the second
    (
        {"edgecolor": "white", "linewidth": 3.6, "linestyle": "-"},
        {"edgecolor": APPROXIMATION, "linewidth": 2.0, "linestyle": "-"},
    ),
    (
        {"edgecolor": "white", "linewidth": 3.2, "linestyle": "-"},
        {"edgecolor": EXACT, "linewidth": 1.7, "linestyle": (0, (2.5, 1.5))},
    ),
)


@styled
def train_and_held_out(
    panels: Mapping[str, tuple[Sequence[int], np.ndarray]],
    *,
    ylabel: str,
    gap: str = "",
    ylim: tuple[float, float] | None = None,
    title: str = "",
) -> Figure:
    """Over training steps, a panel a title: {title: (steps, values)}, values (starts, steps, 2), train first.

    A line a start; train is solid and filled, held out dashed and open, and both are named. With `gap`, the
    room between their means is shaded, and named by it in the panel where it is widest. What leaves `ylim`
    is cut off.
    """
    n = len(named("panels", panels))
    figure = Figure(figsize=(min(7, 3 + 1.4 * n), 2.9))
    axes = figure.subplots(1, n, sharey=True, squeeze=False)[0]
    for ax, (panel, (steps, values)) in zip(axes, panels.items(), strict=True):
        train, held_out = np.moveaxis(numbers(panel, values, (None, len(steps), 2)), 2, 0)
        for runs, style, color, face in ((train, "-", DATA, DATA), (held_out, "--", APPROXIMATION, "white")):
            ax.plot(steps, runs.T, style, marker="o", ms=4.5, lw=1.3, color=color, markerfacecolor=face)
        ax.set_xscale("log", base=2)
        ax.set_xticks(steps, [f"{step:,}" for step in steps], rotation=0, fontsize=8.5)
        ax.minorticks_off()
        ax.set_title(panel, fontsize=10.5)
        ax.margins(x=0.08, y=0.2)
    axes[0].set(ylabel=ylabel, ylim=ylim)
    gaps = []
    for ax, (steps, values) in zip(axes, panels.values(), strict=True):
        train, held_out = np.moveaxis(np.asarray(values), 2, 0)
        _name_both(ax, steps, train, held_out)
        means = np.mean(values, axis=0)
        gaps.append((np.abs(np.diff(means)).max(), ax, steps, means))
        if gap:
            ax.fill_between(steps, *means.T, color=APPROXIMATION, alpha=0.13, linewidth=0)
    if gap:
        _name_gap(*max(gaps, key=lambda each: each[0])[1:], gap)
    figure.supxlabel("training steps", fontsize=10)
    return entitle(figure, title)


def _name_both(ax, steps, train, held_out):
    """The names of the two bundles, at their ends and outside of both."""
    above = train[:, -1].mean() > held_out[:, -1].mean()
    for runs, name, color, up in (
        (train, "train", DATA, above),
        (held_out, "held out", APPROXIMATION, not above),
    ):
        end = runs[:, -1].max() if up else runs[:, -1].min()
        label(ax, steps[-1], end, name, color, offset=(4, 15 if up else -15)).set_ha("right")


def _name_gap(ax, steps, means, gap):
    """The name of the gap, where it is widest."""
    widest = np.argmax(abs(means[:, 0] - means[:, 1]))
    middle = means[widest] @ [0.35, 0.65]  # nearer to held out: the way of train is the steeper one
    label(ax, steps[widest], middle, gap, APPROXIMATION, offset=(-6, 0)).set_ha("right")


@styled
def falling_sigma(
    steps: Sequence[int], sigma: np.ndarray, *, level: tuple[str, float], title: str = ""
) -> Figure:
    """sigma against training steps, (starts, len(steps)), both axes in powers of ten, and a named level."""
    figure = Figure(figsize=(7, 3.2))
    ax = figure.subplots()
    ax.loglog(steps, np.transpose(sigma), "-o", markersize=4.5, color=APPROXIMATION)
    ax.axhline(level[1], color=DATA, linestyle=":")
    label(ax, steps[-1], level[1], level[0], DATA, offset=(0, 9)).set_ha("right")
    few_ticks(ax)
    ax.set_xticks(steps, [f"{step:,}" for step in steps])
    ax.minorticks_off()
    ax.set(xlabel="training steps", ylabel="the best sigma")
    return entitle(figure, title)


@styled
def codes_and_prior(codes: np.ndarray, draws: np.ndarray, *, title: str = "") -> Figure:
    """Codes (N, 2) and as many draws of N(0, I) on one plane, and beside it how far from 0 they lie.

    On the plane at most 300 of each are drawn, evenly strided; the histogram counts them all, and the share
    of both within radius 1 is written in it.
    """
    codes, draws = numbers("codes", codes, (None, 2)), numbers("draws", draws, (None, 2))
    figure = Figure(figsize=(7, 3.5))
    plane, radii = figure.subplots(1, 2, width_ratios=[1, 1.15])
    for points, size, color in ((draws, 2.5, "0.72"), (codes, 2.2, DATA)):
        plane.plot(*points[:: every(len(points), 300)].T, "o", ms=size, color=color, mew=0)
    plane.add_patch(Circle((0, 0), 1, fill=False, color=EXACT, lw=1.5))
    plane.set(xlabel="first latent $z_1$", ylabel="second latent $z_2$", aspect="equal", xlim=(-3.5, 3.5))
    plane.set(ylim=(-3.5, 3.5), xticks=range(-3, 4), yticks=range(-3, 4))
    lengths, drawn = np.linalg.norm(codes, axis=1), np.linalg.norm(draws, axis=1)
    edges = np.linspace(0, 3.5, 36)
    for which, color, name, at in (
        (lengths, DATA, "the codes", 1.0),
        (drawn, PRIOR, "draws from N(0, I)", 1.6),
    ):
        shares = np.histogram(which, edges)[0] / len(which)
        radii.stairs(shares, edges, fill=True, color=color, alpha=0.25)
        radii.stairs(shares, edges, color=color, lw=1.5)
        height = 0.9 * shares.max() if which is lengths else shares[np.searchsorted(edges, at)] + 0.02
        inside = f"{name}:\n{(which < 1).mean():.0%} within radius 1"
        label(radii, at, height, inside, color, offset=(6, 0))
    radii.axvline(1, color=EXACT, lw=1.5)
    radii.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    radii.set(xlabel="distance from the origin", ylabel="share", xlim=(0, 3.5))
    return entitle(figure, title)


@styled
def close_ups(
    images: np.ndarray,
    seen: Sequence[tuple[np.ndarray, tuple]],
    points: np.ndarray | None,
    names: Sequence[str],
    *,
    gaussians: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
    title: str = "",
) -> Figure:
    """Landscapes of n images, each on a square of its own, {(heights, extent)}, four in a row, and named.

    `heights` are minus the nats below the top, lowest z2 first, and all share one scale. A bar says how long
    0.1 of the plane is, or 1 on a large square, which says that it is one. An open ring stands around each of
    the `points` (n, 2). Of up to two `gaussians`, {name: (means, standard deviations)}, (n, 2) each, an
    ellipse shows two standard deviations:
    of the first a solid one, of the second a dashed blue one. A key below names them.
    """
    rows = -(-len(images) // 4)
    figure = Figure(figsize=(7, 0.5 + 1.75 * rows))
    axes = figure.subplots(rows, 4, squeeze=False)
    lowest = min(np.min(heights) for heights, _ in seen)
    for i, (ax, image, (heights, extent), name) in enumerate(
        zip(axes.flat, images, seen, names, strict=False)
    ):
        heat = ax.imshow(heights, origin="lower", extent=extent, vmin=lowest, vmax=0)
        if points is not None:
            _ring(ax, points[i], 13)
        for (M, SD), look in zip((gaussians or {}).values(), ELLIPSES, strict=False):
            for each in look:
                ax.add_patch(Ellipse(M[i], *(4 * np.asarray(SD[i])), fill=False, **each))
        draw_digit(ax.inset_axes([0, 0, 0.27, 0.27]), image)
        left, right, bottom, top = extent
        bar = 1.0 if right - left > 1.5 else 0.1
        end, up = right - 0.06 * (right - left), bottom + 0.08 * (top - bottom)
        ax.plot([end - bar, end], [up, up], color="white", lw=2.5, solid_capstyle="butt")
        ax.text(end - bar / 2, up + 0.03 * (top - bottom), f"{bar:g}", color="white", ha="center", fontsize=9)
        if bar == 1:
            ax.text(0.97, 0.96, "larger view", transform=ax.transAxes, color="white", ha="right", va="top")
        ax.set_title(name, fontsize=10)
        ax.set(xticks=[], yticks=[], xlim=(left, right), ylim=(bottom, top))
    for ax in axes.flat[len(images) :]:
        ax.set_visible(False)
    figure.colorbar(
        heat, ax=axes, label="nats below the top", shrink=0.9, format=lambda nats, _: f"{abs(nats):g}"
    )
    if gaussians:
        key = [Line2D([], [], color=top["edgecolor"], ls=top["linestyle"]) for _, top in ELLIPSES]
        figure.legend(key, gaussians, loc="outside lower center", ncols=2, fontsize=9.5)
    return entitle(figure, title)


def _ring(ax, point, size):
    """An open ring around the point, `size` points wide."""
    for width, color in ((3.2, "white"), (1.6, APPROXIMATION)):
        ax.plot(*point, "o", markersize=size, markerfacecolor="none", mew=width, color=color)
