"""Lines with their names beside them: losses over steps, and any quantity over any other; histograms."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from vae_course.teaching.arguments import named, numbers
from vae_course.teaching.figures.style import entitle, few_ticks, keep_apart, label, styled
from vae_course.teaching.pictures import APPROXIMATION, DATA, EXACT, PRIOR


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
    panels: Mapping[str, Sequence[Line]],
    *,
    xlabel: str,
    ylabel: str,
    xscale="linear",
    yscale="linear",
    title: str = "",
) -> Figure:
    """Panels side by side, {title: lines}; the scales are matplotlib's. `title` is the figure's point.

    Few points are marked, filled on a solid line and open on any other.
    """
    figure = Figure(figsize=(7, 3.3 if title else 3))
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    ends = {ax: [] for ax in axes}
    for ax, (name, lines) in zip(axes, panels.items(), strict=True):
        ax.set(title=name, xlabel=xlabel, xscale=xscale, yscale=yscale)
        for line in lines:
            x, y = np.asarray(line.x, float), np.asarray(line.y, float)
            marker = {"marker": "o" if len(x) < 12 else "", "ms": 4}
            marker["mfc"] = line.color if line.style in ("-", "none") else "white"
            ax.plot(x, y, color=line.color, linestyle=line.style, **marker)
            if line.name:
                beside = (6, 0) if line.at == -1 else (6, -9)  # under the line, where it goes on
                words = label(ax, x[line.at], y[line.at], line.name, line.color, offset=beside)
                ends[ax] += [words] if line.at == -1 else []
        few_ticks(ax)
    for words in ends.values():
        keep_apart(words)
    axes[0].set_ylabel(ylabel)
    return entitle(figure, title)


@styled
def learning_curves(
    curves: Mapping[str, np.ndarray],
    *,
    ylabel: str,
    exact: tuple[str, float] | None = None,
    ylim=None,
    title: str = "",
) -> Figure:
    """Losses against steps, {name: (steps,)}, each a running mean over 50 steps, named at its end.

    `exact` is the name and the value of a line that no curve can cross.
    """
    figure = Figure(figsize=(7, 3.2 if title else 2.9))
    ax = figure.subplots()
    ends = []
    for (name, losses), style in zip(named("curves", curves).items(), ("-", "--", ":"), strict=False):
        losses = numbers(name, losses, (None,))
        window = min(50, len(losses))
        smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
        steps = np.arange(window, len(losses) + 1)
        ax.plot(steps, smooth, color=APPROXIMATION, linestyle=style)
        ends.append(label(ax, steps[-1], smooth[-1], name, APPROXIMATION))
    if exact is not None:
        ax.axhline(exact[1], color=EXACT)
        ends.append(label(ax, steps[-1], exact[1], exact[0], EXACT))
    ax.set(xlabel="training step", ylabel=ylabel, ylim=ylim, xlim=(0, steps[-1]))
    few_ticks(ax)
    keep_apart(ends)
    return entitle(figure, title)


@styled
def histograms(
    values: Mapping[str, np.ndarray],
    *,
    xlabel: str,
    title: str = "",
    bins: int = 40,
    limit: tuple[str, float] | None = None,
) -> Figure:
    """How several quantities of one kind are distributed, {name: (n,)}: the share of each in each bin.

    All have the same bins. The first is drawn as data, then the approximation's, the exact and the prior's
    colour; each name stands over its highest bar. `limit` is the name and the place of a line across.
    """
    values = {name: numbers(name, some, (None,)) for name, some in named("values", values).items()}
    everything = np.concatenate([*values.values()])
    edges = np.linspace(everything.min(), everything.max(), bins + 1)
    figure = Figure(figsize=(7, 3))
    ax = figure.subplots()
    for (name, some), color in zip(values.items(), (DATA, APPROXIMATION, EXACT, PRIOR), strict=False):
        shares = np.histogram(some, edges)[0] / len(some)
        ax.stairs(shares, edges, fill=True, color=color, alpha=0.15)
        ax.stairs(shares, edges, color=color, linewidth=1.6)
        top = np.argmax(shares)
        label(ax, edges[top : top + 2].mean(), shares[top], name, color, offset=(0, 8)).set_ha("center")
    ax.set(xlabel=xlabel, yticks=[])
    ax.margins(x=0, y=0.12)
    if limit is not None:
        ax.axvline(limit[1], color=DATA, linestyle="--", linewidth=1.2)
        label(ax, limit[1], ax.get_ylim()[1], limit[0], DATA, offset=(6, -8))
    ax.spines["left"].set_visible(False)
    return entitle(figure, title)
