"""The explorer as a still picture, for readers without widgets: GitHub, a printed page."""

import io

import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from PIL import Image

from vae_course.models import apply
from vae_course.teaching.figures import draw_codes, draw_digit, styled
from vae_course.teaching.pictures import HANDLE

BOX = {"boxstyle": "square,pad=0.1", "color": "white", "alpha": 0.8}  # behind a label


@styled
def explorer_figure(explorer) -> Figure:
    """What `explorer` shows now. Drawn by matplotlib, so only in the main thread."""
    Z = np.frombuffer(explorer._codes, np.float32).reshape(-1, 2)
    labels = np.frombuffer(explorer._labels, np.uint8)
    figure = Figure(figsize=(7, 4))
    plane, decoded = figure.subplots(1, 2, width_ratios=[3, 2])
    if explorer._background:
        background = Image.open(io.BytesIO(explorer._background["png"])).convert("RGB")
        plane.imshow(background, extent=explorer._background["extent"], aspect="auto")
    draw_codes(plane, Z, labels, rim=explorer._background is not None)
    plane.set(xlim=explorer._extent[:2], ylim=explorer._extent[2:])
    if explorer._gaussian:
        _draw_gaussian(plane, **explorer._gaussian)
    if explorer._samples:
        _draw_samples(plane, **explorer._samples)
    for width, colour in ((7, "white"), (3.5, HANDLE)):
        plane.plot(*explorer.z, "o", markersize=15, markerfacecolor="none", mew=width, color=colour)
    title = f"colour: {explorer._background['label']}" if explorer._background else "the ring is z"
    plane.set_title(f"Latent plane\n{title}")
    draw_digit(decoded, apply(explorer._decoder, jnp.array([explorer.z]))[0])
    decoded.set_title("Decoded image\nwhat z stands for")
    return figure


def _draw_gaussian(ax, m, s, label, colour):
    for k in (1, 2):
        for width, edge in ((4, "white"), (2, colour)):
            size = 2 * k * np.array(s)
            ax.add_patch(Ellipse(m, *size, fill=False, linewidth=width, edgecolor=edge, zorder=3))
    # Above the ellipse; where that is outside the plane, at its edge.
    low, high = np.transpose([ax.get_xlim(), ax.get_ylim()])
    top = np.array([m[0], m[1] + 2.2 * s[1]])
    x, y = np.clip((top - low) / (high - low), 0.02, (0.98, 0.9))
    side = "left" if x < 0.25 else "right" if x > 0.75 else "center"
    style = {"color": colour, "transform": ax.transAxes, "bbox": BOX, "zorder": 3}
    ax.text(x, y, label, ha=side, va="bottom", **style)


def _draw_samples(ax, points, weights, label, colour):
    points = np.frombuffer(points, np.float32).reshape(-1, 2)
    sizes = np.maximum(400 * np.frombuffer(weights, np.float32), 4)
    ax.scatter(*points.T, s=sizes, color=colour, alpha=0.6, edgecolor="white", linewidth=0.5, zorder=3)
    ax.text(0.03, 0.97, label, color=colour, va="top", transform=ax.transAxes, zorder=3, bbox=BOX)
