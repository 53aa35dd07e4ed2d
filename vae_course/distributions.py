"""The diagonal Gaussian N(m, diag s^2): everything random in this course is one.

The prior is N(0, I), the likelihood N(decoder(z), sigma^2 I), the encoder's answer N(m, diag s^2). All
functions take one point; `jax.vmap` makes the batch. `s` is always a standard deviation, never a
variance and never a logarithm.
"""

import jax
import jax.numpy as jnp
import numpy as np

from vae_course.typed import Array, Float, Key, Scalar, typed


@typed
def log_density(
    z: Float[Array, "k"], m: Float[Array, "k"] | Scalar = 0.0, s: Float[Array, "k"] | Scalar = 1.0
) -> Float[Array, ""]:
    """log N(z; m, diag s^2), in nats, summed over the k dimensions. `s` must be positive.

    Source: Bishop, Pattern Recognition and Machine Learning (2006), eq. 2.43, with a diagonal covariance.

    >>> print(f"{log_density(jnp.zeros(2)):.4f}")  # -log(2 pi)
    -1.8379
    """
    standardised = (z - m) / s
    return -jnp.sum(0.5 * standardised**2 + jnp.log(s) + 0.5 * jnp.log(2 * jnp.pi))


@typed
def sample(m: Float[Array, "k"], s: Float[Array, "k"] | Scalar, key: Key) -> Float[Array, "k"]:
    """One draw from N(m, diag s^2), by shifting and scaling standard noise: m + s * eps.

    The same key gives the same draw.

    >>> sample(jnp.array([1.0, 2.0]), 0.0, jax.random.key(0)).tolist()
    [1.0, 2.0]
    """
    eps = jax.random.normal(key, m.shape)  # (k,)
    return m + s * eps


@typed
def kl_to_prior(m: Float[Array, "k"], s: Float[Array, "k"]) -> Float[Array, ""]:
    """KL(N(m, diag s^2) || N(0, I)) in nats: 1/2 sum_j (s_j^2 + m_j^2 - 1 - log s_j^2).

    The sum runs over the k dimensions. Never negative, and zero only for the prior itself. Raises
    `ValueError` for an s that is not positive.
    Source: Kingma and Welling, "Auto-encoding variational Bayes" (2013), appendix B.

    >>> kl_to_prior(jnp.array([1.0, 0.0]), jnp.ones(2)).item()
    0.5
    """
    check_spread(s)
    return 0.5 * jnp.sum(s**2 + m**2 - 1 - 2 * jnp.log(s))


def check_spread(s) -> None:
    """Raise `ValueError` unless s is positive and finite. While JAX is tracing it cannot be looked at."""
    if not isinstance(s, jax.core.Tracer) and not np.all((np.asarray(s) > 0) & np.isfinite(s)):
        raise ValueError(f"`s` must be positive, finite standard deviations, got {s}")
