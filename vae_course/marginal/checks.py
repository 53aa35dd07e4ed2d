"""What the arguments must be. Values that JAX is still tracing cannot be looked at, and pass."""

import equinox as eqx
import jax
import numpy as np

from vae_course.distributions import check_spread
from vae_course.models import LinearDecoder


def check_latents(model, grid) -> None:
    """The grid is a plane, so the model must have two latents."""
    k, _ = sizes(model)
    if k != grid.points.shape[1]:
        raise ValueError(
            f"`model` must have {grid.points.shape[1]} latents, as the grid has axes; it has {k}"
        )


def check_images(model, **images) -> None:
    """One image or many, of as many pixels as the model draws, each from 0 to 1."""
    ((name, value),) = images.items()
    _, d = sizes(model)
    if value.shape[-1] != d:
        raise ValueError(f"`{name}` must have {d} pixels an image, as `model` draws, got {value.shape[-1]}")
    if not value.size:
        raise ValueError(f"`{name}` must hold at least one image, got shape {value.shape}")
    if isinstance(value, jax.core.Tracer):
        return
    value = np.asarray(value)
    low, high = value.min(), value.max()
    if not (low >= 0 and high <= 1):
        raise ValueError(f"`{name}` must hold pixels from 0 (paper) to 1 (ink), got {low:.4g} to {high:.4g}")


def check_samples(n_samples) -> None:
    """At least one sample."""
    if n_samples < 1:
        raise ValueError(f"`n_samples` must be a whole number of at least 1, got {n_samples}")


def check_proposal(model, m, s) -> None:
    """A Gaussian over the model's latents, with positive standard deviations."""
    k, _ = sizes(model)
    if len(m) != k:
        raise ValueError(f"`m` must have {k} numbers, one a latent of `model`, got {len(m)}")
    if not isinstance(m, jax.core.Tracer) and not np.isfinite(m).all():
        raise ValueError(f"`m` must be finite means, got {m}")
    check_spread(s)


def check_linear(model) -> None:
    """Only a linear decoder has closed forms."""
    if not isinstance(model.decoder, LinearDecoder):
        raise TypeError(f"`model` must have a LinearDecoder, got a {type(model.decoder).__name__}")


def sizes(model) -> tuple[int, int]:
    """k and d: the numbers of latents and of pixels."""
    layers = [layer for layer in jax.tree.leaves(model.decoder, is_leaf=_is_linear) if _is_linear(layer)]
    return layers[0].in_features, layers[-1].out_features


def _is_linear(node):
    return isinstance(node, eqx.nn.Linear)
