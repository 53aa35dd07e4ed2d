"""What stands on a latent plane, checked and as the browser takes it: points, pictures, Gaussians, digits."""

import numpy as np
from jax.typing import ArrayLike
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse
from traitlets import TraitType

from vae_course.data import SIDE
from vae_course.teaching.arguments import numbers, text
from vae_course.teaching.explorer.instrument import floats
from vae_course.teaching.pictures import APPROXIMATION, HANDLE, HEAT

Extent = list[float]  # lowest and highest z1, lowest and highest z2
DOT, WHOLE = 3.0, 400.0  # square points: the area of a sample's circle, at least, and of a share of one
MOST = 200  # codes in a still picture
BOX = {"boxstyle": "square,pad=0.1", "color": "white", "alpha": 0.8}  # behind a label


class Point(TraitType):
    """A pair of finite floats."""

    def validate(self, obj, value):
        """The pair as a tuple, from anything that is one: a tuple, a list, a numpy or JAX array."""
        return tuple(numbers(self.name, value, (2,)).tolist())


class StandardDeviations(Point):
    """A pair of positive standard deviations."""

    def validate(self, obj, value):
        """The pair as a tuple."""
        pair = super().validate(obj, value)
        if min(pair) <= 0:
            raise ValueError(f"`{self.name}` must be positive standard deviations, got {pair}")
        return pair


def digits_of(name: str, labels: ArrayLike, count: int) -> np.ndarray:
    """One digit for each of `count` images, as bytes."""
    labels = numbers(name, labels, (count,))
    if not np.isin(labels, range(10)).all():
        raise ValueError(f"`{name}` must be whole numbers from 0 to 9, got {np.unique(labels)}")
    return labels.astype(np.uint8)


def images_of(name: str, images: ArrayLike) -> np.ndarray:
    """At least one image of 64 pixels with ink from 0 to 1, (N, 64), as float32."""
    images = numbers(name, images, (None, SIDE**2)).astype(np.float32)
    if not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"`{name}` must hold ink from 0 to 1, got {images.min():.3g} to {images.max():.3g}")
    return images


def heat_of(values: ArrayLike, extent: ArrayLike, label: str) -> dict:
    """A heat picture: `values` (rows, columns), row 0 the lowest z2; its outer edges; what it shows."""
    values = numbers("values", values, (None, None))
    return {
        "values": floats(values),
        "columns": values.shape[1],
        "extent": corners(extent).ravel("F").tolist(),
        "label": text("label", label),
        "low": float(values.min()),
        "high": float(values.max()),
    }


def gaussian_of(m: ArrayLike, s: ArrayLike, label: str, colour: str = APPROXIMATION) -> dict:
    """N(m, diag s^2) with a label: `m` and `s` are pairs, `s` positive."""
    m, s = numbers("m", m, (2,)), numbers("s", s, (2,))
    if not (s > 0).all():
        raise ValueError(f"`s` must be positive standard deviations, got {s}")
    return {"m": m.tolist(), "s": s.tolist(), "label": text("label", label), "colour": colour}


def corners(extent: ArrayLike) -> np.ndarray:
    """(z1_min, z1_max, z2_min, z2_max) as the lower left and the upper right corner, (2, 2)."""
    left, right, bottom, top = numbers("extent", extent, (4,))
    if not (left < right and bottom < top):
        raise ValueError(f"`extent` must be (z1_min, z1_max, z2_min, z2_max), got {extent}")
    return np.array([[left, bottom], [right, top]])


def square_around(*places: ArrayLike) -> Extent:
    """The smallest square that holds all places (..., 2), with a small margin, its ends rounded."""
    every = np.concatenate([np.reshape(np.asarray(place, float), (-1, 2)) for place in places])
    low, high = every.min(axis=0), every.max(axis=0)
    half = max(float((high - low).max()), 1e-3) * 0.53
    unit = 10.0 ** np.floor(np.log10(half) - 2)
    centre, half = np.round((low + high) / 2 / unit), np.ceil(half / unit)
    return np.round([(centre - half) * unit, (centre + half) * unit], 9).ravel("F").tolist()


# The same things in a still picture.


def still_heat(ax: Axes, heat: dict) -> None:
    """A heat picture behind the codes."""
    values = np.frombuffer(heat["values"], np.float32).reshape(-1, heat["columns"])
    ax.imshow(values, extent=heat["extent"], origin="lower", cmap=HEAT, vmin=heat["low"], vmax=heat["high"])


def still_gaussian(
    ax: Axes, m: ArrayLike, s: ArrayLike, label: str, colour: str, *, dashed: bool = False
) -> None:
    """A Gaussian as its ellipses at one and two standard deviations, its label inside the axes.

    The label stands above or below them or, where there is no room, between the two.
    """
    for k in (1, 2):
        for width, edge, style in ((4, "white", "-"), (2, colour, (0, (3.5, 2.5)) if dashed else "-")):
            line = {"fill": False, "linewidth": width, "edgecolor": edge, "linestyle": style, "zorder": 3}
            ax.add_patch(Ellipse(m, *(2 * k * np.asarray(s)), **line))
    low, high = np.transpose([ax.get_xlim(), ax.get_ylim()])
    x = np.clip((m[0] - low[0]) / (high[0] - low[0]), 0.02, 0.98)
    heights = {up: (m[1] + up * s[1] - low[1]) / (high[1] - low[1]) for up in (2.2, -2.2, 1.3, -1.3)}
    up, y = next(
        (each for each in heights.items() if 0.1 < each[1] < 0.9), (2.2, np.clip(heights[2.2], 0, 0.9))
    )
    side = "left" if x < 0.25 else "right" if x > 0.75 else "center"
    style = {"color": colour, "transform": ax.transAxes, "bbox": BOX, "zorder": 3}
    ax.text(x, y, label, ha=side, va="bottom" if up > 0 else "top", **style)


def still_handle(ax: Axes, z: ArrayLike, size: float = 15) -> None:
    """The ring at z, `size` points wide."""
    for width, colour in ((7, "white"), (3.5, HANDLE)):
        ax.plot(*z, "o", markersize=size, markerfacecolor="none", mew=width, color=colour, zorder=4)


def still_samples(ax: Axes, points: ArrayLike, shares: ArrayLike, colour: str) -> None:
    """Open circles whose area is each point's share of the sum; a share too small to see is a dot."""
    for width, edge in ((3.5, "white"), (1.5, colour)):
        areas = np.maximum(DOT, WHOLE * np.asarray(shares))
        ax.scatter(*np.transpose(points), s=areas, facecolors="none", edgecolors=edge, lw=width, zorder=5)
