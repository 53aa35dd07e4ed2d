"""log p(x) by sampling: z from the prior, or z from a Gaussian that lies where the posterior is."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp

from vae_course import checks
from vae_course.gaussian import log_density
from vae_course.map_latents import log_joint, log_prior
from vae_course.models import GaussianDecoder
from vae_course.typed import Array, Float, Image, Key, Latent, Number, Scalar


def log_likelihoods(X_hat: Float[Array, "S d"], sigma: Scalar, x: Image) -> Float[Array, "S"]:
    """log N(x; x_hat, sigma^2 I) in nats, for each decoded image x_hat, a row of X_hat.

    It is `log_likelihood` for S decoded images at once. Under `vmap` over x this is one matrix product, with
    no (N, S, d) array; in float32 each squared error is off by about 1e-5.
    """
    squared_errors = jnp.sum(X_hat**2, axis=1) - 2 * X_hat @ x + x @ x  # (S,)
    squared_errors = jnp.where(squared_errors < 0, 0, squared_errors)  # `maximum` would turn NaN into 0
    constant = len(x) * (jnp.log(sigma) + 0.5 * jnp.log(2 * jnp.pi))
    return -squared_errors / (2 * sigma**2) - constant


def log_mean_exp(log_values: Float[Array, "S"]) -> Number:
    """log of the mean of S numbers given as their logs, log(1/S sum_r exp(log_values_r)), without overflow.

    >>> print(f"{log_mean_exp(jnp.array([-1000.0, -1000.0])):.1f}")
    -1000.0
    """
    return logsumexp(log_values) - jnp.log(len(log_values))


def log_marginal_monte_carlo(model: GaussianDecoder, x: Image, key: Key, n_samples: int) -> Number:
    """log(1/S sum_r p(x given z_r)) in nats, with S = `n_samples` draws z_r from the prior N(0, I).

    The mean is unbiased for p(x); its log is too low on average, by Jensen's inequality. Under `vmap` with
    one key all images share the draws, each decoded once. Raises `ValueError` if S < 1 or x does not fit.
    """
    checks.whole("n_samples", n_samples, 1)
    checks.images(model, x=x)
    Z = jax.random.normal(key, (n_samples, model.latents))  # (S, k)
    return log_mean_exp(log_likelihoods(jax.vmap(model)(Z), model.sigma, x))


def log_importance_weight(
    model: GaussianDecoder, x: Image, z: Latent, m: Latent, s: Latent | Scalar
) -> Number:
    """log p(x, z) - log N(z; m, diag s^2) in nats: the log weight of a z drawn from N(m, diag s^2).

    The weights' mean over such draws is p(x), without bias. `s` must be positive.
    """
    return log_joint(model, x, z) - log_density(z, m, s)


def log_mixture_weight(
    model: GaussianDecoder, x: Image, z: Latent, m: Latent, s: Latent, prior_share: Scalar
) -> Number:
    """log p(x, z) - log q(z) in nats, for the mixture q = (1 - r) N(m, diag s^2) + r p(z), r = `prior_share`.

    A proposal that keeps a share of the prior is called defensive: no weight exceeds p(x given z) / r.
    `prior_share` from 0, the Gaussian alone, to 1, the prior alone. Source: Hesterberg, "Weighted average
    importance sampling and defensive mixture distributions" (1995).
    """
    log_q = log_density(z, m, s) + jnp.log1p(-prior_share)
    return log_joint(model, x, z) - jnp.logaddexp(log_q, log_prior(z) + jnp.log(prior_share))


def log_weights(
    model: GaussianDecoder,
    x: Image,
    m: Latent,
    s: Latent,
    key: Key,
    n_samples: int,
    prior_share: Scalar = 0.0,
) -> Float[Array, "S"]:
    """log p(x, z_r) - log q(z_r) in nats, for S = `n_samples` draws z_r of a proposal q.

    q is N(m, diag s^2); with `prior_share` 0.5 every second draw comes from the prior instead and q is the
    mixture of `log_mixture_weight`, with 1 every draw. `log_mean_exp` of the weights estimates log p(x): too
    low on average, but less so the nearer q is to the posterior; if q is the posterior, every weight is p(x).
    A q that misses part of the posterior gives too little, and nothing shows it. Raises `ValueError` if S < 1
    or x, m or s do not fit.
    """
    checks.whole("n_samples", n_samples, 1)
    checks.images(model, x=x)
    checks.gaussian(model, m, s)
    eps = jax.random.normal(key, (n_samples, model.latents))  # (S, k)
    from_prior = (jnp.arange(n_samples) % 2 < 2 * prior_share)[:, None]
    Z = jnp.where(from_prior, eps, m[None] + s[None] * eps)
    return jax.vmap(lambda z: log_mixture_weight(model, x, z, m, s, prior_share))(Z)


def estimates(log_w: Float[Array, "R"], sample_sizes: Sequence[int]) -> Float[Array, "n"]:
    """For each S of `sample_sizes`: the mean of the estimates of log p(x) from S draws, in nats.

    The R log weights are cut into groups of S, each of which gives an estimate. Raises `ValueError` unless
    each S divides R.
    """
    checks.divides("sample_sizes", sample_sizes, len(log_w))
    return jnp.stack([importance_bound(log_w.reshape(-1, S)) for S in sample_sizes])


def importance_bound(log_w: Float[Array, "G K"]) -> Number:
    """L_K in nats, estimated from G groups of K log weights: the mean over groups of the log of their mean.

    The weights are p(x, z) / q(z) for z from q. L_1 is the ELBO; with K it never falls, and never passes
    log p(x). Source: Burda, Grosse and Salakhutdinov, "Importance weighted autoencoders" (2016), eq. 8.

    >>> print(f"{importance_bound(jnp.array([[0.0, -1000.0], [0.0, 0.0]])):.3f}")  # -log(2) / 2
    -0.347
    """
    return jax.vmap(log_mean_exp)(log_w).mean()
