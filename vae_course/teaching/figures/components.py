"""Principal components as pictures: what each adds and takes away, and where moving along it leads."""

import numpy as np
from matplotlib.figure import Figure
from sklearn.decomposition import PCA

from vae_course.data import SIDE
from vae_course.teaching.arguments import numbers
from vae_course.teaching.figures.digits import CELL, draw_digit
from vae_course.teaching.figures.style import entitle, styled

STEPS = (-2, -1, 0, 1, 2)  # standard deviations
GAP = 5  # between the directions and the walks, in pixels
NAMES = "first", "second", "third", "fourth", "fifth"


@styled
def principal_directions(pca: PCA, *, title: str = "") -> Figure:
    """Each direction of a fitted PCA of images, in a row: as a picture, and as a walk through the mean image.

    A direction adds ink where it is orange and takes it away where it is purple. The walk goes from two
    standard deviations below the mean to two above.
    """
    mean, directions = numbers("mean_", pca.mean_, (SIDE**2,)), pca.components_[: len(NAMES)]
    figure = Figure(figsize=(7, 0.95 * len(directions) + (0.62 if title else 0.32)))
    ax = figure.subplots()
    largest = np.abs(directions).max()
    for row, (direction, deviation) in enumerate(
        zip(directions, np.sqrt(pca.explained_variance_), strict=False)
    ):
        for column, step in enumerate(STEPS):
            draw_digit(ax, np.clip(mean + step * deviation * direction, 0, 1), row, column)
        left, top = -GAP - SIDE, CELL * row
        place = left, left + SIDE, top + SIDE, top
        signed = direction.reshape(SIDE, SIDE)
        ax.imshow(signed, cmap="PuOr_r", vmin=-largest, vmax=largest, extent=place)
    ax.set(xlim=(-GAP - SIDE - 1, CELL * len(STEPS)), ylim=(CELL * len(directions), -1))
    ax.set_yticks(CELL * np.arange(len(directions)) + SIDE / 2, NAMES[: len(directions)])
    walks = ["\N{MINUS SIGN}2 sd", "\N{MINUS SIGN}1 sd", "mean image", "+1 sd", "+2 sd"]
    ax.xaxis.tick_top()
    middles = CELL * np.arange(len(STEPS)) + SIDE / 2
    ax.set_xticks([-GAP - SIDE / 2, *middles], ["direction", *walks])
    return entitle(figure, title)
