"""How much faster `fit` is than a Python loop that calls a jitted step for every batch.

Both train the same autoencoder on the same data with the same optimiser, in one process, taking turns;
compilation is not counted. The loop is written the usual way: shuffle, cut batches, call the step.
"""

import os
import statistics
import time

os.environ["CI"] = "true"  # no progress bar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from vae_course import data, models
from vae_course.losses import autoencoder_loss
from vae_course.training import fit

STEPS, BATCH, ROUNDS = 2000, 128, 5
X = data.load_digits().train_images
OPTIMIZER = optax.adam(1e-3)


def loss(model, x, key):
    """The autoencoder's loss of one image."""
    return autoencoder_loss(model, x)


@eqx.filter_jit
def step(model, state, batch):
    """One update, as most tutorials write it."""

    def mean_loss(model):
        return jnp.mean(jax.vmap(lambda x: loss(model, x, None))(batch))

    value, gradients = eqx.filter_value_and_grad(mean_loss)(model)
    updates, state = OPTIMIZER.update(gradients, state)
    return eqx.apply_updates(model, updates), state, value


def python_loop(model, key, steps):
    """Call the jitted step from Python, batch after batch."""
    state = OPTIMIZER.init(eqx.filter(model, eqx.is_inexact_array))
    rng, losses = np.random.default_rng(0), []
    while len(losses) < steps:
        order = rng.permutation(len(X))
        for start in range(0, len(X) - BATCH + 1, BATCH):
            model, state, value = step(model, state, X[order[start : start + BATCH]])
            losses.append(float(value))
    return losses[-1]


def compiled(model, key, steps):
    """The course's `fit`."""
    return fit(model, loss, X, key=key, steps=steps, batch_size=BATCH, optimizer=OPTIMIZER).losses[-1]


def seconds(train, model):
    """Time for STEPS steps without compilation: a long run less a short one."""
    start = time.perf_counter()
    train(model, jax.random.key(2), 100)
    short = time.perf_counter() - start
    start = time.perf_counter()
    train(model, jax.random.key(2), 100 + STEPS)
    return time.perf_counter() - start - short


key_encoder, key_decoder = jax.random.split(jax.random.key(0))
autoencoder = (models.Encoder(key=key_encoder), models.Decoder(key=key_decoder))
times = {train.__name__: [] for train in (python_loop, compiled)}
for _ in range(ROUNDS):
    for train in (python_loop, compiled):
        times[train.__name__].append(seconds(train, autoencoder))
medians = {name: statistics.median(values) for name, values in times.items()}
for name, median in medians.items():
    print(f"{name:12s} {1e3 * median / STEPS:.3f} ms a step")
print(f"ratio {medians['python_loop'] / medians['compiled']:.1f}")
