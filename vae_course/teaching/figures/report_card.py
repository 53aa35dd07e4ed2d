"""The report card: what each model is worth, beside what it draws."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from vae_course.data import SIDE
from vae_course.teaching.arguments import named, numbers
from vae_course.teaching.figures.digits import CELL, draw_digit
from vae_course.teaching.figures.style import entitle, label, styled
from vae_course.teaching.pictures import EXACT

WIDER = 1.4  # the samples than the scores


@styled
def report_card(
    scores: Mapping[str, np.ndarray], samples: Mapping[str, np.ndarray], *, xlabel: str, title: str = ""
) -> Figure:
    """One row per model: its scores {name: (runs, 2)}, train and held out, and to the right its samples.

    Train is a filled dot and held out an open one, one of each per run. `samples` holds (n, 64) images under
    the same names, the same n for all. Raises `ValueError` if the two do not match.
    """
    scores = {name: numbers(name, rows, (None, 2)) for name, rows in named("scores", scores).items()}
    samples = {name: numbers(name, rows, (None, SIDE**2)) for name, rows in named("samples", samples).items()}
    if list(scores) != list(samples):
        raise ValueError(f"`samples` must have the names of `scores`, {list(scores)}, got {list(samples)}")
    if len({len(images) for images in samples.values()}) > 1:
        raise ValueError(f"`samples` must be equally many for each, got {[*map(len, samples.values())]}")
    figure = Figure(figsize=(7, 0.8 + 0.31 * len(scores)))
    left, right = figure.subplots(1, 2, width_ratios=[1, WIDER])
    middles = CELL * np.arange(len(scores)) + SIDE / 2
    for row, (name, middle) in enumerate(zip(scores, middles, strict=True)):
        left.axhline(middle, color="0.9", linewidth=0.8, zorder=0)
        for values, face in zip(scores[name].T, (EXACT, "white"), strict=True):
            left.plot(values, np.full(len(values), middle), "o", color=EXACT, mfc=face, markersize=5)
        for column, image in enumerate(samples[name]):
            draw_digit(right, image, row, column)
    for column, words in enumerate(("held out", "train")):
        place = scores[next(iter(scores))][:, 1 - column].mean()
        label(left, place, middles[0], words, EXACT, offset=((-30, 4)[column], 12))
    left.set(ylim=right.get_ylim(), xlabel=xlabel)
    left.set_box_aspect(WIDER * abs(np.diff(right.get_ylim()) / np.diff(right.get_xlim())).item())  # as high
    left.set_yticks(middles, scores)
    left.spines["left"].set_visible(False)
    left.tick_params(axis="y", length=0)
    return entitle(figure, title)
