"""The latent plane: codes written as their digits."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae_course.teaching.arguments import named, numbers
from vae_course.teaching.figures.style import entitle, styled
from vae_course.teaching.pictures import DIGITS, PRIOR


@styled
def latent_plane(
    planes: Mapping[str, tuple[np.ndarray, np.ndarray]], *, prior: bool = False, title: str = ""
) -> Figure:
    """Codes on the plane, each written as its digit: {title: ((N, 2) codes, (N,) labels)}, side by side.

    With `prior`, the circles inside which N(0, I) puts 39% and 86% of its mass: radius 1 and 2.
    """
    figure = Figure(figsize=(7, 0.7 + 6.3 / max(2, len(named("planes", planes)))))
    axes = figure.subplots(1, len(planes), sharex=True, sharey=True, squeeze=False)[0]
    for ax, (title, (codes, labels)) in zip(axes, planes.items(), strict=True):
        draw_codes(ax, codes, labels)
        ax.set_title(title)
        ax.label_outer()
        if prior:
            _draw_prior(ax)
    return entitle(figure, title)


def draw_codes(ax: Axes, codes: np.ndarray, labels: np.ndarray, *, rim: bool = False) -> None:
    """Codes (N, 2) as small digits, on equal axes; with a white rim, to be read on a picture."""
    codes = numbers("codes", codes, (None, 2))
    labels = numbers("labels", labels, (len(codes),))
    for digit, color in enumerate(DIGITS):
        place = codes[labels == digit].T
        if rim:
            ax.scatter(*place, s=20, marker=f"${digit}$", color="white", linewidths=2)
        ax.scatter(*place, s=14, marker=f"${digit}$", color=color, linewidths=0.2)
    ax.set(xlabel="first latent z₁", ylabel="second latent z₂", aspect="equal")


def _draw_prior(ax: Axes) -> None:
    """N(0, I) as its circles of radius 1 and 2."""
    angle = np.linspace(0, 2 * np.pi, 100)
    for radius in (1, 2):
        ax.plot(radius * np.cos(angle), radius * np.sin(angle), color="white", linewidth=3)
        ax.plot(radius * np.cos(angle), radius * np.sin(angle), color=PRIOR, linewidth=1.5)
    ax.annotate(
        "N(0, I)",
        (0, -2),
        (0, 3),  # inside, where the axes never cut it off
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=9,
        bbox={"boxstyle": "square,pad=0.1", "color": "white", "alpha": 0.8},
    )
