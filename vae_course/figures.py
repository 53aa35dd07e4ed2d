"""Figures in one style: one colour for one thing in every notebook, and words for who cannot see them.

Each function draws one kind of figure and returns it; `show` displays it with its alternative text.
"""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from functools import wraps
from pathlib import Path

import matplotlib
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter
from PIL import Image

from vae_course.data import SIDE

# Okabe and Ito's colours, told apart by colour-blind readers; one role each.
DATA = "#000000"
PRIOR = "#7F7F7F"
EXACT = "#0072B2"
APPROXIMATION = "#D55E00"
# Ten for the classes, dark enough to read as text on white; a class is always written as its digit, too.
DIGITS = (
    "#000000",
    "#0072B2",
    "#D55E00",
    "#007A5A",
    "#A14A80",
    "#8A6D00",
    "#4B8FBF",
    "#7F3B08",
    "#6A3FA0",
    "#7F7F7F",
)
CELL = SIDE + 1  # an image and the gap to the next, in pixels
STYLE = Path(__file__).with_name("course.mplstyle")


def styled(draw):
    """Run a drawing function under the course's style sheet, leaving the reader's own settings alone."""

    @wraps(draw)
    def wrapper(*args, **kwargs):
        with matplotlib.rc_context(fname=STYLE):
            return draw(*args, **kwargs)

    return wrapper


@styled
def show(figure: Figure, *, alt: str) -> None:
    """Display `figure`, with `alt` saying in words what it shows."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    display({"text/html": img_tag(small_png(buffer.getvalue()), alt), "text/plain": alt}, raw=True)


def img_tag(png: bytes, alt: str) -> str:
    """The HTML of a picture with its alternative text: JupyterLab gives a bare image/png none."""
    source = base64.b64encode(png).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{source}">'


def small_png(png: bytes) -> bytes:
    """The same picture in at most 256 colours, less than half the size."""
    buffer = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(buffer, format="png", optimize=True)
    return buffer.getvalue()


@styled
def digit_rows(rows: Mapping[str, np.ndarray], *, titles: Sequence[str] = ()) -> Figure:
    """Rows of images under each other, each row with its name: {name: (n, 64) images}; a title a column."""
    n = max(len(images) for images in rows.values())
    side = min(5.6 / n, 1.0)  # inches
    figure = Figure(figsize=(1.4 + side * n, side * len(rows) + (0.35 if titles else 0.1)))
    ax = figure.subplots()
    for row, images in enumerate(rows.values()):
        for column, image in enumerate(np.asarray(images)):
            draw_digit(ax, image, row, column)
    ax.set_yticks(CELL * np.arange(len(rows)) + SIDE / 2, rows)
    ax.xaxis.tick_top()
    ax.set_xticks(CELL * np.arange(len(titles)) + SIDE / 2, titles)
    return figure


@styled
def digit_grid(images: np.ndarray, *, columns: int = 15) -> Figure:
    """Many images in reading order: (n, 64)."""
    figure = Figure(figsize=(7, 7 / columns * -(-len(images) // columns)))
    ax = figure.subplots()
    for i, image in enumerate(np.asarray(images)):
        draw_digit(ax, image, *divmod(i, columns))
    ax.set_xlim(-1, CELL * columns)
    return figure


def draw_digit(ax: Axes, image: np.ndarray, row: int = 0, column: int = 0) -> None:
    """One image of 64 pixels, black ink on white paper, its pixels left visible, at its place in a table."""
    left, top = CELL * column, CELL * row
    pixels = np.asarray(image).reshape(SIDE, SIDE)
    ax.imshow(pixels, cmap="gray_r", vmin=0, vmax=1, extent=(left, left + SIDE, top + SIDE, top))
    ax.add_patch(Rectangle((left, top), SIDE, SIDE, fill=False, edgecolor="0.8", linewidth=0.8))
    right, bottom = max(left + CELL, ax.get_xlim()[1]), max(top + CELL, ax.get_ylim()[0])
    ax.set(xlim=(-1, right), ylim=(bottom, -1), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)


@styled
def learning_curves(
    curves: Mapping[str, np.ndarray], *, ylabel: str, exact: tuple[str, float] | None = None, ylim=None
) -> Figure:
    """Losses against steps, {name: (steps,)}, each a running mean over 50 steps, named at its bend.

    `exact` is the name and the value of a line that no curve can cross.
    """
    figure = Figure(figsize=(7, 3))
    ax = figure.subplots()
    for (name, losses), style in zip(curves.items(), ("-", "--", ":"), strict=False):
        window = min(50, len(losses))
        smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
        steps = np.arange(window, len(losses) + 1)
        ax.plot(steps, smooth, color=APPROXIMATION, linestyle=style)
        bend = np.argmax(smooth <= smooth[-1] + 0.1 * (smooth[0] - smooth[-1]))
        label(ax, steps[bend], smooth[bend], name, APPROXIMATION, offset=(6, 10))
    if exact is not None:
        ax.axhline(exact[1], color=EXACT)
        label(ax, ax.get_xlim()[0], exact[1], exact[0], EXACT, offset=(6, -9))
    ax.set(xlabel="training step", ylabel=ylabel, ylim=ylim)
    return figure


def label(
    ax: Axes, x: float, y: float, text: str, color: str, *, offset: tuple[float, float] = (4, 0)
) -> None:
    """Write a name beside its line instead of in a legend, `offset` points away from (x, y)."""
    ax.annotate(text, (x, y), offset, textcoords="offset points", color=color, va="center", fontsize=9)


@styled
def latent_plane(planes: Mapping[str, tuple[np.ndarray, np.ndarray]], *, prior: bool = False) -> Figure:
    """Codes on the plane, each written as its digit: {title: ((N, 2) codes, (N,) labels)}, side by side.

    With `prior`, the circles inside which N(0, I) puts 39% and 86% of its mass: radius 1 and 2.
    """
    figure = Figure(figsize=(7, 0.7 + 6.3 / max(2, len(planes))))
    axes = figure.subplots(1, len(planes), sharex=True, sharey=True, squeeze=False)[0]
    for ax, (title, (codes, labels)) in zip(axes, planes.items(), strict=True):
        draw_codes(ax, codes, labels)
        ax.set_title(title)
        ax.label_outer()
        if prior:
            draw_prior(ax)
    return figure


def draw_codes(ax: Axes, codes: np.ndarray, labels: np.ndarray, *, rim: bool = False) -> None:
    """Codes (N, 2) as small digits, on equal axes; with a white rim, to be read on a picture."""
    codes, labels = np.asarray(codes), np.asarray(labels)
    for digit, color in enumerate(DIGITS):
        place = codes[labels == digit].T
        if rim:
            ax.scatter(*place, s=20, marker=f"${digit}$", color="white", linewidths=2)
        ax.scatter(*place, s=14, marker=f"${digit}$", color=color, linewidths=0.2)
    ax.set(xlabel="first latent z₁", ylabel="second latent z₂", aspect="equal")


def draw_prior(ax: Axes) -> None:
    """N(0, I) as its circles of radius 1 and 2."""
    angle = np.linspace(0, 2 * np.pi, 100)
    for radius in (1, 2):
        ax.plot(radius * np.cos(angle), radius * np.sin(angle), color="white", linewidth=3)
        ax.plot(radius * np.cos(angle), radius * np.sin(angle), color=PRIOR, linewidth=1.5)
    ax.annotate(
        "N(0, I)",
        (0, -2),
        (0, -3),
        textcoords="offset points",
        ha="center",
        va="top",
        fontsize=9,
        bbox={"boxstyle": "square,pad=0.1", "color": "white", "alpha": 0.8},
    )


@styled
def digit_shares(rows: Mapping[str, np.ndarray], *, expected: float) -> Figure:
    """How often each digit comes up: {name: (10,) shares}, with a line at the `expected` share."""
    figure = Figure(figsize=(7, 1.1 * len(rows)))
    axes = figure.subplots(len(rows), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for ax, (name, shares) in zip(axes, rows.items(), strict=True):
        ax.bar(range(10), shares, color=APPROXIMATION, width=0.6)
        ax.axhline(expected, color=DATA, linestyle="--", linewidth=1)
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
        ax.set_xlim(-0.6, 9.6)
        ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    label(axes[0], 9.6, expected, "in the data", DATA)
    axes[-1].set(xticks=range(10), xlabel="digit")
    return figure
