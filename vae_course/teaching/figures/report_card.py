"""The report card: what each way to train the decoder is worth, what its bound shows of it; and beta."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from vae_course.report_card import Row
from vae_course.teaching.arguments import numbers
from vae_course.teaching.figures.style import entitle, few_ticks, label, styled
from vae_course.teaching.pictures import APPROXIMATION, DATA, EXACT, PRIOR

LANE = 0.24  # between two starts of one row, where 1 is from one row to the next
BETWEEN = 0.5  # free room between two models


@styled
def report_card(rows: Mapping[tuple[str, int], Row], *, title: str = "") -> Figure:
    """Exact log p(x) of each row, {(model, steps): numbers}: train filled, held out open; a line a start.

    Where there is an ELBO, that of the held-out images is marked too, and the gap to log p(x) drawn. Raises
    `TypeError` unless there is a row.
    """
    if not isinstance(rows, Mapping) or not rows:
        raise TypeError(
            f"`rows` must be a dictionary {{(model, steps): row}} with an entry, got {rows!r:.80}"
        )
    models = list(dict.fromkeys(model for model, _ in rows))
    order = sorted(rows, key=lambda key: models.index(key[0]))
    heights = {key: i + BETWEEN * models.index(key[0]) for i, key in enumerate(order)}
    figure = Figure(figsize=(7, 1.3 + 0.27 * max(heights.values())))
    ax = figure.subplots()
    for key, height in heights.items():
        _row(ax, rows[key], height)
    _names(ax, rows[order[-1]], heights[order[-1]])
    for i, model in enumerate(models):
        of_model = [height for (name, _), height in heights.items() if name == model]
        ax.text(-0.1, np.mean(of_model), model, transform=ax.get_yaxis_transform(), ha="right", va="center")
        if i % 2 == 0:
            ax.axhspan(of_model[0] - 0.75, of_model[-1] + 0.75, color="0.96", lw=0, zorder=0)
    few_ticks(ax)
    ax.set_yticks([heights[key] for key in order], [f"{steps:,}" for _, steps in order], fontsize=8.5)
    ax.set_ylim(max(heights.values()) + 1.9, -0.75)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.text(-0.012, -0.75, "steps", transform=ax.get_yaxis_transform(), ha="right", va="bottom", fontsize=8.5)
    ax.set_xlabel("exact log p(x), nats per image, a line for each start")
    return entitle(figure, title)


def _row(ax, row, height):
    """Train filled, held out open, and how far the held-out ELBO is below."""
    train, held_out = numbers("log_p", row.log_p, (None, 2)).T
    lanes = height + LANE * (np.arange(len(train)) - (len(train) - 1) / 2)
    ax.hlines(lanes, held_out, train, color=EXACT, lw=0.9)
    dots = {"color": EXACT, "ms": 3.8, "mew": 1.1}
    if row.elbo is not None:
        bound = numbers("elbo", row.elbo, (len(train), 2))[:, 1]
        ax.hlines(lanes, bound, held_out, color=APPROXIMATION, lw=0.9, ls=(0, (2, 1.5)))
        ax.plot(bound, lanes, "D", color=APPROXIMATION, mfc="white", ms=3.4, mew=1.1)
    ax.plot(train, lanes, "o", **dots)
    ax.plot(held_out, lanes, "o", mfc="white", **dots)


def _names(ax, row, height):
    """What the marks are, under the last row; and how wide its gap is."""
    places = [("train", row.log_p[:, 0], EXACT), ("held out", row.log_p[:, 1], EXACT)]
    if row.elbo is not None:
        gaps = row.log_p[:, 1] - row.elbo[:, 1]
        places.append(("ELBO, held out", row.elbo[:, 1], APPROXIMATION))
        middle = (row.log_p[:, 1] + row.elbo[:, 1]).mean() / 2
        words = f"{gaps.min():.0f} to {gaps.max():.0f} nats below"
        label(ax, middle, height, words, APPROXIMATION, offset=(0, -14)).set_ha("center")
    for words, values, color in places:
        label(ax, values.mean(), height, words, color, offset=(0, -14)).set_ha("center")


@styled
def over_beta(rows: Mapping[float, Row], *, collapse: float, title: str = "") -> Figure:
    """VAEs over beta, {beta: numbers}: KL to the prior; log p(x) and ELBO; held out, a line for each start.

    From `collapse` on, the beta from which the decoder is expected to ignore z, both panels are shaded.
    Raises `TypeError` unless there is a row.
    """
    if not isinstance(rows, Mapping) or not rows:
        raise TypeError(f"`rows` must be a dictionary {{beta: row}} with an entry, got {rows!r:.80}")
    betas = list(rows)
    figure = Figure(figsize=(7, 3.2))
    left, right = figure.subplots(1, 2)
    for ax, field, color, look, name, up in (
        (left, "kl", PRIOR, "-o", "", 0),
        (right, "log_p", EXACT, "-o", "log p(x)", 12),
        (right, "elbo", APPROXIMATION, "--D", "ELBO", -12),
    ):
        starts = np.stack([numbers(field, getattr(row, field), (None, 2))[:, 1] for row in rows.values()])
        ax.plot(betas, starts, look, color=color, mfc="white", ms=3.4, mew=1, lw=1.2)
        at = len(betas) // 6
        end = starts[at].max() if up > 0 else starts[at].min()
        label(ax, betas[at], end, name, color, offset=(0, up)).set_ha("center")
    for ax, words in ((left, "KL to the prior"), (right, "log p(x) and its bound")):
        ax.set(xscale="log", xlabel="beta", title=f"{words}, nats per held-out image")
        ax.axvspan(collapse, max(betas) * 1.3, color=PRIOR, alpha=0.18, lw=0)
        ax.axvline(collapse, color=DATA, lw=1.2, ls=":")
        ax.set_xlim(min(betas) / 1.3, max(betas) * 1.3)
        few_ticks(ax)
        ax.minorticks_off()
    label(
        left,
        collapse,
        left.get_ylim()[1],
        f"collapse\npredicted\nfrom {collapse:.1f} on",
        DATA,
        offset=(6, -22),
    )
    return entitle(figure, title)
