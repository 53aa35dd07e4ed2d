"""`fit`: one compiled training loop for every objective of the course; `climb`: a short way uphill.

The loop runs inside `jax.lax.scan`, a hundred steps at a time, so that Python is asked only for the
progress bar: several times faster than a compiled step called from Python (benchmarks/training.py).
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from vae_course import checks, progress
from vae_course.typed import Array, Float, Scalar

CHUNK = 100  # steps between two looks at the losses


class Fit(NamedTuple):
    """What training returns."""

    model: Any  # the trained model, of the type that went in
    losses: Float[Array, "steps"]  # the loss of each step, before its update
    at_marks: tuple = ()  # the model as it was after each of the `marks`


class TrainingDiverged(FloatingPointError):
    """The loss stopped being a finite number."""


def gradient_step(params: Any, gradients: Any, learning_rate: Scalar) -> Any:
    """params - learning_rate * gradients, leaf by leaf: one step downhill. Both are pytrees of one shape.

    >>> gradient_step({"w": 1.0}, {"w": 2.0}, 0.25)
    {'w': 0.5}
    """
    return jax.tree.map(lambda p, g: p - learning_rate * g, params, gradients)


@cache  # kept, so that a second training compiles nothing
def falling_adam(steps: int) -> optax.GradientTransformation:
    """Adam whose learning rate falls from 5e-3 to 0 along a cosine, within so many steps."""
    return optax.adam(optax.cosine_decay_schedule(5e-3, steps))


def fit(model, loss, data, *, key, steps, batch_size=None, optimizer=None, marks=(), whole_batch=False):
    """Minimise the mean of `loss(model, example, key)` over the examples, and return the trained copy.

    - `model`: a pytree. All its floating-point leaves are trained, in a copy.
    - `loss`: for ONE example, returning one number, in nats where it is a likelihood.
    - `data`: an array, or a pytree of arrays, whose first axis counts the examples.
    - `steps`: how many; `batch_size`: examples in each, drawn with replacement; all of them unless given.
    - `optimizer`: one of optax's; Adam with learning rate 1e-3 unless given.
    - `marks`: numbers of steps after which a copy of the model is kept, in `at_marks`; training goes on.
    - `whole_batch=True`: `loss(model, batch, key)` takes the examples of a step at once, with one key.

    An interrupt (the stop button) ends the training early and returns what there is. In a notebook the
    cell then goes on to its end, no other training in it begins, and Run All stops there. Several runs
    that share `loss`, `optimizer` and `batch_size` compile once. Raises `TrainingDiverged`, naming the step,
    when the loss is no longer finite, and `TypeError` or `ValueError` for arguments that do not fit.
    """
    checks.key(key)
    return _loop(model, loss, data, key, steps, batch_size, optimizer, marks, whole_batch)


def fit_starts(models, loss, data, *, keys, steps, **options) -> list[Fit]:
    """`fit` from several models of one form, each with its own key, side by side in one compiled loop.

    Returns the `Fit` of each. Raises `ValueError` unless there is one key for each model, and as `fit`.
    """
    needed = f"`keys` must be one for each of {len(models)} models, at least 1, got {len(keys)}"
    checks.require(models and len(models) == len(keys), needed)
    stacked = _each(lambda *leaves: jnp.stack(leaves), *models)
    runs = _loop(stacked, loss, data, jnp.stack(keys), steps, **options)
    return [Fit(*_each(lambda leaf, i=i: leaf[i], runs)) for i in range(len(models))]


def _each(f, tree, *rest):
    """`f` of the leaves that are trained; the others are those of the first tree."""
    return jax.tree.map(lambda a, *more: f(a, *more) if eqx.is_inexact_array(a) else a, tree, *rest)


def _loop(model, loss, data, key, steps, batch_size=None, optimizer=None, marks=(), whole_batch=False):
    """Train, and come back to Python at each mark and each hundredth step. Several keys, several starts."""
    params, optimizer = eqx.filter(model, eqx.is_inexact_array), optimizer or optax.adam(1e-3)
    checks.training(params, loss, data, optimizer, steps, batch_size, marks)
    ends = sorted({*range(CHUNK, steps, CHUNK), *marks, steps})
    state = jax.jit(jax.vmap(optimizer.init) if key.ndim else optimizer.init)(params)
    settings, losses, kept = (data, loss, batch_size, optimizer, whole_batch), [np.zeros((0, *key.shape))], []
    progress.begin()
    with progress.Bar(steps) as bar:
        try:
            for begin, end in zip([0, *ends], ends, strict=False):
                model, state, values = _run_chunk(model, state, np.arange(begin, end), key, *settings)
                losses.append(np.asarray(values))
                _stop_if_not_finite(np.concatenate(losses))
                kept += [model] * (end in marks)
                bar.set_postfix_str(f"loss {np.mean(losses[-1][-1]):.4g}", refresh=False)
                bar.update(end - begin)
        except KeyboardInterrupt:
            done = f"{sum(map(len, losses)):,} of {steps:,} steps"
            progress.interrupted(f"fit: interrupted after {done}; this is the model as it was then.")
    return Fit(model, jnp.asarray(np.concatenate(losses)).T, tuple(kept))


@eqx.filter_jit  # outside `fit`, so that a second run with the same loss and optimiser compiles nothing
def _run_chunk(model, state, chunk, key, data, loss, batch_size, optimizer, whole_batch):
    params, static = eqx.partition(model, eqx.is_inexact_array)
    n_examples = jax.tree.leaves(data)[0].shape[0]

    def mean_loss(params, batch, key):
        model = eqx.combine(params, static)
        if whole_batch:
            return _one_number(loss(model, batch, key), 0)
        keys = jax.random.split(key, batch_size or n_examples)
        return jnp.mean(_one_number(jax.vmap(loss, in_axes=(None, 0, 0))(model, batch, keys), 1))

    def update(params, state, key, number):
        batch_key, loss_key = jax.random.split(jax.random.fold_in(key, number))
        batch = data
        if batch_size is not None:
            rows = jax.random.randint(batch_key, (batch_size,), 0, n_examples)
            batch = jax.tree.map(lambda leaf: leaf[rows], data)
        value, gradients = jax.value_and_grad(mean_loss)(params, batch, loss_key)
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), state, value

    def step(carry, number):
        params, state = carry
        of_each_start = jax.vmap(update, in_axes=(0, 0, 0, None)) if key.ndim else update
        params, state, value = of_each_start(params, state, key, number)
        return (params, state), value

    (params, state), values = jax.lax.scan(step, (params, state), chunk)
    return eqx.combine(params, static), state, values


def _one_number(losses, ndim):
    if not isinstance(losses, jax.Array) or losses.ndim != ndim:
        shape = jax.tree.map(lambda leaf: leaf.shape[ndim:], losses)
        raise TypeError(f"`loss` must return one number for one example or batch, got shape {shape}")
    return losses


def _stop_if_not_finite(losses):
    losses = losses.reshape(len(losses), -1)  # (steps, starts)
    for step, start in np.argwhere(~np.isfinite(losses))[:1]:
        before = f"; one step before it was {losses[step - 1, start]:.4g}" if step else ""
        raise TrainingDiverged(
            f"the loss is {losses[step, start]} at step {step}{before}. Try a smaller learning rate, "
            "and look for a log or a division that can meet zero."
        )


def climb(height: Callable, start: Any, *, steps: int, learning_rate: Scalar) -> Any:
    """The point that Adam reaches in `steps` uphill on `height(point)` from `start`, a pytree of floats.

    Nothing is random, and the learning rate falls to zero along a cosine. Raises `ValueError` unless `steps`
    is at least 1 and `learning_rate` positive. Call it inside `jax.jit`.
    """
    checks.whole("steps", steps, 1)
    checks.above("learning_rate", learning_rate, 0)
    optimizer = optax.adam(optax.cosine_decay_schedule(learning_rate, steps))

    def step(carry, _):
        point, state = carry
        downhill = jax.grad(lambda point: -height(point))(point)
        updates, state = optimizer.update(downhill, state)
        return (optax.apply_updates(point, updates), state), None

    (point, _), _ = jax.lax.scan(step, (start, optimizer.init(start)), length=steps)
    return point
