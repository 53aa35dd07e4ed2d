"""Curves with their names beside them."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from vae_course.arguments import named, numbers
from vae_course.figures.style import APPROXIMATION, EXACT, label, styled


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
