"""A latent z of its own for each image: fitted while the decoder is fixed, and rescaled behind its back."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from vae_course.models import GaussianDecoder
from vae_course.objectives import log_joint, log_prior
from vae_course.typed import Array, Float, Scalar, typed


@typed
def fit_latents(
    model: GaussianDecoder,
    X: Float[Array, "M d"],
    places: Float[Array, "P k"],
    *,
    starts: int = 4,
    steps: int = 50,
    learning_rate: Scalar = 0.05,
) -> Float[Array, "M k"]:
    """For each image the z that makes log p(x, z) largest, with theta fixed: MAP for images never seen.

    The landscape has many bumps, so each image starts several times: at those of the `places`, such as the
    z_i of the training images, that explain it best. From each start it follows `steps` of Adam uphill,
    and the best end is kept; a start is never left for something worse. All images are fitted at once.

    Raises `ValueError` for images of another length than the model draws or outside [0, 1], for places of
    another dimension than its latents or not finite, unless `starts` is from 1 to P and `steps` at least 1,
    and unless `learning_rate` is positive.
    """
    if not 1 <= starts <= len(places):
        raise ValueError(f"`starts` must be from 1 to the number of places, {len(places)}, got {starts}")
    if not jnp.isfinite(places).all():
        raise ValueError("`places` must be finite, got NaN or infinity")
    (d,) = eqx.filter_eval_shape(model, places[0]).shape  # raises for places of another dimension
    if not len(X) or X.shape[1] != d:
        raise ValueError(f"`X` must be at least one image of {d} pixels, got shape {X.shape}")
    if not (jnp.min(X) >= 0 and jnp.max(X) <= 1):
        raise ValueError(f"`X` must hold pixels from 0 to 1, got {jnp.min(X):.3g} to {jnp.max(X):.3g}")
    if steps < 1:
        raise ValueError(f"`steps` must be at least 1, got {steps}")
    if not 0 < learning_rate < np.inf:
        raise ValueError(f"`learning_rate` must be positive and finite, got {learning_rate}")
    return _fit_latents(model, X, places, starts, steps, learning_rate)


@eqx.filter_jit
def _fit_latents(model, X, places, starts, steps, learning_rate):
    height = jax.vmap(jax.vmap(log_joint, in_axes=(None, None, 0)), in_axes=(None, 0, 0))
    optimizer = optax.adam(optax.cosine_decay_schedule(learning_rate, steps))

    def step(carry, _):
        Z, state = carry
        slopes = jax.grad(lambda Z: -jnp.sum(height(model, X, Z)))(Z)
        updates, state = optimizer.update(slopes, state)
        return (Z + updates, state), None

    first = places[_best_places(model, X, places, starts)]  # (M, starts, k)
    (last, _), _ = jax.lax.scan(step, (first, optimizer.init(first)), length=steps)
    ends = jnp.concatenate([first, last], axis=1)  # (M, 2 starts, k)
    best = jnp.argmax(height(model, X, ends), axis=1)  # (M,)
    return jnp.take_along_axis(ends, best[:, None, None], axis=1)[:, 0]


def _best_places(model, X, places, n):
    """For each image the numbers of the n places with the largest log p(x, z), (M, n)."""
    images = jax.vmap(model)(places)  # (P, d)
    # |x - y|^2 without the part that x has alone: one matrix product, never an (M, P, d) array.
    misfits = jnp.sum(images**2, axis=1)[None] - 2 * X @ images.T  # (M, P)
    heights = -misfits / (2 * model.sigma**2) + jax.vmap(log_prior)(places)[None]
    return jax.lax.top_k(heights, n)[1]


@typed
def rescale(
    W: Float[Array, "h k"], b: Float[Array, "h"], Z: Float[Array, "N k"], c: Scalar
) -> tuple[Float[Array, "h k"], Float[Array, "h"], Float[Array, "N k"]]:
    """W / c, b and c Z: a plane c times as large, on which the decoder draws every image as before.

    W and b are the weights and the offsets of the decoder's first layer, which is handed W z + b. The sum
    is the same for W / c and c z, so nothing behind it changes; log p(z) does, by |z|^2 (1 - c^2) / 2.
    Raises `ValueError` unless c is positive and finite.

    >>> rescale(jnp.array([[2.0]]), jnp.array([1.0]), jnp.array([[3.0]]), 0.5)[2].item()
    1.5
    """
    if not 0 < c < np.inf:
        raise ValueError(f"`c` must be positive and finite, got {c}")
    return W / c, b, c * Z
