"""Random functions are compared by their draws over many keys, not by the draw for one key.

So a function may use its key as it likes, and no right answer is refused because of its noise.
"""

import time
from collections.abc import Callable

import jax
import numpy as np
from jax.extend.core import jaxprs_in_params

N_KEYS = 40_000  # the standard error of a standard deviation is 0.4% of it
FEW = 5_000  # at once, and enough to tell mistakes apart, and gradients
MAX_SIZE = 2_000_000  # numbers in one array, which bounds the memory that an answer can take
SECONDS = 0.5  # of computing, after which the keys so far must do
MAX_Z = 5.5  # standard errors by which two means may differ; by chance they do once in 10 million times


def draws(f: Callable, inputs: tuple, n_keys: int) -> np.ndarray:
    """What f gives for up to n_keys keys, (keys, numbers). The last of its inputs is the key."""
    *given, key = inputs
    one = lambda key: f(*given, key)  # noqa: E731 (not compiled, which takes longest where f is small)
    largest = max(_sizes(jax.make_jaxpr(one)(key).jaxpr), default=1)
    chunk = int(np.clip(MAX_SIZE // max(largest, 1), 50, FEW))
    rows, begin = [], 0.0
    for keys in jax.random.split(key, (n_keys // chunk, chunk)):
        rows.append(_rows(jax.vmap(one)(keys), chunk))
        begin = begin if len(rows) > 1 else time.process_time()  # after what is compiled
        if time.process_time() > begin + SECONDS:
            break
    return np.concatenate(rows)


def _sizes(steps):
    """The size of each array that a jaxpr makes, also inside jit and loops."""
    for step in steps.eqns:
        yield from (var.aval.size for var in step.outvars)
        for inner in jaxprs_in_params(step.params):
            yield from _sizes(inner)


def draws_one_by_one(f: Callable, inputs: tuple, n_keys: int = 200) -> np.ndarray:
    """`draws` without `jax.vmap`, for a function that it cannot see through."""
    *given, key = inputs
    return np.concatenate([_rows(f(*given, key), 1) for key in jax.random.split(key, n_keys)])


def _rows(tree, n):
    return np.concatenate([np.asarray(leaf, float).reshape(n, -1) for leaf in jax.tree.leaves(tree)], axis=1)


def _shares(u):
    """Whether each number lies below each of eleven levels."""
    return (u[:, :, None] < np.linspace(-2.5, 2.5, 11)).reshape(len(u), -1)


def _products(u):
    """Of each two numbers of a draw, and of their squares."""
    i, j = np.triu_indices(u.shape[1], 1)
    return np.concatenate([u[:, i] * u[:, j], u[:, i] ** 2 * u[:, j] ** 2], axis=1)


FEATURES = {
    "its mean is not right": lambda u: u,
    "its standard deviation is not right": lambda u: u**2,
    "its mean and standard deviation are right, but the shape of its distribution is not": _shares,
    "the numbers within one draw do not depend on each other as they should": _products,
}


def difference(mine: np.ndarray, right: np.ndarray, n_features: int = len(FEATURES)) -> str:
    """How the law of `mine` differs from that of `right`; "" if no difference can be seen. A row is a draw.

    Compared are means of features of the standardised draws, by their standard errors. Draws far out are
    clipped, so that a few of them cannot decide.
    """
    n = min(len(mine), len(right))
    if np.allclose(mine[:n], right[:n], 1e-3, 1e-5, equal_nan=True):  # the key is used in the same way
        return ""
    low, center, high = np.percentile(right, [16, 50, 84], axis=0)
    scale = (high - low) / 2
    random = scale > 1e-5 * (1 + abs(center))
    if not np.allclose(mine[:, ~random], center[~random], rtol=1e-3, atol=1e-4):
        return next(iter(FEATURES))
    u, v = (np.clip((rows[:, random] - center[random]) / scale[random], -5, 5) for rows in (mine, right))
    for words, feature in list(FEATURES.items())[:n_features]:
        a, b = feature(u), feature(v)
        error = np.sqrt(np.maximum(a.var(axis=0), b.var(axis=0)) / len(a) + b.var(axis=0) / len(b))
        few = 3e-4 + 3 / len(a)  # three rare draws decide nothing
        if not np.all(abs(a.mean(axis=0) - b.mean(axis=0)) <= MAX_Z * error + few):  # also if it is NaN
            return words
    return ""
