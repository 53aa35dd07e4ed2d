"""Notebook 02: a latent z of its own for each image, found together with the decoder.

Each term is for ONE image, and a sum over pixels or latents, never a mean; so the terms can be added.
"""

import equinox as eqx
import jax
import jax.numpy as jnp

from vae_course import checks
from vae_course.gaussian import log_density
from vae_course.models import GaussianDecoder
from vae_course.training import climb
from vae_course.typed import Array, Float, Image, Images, Latent, Latents, Number, Scalar


def log_likelihood(model: GaussianDecoder, x: Image, z: Latent) -> Number:
    """log p_theta(x given z) in nats: -||x - d_theta(z)||^2 / (2 sigma^2) - d log sigma - d/2 log(2 pi)."""
    checks.size("x", x, model.pixels)
    return log_density(x, model(z), model.sigma)


def log_prior(z: Latent) -> Number:
    """log p(z) in nats under the prior N(0, I), summed over the k latents."""
    return log_density(z)


def log_joint(model: GaussianDecoder, x: Image, z: Latent) -> Number:
    """log p_theta(x, z) = log p_theta(x given z) + log p(z), in nats, for one image and its latent."""
    return log_likelihood(model, x, z) + log_prior(z)


def best_sigma(X: Images, X_hat: Images) -> Number:
    """The sigma that makes the log-likelihood of X largest, if X_hat are its mean images.

    sigma^2 is the squared error per pixel, averaged over all images: there the derivative of the
    log-likelihood is zero, and its mean is -(d/2) (log(2 pi sigma^2) + 1) nats per image. If X_hat equals X,
    sigma is 0 and the likelihood has no maximum. Raises `ValueError` if there are no images.

    >>> best_sigma(jnp.array([[0.0, 1.0]]), jnp.array([[0.5, 0.5]])).item()
    0.5
    """
    checks.some("X", X)
    return jnp.sqrt(jnp.mean((X - X_hat) ** 2))


def rescale(
    W: Float[Array, "h k"], b: Float[Array, "h"], Z: Latents, c: Scalar
) -> tuple[Float[Array, "h k"], Float[Array, "h"], Latents]:
    """W / c, b and c Z: each code is multiplied by c, and no decoded image changes.

    W and b belong to the decoder's first layer, W z + b, which is the same for W / c and c z. Only log p(z)
    changes, by |z|^2 (1 - c^2) / 2. Raises `ValueError` unless c is positive and finite.

    >>> rescale(jnp.array([[2.0]]), jnp.array([1.0]), jnp.array([[3.0]]), 0.5)[2].item()
    1.5
    """
    checks.above("c", c, 0)
    return W / c, b, c * Z


def first_layer(model):
    """W and b of the decoder's first layer; for `eqx.tree_at`, the leaves to replace."""
    layer = model.decoder.mlp.layers[0]
    return layer.weight, layer.bias


def standardised(model: GaussianDecoder, Z: Latents) -> GaussianDecoder:
    """The same decoder on a plane where the codes Z have mean 0 and standard deviation 1 along each axis."""
    W, b = first_layer(model)
    return eqx.tree_at(first_layer, model, (W * Z.std(axis=0)[None], b + W @ Z.mean(axis=0)))


def fit_latents(
    model: GaussianDecoder,
    X: Images,
    candidates: Float[Array, "P k"],
    *,
    starts: int = 4,
    steps: int = 50,
    learning_rate: Scalar = 0.05,
) -> Latents:
    """For each image the z that makes log p(x, z) largest, with theta fixed: MAP for new images.

    Each image climbs from several starts: the `candidates`, such as the z_i of the training images, where its
    log p(x, z) is largest. The highest end of its climbs is kept, or the best start if that is higher. Raises
    `ValueError` for images or candidates that do not fit, and unless 1 <= starts <= P.
    """
    checks.images(model, X=X)
    checks.whole("starts", starts, 1, len(candidates))
    checks.finite("candidates", candidates)
    checks.whole("steps", steps, 1)
    checks.above("learning_rate", learning_rate, 0)
    return _fit_latents(model, X, candidates, starts, steps, learning_rate)


@eqx.filter_jit
def _fit_latents(model, X, candidates, starts, steps, learning_rate):
    heights = jax.vmap(jax.vmap(log_joint, in_axes=(None, None, 0)), in_axes=(None, 0, 0))
    first = candidates[_best_candidates(model, X, candidates, starts)]  # (M, starts, k)
    last = climb(lambda Z: heights(model, X, Z).sum(), first, steps=steps, learning_rate=learning_rate)
    ends = jnp.concatenate([first, last], axis=1)  # (M, 2 starts, k)
    best = jnp.argmax(heights(model, X, ends), axis=1)  # (M,)
    return jnp.take_along_axis(ends, best[:, None, None], axis=1)[:, 0]


def _best_candidates(model, X, candidates, n):
    """For each image the numbers of the n candidates with the largest log p(x, z), (M, n)."""
    X_hat = jax.vmap(model)(candidates)  # (P, d)
    # |x - x_hat|^2 without |x|^2, which all candidates share: one matrix product, never an (M, P, d) array.
    misfits = jnp.sum(X_hat**2, axis=1)[None] - 2 * X @ X_hat.T  # (M, P)
    heights = -misfits / (2 * model.sigma**2) + jax.vmap(log_prior)(candidates)[None]
    return jax.lax.top_k(heights, n)[1]
