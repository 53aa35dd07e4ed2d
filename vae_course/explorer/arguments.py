"""What the explorers accept: decoders, and places on the plane, in one form each."""

import numpy as np

from vae_course.arguments import numbers
from vae_course.data import SIDE
from vae_course.models import Decoder, LinearDecoder


def network(decoder) -> tuple[list[tuple], list[str]]:
    """The decoder's layers as (W, b), and the name of each layer's activation."""
    if isinstance(decoder, Decoder):
        linears = decoder.mlp.layers
        activations = ["tanh"] * (len(linears) - 1) + ["sigmoid"]
    elif isinstance(decoder, LinearDecoder):
        linears, activations = [decoder.linear], ["identity"]
    else:
        raise TypeError(f"`decoder` must be a Decoder or a LinearDecoder, got {type(decoder).__name__}")
    latents, pixels = linears[0].in_features, linears[-1].out_features
    if latents != 2:
        raise ValueError(f"`decoder` must have 2 latents, because the plane has two axes, got {latents}")
    if pixels != SIDE**2:
        raise ValueError(f"`decoder` must draw {SIDE} x {SIDE} = {SIDE**2} pixels, got {pixels}")
    return [(layer.weight, layer.bias) for layer in linears], activations


def corners(extent) -> np.ndarray:
    """(z1_min, z1_max, z2_min, z2_max) as the lower left and the upper right corner, (2, 2)."""
    left, right, bottom, top = numbers("extent", extent, (4,))
    if not (left < right and bottom < top):
        raise ValueError(f"`extent` must be (z1_min, z1_max, z2_min, z2_max), got {extent}")
    return np.array([[left, bottom], [right, top]])


def square(corners: np.ndarray) -> np.ndarray:
    """The smallest square around a box, (2, 2) as its lower left and upper right corner; never of no size."""
    centre, half = corners.mean(axis=0), max(np.ptp(corners, axis=0).max(), 1e-3) / 2
    return np.array([centre - half, centre + half])
