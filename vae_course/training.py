"""`fit`: one compiled training loop for every objective of the course.

The loop runs inside `jax.lax.scan`, a hundred steps at a time, so that Python is asked only for the
progress bar. That is several times faster than calling a compiled step from a Python loop; see
benchmarks/training.py.
"""

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from tqdm.auto import tqdm

from vae_course.typed import Array, Float, Key, Scalar, typed

CHUNK = 100  # steps between two looks at the losses


class Fit(NamedTuple):
    """What training gives back."""

    model: Any  # the trained model, of the type that went in
    losses: Float[Array, "steps"]  # the loss of each step, before its update


class TrainingDiverged(FloatingPointError):
    """The loss stopped being a finite number."""


@typed
def gradient_step(params: Any, gradients: Any, learning_rate: Scalar) -> Any:
    """params - learning_rate * gradients, leaf by leaf: one step downhill. Both are pytrees of one shape.

    >>> gradient_step({"w": 1.0}, {"w": 2.0}, 0.25)
    {'w': 0.5}
    """
    return jax.tree.map(lambda p, g: p - learning_rate * g, params, gradients)


def fit(
    model: Any,
    loss: Callable,
    data: Any,
    *,
    key: Key,
    steps: int,
    batch_size: int | None = None,
    optimizer: optax.GradientTransformation | None = None,
) -> Fit:
    """Minimise the mean of `loss(model, example, key)` over the examples, and return the trained copy.

    `loss` is written for ONE example and returns one number, in nats where it is a likelihood. `data` is
    an array, or a pytree of arrays, whose first axis counts the examples. Each step draws `batch_size`
    examples at random, with replacement, or takes all of them if it is None, and hands each its own key.
    `optimizer` is Adam with learning rate 1e-3 unless given. All floating-point leaves of `model` are
    trained; `model` itself is never changed.

    An interrupt (the stop button) ends the training early and returns what there is. `steps` that are a
    multiple of 100 compile once, and so do several runs that share one `loss` and one `optimizer`. Raises
    `TrainingDiverged`, naming the step, when the loss is no longer finite, and `TypeError` or `ValueError`
    for arguments that do not fit.
    """
    optimizer = optax.adam(1e-3) if optimizer is None else optimizer
    params = eqx.filter(model, eqx.is_inexact_array)
    _check(params, loss, data, key, steps, batch_size, optimizer)
    state, losses = jax.jit(optimizer.init)(params), []
    chunks = np.split(np.arange(steps), range(CHUNK, steps, CHUNK))
    with tqdm(total=steps, leave=False, disable="CI" in os.environ) as bar:
        try:
            for chunk in chunks:
                model, state, values = _run_chunk(model, state, chunk, key, data, loss, batch_size, optimizer)
                losses.append(np.asarray(values))
                _stop_if_not_finite(np.concatenate(losses))
                bar.update(len(chunk))
                bar.set_postfix(loss=f"{losses[-1][-1]:.4g}")
        except KeyboardInterrupt:
            done = sum(map(len, losses))
            print(f"fit: interrupted after {done:,} of {steps:,} steps; this is the model as it was then.")
    return Fit(model, jnp.asarray(np.concatenate(losses or [np.zeros(0)])))


@eqx.filter_jit  # outside `fit`, so that a second run with the same loss and optimiser compiles nothing
def _run_chunk(model, state, chunk, key, data, loss, batch_size, optimizer):
    params, static = eqx.partition(model, eqx.is_inexact_array)
    n_examples = jax.tree.leaves(data)[0].shape[0]

    def mean_loss(params, batch, keys):
        losses = jax.vmap(loss, in_axes=(None, 0, 0))(eqx.combine(params, static), batch, keys)
        if not isinstance(losses, jax.Array) or losses.ndim != 1:
            shape = jax.tree.map(lambda leaf: leaf.shape[1:], losses)
            raise TypeError(f"`loss` must return one number for one example, got shape {shape}")
        return jnp.mean(losses)

    def step(carry, number):
        params, state = carry
        batch_key, loss_key = jax.random.split(jax.random.fold_in(key, number))
        batch = data
        if batch_size is not None:
            rows = jax.random.randint(batch_key, (batch_size,), 0, n_examples)
            batch = jax.tree.map(lambda leaf: leaf[rows], data)
        keys = jax.random.split(loss_key, batch_size or n_examples)
        value, gradients = jax.value_and_grad(mean_loss)(params, batch, keys)
        updates, state = optimizer.update(gradients, state, params)
        return (optax.apply_updates(params, updates), state), value

    (params, state), values = jax.lax.scan(step, (params, state), chunk)
    return eqx.combine(params, static), state, values


def _check(params, loss, data, key, steps, batch_size, optimizer):
    if not jax.tree.leaves(params):
        raise TypeError("`model` must hold at least one array of floats to train, got none")
    if not callable(loss):
        raise TypeError(f"`loss` must be a function of (model, example, key), got {type(loss).__name__}")
    dtype = getattr(key, "dtype", None)
    if not jnp.issubdtype(dtype, jax.dtypes.prng_key) or key.ndim:
        raise TypeError(f"`key` must be one key, as from jax.random.key(0), got {key!r}")
    if not isinstance(optimizer, optax.GradientTransformation):
        raise TypeError(f"`optimizer` must be one of optax's, as optax.adam(1e-3), got {optimizer!r}")
    shapes = [np.shape(leaf) for leaf in jax.tree.leaves(data)]
    if len({shape[:1] for shape in shapes}) != 1 or shapes[0][:1] in [(), (0,)]:
        raise ValueError(
            "`data` must be arrays with one number of examples, at least 1, on their first axis, "
            f"got shapes {shapes}"
        )
    for name, value in {"steps": steps, "batch_size": 1 if batch_size is None else batch_size}.items():
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"`{name}` must be a whole number of at least 1, got {value!r}")


def _stop_if_not_finite(losses):
    bad = np.flatnonzero(~np.isfinite(losses))
    if len(bad):
        step = bad[0]
        before = f"; one step before it was {losses[step - 1]:.4g}" if step else ""
        raise TrainingDiverged(
            f"the loss is {losses[step]} at step {step}{before}. Try a smaller learning rate, "
            "and look for a log or a division that can meet zero."
        )
