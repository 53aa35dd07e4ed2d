"""Strips under each other: distances as histograms, and how often each digit comes up."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vae_course.teaching.arguments import named, numbers
from vae_course.teaching.figures.style import entitle, label, styled
from vae_course.teaching.pictures import APPROXIMATION, DATA

BINS = 48
FRAME = 0.42  # the side of the expected share, where two digits are 1 apart
FULL = 0.82  # the height of the highest bar, where two strips are 1 apart


@styled
def distributions(
    strips: Mapping[str, np.ndarray], *, xlabel: str, real: str = "", title: str = ""
) -> Figure:
    """A histogram for each, under each other on one axis, {name: (n,)}, with its mean as a line and a number.

    The strip named `real` is data and drawn black; all others are what a model makes.
    """
    strips = {name: numbers(name, values, (None,)) for name, values in named("strips", strips).items()}
    everything = np.concatenate([*strips.values()])
    edges = np.linspace(everything.min(), everything.max(), BINS + 1)
    shares = {name: np.histogram(values, edges)[0] / len(values) for name, values in strips.items()}
    highest = max(share.max() for share in shares.values())
    figure = Figure(figsize=(7, 0.55 * len(strips) + (1.0 if title else 0.7)))
    ax = figure.subplots()
    for row, (name, share) in enumerate(shares.items()):
        color, mean = DATA if name == real else APPROXIMATION, strips[name].mean()
        bottom = len(strips) - 1 - row
        ax.stairs(bottom + FULL * share / highest, edges, baseline=bottom, fill=True, color=color, alpha=0.35)
        ax.plot([mean, mean], [bottom, bottom + FULL], color=color, linewidth=2)
        ax.annotate(f"mean {mean:.2f}", (edges[-1], bottom + 0.3), ha="right", color=color)
    ax.set_yticks(len(strips) - 0.7 - np.arange(len(strips)), strips)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set(xlabel=xlabel, ylim=(0, len(strips)), xlim=edges[[0, -1]])
    return entitle(figure, title)


@styled
def digit_balance(rows: Mapping[str, np.ndarray], *, expected: float, title: str = "") -> Figure:
    """How often each digit comes up: {name: (10,) shares}, as squares whose areas are the shares.

    A frame around each has the area of the `expected` share: what does not fill its frame is too rare.
    """
    rows = {name: numbers(name, shares, (10,)) for name, shares in named("rows", rows).items()}
    figure = Figure(figsize=(7, 0.42 * len(rows) + (0.9 if title else 0.5)))
    ax = figure.subplots()
    for row, shares in enumerate(rows.values()):
        for digit, share in enumerate(shares):
            side = FRAME * np.sqrt(share / expected)
            corner = digit - side / 2, row - side / 2
            ax.add_patch(Rectangle(corner, side, side, color=APPROXIMATION, linewidth=0))
            corner = digit - FRAME / 2, row - FRAME / 2
            ax.add_patch(Rectangle(corner, FRAME, FRAME, fill=False, edgecolor=DATA, linewidth=1))
    label(ax, 9.6, 0, f"frame: {expected:.0%},\nas in the data", DATA)
    ax.set(xlim=(-0.6, 11.4), ylim=(len(rows) - 0.45, -0.55), aspect="equal")
    ax.set_yticks(range(len(rows)), rows)
    ax.set_xticks(range(10), range(10))
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return entitle(figure, title)
