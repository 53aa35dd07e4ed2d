"""What a likelihood is a density of: what it draws, and the area under the cross-entropy of a grey pixel."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from vae_course.data import SIDE
from vae_course.likelihoods import cross_entropy_areas
from vae_course.teaching.arguments import named, numbers
from vae_course.teaching.figures.digits import CELL, draw_digit
from vae_course.teaching.figures.style import entitle, label, styled
from vae_course.teaching.pictures import APPROXIMATION, EXACT

APART = 1.5  # from the decoded images to the drawn ones, in images


@styled
def decoded_and_drawn(rows: Mapping[str, tuple[np.ndarray, np.ndarray]], *, title: str = "") -> Figure:
    """A row for each likelihood, {name: (decoded, drawn)}: (n, 64) pictures, and one draw around each."""
    figure = Figure(figsize=(7, 0.3 + 0.41 * len(named("rows", rows)) + 0.3 * bool(title)))
    ax = figure.subplots()
    for row, (name, both) in enumerate(rows.items()):
        decoded, drawn = (numbers(name, images, (None, SIDE**2)) for images in both)
        second = len(decoded) + APART
        for column, image in enumerate(decoded):
            draw_digit(ax, image, row, column)
        for column, image in enumerate(drawn):
            draw_digit(ax, image, row, second + column)
        middle = CELL * row + SIDE / 2
        ax.annotate(
            "",
            (CELL * second - 2, middle),
            (CELL * len(decoded) + 1, middle),
            arrowprops={"arrowstyle": "->"},
        )
    ax.set_yticks(CELL * np.arange(len(rows)) + SIDE / 2, rows)
    ax.xaxis.tick_top()
    middles = CELL * np.array([len(decoded) / 2, second + len(drawn) / 2])
    ax.set_xticks(middles, ["what z is decoded to", "one draw from $p(x \\mid z)$"])
    return entitle(figure, title)


@styled
def cross_entropy_area(*, title: str = "") -> Figure:
    """p^x (1 - p)^(1 - x) over the ink x of one pixel, for three p, and the area under it over all p."""
    figure = Figure(figsize=(7, 3.1))
    left, right = figure.subplots(1, 2, sharey=True)
    x = np.linspace(0, 1, 101)
    for p, style, at, offset in ((0.02, "-", 0, (8, 2)), (0.5, "--", 45, (0, 10)), (0.8, ":", 90, (-52, 8))):
        heights = p**x * (1 - p) ** (1 - x)
        left.plot(x, heights, style, color=APPROXIMATION)
        label(left, x[at], heights[at], f"p = {p}", APPROXIMATION, offset=offset)
        if p == 0.5:
            left.fill_between(x, heights, color=APPROXIMATION, alpha=0.15, linewidth=0)
            label(left, 0.68, 0.25, "area 1/2", APPROXIMATION)
    p = 1 / (1 + np.exp(-np.linspace(-14, 14, 401)))
    areas = np.asarray(cross_entropy_areas(jnp.asarray(p)))
    right.plot(p, areas, color=APPROXIMATION)
    right.axhline(1, color=EXACT)
    right.fill_between(p, areas, 1, color=EXACT, alpha=0.1, linewidth=0)
    label(right, 0.5, 0.94, "a density: area 1 for every p", EXACT).set_ha("center")
    label(right, 0.5, 0.43, "cross-entropy", APPROXIMATION).set_ha("center")
    label(right, 0.5, 0.72, "missing", EXACT).set_ha("center")
    left.set(xlabel="ink x of the pixel", xlim=(0, 1), ylim=(0, 1.05), title="$p^x (1 - p)^{1 - x}$")
    right.set(xlabel="decoded p", xlim=(0, 1), title="the area under it")
    for ax in (left, right):
        ax.set_xticks([0, 0.5, 1], ["0", "½", "1"])
        ax.set_yticks([0, 0.5, 1], ["0", "½", "1"])
    return entitle(figure, title)
