"""The exercises of notebook 00."""

import jax
import jax.numpy as jnp
import numpy as np

from vae_course import data, distributions, training
from vae_course.exercises.checker import Exercise, Mistake


def _blend_inputs():
    a, b, c, d = map(jnp.float32, np.random.default_rng(0).uniform(size=(4, 6)))
    return [(a, b, 0.25), (c, d, 0.9)]


blend = Exercise(
    solution=data.blend,
    inputs=_blend_inputs,
    mistakes=[
        Mistake(
            "The two ends are swapped: t = 0 should give x_a, and yours gives x_b.",
            lambda x_a, x_b, t: t * x_a + (1 - t) * x_b,
        ),
        Mistake(
            "x_b is weighted by t, but x_a keeps its full weight. The two weights should add up to 1.",
            lambda x_a, x_b, t: x_a + t * x_b,
        ),
        Mistake(
            "x_a is weighted by 1 - t, but x_b keeps its full weight. The two weights should add up to 1.",
            lambda x_a, x_b, t: (1 - t) * x_a + x_b,
        ),
        Mistake("This is the average whatever t is. Use t.", lambda x_a, x_b, t: (x_a + x_b) / 2),
        Mistake(
            "This is only the way from x_a towards x_b. Start it at x_a: add x_a.",
            lambda x_a, x_b, t: t * (x_b - x_a),
        ),
    ],
    hints=[
        "At t = 0 the answer is x_a, at t = 1 it is x_b. What happens to x_a's weight in between?",
        "The weights are 1 - t and t.",
        "(1 - t) * ... + t * ..., and JAX does all the pixels at once.",
    ],
)


def _gradient_step_inputs():
    rng = np.random.default_rng(1)

    def tree():
        return {"w": jnp.float32(rng.normal(size=(2, 3))), "b": jnp.float32(rng.normal(size=3))}

    vector, slopes = map(jnp.float32, rng.normal(size=(2, 4)))
    return [(vector, slopes, 0.1), (tree(), tree(), 0.3)]


def _each_leaf(rule):
    return lambda params, gradients, learning_rate: jax.tree.map(
        lambda p, g: rule(p, g, learning_rate), params, gradients
    )


_ONE_ARRAY = (
    "Right for one array. But params is a pytree, here a dict of arrays, and Python cannot subtract or scale "
    "dicts. jax.tree.map(lambda p, g: ..., params, gradients) does it leaf by leaf."
)

gradient_step = Exercise(
    solution=training.gradient_step,
    inputs=_gradient_step_inputs,
    mistakes=[
        Mistake(
            "This steps uphill: the gradient points to where the loss grows. Subtract it.",
            _each_leaf(lambda p, g, rate: p + rate * g),
        ),
        Mistake(
            "The learning rate is missing: the step is the gradient itself. Multiply the gradient by it.",
            _each_leaf(lambda p, g, rate: p - g),
        ),
        Mistake(
            "The gradient is divided by the learning rate, so a small rate makes a huge step. Multiply.",
            _each_leaf(lambda p, g, rate: p - g / rate),
        ),
        Mistake(
            "This is the step alone. Subtract it from the parameters.",
            _each_leaf(lambda p, g, rate: rate * g),
        ),
        Mistake(_ONE_ARRAY, lambda params, gradients, learning_rate: params - learning_rate * gradients),
        Mistake(_ONE_ARRAY, lambda params, gradients, learning_rate: params - gradients * learning_rate),
    ],
    hints=[
        "The gradient points uphill. Which way is down?",
        "For one array: p - learning_rate * g. A pytree holds many arrays, and each wants the same rule.",
        "jax.tree.map(f, params, gradients) calls f(p, g) for each pair of leaves and builds a new tree.",
        "jax.tree.map(lambda p, g: p - ..., params, gradients)",
    ],
)


def _sample_inputs():
    rng = np.random.default_rng(2)
    m, s, m_2 = (
        jnp.float32(rng.uniform(size=8)),
        jnp.float32(rng.uniform(0.2, 0.6, 8)),
        jnp.float32(rng.normal(size=8)),
    )
    return [(m, s, jax.random.key(3)), (m_2, 3.0, jax.random.key(4))]


def _noise(f, m, s, key):
    """What 5,000 draws look like, measured in units of s. Its errors are about 0.02."""
    noise = jax.vmap(lambda key: (f(m, s, key) - m) / s)(jax.random.split(key, 5000))  # (5000, k)
    return {
        "mean is m": jnp.all(jnp.abs(noise.mean(axis=0)) < 0.15).astype(float),
        "spread, divided by s": noise.std(axis=0),
        "pixels move together (1: no)": noise.sum(axis=1).std() / jnp.sqrt(len(m)),
    }


sample = Exercise(
    solution=distributions.sample,
    inputs=_sample_inputs,
    view=_noise,
    rtol=0.0,
    atol=0.12,
    mistakes=[
        Mistake(
            "The noise is not scaled: its spread is 1 whatever s is. Multiply the noise by s.",
            lambda m, s, key: m + jax.random.normal(key, m.shape),
        ),
        Mistake(
            "The noise is scaled by s squared. s is a standard deviation already: use s itself.",
            lambda m, s, key: m + s**2 * jax.random.normal(key, m.shape),
        ),
        Mistake(
            "The noise is scaled by the root of s. s is already a standard deviation, not a variance.",
            lambda m, s, key: m + jnp.sqrt(s) * jax.random.normal(key, m.shape),
        ),
        Mistake("Every draw is m itself: no noise is added.", lambda m, s, key: m + 0.0),
        Mistake(
            "Every key gives the same noise. Hand the key that comes in to jax.random.normal.",
            lambda m, s, key: m + s * jax.random.normal(jax.random.key(0), m.shape),
        ),
        Mistake(
            "Every pixel gets the same noise: one number was drawn. Draw m.shape numbers.",
            lambda m, s, key: m + s * jax.random.normal(key),
        ),
        Mistake(
            "This noise is uniform, so it has the wrong shape and spread. Use jax.random.normal.",
            lambda m, s, key: m + s * jax.random.uniform(key, m.shape),
        ),
    ],
    hints=[
        "Draw standard noise first, with mean 0 and spread 1, one number a pixel.",
        "jax.random.normal(key, m.shape) is that noise. Multiplying changes its spread, adding moves it.",
        "m + s * noise",
    ],
)
