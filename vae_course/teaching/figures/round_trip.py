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
    """x (64,) on the left, z (2,) among the codes (N, 2) of `labels`, and x_hat (64,) on the right.

    An arrow, named encoder, leads from x to z, and another, named decoder, from z to x_hat.
    """
    z = numbers("z", z, (2,))
    figure = Figure(figsize=(7, 3))
    before, plane, after = figure.subplots(1, 3, width_ratios=[1.25, 3, 1.25])
    draw_digit(before, x)
    draw_digit(after, x_hat)
    for ax in (before, after):
        ax.get_images()[0].set_cmap("binary")  # the same greys; a "gray" figure is stored in too few colours
    before.set_title("an image x", loc="center")
    after.set_title("drawn from z", loc="center")
    draw_codes(plane, codes, labels)
    plane.plot(*z, "o", ms=14, mfc="none", mec=HANDLE, mew=2.5)
    plane.set(xticks=[], yticks=[], xlabel="", ylabel="")
    plane.spines[:].set(visible=True, color="0.8")
    z1, z2 = (f"{number:.1f}".replace("-", "\N{MINUS SIGN}") for number in z)
    plane.set_title(f"two numbers, z = ({z1}, {z2})", loc="center")
    arrow = {"color": HANDLE, "linewidth": 2, "mutation_scale": 16}
    ends = {"encoder": (before, (SIDE / 2, SIDE), (30, -18)), "decoder": (after, (0, SIDE / 2), (-10, 8))}
    for name, (ax, edge, beside) in ends.items():
        way = {"arrowstyle": "-|>" if name == "encoder" else "<|-", "shrinkA": 5, "shrinkB": 9, **arrow}
        if name == "encoder":  # from below, around most of the codes
            way["connectionstyle"] = "arc3,rad=0.3"
        figure.add_artist(ConnectionPatch(edge, tuple(z), ax.transData, plane.transData, **way))
        above = {"color": HANDLE, "ha": "left" if name == "encoder" else "right", "va": "bottom"}
        ax.annotate(name, edge, beside, textcoords="offset points", annotation_clip=False, **above)
    return entitle(figure, title)
