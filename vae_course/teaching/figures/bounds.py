"""A bound under the log p(x) that it bounds, and estimators of its gradient beside their formulas."""

from collections.abc import Callable, Mapping

import numpy as np
from jax.typing import ArrayLike
from matplotlib.figure import Figure

from vae_course.teaching.arguments import named, numbers
from vae_course.teaching.figures.lines import Line, named_lines
from vae_course.teaching.figures.style import entitle, few_ticks, label, styled
from vae_course.teaching.pictures import APPROXIMATION, EXACT, PRIOR

Curves = Mapping[str, tuple[ArrayLike, ArrayLike]]
LOOKS = ("-", "o"), ("--", "s"), (":", "^")


@styled
def bound_and_truth(
    x: ArrayLike,
    panels: Curves,
    *,
    xlabel: str,
    bound: str = "ELBO",
    kl: ArrayLike | None = None,
    gap: str = "",
    at: int = -1,
    title: str = "",
) -> Figure:
    """A bound and log p(x) in nats per image against x (n,), on a log scale: {title: (bounds, log p(x))}.

    Both are (n,), or (starts, n) with a line for each start. A title with "held-out" has dashed lines. `kl`
    (n,) is a KL to the prior, drawn as well. With `gap`, the room between the means over the starts is
    shaded, and named by it where it is widest. Names stand under point number `at`, or with `kl` above it.
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
    if gap:
        _shade(figure, x, panels.values(), gap)
    return figure


def _shade(figure, x, curves, gap):
    """The room between bound and log p(x) in every panel, and its name where it is widest."""
    widest = []
    for ax, pair in zip(figure.axes, curves, strict=True):
        low, high = (np.atleast_2d(values).mean(axis=0) for values in pair)
        ax.fill_between(x, low, high, color=EXACT, alpha=0.15, linewidth=0)
        ax.set_xticks(x, [f"{each:,g}" for each in x])
        ax.minorticks_off()
        place = np.argmax(high - low)
        widest.append((high[place] - low[place], ax, x[place], low[place], high[place]))
    nats, ax, place, low, high = max(widest, key=lambda each: each[0])
    ax.annotate("", (place, high), (place, low), arrowprops={"arrowstyle": "<->", "color": EXACT, "lw": 1.5})
    words = f"{gap}\n{nats:.0f} nats"
    label(ax, place, (low + high) / 2, words, EXACT, offset=(-7, 0)).set(ha="right")


@styled
def variances(
    x: ArrayLike, estimators: Mapping[str, tuple[ArrayLike, ArrayLike]], *, points: ArrayLike, title: str = ""
) -> Figure:
    """Variances of at most three gradient estimators on log scales, {name: (formula (n,), measured (m,))}.

    A formula is a line over x (n,), standard deviations of q; what was measured is dots over `points` (m,).
    """
    x, points = numbers("x", x, (None,)), numbers("points", points, (None,))
    figure = Figure(figsize=(7, 3.3))
    ax = figure.subplots()
    for (name, (formula, measured)), (style, marker) in zip(
        named("estimators", estimators).items(), LOOKS, strict=False
    ):
        ax.loglog(x, numbers(name, formula, (len(x),)), style, color=EXACT, linewidth=1.5)
        dots = {"color": APPROXIMATION, "ms": 5, "linestyle": "none"}
        ax.plot(points, numbers(name, measured, (len(points),)), marker, **dots)
        rises = formula[1] > 1.1 * formula[0]  # then there is room under the line
        label(ax, x[0], formula[0], name, EXACT, offset=(24, -6) if rises else (8, 13))
    words = "variance of the gradient\nfrom one draw"
    ax.set(xlabel="standard deviation s of q", ylabel=words, xlim=(x[0] / 1.1, x[-1] * 1.1))
    ax.set_ylim(bottom=ax.get_ylim()[0] / 2)
    few_ticks(ax)
    ax.minorticks_off()
    ax.set_xticks(points, [f"{point:g}" for point in points])
    return entitle(figure, title)


@styled
def variance_ratios(
    values: ArrayLike, ratios: Mapping[str, ArrayLike], formulas: Mapping[str, Callable], *, title: str = ""
) -> Figure:
    """Variances in units of the reparametrized gradient's, {name: (n,)}, over the mean of f (n,).

    A dot an image, on a log scale; `formulas` {name: function of the mean} are lines, named at their ends.
    """
    values = numbers("values", values, (None,))
    every, figure = np.linspace(values.min(), values.max(), 200), Figure(figsize=(7, 3.5))
    ax = figure.subplots()
    for (name, ratio), (_, marker) in zip(named("ratios", ratios).items(), LOOKS, strict=False):
        face = APPROXIMATION if marker == "o" else "white"
        look = {"ms": 4.5, "mfc": face, "color": APPROXIMATION, "linestyle": "none", "mew": 1}
        ax.plot(values, numbers(name, ratio, (len(values),)), marker, **look)
        low = np.quantile(values, 0.1)
        height = np.max(np.asarray(ratio)[values < np.quantile(values, 0.3)])
        label(ax, low, height, name, APPROXIMATION, offset=(0, 14)).set(ha="center")
    for name, formula in named("formulas", formulas).items():
        ax.plot(every, formula(every), color=EXACT, linewidth=1.5, zorder=1)
        label(ax, every[-1], formula(every)[-1], name, EXACT)
    ax.set(
        yscale="log",
        xlabel=r"$\bar f$, the mean of f, nats",
        ylabel="variance over the\nreparametrized gradient's",
    )
    few_ticks(ax)
    ax.minorticks_off()
    return entitle(figure, title)
