"""What the exercises on random functions share: their inputs, and how two such functions are compared."""

import jax
import jax.numpy as jnp
import numpy as np

from vae_course import models
from vae_course.distributions import sample
from vae_course.exercises.autoencoder import _network

N_DRAWS = 20_000  # the errors of a mean and of a spread of 1 are under 0.01

# What is drawn in place of z = m + s * eps, and what to say about it.
WRONG_DRAWS = [
    (
        "Every key gives the same: z is m, and no noise is drawn. q is a cloud. Take a point of it, "
        "z = m + s * eps.",
        lambda m, s, key: m,
    ),
    (
        "Every key gives the same noise. Hand the key that comes in to jax.random.normal.",
        lambda m, s, key: sample(m, s, jax.random.key(0)),
    ),
    (
        "The noise is not scaled: z = m + eps has spread 1 whatever s is. Multiply eps by s.",
        lambda m, s, key: sample(m, 1.0, key),
    ),
    (
        "The noise is scaled by s squared. s is a standard deviation already: use s itself.",
        lambda m, s, key: sample(m, s**2, key),
    ),
    (
        "The noise is scaled by the root of s. s is a standard deviation already, not a variance.",
        lambda m, s, key: sample(m, jnp.sqrt(s), key),
    ),
    (
        "Both latents get the same noise: one number was drawn. Draw m.shape numbers.",
        lambda m, s, key: m + s * jax.random.normal(key),
    ),
]


def over_keys(f, *inputs):
    """The mean and the spread of what f gives, over many keys. The last of its inputs is the key.

    So it does not matter how f uses its key: split, or for one number after the other.
    """
    *given, key = inputs
    results = jax.vmap(lambda key: f(*given, key))(jax.random.split(key, N_DRAWS))
    means = jax.tree.map(lambda values: values.mean(axis=0), results)
    return means, jax.tree.map(lambda values: values.std(axis=0), results)


def one_number_over_keys(f, *inputs):
    """`over_keys` for a function that gives one number, with words for what is compared."""
    mean, spread = over_keys(f, *inputs)
    return {"mean over many keys": mean, "spread over many keys": spread}


def model_inputs():
    """Two models of six pixels, each with an image, the m and s of a Gaussian over its latent, and a key."""
    rng = np.random.default_rng(0)

    def case(kind, sigma, s, seed, **size):
        model = models.GaussianDecoder(_network(kind, rng, **size), sigma=sigma)
        x, m = jnp.float32(rng.uniform(size=6)), jnp.float32(rng.normal(size=2))
        return model, x, m, jnp.float32(s), jax.random.key(seed)

    return [
        case(models.Decoder, 0.25, [0.7, 0.4], 5, width=4),
        case(models.LinearDecoder, 2.5, [0.4, 0.25], 6),
    ]
