"""log p(x) by sampling: z from the prior, or z from a Gaussian that knows where the posterior is."""

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp

from vae_course.distributions import log_density, sample
from vae_course.marginal.checks import check_images, check_proposal, check_samples, sizes
from vae_course.models import GaussianDecoder
from vae_course.objectives import log_joint
from vae_course.typed import Array, Float, Key, Scalar, typed


@typed
def log_likelihoods(X_hat: Float[Array, "S d"], sigma: Scalar, x: Float[Array, "d"]) -> Float[Array, "S"]:
    """log N(x; x_hat, sigma^2 I) in nats, for each decoded image x_hat, a row of X_hat.

    What `objectives.log_likelihood` says for one z. Under `vmap` over x this is one matrix product, with no
    (N, S, d) array; in float32 each squared error carries a rounding error of about 1e-5.
    """
    squared_errors = jnp.sum(X_hat**2, axis=1) - 2 * X_hat @ x + x @ x  # (S,)
    squared_errors = jnp.where(squared_errors < 0, 0, squared_errors)  # `maximum` would turn NaN into 0
    constant = len(x) * (jnp.log(sigma) + 0.5 * jnp.log(2 * jnp.pi))
    return -squared_errors / (2 * sigma**2) - constant


@typed
def log_mean_exp(log_values: Float[Array, "S"]) -> Float[Array, ""]:
    """log of the mean of S numbers that are given as their logs: log(1/S sum_s exp(log_values_s)).

    The largest is taken out first, so that nothing overflows, and not everything underflows.

    >>> print(f"{log_mean_exp(jnp.array([-1000.0, -1000.0])):.1f}")
    -1000.0
    """
    return logsumexp(log_values) - jnp.log(len(log_values))


@typed
def log_marginal_monte_carlo(
    model: GaussianDecoder, x: Float[Array, "d"], key: Key, n_samples: int
) -> Float[Array, ""]:
    """log(1/S sum_s p(x given z_s)) in nats, with S = `n_samples` draws z_s from the prior N(0, I).

    The mean inside the log is unbiased for p(x); its log is too low on average, by Jensen's inequality.
    Under `vmap` over x with one key all images share the draws, and each is decoded once. Raises
    `ValueError` for S = 0, and for an image of the wrong length or outside [0, 1].
    """
    check_samples(n_samples)
    check_images(model, x=x)
    Z = jax.random.normal(key, (n_samples, sizes(model)[0]))  # (S, k)
    return log_mean_exp(log_likelihoods(jax.vmap(model)(Z), model.sigma, x))


@typed
def log_importance_weight(
    model: GaussianDecoder,
    x: Float[Array, "d"],
    z: Float[Array, "k"],
    m: Float[Array, "k"],
    s: Float[Array, "k"] | Scalar,
) -> Float[Array, ""]:
    """log p(x, z) - log N(z; m, diag s^2) in nats: the log weight of a z that was drawn from N(m, diag s^2).

    The weights' mean over such draws is p(x), without bias. `s` must be positive.
    """
    return log_joint(model, x, z) - log_density(z, m, s)


@typed
def log_marginal_importance(
    model: GaussianDecoder,
    x: Float[Array, "d"],
    m: Float[Array, "k"],
    s: Float[Array, "k"] | Scalar,
    key: Key,
    n_samples: int,
) -> Float[Array, ""]:
    """log(1/S sum_s p(x, z_s) / q(z_s)) in nats, with S = `n_samples` draws from q = N(m, diag s^2).

    Too low on average, by less the nearer q is to the posterior; if q is the posterior, every weight is
    p(x). A q that misses part of the posterior is too low without showing it. Raises `ValueError` for
    S = 0, for s that is not positive, and for an image of the wrong length or outside [0, 1].
    """
    check_samples(n_samples)
    check_images(model, x=x)
    check_proposal(model, m, s)
    Z = jax.vmap(sample, (None, None, 0))(m, s, jax.random.split(key, n_samples))  # (S, k)
    return log_mean_exp(jax.vmap(log_importance_weight, (None, None, 0, None, None))(model, x, Z, m, s))
