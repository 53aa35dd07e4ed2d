"""`fit`: one compiled training loop for every objective of the course; `climb`: a short way uphill.

The loop runs inside `jax.lax.fori_loop`, a hundred steps at a time, so that Python is asked only for the
progress bar: several times faster than a compiled step called from Python (benchmarks/training.py).
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Event
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from vae_course import checks, progress
from vae_course.typed import Array, Float, Scalar

CHUNK = 100  # steps between two looks at the losses
ADAM = optax.adam(1e-3)  # made once, so that a second training without a wish compiles nothing


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
    return _train([model], [key], loss, data, steps, batch_size, optimizer, marks, whole_batch)[0]


def fit_starts(models, loss, data, *, keys, steps, **options) -> list[Fit]:
    """`fit` from several models of one form, each with its own key, side by side: a thread for each.

    A step of our small networks keeps one core busy, so two take half the time (benchmarks/training.py).
    Returns the `Fit` of each. Raises `ValueError` unless there is one key for each model, and as `fit`.
    """
    needed = f"`keys` must be one for each of {len(models)} models, at least 1, got {len(keys)}"
    checks.require(models and len(models) == len(keys), needed)
    return _train(models, keys, loss, data, steps, **options)


def _train(models, keys, loss, data, steps, batch_size=None, optimizer=None, marks=(), whole_batch=False):
    """The first start in this thread, where it compiles what the others, in threads of their own, use too."""
    optimizer = optimizer or ADAM
    checks.training(
        eqx.filter(models[0], eqx.is_inexact_array), loss, data, optimizer, steps, batch_size, marks
    )
    ends = sorted({*range(CHUNK, steps, CHUNK), *marks, steps})
    settings = (data, loss, batch_size, optimizer, whole_batch)
    starts = [_one_start(model, key, ends, marks, settings) for model, key in zip(models, keys, strict=True)]
    runs, over = [(model, np.zeros(0), ()) for model in models], Event()

    def go_on(i):
        for so_far in starts[i]:
            runs[i] = so_far
            if over.is_set():
                break

    progress.begin()
    with progress.Bar(steps) as bar, ThreadPoolExecutor(len(models)) as threads:
        others: list[Future] = []
        try:
            for runs[0] in starts[0]:
                others = others or [threads.submit(go_on, i) for i in range(1, len(models))]
                _, losses, _ = runs[0]
                bar.set_postfix_str(f"loss {losses[-1]:.4g}", refresh=False)
                bar.update(len(losses) - bar.n)
            for other in others:
                other.result()
        except KeyboardInterrupt:
            done = f"{len(runs[0][1]):,} of {steps:,} steps"
            progress.interrupted(f"fit: interrupted after {done}; this is the model as it was then.")
        finally:
            over.set()
    return [Fit(model, jnp.asarray(losses), kept) for model, losses, kept in runs]


def _one_start(model, key, ends, marks, settings):
    """Train one model, and yield what `Fit` holds, so far, each time that we come back to Python.

    The losses are numpy's: the last entry of an array of JAX's is a new program for each length.
    """
    *_, optimizer, _ = settings
    state = jax.jit(optimizer.init)(eqx.filter(model, eqx.is_inexact_array))
    losses, kept = np.zeros(0), ()
    for begin, end in zip([0, *ends], ends, strict=False):
        model, state, values = _run_chunk(model, state, np.int32(begin), np.int32(end), key, *settings)
        losses = np.append(losses, np.asarray(values)[: end - begin])
        _stop_if_not_finite(losses)
        kept += (model,) * (end in marks)
        yield model, losses, kept


@eqx.filter_jit  # outside `fit`, so that a second run with the same loss and optimiser compiles nothing
def _run_chunk(model, state, begin, end, key, data, loss, batch_size, optimizer, whole_batch):
    """The steps from begin to end - 1, at most CHUNK. As arguments, so that one program serves for all."""
    params, static = eqx.partition(model, eqx.is_inexact_array)
    n_examples = jax.tree.leaves(data)[0].shape[0]

    def mean_loss(params, batch, key):
        model = eqx.combine(params, static)
        if whole_batch:
            return _one_number(loss(model, batch, key), 0)
        keys = jax.random.split(key, batch_size or n_examples)
        return jnp.mean(_one_number(jax.vmap(loss, in_axes=(None, 0, 0))(model, batch, keys), 1))

    def step(number, carry):
        params, state, losses = carry
        batch_key, loss_key = jax.random.split(jax.random.fold_in(key, number))
        batch = data
        if batch_size is not None:
            rows = jax.random.randint(batch_key, (batch_size,), 0, n_examples)
            batch = jax.tree.map(lambda leaf: leaf[rows], data)
        value, gradients = jax.value_and_grad(mean_loss)(params, batch, loss_key)
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), state, losses.at[number - begin].set(value)

    params, state, losses = jax.lax.fori_loop(begin, end, step, (params, state, jnp.zeros(CHUNK)))
    return eqx.combine(params, static), state, losses


def _one_number(losses, ndim):
    if not isinstance(losses, jax.Array) or losses.ndim != ndim:
        shape = jax.tree.map(lambda leaf: leaf.shape[ndim:], losses)
        raise TypeError(f"`loss` must return one number for one example or batch, got shape {shape}")
    return losses


def _stop_if_not_finite(losses):
    for step in np.flatnonzero(~np.isfinite(losses))[:1]:
        before = f"; one step before it was {losses[step - 1]:.4g}" if step else ""
        raise TrainingDiverged(
            f"the loss is {losses[step]} at step {step}{before}. Try a smaller learning rate, "
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
