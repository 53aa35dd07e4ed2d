"""The latent plane: codes written as their digits."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae_course.teaching.arguments import named, numbers
from vae_course.teaching.figures.style import entitle, styled
from vae_course.teaching.pictures import DATA, DIGITS

MAX_CODES = 600  # more would be a blot, and a large file


@styled
def latent_plane(
    planes: Mapping[str, tuple[np.ndarray, np.ndarray]], *, prior: bool = False, title: str = ""
) -> Figure:
    """Codes on the plane, each written as its digit: {title: ((N, 2) codes, (N,) labels)}, side by side.

    With `prior`, the circles inside which N(0, I) puts 39% and 86% of its mass: radius 1 and 2.
    """
    height = 0.7 + 6.3 / max(2, len(named("planes", planes)))
    figure = Figure(figsize=(7, height + (0.3 if title else 0)))
    figure.get_layout_engine().set(h_pad=0.1)
    axes = figure.subplots(1, len(planes), sharex=True, sharey=True, squeeze=False)[0]
    for ax, (name, (codes, labels)) in zip(axes, planes.items(), strict=True):
        draw_codes(ax, codes, labels)
        ax.set_title(name)
        ax.label_outer()
        if prior:
            _draw_prior(ax)
    if prior:
        axes[-1].set_title("circles: N(0, I)", loc="right")
    return entitle(figure, title)


def draw_codes(ax: Axes, codes: np.ndarray, labels: np.ndarray, *, rim: bool = False) -> None:
    """Codes (N, 2) as small digits, on equal axes; with a white rim, to be read on a picture.

    Of more than `MAX_CODES` every second is drawn, or every third, and so on.
    """
    codes = numbers("codes", codes, (None, 2))
    labels = numbers("labels", labels, (len(codes),))
    step = -(-len(codes) // MAX_CODES)
    codes, labels = codes[::step], labels[::step]
    for digit, color in enumerate(DIGITS):
        place = codes[labels == digit].T
        if rim:
            ax.scatter(*place, s=20, marker=f"${digit}$", color="white", linewidths=2)
        ax.scatter(*place, s=14, marker=f"${digit}$", color=color, linewidths=0.2)
    ax.set(xlabel="first latent z₁", ylabel="second latent z₂", aspect="equal")


def _draw_prior(ax: Axes) -> None:
    """N(0, I) as its circles of radius 1 and 2, thin, so that no code is lost."""
    angle = np.linspace(0, 2 * np.pi, 100)
    for radius in (1, 2):
        circle = radius * np.cos(angle), radius * np.sin(angle)
        ax.plot(*circle, color="white", linewidth=1.8, alpha=0.8)
        ax.plot(*circle, color=DATA, linewidth=0.9)
