"""Principal components as pictures: what each adds and takes away, and where moving along it leads."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from vae_course.data import SIDE
from vae_course.teaching.arguments import numbers
from vae_course.teaching.figures.digits import CELL, draw_digit
from vae_course.teaching.figures.style import entitle, styled

STEPS = (-2, -1, 0, 1, 2)  # standard deviations
GAP = 5  # between the directions and the walks, in pixels
NAMES = "first", "second", "third", "fourth", "fifth"


@styled
def principal_directions(
    mean: np.ndarray, directions: np.ndarray, deviations: Sequence[float], *, title: str = ""
) -> Figure:
    """Each direction (k, 64), k up to 5, in a row: as a picture, and as a walk along it through `mean` (64,).

    A direction adds ink where it is orange and takes it away where it is blue. The walk goes from two
    standard deviations below the mean to two above; `deviations` (k,) are those along the directions.
    """
    mean = numbers("mean", mean, (SIDE**2,))
    directions = numbers("directions", directions, (None, SIDE**2))[: len(NAMES)]
    deviations = numbers("deviations", deviations, (len(directions),))
    figure = Figure(figsize=(7, 1.05 * len(directions) + (0.9 if title else 0.6)))
    ax = figure.subplots()
    largest = np.abs(directions).max()
    for row, (direction, deviation) in enumerate(zip(directions, deviations, strict=True)):
        for column, step in enumerate(STEPS):
            draw_digit(ax, np.clip(mean + step * deviation * direction, 0, 1), row, column)
        left, top = -GAP - SIDE, CELL * row
        place = left, left + SIDE, top + SIDE, top
        signed = direction.reshape(SIDE, SIDE)
        ax.imshow(signed, cmap="PuOr_r", vmin=-largest, vmax=largest, extent=place)
    ax.set(xlim=(-GAP - SIDE - 1, CELL * len(STEPS)), ylim=(CELL * len(directions), -1))
    ax.set_yticks(CELL * np.arange(len(directions)) + SIDE / 2, NAMES[: len(directions)])
    walks = ["−2 sd", "−1 sd", "mean image", "+1 sd", "+2 sd"]
    ax.xaxis.tick_top()
    middles = CELL * np.arange(len(STEPS)) + SIDE / 2
    ax.set_xticks([-GAP - SIDE / 2, *middles], ["direction", *walks])
    return entitle(figure, title)
