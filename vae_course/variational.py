"""A Gaussian q(z) = N(m, diag s^2) in the posterior's place: how far off, and the best that there is.

What `objectives.elbo` estimates from one draw is exact here, by quadrature: on a plane nothing is left to
chance.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from vae_course.distributions import kl_to_prior, log_density
from vae_course.marginal.checks import check_images, check_proposal, sizes
from vae_course.models import GaussianDecoder
from vae_course.objectives import log_likelihood
from vae_course.typed import Array, Float, Scalar, typed

MOST_NODES = 10**5  # in all; more take gigabytes
NODES = 20  # an axis; with fewer, the ELBO of a wide q over a steep decoder moves by hundredths of a nat


@typed
def kl_on_grid(log_q: Float[Array, "n n"], log_p: Float[Array, "n n"], cell_area: Scalar) -> Float[Array, ""]:
    """KL(q || p) = integral of q (log q - log p) in nats, as a sum over the cells of a grid.

    Both are log densities at the points of one grid, which has to be finer than q, and as wide. Where q is
    zero nothing is added; where p is zero and q is not, the KL is infinite.
    """
    q = jnp.exp(log_q)
    return jnp.sum(jnp.where(q > 0, q * (log_q - log_p), 0)) * cell_area


@typed
def gaussian_on_grid(
    m: Float[Array, "2"], s: Float[Array, "2"], points: Float[Array, "P 2"]
) -> Float[Array, "n n"]:
    """log N(z; m, diag s^2) at the points of a `marginal.latent_grid`; rows are z2 and columns z1."""
    n = round(len(points) ** 0.5)
    return jax.vmap(log_density, (0, None, None))(points, m, s).reshape(n, n)


@typed
def exact_elbo(
    model: GaussianDecoder,
    x: Float[Array, "d"],
    m: Float[Array, "k"],
    s: Float[Array, "k"],
    nodes: int = NODES,
) -> Float[Array, ""]:
    """E_q[log p_theta(x given z)] - KL(q || p(z)) in nats, for q = N(m, diag s^2), without sampling.

    The average over q is taken by Gauss-Hermite quadrature, with `nodes` points for each latent; it is
    right as long as the decoder bends little between them, which a q as narrow as a posterior sees to.
    Raises `ValueError` for fewer than 1 node or more than 10^5 in all, for s that is not positive, and for
    an image of the wrong length or outside [0, 1].
    """
    check_images(model, x=x)
    check_proposal(model, m, s)
    eps, weights = _hermite(nodes, sizes(model)[0])  # (S, k), (S,)
    heights = jax.vmap(lambda eps: log_likelihood(model, x, m + s * eps))(eps)  # (S,)
    return weights @ heights - kl_to_prior(m, s)


@typed
def fit_gaussian(
    model: GaussianDecoder,
    x: Float[Array, "d"],
    m: Float[Array, "k"],
    s: Float[Array, "k"],
    *,
    steps: int = 150,
    learning_rate: Scalar = 0.03,
    nodes: int = 5,
) -> tuple[Float[Array, "k"], Float[Array, "k"]]:
    """The m and s of the Gaussian with the largest ELBO for the image x, uphill from the m and s given.

    It ends on the nearest hill: start it at the posterior's highest point, or several times. The average
    over q is a quadrature with `nodes` points for each latent, so that nothing is random. Raises as
    `exact_elbo` does, and unless `steps` is at least 1 and `learning_rate` positive.
    """
    check_images(model, x=x)
    check_proposal(model, m, s)
    if steps < 1:
        raise ValueError(f"`steps` must be at least 1, got {steps}")
    if not 0 < learning_rate < np.inf:
        raise ValueError(f"`learning_rate` must be positive and finite, got {learning_rate}")
    optimizer = optax.adam(optax.cosine_decay_schedule(learning_rate, steps))

    def loss(q):
        m, log_s = q
        return -exact_elbo(model, x, m, jnp.exp(log_s), nodes)

    def step(carry, _):
        q, state = carry
        updates, state = optimizer.update(jax.grad(loss)(q), state)
        return (optax.apply_updates(q, updates), state), None

    q = (m, jnp.log(s))
    ((m, log_s), _), _ = jax.lax.scan(step, (q, optimizer.init(q)), length=steps)
    return m, jnp.exp(log_s)


@typed
def exact_elbos(
    model: GaussianDecoder, X: Float[Array, "N d"], M: Float[Array, "N k"], S: Float[Array, "N k"]
) -> Float[Array, "N"]:
    """`exact_elbo` in nats for each image of X and its Gaussian N(m, diag s^2), in the rows of M and S.

    Raises as `exact_elbo` does, and names how many rows are wrong, as after an encoder that gives NaN.
    """
    _check_gaussians(model, X, M, S)
    return _exact_elbos(model, X, M, S)


@typed
def fit_gaussians(
    model: GaussianDecoder, X: Float[Array, "N d"], M: Float[Array, "N k"], S: Float[Array, "N k"]
) -> tuple[Float[Array, "N k"], Float[Array, "N k"]]:
    """`fit_gaussian` for each image of X, from its own start in the rows of M and S: 2k numbers an image.

    Raises as `exact_elbos` does.
    """
    _check_gaussians(model, X, M, S)
    return _fit_gaussians(model, X, M, S)


_exact_elbos = eqx.filter_jit(eqx.filter_vmap(exact_elbo, in_axes=(None, 0, 0, 0)))
_fit_gaussians = eqx.filter_jit(eqx.filter_vmap(fit_gaussian, in_axes=(None, 0, 0, 0)))


def _check_gaussians(model, X, M, S):
    check_images(model, X=X)
    k, _ = sizes(model)
    if M.shape[1] != k:
        raise ValueError(f"`M` must have {k} columns, one a latent of `model`, got {M.shape[1]}")
    for name, rows, good, needed in (
        ("M", M, np.isfinite(M), "finite means"),
        ("S", S, np.isfinite(S) & (np.asarray(S) > 0), "positive, finite standard deviations"),
    ):
        bad = (~good).any(axis=1).sum()
        if bad:
            raise ValueError(f"`{name}` must hold {needed}, got others for {bad} of {len(rows)} images")


def _hermite(nodes, k):
    """Points and weights of an average over N(0, I) in k dimensions, (nodes^k, k) and (nodes^k,)."""
    if nodes < 1:
        raise ValueError(f"`nodes` must be at least 1, got {nodes}")
    if nodes**k > MOST_NODES:
        raise ValueError(
            f"`nodes` must be fewer: {nodes} for each of {k} latents are {nodes**k} in all, over {MOST_NODES}"
        )
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    weights = weights / weights.sum()
    points = np.stack(np.meshgrid(*[points] * k, indexing="ij"), axis=-1).reshape(-1, k)
    weights = np.stack(np.meshgrid(*[weights] * k, indexing="ij"), axis=-1).reshape(-1, k).prod(axis=1)
    return jnp.asarray(points, float), jnp.asarray(weights, float)
