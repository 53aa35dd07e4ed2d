"""Lines with their names beside them: losses over steps, and any quantity over any other."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from vae_course.teaching.arguments import named, numbers
from vae_course.teaching.figures.style import label, styled
from vae_course.teaching.pictures import APPROXIMATION, EXACT


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


@styled
def learning_curves(
    curves: Mapping[str, np.ndarray], *, ylabel: str, exact: tuple[str, float] | None = None, ylim=None
) -> Figure:
    """Losses against steps, {name: (steps,)}, each a running mean over 50 steps, named at its bend.

    `exact` is the name and the value of a line that no curve can cross.
    """
    figure = Figure(figsize=(7, 3))
    ax = figure.subplots()
    for (name, losses), style in zip(named("curves", curves).items(), ("-", "--", ":"), strict=False):
        losses = numbers(name, losses, (None,))
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
