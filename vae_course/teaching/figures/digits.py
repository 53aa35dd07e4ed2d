"""Pictures of digits, in rows and tables."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextPath

from vae_course.data import SIDE
from vae_course.teaching.arguments import named, numbers
from vae_course.teaching.figures.style import TITLE, entitle, styled
from vae_course.teaching.pictures import APPROXIMATION

CELL = SIDE + 1  # an image and the gap to the next, in pixels
RIM = 0.1  # from an image to its frame, so that frames of neighbours stay apart


@styled
def digit_rows(
    rows: Mapping[str, np.ndarray], *, titles: Sequence[str] = (), below: Sequence[str] = (), title: str = ""
) -> Figure:
    """Rows of images under each other, each row with its name: {name: (n, 64) images}.

    `titles` stand above the columns, the words of `below` beneath them, in two lines at most.
    """
    rows = {name: numbers(name, images, (None, SIDE**2)) for name, images in named("rows", rows).items()}
    n = max(map(len, rows.values()))
    left = 0.15 + max(_inches(name, "ytick.labelsize") for name in rows)
    side = min((7 - left) / n, 0.7)
    room = {"left": left, "top": 0.25 * bool(titles), "bottom": 0.36 * bool(below)}
    figure, ax = _table(side * n, side * len(rows), **room, title=title)
    for column, words in enumerate(below):
        place = CELL * column + SIDE / 2, CELL * len(rows)
        ax.text(*place, words, ha="center", va="top", fontsize=8.5, clip_on=False)
    for row, images in enumerate(rows.values()):
        for column, image in enumerate(images):
            draw_digit(ax, image, row, column)
    ax.set_yticks(CELL * np.arange(len(rows)) + SIDE / 2, rows)
    ax.xaxis.tick_top()
    ax.set_xticks(CELL * np.arange(len(titles)) + SIDE / 2, titles)
    return figure


@styled
def digit_grid(
    images: np.ndarray, *, columns: int = 15, framed: np.ndarray | None = None, title: str = ""
) -> Figure:
    """Many images in reading order: (n, 64). Those where `framed` (n,) is true have a vermilion frame."""
    images = numbers("images", images, (None, SIDE**2))
    framed = np.zeros(len(images)) if framed is None else numbers("framed", framed, (len(images),))
    columns = min(columns, len(images))
    side, rows = min(7 / columns, 0.7), -(-len(images) // columns)  # inches
    figure, ax = _table(side * columns, side * rows, title=title)
    for i, image in enumerate(images):
        row, column = divmod(i, columns)
        draw_digit(ax, image, row, column)
        if framed[i]:
            frame(ax, row, column)
    return figure


def frame(ax: Axes, row: int = 0, column: int = 0) -> None:
    """A vermilion frame around the image in a table's cell."""
    corner, wide = (CELL * column - RIM, CELL * row - RIM), SIDE + 2 * RIM
    ax.add_patch(Rectangle(corner, wide, wide, fill=False, edgecolor=APPROXIMATION, linewidth=1.8))


def _inches(words, size, **look):
    """How long some words are; `size` is in points, or the style's name of a size."""
    font = FontProperties(size=matplotlib.rcParams.get(size, size), **look)
    return TextPath((0, 0), words, prop=font).get_extents().width / 72 if words else 0


def _table(width, height, *, left=0.0, top=0.0, bottom=0.0, title=""):
    """A figure just large enough for a table of digits, in inches, and its axes."""
    above = top + 0.3 * bool(title)
    wide = max(left + width, _inches(title, TITLE, weight="bold") + 0.2)
    tall = above + height + bottom
    figure = Figure(figsize=(wide, tall), layout="none")
    entitle(figure, title)
    place = left / wide, bottom / tall, width / wide, height / tall
    return figure, figure.add_axes(place)


def draw_digit(ax: Axes, image: np.ndarray, row: int = 0, column: int = 0) -> None:
    """One image of 64 pixels, black ink on white paper, its pixels left visible, at its place in a table."""
    left, top = CELL * column, CELL * row
    pixels = numbers("image", image, (SIDE**2,)).reshape(SIDE, SIDE)
    ax.imshow(pixels, cmap="gray_r", vmin=0, vmax=1, extent=(left, left + SIDE, top + SIDE, top))
    ax.add_patch(Rectangle((left, top), SIDE, SIDE, fill=False, edgecolor="0.8", linewidth=0.8))
    right, bottom = max(left + CELL, ax.get_xlim()[1]), max(top + CELL, ax.get_ylim()[0])
    ax.set(xlim=(-1, right), ylim=(bottom, -1), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
