"""Runs side by side: what several objectives, proposals or answers are worth, one panel for each setting.

Most take `panels`, {title: {name: numbers}}.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vae_course.elbo import Gaps
from vae_course.teaching.figures.lines import Line, named_lines
from vae_course.teaching.figures.style import entitle, few_ticks, label, styled
from vae_course.teaching.pictures import APPROXIMATION, EXACT, PRIOR

Panels = Mapping[str, Mapping[str, np.ndarray]]
LEAST = 0.01  # nats: the end of a logarithmic axis of errors
MISSING = {0.01: "< 0.01", 0.1: "0.1", 1: "1", 10: "10", 100: "100"}  # its ticks


@styled
def at_the_same_fit(
    runs: Mapping[str, np.ndarray], steps: Sequence[int], *, fit: float, title: str = ""
) -> Figure:
    """What objectives are worth on held-out images: over the steps, and over the fit to training images.

    {name: (starts, len(steps), 2)} holds train and held out, in nats. The first is drawn as exact, the next
    as the approximation, solid, then dashed. A band marks where the training images are at `fit`.
    """
    figure = Figure(figsize=(7, 3.4))
    left, right = figure.subplots(1, 2, sharey=True)
    looks = ((EXACT, "-", "o"), (APPROXIMATION, "-", "s"), (APPROXIMATION, ":", "^"))
    for (name, scores), (color, style, marker) in zip(runs.items(), looks, strict=False):
        look = {"color": color, "linestyle": style, "marker": marker, "ms": 4, "mfc": "white", "lw": 1.3}
        for train, held_out in np.moveaxis(np.asarray(scores), -1, 1):
            left.plot(steps, held_out, **look)
            right.plot(train, held_out, **look, label=name)
    right.axvspan(fit - 1, fit + 1, color=PRIOR, alpha=0.2, linewidth=0)
    left.set(title="as training goes on", xlabel="training step", ylabel="held-out images: log p(x), nats")
    right.set(title=f"at the same fit (grey: {fit:g} nats)", xlabel="training images: log p(x), nats")
    handles = dict(zip(*reversed(right.get_legend_handles_labels()), strict=True))  # one of each name
    few_ticks(left)
    few_ticks(right)
    left.set_xticks(steps)
    left.legend(handles.values(), handles.keys(), loc="lower center", fontsize=9, handlelength=2.6)
    return entitle(figure, title)


def errors_by_samples(
    panels: Panels,
    sizes: Sequence[int],
    *,
    looks: Mapping[str, tuple] | None = None,
    at: int = 1,
    title: str = "",
) -> Figure:
    """How much is missing from log p(x), (len(sizes),) or one row for each run, over the samples used.

    The mean errors that come in are negative, and drawn as what is missing, on a logarithmic axis. Less than
    a hundredth of a nat is drawn as "< 0.01". `looks` holds {name: (color, style)} for what is
    not a solid line in the approximation's colour. Names are written at point number `at` of the first row.
    """

    def lines(name, _, errors):
        for i, row in enumerate(np.atleast_2d(errors)):
            color, style = (looks or {}).get(name, (APPROXIMATION, "-"))
            yield Line(sizes, np.maximum(-row, LEAST), color, "" if i else name, style, at)

    axes = {"xlabel": "draws S", "ylabel": "missing from log p(x), nats"}
    figure = named_lines(_drawn(panels, lines), **axes, xscale="log", yscale="log", title=title)
    least = max(LEAST, -max(np.max(errors) for rows in panels.values() for errors in rows.values()))
    ticks = {value: words for value, words in MISSING.items() if value >= 0.7 * least}
    figure.axes[0].set_ylim(least / 1.5, None)
    figure.axes[0].set_yticks(list(ticks), list(ticks.values()))
    return figure


@styled
def more_latents(
    ks: Sequence[int], sizes: Sequence[int], errors: np.ndarray, kl: Sequence[float], *, title: str = ""
) -> Figure:
    """What more latents cost: nats missing over samples, a line for each k; samples needed, e^KL, over k.

    `errors` (len(ks), len(sizes)) are negative, and drawn as what is missing. `kl` is that from the
    posterior to the prior, in nats.
    """
    figure = Figure(figsize=(7, 3.3))
    left, right = figure.subplots(1, 2)
    for k, row, tint in zip(ks, errors, np.linspace(0.4, 1, len(ks)), strict=True):
        missing = np.maximum(-np.asarray(row), LEAST)
        left.loglog(sizes, missing, "-o", color=APPROXIMATION, alpha=tint, ms=4)
        middle = len(sizes) // 2
        label(left, sizes[middle], missing[middle], f"k = {k}", APPROXIMATION, offset=(6, 8))
    left.set(xlabel="samples S", ylabel="missing from log p(x), nats", ylim=(LEAST / 1.5, 300))
    right.semilogy(ks, np.exp(kl), "-o", color=EXACT, ms=4)
    right.axhline(sizes[-1], color=PRIOR, linestyle=":")
    label(right, min(ks), sizes[-1], f"{sizes[-1]:,} samples", PRIOR, offset=(0, 8))
    right.set(xlabel="latents k", ylabel="samples needed, about", xticks=ks)
    few_ticks(left)
    for ax in (left, right):
        ax.minorticks_off()
    left.set_yticks(list(MISSING), list(MISSING.values()))
    return entitle(figure, title)


def falling_kl(panels: Panels, steps: Sequence[int], *, title: str = "") -> Figure:
    """KL from q to the posterior as q is fitted, one line for each start: "fits" (starts, len(steps)).

    "best" is one number, the KL of the best q: a dashed line, named in each panel. Of the starts that end 3
    nats or more above it the lowest is named, too.
    """
    stuck = {}
    for rows in panels.values():
        ends = np.asarray(rows["fits"])[:, -1]
        worse = ends[ends > rows["best"] + 3]
        stuck |= {worse.min(): "a worse hill"} if worse.size else {}

    def lines(name, color, kl):
        best = name == "best"
        for row in np.broadcast_to(kl, (1, len(steps))) if best else np.asarray(kl):
            words, at = ("the best q", 0) if best else (stuck.get(row[-1], ""), len(steps) // 2)
            yield Line(steps, row, color, words, "--" if best else "-", at)

    axes = {"xlabel": "training step", "ylabel": "KL(q || posterior), nats"}
    figure = named_lines(_drawn(panels, lines), **axes, yscale="log", title=title)
    lowest = min(np.min(row) for rows in panels.values() for row in rows.values())
    figure.axes[0].set_ylim(0.4 * lowest, None)  # room for the name
    return figure


@styled
def cost_of_width(
    factors: Sequence[float], kl: np.ndarray, formula: np.ndarray, *, title: str = ""
) -> Figure:
    """KL of Gaussians whose standard deviation is too large or too small by `factors`, on a log axis.

    `kl` (runs, images, len(factors)) is drawn as the median of each run and, shaded, the middle eight tenths
    of all images; `formula` (2, n) holds factors and KL for a posterior that is a Gaussian.
    """
    figure = Figure(figsize=(7, 3.3))
    ax = figure.subplots()
    low, high = np.quantile(kl.reshape(-1, len(factors)), (0.1, 0.9), axis=0)
    ax.fill_between(factors, low, high, color=APPROXIMATION, alpha=0.15, linewidth=0)
    ax.plot(*formula, color=EXACT)
    ax.plot(factors, np.median(kl, axis=1).T, "o", color=APPROXIMATION, ms=4.5)
    ax.axvline(1, color=PRIOR, linestyle=":", linewidth=1)
    ax.set_xscale("log")
    ax.minorticks_off()
    ax.set_xticks(factors, [f"{factor:g}" for factor in factors])
    ax.set(xlabel="s as a multiple of the best s", ylabel="KL, nats", ylim=(0, None))
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    label(ax, factors[-2], high[-2], "median image", APPROXIMATION, offset=(-14, 2)).set_ha("right")
    label(ax, factors[-1], formula[1][-1], "if the posterior\nwere Gaussian", EXACT, offset=(8, -8))
    label(ax, factors[-1], high[-1], "eight images\nin ten", APPROXIMATION, offset=(8, -6))
    top = ax.get_ylim()[1]
    for x, side, words in ((0.94, "right", "too narrow"), (1.06, "left", "too wide")):
        ax.text(x, 0.93 * top, words, ha=side, fontsize=10, color="0.35")
    return entitle(figure, title)


@styled
def shaded_gaps(panels: Mapping[str, Gaps], *, cut: float = 20.0, title: str = "") -> Figure:
    """How far below log p(x) the encoder's ELBO is for each image, sorted, and the best Gaussian's beside it.

    {name of a set of images: its gaps}, in nats, all starts together, on an axis that is cut at `cut`: an
    arrow says how far the rest goes. The room between the two, the amortization gap, is shaded, and so is
    the approximation gap below, so that an area is a mean over images. "held out" is dashed.
    """
    figure = Figure(figsize=(7, 3.5))
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, (panel, gaps) in zip(axes, panels.items(), strict=True):
        best, encoder = gaps.approximation.ravel(), (gaps.approximation + gaps.amortization).ravel()
        order = np.argsort(encoder)
        best, encoder, shares = best[order], encoder[order], 100 * (np.arange(len(order)) + 0.5) / len(order)
        ax.fill_between(shares, best, encoder, color=APPROXIMATION, alpha=0.22, linewidth=0)
        ax.fill_between(shares, 0, best, color=EXACT, alpha=0.22, linewidth=0)
        ax.plot(shares, encoder, "--" if panel == "held out" else "-", color=APPROXIMATION, lw=1.8)
        ax.plot(shares, best, color=EXACT, lw=0.8)
        ax.set(title=f"{panel.replace(' ', '-')} images", xlabel="% of images, sorted", xlim=(0, 100))
        few_ticks(ax)
        at = min(np.searchsorted(encoder, 0.4 * cut), len(order) - 1)
        label(ax, shares[at], encoder[at], "the encoder", APPROXIMATION, offset=(-8, 0)).set_ha("right")
        if encoder[-1] > cut:
            crossed = shares[np.searchsorted(encoder, cut)]
            up_to = f"up to {encoder[-1]:.0f} \N{UPWARDS ARROW}"
            label(ax, crossed, 0.95 * cut, up_to, APPROXIMATION, offset=(-8, 0)).set_ha("right")
    label(axes[-1], 100, 0.5 * cut, "amortization\ngap", APPROXIMATION, offset=(8, 0))
    label(axes[-1], 100, 0.03 * cut, "approximation\ngap", EXACT, offset=(8, 0))
    axes[0].set(ylabel="log p(x) \N{MINUS SIGN} ELBO, nats", ylim=(0, cut))
    return entitle(figure, title)


def _drawn(panels, lines):
    """{title: lines of all its names}; the first name of a panel has the approximation's colour."""
    return {
        title: [
            line
            for i, (name, values) in enumerate(rows.items())
            for line in lines(name, (APPROXIMATION, EXACT)[i > 0], values)
        ]
        for title, rows in panels.items()
    }
