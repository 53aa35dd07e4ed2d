"""A bound under the log p(x) that it bounds, and an estimator's variance beside its formula."""

from collections.abc import Mapping

import numpy as np
from jax.typing import ArrayLike
from matplotlib.figure import Figure

from vae_course.teaching.arguments import named, numbers
from vae_course.teaching.figures.lines import Line, named_lines
from vae_course.teaching.figures.style import label, styled
from vae_course.teaching.pictures import APPROXIMATION, EXACT, PRIOR

Curves = Mapping[str, tuple[ArrayLike, ArrayLike]]


@styled
def bound_and_truth(
    x: ArrayLike,
    panels: Curves,
    *,
    xlabel: str,
    bound: str = "ELBO",
    kl: ArrayLike | None = None,
    at: int = -1,
    title: str = "",
) -> Figure:
    """A bound and log p(x) in nats per image against x (n,), on a log scale: {title: (bounds, log p(x))}.

    Both are (n,), or (starts, n) with a line for each start. A title with "held-out" has dashed lines. `kl`
    (n,) is a KL to the prior, drawn as well. Names stand under point number `at`, or with `kl` above it.
    """
    x, drawn = numbers("x", x, (None,)), {}
    for panel, curves in named("panels", panels).items():
        style, lines = "--" if "held-out" in panel else "-", []
        for values, colour, name in zip(curves, (APPROXIMATION, EXACT), (bound, "log p(x)"), strict=True):
            rows = numbers(panel, np.atleast_2d(values), (None, len(x)))
            names = ["" if kl is not None else name] + [""] * (len(rows) - 1)
            lines += [Line(x, y, colour, each, style, at) for y, each in zip(rows, names, strict=True)]
        if kl is not None:
            lines.append(Line(x, numbers("kl", kl, (len(x),)), PRIOR, "KL to the prior", style))
        drawn[panel] = lines
    figure = named_lines(drawn, xlabel=xlabel, ylabel="nats per image", xscale="log", title=title)
    if kl is not None:  # which comes near the bound from below
        for ax, curves in zip(figure.axes, panels.values(), strict=True):
            for values, colour, name in zip(curves, (APPROXIMATION, EXACT), (bound, "log p(x)"), strict=True):
                label(ax, x[at], np.atleast_2d(values)[0, at], name, colour, offset=(0, 8))
    return figure


def formula_and_measured(
    x: ArrayLike, panels: Mapping[str, tuple], *, xlabel: str, ylabel: str, points: ArrayLike, title: str = ""
) -> Figure:
    """A formula as a line over x (n,), and what was measured as dots over `points` (m,), on log scales.

    `panels` is {title: (formula (n,), measured (m,))}.
    """
    x, points, drawn = numbers("x", x, (None,)), numbers("points", points, (None,)), {}
    for panel, (formula, measured) in named("panels", panels).items():
        name = "measured" if panel == list(panels)[-1] else ""
        drawn[panel] = [
            Line(x, numbers(panel, formula, (len(x),)), EXACT, "formula", at=3 * len(x) // 4),
            Line(points, numbers(panel, measured, (len(points),)), APPROXIMATION, name, "none", at=1),
        ]
    return named_lines(drawn, xlabel=xlabel, ylabel=ylabel, xscale="log", yscale="log", title=title)
