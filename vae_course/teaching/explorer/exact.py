"""Exact numbers for an image that the reader draws, kept while only the handle moves."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from vae_course.marginal import DecodedGrid, log_marginals
from vae_course.typed import Array


class Exact(NamedTuple):
    """What there is to know of an image x."""

    mode: Array  # (2,): the z with the largest log p(x, z)
    log_p: float  # log p(x) in nats


def exact_answers(plane: DecodedGrid) -> Callable[..., Exact]:
    """A function that gives the `Exact` of an image (64,). Asked again for the same image, it remembers."""
    mode = eqx.filter_jit(plane.mode)

    @lru_cache(maxsize=1)
    def answer(pixels):
        x = jnp.frombuffer(pixels, jnp.float32)
        return Exact(mode(x), float(log_marginals(plane.model, x[None]).log_p[0]))

    return lambda x: answer(np.asarray(x, np.float32).tobytes())
