"""The latent plane: codes written as their digits."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure

from vae_course.samples import bad_around
from vae_course.teaching.arguments import every, named, numbers
from vae_course.teaching.figures.digits import draw_digit
from vae_course.teaching.figures.style import HALO, entitle, few_ticks, styled
from vae_course.teaching.pictures import APPROXIMATION, DATA, DIGITS, PRIOR

MOST = 300  # codes in one panel: more would hide one another


@styled
def latent_plane(
    planes: Mapping[str, tuple[np.ndarray, np.ndarray]], *, prior: bool = False, title: str = ""
) -> Figure:
    """Codes on the plane, each written as its digit: {title: ((N, 2) codes, (N,) labels)}, side by side.

    Of many codes at most 300 are drawn, evenly strided: every second, every third, and so on. With `prior`,
    the circles inside which N(0, I) puts 39% and 86% of its mass: radius 1 and 2.
    """
    n = len(named("planes", planes))
    figure = Figure(figsize=(7 if n > 1 else 4.4, 0.7 + 6.4 / max(2, n) + (0.3 if title else 0)))
    axes = figure.subplots(1, n, sharex=True, sharey=True, squeeze=False)[0]
    for ax, (name, (codes, labels)) in zip(axes, planes.items(), strict=True):
        draw_codes(ax, codes, labels, most=MOST)
        ax.set_title(name)
        ax.label_outer()
        few_ticks(ax)
        if prior:
            _draw_prior(ax)
    if prior:
        words = "grey: N(0, I), with 39% of its mass inside the inner circle and 86% inside the outer"
        figure.supxlabel(words, x=0.008, ha="left", fontsize=9, color=PRIOR)
        _label_prior(axes[-1], list(planes.values())[-1][0])
    entitle(figure, title)
    for _ in range(3):  # equal axes settle step by step; drawn at once, their labels are cut
        figure.get_layout_engine().execute(figure)
    return figure


@styled
def holes(planes: Mapping[str, tuple], labels: np.ndarray, *, title: str = "") -> Figure:
    """Where images are bad, farther from the training images than a limit: {title: (`AroundCodes`, limit)}.

    Bad places are shaded, and their share of the dashed circle of radius 2 is written on it. Axes count
    standard deviations of the codes, drawn as their digits, every sixteenth. A ring is around the farthest
    image within radius 1.5, and the corner shows it.
    """
    n = len(named("planes", planes))
    figure = Figure(figsize=(7, 0.35 + 6.8 / n))
    axes = figure.subplots(1, n, sharex=True, sharey=True, squeeze=False)[0]
    angle = np.linspace(0, 2 * np.pi, 100)
    for ax, (name, (plane, limit)) in zip(axes, planes.items(), strict=True):
        ticks, side = plane.ticks, len(plane.ticks)
        distances = np.asarray(plane.distances).reshape(side, side)
        bad = distances > float(limit)
        tint = ListedColormap(["white", (*to_rgb(APPROXIMATION), 0.3)])
        ax.imshow(bad, origin="lower", extent=(-3, 3, -3, 3), vmin=0, vmax=1, cmap=tint)
        ax.contour(ticks, ticks, distances, [float(limit)], colors=[APPROXIMATION], linewidths=0.7)
        draw_codes(ax, plane.codes[::16], labels[::16], rim=True)
        ax.plot(2 * np.cos(angle), 2 * np.sin(angle), "--", color=DATA, linewidth=1.4)
        radius = np.add.outer(ticks**2, ticks**2) ** 0.5
        share = f"{100 * bad_around(plane, limit):.0f}% bad"
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        ax.text(0, -2, share, color=DATA, ha="center", va="center", fontweight="bold", bbox=box)
        row, column = divmod(int(np.argmax(np.where(radius < 1.5, distances, 0))), side)
        for width, color in ((3.4, "white"), (1.8, APPROXIMATION)):
            ax.plot(ticks[column], ticks[row], "o", ms=14, mfc="none", mew=width, color=color)
        draw_digit(ax.inset_axes([0, 0, 0.2, 0.2]), plane.images[row * side + column])
        ax.set(title=name, xlim=(-3, 3), ylim=(-3, 3), xlabel="$z_1$, in standard deviations")
        ax.set_ylabel("$z_2$, in standard deviations")
        ax.label_outer()
        few_ticks(ax)
    entitle(figure, title)
    for _ in range(3):  # as above
        figure.get_layout_engine().execute(figure)
    return figure


def draw_codes(
    ax: Axes, codes: np.ndarray, labels: np.ndarray, *, rim: bool = False, most: int | None = None
) -> None:
    """Codes (N, 2) as small digits, on equal axes; with a white rim, to be read on a picture.

    With `most`, at most so many of them, evenly strided.
    """
    codes = numbers("codes", codes, (None, 2))
    labels = numbers("labels", labels, (len(codes),))
    if most is not None:
        step = every(len(codes), most)
        codes, labels = codes[::step], labels[::step]
    for digit, color in enumerate(DIGITS):
        sign = rf"$\mathsf{{{digit}}}$"
        place = codes[labels == digit].T
        if rim:
            ax.scatter(*place, s=20, marker=sign, color="white", linewidths=2)
        ax.scatter(*place, s=14, marker=sign, color=color, linewidths=0.2)
    ax.set(xlabel="first latent $z_1$", ylabel="second latent $z_2$", aspect="equal")


def _draw_prior(ax: Axes) -> None:
    """N(0, I) as its circles of radius 1 and 2, beneath the codes."""
    angle = np.linspace(0, 2 * np.pi, 100)
    for radius in (1, 2):
        ax.plot(radius * np.cos(angle), radius * np.sin(angle), color=PRIOR, linewidth=1.2, zorder=0.5)


def _label_prior(ax: Axes, codes: np.ndarray) -> None:
    """The prior's name, outside its circles, at that corner where the fewest codes lie."""
    corners = np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)])
    near = np.linalg.norm(np.asarray(codes)[:, None] - 1.8 * corners, axis=2) < 0.7
    x, y = corners[near.sum(0).argmin()]
    place = {"ha": "left" if x > 0 else "right", "va": "bottom" if y > 0 else "top"}
    ax.text(1.46 * x, 1.46 * y, "N(0, I)", color=PRIOR, fontsize=10, path_effects=[HALO], **place)
