"""The diagonal Gaussian N(m, diag s^2): the prior, the likelihood and the encoder's answer are of this kind.

All functions take one point. `s` is a standard deviation, never a variance and never a logarithm.
"""

import jax
import jax.numpy as jnp

from vae_course import checks
from vae_course.typed import Key, Latent, Number, Scalar


def log_density(z: Latent, m: Latent | Scalar = 0.0, s: Latent | Scalar = 1.0) -> Number:
    """log N(z; m, diag s^2), in nats, summed over the k dimensions. `s` must be positive.

    Source: Bishop, Pattern Recognition and Machine Learning (2006), eq. 2.43, with a diagonal covariance.

    >>> print(f"{log_density(jnp.zeros(2)):.4f}")  # -log(2 pi)
    -1.8379
    """
    standardised = (z - m) / s
    return -jnp.sum(0.5 * standardised**2 + jnp.log(s) + 0.5 * jnp.log(2 * jnp.pi))


def sample(m: Latent, s: Latent | Scalar, key: Key) -> Latent:
    """One draw from N(m, diag s^2), by shifting and scaling standard noise: m + s * eps.

    >>> sample(jnp.array([1.0, 2.0]), 0.0, jax.random.key(0)).tolist()
    [1.0, 2.0]
    """
    eps = jax.random.normal(key, m.shape)  # (k,)
    return m + s * eps


def kl_to_prior(m: Latent, s: Latent) -> Number:
    """KL(N(m, diag s^2) || N(0, I)) in nats: 1/2 sum_j (s_j^2 + m_j^2 - 1 - log s_j^2).

    Never negative, and zero only for the prior itself. Raises `ValueError` if s is not positive.
    Source: Kingma and Welling, "Auto-encoding variational Bayes" (2013), appendix B.

    >>> kl_to_prior(jnp.array([1.0, 0.0]), jnp.ones(2)).item()
    0.5
    """
    checks.standard_deviation(s)
    return 0.5 * jnp.sum(s**2 + m**2 - 1 - 2 * jnp.log(s))
