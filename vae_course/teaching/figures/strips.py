"""Several quantities of one kind, each in a strip of its own, to be compared by where they lie."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from vae_course.teaching.arguments import named, numbers
from vae_course.teaching.figures.style import entitle, styled
from vae_course.teaching.pictures import APPROXIMATION, DATA

BINS = 48
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
