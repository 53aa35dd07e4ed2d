"""An image, the point on the plane that it becomes, and the image that is drawn from that point."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch

from vae_course.data import SIDE
from vae_course.teaching.arguments import numbers
from vae_course.teaching.figures.digits import draw_digit
from vae_course.teaching.figures.planes import draw_codes
from vae_course.teaching.figures.style import entitle, styled
from vae_course.teaching.pictures import HANDLE


@styled
def round_trip(
    x: np.ndarray, z: np.ndarray, x_hat: np.ndarray, codes: np.ndarray, labels: np.ndarray, *, title: str
) -> Figure:
    """x (64,) on the left, z (2,) among the codes (N, 2) of `labels`, and x_hat (64,) on the right."""
    z = numbers("z", z, (2,))
    figure = Figure(figsize=(7, 3.3))
    before, plane, after = figure.subplots(1, 3, width_ratios=[1, 2.6, 1])
    draw_digit(before, x)
    draw_digit(after, x_hat)
    before.set_title("an image x", loc="center")
    after.set_title("an image drawn from z", loc="center")
    draw_codes(plane, codes, labels)
    for part in plane.collections:
        part.set_alpha(0.35)
    plane.plot(*z, "o", ms=13, mfc="none", mec=HANDLE, mew=2.5)
    plane.set_title(f"two numbers, z = ({z[0]:.1f}, {z[1]:.1f})".replace("-", "\N{MINUS SIGN}"), loc="center")
    ends = [(before, (SIDE, SIDE / 2)), (after, (0, SIDE / 2))]
    for (ax, edge), style, name in zip(ends, ("->", "<-"), ("encoder", "decoder"), strict=True):
        figure.add_artist(
            ConnectionPatch(
                edge,
                tuple(z),
                ax.transData,
                plane.transData,
                arrowstyle=style,
                color=HANDLE,
                linewidth=1.8,
                mutation_scale=14,
                shrinkA=4,
                shrinkB=9,
            )
        )
        ax.set_xlabel(name, color=HANDLE)
    return entitle(figure, title)
