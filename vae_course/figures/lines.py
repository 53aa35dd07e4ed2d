"""Named lines over steps, samples or grid points."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from vae_course.figures.style import label, styled


class Line(NamedTuple):
    """One line of a figure, its name, if it has one, beside point number `at`."""

    x: np.ndarray
    y: np.ndarray
    color: str
    name: str = ""
    style: str = "-"
    at: int = -1


@styled
def named_lines(
    panels: Mapping[str, Sequence[Line]], *, xlabel: str, ylabel: str, xscale="linear", yscale="linear"
) -> Figure:
    """Panels side by side, {title: lines}; the scales are matplotlib's."""
    figure = Figure(figsize=(7, 3.2))
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, (title, lines) in zip(axes, panels.items(), strict=True):
        ax.set(title=title, xlabel=xlabel, xscale=xscale, yscale=yscale)
        for line in lines:
            x, y = np.asarray(line.x, float), np.asarray(line.y, float)
            ax.plot(x, y, color=line.color, linestyle=line.style, marker="o" if len(x) < 12 else "", ms=3)
            if line.name:
                beside = (4, 0) if line.at == -1 else (6, -8)  # under the line, where it goes on
                label(ax, x[line.at], y[line.at], line.name, line.color, offset=beside)
    axes[0].set_ylabel(ylabel)
    return figure
